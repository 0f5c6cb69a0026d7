//! `host:port` pairs.

use std::{borrow::Cow, fmt, num::NonZeroU16, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is no `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no valid address: {rule}")]
pub struct InvalidHostPort {
    text: String,
    rule: &'static str,
}

/// A host name or address with a port; no scheme, no path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    host: String,
    port: NonZeroU16,
}

impl HostPort {
    /// From a host name that follows the rule already.
    pub(crate) fn of_service(host: String, port: NonZeroU16) -> Self {
        Self { host, port }
    }

    /// Host name or address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Port, 1 to 65535.
    pub fn port(&self) -> u16 {
        self.port.get()
    }
}

impl FromStr for HostPort {
    type Err = InvalidHostPort;

    fn from_str(text: &str) -> Result<Self, InvalidHostPort> {
        let fault = |rule| InvalidHostPort {
            text: text.to_owned(),
            rule,
        };
        if text.contains("://") {
            return Err(fault("leave the scheme out, write `host:port`"));
        }
        if text.contains('/') {
            return Err(fault("leave the path out, write `host:port`"));
        }
        if text.contains(',') {
            return Err(fault("write one address each, as items of the list"));
        }
        let (host, port) = text
            .rsplit_once(':')
            .ok_or(fault("the port is missing, write `host:port`"))?;
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !host.chars().all(known) {
            return Err(fault(
                "the host may hold letters, digits, `.`, `_` and `-` only",
            ));
        }
        let label_is_good = |label: &str| {
            (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        if host.len() > 253 || !host.split('.').all(label_is_good) {
            return Err(fault("the host is no host name"));
        }
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port
            .parse()
            .ok()
            .filter(|_| digits)
            .ok_or(fault("the port must be a number from 1 to 65535"))?;
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Serialize for HostPort {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostPort {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(input)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for HostPort {
    fn schema_name() -> Cow<'static, str> {
        "HostPort".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[A-Za-z0-9._-]+:[0-9]{1,5}$"})
    }
}
