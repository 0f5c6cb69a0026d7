//! One pod.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Amounts, Cpu, Disk, Etcd, Memory, ObjectName, PodSettings, Queue, Resources, S3,
    ServiceAccount, Storage,
};

/// Settings of the one pod. What is not given of etcd, log and object storage is inside of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standalone {
    /// Requests and limits of the pod.
    pub resources: Resources,
    /// The volume under `/var/lib/milvus`: whatever of metadata, log and vectors is not elsewhere.
    pub storage: Storage,
    /// Whose volume it is.
    pub persistence: Persistence,
    /// The local disk.
    pub disk: Disk,
    /// What holds for the pod.
    pub pod: PodSettings,
    /// Metadata store; inside of the pod when absent.
    pub etcd: Option<Etcd>,
    /// The log; inside of the pod when absent.
    pub queue: Option<Queue>,
    /// Object storage; the pod's volume when absent.
    pub s3: Option<S3>,
    /// Service account of the pod; `default` when absent.
    pub service_account: Option<ServiceAccount>,
}

/// Whose volume holds the pod's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Persistence {
    /// A claim that is made.
    #[default]
    Claim,
    /// A claim that exists.
    ExistingClaim(ObjectName),
    /// None: what is inside of the pod goes with it.
    Ephemeral,
}

impl Persistence {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Standalone {
    pub(super) const fn default_resources() -> Resources {
        Resources {
            requests: Amounts {
                cpu: Some(Cpu::from_millis(500)),
                memory: Some(Memory::from_mib(1024)),
                ephemeral_storage: None,
            },
            limits: Amounts {
                cpu: None,
                memory: Some(Memory::from_mib(4096)),
                ephemeral_storage: None,
            },
        }
    }

    pub(super) const fn default_storage() -> Storage {
        Storage {
            size: Memory::from_mib(50 * 1024),
            class: None,
        }
    }
}

impl Default for Standalone {
    fn default() -> Self {
        Self {
            resources: Self::default_resources(),
            storage: Self::default_storage(),
            persistence: Persistence::default(),
            disk: Disk::default(),
            pod: PodSettings::default(),
            etcd: None,
            queue: None,
            s3: None,
            service_account: None,
        }
    }
}
