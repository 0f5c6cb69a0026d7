//! The subnets of a VPC of our own: one private and one public in each of three zones.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_ec2::types::{
    AttributeBooleanValue, AvailabilityZoneState, ResourceType, Subnet as Description, SubnetState,
};

use super::{
    changes::Changes,
    cloud::Cloud,
    ec2_marks::{filter, tag_value},
    failure::Attempt,
    ids::{SubnetId, VpcId},
    network::{Network, Subnet},
    settling::{Settling, said, until_seen},
};
use crate::{
    engine::{Context, Handle, Observed, Readiness, Resource, ResourceError, ResourceId, Step},
    installation::aws::VpcCidr,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:CreateSubnet",
    "ec2:CreateTags",
    "ec2:DeleteSubnet",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeSubnets",
    "ec2:ModifySubnetAttribute",
];

/// In how many zones: etcd's three members, and the brokers, are spread over them.
const ZONES: u8 = 3;
/// EKS takes no fewer.
const FEWEST_ZONES: u8 = 2;
/// Zones that EKS does not take, by their ids (source: EKS user guide, "VPC requirements and considerations").
const REFUSED_BY_EKS: &[&str] = &["cac1-az3", "use1-az3", "usw1-az2"];
const GONE: &[&str] = &["InvalidSubnetID.NotFound"];

/// The two kinds of subnets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Private,
    Public,
}

impl Side {
    const ALL: [Self; 2] = [Self::Private, Self::Public];

    const fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }

    /// The tag by which the load balancer controller finds subnets (pains row 36).
    const fn role_tag(self) -> (&'static str, &'static str) {
        match self {
            Self::Private => ("kubernetes.io/role/internal-elb", "1"),
            Self::Public => ("kubernetes.io/role/elb", "1"),
        }
    }

    /// The number of its range for the zone of that number.
    const fn range(self, zone: u8) -> u8 {
        match self {
            Self::Private => zone,
            Self::Public => ZONES + zone,
        }
    }
}

/// All of the subnets.
#[derive(Debug)]
pub struct Subnets {
    cloud: Cloud,
    cidr: VpcCidr,
    name: String,
    vpc: Handle<VpcId>,
}

