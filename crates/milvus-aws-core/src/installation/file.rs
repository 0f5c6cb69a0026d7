//! `milvus.yaml` as it is written, and how it becomes an [`Installation`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cluster, Deployment, Image, Installation, InstallationName, MilvusVersion, Namespace,
    Scheduling, Service, Standalone, Target,
};

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
    target: Target,
    /// The Milvus version to run, for example `2.4.5`; the newest 2.6 that is known unless said otherwise.
    #[serde(default)]
    version: MilvusVersion,
    /// One pod, or one deployment per role.
    #[serde(default)]
    pub(super) mode: Mode,
    /// Settings of the one pod; only with `mode: standalone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) standalone: Option<Standalone>,
    /// Settings of a deployment by roles; only with `mode: cluster`, and needed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<Cluster>,
    /// How clients reach the proxy (or the one pod).
    #[serde(default)]
    service: Service,
    /// Where the server's image comes from.
    #[serde(default)]
    image: Image,
    /// Settings that hold for every Milvus pod.
    #[serde(default, skip_serializing_if = "Scheduling::is_default")]
    scheduling: Scheduling,
    /// Whether clients must log in. The first user is `root`; before 2.4.7 its first password is `Milvus` and must be
    /// changed after the installation.
    #[serde(default)]
    authorization: bool,
    /// Further settings of the server, as `milvus.yaml` of that version spells them; they win over ours. Secrets do
    /// not belong here.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    config: serde_json::Map<String, serde_json::Value>,
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

    pub(super) fn config(&self) -> &serde_json::Map<String, serde_json::Value> {
        &self.config
    }

    /// The installation; none while `mode: cluster` lacks its section, which the rules tell.
    pub(super) fn into_installation(self) -> Option<Installation> {
        let deployment = match self.mode {
            Mode::Standalone => Deployment::Standalone(self.standalone.unwrap_or_default()),
            Mode::Cluster => Deployment::Cluster(Box::new(self.cluster?)),
        };
        Some(Installation {
            name: self.name,
            namespace: self.namespace,
            target: self.target,
            version: self.version,
            image: self.image,
            deployment,
            service: self.service,
            scheduling: self.scheduling,
            authorization: self.authorization,
            config: self.config,
        })
    }
}

impl From<Installation> for InstallationFile {
    fn from(installation: Installation) -> Self {
        let (mode, standalone, cluster) = match installation.deployment {
            Deployment::Standalone(standalone) => (Mode::Standalone, Some(standalone), None),
            Deployment::Cluster(cluster) => (Mode::Cluster, None, Some(*cluster)),
        };
        Self {
            api_version: ApiVersion::V1,
            name: installation.name,
            namespace: installation.namespace,
            target: installation.target,
            version: installation.version,
            mode,
            standalone,
            cluster,
            service: installation.service,
            image: installation.image,
            scheduling: installation.scheduling,
            authorization: installation.authorization,
            config: installation.config,
        }
    }
}
