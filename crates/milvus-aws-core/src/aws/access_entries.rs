//! Who administers the cluster besides whoever made it.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_eks::types::{AccessEntry, AccessScope, AccessScopeType};

use super::{
    changes::Changes,
    cloud::Cloud,
    eks_cluster::EksCluster,
    failure::Attempt,
    mark::{Mark, Owner},
    settling::Settling,
};
use crate::{
    engine::{
        Context, Foreign, ForeignKind, Handle, Observed, Readiness, Resource, ResourceError,
        ResourceId, Step,
    },
    installation::aws::PrincipalArn,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "eks:AssociateAccessPolicy",
    "eks:CreateAccessEntry",
    "eks:DeleteAccessEntry",
    "eks:DescribeAccessEntry",
    "eks:ListAccessEntries",
    "eks:ListAssociatedAccessPolicies",
    "eks:TagResource",
];

const GONE: &[&str] = &["ResourceNotFoundException"];
/// The cluster is changing, or IAM shows the principal late.
const BUSY: &[&str] = &["ResourceInUseException", "ResourceNotFoundException"];

/// One access entry for each administrator.
#[derive(Debug)]
pub struct AccessEntries {
    cloud: Cloud,
    admins: BTreeSet<PrincipalArn>,
    cluster: Handle<EksCluster>,
}

impl AccessEntries {
    /// Those administrators of that cluster.
    pub fn new(cloud: Cloud, admins: Vec<PrincipalArn>, cluster: Handle<EksCluster>) -> Self {
        Self {
            cloud,
            admins: admins.into_iter().collect(),
            cluster,
        }
    }

    fn policy(&self) -> String {
        let partition = &self.cloud.account.partition;
        format!("arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy")
    }

    /// The principals that have entries of any kind.
    async fn list(&self, cluster: &str) -> Result<Vec<String>, ResourceError> {
        let call = self.cloud.eks.list_access_entries().cluster_name(cluster);
        let pages = call.into_paginator().items().send();
        let entries: Result<Vec<String>, _> = pages.collect().await;
        let entries = entries.unless_absent(GONE);
        let entries = entries.attempting(|| format!("cannot list who may use {cluster}"))?;
        Ok(entries.unwrap_or_default())
    }

    async fn entry(&self, cluster: &str, who: &str) -> Result<Option<AccessEntry>, ResourceError> {
        let call = self.cloud.eks.describe_access_entry().cluster_name(cluster);
        let entry = call.principal_arn(who).send().await.unless_absent(GONE);
        let entry = entry.attempting(|| format!("cannot look at the access of {who}"))?;
        Ok(entry.and_then(|answer| answer.access_entry))
    }

    fn owner(&self, entry: &AccessEntry) -> Owner {
        self.cloud.mark.owner(entry.tags().into_iter().flatten())
    }

    /// Whether a principal administers the cluster, whoever saw to it.
    async fn administers(&self, cluster: &str, who: &str) -> Result<bool, ResourceError> {
        let call = self.cloud.eks.list_associated_access_policies();
        let call = call.cluster_name(cluster).principal_arn(who);
        let policies = call.send().await.unless_absent(GONE);
        let policies = policies.attempting(|| format!("cannot look at the rights of {who}"))?;
        let policies = policies.and_then(|answer| answer.associated_access_policies);
        let wanted = self.policy();
        let mut policies = policies.unwrap_or_default().into_iter();
        Ok(policies.any(|policy| policy.policy_arn() == Some(&wanted)))
    }

    async fn admit(&self, cluster: &str, who: &str, known: bool) -> Result<(), ResourceError> {
        let eks = &self.cloud.eks;
        if !known {
            let call = eks.create_access_entry().cluster_name(cluster);
            let tags = self.cloud.mark.tag_map(&self.cloud.full_name());
            let made = call.principal_arn(who).set_tags(Some(tags)).send().await;
            made.settling(BUSY, || format!("cannot let {who} use {cluster}"))?;
        }
        let scope = AccessScope::builder().r#type(AccessScopeType::Cluster);
        let call = eks.associate_access_policy().cluster_name(cluster);
        let call = call.principal_arn(who).policy_arn(self.policy());
        let given = call.access_scope(scope.build()).send().await;
        given
            .settling(BUSY, || format!("cannot let {who} administer {cluster}"))
            .map(drop)
    }

    /// Those with our mark, whether they are wanted or not.
    async fn ours(&self, cluster: &str) -> Result<Vec<String>, ResourceError> {
        let mut ours = Vec::new();
        for who in self.list(cluster).await? {
            let entry = self.entry(cluster, &who).await?;
            if entry.is_some_and(|entry| self.owner(&entry) == Owner::Ours) {
                ours.push(who);
            }
        }
        Ok(ours)
    }

