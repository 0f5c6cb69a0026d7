//! What a Milvus installation *is*, and the engine that brings one about.
//!
//! - [`Installation`]: the file that users write, parsed and valid.
//! - [`Topology`]: the components of that Milvus version, with replicas, ports and arguments.
//! - [`engine`] (feature `engine`): a graph of resources, each started the moment that its inputs are there.
//!
//! No Kubernetes client, no terminal and no argument parser is known here.

#[cfg(feature = "engine")]
pub mod engine;
pub mod installation;
pub mod topology;

pub use installation::Installation;
pub use topology::Topology;
