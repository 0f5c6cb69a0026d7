//! What others have put into the installation's own cluster by way of EKS, and what of ours lost its mark: either keeps
//! the cluster, which goes on being billed.

use super::{cloud::Cloud, failure::Attempt, node_group::group_name};
use crate::engine::{Action, Plan, ResourceError, ResourceId};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "eks:DescribeCluster",
    "eks:ListFargateProfiles",
    "eks:ListNodegroups",
];

const GONE: &[&str] = &["ResourceNotFoundException"];

impl Cloud {
    /// What keeps the installation's own cluster from going, by the plan of its removal, each with whose it is. EKS
    /// deletes no cluster that has a node group or a Fargate profile.
    pub async fn keepers_of_cluster(&self, plan: &Plan) -> Result<Vec<String>, ResourceError> {
        let id = ResourceId::new(format!("eks-cluster/{}", self.full_name()));
        let mut steps = plan.steps.iter();
        let ours = steps.any(|step| {
            let goes = matches!(step.action, Action::Delete | Action::Retain { .. });
            step.resource == id && goes
        });
        if !ours {
            return Ok(Vec::new());
        }
        let marked = plan.keepers(&id).into_iter();
        let mut keepers: Vec<String> = marked
            .map(|(resource, owner)| format!("{resource} ({owner})"))
            .collect();
        keepers.extend(self.protection().await?);
        keepers.extend(self.other_node_groups().await?);
        keepers.extend(self.fargate_profiles().await?);
        Ok(keepers)
    }

    /// The cluster itself, where somebody has protected it from deletion.
    async fn protection(&self) -> Result<Option<String>, ResourceError> {
        let name = self.full_name();
        let cluster = self.eks_cluster(&name).await?;
        let protected = cluster.and_then(|cluster| cluster.deletion_protection) == Some(true);
        Ok(protected.then(|| format!("eks-cluster/{name} (protected from deletion)")))
    }

    async fn other_node_groups(&self) -> Result<Vec<String>, ResourceError> {
        let cluster = self.full_name();
        let call = self.eks.list_nodegroups().cluster_name(&cluster);
        let names: Result<Vec<String>, _> = call.into_paginator().items().send().collect().await;
        let names = names.unless_absent(GONE);
        let names = names.attempting(|| format!("cannot list the node groups of {cluster}"))?;
        let ours = group_name(self);
        let others = names.unwrap_or_default().into_iter();
        let others = others.filter(|name| *name != ours);
        Ok(others.map(|name| format!("node-group/{name}")).collect())
    }

    async fn fargate_profiles(&self) -> Result<Vec<String>, ResourceError> {
        let cluster = self.full_name();
        let call = self.eks.list_fargate_profiles().cluster_name(&cluster);
        let names: Result<Vec<String>, _> = call.into_paginator().items().send().collect().await;
        let names = names.unless_absent(GONE);
        let names =
            names.attempting(|| format!("cannot list the Fargate profiles of {cluster}"))?;
        let names = names.unwrap_or_default().into_iter();
        Ok(names
            .map(|name| format!("fargate-profile/{name}"))
            .collect())
    }
}
