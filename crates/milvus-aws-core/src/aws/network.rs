//! The network under everything.

use super::{
    cloud::Cloud,
    existing_network::ExistingNetwork,
    ids::{SubnetId, VpcId},
    internet_gateway::InternetGateway,
    leftovers::Leftovers,
    nat_gateway::NatGateway,
    route_tables::RouteTables,
    s3_endpoint::S3Endpoint,
    subnets::Subnets,
    vpc::Vpc,
};
use crate::{
    engine::{GraphBuilder, Handle, InvalidGraph, Need, Used},
    installation::aws::Network as Settings,
};

/// Zones that MSK spreads brokers over (source: MSK API, BrokerNodeGroupInfo: two or three client subnets).
const MOST_ZONES: usize = 3;

/// A VPC and its subnets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The VPC.
    pub vpc: VpcId,
    /// For nodes, brokers and internal load balancers.
    pub private_subnets: Vec<Subnet>,
    /// For load balancers that the internet reaches.
    pub public_subnets: Vec<Subnet>,
}

/// A subnet and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Its availability zone: `us-west-2a`.
    pub zone: String,
}

impl Network {
    /// One private subnet of each zone, in the order of the zones, of three at most: brokers are spread over them.
    pub(super) fn one_private_subnet_a_zone(&self) -> Vec<&SubnetId> {
        let mut subnets = one_a_zone(&self.private_subnets);
        subnets.truncate(MOST_ZONES);
        subnets
    }

    /// Ids of one subnet of each zone: a load balancer takes no more.
    pub fn one_subnet_a_zone(&self, public: bool) -> Vec<String> {
        let subnets = if public {
            &self.public_subnets
        } else {
            &self.private_subnets
        };
        let subnets = one_a_zone(subnets).into_iter();
        subnets.map(ToString::to_string).collect()
    }
}

/// The first subnet of each zone, in the order of the zones.
fn one_a_zone(subnets: &[Subnet]) -> Vec<&SubnetId> {
    let by_zone: std::collections::BTreeMap<_, _> = subnets
        .iter()
        .rev()
        .map(|subnet| (&subnet.zone, &subnet.id))
        .collect();
    by_zone.into_values().collect()
}

/// What of a graph's network others need.
#[derive(Debug, Clone)]
pub struct NetworkHandles {
    /// The VPC and its subnets: enough for brokers and a control plane.
    pub network: Handle<Network>,
    /// What nodes need besides: the way to the internet, and to S3.
    pub internet: Vec<Need>,
    /// What controllers make in it: whatever runs controllers comes after it, so that a deletion clears it in between.
    pub leftovers: Handle<()>,
}

/// Adds the network, new or existing.
pub fn add_network(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    settings: &Settings,
) -> Result<NetworkHandles, InvalidGraph> {
    let (network, internet) = match settings {
        Settings::Existing(settings) => {
            let existing = ExistingNetwork::new(cloud.clone(), settings.clone());
            (builder.add(Used(existing))?, Vec::new())
        }
        Settings::New(settings) => {
            let cidr = &settings.cidr;
            let vpc = builder.add(Vpc::new(cloud.clone(), cidr.clone()))?;
            let gateway = builder.add(InternetGateway::new(cloud.clone(), vpc.clone()))?;
            let network = builder.add(Subnets::new(cloud.clone(), cidr.clone(), vpc))?;
            let nat = NatGateway::new(cloud.clone(), network.clone(), gateway.clone());
            let nat = builder.add(nat)?;
            let routes = RouteTables::new(cloud.clone(), network.clone(), gateway, nat);
            let routes = builder.add(routes)?;
            let endpoint = S3Endpoint::new(cloud.clone(), network.clone(), routes.clone());
            let endpoint = builder.add(endpoint)?;
            (network, vec![routes.need(), endpoint.need()])
        }
    };
    let leftovers = builder.add(Leftovers::new(cloud.clone(), network.clone()))?;
    Ok(NetworkHandles {
        network,
        internet,
        leftovers,
    })
}
