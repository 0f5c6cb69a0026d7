//! The file that users write (`milvus.yaml`), parsed into types that cannot hold an invalid value.

mod attu;
pub mod aws;
mod aws_rules;
mod bucket;
mod certificate;
mod cluster;
mod collect;
mod commented;
mod component;
mod component_rules;
mod config_rules;
mod decode;
mod diagnostic;
mod document;
mod endpoint;
mod etcd;
mod existing;
mod existing_rules;
mod fault;
mod file;
mod image;
mod metadata;
mod names;
mod on_aws;
mod overrides;
mod platform;
mod pod_rules;
mod pod_settings;
mod quantity;
mod queue;
mod queue_rules;
mod read;
mod remarks;
mod resources;
mod rules;
mod s3;
mod secret_source;
mod secrets;
mod sections;
mod server;
mod service;
mod service_rules;
mod setting;
mod shared_services;
mod soft_rules;
mod standalone;
mod text_type;
mod version;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::topology::{demands_tls, merge_maps};

pub use attu::{Attu, AttuImage, AttuService};
pub use bucket::{BucketName, Region, RootPath, StorageAccount, StoreBucket, StoreRegion};
pub use certificate::{Certificate, CertificateSecret};
pub use cluster::{Cluster, ServiceAccount};
pub use commented::Note;
pub use component::{Autoscaling, ComponentServiceSpec, ComponentSpec, Disk};
pub use config_rules::holds_secret;
pub use diagnostic::{InvalidFile, Problem};
pub use endpoint::{HostPort, InvalidHostPort};
pub use etcd::{
    AutoCompaction, CompactionMode, Etcd, EtcdImage, EtcdReplicas, InClusterEtcd, Retention,
};
pub use existing::{EksClusterName, Existing, MskClusterName, MskSecretName};
pub use image::{Image, ImageGroups, ImageRepository, ImageTag, PullPolicy};
pub use metadata::{Annotations, LabelValue, Labels, MetadataKey};
pub use names::{
    AppName, FullName, InstallationName, NameOverrides, Namespace, ObjectName, ResourceGroup,
    SharedNames,
};
pub use on_aws::{OnAws, SERVICE_ACCOUNT, STORAGE_CLASS, Services};
pub use overrides::Overrides;
pub use platform::Platform;
pub use pod_settings::PodSettings;
pub use quantity::{Cpu, InvalidQuantity, Memory};
pub use queue::{
    EmbeddedWoodpecker, Kafka, KafkaSecurity, Pulsar, Queue, Woodpecker, WoodpeckerService,
    WoodpeckerStorage,
};
pub use resources::{Amounts, Resources, Storage};
pub use s3::{CloudProvider, S3, S3Access};
pub use secret_source::{Credentials, PasswordSource, VariableName};
pub use secrets::{LoginSecret, SecretReader, Secrets, UnreadableSecret};
pub use server::{
    AccessMode, Folder, Interval, Log, LogFormat, LogLevel, LogVolume, Metrics, ServiceMonitor,
    Tls, TlsMode,
};
pub use service::{
    BACKEND_PROTOCOL, HostName, Ingress, IngressRule, IngressTls, IpRange, LoadBalancerClass,
    PathType, Service, ServiceKind, UrlPath, protocol_of_nginx,
};
pub use setting::SettingKey;
pub use shared_services::{PartSetting, SharedService};
pub use soft_rules::Standing;
pub use standalone::{Persistence, Standalone};
pub use text_type::InvalidName;
pub use version::{InvalidVersion, MilvusVersion};

/// One Milvus installation, as the user wants it: parsed, complete with defaults, and consistent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    /// Release name: the prefix of every object's name.
    pub name: InstallationName,
    /// The Kubernetes namespace that holds every object.
    pub namespace: Namespace,
    /// Names that do not follow from `name`.
    pub names: NameOverrides,
    /// Further labels of every Milvus object and pod.
    pub labels: Labels,
    /// Annotations of every Milvus workload and pod.
    pub annotations: Annotations,
    /// What kind of Kubernetes the pods run on; not known yet when absent.
    pub platform: Option<Platform>,
    /// The Milvus version to run.
    pub version: MilvusVersion,
    /// Where the server's image comes from.
    pub image: Image,
    /// One pod, or one pod per role.
    pub deployment: Deployment,
    /// How clients reach the proxy (or the one pod).
    pub service: Service,
    /// An ingress in front of that service.
    pub ingress: Option<Ingress>,
    /// Encryption of what clients and server say to each other.
    pub tls: Option<Tls>,
    /// Certificates that are not in the cluster yet, by the Secrets that are made of them.
    pub certificates: BTreeMap<ObjectName, Certificate>,
    /// What holds for every Milvus pod.
    pub scheduling: PodSettings,
    /// What the server writes of its work.
    pub log: Log,
    /// Who collects the server's metrics.
    pub metrics: Metrics,
    /// The web interface, with the target `kubernetes`; that of the other targets is `aws.attu`.
    pub attu: Option<Box<Attu>>,
    /// Whether clients must log in, and `root` has a password of ours.
    pub authorization: bool,
    /// Further settings of the server, as `milvus.yaml` of that version spells them; they win over ours.
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Settings that are secret, and where each is read from; they win over everything, and stand in a Secret.
    pub secret_config: BTreeMap<SettingKey, PasswordSource>,
}

