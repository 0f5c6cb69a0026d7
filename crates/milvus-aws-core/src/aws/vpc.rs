//! A VPC of our own.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, ResourceType, Vpc as Description, VpcAttributeName, VpcState,
};

use super::{
    changes::Changes,
    cloud::Cloud,
    failure::Attempt,
    ids::VpcId,
    settling::{Settling, said, until_seen},
};
use crate::{
    engine::{Context, Observed, Readiness, Resource, ResourceError, ResourceId, Step},
    installation::aws::VpcCidr,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:CreateTags",
    "ec2:CreateVpc",
    "ec2:DeleteVpc",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcs",
    "ec2:ModifyVpcAttribute",
];

const GONE: &[&str] = &["InvalidVpcID.NotFound"];

/// A VPC whose hosts have DNS names: EKS's private endpoint and MSK's brokers are reached by name.
#[derive(Debug)]
pub struct Vpc {
    cloud: Cloud,
    cidr: VpcCidr,
    name: String,
}

impl Vpc {
    /// A VPC of those addresses.
    pub fn new(cloud: Cloud, cidr: VpcCidr) -> Self {
        Self {
            name: cloud.full_name(),
            cloud,
            cidr,
        }
    }

    /// Every VPC with our mark, the one that counts first: one that holds subnets, then the smallest id. Two runs at
    /// once, or a lost answer, may have made several.
    async fn list(&self) -> Result<Vec<Description>, ResourceError> {
        let call = self
            .cloud
            .ec2
            .describe_vpcs()
            .filters(self.cloud.ec2_ours());
        let vpcs = call.send().await;
        let vpcs = vpcs.attempting(|| format!("cannot look for the VPC {}", self.name))?;
        let mut vpcs = vpcs.vpcs.unwrap_or_default();
        vpcs.retain(|vpc| self.cloud.ec2_is_ours(vpc.tags()));
        if vpcs.len() > 1 {
            let inhabited = self.inhabited(&vpcs).await?;
            vpcs.sort_by_key(|vpc| (!inhabited.contains(id(vpc)), id(vpc).to_owned()));
        }
        Ok(vpcs)
    }

    /// Those that hold subnets.
    async fn inhabited(&self, vpcs: &[Description]) -> Result<BTreeSet<String>, ResourceError> {
        let ids = vpcs.iter().map(|vpc| id(vpc).to_owned()).collect();
        let by = Filter::builder().name("vpc-id").set_values(Some(ids));
        let call = self.cloud.ec2.describe_subnets().filters(by.build());
        let subnets = call.send().await;
        let subnets = subnets.attempting(|| "cannot look for subnets".to_owned())?;
        let subnets = subnets.subnets.unwrap_or_default();
        Ok(subnets.into_iter().filter_map(|s| s.vpc_id).collect())
    }

    async fn has_names(&self, vpc: &str) -> Result<bool, ResourceError> {
        let call = self.cloud.ec2.describe_vpc_attribute().vpc_id(vpc);
        let call = call.attribute(VpcAttributeName::EnableDnsHostnames);
        let attribute = call.send().await;
        let attribute =
            attribute.settling(GONE, || format!("cannot read the DNS settings of {vpc}"))?;
        let names = attribute.enable_dns_hostnames;
        Ok(names.and_then(|names| names.value).unwrap_or(false))
    }

    async fn give_names(&self, vpc: &str) -> Result<(), ResourceError> {
        let on = AttributeBooleanValue::builder().value(true).build();
        let call = self.cloud.ec2.modify_vpc_attribute().vpc_id(vpc);
        let modified = call.enable_dns_hostnames(on).send().await;
        modified
            .settling(GONE, || format!("cannot turn on DNS names in {vpc}"))
            .map(drop)
    }

    async fn create(&self, context: &Context) -> Result<VpcId, ResourceError> {
        let tags = self.cloud.ec2_marked(ResourceType::Vpc, &self.name, &[]);
        let call = self.cloud.ec2.create_vpc().cidr_block(self.cidr.as_str());
        let made = call.tag_specifications(tags).send().await;
        let made = made.attempting(|| format!("cannot create the VPC {}", self.name))?;
        let made = said(made.vpc.and_then(|vpc| vpc.vpc_id), "a VPC")?;
        self.give_names(&made).await?;
        let all = until_seen(context, &made, || async {
            let all = self.list().await?;
            let seen = all.iter().any(|vpc| id(vpc) == made);
            Ok(seen.then_some(all))
        });
        let all = all.await?;
        // Whoever sees another one gives way: the other run may not have seen ours, and be using its own by now.
        if let Some(other) = all.iter().map(id).find(|other| *other != made) {
            self.remove(&made).await?;
            return Err(ResourceError::transient(format!(
                "another run made the VPC {other} at the same time"
            )));
        }
        Ok(VpcId::new(made))
    }

    async fn remove(&self, vpc: &str) -> Result<(), ResourceError> {
        let deleted = self.cloud.ec2.delete_vpc().vpc_id(vpc).send().await;
        let deleted = deleted.unless_absent(GONE);
        deleted
            .settling(&["DependencyViolation"], || {
                format!("cannot delete the VPC {vpc}, something is still in it")
            })
            .map(drop)
    }
}

fn id(vpc: &Description) -> &str {
    vpc.vpc_id().unwrap_or_default()
}

fn available(vpc: &Description) -> Option<VpcId> {
    (vpc.state() == Some(&VpcState::Available)).then(|| VpcId::new(id(vpc)))
}

impl Resource for Vpc {
    type Needs = ();
    type Output = VpcId;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("vpc/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &()
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(3)
    }

    /// Load balancers and network interfaces take their time to let go of it.
    fn patience(&self) -> Duration {
        Duration::from_mins(20)
    }

    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<VpcId>, ResourceError> {
        let all = self.list().await?;
        let Some(vpc) = all.first() else {
            return Ok(Observed::Absent);
        };
        let mut changes = Changes::default();
        changes.compare("cidr", vpc.cidr_block(), self.cidr.as_str());
        if !self.has_names(id(vpc)).await? {
            changes.note("dnsHostnames", Some("false"), Some("true"));
        }
        for second in &all[1..] {
            changes.note("second", Some(id(second)), None);
        }
        Ok(changes.observed(available(vpc)))
    }

    async fn apply(
        &self,
        (): &(),
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<VpcId>, ResourceError> {
        if *step == Step::Create {
            return self.create(context).await.map(Readiness::Ready);
        }
        let all = self.list().await?;
        let Some((vpc, others)) = all.split_first() else {
            return Err(ResourceError::transient("it was taken away meanwhile"));
        };
        if let Some(cidr) = vpc.cidr_block().filter(|cidr| *cidr != self.cidr.as_str()) {
            return Err(ResourceError::fatal(format!(
                "the VPC {} has the addresses {cidr}, which cannot be changed to {}; write `cidr: {cidr}` in the file, or uninstall first",
                id(vpc),
                self.cidr
            )));
        }
        self.give_names(id(vpc)).await?;
        for second in others {
            self.remove(id(second)).await?;
        }
        self.readiness(&(), context).await
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<VpcId>, ResourceError> {
        let all = self.list().await?;
        Ok(match all.first().and_then(available) {
            Some(vpc) => Readiness::Ready(vpc),
            None => Readiness::Waiting {
                reason: "the VPC is pending".to_owned(),
            },
        })
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        for vpc in self.list().await? {
            self.remove(id(&vpc)).await?;
        }
        Ok(())
    }
}
