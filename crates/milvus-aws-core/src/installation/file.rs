//! `milvus.yaml` as it is written, and how it becomes an [`Installation`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Annotations, Attu, Certificate, Deployment, Etcd, Image, Ingress, Installation,
    InstallationName, Labels, Log, Metrics, MilvusVersion, NameOverrides, Namespace, ObjectName,
    PasswordSource, Platform, PodSettings, Service, SettingKey, Target, Tls,
    aws::Aws,
    sections::{ClusterSection, StandaloneSection},
};
use crate::topology::demands_tls;

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
    pub(super) name: InstallationName,
    /// The Kubernetes namespace that holds every object.
    #[serde(default)]
    namespace: Namespace,
    /// Names that do not follow from `name`, for releases that have them.
    #[serde(default, skip_serializing_if = "NameOverrides::is_default")]
    pub(super) names: NameOverrides,
    /// Further labels of every Milvus object and pod.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub(super) labels: Labels,
    /// Annotations of every Milvus workload and pod.
    #[serde(default, skip_serializing_if = "Annotations::is_empty")]
    pub(super) annotations: Annotations,
    /// Where Milvus is installed.
    #[serde(default)]
    pub(super) target: Target,
    /// What kind of Kubernetes the pods run on; only with `target: kubernetes`. When absent, `install` and `plan` ask the
    /// cluster, and `render` takes `kubernetes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<Platform>,
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
    pub(super) standalone: Option<StandaloneSection>,
    /// Settings of a deployment by roles; only with `mode: cluster`. With `target: kubernetes` it is needed there,
    /// with `s3` and one of `kafka`, `pulsar` and `woodpecker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<ClusterSection>,
    /// How clients reach the proxy (or the one pod).
    #[serde(default)]
    pub(super) service: Service,
    /// An ingress in front of the service for clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ingress: Option<Ingress>,
    /// Encryption of what clients and server say to each other; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tls: Option<Tls>,
    /// Certificates that are not in the cluster yet, by the names of the Secrets (of the type `kubernetes.io/tls`) that
    /// are made of them: `NAME: { certificate: { file: PATH }, key: { file: PATH } }`. With `target: kubernetes` alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    certificates: BTreeMap<ObjectName, Certificate>,
    /// Where the server's image comes from.
    #[serde(default)]
    image: Image,
    /// What holds for every Milvus pod; what `pod` of a role says wins.
    #[serde(default, skip_serializing_if = "PodSettings::is_default")]
    pub(super) scheduling: PodSettings,
    /// What the server writes of its work.
    #[serde(default, skip_serializing_if = "Log::is_default")]
    pub(super) log: Log,
    /// Who collects the server's metrics.
    #[serde(default, skip_serializing_if = "Metrics::is_default")]
    metrics: Metrics,
    /// Attu, the web interface; with `target: kubernetes` alone (with the others it is `aws.attu`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attu: Option<Box<Attu>>,
    /// Whether clients must log in; they must with `target: aws`, unless said otherwise. The first user is `root`, its
    /// password is made here and kept in the Secret `INSTALLATION-root`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authorization: Option<bool>,
    /// Further settings of the server, as `milvus.yaml` of that version spells them; they win over ours. Secrets do
    /// not belong here.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    config: serde_json::Map<String, serde_json::Value>,
    /// Settings that are secret, by their keys joined by dots, and where each is read from:
    /// `common.security.defaultRootPassword: { env: NAME }`. They stand in a Secret of ours.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secret_config: BTreeMap<SettingKey, PasswordSource>,
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
    /// One pod: with embedded etcd, local storage and the built-in log, as far as no service is given.
    #[default]
    Standalone,
    /// One deployment per role, on etcd, a log and S3.
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

    pub(super) fn has_secret_config(&self) -> bool {
        !self.secret_config.is_empty()
    }

    pub(super) fn has_certificates(&self) -> bool {
        !self.certificates.is_empty()
    }

    /// Whether the server speaks TLS with its clients: as its settings say, else as `tls` does.
    pub(super) fn speaks_tls(&self) -> bool {
        demands_tls(&self.config).unwrap_or(self.tls.is_some())
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
                let section = self.standalone.unwrap_or_default();
                Deployment::Standalone(Box::new(section.into_standalone()))
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
            names: self.names,
            labels: self.labels,
            annotations: self.annotations,
            platform: self.platform,
            version: self.version,
            image: self.image,
            deployment,
            service: self.service,
            ingress: self.ingress,
            tls: self.tls,
            certificates: self.certificates,
            scheduling: self.scheduling,
            log: self.log,
            metrics: self.metrics,
            attu: self.attu,
            authorization,
            config: self.config,
            secret_config: self.secret_config,
        })
    }
}

impl From<Installation> for InstallationFile {
    fn from(installation: Installation) -> Self {
        let target = installation.target();
        let (mode, standalone, cluster, aws) = match installation.deployment {
            Deployment::Standalone(standalone) => {
                let section = StandaloneSection::from(*standalone);
                (Mode::Standalone, Some(section), None, None)
            }
            Deployment::Cluster(cluster) => {
                let section = ClusterSection::from(*cluster);
                (Mode::Cluster, None, Some(section), None)
            }
            Deployment::Aws(on_aws) => {
                let cluster = ClusterSection {
                    components: on_aws.components,
                    etcd: Etcd::InCluster(Box::new(on_aws.etcd)),
                    ..ClusterSection::default()
                };
                (Mode::Cluster, None, Some(cluster), Some(on_aws.aws))
            }
        };
        Self {
            api_version: ApiVersion::V1,
            name: installation.name,
            namespace: installation.namespace,
            names: installation.names,
            labels: installation.labels,
            annotations: installation.annotations,
            target,
            platform: installation.platform,
            version: installation.version,
            aws,
            mode: Some(mode),
            standalone,
            cluster,
            service: installation.service,
            ingress: installation.ingress,
            tls: installation.tls,
            certificates: installation.certificates,
            image: installation.image,
            scheduling: installation.scheduling,
            log: installation.log,
            metrics: installation.metrics,
            attu: installation.attu,
            authorization: Some(installation.authorization),
            config: installation.config,
            secret_config: installation.secret_config,
        }
    }
}
