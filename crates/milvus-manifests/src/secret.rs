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
    installation::{LoginSecret, Queue, S3, Secrets},
};
use secrecy::ExposeSecret;

use crate::{
    Error,
    labels::{self, Part, REVISION},
    names::Names,
};

/// Keys of a Secret with a login, ours or the user's.
pub(crate) const USERNAME: &str = "username";
const PASSWORD: &str = "password";
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
    let names = Names::of(installation);
    let queue = installation.deployment.queue();
    let of_queue = match queue.and_then(|queue| queue.login().map(|_| queue)) {
        Some(Queue::Kafka(_)) => Some(Wanted {
            ours: names.kafka_secret(),
            variables: ["KAFKA_SASLUSERNAME", "KAFKA_SASLPASSWORD"],
            given: secrets.kafka.as_ref().ok_or(Error::MissingLogin("Kafka"))?,
        }),
        Some(Queue::Pulsar(_)) => Some(Wanted {
            ours: names.pulsar_secret(),
            variables: ["PULSAR_AUTHPLUGIN", "PULSAR_AUTHPARAMS"],
            given: secrets
                .pulsar
                .as_ref()
                .ok_or(Error::MissingLogin("Pulsar"))?,
        }),
        Some(Queue::Woodpecker(_)) | None => None,
    };
    let of_s3 = match installation.deployment.s3().and_then(S3::login) {
        Some(_) => Some(Wanted {
            ours: names.s3_secret(),
            variables: ["MINIO_ACCESSKEYID", "MINIO_SECRETACCESSKEY"],
            given: secrets.s3.as_ref().ok_or(Error::MissingLogin("S3"))?,
        }),
        None => None,
    };
    let all = of_queue.into_iter().chain(of_s3);
    Ok(all.map(Login::new).collect())
}

/// A login that the installation needs.
struct Wanted<'a> {
    /// The name that a Secret of ours has.
    ours: String,
    variables: [&'static str; 2],
    given: &'a LoginSecret,
}

impl<'a> Login<'a> {
    fn new(wanted: Wanted<'a>) -> Self {
        let secret = match wanted.given {
            LoginSecret::Existing(name) => name.to_string(),
            LoginSecret::Given { .. } => wanted.ours,
        };
        Self {
            secret,
            variables: wanted.variables,
            given: wanted.given,
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
