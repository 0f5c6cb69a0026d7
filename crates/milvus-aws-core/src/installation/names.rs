//! Names that Kubernetes accepts.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no valid {what}: {rule}")]
pub struct InvalidName {
    text: String,
    what: &'static str,
    rule: String,
}

/// A DNS label per RFC 1123: what Kubernetes demands of names that become part of host names and labels.
fn dns_label(text: &str, what: &'static str, longest: usize) -> Result<(), InvalidName> {
    let fault = |rule: String| {
        Err(InvalidName {
            text: text.to_owned(),
            what,
            rule,
        })
    };
    if text.is_empty() {
        return fault("it is empty".to_owned());
    }
    if text.len() > longest {
        return fault(format!(
            "it has {} characters, at most {longest} fit",
            text.len()
        ));
    }
    if let Some(bad) = text
        .chars()
        .find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-'))
    {
        return fault(format!("{bad:?} is not allowed, only a-z, 0-9 and `-`"));
    }
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return fault("it must start with a letter".to_owned());
    }
    if text.ends_with('-') {
        return fault("it must not end with `-`".to_owned());
    }
    Ok(())
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $longest:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                dns_label(text, $what, $longest)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(input)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": $longest})
            }
        }
    };
}

name_type!(
    /// Release name. At most 40 characters, so that every object's name derived from it fits Kubernetes' 63.
    InstallationName, "installation name", 40
);
name_type!(
    /// Kubernetes namespace.
    Namespace, "namespace", 63
);
name_type!(
    /// Name of a Kubernetes object that we refer to.
    ObjectName, "object name", 63
);

impl InstallationName {
    /// The prefix of every Milvus object's name: the release name when it contains `milvus`, else
    /// `<release>-milvus` (source: the official Helm chart's naming, so that its releases can be adopted).
    pub fn full_name(&self) -> String {
        if self.0.contains("milvus") {
            self.0.clone()
        } else {
            format!("{}-milvus", self.0)
        }
    }

    /// The name of our etcd: the release name when it contains `etcd`, else `<release>-etcd`.
    pub fn etcd_name(&self) -> String {
        if self.0.contains("etcd") {
            self.0.clone()
        } else {
            format!("{}-etcd", self.0)
        }
    }
}

impl Default for InstallationName {
    fn default() -> Self {
        Self("milvus".to_owned())
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("milvus".to_owned())
    }
}