/// Where Milvus is installed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// A Kubernetes cluster that exists.
    #[default]
    Kubernetes,
    /// An AWS account: everything is made there, from the network on.
    Aws,
    /// An EKS cluster that exists: the same is made around it.
    Eks,
}

/// The shapes of a deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Deployment {
    /// One pod: with embedded etcd, local storage and the built-in log, as far as no service is given.
    Standalone(Box<Standalone>),
    /// One deployment per role, on etcd, a log and S3.
    Cluster(Box<Cluster>),
    /// One deployment per role, on services of AWS that are made with it, or exist.
    Aws(Box<OnAws>),
}

impl Target {
    /// As the file spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Aws => "aws",
            Self::Eks => "eks",
        }
    }
}

impl Installation {
    /// The prefix of every Milvus object's name.
    pub fn full_name(&self) -> String {
        self.names.full_name(&self.name)
    }

    /// The section of the file that describes the deployment.
    pub(crate) const fn section(&self) -> &'static str {
        match &self.deployment {
            Deployment::Standalone(_) => "standalone",
            Deployment::Cluster(_) | Deployment::Aws(_) => "cluster",
        }
    }

    /// Where Milvus is installed.
    pub fn target(&self) -> Target {
        match &self.deployment {
            Deployment::Standalone(_) | Deployment::Cluster(_) => Target::Kubernetes,
            Deployment::Aws(on_aws) if on_aws.aws.existing.eks_cluster.is_some() => Target::Eks,
            Deployment::Aws(_) => Target::Aws,
        }
    }

    /// Whether the server speaks TLS with its clients: as its settings say, else as `tls` does.
    pub fn speaks_tls(&self) -> bool {
        demands_tls(&self.config).unwrap_or(self.tls.is_some())
    }

    /// Clients must log in as before, with passwords that the server knows already: none is made for `root`.
    pub fn keep_passwords(&mut self) {
        if std::mem::take(&mut self.authorization) {
            let kept = serde_json::json!({"common": {"security": {"authorizationEnabled": true}}});
            if let serde_json::Value::Object(kept) = kept {
                merge_maps(&mut self.config, kept);
            }
        }
    }
}

impl Deployment {
    /// Metadata store outside of the server's pod; none where it is inside, or not known yet.
    pub fn etcd(&self) -> Option<&Etcd> {
        match self {
            Self::Standalone(standalone) => standalone.etcd.as_ref(),
            Self::Cluster(cluster) => Some(&cluster.etcd),
            Self::Aws(_) => None,
        }
    }

    /// The etcd that is made beside Milvus; none where it is inside of the server's pod, or exists already.
    pub fn own_etcd(&self) -> Option<&InClusterEtcd> {
        match self {
            Self::Aws(on_aws) => Some(&on_aws.etcd),
            Self::Standalone(_) | Self::Cluster(_) => match self.etcd() {
                Some(Etcd::InCluster(etcd)) => Some(etcd),
                Some(Etcd::Endpoints(_)) | None => None,
            },
        }
    }

    /// The log, where it is a service; none where it is inside of the server's pod, or not known yet.
    pub fn queue(&self) -> Option<&Queue> {
        match self {
            Self::Standalone(standalone) => standalone.queue.as_ref(),
            Self::Cluster(cluster) => Some(&cluster.queue),
            Self::Aws(_) => None,
        }
    }

    /// Object storage; none where it is a volume, or not known yet.
    pub fn s3(&self) -> Option<&S3> {
        match self {
            Self::Standalone(standalone) => standalone.s3.as_ref(),
            Self::Cluster(cluster) => Some(&cluster.s3),
            Self::Aws(_) => None,
        }
    }

    /// What is said of the pods' service account.
    pub fn service_account(&self) -> Option<&ServiceAccount> {
        match self {
            Self::Standalone(standalone) => standalone.service_account.as_ref(),
            Self::Cluster(cluster) => cluster.service_account.as_ref(),
            Self::Aws(_) => None,
        }
    }
}

impl Default for Deployment {
    fn default() -> Self {
        Self::Standalone(Box::default())
    }
}

fn yes() -> bool {
    true
}
