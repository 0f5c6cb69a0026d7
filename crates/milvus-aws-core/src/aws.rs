//! What an installation needs of AWS, as resources of the engine (feature `aws`).
//!
//! - [`Cloud`]: one account in one region, with the clients of its services; [`Cloud::connect`] takes credentials,
//!   region and endpoints from the standard places, as the AWS CLI does.
//! - One resource, one file: a bucket, a key, a cluster of brokers, ... Each is found by its deterministic name and by
//!   [`Mark`], the tag that says whose it is. What carries no mark of ours is never changed and never deleted.

mod bucket;
mod calls;
mod cloud;
mod connect;
mod eks_cluster;
mod failure;
mod ids;
mod key;
mod mark;
mod msk_cluster;
mod msk_configuration;
mod msk_ingress;
mod msk_security_group;
mod msk_update;
mod names;
mod network;

mod scram_association;
mod secret;

pub use bucket::Bucket;
pub use calls::{CallCount, CallLog};
pub use cloud::{Account, Cloud};
pub use connect::{ConnectError, Connection};
pub use eks_cluster::EksCluster;
pub use ids::{
    InternetGatewayId, KeyArn, MskClusterArn, NatGatewayId, OidcProviderArn, RoleArn, RouteTableId,
    SecretArn, SecurityGroupId, SubnetId, VpcId,
};
pub use key::Key;
pub use mark::Mark;
pub use msk_cluster::{Brokers, MskCluster};
pub use msk_configuration::{ConfigurationRevision, MskConfiguration};
pub use msk_ingress::MskIngress;
pub use msk_security_group::MskSecurityGroup;
pub use network::{Network, Subnet};
pub use scram_association::ScramAssociation;
pub use secret::{MskLogin, MskSecret};
