//! Milvus by roles on services of AWS that the same installation makes, or that exist.

use std::{collections::BTreeMap, num::NonZeroU16};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    BucketName, CloudProvider, Cluster, ComponentSpec, Credentials, Deployment, Etcd, HostPort,
    InClusterEtcd, Installation, Kafka, KafkaSecurity, Labels, ObjectName, Queue, Region, RootPath,
    S3, S3Access, ServiceAccount, Target, aws::Aws,
};
use crate::topology::{Role, line_of, merge_maps};

/// The service account whose role may use the bucket, as the guide calls it.
pub const SERVICE_ACCOUNT: &str = "milvus-s3-access-sa";
/// The storage class of etcd's volumes, as the guide calls it.
pub const STORAGE_CLASS: &str = "ebs-sc";
/// The annotation by which EKS gives a service account its role (source: EKS user guide, IRSA).
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";
/// Coordinators stand by each other, and a proxy may restart.
const PAIR: NonZeroU16 = NonZeroU16::MIN.saturating_add(1);

/// What the targets `aws` and `eks` bring about.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OnAws {
    /// What is made of AWS, and what exists.
    pub aws: Aws,
    /// Replicas and resources per role, as far as the file says.
    pub components: BTreeMap<Role, ComponentSpec>,
    /// Our own etcd.
    pub etcd: InClusterEtcd,
}

/// What AWS has, as Milvus needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Services {
    /// Brokers that take SASL/SCRAM over TLS.
    pub brokers: Vec<HostPort>,
    /// The bucket.
    pub bucket: BucketName,
    /// Its region.
    pub region: Region,
    /// Host and port of S3 there.
    pub s3_endpoint: HostPort,
    /// ARN of the role that may use the bucket.
    pub role_arn: String,
}

impl OnAws {
    /// What is to be said of a role: the file's word, else a pair of coordinators and of proxies, and one of the rest.
    pub(crate) fn component(&self, role: Role) -> ComponentSpec {
        let mut spec = self.components.get(&role).cloned().unwrap_or_default();
        let counted =
            spec.replicas.is_some() || spec.autoscaling.is_some() || spec.external_autoscaler;
        if !counted && (role.is_coordinator() || role == Role::Proxy) {
            spec.replicas = Some(PAIR);
        }
        spec
    }
}

impl Installation {
    /// What the targets `aws` and `eks` make; none for another target.
    pub fn on_aws(&self) -> Option<&OnAws> {
        match &self.deployment {
            Deployment::Aws(on_aws) => Some(on_aws),
            Deployment::Standalone(_) | Deployment::Cluster(_) => None,
        }
    }

    /// The same installation as a cluster on services that exist. One whose target
    /// is `kubernetes` stays as it is.
    #[must_use]
    pub fn on_services(&self, services: &Services) -> Self {
        let Some(on_aws) = self.on_aws() else {
            return self.clone();
        };
        let named = |role: &Role| on_aws.components.contains_key(role);
        let roles = line_of(&self.version).roles(named);
        let mut etcd = on_aws.etcd.clone();
        // Claims name their class: which one is the default is not ours alone to say (pains row 30).
        etcd.storage
            .class
            .get_or_insert_with(|| self.storage_class());
        let cluster = Cluster {
            components: roles
                .into_iter()
                .map(|role| (role, on_aws.component(role)))
                .collect(),
            etcd: Etcd::InCluster(Box::new(etcd)),
            queue: Queue::Kafka(Kafka {
                brokers: services.brokers.clone(),
                security: KafkaSecurity::ScramSha512(Credentials::ExistingSecret(
                    self.kafka_secret(),
                )),
            }),
            s3: S3 {
                endpoint: services.s3_endpoint.clone(),
                tls: true,
                bucket: services.bucket.clone().into(),
                root_path: self.root_path(),
                region: Some(services.region.clone().into()),
                access: S3Access::Iam,
                cloud_provider: CloudProvider::Aws,
                account: None,
                iam_endpoint: None,
                virtual_host: false,
            },
            service_account: role_annotation(&services.role_arn),
            resource_groups: Vec::new(),
        };
        Self {
            deployment: Deployment::Cluster(Box::new(cluster)),
            config: self.config_on(&on_aws.aws),
            ..self.clone()
        }
    }

    /// The storage class that is made for etcd's volumes: in a cluster that exists the usual name may be taken.
    pub fn storage_class(&self) -> ObjectName {
        ObjectName::derived(match self.target() {
            Target::Eks => format!("{}-ebs", self.name.full_name()),
            Target::Aws | Target::Kubernetes => STORAGE_CLASS.to_owned(),
        })
    }

    /// What the keys of Milvus's objects begin with: in a bucket that exists others may have the usual prefix.
    pub fn root_path(&self) -> RootPath {
        let shared = |on_aws: &OnAws| on_aws.aws.existing.bucket.is_some();
        let own = self.name.full_name().parse().ok();
        own.filter(|_| self.on_aws().is_some_and(shared))
            .unwrap_or_default()
    }

    /// The server's further settings. On brokers that exist another Milvus may write topics of the usual names.
    pub(super) fn config_on(&self, aws: &Aws) -> Map<String, Value> {
        let mut config = Map::new();
        if aws.existing.msk_cluster.is_some() {
            let prefix = json!({"chanNamePrefix": {"cluster": self.name.full_name()}});
            config.insert("msgChannel".to_owned(), prefix);
        }
        merge_maps(&mut config, self.config.clone());
        config
    }

    /// The Kubernetes Secret that repeats the login of the secret in Secrets Manager.
    fn kafka_secret(&self) -> ObjectName {
        ObjectName::derived(format!("{}-kafka", self.name.full_name()))
    }
}

fn role_annotation(role_arn: &str) -> Option<ServiceAccount> {
    let key = ROLE_ANNOTATION.parse().ok()?;
    Some(ServiceAccount {
        name: SERVICE_ACCOUNT.parse().ok()?,
        create: true,
        annotations: [(key, role_arn.to_owned())].into_iter().collect(),
        labels: Labels::default(),
    })
}
