//! What the controllers of a cluster that exists made for an installation: once that cluster is gone nobody takes it away,
//! and it goes on being billed. It is told, not deleted: that other cluster was never ours.

use aws_sdk_ec2::types::{SecurityGroup, Tag, Volume, VolumeState};
use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};

use super::{
    cloud::Cloud,
    ec2_marks::{filter, tag_value},
    failure::Attempt,
    mark::Mark,
    volumes::is,
};
use crate::{
    Installation,
    engine::ResourceError,
    installation::{EksClusterName, InstallationName},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVolumes",
    "eks:DescribeCluster",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "tag:GetResources",
];

/// What the load balancer controller makes outside EC2, and the tag whose value is its cluster's name (source: AWS Load
/// Balancer Controller, its tags).
const BALANCED: [&str; 2] = [
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
    /// What is left of an installation that was in that cluster: nothing, unless the cluster is gone or goes.
    pub async fn orphans(
        &self,
        installation: &Installation,
        cluster: &EksClusterName,
    ) -> Result<Vec<Orphan>, ResourceError> {
        if !self.lacks_cluster(cluster).await? {
            return Ok(Vec::new());
        }
        let mut arns = Vec::new();
        for arn in self.tagged_balancers(cluster).await? {
            if self.is_there(&arn).await? {
                arns.push(arn);
            }
        }
        arns.extend(self.balancers_security_groups(cluster).await?);
        let volumes = self.volumes_of_etcd(installation, cluster).await?;
        let orphan = |holds_data| move |arn| Orphan { arn, holds_data };
        let arns = arns.into_iter().map(orphan(false));
        Ok(arns.chain(volumes.into_iter().map(orphan(true))).collect())
    }

    /// ARNs of load balancers and target groups by their tags, which AWS tells of what is gone as well, for a while.
    async fn tagged_balancers(
        &self,
        cluster: &EksClusterName,
    ) -> Result<Vec<String>, ResourceError> {
        let has = |key: &str, value: &str| TagFilter::builder().key(key).values(value).build();
        let call = self.tagging.get_resources();
        let call = call.set_resource_type_filters(Some(BALANCED.map(str::to_owned).to_vec()));
        let call = call.tag_filters(has(Mark::key(), self.mark.value()));
        let call = call.tag_filters(has(CLUSTER, cluster.as_str()));
        let found: Result<Vec<ResourceTagMapping>, _> =
            call.into_paginator().items().send().collect().await;
        let found =
            found.attempting(|| "cannot look by tags for what a cluster left".to_owned())?;
        let arns = found.into_iter().filter_map(|one| one.resource_arn);
        Ok(arns.collect())
    }

    /// Whether a load balancer or a target group exists.
    async fn is_there(&self, arn: &str) -> Result<bool, ResourceError> {
        let looking = || format!("cannot look whether {arn} is left");
        if arn.contains(":targetgroup/") {
            let call = self.elb.describe_target_groups().target_group_arns(arn);
            let found = call.send().await.unless_absent(&["TargetGroupNotFound"]);
            return Ok(found.attempting(looking)?.is_some());
        }
        let call = self.elb.describe_load_balancers().load_balancer_arns(arn);
        let found = call.send().await.unless_absent(&["LoadBalancerNotFound"]);
        Ok(found.attempting(looking)?.is_some())
    }

    async fn balancers_security_groups(
        &self,
        cluster: &EksClusterName,
    ) -> Result<Vec<String>, ResourceError> {
        let of_cluster = filter(&format!("tag:{CLUSTER}"), cluster.as_str());
        let call = self.ec2.describe_security_groups();
        let call = call.filters(self.ec2_ours()).filters(of_cluster);
        let found: Result<Vec<SecurityGroup>, _> =
            call.into_paginator().items().send().collect().await;
        let found = found
            .attempting(|| "cannot list the security groups that a cluster left".to_owned())?;
        let ids = found.into_iter().filter_map(|group| group.group_id);
        let arn = |id| {
            self.account
                .regional_arn("ec2", &format!("security-group/{id}"))
        };
        Ok(ids.map(arn).collect())
    }

    async fn volumes_of_etcd(
        &self,
        installation: &Installation,
        cluster: &EksClusterName,
    ) -> Result<Vec<String>, ResourceError> {
        let namespace = installation.namespace.as_str();
        let in_namespace = filter(&format!("tag:{NAMESPACE}"), namespace);
        let call = self.ec2.describe_volumes().filters(in_namespace);
        let found: Result<Vec<Volume>, _> = call.into_paginator().items().send().collect().await;
        let mut found =
            found.attempting(|| "cannot list the EBS volumes that a cluster left".to_owned())?;
        found.retain(|volume| is_left_by(volume, cluster));
        found.retain(|volume| is_of_etcd(volume, &installation.name));
        let ids = found.into_iter().filter_map(|volume| volume.volume_id);
        let arn = |id| self.account.regional_arn("ec2", &format!("volume/{id}"));
        Ok(ids.map(arn).collect())
    }
}

/// Whether a volume was made for a member of the installation's etcd.
fn is_of_etcd(volume: &Volume, name: &InstallationName) -> bool {
    let claims = format!("data-{}-", name.etcd_name());
    let claim = tag_value(volume.tags(), CLAIM);
    let number = claim.and_then(|claim| claim.strip_prefix(&claims));
    number.is_some_and(|number| number.parse::<u16>().is_ok())
}

/// Whether a volume may be what that cluster left. One that names no cluster and is in use is another cluster's.
fn is_left_by(volume: &Volume, cluster: &EksClusterName) -> bool {
    let keys = volume.tags().iter().filter_map(Tag::key);
    let owners: Vec<&str> = keys
        .filter_map(|key| key.strip_prefix(OWNING_CLUSTER))
        .collect();
    if owners.is_empty() {
        return is(volume, &[VolumeState::Available]);
    }
    let leaving = is(volume, &[VolumeState::Deleting, VolumeState::Deleted]);
    owners.iter().all(|owner| *owner == cluster.as_str()) && !leaving
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_left_by_the_cluster_that_it_names_or_when_nobody_uses_it() {
        let cluster: EksClusterName = "shared".parse().unwrap();
        let left = |owners: &[&str]| {
            let states = [
                VolumeState::Available,
                VolumeState::InUse,
                VolumeState::Deleting,
            ];
            states.map(|state| {
                let key = |owner: &&str| format!("{OWNING_CLUSTER}{owner}");
                let tag = |owner| Tag::builder().key(key(owner)).value("owned").build();
                let tags = owners.iter().map(tag).collect();
                let volume = Volume::builder().state(state).set_tags(Some(tags));
                is_left_by(&volume.build(), &cluster)
            })
        };
        assert_eq!(left(&["shared"]), [true, true, false]);
        assert_eq!(left(&[]), [true, false, false]);
        assert_eq!(left(&["another"]), [false; 3]);
        assert_eq!(left(&["shared", "another"]), [false; 3]);
    }
}
