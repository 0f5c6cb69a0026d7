//! The network under everything.

use super::ids::{SubnetId, VpcId};

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
    /// One private subnet of each zone, in the order of the zones: brokers are spread over them.
    pub(super) fn one_private_subnet_a_zone(&self) -> Vec<&SubnetId> {
        let by_zone: std::collections::BTreeMap<_, _> = self
            .private_subnets
            .iter()
            .rev()
            .map(|subnet| (&subnet.zone, &subnet.id))
            .collect();
        by_zone.into_values().collect()
    }
}
