//! The server's log files, its certificates and its metrics.

use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Labels, ObjectName, Storage,
    text_type::{length, only, text_type},
};

text_type!(
    /// A folder inside of a container: an absolute path.
    Folder, "folder", folder,
    {"type": "string", "pattern": "^(/[A-Za-z0-9._-]+)+$", "maxLength": 255}
);
text_type!(
    /// How long, as Prometheus writes it: `30s`, `1m`.
    Interval, "time", interval,
    {"type": "string", "pattern": "^[1-9][0-9]{0,5}(ms|s|m|h)$"}
);

/// What the server writes of its work.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Log {
    /// How much.
    pub level: LogLevel,
    /// In what form.
    pub format: LogFormat,
    /// The size at which a file is closed, in MiB; the server's own when absent.
    #[serde(rename = "maxSizeMiB", skip_serializing_if = "Option::is_none")]
    pub max_size_mib: Option<NonZeroU32>,
    /// After how many days a file is deleted; the server's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<NonZeroU32>,
    /// How many closed files are kept; the server's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_backups: Option<NonZeroU32>,
    /// A volume that all pods write files to; without it they write to the containers' output alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistence: Option<LogVolume>,
}

/// How much the server writes of its work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What a maintainer wants to know.
    #[default]
    Info,
    /// What is not as it should be.
    Warn,
    /// What failed.
    Error,
}

/// The form of what the server writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// Lines for machines.
    Json,
}

/// A volume for log files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LogVolume {
    /// A claim that exists; one is made when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_claim: Option<ObjectName>,
    /// The claim that is made.
    pub storage: Storage,
    /// Whether several nodes write to it: a cluster's pods do.
    pub access_mode: AccessMode,
    /// Where the server sees it.
    pub mount_path: Folder,
    /// The folder of the volume that is used; all of it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_path: Option<String>,
}

/// How many nodes mount a volume at a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessMode {
    /// One.
    ReadWriteOnce,
    /// Any number.
    #[default]
    ReadWriteMany,
    /// One pod.
    ReadWriteOncePod,
}

/// Encryption of what clients and server say to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tls {
    /// Who proves who it is.
    #[serde(default)]
    pub mode: TlsMode,
    /// A Secret that exists, with `tls.crt`, `tls.key` and, with `mode: mutual`, `ca.crt`.
    pub secret: ObjectName,
}

/// Who proves who it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TlsMode {
    /// The server.
    #[default]
    OneWay,
    /// The server and its clients.
    Mutual,
}

/// Who collects the server's metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Metrics {
    /// An object that the Prometheus operator looks for; its kinds must be installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_monitor: Option<ServiceMonitor>,
}

/// What the Prometheus operator looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ServiceMonitor {
    /// How often metrics are collected; as the operator has it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// How long collecting may take; as the operator has it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrape_timeout: Option<Interval>,
    /// Labels by which a Prometheus finds it.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

impl Log {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl LogLevel {
    /// The value of `log.level`.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl LogFormat {
    /// The value of `log.format`.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl AccessMode {
    /// As Kubernetes spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadWriteOnce => "ReadWriteOnce",
            Self::ReadWriteMany => "ReadWriteMany",
            Self::ReadWriteOncePod => "ReadWriteOncePod",
        }
    }
}

impl TlsMode {
    /// The value of `common.security.tlsMode`.
    pub const fn setting(self) -> u8 {
        match self {
            Self::OneWay => 1,
            Self::Mutual => 2,
        }
    }
}

impl Metrics {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Interval {
    /// The same as a duration.
    pub fn duration(&self) -> Duration {
        parse_interval(&self.0).unwrap_or_default()
    }
}

impl Default for LogVolume {
    fn default() -> Self {
        Self {
            existing_claim: None,
            storage: Storage::default(),
            access_mode: AccessMode::default(),
            mount_path: Folder("/milvus/logs".to_owned()),
            sub_path: None,
        }
    }
}

fn parse_interval(text: &str) -> Option<Duration> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, millis) = units.iter().find(|(name, _)| *name == unit)?;
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    Some(Duration::from_millis(number.checked_mul(*millis)?))
}

fn interval(text: &str) -> Option<String> {
    let known = text.len() <= 8 && !text.starts_with('0') && parse_interval(text).is_some();
    (!known).then(|| "write it like `30s` or `1m`".to_owned())
}

fn folder(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    let stray = |part: &str| matches!(part, "" | "." | "..");
    length(text, 255)
        .or_else(|| only(text, allowed, "letters, digits, `/`, `.`, `_` and `-`"))
        .or_else(|| {
            let good = text
                .strip_prefix('/')
                .is_some_and(|rest| !rest.split('/').any(stray));
            (!good).then(|| "write an absolute path like `/milvus/logs`".to_owned())
        })
}
