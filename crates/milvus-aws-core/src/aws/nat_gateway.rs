//! The way out for what is in private subnets.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_ec2::types::{
    Address, ConnectivityType, DomainType, NatGateway as Description, NatGatewayState, ResourceType,
};

use super::{
    changes::Changes,
    cloud::Cloud,
    ec2_marks::filter,
    failure::Attempt,
    ids::{InternetGatewayId, NatGatewayId},
    network::Network,
    prices,
    settling::{Settling, said, token_of, until_gone_or_again, until_seen},
};
use crate::engine::{
    Context, Cost, Handle, Inputs, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:AllocateAddress",
    "ec2:CreateNatGateway",
    "ec2:CreateTags",
    "ec2:DeleteNatGateway",
    "ec2:DescribeAddresses",
    "ec2:DescribeNatGateways",
    "ec2:ReleaseAddress",
];

const LIVE: &[NatGatewayState] = &[NatGatewayState::Available, NatGatewayState::Pending];

/// A NAT gateway in one public subnet, with its elastic address.
#[derive(Debug)]
pub struct NatGateway {
    cloud: Cloud,
    name: String,
    needs: (Handle<Network>, Handle<InternetGatewayId>),
}

impl NatGateway {
    /// The gateway of that network. Without the internet gateway it would fail.
    pub fn new(
        cloud: Cloud,
        network: Handle<Network>,
        internet_gateway: Handle<InternetGatewayId>,
    ) -> Self {
        Self {
            name: cloud.full_name(),
            cloud,
            needs: (network, internet_gateway),
        }
    }

    /// Every gateway with our mark; EC2 shows those that are gone for an hour.
    async fn list(&self) -> Result<Vec<Description>, ResourceError> {
        let call = self.cloud.ec2.describe_nat_gateways();
        let gateways = call.filter(self.cloud.ec2_ours()).send().await;
        let gateways =
            gateways.attempting(|| format!("cannot look for the NAT gateway {}", self.name))?;
        let mut gateways = gateways.nat_gateways.unwrap_or_default();
        gateways.retain(|gateway| self.cloud.ec2_is_ours(gateway.tags()));
        gateways.sort_by(|a, b| id(a).cmp(id(b)));
        Ok(gateways)
    }

    async fn described_addresses(&self) -> Result<Vec<Address>, ResourceError> {
        let call = self.cloud.ec2.describe_addresses();
        let call = call.filters(self.cloud.ec2_ours());
        let addresses = call.filters(filter("domain", "vpc")).send().await;
        let addresses =
            addresses.attempting(|| format!("cannot look for the address of {}", self.name))?;
        let mut addresses = addresses.addresses.unwrap_or_default();
        addresses.retain(|address| self.cloud.ec2_is_ours(address.tags()));
        addresses.sort_by(|a, b| a.allocation_id.cmp(&b.allocation_id));
        Ok(addresses)
    }

    async fn addresses(&self) -> Result<Vec<String>, ResourceError> {
        Ok(ids(self.described_addresses().await?))
    }

    /// Addresses that nothing uses beside a live gateway: of two runs at once, one may have ended before it gave way.
    async fn idle_addresses(&self, all: &[Description]) -> Result<Vec<String>, ResourceError> {
        let alive = all.iter().filter(|gateway| is_in(gateway, LIVE));
        let used = alive.flat_map(Description::nat_gateway_addresses);
        let used: BTreeSet<&str> = used.filter_map(|used| used.allocation_id()).collect();
        let mut idle = self.described_addresses().await?;
        idle.retain(|address| {
            // A pending gateway has its address before the address knows.
            let used = address.allocation_id().is_none_or(|id| used.contains(id));
            !used && address.association_id().is_none()
        });
        Ok(ids(idle))
    }

    /// The address that exists, else a new one.
    async fn address(&self, context: &Context) -> Result<String, ResourceError> {
        if let Some(address) = self.addresses().await?.into_iter().next() {
            return Ok(address);
        }
        let tags = self
            .cloud
            .ec2_marked(ResourceType::ElasticIp, &self.name, &[]);
        let call = self.cloud.ec2.allocate_address().domain(DomainType::Vpc);
        let made = call.tag_specifications(tags).send().await;
        let made =
            made.attempting(|| format!("cannot get an elastic address for {}", self.name))?;
        let made = said(made.allocation_id, "an elastic address")?;
        let all = until_seen(context, &made, || async {
            let all = self.addresses().await?;
            Ok(all.contains(&made).then_some(all))
        });
        let all = all.await?;
        // Whoever sees another one gives way: the other run may not have seen ours, and be using its own by now.
        if let Some(other) = all.iter().find(|other| **other != made) {
            self.release(&made).await?;
            return Err(ResourceError::transient(format!(
                "another run got the address {other} at the same time"
            )));
        }
        Ok(made)
    }

    async fn release(&self, address: &str) -> Result<(), ResourceError> {
        let call = self.cloud.ec2.release_address().allocation_id(address);
        // EC2 says AuthFailure of addresses that something still uses.
        let in_use = [
            "AuthFailure",
            "InvalidIPAddress.InUse",
            "InvalidAddress.Locked",
        ];
        let released = call.send().await;
        released
            .unless_absent(&["InvalidAllocationID.NotFound"])
            .settling(&in_use, || format!("cannot release the address {address}"))
            .map(drop)
    }

