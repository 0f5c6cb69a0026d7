//! The security group around the brokers.

use std::time::Duration;

use aws_sdk_ec2::types::{Filter, ResourceType, SecurityGroup, TagSpecification};

use super::{
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    ids::SecurityGroupId,
    mark::Owner,
    network::Network,
};
use crate::engine::{
    Context, Handle, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:CreateSecurityGroup",
    "ec2:CreateTags",
    "ec2:DeleteSecurityGroup",
    "ec2:DescribeSecurityGroups",
];

/// Lets nobody in by itself; [`super::MskIngress`] opens it for the cluster's nodes.
#[derive(Debug)]
pub struct MskSecurityGroup {
    cloud: Cloud,
    name: String,
    network: Handle<Network>,
}

impl MskSecurityGroup {
    /// The group of the installation's brokers.
    pub fn new(cloud: Cloud, network: Handle<Network>) -> Self {
        let name = format!("{}-msk", cloud.full_name());
        Self {
            cloud,
            name,
            network,
        }
    }

    /// The group of that name: in that VPC, or in any that carries our mark.
    async fn find(
        &self,
        network: Option<&Network>,
    ) -> Result<Option<SecurityGroup>, ResourceError> {
        let by = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
        let call = self
            .cloud
            .ec2
            .describe_security_groups()
            .filters(by("group-name", &self.name));
        let call = match network {
            Some(network) => call.filters(by("vpc-id", network.vpc.as_str())),
            None => call.filters(by(
                &format!("tag:{}", super::Mark::key()),
                self.cloud.mark.value(),
            )),
        };
        let groups = call.send().await;
        let groups =
            groups.attempting(|| format!("cannot look for the security group {}", self.name))?;
        Ok(groups
            .security_groups
            .unwrap_or_default()
            .into_iter()
            .next())
    }
}

fn id(group: &SecurityGroup) -> SecurityGroupId {
    SecurityGroupId::new(group.group_id().unwrap_or_default())
}

impl Resource for MskSecurityGroup {
    type Needs = Handle<Network>;
    type Output = SecurityGroupId;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("security-group/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.network
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn observe(
        &self,
        network: Option<&Network>,
        _: &Context,
    ) -> Result<Observed<SecurityGroupId>, ResourceError> {
        let Some(group) = self.find(network).await? else {
            return Ok(Observed::Absent);
        };
        let tags = group.tags().iter().map(|tag| {
            (
                tag.key().unwrap_or_default(),
                tag.value().unwrap_or_default(),
            )
        });
        Ok(match self.cloud.mark.owner(tags) {
            Owner::Foreign(owner) => Observed::Foreign { owner },
            Owner::Ours => Observed::Current {
                output: Some(id(&group)),
            },
        })
    }

    async fn apply(
        &self,
        network: &Network,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<SecurityGroupId>, ResourceError> {
        let tags = self.cloud.mark.ec2_tags(&self.name);
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::SecurityGroup)
            .set_tags(Some(tags));
        let call = self
            .cloud
            .ec2
            .create_security_group()
            .group_name(&self.name)
            .description(format!("brokers of {}", self.cloud.full_name()))
            .vpc_id(network.vpc.as_str())
            .tag_specifications(tags.build());
        match call.send().await {
            Ok(made) => Ok(Readiness::Ready(SecurityGroupId::new(
                made.group_id.unwrap_or_default(),
            ))),
            Err(error) if has_code(&error, &["InvalidGroup.Duplicate"]) => {
                Err(ResourceError::transient(format!(
                    "the security group {} was made meanwhile",
                    self.name
                )))
            }
            Err(error) => Err(failure(
                &error,
                &format!("cannot create the security group {}", self.name),
            )),
        }
    }

    async fn readiness(
        &self,
        network: &Network,
        _: &Context,
    ) -> Result<Readiness<SecurityGroupId>, ResourceError> {
        let group = self.find(Some(network)).await?;
        let group = group.ok_or_else(|| ResourceError::transient("it was taken away meanwhile"))?;
        Ok(Readiness::Ready(id(&group)))
    }

    async fn delete(&self, network: Option<&Network>, _: &Context) -> Result<(), ResourceError> {
        let Some(group) = self.find(network).await? else {
            return Ok(());
        };
        let deleted = self
            .cloud
            .ec2
            .delete_security_group()
            .group_id(id(&group).as_str())
            .send()
            .await;
        match deleted {
            Err(error) if has_code(&error, &["InvalidGroup.NotFound"]) => Ok(()),
            Err(error) if has_code(&error, &["DependencyViolation"]) => {
                Err(ResourceError::transient(format!(
                    "the security group {} is still in use",
                    self.name
                )))
            }
            Err(error) => Err(failure(
                &error,
                &format!("cannot delete the security group {}", self.name),
            )),
            Ok(_) => Ok(()),
        }
    }
}
