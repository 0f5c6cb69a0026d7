//! The rights that the calls of this crate need, by the names that IAM gives them.

use std::collections::BTreeSet;

use super::{
    access_entries, addon, bucket, cluster_keepers, cluster_network, eks_cluster, existing_addons,
    existing_association, existing_bucket, existing_cluster, existing_msk_cluster,
    existing_network, existing_secret, internet_gateway, kafka_versions, kept_vectors, key,
    leftovers, load_balancer, msk_access, msk_cluster, msk_configuration, msk_ingress,
    msk_security_group, msk_update, nat_gateway, node_group, oidc_provider, orphans, role,
    route_tables, s3_endpoint, scram_association, secret, subnets, volumes, vpc,
};

/// What each resource's file says.
const ALL: &[&[&str]] = &[
    access_entries::ACTIONS,
    addon::ACTIONS,
    bucket::ACTIONS,
    cluster_keepers::ACTIONS,
    cluster_network::ACTIONS,
    eks_cluster::ACTIONS,
    existing_addons::ACTIONS,
    existing_association::ACTIONS,
    existing_bucket::ACTIONS,
    existing_cluster::ACTIONS,
    existing_msk_cluster::ACTIONS,
    existing_network::ACTIONS,
    existing_secret::ACTIONS,
    internet_gateway::ACTIONS,
    kafka_versions::ACTIONS,
    kept_vectors::ACTIONS,
    key::ACTIONS,
    leftovers::ACTIONS,
    load_balancer::ACTIONS,
    msk_access::ACTIONS,
    msk_cluster::ACTIONS,
    msk_configuration::ACTIONS,
    msk_ingress::ACTIONS,
    msk_security_group::ACTIONS,
    msk_update::ACTIONS,
    nat_gateway::ACTIONS,
    node_group::ACTIONS,
    oidc_provider::ACTIONS,
    orphans::ACTIONS,
    role::ACTIONS,
    route_tables::ACTIONS,
    s3_endpoint::ACTIONS,
    scram_association::ACTIONS,
    secret::ACTIONS,
    subnets::ACTIONS,
    volumes::ACTIONS,
    vpc::ACTIONS,
];

/// Every right that an installation and its end may need, each once: `ec2:CreateVpc`.
pub fn actions() -> BTreeSet<&'static str> {
    ALL.iter().copied().flatten().copied().collect()
}
