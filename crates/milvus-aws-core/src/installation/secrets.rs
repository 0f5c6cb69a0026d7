//! Passwords at the moment when they are needed, and only then.

use std::{collections::BTreeMap, path::Path};

use secrecy::{ExposeSecret, SecretString};

use super::{
    CertificateSecret, Credentials, Deployment, Installation, ObjectName, PasswordSource, Queue,
    S3, SettingKey,
};
use crate::topology::MessageQueue;

/// The logins that an installation needs. Neither `Debug` nor `Serialize` shows a password.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// How Milvus logs in to Kafka.
    pub kafka: Option<LoginSecret>,
    /// How Milvus logs in to Pulsar: the user name is the plugin's, the password its parameters.
    pub pulsar: Option<LoginSecret>,
    /// How Milvus proves to S3 who it is.
    pub s3: Option<LoginSecret>,
    /// Settings that are secret.
    pub config: BTreeMap<SettingKey, SecretString>,
    /// Certificates, by the Secrets that are made of them.
    pub certificates: BTreeMap<ObjectName, CertificateSecret>,
}

/// A login.
#[derive(Debug, Clone)]
pub enum LoginSecret {
    /// A Secret that exists in the installation's namespace, with the keys `username` and `password`.
    Existing(ObjectName),
    /// User name and password; we keep both in a Secret of ours.
    Given {
        /// User name, or access key id.
        username: String,
        /// Password, or secret access key.
        password: SecretString,
    },
}

/// Reads passwords from where an installation says they are.
pub trait SecretReader {
    /// The content of a file. Relative paths start at the folder of `milvus.yaml`.
    fn file(&self, path: &Path) -> std::io::Result<SecretString>;

    /// The value of an environment variable; none when it is not set.
    fn variable(&self, name: &str) -> Option<SecretString>;
}

/// A password that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableSecret {
    /// Its file cannot be read.
    #[error("{of}: cannot read the password's file {path}")]
    File {
        /// Which login.
        of: &'static str,
        /// Which file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// Its environment variable is not set.
    #[error("{of}: the environment variable {name} is not set, set it to the password")]
    Variable {
        /// Which login.
        of: &'static str,
        /// Which variable.
        name: String,
    },
    /// It is empty.
    #[error("{of}: the password in {place} is empty")]
    Empty {
        /// Which login.
        of: &'static str,
        /// Which file or variable.
        place: String,
    },
    /// It holds a line break or another control character, which neither Kafka nor S3 takes.
    #[error(
        "{of}: the password in {place} holds a control character; one newline at its end is allowed"
    )]
    ControlCharacter {
        /// Which login.
        of: &'static str,
        /// Which file or variable.
        place: String,
    },
}

impl Installation {
    /// Reads the passwords that the installation names. Nothing is read that is not needed.
    pub fn resolve_secrets(&self, reader: &impl SecretReader) -> Result<Secrets, UnreadableSecret> {
        // What the target `aws` makes has logins of its own.
        let section = match &self.deployment {
            Deployment::Standalone(_) => SECTION_STANDALONE,
            Deployment::Cluster(_) | Deployment::Aws(_) => SECTION_CLUSTER,
        };
        let queue = self.deployment.queue();
        let login = |is_it: bool, of: &'static str, login: Option<&Credentials>| {
            let login = login.filter(|_| is_it);
            login.map(|login| resolve(of, login, reader)).transpose()
        };
        let kind = queue.map(Queue::kind);
        let of_queue = queue.and_then(Queue::login);
        let of_s3 = self.deployment.s3().and_then(S3::login);
        Ok(Secrets {
            kafka: login(kind == Some(MessageQueue::Kafka), section.kafka, of_queue)?,
            pulsar: login(kind == Some(MessageQueue::Pulsar), section.pulsar, of_queue)?,
            s3: login(true, section.s3, of_s3)?,
            config: self.secret_settings(reader)?,
            certificates: self.read_certificates(reader)?,
        })
    }
}

impl Installation {
    fn read_certificates(
        &self,
        reader: &impl SecretReader,
    ) -> Result<BTreeMap<ObjectName, CertificateSecret>, UnreadableSecret> {
        let of = |source| {
            let (place, content) = content("certificates", source, reader)?;
            if content.expose_secret().is_empty() {
                let of = "certificates";
                return Err(UnreadableSecret::Empty { of, place });
            }
            Ok(content)
        };
        let named = self.certificates.iter();
        named
            .map(|(name, sources)| {
                let read = CertificateSecret {
                    certificate: of(&sources.certificate)?,
                    key: of(&sources.key)?,
                };
                Ok((name.clone(), read))
            })
            .collect()
    }

    fn secret_settings(
        &self,
        reader: &impl SecretReader,
    ) -> Result<BTreeMap<SettingKey, SecretString>, UnreadableSecret> {
        let settings = self.secret_config.iter();
        settings
            .map(|(key, source)| Ok((key.clone(), read("secretConfig", source, reader)?)))
            .collect()
    }
}

/// Where logins stand in the file.
struct Section {
    kafka: &'static str,
    pulsar: &'static str,
    s3: &'static str,
}

const SECTION_STANDALONE: Section = Section {
    kafka: "standalone.kafka.security",
    pulsar: "standalone.pulsar.auth",
    s3: "standalone.s3.access",
};
const SECTION_CLUSTER: Section = Section {
    kafka: "cluster.kafka.security",
    pulsar: "cluster.pulsar.auth",
    s3: "cluster.s3.access",
};

fn resolve(
    of: &'static str,
    login: &Credentials,
    reader: &impl SecretReader,
) -> Result<LoginSecret, UnreadableSecret> {
    match login {
        Credentials::ExistingSecret(name) => Ok(LoginSecret::Existing(name.clone())),
        Credentials::Given { username, password } => Ok(LoginSecret::Given {
            username: username.clone(),
            password: read(of, password, reader)?,
        }),
    }
}

fn read(
    of: &'static str,
    source: &PasswordSource,
    reader: &impl SecretReader,
) -> Result<SecretString, UnreadableSecret> {
    let (place, content) = content(of, source, reader)?;
    let password = without_last_newline(content.expose_secret());
    if password.is_empty() {
        return Err(UnreadableSecret::Empty { of, place });
    }
    if password.contains(char::is_control) {
        return Err(UnreadableSecret::ControlCharacter { of, place });
    }
    Ok(SecretString::from(password))
}

/// What a source holds, and what the source is called.
fn content(
    of: &'static str,
    source: &PasswordSource,
    reader: &impl SecretReader,
) -> Result<(String, SecretString), UnreadableSecret> {
    match source {
        PasswordSource::File(path) => {
            let place = path.display().to_string();
            match reader.file(path) {
                Ok(content) => Ok((place, content)),
                Err(source) => Err(UnreadableSecret::File {
                    of,
                    path: place,
                    source,
                }),
            }
        }
        PasswordSource::Env(name) => {
            let name = name.to_string();
            match reader.variable(&name) {
                Some(content) => Ok((name, content)),
                None => Err(UnreadableSecret::Variable { of, name }),
            }
        }
    }
}

/// Editors and `echo` end a file with one newline; anything more is the user's.
fn without_last_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}
