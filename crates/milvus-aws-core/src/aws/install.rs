//! Everything that an installation needs of AWS, put together.

use std::num::NonZeroU16;

use super::{
    bucket::Bucket,
    cloud::Cloud,
    eks::{EksHandles, Workloads, add_eks, add_existing_eks},
    existing_bucket::ExistingBucket,
    ids::RoleArn,
    kept_vectors::KeptVectors,
    msk::add_msk,
    msk_cluster::Brokers,
    network::{self, add_network},
    policy::ServiceAccount,
    role::role_name,
    secret::MskLogin,
};
use crate::{
    Installation,
    engine::{GraphBuilder, Handle, InvalidGraph, Need, Used},
    installation::{BucketName, HostPort, InvalidName, OnAws, SERVICE_ACCOUNT, Services, aws::Aws},
};

/// Namespace and name of the load balancer controller's service account, as its chart has them.
const CONTROLLER: (&str, &str) = ("kube-system", "aws-load-balancer-controller");
/// The port of S3's API.
const S3_PORT: NonZeroU16 = NonZeroU16::MIN.saturating_add(442);

/// What of AWS others build on.
#[derive(Debug, Clone)]
pub struct AwsHandles {
    /// The network.
    pub network: Handle<network::Network>,
    /// The Kubernetes cluster.
    pub eks: EksHandles,
    /// The bucket.
    pub bucket: Handle<BucketName>,
    /// The brokers.
    pub brokers: Handle<Brokers>,
    /// Their login.
    pub login: Handle<MskLogin>,
    /// What must be there before pods of the cluster can log in to the brokers.
    pub login_works: Vec<Need>,
}

/// Why there is no graph of an installation's AWS resources.
#[derive(Debug, thiserror::Error)]
pub enum NoAwsGraph {
    /// The installation's target is another one.
    #[error("the target of {0} is neither aws nor eks")]
    OtherTarget(String),
    /// No bucket can be called what the installation would call it.
    #[error("no bucket can have the name that follows from the installation's")]
    Bucket(#[source] InvalidName),
    /// Two resources of one name.
    #[error("the graph cannot be put together")]
    Graph(#[from] InvalidGraph),
}

/// Adds everything that the installation needs of AWS.
pub fn add(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    installation: &Installation,
) -> Result<AwsHandles, NoAwsGraph> {
    let other = || NoAwsGraph::OtherTarget(installation.name.to_string());
    let OnAws { aws, .. } = installation.on_aws().ok_or_else(other)?;
    let bucket_name = cloud.bucket_of(aws).map_err(NoAwsGraph::Bucket)?;
    let bucket = add_bucket(builder, cloud, installation, (aws, bucket_name.clone()))?;
    let workloads = Workloads {
        controller: (!aws.existing.load_balancer_controller).then(|| service_account(CONTROLLER)),
        milvus: service_account((installation.namespace.as_str(), SERVICE_ACCOUNT)),
        bucket: bucket_name,
        root: installation.root_path(),
        bucket_key: None,
    };
    let (network, eks) = if let Some(name) = &aws.existing.eks_cluster {
        add_existing_eks(builder, cloud, name, &workloads)?
    } else {
        let network = add_network(builder, cloud, &aws.network)?;
        let eks = add_eks(builder, cloud, &aws.eks, &network, &workloads)?;
        (network.network, eks)
    };
    let msk = add_msk(builder, cloud, aws, &network, &eks.cluster)?;
    Ok(AwsHandles {
        network,
        eks,
        bucket,
        brokers: msk.brokers,
        login: msk.login,
        login_works: msk.login_works,
    })
}

/// With the installation's own cluster goes what tells of the vectors; in one that exists claims are looked for.
fn add_bucket(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    installation: &Installation,
    (aws, name): (&Aws, BucketName),
) -> Result<Handle<BucketName>, InvalidGraph> {
    let root = installation.root_path();
    let own_cluster = aws.existing.eks_cluster.is_none();
    match (aws.existing.bucket.is_some(), own_cluster) {
        (true, own_cluster) => {
            let kept = own_cluster.then(|| KeptVectors::new(cloud.clone(), root));
            builder.add(Used(ExistingBucket::new(cloud.clone(), name, kept)))
        }
        (false, true) => builder.add(Bucket::new(cloud.clone(), name).beside_own_cluster(root)),
        (false, false) => builder.add(Bucket::new(cloud.clone(), name)),
    }
}

fn service_account((namespace, name): (&str, &str)) -> ServiceAccount {
    ServiceAccount {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

impl Cloud {
    /// What AWS has made, as Milvus needs it.
    pub fn services(&self, brokers: Vec<HostPort>, bucket: &BucketName) -> Services {
        let region = &self.account.region;
        let host = format!("s3.{region}.{}", self.account.dns_suffix());
        Services {
            brokers,
            bucket: bucket.clone(),
            region: region.clone(),
            s3_endpoint: HostPort::of_service(host, S3_PORT),
            role_arn: self.milvus_role().to_string(),
        }
    }

    /// The bucket that an installation uses: the one that its file names, else the one that follows from its name.
    pub fn bucket_of(&self, aws: &Aws) -> Result<BucketName, InvalidName> {
        match aws.existing.bucket.as_ref().or(aws.bucket.as_ref()) {
            Some(name) => Ok(name.clone()),
            None => self.default_bucket(),
        }
    }

    /// The role of Milvus's service account, known before it is there.
    pub fn milvus_role(&self) -> RoleArn {
        self.role("s3")
    }

    /// The role of the load balancer controller's service account, known before it is there.
    pub fn controller_role(&self) -> RoleArn {
        self.role("elb")
    }

    fn role(&self, purpose: &str) -> RoleArn {
        let name = role_name(self.mark.value(), self.account.region.as_str(), purpose);
        RoleArn::new(self.account.global_arn("iam", &format!("role/{name}")))
    }
}
