//! One deployment per role.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Annotations, ComponentSpec, Etcd, Labels, ObjectName, Queue, ResourceGroup, S3, yes};
use crate::topology::Role;

/// Settings of a deployment by roles.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Replicas and resources per role; roles that are left out get the topology's defaults.
    pub components: BTreeMap<Role, ComponentSpec>,
    /// Metadata store.
    pub etcd: Etcd,
    /// The log.
    pub queue: Queue,
    /// Object storage: an S3 that exists.
    pub s3: S3,
    /// Service account of the Milvus pods; `default` when absent.
    pub service_account: Option<ServiceAccount>,
    /// Groups of query and streaming nodes, each with a replica of everything, from 2.6; one of all when empty.
    pub resource_groups: Vec<ResourceGroup>,
}

/// Service account of the Milvus pods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceAccount {
    /// Its name.
    pub name: ObjectName,
    /// Whether we make it; otherwise it must exist.
    #[serde(default = "yes")]
    pub create: bool,
    /// Annotations, for example `eks.amazonaws.com/role-arn`.
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// Further labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}