/// What exists, by side and zone number.
type Found = BTreeMap<(u8, &'static str), Description>;

impl Subnets {
    /// The subnets of the VPC that has those addresses.
    pub fn new(cloud: Cloud, cidr: VpcCidr, vpc: Handle<VpcId>) -> Self {
        Self {
            name: cloud.full_name(),
            cloud,
            cidr,
            vpc,
        }
    }

    async fn list(&self, vpc: Option<&VpcId>) -> Result<Vec<Description>, ResourceError> {
        let call = self.cloud.ec2.describe_subnets();
        let call = call.filters(self.cloud.ec2_ours());
        let call = match vpc {
            Some(vpc) => call.filters(filter("vpc-id", vpc.as_str())),
            None => call,
        };
        let subnets = call.send().await;
        let subnets =
            subnets.attempting(|| format!("cannot look for the subnets of {}", self.name))?;
        let mut subnets = subnets.subnets.unwrap_or_default();
        subnets.retain(|subnet| self.cloud.ec2_is_ours(subnet.tags()));
        Ok(subnets)
    }

    /// Those of ours that have one of our ranges.
    fn sort(&self, subnets: Vec<Description>) -> Found {
        let mut found = Found::new();
        for subnet in subnets {
            let place = places().find(|(zone, side)| {
                subnet.cidr_block() == Some(self.cidr.subnet(side.range(*zone)).as_str())
            });
            if let Some((zone, side)) = place {
                found.insert((zone, side.name()), subnet);
            }
        }
        found
    }

    /// The zones that EKS takes, by name.
    async fn zones(&self) -> Result<Vec<String>, ResourceError> {
        let call = self.cloud.ec2.describe_availability_zones();
        let zones = call
            .filters(filter("zone-type", "availability-zone"))
            .send()
            .await;
        let zones = zones.attempting(|| "cannot list the availability zones".to_owned())?;
        let usable = zones
            .availability_zones
            .unwrap_or_default()
            .into_iter()
            .filter(|zone| zone.state() == Some(&AvailabilityZoneState::Available))
            .filter(|zone| !REFUSED_BY_EKS.contains(&zone.zone_id().unwrap_or_default()));
        let mut names: Vec<String> = usable.filter_map(|zone| zone.zone_name).collect();
        names.sort();
        Ok(names)
    }

    /// How many zones there shall be: three, where the region has them.
    async fn wanted_zones(&self, found: &Found) -> Result<u8, ResourceError> {
        let complete = |zone: &u8| {
            Side::ALL
                .iter()
                .all(|side| found.contains_key(&(*zone, side.name())))
        };
        let have = (0..ZONES).filter(complete).count();
        if have == usize::from(ZONES) || have < usize::from(FEWEST_ZONES) {
            return Ok(ZONES);
        }
        let zones = self.zones().await?.len();
        Ok(ZONES.min(u8::try_from(zones).unwrap_or(ZONES)))
    }

    fn changes(&self, found: &Found, zones: u8) -> Changes {
        let mut changes = Changes::default();
        for (zone, side) in places().filter(|(zone, _)| *zone < zones) {
            let cidr = self.cidr.subnet(side.range(zone));
            let Some(subnet) = found.get(&(zone, side.name())) else {
                changes.note(
                    format!("{}[{zone}]", side.name()),
                    None,
                    Some(cidr.as_str()),
                );
                continue;
            };
            let (key, value) = side.role_tag();
            if tag_value(subnet.tags(), key) != Some(value) {
                changes.note(format!("{}[{zone}].{key}", side.name()), None, Some(value));
            }
            if side == Side::Public && subnet.map_public_ip_on_launch() != Some(true) {
                changes.note(
                    format!("{}[{zone}].publicAddresses", side.name()),
                    Some("false"),
                    Some("true"),
                );
            }
        }
        changes
    }

    async fn create(
        &self,
        vpc: &VpcId,
        zone: &str,
        side: Side,
        number: u8,
    ) -> Result<String, ResourceError> {
        let cidr = self.cidr.subnet(side.range(number));
        let name = format!("{}-{}-{zone}", self.name, side.name());
        let tags = self
            .cloud
            .ec2_marked(ResourceType::Subnet, &name, &[side.role_tag()]);
        let call = self.cloud.ec2.create_subnet().vpc_id(vpc.as_str());
        let call = call.cidr_block(cidr.as_str()).availability_zone(zone);
        let made = call.tag_specifications(tags).send().await;
        // A range is taken once: another run, or an earlier attempt, was faster.
        let passing = ["InvalidSubnet.Conflict", "InvalidVpcID.NotFound"];
        let made = made.settling(&passing, || format!("cannot create the subnet {name}"))?;
        let made = made.subnet.and_then(|subnet| subnet.subnet_id);
        said(made, "a subnet")
    }

    async fn map_public_addresses(&self, subnet: &str) -> Result<(), ResourceError> {
        let on = AttributeBooleanValue::builder().value(true).build();
        let call = self.cloud.ec2.modify_subnet_attribute().subnet_id(subnet);
        let modified = call.map_public_ip_on_launch(on).send().await;
        modified
            .settling(GONE, || format!("cannot give {subnet} public addresses"))
            .map(drop)
    }

    async fn tag(&self, subnet: &str, side: Side) -> Result<(), ResourceError> {
        let (key, value) = side.role_tag();
        let tag = aws_sdk_ec2::types::Tag::builder().key(key).value(value);
        let call = self.cloud.ec2.create_tags().resources(subnet);
        let tagged = call.tags(tag.build()).send().await;
        tagged
            .settling(GONE, || format!("cannot tag the subnet {subnet}"))
            .map(drop)
    }

    /// The zone of each number: what exists decides, the others take the next zones.
    async fn zones_by_number(&self, found: &Found) -> Result<Vec<String>, ResourceError> {
        let mut free = self.zones().await?;
        let taken: BTreeMap<u8, String> = found
            .iter()
            .filter_map(|((zone, _), subnet)| Some((*zone, subnet.availability_zone.clone()?)))
            .collect();
        free.retain(|zone| !taken.values().any(|taken| taken == zone));
        let mut free = free.into_iter();
        let zones: Vec<String> = (0..ZONES)
            .map_while(|number| taken.get(&number).cloned().or_else(|| free.next()))
            .collect();
        if zones.len() < usize::from(FEWEST_ZONES) {
            return Err(ResourceError::fatal(format!(
                "EKS takes {} zones of the region {}, and needs {FEWEST_ZONES}; choose another region",
                zones.len(),
                self.cloud.account.region
            )));
        }
        Ok(zones)
    }

    /// What exists, what of it is not as wanted, and whether all of it can be used.
    async fn look(&self, vpc: &VpcId) -> Result<(Found, Changes, bool), ResourceError> {
        let found = self.sort(self.list(Some(vpc)).await?);
        let zones = self.wanted_zones(&found).await?;
        let changes = self.changes(&found, zones);
        let available = |subnet: &Description| subnet.state() == Some(&SubnetState::Available);
        let complete = found.len() >= usize::from(zones) * Side::ALL.len();
        let usable = complete && found.values().all(available);
        Ok((found, changes, usable))
    }
}

/// Every number of a zone, with both sides.
fn places() -> impl Iterator<Item = (u8, Side)> {
    (0..ZONES).flat_map(|zone| Side::ALL.map(|side| (zone, side)))
}

fn network(vpc: &VpcId, found: &Found) -> Network {
    let of = |side: Side| {
        let subnets = (0..ZONES).filter_map(|zone| found.get(&(zone, side.name())));
        let subnet = |subnet: &Description| Subnet {
            id: SubnetId::new(id(subnet)),
            zone: subnet.availability_zone().unwrap_or_default().to_owned(),
        };
        subnets.map(subnet).collect()
    };
    Network {
        vpc: vpc.clone(),
        private_subnets: of(Side::Private),
        public_subnets: of(Side::Public),
    }
}

fn id(subnet: &Description) -> &str {
    subnet.subnet_id().unwrap_or_default()
}

impl Resource for Subnets {
    type Needs = Handle<VpcId>;
    type Output = Network;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("subnets/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.vpc
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// Network interfaces take their time to let go of them.
    fn patience(&self) -> Duration {
        Duration::from_mins(20)
    }

    async fn observe(
        &self,
        vpc: Option<&VpcId>,
        _: &Context,
    ) -> Result<Observed<Network>, ResourceError> {
        let Some(vpc) = vpc else {
            let any = self.list(None).await?;
            return Ok(if any.is_empty() {
                Observed::Absent
            } else {
                Observed::Current { output: None }
            });
        };
        let (found, changes, usable) = self.look(vpc).await?;
        if found.is_empty() {
            return Ok(Observed::Absent);
        }
        // A tag that is missing changes nothing for whoever uses the subnets.
        Ok(changes.observed(usable.then(|| network(vpc, &found))))
    }

    async fn apply(
        &self,
        vpc: &VpcId,
        _: &Step,
        context: &Context,
    ) -> Result<Readiness<Network>, ResourceError> {
        let found = self.sort(self.list(Some(vpc)).await?);
        let zones = self.zones_by_number(&found).await?;
        for (number, zone) in (0..ZONES).zip(&zones) {
            for side in Side::ALL {
                let existing = found.get(&(number, side.name()));
                let subnet = match existing {
                    Some(subnet) => id(subnet).to_owned(),
                    None => self.create(vpc, zone, side, number).await?,
                };
                let (key, value) = side.role_tag();
                if existing.is_some_and(|s| tag_value(s.tags(), key) != Some(value)) {
                    self.tag(&subnet, side).await?;
                }
                let mapped = existing.and_then(Description::map_public_ip_on_launch);
                if side == Side::Public && mapped != Some(true) {
                    self.map_public_addresses(&subnet).await?;
                }
            }
        }
        // Two for each zone.
        let wanted = zones.len() * Side::ALL.len();
        until_seen(context, "every subnet", || async {
            let seen = self.sort(self.list(Some(vpc)).await?).len();
            Ok((seen >= wanted).then_some(()))
        })
        .await?;
        self.readiness(vpc, context).await
    }

    async fn readiness(
        &self,
        vpc: &VpcId,
        _: &Context,
    ) -> Result<Readiness<Network>, ResourceError> {
        let (found, changes, usable) = self.look(vpc).await?;
        Ok(if changes.is_empty() && usable {
            Readiness::Ready(network(vpc, &found))
        } else {
            Readiness::Waiting {
                reason: "the subnets are pending".to_owned(),
            }
        })
    }

    async fn delete(&self, _: Option<&VpcId>, _: &Context) -> Result<(), ResourceError> {
        for subnet in self.list(None).await? {
            let subnet = id(&subnet);
            let deleted = self
                .cloud
                .ec2
                .delete_subnet()
                .subnet_id(subnet)
                .send()
                .await;
            deleted
                .unless_absent(GONE)
                .settling(&["DependencyViolation"], || {
                    format!("cannot delete the subnet {subnet}, something is still in it")
                })?;
        }
        Ok(())
    }
}
