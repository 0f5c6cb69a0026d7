//! `milvus.yaml` as it is written, and how it becomes an [`Installation`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cluster, ComponentSpec, Deployment, Etcd, Image, Installation, InstallationName, Kafka,
    MilvusVersion, Namespace, OnAws, S3, Scheduling, Service, ServiceAccount, Standalone, Target,
    aws::Aws,
};
use crate::topology::Role;

/// The only version of the file so far.
pub(super) const API_VERSION: &str = "kubectl-milvus/v1";

/// A Milvus installation, as `kubectl milvus install -f milvus.yaml` takes it. Everything but `apiVersion` may be left
/// out.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "kubectl-milvus installation, version 1")]
pub(super) struct InstallationFile {
    /// Version of this file's format.
    api_version: ApiVersion,
    /// Release name: the prefix of every object's name.
    #[serde(default)]
    name: InstallationName,
    /// The Kubernetes namespace that holds every object.
    #[serde(default)]
    namespace: Namespace,
    /// Where Milvus is installed.
    #[serde(default)]
    pub(super) target: Target,
    /// The Milvus version to run, for example `2.4.5`; the newest 2.6 that is known unless said otherwise.
    #[serde(default)]
    version: MilvusVersion,
    /// What the targets `aws` and `eks` make or use besides Milvus; only with one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) aws: Option<Aws>,
    /// One pod, or one deployment per role; `standalone` unless said otherwise, `cluster` with `target: aws` or `eks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<Mode>,
    /// Settings of the one pod; only with `mode: standalone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) standalone: Option<Standalone>,
    /// Settings of a deployment by roles; only with `mode: cluster`. With `target: kubernetes` it is needed there,
    /// with `kafka` and `s3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<ClusterSection>,
    /// How clients reach the proxy (or the one pod).
    #[serde(default)]
    service: Service,
    /// Where the server's image comes from.
    #[serde(default)]
    image: Image,
    /// Settings that hold for every Milvus pod.
    #[serde(default, skip_serializing_if = "Scheduling::is_default")]
    scheduling: Scheduling,
    /// Whether clients must log in; they must with `target: aws`, unless said otherwise. The first user is `root`, its
    /// password is made here and kept in the Secret `INSTALLATION-root`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authorization: Option<bool>,
    /// Further settings of the server, as `milvus.yaml` of that version spells them; they win over ours. Secrets do
    /// not belong here.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    config: serde_json::Map<String, serde_json::Value>,
}

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
    /// Object storage: an S3 that exists. With `target: kubernetes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) s3: Option<S3>,
    /// Service account of the Milvus pods; `default` when absent. With `target: kubernetes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_account: Option<ServiceAccount>,
}

/// Version of the file's format.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub(super) enum ApiVersion {
    /// The first one.
    #[serde(rename = "kubectl-milvus/v1")]
    V1,
}

/// The two shapes of a deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum Mode {
    /// One pod with embedded etcd, local storage and the built-in log.
    #[default]
    Standalone,
    /// One deployment per role, on etcd, Kafka and S3.
    Cluster,
}

impl InstallationFile {
    pub(super) fn version(&self) -> &MilvusVersion {
        &self.version
    }

    pub(super) fn set_version(&mut self, version: MilvusVersion) {
        self.version = version;
    }

    pub(super) fn authorization(&self) -> bool {
        self.authorization
            .unwrap_or(self.target != Target::Kubernetes)
    }

    pub(super) fn config(&self) -> &serde_json::Map<String, serde_json::Value> {
        &self.config
    }

    /// One pod or one per role: as written, else as the target has it.
    pub(super) fn mode(&self) -> Mode {
        self.mode.unwrap_or(match self.target {
            Target::Kubernetes => Mode::Standalone,
            Target::Aws | Target::Eks => Mode::Cluster,
        })
    }

    /// The installation; none while something lacks that the rules tell.
    pub(super) fn into_installation(self) -> Option<Installation> {
        let (mode, authorization) = (self.mode(), self.authorization());
        let deployment = match (self.target, mode) {
            (Target::Kubernetes, Mode::Standalone) => {
                Deployment::Standalone(self.standalone.unwrap_or_default())
            }
            (Target::Kubernetes, Mode::Cluster) => {
                Deployment::Cluster(Box::new(self.cluster?.into_cluster()?))
            }
            (Target::Aws | Target::Eks, _) => {
                let section = self.cluster.unwrap_or_default();
                Deployment::Aws(Box::new(section.into_on_aws(self.aws.unwrap_or_default())?))
            }
        };
        Some(Installation {
            name: self.name,
            namespace: self.namespace,
            version: self.version,
            image: self.image,
            deployment,
            service: self.service,
            scheduling: self.scheduling,
            authorization,
            config: self.config,
        })
    }
}

impl ClusterSection {
    fn into_cluster(self) -> Option<Cluster> {
        Some(Cluster {
            components: self.components,
            etcd: self.etcd,
            kafka: self.kafka?,
            s3: self.s3?,
            service_account: self.service_account,
        })
    }

    fn into_on_aws(self, aws: Aws) -> Option<OnAws> {
        let Etcd::InCluster(etcd) = self.etcd else {
            return None;
        };
        Some(OnAws {
            aws,
            components: self.components,
            etcd,
        })
    }
}

impl From<Installation> for InstallationFile {
    fn from(installation: Installation) -> Self {
        let target = installation.target();
        let (mode, standalone, cluster, aws) = match installation.deployment {
            Deployment::Standalone(standalone) => (Mode::Standalone, Some(standalone), None, None),
            Deployment::Cluster(cluster) => {
                let cluster = ClusterSection {
                    components: cluster.components,
                    etcd: cluster.etcd,
                    kafka: Some(cluster.kafka),
                    s3: Some(cluster.s3),
                    service_account: cluster.service_account,
                };
                (Mode::Cluster, None, Some(cluster), None)
            }
            Deployment::Aws(on_aws) => {
                let cluster = ClusterSection {
                    components: on_aws.components,
                    etcd: Etcd::InCluster(on_aws.etcd),
                    ..ClusterSection::default()
                };
                (Mode::Cluster, None, Some(cluster), Some(on_aws.aws))
            }
        };
        Self {
            api_version: ApiVersion::V1,
            name: installation.name,
            namespace: installation.namespace,
            target,
            version: installation.version,
            aws,
            mode: Some(mode),
            standalone,
            cluster,
            service: installation.service,
            image: installation.image,
            scheduling: installation.scheduling,
            authorization: Some(installation.authorization),
            config: installation.config,
        }
    }
}
