//! An EKS cluster that exists: it is checked, used, and never changed.

use aws_sdk_eks::types::{Cluster, ClusterStatus};

use super::{
    cloud::Cloud,
    eks_cluster::{EksCluster, is_leaving},
    mark::Owner,
};
use crate::{
    engine::{Context, Existing, Readiness, ResourceError, ResourceId},
    installation::{EksClusterName, aws::Aws},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &["eks:DescribeCluster"];

/// The oldest Kubernetes 1.x in which everything that an installation makes is stable.
const OLDEST: u16 = 25;

/// The cluster that the file names.
pub(super) struct ExistingCluster {
    cloud: Cloud,
    name: EksClusterName,
}

impl ExistingCluster {
    /// The cluster of that name.
    pub(super) fn new(cloud: Cloud, name: EksClusterName) -> Self {
        Self { cloud, name }
    }

    async fn find(&self) -> Result<Option<Cluster>, ResourceError> {
        self.cloud.eks_cluster(self.name.as_str()).await
    }

    fn checked(&self, cluster: &Cluster) -> Result<EksCluster, String> {
        let name = &self.name;
        match cluster.status() {
            Some(ClusterStatus::Active | ClusterStatus::Updating) => {}
            other => {
                let state = other.map_or("UNKNOWN", ClusterStatus::as_str);
                return Err(format!(
                    "the EKS cluster {name} is {state}; run the same command once it is ACTIVE"
                ));
            }
        }
        let version = cluster.version().unwrap_or_default();
        let minor = version.strip_prefix("1.").and_then(|it| it.parse().ok());
        if minor.is_some_and(|minor: u16| minor < OLDEST) {
            return Err(format!(
                "the EKS cluster {name} has Kubernetes {version}, at least 1.{OLDEST} is needed; upgrade it first"
            ));
        }
        EksCluster::of(cluster).ok_or_else(|| {
            format!(
                "EKS tells no address, no certificate authority or no OIDC issuer of the cluster {name}; name another one at `aws.existing.eksCluster`"
            )
        })
    }
}

impl Existing for ExistingCluster {
    type Needs = ();
    type Output = EksCluster;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("existing-cluster/{}", self.name))
    }

    fn needs(&self) -> &() {
        &()
    }

    async fn check(&self, (): &(), _: &Context) -> Result<Readiness<EksCluster>, ResourceError> {
        let Some(cluster) = self.find().await? else {
            let account = &self.cloud.account;
            return Err(ResourceError::fatal(format!(
                "the region {} of the account {} has no EKS cluster {}; write the name of one at `aws.existing.eksCluster`, or its region at `aws.region`",
                account.region, account.id, self.name
            )));
        };
        let cluster = self.checked(&cluster).map_err(ResourceError::fatal)?;
        Ok(Readiness::Ready(cluster))
    }

    async fn left(&self, (): &()) -> Result<Option<EksCluster>, ResourceError> {
        let cluster = self.find().await?;
        Ok(cluster.and_then(|cluster| still_there(&cluster)))
    }
}

/// A cluster that answers; none when it is on its way out.
fn still_there(cluster: &Cluster) -> Option<EksCluster> {
    EksCluster::of(cluster).filter(|_| !is_leaving(cluster))
}

/// How the cluster of an installation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClusterState {
    /// EKS says where it answers.
    There(Box<EksCluster>),
    /// There is none of its name.
    Absent,
    /// EKS is making it: nobody answers yet.
    BeingMade,
    /// EKS is deleting it.
    Leaving,
    /// EKS could not make it.
    Failed,
    /// It has the name of the installation's own cluster, and is not the installation's.
    Foreign,
}

impl ClusterState {
    fn of(cluster: &Cluster) -> Self {
        match cluster.status() {
            Some(ClusterStatus::Deleting) => Self::Leaving,
            Some(ClusterStatus::Failed) => Self::Failed,
            Some(ClusterStatus::Creating) => Self::BeingMade,
            // Without an address it is not made yet, whatever its status is called.
            _ => EksCluster::of(cluster)
                .map_or(Self::BeingMade, |cluster| Self::There(Box::new(cluster))),
        }
    }
}

impl Cloud {
    /// The cluster that an installation is in, while it answers: the one that its file names, else its own.
    pub async fn cluster_of(&self, aws: &Aws) -> Result<Option<EksCluster>, ResourceError> {
        let Some(name) = &aws.existing.eks_cluster else {
            return self.own_cluster().await;
        };
        let cluster = self.eks_cluster(name.as_str()).await?;
        Ok(cluster.and_then(|cluster| still_there(&cluster)))
    }

    /// How that cluster is.
    pub async fn cluster_state(&self, aws: &Aws) -> Result<ClusterState, ResourceError> {
        let Some(cluster) = self.eks_cluster(&self.cluster_name_of(aws)).await? else {
            return Ok(ClusterState::Absent);
        };
        let is_own = aws.existing.eks_cluster.is_none();
        if is_own && self.mark.owner(cluster.tags.iter().flatten()) != Owner::Ours {
            return Ok(ClusterState::Foreign);
        }
        Ok(ClusterState::of(&cluster))
    }

    /// The ARN of that cluster, known before it is there and after it is gone.
    pub fn cluster_arn_of(&self, aws: &Aws) -> String {
        let name = self.cluster_name_of(aws);
        self.account.regional_arn("eks", &format!("cluster/{name}"))
    }

    /// Whether that cluster is gone, or on its way out: one that is still being created is neither.
    pub(super) async fn lacks_cluster(&self, name: &EksClusterName) -> Result<bool, ResourceError> {
        let cluster = self.eks_cluster(name.as_str()).await?;
        Ok(cluster.as_ref().is_none_or(is_leaving))
    }

    /// Its name, known before it is there.
    pub fn cluster_name_of(&self, aws: &Aws) -> String {
        let existing = aws.existing.eks_cluster.as_ref();
        existing.map_or_else(|| self.full_name(), ToString::to_string)
    }
}
