//! What the controllers of a cluster that exists made for an installation: once that cluster is gone nobody takes it away,
//! and it goes on being billed. It is told, not deleted: that other cluster was never ours.

use aws_sdk_resourcegroupstagging::types::TagFilter;

use super::{cloud::Cloud, failure::Attempt, mark::Mark};
use crate::{
    Installation,
    engine::ResourceError,
    installation::{EksClusterName, InstallationName},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &["tag:GetResources"];

/// What the load balancer controller makes, and the tag whose value is its cluster's name (source: AWS Load Balancer
/// Controller, its tags).
const BALANCED: &[&str] = &[
    "ec2:security-group",
    "elasticloadbalancing:loadbalancer",
    "elasticloadbalancing:targetgroup",
];
const CLUSTER: &str = "elbv2.k8s.aws/cluster";
/// What the driver of EBS volumes says of the claim, and what the keys of the tags begin with that name a cluster (source:
/// AWS EBS CSI driver, tagging).
const NAMESPACE: &str = "kubernetes.io/created-for/pvc/namespace";
const CLAIM: &str = "kubernetes.io/created-for/pvc/name";
const OWNING_CLUSTER: &str = "kubernetes.io/cluster/";

/// Something that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Its ARN, which ends in its id.
    pub arn: String,
    /// Whether it holds the installation's data.
    pub holds_data: bool,
}

impl Cloud {
    /// What is left of an installation that was in that cluster, by two calls.
    pub async fn orphans(
        &self,
        installation: &Installation,
        cluster: &EksClusterName,
    ) -> Result<Vec<Orphan>, ResourceError> {
        let marked = [
            (Mark::key(), self.mark.value()),
            (CLUSTER, cluster.as_str()),
        ];
        let balanced = self.tagged(BALANCED, &marked).await?.into_iter();
        let in_namespace = [(NAMESPACE, installation.namespace.as_str())];
        let mut volumes = self.tagged(&["ec2:volume"], &in_namespace).await?;
        volumes.retain(|(_, tags)| is_of_etcd(tags, &installation.name, cluster));
        let orphan = |holds_data| move |(arn, _)| Orphan { arn, holds_data };
        let volumes = volumes.into_iter().map(orphan(true));
        Ok(balanced.map(orphan(false)).chain(volumes).collect())
    }

    /// Things of those kinds that carry all of those tags: their ARNs, with their tags.
    async fn tagged(
        &self,
        kinds: &[&str],
        tags: &[(&str, &str)],
    ) -> Result<Vec<(String, Tags)>, ResourceError> {
        let kinds = kinds.iter().map(ToString::to_string).collect();
        let filter = |(key, value): &(&str, &str)| TagFilter::builder().key(*key).values(*value);
        let filters = tags.iter().map(|tag| filter(tag).build()).collect();
        let call = self.tagging.get_resources();
        let call = call.set_resource_type_filters(Some(kinds));
        let pages = call.set_tag_filters(Some(filters)).into_paginator();
        let found: Result<Vec<_>, _> = pages.items().send().collect().await;
        let found =
            found.attempting(|| "cannot look by tags for what a cluster left".to_owned())?;
        let pair = |tag: aws_sdk_resourcegroupstagging::types::Tag| (tag.key, tag.value);
        Ok(found
            .into_iter()
            .filter_map(|one| {
                let tags = one.tags.unwrap_or_default().into_iter().map(pair);
                Some((one.resource_arn?, tags.collect()))
            })
            .collect())
    }
}

type Tags = Vec<(String, String)>;

/// Whether a volume was made for a member of the installation's etcd; not by another cluster, where it names one.
fn is_of_etcd(tags: &Tags, name: &InstallationName, cluster: &EksClusterName) -> bool {
    let claims = format!("data-{}-", name.etcd_name());
    let is_member = |claim: &str| {
        let number = claim.strip_prefix(&claims);
        number.is_some_and(|number| number.parse::<u16>().is_ok())
    };
    let mut all = tags.iter();
    let mut clusters = all
        .clone()
        .filter_map(|(key, _)| key.strip_prefix(OWNING_CLUSTER));
    all.any(|(key, value)| key == CLAIM && is_member(value))
        && clusters.all(|owner| owner == cluster.as_str())
}
