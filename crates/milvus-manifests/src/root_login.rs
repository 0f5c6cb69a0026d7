//! The Secret with the password of `root`, Milvus's first user.
//!
//! Every Milvus begins with a password that everybody knows (pains row 53). Ours is made once, kept where only readers
//! of Secrets see it, and stays as long as the metadata does, which knows it too.

use std::collections::BTreeMap;

use k8s_openapi::{ByteString, api::core::v1::Secret};
use milvus_aws_core::{Installation, installation::InstallationName};
use secrecy::SecretString;
#[cfg(feature = "apply")]
use {rand::Rng as _, secrecy::ExposeSecret as _};

use crate::labels::{self, KEPT_WITH_DATA, Part};

/// Milvus's first user, who may do everything.
pub const ROOT: &str = "root";
/// The keys of a Secret of the type `kubernetes.io/basic-auth` (source: Kubernetes, Secret types).
const USERNAME: &str = "username";
const PASSWORD: &str = "password";
/// Milvus takes 6 to 72 characters (source: Milvus, `proxy.minPasswordLength`, `proxy.maxPasswordLength`).
#[cfg(feature = "apply")]
const PASSWORD_LENGTH: usize = 32;

/// The name of an installation's Secret.
pub fn root_secret_name(installation: &InstallationName) -> String {
    format!("{}-root", installation.full_name())
}

/// The password that a Secret of that form holds.
pub fn password_in(secret: &Secret) -> Option<SecretString> {
    let ByteString(bytes) = secret.data.as_ref()?.get(PASSWORD)?;
    let text = String::from_utf8(bytes.clone()).ok()?;
    (!text.is_empty()).then(|| text.into())
}

#[cfg(feature = "apply")]
pub(crate) fn new_password() -> SecretString {
    let password: String = rand::rng()
        .sample_iter(rand::distr::Alphanumeric)
        .take(PASSWORD_LENGTH)
        .map(char::from)
        .collect();
    password.into()
}

#[cfg(feature = "apply")]
pub(crate) fn root_secret(installation: &Installation, password: &SecretString) -> Secret {
    let name = root_secret_name(&installation.name);
    let mut metadata = labels::metadata(installation, Part::Whole, name);
    metadata.annotations = Some(BTreeMap::from([(
        KEPT_WITH_DATA.to_owned(),
        "true".to_owned(),
    )]));
    let value = |text: &str| ByteString(text.as_bytes().to_vec());
    Secret {
        metadata,
        type_: Some("kubernetes.io/basic-auth".to_owned()),
        data: Some(BTreeMap::from([
            (USERNAME.to_owned(), value(ROOT)),
            (PASSWORD.to_owned(), value(password.expose_secret())),
        ])),
        ..Secret::default()
    }
}
