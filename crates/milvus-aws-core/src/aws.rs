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
mod failure;
mod ids;
mod mark;

pub use bucket::Bucket;
pub use calls::{CallCount, CallLog};
pub use cloud::{Account, Cloud};
pub use connect::{ConnectError, Connection};
pub use ids::{
    InternetGatewayId, KeyArn, MskClusterArn, NatGatewayId, OidcProviderArn, RoleArn, RouteTableId,
    SecretArn, SecurityGroupId, SubnetId, VpcId,
};
pub use mark::Mark;
