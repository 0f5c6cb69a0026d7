//! Logins, and how pods get them.
//!
//! A pod must restart when its password changes, but no hash of a password may be readable where the password is not: a
//! short one could be guessed by it. So each Secret of ours counts its changes in an annotation ([`REVISION`]), which
//! pods that read it repeat. Rendered objects say 1; whoever applies them (feature `apply`) goes on from what exists.

use std::collections::BTreeMap;

use k8s_openapi::{
    ByteString,
    api::core::v1::{EnvVar, EnvVarSource, Secret, SecretKeySelector},
};
use milvus_aws_core::{
    Installation,
    installation::{Deployment, KafkaSecurity, LoginSecret, S3Access, Secrets},
};
use secrecy::ExposeSecret;

use crate::{
    Error,
    labels::{self, Part, REVISION},
    names::Names,
};

/// Keys of a Secret with a login, ours or the user's.
const USERNAME: &str = "username";
pub(crate) const PASSWORD: &str = "password";
/// The revision of a Secret that was not there before.
pub(crate) const FIRST_REVISION: u64 = 1;

/// One login that the pods need.
pub(crate) struct Login<'a> {
    /// The Secret's name.
    secret: String,
    /// The server's settings that take user name and password.
    variables: [&'static str; 2],
    given: &'a LoginSecret,
}

/// The logins that the installation needs.
pub(crate) fn logins<'a>(
    installation: &Installation,
    secrets: &'a Secrets,
) -> Result<Vec<Login<'a>>, Error> {
    let Deployment::Cluster(cluster) = &installation.deployment else {
        return Ok(Vec::new());
    };
    let names = Names::of(installation);
    let mut logins = Vec::new();
    if matches!(cluster.kafka.security, KafkaSecurity::ScramSha512(_)) {
        let variables = ["KAFKA_SASLUSERNAME", "KAFKA_SASLPASSWORD"];
        let given = secrets.kafka.as_ref().ok_or(Error::MissingLogin("Kafka"))?;
        logins.push(Login::new(names.kafka_secret(), variables, given));
    }
    if matches!(cluster.s3.access, S3Access::Keys(_)) {
        let variables = ["MINIO_ACCESSKEYID", "MINIO_SECRETACCESSKEY"];
        let given = secrets.s3.as_ref().ok_or(Error::MissingLogin("S3"))?;
        logins.push(Login::new(names.s3_secret(), variables, given));
    }
    Ok(logins)
}

impl<'a> Login<'a> {
    fn new(ours: String, variables: [&'static str; 2], given: &'a LoginSecret) -> Self {
        let secret = match given {
            LoginSecret::Existing(name) => name.to_string(),
            LoginSecret::Given { .. } => ours,
        };
        Self {
            secret,
            variables,
            given,
        }
    }

    /// The Secret that we make; none where the user has one.
    pub(crate) fn object(&self, installation: &Installation) -> Option<Secret> {
        let LoginSecret::Given { username, password } = self.given else {
            return None;
        };
        let value = |text: &str| ByteString(text.as_bytes().to_vec());
        let mut metadata = labels::metadata(installation, Part::Whole, self.secret.clone());
        metadata.annotations = Some(BTreeMap::from([(
            REVISION.to_owned(),
            FIRST_REVISION.to_string(),
        )]));
        Some(Secret {
            metadata,
            type_: Some("Opaque".to_owned()),
            data: Some(BTreeMap::from([
                (USERNAME.to_owned(), value(username)),
                (PASSWORD.to_owned(), value(password.expose_secret())),
            ])),
            ..Secret::default()
        })
    }

    /// The annotation of pods that read a Secret of ours: key and revision.
    pub(crate) fn pod_annotation(&self) -> Option<(String, String)> {
        let ours = matches!(self.given, LoginSecret::Given { .. });
        ours.then(|| {
            (
                revision_annotation(&self.secret),
                FIRST_REVISION.to_string(),
            )
        })
    }

    /// The login as environment variables, which outrank every file.
    pub(crate) fn environment(&self) -> impl Iterator<Item = EnvVar> {
        let keys = [USERNAME, PASSWORD];
        self.variables
            .into_iter()
            .zip(keys)
            .map(|(variable, key)| EnvVar {
                name: variable.to_owned(),
                value_from: Some(EnvVarSource {
                    secret_key_ref: Some(SecretKeySelector {
                        name: self.secret.clone(),
                        key: key.to_owned(),
                        optional: None,
                    }),
                    ..EnvVarSource::default()
                }),
                ..EnvVar::default()
            })
    }
}

/// The pods' annotation that repeats a Secret's revision. The prefix keeps it within our own keys.
pub(crate) fn revision_annotation(secret: &str) -> String {
    format!("secret.kubectl-milvus/{secret}")
}
