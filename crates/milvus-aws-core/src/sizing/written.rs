//! The file that installs what was sized.

use std::{collections::BTreeMap, num::NonZeroU16};

use serde_json::{Map, Value, json};

use super::{Mode, NoSize, NodePlan, Sizing, role_size::Shape};
use crate::{
    installation::{
        Amounts, CloudProvider, Cluster, ComponentSpec, Credentials, Deployment, EksClusterName,
        Etcd, EtcdReplicas, Existing, HostPort, InClusterEtcd, Installation, InstallationName,
        Kafka, KafkaSecurity, Memory, NameOverrides, Note, ObjectName, OnAws, Queue, Resources,
        RootPath, S3, S3Access, SharedNames, Standalone, Storage,
        aws::{Aws, Nodes},
    },
    topology::Role,
};

/// Where Milvus shall be installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Destination {
    /// A Kubernetes cluster that exists.
    #[default]
    Kubernetes,
    /// An AWS account.
    Aws,
    /// An EKS cluster that exists.
    Eks(EksClusterName),
}

/// The smallest volume of one pod.
const LEAST_VOLUME_GIB: u64 = 50;
const GIB: u64 = 1 << 30;
/// Hosts that no name server ever knows (source: RFC 2606): whoever installs must write their own.
const NO_BROKER: (&str, u16) = ("kafka.invalid", 9096);
const NO_S3: (&str, u16) = ("s3.invalid", 443);

impl Destination {
    /// An installation there without any sizes: the defaults of the file. A cluster of Kubernetes gets one pod.
    pub fn installation(&self, name: InstallationName) -> Installation {
        Installation {
            name,
            deployment: match self {
                Self::Kubernetes => Deployment::default(),
                Self::Aws | Self::Eks(_) => Deployment::Aws(Box::new(OnAws {
                    aws: self.aws(),
                    ..OnAws::default()
                })),
            },
            // Nothing of AWS is open to everybody unless the file says so.
            authorization: !matches!(self, Self::Kubernetes),
            ..Installation::default()
        }
    }

    fn aws(&self) -> Aws {
        let eks_cluster = match self {
            Self::Eks(cluster) => Some(cluster.clone()),
            Self::Kubernetes | Self::Aws => None,
        };
        Aws {
            existing: Existing {
                eks_cluster,
                ..Existing::default()
            },
            ..Aws::default()
        }
    }
}

impl Sizing {
    /// The installation of that size; `nodes` are for a cluster of EKS that is made with it.
    pub fn installation(
        &self,
        name: InstallationName,
        destination: &Destination,
        nodes: Option<&NodePlan>,
    ) -> Result<Installation, NoSize> {
        let on_kubernetes = *destination == Destination::Kubernetes;
        if self.mode == Mode::Standalone && !on_kubernetes {
            return Err(NoSize::NoStandaloneOnAws);
        }
        let deployment = match (destination, self.mode) {
            (Destination::Kubernetes, Mode::Standalone) => {
                Deployment::Standalone(Box::new(Standalone {
                    resources: resources(self.one_pod().unwrap_or(self.etcd.shape)),
                    storage: storage(self.standalone_storage()),
                    ..Standalone::default()
                }))
            }
            (Destination::Kubernetes, Mode::Cluster) => {
                Deployment::Cluster(Box::new(self.cluster(&name)?))
            }
            (Destination::Aws | Destination::Eks(_), _) => {
                Deployment::Aws(Box::new(self.on_aws(destination, nodes)))
            }
        };
        let uses_services = matches!(deployment, Deployment::Cluster(_));
        Ok(Installation {
            version: self.milvus_version.clone(),
            // A new one shares nothing with others in services that exist.
            names: NameOverrides {
                in_shared_services: uses_services.then_some(SharedNames::Own),
                ..NameOverrides::default()
            },
            deployment,
            config: self.config(),
            ..destination.installation(name)
        })
    }

    /// What the file of [`Self::installation`] should say to its reader: lines at the top, and notes above keys.
    pub fn notes_of_file(&self) -> (Vec<String>, Vec<Note>) {
        let load = &self.load;
        let top = vec![
            format!(
                "{} vectors of {} dimensions under {}, by generation {} of Milvus's sizing tool:",
                load.vectors, load.dimension, load.index, self.generation
            ),
            format!(
                "{} GiB as they are, {} GiB loaded in memory, {} GiB on local disks.",
                self.raw_bytes.div_ceil(GIB),
                self.memory_bytes.div_ceil(GIB),
                self.disk_bytes.div_ceil(GIB)
            ),
        ];
        let invalid = "Hosts under .invalid do not exist: write your own.";
        let notes = vec![
            Note::new("mode", format!("{}: {}.", self.mode.as_str(), self.because)),
            Note::new(
                "standalone.storage",
                "Vectors, indexes, metadata and the log.",
            ),
            Note::new(
                "cluster.components",
                "Coordinators and proxies in pairs, so that one of each may fail. A limit on processors would leave idle ones unused.",
            ),
            Note::new(
                "names.inSharedServices",
                "Topics, logs and metadata in services that exist are called after this installation. Keep it so while it has data.",
            ),
            Note::new("cluster.kafka", invalid),
            Note::new("cluster.s3", invalid),
            Note::new(
                "aws.eks.nodes",
                "What holds all pods for the least money, beside the system's own.",
            ),
            Note::new("aws.msk", "The log."),
        ];
        (top, notes)
    }

