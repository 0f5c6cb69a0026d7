//! Where passwords come from: never from the file itself.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    ObjectName,
    text_type::{length, only, text_type},
};

text_type!(
    /// Name of an environment variable.
    VariableName, "name of an environment variable", variable_name,
    {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "maxLength": 255}
);

/// A user name and where its password is: `{username: U, password: {file: PATH}}` or `{existingSecret: NAME}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Credentials {
    /// A Kubernetes Secret that exists in the installation's namespace, with the keys `username` and `password`.
    ExistingSecret(ObjectName),
    /// A user name here, the password elsewhere; we keep both in a Secret of ours.
    Given {
        /// User name, or access key id.
        username: String,
        /// Where the password, or secret access key, is read from at install time.
        password: PasswordSource,
    },
}

/// Where a password is read from when the command runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PasswordSource {
    /// A file; one trailing newline is dropped. Relative paths start at the folder of `milvus.yaml`.
    File(PathBuf),
    /// An environment variable.
    Env(VariableName),
}

impl Credentials {
    /// Whether the user name holds what no server takes.
    pub(super) fn has_control_characters(&self) -> bool {
        match self {
            Self::ExistingSecret(_) => false,
            Self::Given { username, .. } => username.contains(char::is_control),
        }
    }
}

/// Credentials as they are written.
#[derive(Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_secret: Option<ObjectName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<PasswordSource>,
}

impl TryFrom<Written> for Credentials {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        match (written.existing_secret, written.username, written.password) {
            (Some(name), None, None) => Ok(Self::ExistingSecret(name)),
            (None, Some(username), Some(_)) if username.trim().is_empty() => {
                Err("`username` is empty, write the name that the other side knows")
            }
            (None, Some(username), Some(password)) => Ok(Self::Given { username, password }),
            (Some(_), _, _) => {
                Err("`existingSecret` stands alone, leave `username` and `password` out")
            }
            (None, Some(_), None) => Err(
                "`password` is missing, write `password: {file: PATH}` or `password: {env: NAME}`",
            ),
            (None, None, Some(_)) => Err("`username` is missing, write `username: NAME`"),
            (None, None, None) => Err(
                "says no login, write `{username: NAME, password: {file: PATH}}` or `{existingSecret: NAME}`",
            ),
        }
    }
}

impl From<Credentials> for Written {
    fn from(credentials: Credentials) -> Self {
        match credentials {
            Credentials::ExistingSecret(name) => Self {
                existing_secret: Some(name),
                ..Self::default()
            },
            Credentials::Given { username, password } => Self {
                username: Some(username),
                password: Some(password),
                ..Self::default()
            },
        }
    }
}

/// The two shapes of `Written` that are credentials, for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, untagged)]
#[schemars(rename = "Credentials")]
#[expect(dead_code, reason = "only its schema is used")]
enum Shapes {
    /// A Kubernetes Secret that exists.
    #[serde(rename_all = "camelCase")]
    Existing {
        /// Its name, in the installation's namespace; its keys are `username` and `password`.
        existing_secret: ObjectName,
    },
    /// A user name here, the password elsewhere.
    Given {
        /// User name, or access key id.
        #[schemars(length(min = 1))]
        username: String,
        /// Where the password, or secret access key, is read from when the command runs.
        password: PasswordSource,
    },
}

impl JsonSchema for Credentials {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Credentials".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shapes::json_schema(generator)
    }
}

/// By hand, because serde's own faults would repeat a password that stands where its source should.
impl<'de> Deserialize<'de> for PasswordSource {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

const SOURCES: &str =
    "write `{file: PATH}` or `{env: NAME}`; the password itself must not stand in this file";

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = PasswordSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`{file: PATH}` or `{env: NAME}`")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<PasswordSource, E> {
        Err(E::custom(SOURCES))
    }

    fn visit_map<A: MapAccess<'de>>(self, input: A) -> Result<PasswordSource, A::Error> {
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        struct Sources {
            file: Option<PathBuf>,
            env: Option<VariableName>,
        }
        let sources = Sources::deserialize(MapAccessDeserializer::new(input))?;
        match (sources.file, sources.env) {
            (Some(file), None) if !file.as_os_str().is_empty() => Ok(PasswordSource::File(file)),
            (None, Some(name)) => Ok(PasswordSource::Env(name)),
            _ => Err(de::Error::custom(SOURCES)),
        }
    }
}

fn variable_name(text: &str) -> Option<String> {
    length(text, 255)
        .or_else(|| {
            only(
                text,
                |c| c.is_ascii_alphanumeric() || c == '_',
                "letters, digits and `_`",
            )
        })
        .or_else(|| {
            let digit = text.starts_with(|c: char| c.is_ascii_digit());
            digit.then(|| "it must not start with a digit".to_owned())
        })
}
