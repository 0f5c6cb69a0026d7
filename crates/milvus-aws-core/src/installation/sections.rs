//! The sections of a deployment as they are written, and how they become one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Cluster, ComponentSpec, Disk, Etcd, Kafka, Memory, ObjectName, OnAws, Persistence, PodSettings,
    Pulsar, Queue, ResourceGroup, Resources, S3, ServiceAccount, Standalone, Storage, Woodpecker,
    aws::Aws,
};
use crate::topology::Role;

/// Settings of a deployment by roles, as they are written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "Cluster")]
pub(super) struct ClusterSection {
    /// Replicas and resources per role; roles that are left out get the topology's defaults.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) components: BTreeMap<Role, ComponentSpec>,
    /// Metadata store.
    pub(super) etcd: Etcd,
    /// The log: a Kafka that exists. With `target: kubernetes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kafka: Option<Kafka>,
    /// The log: a Pulsar that exists, in place of `kafka`. With `target: kubernetes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pulsar: Option<Pulsar>,
    /// The log: Milvus's own, from 2.6, in place of `kafka`. With `target: kubernetes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) woodpecker: Option<Woodpecker>,
    /// Object storage: an S3 that exists. With `target: kubernetes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) s3: Option<S3>,
    /// Service account of the Milvus pods; `default` when absent. With `target: kubernetes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_account: Option<ServiceAccount>,
    /// Groups of query and streaming nodes, each with a replica of everything, from 2.6. With `target: kubernetes`
    /// alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) resource_groups: Vec<ResourceGroup>,
}

/// Settings of the one pod, as they are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "Standalone")]
pub(super) struct StandaloneSection {
    /// Requests and limits of the pod.
    pub(super) resources: Resources,
    /// The volume under `/var/lib/milvus`: whatever of metadata, log and vectors is not elsewhere.
    #[serde(deserialize_with = "data_volume")]
    #[schemars(with = "DataVolume")]
    pub(super) storage: Storage,
    /// Whose volume it is: `claim`, `{existingClaim: NAME}` or `ephemeral`.
    #[serde(skip_serializing_if = "Persistence::is_default")]
    pub(super) persistence: Persistence,
    /// The local disk.
    #[serde(skip_serializing_if = "Disk::is_default")]
    pub(super) disk: Disk,
    /// What holds for the pod.
    #[serde(skip_serializing_if = "PodSettings::is_default")]
    pub(super) pod: PodSettings,
    /// Metadata store; inside of the pod when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) etcd: Option<Etcd>,
    /// The log: a Kafka that exists; the log is inside of the pod when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kafka: Option<Kafka>,
    /// The log: a Pulsar that exists, in place of `kafka`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pulsar: Option<Pulsar>,
    /// The log: Milvus's own, from 2.6, in place of `kafka`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) woodpecker: Option<Woodpecker>,
    /// Object storage: an S3 that exists; the pod's volume when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) s3: Option<S3>,
    /// Service account of the pod; `default` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_account: Option<ServiceAccount>,
}

/// The one pod's persistent volume claim. It holds more than those of other parts, so that its usual size is its own.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct DataVolume {
    /// Size of the volume, `1Gi` at least.
    size: Memory,
    /// Storage class; the cluster's default class when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<ObjectName>,
}

impl Default for DataVolume {
    fn default() -> Self {
        let Storage { size, class } = Standalone::default_storage();
        Self { size, class }
    }
}

fn data_volume<'de, D: Deserializer<'de>>(input: D) -> Result<Storage, D::Error> {
    let DataVolume { size, class } = DataVolume::deserialize(input)?;
    Ok(Storage { size, class })
}

impl Default for StandaloneSection {
    fn default() -> Self {
        Standalone::default().into()
    }
}

impl StandaloneSection {
    pub(super) fn into_standalone(self) -> Standalone {
        Standalone {
            resources: self.resources,
            storage: self.storage,
            persistence: self.persistence,
            disk: self.disk,
            pod: self.pod,
            etcd: self.etcd,
            queue: chosen(self.kafka, self.pulsar, self.woodpecker),
            s3: self.s3,
            service_account: self.service_account,
        }
    }
}

impl ClusterSection {
    /// The cluster; none while something lacks that the rules tell.
    pub(super) fn into_cluster(self) -> Option<Cluster> {
        Some(Cluster {
            components: self.components,
            etcd: self.etcd,
            queue: chosen(self.kafka, self.pulsar, self.woodpecker)?,
            s3: self.s3?,
            service_account: self.service_account,
            resource_groups: self.resource_groups,
        })
    }

    pub(super) fn into_on_aws(self, aws: Aws) -> Option<OnAws> {
        let Etcd::InCluster(etcd) = self.etcd else {
            return None;
        };
        Some(OnAws {
            aws,
            components: self.components,
            etcd: *etcd,
        })
    }
}

/// The one log that is given; the rules tell of two.
fn chosen(
    kafka: Option<Kafka>,
    pulsar: Option<Pulsar>,
    woodpecker: Option<Woodpecker>,
) -> Option<Queue> {
    let pulsar = pulsar.map(Queue::Pulsar);
    let woodpecker = woodpecker.map(Queue::Woodpecker);
    kafka.map(Queue::Kafka).or(pulsar).or(woodpecker)
}

/// The keys of a log: one of them has a value, and none without a log.
type Keys = (Option<Kafka>, Option<Pulsar>, Option<Woodpecker>);

fn keys(queue: Option<Queue>) -> Keys {
    match queue {
        Some(Queue::Kafka(kafka)) => (Some(kafka), None, None),
        Some(Queue::Pulsar(pulsar)) => (None, Some(pulsar), None),
        Some(Queue::Woodpecker(woodpecker)) => (None, None, Some(woodpecker)),
        None => (None, None, None),
    }
}

impl From<Standalone> for StandaloneSection {
    fn from(standalone: Standalone) -> Self {
        let (kafka, pulsar, woodpecker) = keys(standalone.queue);
        Self {
            resources: standalone.resources,
            storage: standalone.storage,
            persistence: standalone.persistence,
            disk: standalone.disk,
            pod: standalone.pod,
            etcd: standalone.etcd,
            kafka,
            pulsar,
            woodpecker,
            s3: standalone.s3,
            service_account: standalone.service_account,
        }
    }
}

impl From<Cluster> for ClusterSection {
    fn from(cluster: Cluster) -> Self {
        let (kafka, pulsar, woodpecker) = keys(Some(cluster.queue));
        Self {
            components: cluster.components,
            etcd: cluster.etcd,
            kafka,
            pulsar,
            woodpecker,
            s3: Some(cluster.s3),
            service_account: cluster.service_account,
            resource_groups: cluster.resource_groups,
        }
    }
}