    /// The volume of one pod: objects and metadata as the tool has them, the local disk, and the log, through which
    /// everything goes once.
    pub(super) fn standalone_storage(&self) -> Memory {
        let objects = self.object_storage.minio.storage.mib() + self.etcd.storage.mib();
        let gib =
            objects.div_ceil(1024) + self.disk_bytes.div_ceil(GIB) + self.raw_bytes.div_ceil(GIB);
        Memory::from_mib(gib.max(LEAST_VOLUME_GIB) * 1024)
    }

    fn components(&self) -> BTreeMap<Role, ComponentSpec> {
        let mut specs: BTreeMap<Role, ComponentSpec> = BTreeMap::new();
        for size in &self.components {
            let spec = specs.entry(size.role).or_default();
            let replicas = u16::try_from(size.replicas).unwrap_or(u16::MAX);
            spec.replicas = NonZeroU16::new(replicas);
            spec.resources = Some(resources(size.shape));
        }
        specs
    }

    fn etcd(&self) -> InClusterEtcd {
        InClusterEtcd {
            replicas: EtcdReplicas::default(),
            resources: resources(self.etcd.shape),
            storage: storage(self.etcd.storage),
            ..InClusterEtcd::default()
        }
    }

    fn on_aws(&self, destination: &Destination, nodes: Option<&NodePlan>) -> OnAws {
        let mut aws = destination.aws();
        if let Some(msk) = self.msk() {
            aws.msk = msk;
        }
        if let (Some(nodes), Destination::Aws) = (nodes, destination) {
            aws.eks.nodes = Nodes {
                instance_type: nodes.instance_type.clone(),
                count: NonZeroU16::new(nodes.count).unwrap_or(aws.eks.nodes.count),
                storage: nodes.storage,
            };
        }
        OnAws {
            aws,
            components: self.components(),
            etcd: self.etcd(),
        }
    }

    /// A cluster on services that nobody has named: whoever installs it does.
    fn cluster(&self, name: &InstallationName) -> Result<Cluster, NoSize> {
        let secret = |ending: &str| {
            let name = format!("{}-{ending}", name.full_name());
            Credentials::ExistingSecret(ObjectName::derived(name))
        };
        Ok(Cluster {
            components: self.components(),
            etcd: Etcd::InCluster(Box::new(self.etcd())),
            queue: Queue::Kafka(Kafka {
                brokers: vec![nowhere(NO_BROKER)],
                security: KafkaSecurity::ScramSha512(secret("kafka")),
            }),
            s3: S3 {
                endpoint: nowhere(NO_S3),
                tls: true,
                bucket: name.full_name().parse()?,
                root_path: RootPath::default(),
                region: None,
                access: S3Access::Keys(secret("s3")),
                cloud_provider: CloudProvider::default(),
                account: None,
                iam_endpoint: None,
                virtual_host: false,
            },
            service_account: None,
            resource_groups: Vec::new(),
        })
    }

    /// What the server must be told for the sizes to hold.
    fn config(&self) -> Map<String, Value> {
        let mut config = Map::new();
        if self.has_own_segment_size {
            let segment = json!({"segment": {"maxSize": self.load.segment.mib()}});
            config.insert("dataCoord".to_owned(), segment);
        }
        if self.load.offload && self.sets_mmap() {
            let mmap = json!({"mmap": {"scalarField": true}});
            config.insert("queryNode".to_owned(), mmap);
        }
        config
    }
}

/// Memory is set aside and limited alike: what is loaded is there. Processors are set aside and not limited.
fn resources(shape: Shape) -> Resources {
    Resources {
        requests: Amounts {
            cpu: Some(shape.cpu),
            memory: Some(shape.memory),
            ephemeral_storage: None,
        },
        limits: Amounts {
            cpu: None,
            memory: Some(shape.memory),
            ephemeral_storage: None,
        },
    }
}

fn nowhere((host, port): (&str, u16)) -> HostPort {
    let port = NonZeroU16::new(port).unwrap_or(NonZeroU16::MIN);
    HostPort::of_service(host.to_owned(), port)
}

fn storage(size: Memory) -> Storage {
    Storage { size, class: None }
}
