//! What an installation needs of AWS, as resources of the engine (feature `aws`).
//!
//! - [`Cloud`]: one account in one region, with the clients of its services; [`Cloud::connect`] takes credentials,
//!   region and endpoints from the standard places, as the AWS CLI does.
//! - One resource, one file: a bucket, a key, a cluster of brokers, ... Each is found by its deterministic name and by
//!   [`Mark`], the tag that says whose it is. What carries no mark of ours is never changed and never deleted.
//! - What exists and is only used (`existing*`) has no way to write.

mod access_entries;
mod actions;
mod addon;
mod bucket;
mod bucket_name;
mod calls;
mod changes;
mod cloud;
mod cluster_keepers;
mod cluster_network;
mod connect;
mod ec2_marks;
mod eks;
mod eks_cluster;
mod existing_addons;
mod existing_association;
mod existing_bucket;
mod existing_cluster;
mod existing_msk_cluster;
mod existing_network;
mod existing_secret;
mod failure;
mod http_client;
mod iam_policy;
mod ids;
mod install;
mod internet_gateway;
mod kafka_versions;
mod kept_vectors;
mod key;
mod leftovers;
mod load_balancer;
mod mark;
mod msk;
mod msk_access;
mod msk_cluster;
mod msk_configuration;
mod msk_ingress;
mod msk_security_group;
mod msk_update;
mod names;
mod nat_gateway;
mod network;
mod node_group;
mod oidc_provider;
mod orphans;
mod partition;
mod policy;
mod role;
mod route_tables;
mod s3_endpoint;
mod scram_association;
mod secret;
mod settling;
mod subnets;
mod token;
mod volumes;
mod vpc;

pub use crate::prices;

pub use access_entries::AccessEntries;
pub use actions::actions;
pub use addon::{Addon, AddonName};
pub use aws_sdk_sts::config::Credentials;
pub use bucket::Bucket;
pub use calls::{CallCount, CallLog};
pub use cloud::{Account, Cloud};
pub use connect::{ConnectError, Connection};
pub use eks::{EksHandles, Workloads, add_eks};
pub use eks_cluster::{ControlPlane, EksCluster};
pub use existing_cluster::ClusterState;
pub use existing_network::ExistingNetwork;
pub use iam_policy::iam_policy;
pub use ids::{
    InternetGatewayId, KeyArn, MskClusterArn, NatGatewayId, OidcProviderArn, RoleArn, RouteTableId,
    SecretArn, SecurityGroupId, SubnetId, VpcId,
};
pub use install::{AwsHandles, NoAwsGraph, add};
pub use internet_gateway::InternetGateway;
pub use kept_vectors::vectors_without_metadata;
pub use key::Key;
pub use leftovers::Leftovers;
pub use load_balancer::LoadBalancer;
pub use mark::Mark;
pub use msk::{MskHandles, add_msk};
pub use msk_cluster::{Brokers, MskCluster};
pub use msk_configuration::{ConfigurationRevision, MskConfiguration};
pub use msk_ingress::MskIngress;
pub use msk_security_group::MskSecurityGroup;
pub use nat_gateway::NatGateway;
pub use network::{Network, NetworkHandles, Subnet, add_network};
pub use node_group::NodeGroup;
pub use oidc_provider::{OidcProvider, TrustedIssuer};
pub use orphans::Orphan;
pub use policy::{Policy, ServiceAccount};
pub use role::{Role, RolePurpose, role_name};
pub use route_tables::{RouteTables, Routes};
pub use s3_endpoint::S3Endpoint;
pub use scram_association::ScramAssociation;
pub use secret::{MSK_USER, MskLogin, MskSecret};
pub use subnets::Subnets;
pub use token::{KubernetesToken, TokenError, TokenSigner};
pub use volumes::Volumes;
pub use vpc::Vpc;
