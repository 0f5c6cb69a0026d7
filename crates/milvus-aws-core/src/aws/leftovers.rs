//! What the cluster's controllers make, and may leave behind when they end first: load balancers, target groups,
//! security groups and network interfaces. They keep a VPC from going (pains row 56).

use std::time::Duration;

use aws_sdk_ec2::types::{NetworkInterface, SecurityGroup};

use super::{
    cloud::Cloud,
    ec2_marks::{filter, tag_value},
    failure::Attempt,
    network::Network,
    settling::{Settling, until_gone_or_again},
};
use crate::engine::{
    Context, ErrorKind, Handle, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteSecurityGroup",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "eks:DescribeCluster",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroups",
];

/// Tags whose value is the cluster's name (source: AWS Load Balancer Controller, VPC CNI and EKS, their tags).
const CLUSTER_TAGS: &[&str] = &[
    "aws:eks:cluster-name",
    "cluster.k8s.amazonaws.com/name",
    "eks:cluster-name",
    "elbv2.k8s.aws/cluster",
];
/// The most ARNs that DescribeTags takes.
const ARNS_A_CALL: usize = 20;

/// What the cluster's controllers have made. An installation makes the room for it, and nothing in it; a deletion
/// clears it, once the cluster is gone.
#[derive(Debug)]
pub struct Leftovers {
    cloud: Cloud,
    network: Handle<Network>,
}

/// What is left.
#[derive(Debug, Default)]
struct Left {
    load_balancers: Vec<String>,
    target_groups: Vec<String>,
    security_groups: Vec<String>,
    interfaces: Vec<String>,
}

impl Left {
    fn is_empty(&self) -> bool {
        let Self {
            load_balancers,
            target_groups,
            security_groups,
            interfaces,
        } = self;
        let all = [load_balancers, target_groups, security_groups, interfaces];
        all.iter().all(|list| list.is_empty())
    }
}

impl Leftovers {
    /// What the installation's cluster makes in that network.
    pub fn new(cloud: Cloud, network: Handle<Network>) -> Self {
        Self { cloud, network }
    }

    /// In that network alone: elsewhere a cluster of the same name may have been somebody else's.
    async fn list(&self, network: Option<&Network>) -> Result<Left, ResourceError> {
        let Some(network) = network else {
            return Ok(Left::default());
        };
        let vpc = network.vpc.as_str();
        Ok(Left {
            load_balancers: self.load_balancers(vpc).await?,
            target_groups: self.target_groups(vpc).await?,
            security_groups: self.security_groups(vpc).await?,
            interfaces: self.interfaces(vpc).await?,
        })
    }

