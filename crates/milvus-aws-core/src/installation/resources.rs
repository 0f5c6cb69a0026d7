//! What a container and a volume claim ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cpu, Memory, ObjectName};

/// Requests and limits of one container. Limits must not be below requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Resources {
    /// What the scheduler sets aside.
    pub requests: Amounts,
    /// What the kernel enforces.
    pub limits: Amounts,
}

/// Processor, memory and local disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Amounts {
    /// Processor time, as Kubernetes writes it: `2`, `500m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Cpu>,
    /// Memory, as Kubernetes writes it: `8Gi`, `512Mi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Local disk, as Kubernetes writes it: `100Gi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<Memory>,
}

/// A persistent volume claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Storage {
    /// Size of the volume, `1Gi` at least.
    pub size: Memory,
    /// Storage class; the cluster's default class when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<ObjectName>,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            size: Memory::from_mib(10 * 1024),
            class: None,
        }
    }
}
