//! What Milvus writes its log of changes to, where that is a service.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Credentials, HostPort};
use crate::topology::MessageQueue;

/// What Milvus logs to. In the file it is one of the keys `kafka`, `pulsar` and `woodpecker`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Queue {
    /// A Kafka that exists.
    Kafka(Kafka),
    /// A Pulsar that exists.
    Pulsar(Pulsar),
    /// Milvus's own log, from 2.6.
    Woodpecker(Woodpecker),
}

/// The Kafka that Milvus logs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kafka {
    /// Bootstrap brokers, `host:port` each; at least one.
    pub brokers: Vec<HostPort>,
    /// Encryption and login.
    #[serde(default)]
    pub security: KafkaSecurity,
}

/// How Milvus logs in to Kafka. A login over an unencrypted connection would tell the password to everybody on the way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum KafkaSecurity {
    /// No encryption, no login.
    #[default]
    Plaintext,
    /// TLS without login.
    Tls,
    /// TLS and SCRAM-SHA-512, as Amazon MSK has it on port 9096.
    ScramSha512(Credentials),
    /// TLS and SCRAM-SHA-256.
    ScramSha256(Credentials),
    /// TLS and SASL/PLAIN.
    Plain(Credentials),
}

/// The Pulsar that Milvus logs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pulsar {
    /// Host and port of a broker or proxy, for example `pulsar.example.com:6650`.
    pub endpoint: HostPort,
    /// Whether the endpoint speaks TLS (`pulsar+ssl`).
    #[serde(default)]
    pub tls: bool,
    /// Tenant; `public` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Namespace of the tenant; `default` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The largest message in bytes that the brokers take; the server's own 2 MiB when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_message_size: Option<NonZeroU32>,
    /// How Milvus logs in: the user name is the plugin's, for example `token`, the password its parameters, for example
    /// `token:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Credentials>,
}

/// Milvus's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Woodpecker {
    /// Part of the streaming nodes.
    Embedded(EmbeddedWoodpecker),
    /// A service of its own that exists.
    Service(WoodpeckerService),
}

/// The log as part of the streaming nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EmbeddedWoodpecker {
    /// Where it is kept.
    pub storage: WoodpeckerStorage,
}

/// Where Milvus's own log is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WoodpeckerStorage {
    /// The installation's object storage.
    #[default]
    Minio,
    /// A folder: in a cluster it must be one that all streaming nodes share.
    Local,
}

/// A log service that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WoodpeckerService {
    /// Its members, `host:port` each; at least one.
    pub seeds: Vec<HostPort>,
}

impl Queue {
    /// What it is, as the topology table knows it.
    pub const fn kind(&self) -> MessageQueue {
        match self {
            Self::Kafka(_) => MessageQueue::Kafka,
            Self::Pulsar(_) => MessageQueue::Pulsar,
            Self::Woodpecker(_) => MessageQueue::Woodpecker,
        }
    }

    /// The login, where one is needed.
    pub const fn login(&self) -> Option<&Credentials> {
        match self {
            Self::Kafka(kafka) => kafka.security.login(),
            Self::Pulsar(pulsar) => pulsar.auth.as_ref(),
            Self::Woodpecker(_) => None,
        }
    }
}

impl KafkaSecurity {
    /// The login, where one is needed.
    pub const fn login(&self) -> Option<&Credentials> {
        match self {
            Self::Plaintext | Self::Tls => None,
            Self::ScramSha512(login) | Self::ScramSha256(login) | Self::Plain(login) => Some(login),
        }
    }

    /// The SASL mechanism as Kafka spells it, and the key of the file; none without a login.
    pub const fn mechanism(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Plaintext | Self::Tls => None,
            Self::ScramSha512(_) => Some(("SCRAM-SHA-512", "scramSha512")),
            Self::ScramSha256(_) => Some(("SCRAM-SHA-256", "scramSha256")),
            Self::Plain(_) => Some(("PLAIN", "plain")),
        }
    }
}

impl Default for Woodpecker {
    fn default() -> Self {
        Self::Embedded(EmbeddedWoodpecker::default())
    }
}