    /// Those with our mark whom the file no longer names. Never who asks: the rest of this run needs the cluster.
    async fn outdated(&self, cluster: &str) -> Result<Vec<String>, ResourceError> {
        let mut ours = self.ours(cluster).await?;
        let caller = &self.cloud.account.caller;
        ours.retain(|who| {
            let is_wanted = self.admins.iter().any(|admin| admin.as_str() == who);
            !is_wanted && !is_same(caller, who)
        });
        Ok(ours)
    }

    async fn dismiss(&self, cluster: &str, who: &str) -> Result<(), ResourceError> {
        let call = self.cloud.eks.delete_access_entry().cluster_name(cluster);
        let deleted = call.principal_arn(who).send().await.unless_absent(GONE);
        deleted
            .settling(&["ResourceInUseException"], || {
                format!("cannot take the access of {who} ({} tag) away", Mark::key())
            })
            .map(drop)
    }
}

/// Whether a caller is that user, or has that role: `arn:aws:sts::1:assumed-role/NAME/SESSION` has `arn:aws:iam::1:role/NAME`.
fn is_same(caller: &str, principal: &str) -> bool {
    let role = caller
        .split_once(":assumed-role/")
        .and_then(|(_, role)| role.split('/').next());
    match role {
        Some(role) => principal.contains(":role/") && principal.rsplit('/').next() == Some(role),
        None => caller == principal,
    }
}

impl Resource for AccessEntries {
    type Needs = Handle<EksCluster>;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("access-entries/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.cluster
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn observe(
        &self,
        cluster: Option<&EksCluster>,
        context: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let as_wanted = Observed::Current { output: Some(()) };
        // Entries live in the cluster: without it there are none, and it takes them with it.
        let Some(cluster) = cluster else {
            let is_done = self.admins.is_empty() && !context.is_removal();
            return Ok(if is_done {
                as_wanted
            } else {
                Observed::Unknown
            });
        };
        if context.is_removal() {
            let is_there = !self.ours(&cluster.name).await?.is_empty();
            return Ok(if is_there {
                as_wanted
            } else {
                Observed::Absent
            });
        }
        let mut changes = Changes::default();
        let mut some = false;
        for who in &self.admins {
            if self.administers(&cluster.name, who.as_str()).await? {
                some = true;
            } else {
                changes.note("admins", None, Some(who.as_str()));
            }
        }
        for who in self.outdated(&cluster.name).await? {
            some = true;
            changes.note("admins", Some(&who), None);
        }
        Ok(if some || self.admins.is_empty() {
            changes.observed(Some(()))
        } else {
            Observed::Absent
        })
    }

    async fn apply(
        &self,
        cluster: &EksCluster,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let name = &cluster.name;
        for who in self.outdated(name).await? {
            self.dismiss(name, &who).await?;
        }
        for who in self.admins.iter().map(PrincipalArn::as_str) {
            if self.administers(name, who).await? {
                continue;
            }
            let entry = self.entry(name, who).await?;
            if let Some(Owner::Foreign(owner)) = entry.as_ref().map(|entry| self.owner(entry)) {
                let because = format!(
                    "the access entry of {who} in {name}: {owner}; give it AmazonEKSClusterAdminPolicy by hand, or take it out of `aws.eks.admins`"
                );
                return Err(ResourceError::foreign(Foreign::new(
                    ForeignKind::Explained,
                    because,
                )));
            }
            self.admit(name, who, entry.is_some()).await?;
        }
        Ok(Readiness::Ready(()))
    }

    async fn readiness(&self, _: &EksCluster, _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    /// Takes away those with our mark; entries that others made stay as they are.
    async fn delete(&self, cluster: Option<&EksCluster>, _: &Context) -> Result<(), ResourceError> {
        let Some(cluster) = cluster else {
            return Ok(());
        };
        for who in self.ours(&cluster.name).await? {
            self.dismiss(&cluster.name, &who).await?;
        }
        Ok(())
    }

    /// What others let in stays in: only ours are waited for.
    async fn wait_gone(
        &self,
        cluster: Option<&EksCluster>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        let Some(cluster) = cluster else {
            return Ok(());
        };
        let left = context.call(self.ours(&cluster.name)).await?;
        if left.is_empty() {
            return Ok(());
        }
        Err(ResourceError::transient(format!(
            "access entries are left: {}",
            left.join(", ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::is_same;

    #[test]
    fn a_caller_is_told_from_others() {
        let role = "arn:aws:iam::1:role/team/admin";
        assert!(is_same("arn:aws:sts::1:assumed-role/admin/me", role));
        assert!(!is_same("arn:aws:sts::1:assumed-role/other/admin", role));
        assert!(!is_same(
            "arn:aws:sts::1:assumed-role/admin/me",
            "arn:aws:iam::1:user/admin"
        ));
        assert!(is_same("arn:aws:iam::1:user/me", "arn:aws:iam::1:user/me"));
        assert!(!is_same(
            "arn:aws:iam::1:user/me",
            "arn:aws:iam::1:user/you"
        ));
    }
}
