//! What a cluster that exists must run besides: told where EKS does not know of it, since it may be there all the same.

use super::{addon::AddonName, cloud::Cloud, eks_cluster::EksCluster, failure::Attempt};
use crate::engine::{Context, Existing, Handle, Readiness, ResourceError, ResourceId};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &["eks:ListAddons"];

/// What is needed, and what for.
const NEEDED: &[(AddonName, &str)] = &[
    (
        AddonName::VpcCni,
        "load balancers reach pods by addresses of the VPC",
    ),
    (AddonName::EbsCsi, "etcd keeps its data on EBS volumes"),
];

/// The add-ons of the cluster, whoever keeps them.
pub(super) struct ExistingAddons {
    cloud: Cloud,
    cluster: Handle<EksCluster>,
}

impl ExistingAddons {
    /// Those of that cluster.
    pub(super) fn new(cloud: Cloud, cluster: Handle<EksCluster>) -> Self {
        Self { cloud, cluster }
    }

    async fn list(&self, cluster: &str) -> Result<Vec<String>, ResourceError> {
        let call = self.cloud.eks.list_addons().cluster_name(cluster);
        let names: Result<Vec<String>, _> = call.into_paginator().items().send().collect().await;
        names.attempting(|| format!("cannot list the add-ons of the EKS cluster {cluster}"))
    }
}

impl Existing for ExistingAddons {
    type Needs = Handle<EksCluster>;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("existing-addons/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.cluster
    }

    async fn check(
        &self,
        cluster: &EksCluster,
        context: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let there = self.list(&cluster.name).await?;
        let missing = NEEDED
            .iter()
            .filter(|(name, _)| !there.iter().any(|it| it == name.as_str()));
        let missing: Vec<String> = missing
            .map(|(name, why)| format!("{} ({why})", name.as_str()))
            .collect();
        if !missing.is_empty() {
            context.progress(format!(
                "EKS keeps no add-on {} in {}; add it unless it was installed in another way",
                missing.join(", "),
                cluster.name
            ));
        }
        Ok(Readiness::Ready(()))
    }

    async fn left(&self, _: &EksCluster) -> Result<Option<()>, ResourceError> {
        Ok(Some(()))
    }
}
