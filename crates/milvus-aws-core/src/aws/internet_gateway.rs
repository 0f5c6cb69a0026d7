//! The VPC's way to the internet.

use std::time::Duration;

use aws_sdk_ec2::types::{InternetGateway as Description, ResourceType};

use super::{
    changes::Changes,
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    ids::{InternetGatewayId, VpcId},
    settling::{Settling, said, until_seen},
};
use crate::engine::{
    Context, Handle, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:AttachInternetGateway",
    "ec2:CreateInternetGateway",
    "ec2:CreateTags",
    "ec2:DeleteInternetGateway",
    "ec2:DescribeInternetGateways",
    "ec2:DetachInternetGateway",
];

const GONE: &[&str] = &["InvalidInternetGatewayID.NotFound"];

/// An internet gateway, attached to the VPC.
#[derive(Debug)]
pub struct InternetGateway {
    cloud: Cloud,
    name: String,
    vpc: Handle<VpcId>,
}

impl InternetGateway {
    /// The gateway of that VPC.
    pub fn new(cloud: Cloud, vpc: Handle<VpcId>) -> Self {
        Self {
            name: cloud.full_name(),
            cloud,
            vpc,
        }
    }

    /// Every gateway with our mark, an attached one first. There are several when one of two runs at once ended between
    /// making its own and attaching it.
    async fn list(&self) -> Result<Vec<Description>, ResourceError> {
        let call = self.cloud.ec2.describe_internet_gateways();
        let gateways = call.filters(self.cloud.ec2_ours()).send().await;
        let gateways = gateways
            .attempting(|| format!("cannot look for the internet gateway {}", self.name))?;
        let mut gateways = gateways.internet_gateways.unwrap_or_default();
        gateways.retain(|gateway| self.cloud.ec2_is_ours(gateway.tags()));
        gateways.sort_by_key(|gateway| (vpc_of(gateway).is_none(), id(gateway).to_owned()));
        Ok(gateways)
    }

    async fn create(&self, context: &Context) -> Result<String, ResourceError> {
        let tags = self
            .cloud
            .ec2_marked(ResourceType::InternetGateway, &self.name, &[]);
        let call = self.cloud.ec2.create_internet_gateway();
        let made = call.tag_specifications(tags).send().await;
        let made =
            made.attempting(|| format!("cannot create the internet gateway {}", self.name))?;
        let made = made
            .internet_gateway
            .and_then(|made| made.internet_gateway_id);
        let made = said(made, "an internet gateway")?;
        until_seen(context, &made, || async {
            let all = self.list().await?;
            let seen = all.iter().any(|gateway| id(gateway) == made);
            Ok(seen.then_some(()))
        })
        .await?;
        Ok(made)
    }

    async fn attach(&self, gateway: &str, vpc: &VpcId) -> Result<(), ResourceError> {
        let call = self.cloud.ec2.attach_internet_gateway();
        let call = call.internet_gateway_id(gateway).vpc_id(vpc.as_str());
        match call.send().await {
            // A VPC takes one gateway: another run was faster, and ours is one too many.
            Err(error)
                if has_code(
                    &error,
                    &["Resource.AlreadyAssociated", "InvalidParameterValue"],
                ) =>
            {
                self.remove(gateway, None).await?;
                Err(ResourceError::transient(format!(
                    "the VPC {vpc} got an internet gateway meanwhile"
                )))
            }
            other => other
                .settling(GONE, || {
                    format!("cannot attach the internet gateway {gateway} to {vpc}")
                })
                .map(drop),
        }
    }

    async fn detach(&self, gateway: &str, vpc: &str) -> Result<(), ResourceError> {
        let call = self.cloud.ec2.detach_internet_gateway();
        let call = call.internet_gateway_id(gateway).vpc_id(vpc);
        let detached = call.send().await;
        detached
            .unless_absent(&["Gateway.NotAttached", GONE[0], "InvalidVpcID.NotFound"])
            .settling(&["DependencyViolation"], || {
                format!("cannot detach the internet gateway {gateway} from {vpc}")
            })
            .map(drop)
    }

