//! The file that users write (`milvus.yaml`), parsed into types that cannot hold an invalid value.

pub mod aws;
mod aws_rules;
mod bucket;
mod collect;
mod commented;
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
mod quantity;
mod read;
mod rules;
mod secret_source;
mod secrets;
mod text_type;
mod version;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use bucket::{BucketName, Region, RootPath};
pub use commented::Note;
pub use diagnostic::{InvalidFile, Problem};
pub use endpoint::{HostPort, InvalidHostPort};
pub use etcd::EtcdReplicas;
pub use existing::{EksClusterName, Existing, MskClusterName, MskSecretName};
pub use image::{Image, ImageRepository, ImageTag, PullPolicy};
pub use metadata::{Annotations, LabelValue, MetadataKey, NodeSelector};
pub use names::{InstallationName, Namespace, ObjectName};
pub use on_aws::{OnAws, SERVICE_ACCOUNT, STORAGE_CLASS, Services};
pub use quantity::{Cpu, InvalidQuantity, Memory};
pub use secret_source::{Credentials, PasswordSource, VariableName};
pub use secrets::{LoginSecret, SecretReader, Secrets, UnreadableSecret};
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
    /// The Milvus version to run.
    pub version: MilvusVersion,
    /// Where the server's image comes from.
    pub image: Image,
    /// One pod, or one pod per role.
    pub deployment: Deployment,
    /// How clients reach the proxy (or the one pod).
    pub service: Service,
    /// Pod settings that hold for every Milvus pod.
    pub scheduling: Scheduling,
    /// Whether clients must log in.
    pub authorization: bool,
    /// Further settings of the server, as `milvus.yaml` of that version spells them; they win over ours.
    pub config: serde_json::Map<String, serde_json::Value>,
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
    /// One pod with embedded etcd, local storage and the built-in log.
    Standalone(Standalone),
    /// One deployment per role, on etcd, Kafka and S3.
    Cluster(Box<Cluster>),
    /// One deployment per role, on services of AWS that are made with it, or exist.
    Aws(Box<OnAws>),
}

/// Settings of the one pod.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Standalone {
    /// Requests and limits of the pod.
    pub resources: Resources,
    /// The volume under `/var/lib/milvus`: metadata, log and vectors.
    pub storage: Storage,
}

/// Settings of a deployment by roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// Replicas and resources per role; roles that are left out get the topology's defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<crate::topology::Role, ComponentSpec>,
    /// Metadata store.
    #[serde(default)]
    pub etcd: Etcd,
    /// The log: a Kafka that exists.
    pub kafka: Kafka,
    /// Object storage: an S3 that exists.
    pub s3: S3,
    /// Service account of the Milvus pods; `default` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccount>,
}

/// What a user may say of one role.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ComponentSpec {
    /// Number of pods. Coordinators with two or more run active-standby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<std::num::NonZeroU16>,
    /// Requests and limits; the topology's defaults when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

/// Requests and limits of one container. Limits must not be below requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Resources {
    /// What the scheduler sets aside.
    pub requests: Amounts,
    /// What the kernel enforces.
    pub limits: Amounts,
}

/// Processor and memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Amounts {
    /// Processor time, as Kubernetes writes it: `2`, `500m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Cpu>,
    /// Memory, as Kubernetes writes it: `8Gi`, `512Mi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
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

/// Where Milvus keeps its metadata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Etcd {
    /// An etcd of our own, as a StatefulSet.
    InCluster(InClusterEtcd),
    /// An etcd that exists: `host:port` each.
    Endpoints(Vec<HostPort>),
}

/// Our own etcd.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct InClusterEtcd {
    /// Number of members: 1, 3 or 5.
    pub replicas: EtcdReplicas,
    /// Requests and limits of each member.
    pub resources: Resources,
    /// The volume of each member.
    pub storage: Storage,
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

/// How Milvus logs in to Kafka.
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
}

/// The bucket that holds segments and indexes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct S3 {
    /// Host and port of the S3 API, for example `s3.us-west-2.amazonaws.com:443`.
    pub endpoint: HostPort,
    /// Whether the endpoint speaks TLS.
    #[serde(default = "yes")]
    pub tls: bool,
    /// Bucket name.
    pub bucket: BucketName,
    /// Prefix of every object's key.
    #[serde(default)]
    pub root_path: RootPath,
    /// AWS region; needed with IAM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// How Milvus proves who it is.
    pub access: S3Access,
}

/// How Milvus proves to S3 who it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum S3Access {
    /// The service account's IAM role (IRSA).
    Iam,
    /// An access key: the user name is the access key id, the password the secret access key.
    Keys(Credentials),
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
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: Annotations,
}

/// The service that clients use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Service {
    /// `ClusterIP`, `NodePort` or `LoadBalancer`.
    #[serde(rename = "type")]
    pub kind: ServiceKind,
    /// Port of the gRPC API; 19530 unless said otherwise.
    pub port: std::num::NonZeroU16,
    /// Annotations, for example those of a load balancer controller.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: Annotations,
}

/// Kinds of Kubernetes services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServiceKind {
    /// Reached inside the cluster alone.
    #[default]
    #[serde(rename = "ClusterIP")]
    ClusterIp,
    /// A port on each node.
    NodePort,
    /// A load balancer of the cloud.
    LoadBalancer,
}

/// Settings that hold for every Milvus pod.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scheduling {
    /// Labels that a node must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: NodeSelector,
    /// Names of the secrets that pull images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<ObjectName>,
    /// Priority class of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_class: Option<ObjectName>,
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
    /// Where Milvus is installed.
    pub fn target(&self) -> Target {
        match &self.deployment {
            Deployment::Standalone(_) | Deployment::Cluster(_) => Target::Kubernetes,
            Deployment::Aws(on_aws) if on_aws.aws.existing.eks_cluster.is_some() => Target::Eks,
            Deployment::Aws(_) => Target::Aws,
        }
    }
}

impl Scheduling {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Deployment {
    fn default() -> Self {
        Self::Standalone(Standalone::default())
    }
}

impl Default for Standalone {
    fn default() -> Self {
        Self {
            resources: Resources {
                requests: Amounts {
                    cpu: Some(Cpu::from_millis(500)),
                    memory: Some(Memory::from_mib(1024)),
                },
                limits: Amounts {
                    cpu: None,
                    memory: Some(Memory::from_mib(4096)),
                },
            },
            storage: Storage {
                size: Memory::from_mib(50 * 1024),
                class: None,
            },
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            size: Memory::from_mib(10 * 1024),
            class: None,
        }
    }
}

impl Default for Etcd {
    fn default() -> Self {
        Self::InCluster(InClusterEtcd::default())
    }
}

impl Default for InClusterEtcd {
    fn default() -> Self {
        Self {
            replicas: EtcdReplicas::default(),
            resources: Resources {
                requests: Amounts {
                    cpu: Some(Cpu::from_millis(250)),
                    memory: Some(Memory::from_mib(512)),
                },
                limits: Amounts {
                    cpu: None,
                    memory: Some(Memory::from_mib(2048)),
                },
            },
            storage: Storage::default(),
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Self {
            kind: ServiceKind::default(),
            port: DEFAULT_PORT,
            annotations: Annotations::default(),
        }
    }
}

/// Milvus's gRPC port.
const DEFAULT_PORT: std::num::NonZeroU16 = match std::num::NonZeroU16::new(19530) {
    Some(port) => port,
    None => unreachable!(),
};

fn yes() -> bool {
    true
}
