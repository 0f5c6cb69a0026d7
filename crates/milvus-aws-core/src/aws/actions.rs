//! The rights that the calls of this crate need, by the names that IAM gives them.

use std::collections::BTreeSet;

use super::{
    access_entries, addon, eks_cluster, existing_network, internet_gateway, leftovers, nat_gateway,
    node_group, oidc_provider, role, route_tables, s3_endpoint, subnets, volumes, vpc,
};

/// What each resource's file says.
const ALL: &[&[&str]] = &[
    access_entries::ACTIONS,
    addon::ACTIONS,
    eks_cluster::ACTIONS,
    existing_network::ACTIONS,
    internet_gateway::ACTIONS,
    leftovers::ACTIONS,
    nat_gateway::ACTIONS,
    node_group::ACTIONS,
    oidc_provider::ACTIONS,
    role::ACTIONS,
    route_tables::ACTIONS,
    s3_endpoint::ACTIONS,
    subnets::ACTIONS,
    volumes::ACTIONS,
    vpc::ACTIONS,
];

/// Every right that an installation and its end may need, each once: `ec2:CreateVpc`.
pub fn actions() -> BTreeSet<&'static str> {
    ALL.iter().copied().flatten().copied().collect()
}
