//! How many members an etcd may have.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Members of our etcd: an odd number, so that a majority always exists (source: the etcd FAQ).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum EtcdReplicas {
    /// One member: no failure is survived.
    One,
    /// Three members: one may fail.
    #[default]
    Three,
    /// Five members: two may fail.
    Five,
}

impl From<EtcdReplicas> for u8 {
    fn from(replicas: EtcdReplicas) -> Self {
        match replicas {
            EtcdReplicas::One => 1,
            EtcdReplicas::Three => 3,
            EtcdReplicas::Five => 5,
        }
    }
}

impl TryFrom<u8> for EtcdReplicas {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            1 => Ok(Self::One),
            3 => Ok(Self::Three),
            5 => Ok(Self::Five),
            other => Err(format!("etcd cannot have {other} members, write 1, 3 or 5")),
        }
    }
}

impl JsonSchema for EtcdReplicas {
    fn schema_name() -> Cow<'static, str> {
        "EtcdReplicas".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "enum": [1, 3, 5]})
    }
}
