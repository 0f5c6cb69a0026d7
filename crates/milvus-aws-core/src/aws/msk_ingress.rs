//! The rule that lets the cluster's nodes and pods reach the brokers.

use std::time::Duration;

use aws_sdk_ec2::types::{
    Filter, IpPermission, ResourceType, SecurityGroupRule, TagSpecification, UserIdGroupPair,
};

use super::{
    cloud::Cloud,
    eks_cluster::EksCluster,
    failure::{Attempt, failure, has_code},
    ids::SecurityGroupId,
};
use crate::engine::{
    Context, Handle, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateTags",
    "ec2:DescribeSecurityGroupRules",
    "ec2:RevokeSecurityGroupIngress",
];

/// Where MSK's brokers listen for SASL/SCRAM over TLS (source: MSK developer guide, "Port information").
pub(super) const SCRAM_PORT: i32 = 9096;

/// Port 9096 of the brokers, open to the cluster's security group.
#[derive(Debug)]
pub struct MskIngress {
    cloud: Cloud,
    needs: (Handle<SecurityGroupId>, Handle<EksCluster>),
}

impl MskIngress {
    /// Lets that cluster reach the brokers behind that group.
    pub fn new(
        cloud: Cloud,
        brokers: Handle<SecurityGroupId>,
        cluster: Handle<EksCluster>,
    ) -> Self {
        Self {
            cloud,
            needs: (brokers, cluster),
        }
    }

    async fn find(
        &self,
        brokers: &SecurityGroupId,
        nodes: &SecurityGroupId,
    ) -> Result<Option<SecurityGroupRule>, ResourceError> {
        let of_group = Filter::builder()
            .name("group-id")
            .values(brokers.as_str())
            .build();
        let rules = self
            .cloud
            .ec2
            .describe_security_group_rules()
            .filters(of_group)
            .send()
            .await;
        let rules = rules.attempting(|| format!("cannot read the rules of {brokers}"))?;
        let lets_in = |rule: &SecurityGroupRule| {
            let from = rule
                .referenced_group_info
                .as_ref()
                .and_then(|group| group.group_id());
            rule.is_egress() != Some(true)
                && rule.from_port() == Some(SCRAM_PORT)
                && rule.to_port() == Some(SCRAM_PORT)
                && from == Some(nodes.as_str())
        };
        Ok(rules
            .security_group_rules
            .unwrap_or_default()
            .into_iter()
            .find(lets_in))
    }
}

impl Resource for MskIngress {
    type Needs = (Handle<SecurityGroupId>, Handle<EksCluster>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!(
            "security-group-rule/{}-msk-{SCRAM_PORT}",
            self.cloud.full_name()
        ))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn observe(
        &self,
        inputs: Option<&(SecurityGroupId, EksCluster)>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let Some((brokers, cluster)) = inputs else {
            return Ok(Observed::Unknown);
        };
        Ok(match self.find(brokers, &cluster.security_group).await? {
            Some(_) => Observed::Current { output: Some(()) },
            None => Observed::Absent,
        })
    }

    async fn apply(
        &self,
        (brokers, cluster): &(SecurityGroupId, EksCluster),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let from = UserIdGroupPair::builder()
            .group_id(cluster.security_group.as_str())
            .description(format!("nodes and pods of {}", cluster.name));
        let permission = IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(SCRAM_PORT)
            .to_port(SCRAM_PORT)
            .user_id_group_pairs(from.build());
        let tags = self.cloud.mark.ec2_tags(&self.cloud.full_name());
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::SecurityGroupRule)
            .set_tags(Some(tags));
        let call = self
            .cloud
            .ec2
            .authorize_security_group_ingress()
            .group_id(brokers.as_str());
        let made = call
            .ip_permissions(permission.build())
            .tag_specifications(tags.build())
            .send()
            .await;
        match made {
            Ok(_) => Ok(Readiness::Ready(())),
            Err(error) if has_code(&error, &["InvalidPermission.Duplicate"]) => {
                Ok(Readiness::Ready(()))
            }
            Err(error) => Err(failure(
                &error,
                &format!("cannot open {brokers} for {}", cluster.security_group),
            )),
        }
    }

    async fn readiness(
        &self,
        _: &(SecurityGroupId, EksCluster),
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(
        &self,
        inputs: Option<&(SecurityGroupId, EksCluster)>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        let Some((brokers, cluster)) = inputs else {
            return Ok(());
        };
        let rule = self.find(brokers, &cluster.security_group).await?;
        let Some(id) = rule.and_then(|rule| rule.security_group_rule_id) else {
            return Ok(());
        };
        let call = self
            .cloud
            .ec2
            .revoke_security_group_ingress()
            .group_id(brokers.as_str());
        let revoked = call.security_group_rule_ids(id).send().await;
        let revoked = revoked.unless_absent(&[
            "InvalidGroup.NotFound",
            "InvalidPermission.NotFound",
            "InvalidSecurityGroupRuleId.NotFound",
        ]);
        revoked
            .attempting(|| format!("cannot close {brokers}"))
            .map(drop)
    }
}
