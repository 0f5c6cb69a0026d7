//! Kubernetes: a real control plane and a real node, with DNS and volumes.

mod addons;
mod config_tool;
mod go;
mod image;
mod layouts;
mod node;
mod official;
pub mod openshift;
pub(crate) mod parts;
mod pki;
mod stand_ins;

pub use node::bring_up;

/// Name of the only node.
pub const NODE: &str = "node1";
/// Address of the node inside the stage's network.
pub const NODE_ADDRESS: &str = "192.168.77.1";
/// Where the API server answers, inside the stage's network.
pub const API_ADDRESS: &str = "192.168.77.1:6443";
/// The API server's address as pods see it.
pub const SERVICE_ADDRESS: &str = "10.96.0.1";
/// The cluster's DNS server.
pub const DNS_ADDRESS: &str = "10.96.0.10";
/// What the issuer of service accounts' tokens ends with.
pub const OIDC_ID: &str = "57A6E0F4B3C2D1957A6E0F4B3C2D1957";
/// Who issues service accounts' tokens: the EKS cluster, as the AWS half names it.
pub const OIDC_ISSUER: &str =
    "https://oidc.eks.us-west-2.amazonaws.com/id/57A6E0F4B3C2D1957A6E0F4B3C2D1957";