    async fn create(
        &self,
        network: &Network,
        context: &Context,
        dead: &[Description],
    ) -> Result<(), ResourceError> {
        let Some(subnet) = network.public_subnets.first() else {
            return Err(ResourceError::fatal("there is no public subnet for it"));
        };
        let address = self.address(context).await?;
        let dead: Vec<&str> = dead.iter().map(id).collect();
        // The same for every run until it has failed: two runs at once get the same gateway.
        let token = token_of(&format!("{} {address} {}", network.vpc, dead.join(" ")));
        let tags = self
            .cloud
            .ec2_marked(ResourceType::Natgateway, &self.name, &[]);
        let made = self
            .cloud
            .ec2
            .create_nat_gateway()
            .subnet_id(subnet.id.as_str())
            .allocation_id(address)
            .connectivity_type(ConnectivityType::Public)
            .client_token(token)
            .tag_specifications(tags)
            .send()
            .await;
        let passing = [
            "IdempotentParameterMismatch",
            "InvalidAllocationID.NotFound",
            "InvalidSubnetID.NotFound",
            "Resource.AlreadyAssociated",
        ];
        let made = made.settling(&passing, || {
            format!("cannot create the NAT gateway {}", self.name)
        })?;
        let made = said(made.nat_gateway, "a NAT gateway")?;
        until_seen(context, id(&made), || async {
            let all = self.list().await?;
            Ok(all
                .iter()
                .any(|gateway| id(gateway) == id(&made))
                .then_some(()))
        })
        .await
    }
}

fn ids(addresses: Vec<Address>) -> Vec<String> {
    let ids = addresses.into_iter().filter_map(|one| one.allocation_id);
    ids.collect()
}

fn id(gateway: &Description) -> &str {
    gateway.nat_gateway_id().unwrap_or_default()
}

fn is_in(gateway: &Description, states: &[NatGatewayState]) -> bool {
    gateway.state().is_some_and(|state| states.contains(state))
}

fn readiness_of(gateways: &[Description]) -> Readiness<NatGatewayId> {
    let available = gateways
        .iter()
        .find(|gateway| is_in(gateway, &[NatGatewayState::Available]));
    if let Some(gateway) = available {
        return Readiness::Ready(NatGatewayId::new(id(gateway)));
    }
    let pending = gateways
        .iter()
        .any(|gateway| is_in(gateway, &[NatGatewayState::Pending]));
    let failed = gateways
        .iter()
        .filter(|gateway| is_in(gateway, &[NatGatewayState::Failed]))
        .max_by_key(|gateway| gateway.create_time().map(aws_smithy_types::DateTime::secs));
    match failed.filter(|_| !pending) {
        Some(gateway) => Readiness::Failed {
            reason: format!(
                "the NAT gateway {} failed: {}: {}; run the same command again, it makes another one",
                id(gateway),
                gateway.failure_code().unwrap_or("no code"),
                gateway.failure_message().unwrap_or("no message"),
            ),
        },
        None => Readiness::Waiting {
            reason: "the NAT gateway is pending".to_owned(),
        },
    }
}

impl Resource for NatGateway {
    type Needs = (Handle<Network>, Handle<InternetGatewayId>);
    type Output = NatGatewayId;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("nat-gateway/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn monthly_cost(&self) -> Cost {
        let region = self.cloud.account.region.as_str();
        prices::nat_gateways(region, 1).plus(prices::public_addresses(region, 1))
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_mins(2)
    }

    async fn observe(
        &self,
        _: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<NatGatewayId>, ResourceError> {
        let all = self.list().await?;
        if all.iter().any(|gateway| is_in(gateway, LIVE)) {
            let output = match readiness_of(&all) {
                Readiness::Ready(gateway) => Some(gateway),
                Readiness::Waiting { .. } | Readiness::Failed { .. } => None,
            };
            let mut changes = Changes::default();
            for idle in self.idle_addresses(&all).await? {
                changes.note("second address", Some(&idle), None);
            }
            return Ok(changes.observed(output));
        }
        if let Some(gateway) = all.iter().find(|g| is_in(g, &[NatGatewayState::Deleting])) {
            return Ok(Observed::Leaving {
                reason: format!("{} is being deleted", id(gateway)),
            });
        }
        // An address alone: the gateway failed or is gone, or was never begun.
        let addresses = self.addresses().await?;
        if addresses.is_empty() {
            return Ok(Observed::Absent);
        }
        let mut changes = Changes::default();
        changes.note("gateway", None, Some("available"));
        Ok(changes.observed(None))
    }

    async fn apply(
        &self,
        (network, _): &Inputs<Self>,
        _: &Step,
        context: &Context,
    ) -> Result<Readiness<NatGatewayId>, ResourceError> {
        let mut all = self.list().await?;
        if !all.iter().any(|gateway| is_in(gateway, LIVE)) {
            self.create(network, context, &all).await?;
            all = self.list().await?;
        }
        for idle in self.idle_addresses(&all).await? {
            self.release(&idle).await?;
        }
        Ok(readiness_of(&all))
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<NatGatewayId>, ResourceError> {
        Ok(readiness_of(&self.list().await?))
    }

    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        let all = self.list().await?;
        let mut going = all.iter().any(|g| is_in(g, &[NatGatewayState::Deleting]));
        for gateway in all.iter().filter(|gateway| is_in(gateway, LIVE)) {
            let call = self.cloud.ec2.delete_nat_gateway();
            let deleted = call.nat_gateway_id(id(gateway)).send().await;
            let deleted = deleted.unless_absent(&["NatGatewayNotFound"]);
            deleted.attempting(|| format!("cannot delete the NAT gateway {}", id(gateway)))?;
            going = true;
        }
        // The address is free only when the gateway is gone; `wait_gone` comes back here for it.
        if !going {
            for address in self.addresses().await? {
                self.release(&address).await?;
            }
        }
        Ok(())
    }

    async fn wait_gone(
        &self,
        inputs: Option<&Inputs<Self>>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        until_gone_or_again(self, inputs, context).await
    }
}