    async fn remove(&self, gateway: &str, vpc: Option<&str>) -> Result<(), ResourceError> {
        if let Some(vpc) = vpc {
            self.detach(gateway, vpc).await?;
        }
        let what = || format!("cannot take the internet gateway {gateway} away");
        let call = self.cloud.ec2.delete_internet_gateway();
        let deleted = call.internet_gateway_id(gateway).send().await;
        match deleted {
            Err(error) if has_code(&error, GONE) => Ok(()),
            Err(error) if has_code(&error, &["DependencyViolation"]) => {
                Err(ResourceError::transient(format!("{}: in use", what())))
            }
            Err(error) => Err(failure(&error, &what())),
            Ok(_) => Ok(()),
        }
    }
}

fn id(gateway: &Description) -> &str {
    gateway.internet_gateway_id().unwrap_or_default()
}

fn vpc_of(gateway: &Description) -> Option<&str> {
    gateway.attachments().first()?.vpc_id()
}

/// Those that lead nowhere, and that nothing hinders from going.
fn unattached(gateways: &[Description]) -> impl Iterator<Item = &Description> {
    gateways.iter().filter(|gateway| vpc_of(gateway).is_none())
}

impl Resource for InternetGateway {
    type Needs = Handle<VpcId>;
    type Output = InternetGatewayId;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("internet-gateway/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.vpc
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    /// It cannot go before the last public address of the VPC has, a load balancer's for example.
    fn patience(&self) -> Duration {
        Duration::from_mins(40)
    }

    async fn observe(
        &self,
        vpc: Option<&VpcId>,
        _: &Context,
    ) -> Result<Observed<InternetGatewayId>, ResourceError> {
        let all = self.list().await?;
        let Some(gateway) = all.first() else {
            return Ok(Observed::Absent);
        };
        let mut changes = Changes::default();
        if let Some(vpc) = vpc {
            changes.compare("vpc", vpc_of(gateway), vpc.as_str());
        }
        let ready = changes.is_empty() && vpc_of(gateway).is_some();
        let output = ready.then(|| InternetGatewayId::new(id(gateway)));
        for second in unattached(&all[1..]) {
            changes.note("second", Some(id(second)), None);
        }
        Ok(changes.observed(output))
    }

    async fn apply(
        &self,
        vpc: &VpcId,
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<InternetGatewayId>, ResourceError> {
        if *step == Step::Create {
            let made = self.create(context).await?;
            self.attach(&made, vpc).await?;
            return Ok(Readiness::Ready(InternetGatewayId::new(made)));
        }
        let all = self.list().await?;
        let Some((gateway, others)) = all.split_first() else {
            return Err(ResourceError::transient("it was taken away meanwhile"));
        };
        if vpc_of(gateway) != Some(vpc.as_str()) {
            if let Some(other) = vpc_of(gateway) {
                self.detach(id(gateway), other).await?;
            }
            self.attach(id(gateway), vpc).await?;
        }
        for second in unattached(others) {
            self.remove(id(second), None).await?;
        }
        Ok(Readiness::Ready(InternetGatewayId::new(id(gateway))))
    }

    async fn readiness(
        &self,
        vpc: &VpcId,
        _: &Context,
    ) -> Result<Readiness<InternetGatewayId>, ResourceError> {
        let all = self.list().await?;
        let attached = all
            .iter()
            .find(|gateway| vpc_of(gateway) == Some(vpc.as_str()));
        Ok(match attached {
            Some(gateway) => Readiness::Ready(InternetGatewayId::new(id(gateway))),
            None => Readiness::Waiting {
                reason: "it is not attached yet".to_owned(),
            },
        })
    }

    async fn delete(&self, _: Option<&VpcId>, _: &Context) -> Result<(), ResourceError> {
        for gateway in self.list().await? {
            self.remove(id(&gateway), vpc_of(&gateway)).await?;
        }
        Ok(())
    }
}
