//! Whether the cluster's nodes and pods reach brokers that exist. Their security groups are somebody else's: what they
//! lack is said, and never added.

use aws_sdk_ec2::types::SecurityGroupRule;

use super::{
    cloud::Cloud, ec2_marks::filter, eks_cluster::EksCluster, failure::Attempt,
    msk_cluster::Brokers, msk_ingress::SCRAM_PORT,
};
use crate::{
    engine::{Context, ErrorKind, Existing, Handle, Readiness, ResourceError, ResourceId},
    installation::MskClusterName,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:DescribeSecurityGroupRules",
    "kafka:DescribeClusterV2",
    "kafka:ListClustersV2",
];

/// Every protocol, in a rule.
const ANY_PROTOCOL: &str = "-1";

/// The way from that cluster to those brokers.
pub(super) struct MskAccess {
    cloud: Cloud,
    brokers: MskClusterName,
    needs: (Handle<Brokers>, Handle<EksCluster>),
}

/// What the brokers' security groups say.
#[derive(Debug, PartialEq, Eq)]
enum Access {
    /// The cluster's group is let in.
    Open,
    /// Others are let in, by addresses or groups of theirs: nodes and pods may be among them.
    Untold,
    /// Nobody is let in but the brokers themselves.
    Closed,
}

impl MskAccess {
    /// The way from that cluster to the brokers of that name or ARN.
    pub(super) fn new(
        cloud: Cloud,
        name: MskClusterName,
        brokers: Handle<Brokers>,
        cluster: Handle<EksCluster>,
    ) -> Self {
        Self {
            cloud,
            brokers: name,
            needs: (brokers, cluster),
        }
    }

    async fn groups(&self) -> Result<Vec<String>, ResourceError> {
        let cluster = self.cloud.named_msk_cluster(&self.brokers).await?;
        let nodes = cluster
            .and_then(|cluster| cluster.provisioned)
            .and_then(|provisioned| provisioned.broker_node_group_info);
        let groups = nodes.and_then(|nodes| nodes.security_groups);
        Ok(groups.unwrap_or_default())
    }

    async fn rules(&self, groups: &[String]) -> Result<Vec<SecurityGroupRule>, ResourceError> {
        let mut rules = Vec::new();
        for group in groups {
            let call = self.cloud.ec2.describe_security_group_rules();
            let call = call.filters(filter("group-id", group));
            let pages = call.into_paginator().items().send();
            let of_group: Result<Vec<SecurityGroupRule>, _> = pages.collect().await;
            rules.extend(of_group.attempting(|| format!("cannot read the rules of {group}"))?);
        }
        Ok(rules)
    }

    /// What the owner of the brokers is to do.
    fn advice(groups: &[String], cluster: &EksCluster) -> String {
        format!(
            "let nodes and pods of {} in: a rule of {} for TCP {SCRAM_PORT} from {}",
            cluster.name,
            groups.join(" or "),
            cluster.security_group
        )
    }
}

/// What rules of those groups say to that cluster's group.
fn access(rules: &[SecurityGroupRule], groups: &[String], cluster: &str) -> Access {
    let opens = |rule: &&SecurityGroupRule| {
        let ports = rule.from_port().unwrap_or(-1)..=rule.to_port().unwrap_or(-1);
        rule.is_egress() != Some(true)
            && (rule.ip_protocol() == Some(ANY_PROTOCOL)
                || rule.ip_protocol() == Some("tcp") && ports.contains(&SCRAM_PORT))
    };
    let mut access = Access::Closed;
    for rule in rules.iter().filter(opens) {
        let from = rule.referenced_group_info().and_then(|it| it.group_id());
        match from {
            Some(from) if from == cluster => return Access::Open,
            Some(from) if groups.iter().any(|group| group == from) => {}
            _ => access = Access::Untold,
        }
    }
    access
}

impl Existing for MskAccess {
    type Needs = (Handle<Brokers>, Handle<EksCluster>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("msk-access/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    async fn check(
        &self,
        (_, cluster): &(Brokers, EksCluster),
        context: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let groups = self.groups().await?;
        let rules = match self.rules(&groups).await {
            Ok(rules) => rules,
            Err(error) if *error.kind() == ErrorKind::Fatal => {
                let advice = Self::advice(&groups, cluster);
                context.progress(format!("{error}; unless they do so already, {advice}"));
                return Ok(Readiness::Ready(()));
            }
            Err(error) => return Err(error),
        };
        let advice = Self::advice(&groups, cluster);
        match access(&rules, &groups, cluster.security_group.as_str()) {
            Access::Open => {}
            Access::Untold => context.progress(format!(
                "the brokers {} let others in than {}; if nodes and pods are not among them, {advice}",
                self.brokers, cluster.security_group
            )),
            Access::Closed => {
                return Err(ResourceError::fatal(format!(
                    "the brokers {} let nobody in from the EKS cluster {}; {advice}",
                    self.brokers, cluster.name
                )));
            }
        }
        Ok(Readiness::Ready(()))
    }

    async fn left(&self, _: &(Brokers, EksCluster)) -> Result<Option<()>, ResourceError> {
        Ok(Some(()))
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::ReferencedSecurityGroup;

    use super::*;

    fn rule(protocol: &str, ports: (i32, i32), from: Option<&str>) -> SecurityGroupRule {
        let from = from.map(|id| ReferencedSecurityGroup::builder().group_id(id).build());
        SecurityGroupRule::builder()
            .ip_protocol(protocol)
            .from_port(ports.0)
            .to_port(ports.1)
            .set_referenced_group_info(from)
            .build()
    }

    #[test]
    fn a_rule_counts_by_its_ports_and_by_whom_it_lets_in() {
        let brokers = ["sg-brokers".to_owned()];
        let of = |rules: &[SecurityGroupRule]| access(rules, &brokers, "sg-nodes");
        let nodes = Some("sg-nodes");
        assert_eq!(of(&[rule("tcp", (9096, 9096), nodes)]), Access::Open);
        assert_eq!(of(&[rule("tcp", (9092, 9198), nodes)]), Access::Open);
        assert_eq!(of(&[rule("-1", (-1, -1), nodes)]), Access::Open);
        assert_eq!(of(&[rule("tcp", (9094, 9094), nodes)]), Access::Closed);
        assert_eq!(of(&[rule("udp", (9096, 9096), nodes)]), Access::Closed);
        // The brokers among themselves.
        assert_eq!(
            of(&[rule("-1", (-1, -1), Some("sg-brokers"))]),
            Access::Closed
        );
        assert_eq!(of(&[rule("tcp", (9096, 9096), None)]), Access::Untold);
        let other = rule("tcp", (9096, 9096), Some("sg-other"));
        assert_eq!(of(&[other]), Access::Untold);
    }
}