    async fn load_balancers(&self, vpc: &str) -> Result<Vec<String>, ResourceError> {
        let pages = self.cloud.elb.describe_load_balancers().into_paginator();
        let mut items = pages.items().send();
        let mut arns = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.attempting(|| "cannot list the load balancers".to_owned())?;
            if item.vpc_id() == Some(vpc) {
                arns.extend(item.load_balancer_arn);
            }
        }
        self.of_cluster(arns).await
    }

    async fn target_groups(&self, vpc: &str) -> Result<Vec<String>, ResourceError> {
        let pages = self.cloud.elb.describe_target_groups().into_paginator();
        let mut items = pages.items().send();
        let mut arns = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.attempting(|| "cannot list the target groups".to_owned())?;
            if item.vpc_id() == Some(vpc) {
                arns.extend(item.target_group_arn);
            }
        }
        self.of_cluster(arns).await
    }

    /// Those whose tags say that the cluster's controller made them.
    async fn of_cluster(&self, arns: Vec<String>) -> Result<Vec<String>, ResourceError> {
        let name = self.cloud.full_name();
        let mut ours = Vec::new();
        for arns in arns.chunks(ARNS_A_CALL) {
            let call = self.cloud.elb.describe_tags();
            let tags = call.set_resource_arns(Some(arns.to_vec())).send().await;
            let tags = tags
                .unless_absent(&["LoadBalancerNotFound", "TargetGroupNotFound"])
                .attempting(|| "cannot read the tags of load balancers".to_owned())?;
            let described = tags.and_then(|tags| tags.tag_descriptions);
            for description in described.unwrap_or_default() {
                let mut tags = description.tags().iter();
                let made_here = tags.any(|tag| {
                    tag.key() == Some("elbv2.k8s.aws/cluster") && tag.value() == Some(&name)
                });
                if made_here {
                    ours.extend(description.resource_arn);
                }
            }
        }
        Ok(ours)
    }

    async fn security_groups(&self, vpc: &str) -> Result<Vec<String>, ResourceError> {
        let call = self.cloud.ec2.describe_security_groups();
        let call = call.filters(filter("vpc-id", vpc));
        let mut items = call.into_paginator().items().send();
        let mut ids = Vec::new();
        while let Some(item) = items.next().await {
            let group: SecurityGroup =
                item.attempting(|| "cannot list the security groups".to_owned())?;
            if self.names_cluster(group.tags()) {
                ids.extend(group.group_id);
            }
        }
        Ok(ids)
    }

    /// Interfaces that nothing uses any more: those in use go with what uses them.
    async fn interfaces(&self, vpc: &str) -> Result<Vec<String>, ResourceError> {
        let call = self.cloud.ec2.describe_network_interfaces();
        let call = call.filters(filter("status", "available"));
        let call = call.filters(filter("vpc-id", vpc));
        let control_plane = format!("Amazon EKS {}", self.cloud.full_name());
        let mut items = call.into_paginator().items().send();
        let mut ids = Vec::new();
        while let Some(item) = items.next().await {
            let interface: NetworkInterface =
                item.attempting(|| "cannot list the network interfaces".to_owned())?;
            let of_cluster = self.names_cluster(interface.tag_set())
                || interface.description() == Some(&control_plane);
            if of_cluster {
                ids.extend(interface.network_interface_id);
            }
        }
        Ok(ids)
    }

    fn names_cluster(&self, tags: &[aws_sdk_ec2::types::Tag]) -> bool {
        let name = self.cloud.full_name();
        let mut keys = CLUSTER_TAGS.iter();
        keys.any(|key| tag_value(tags, key) == Some(&name))
    }

    async fn remove_load_balancer(&self, arn: &str) -> Result<(), ResourceError> {
        let call = self.cloud.elb.delete_load_balancer();
        let deleted = call.load_balancer_arn(arn).send().await;
        deleted
            .unless_absent(&["LoadBalancerNotFound"])
            .settling(&["ResourceInUse"], || {
                format!("cannot delete the load balancer {arn}")
            })
            .map(drop)
    }

    async fn remove_target_group(&self, arn: &str) -> Result<(), ResourceError> {
        let call = self.cloud.elb.delete_target_group();
        let deleted = call.target_group_arn(arn).send().await;
        deleted
            .unless_absent(&["TargetGroupNotFound"])
            .settling(&["ResourceInUse"], || {
                format!("cannot delete the target group {arn}")
            })
            .map(drop)
    }

    async fn remove_interface(&self, id: &str) -> Result<(), ResourceError> {
        let call = self.cloud.ec2.delete_network_interface();
        let deleted = call.network_interface_id(id).send().await;
        deleted
            .unless_absent(&["InvalidNetworkInterfaceID.NotFound"])
            .settling(
                &["InvalidNetworkInterface.InUse", "InvalidParameterValue"],
                || format!("cannot delete the network interface {id}"),
            )
            .map(drop)
    }

    async fn remove_security_group(&self, id: &str) -> Result<(), ResourceError> {
        let call = self.cloud.ec2.delete_security_group();
        let deleted = call.group_id(id).send().await;
        deleted
            .unless_absent(&["InvalidGroup.NotFound"])
            .settling(&["DependencyViolation", "InvalidGroup.InUse"], || {
                format!("cannot delete the security group {id}, it is in use")
            })
            .map(drop)
    }
}

/// Goes on after what passes by itself, so that one thing in use does not hold up the others.
fn put_off(
    result: Result<(), ResourceError>,
    later: &mut Option<ResourceError>,
) -> Result<(), ResourceError> {
    match result {
        Err(error) if *error.kind() == ErrorKind::Transient => {
            later.get_or_insert(error);
            Ok(())
        }
        other => other,
    }
}

impl Resource for Leftovers {
    type Needs = Handle<Network>;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("controller-resources/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.network
    }

    fn usual_duration(&self) -> Duration {
        Duration::ZERO
    }

    /// Elastic Load Balancing lets go of its interfaces within minutes.
    fn patience(&self) -> Duration {
        Duration::from_mins(20)
    }

    /// There as long as the cluster is, or something that it left.
    async fn observe(
        &self,
        network: Option<&Network>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        if self.cloud.has_eks_cluster().await? || !self.list(network).await?.is_empty() {
            return Ok(Observed::Current { output: Some(()) });
        }
        Ok(Observed::Absent)
    }

    async fn apply(
        &self,
        _: &Network,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn readiness(&self, _: &Network, _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(
        &self,
        network: Option<&Network>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        let left = self.list(network).await?;
        let mut later = None;
        for arn in &left.load_balancers {
            context.progress(format!("deleting {arn}"));
            put_off(self.remove_load_balancer(arn).await, &mut later)?;
        }
        for arn in &left.target_groups {
            put_off(self.remove_target_group(arn).await, &mut later)?;
        }
        for id in &left.interfaces {
            put_off(self.remove_interface(id).await, &mut later)?;
        }
        for id in &left.security_groups {
            put_off(self.remove_security_group(id).await, &mut later)?;
        }
        later.map_or(Ok(()), Err)
    }

    async fn wait_gone(
        &self,
        network: Option<&Network>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        until_gone_or_again(self, network, context).await
    }
}
