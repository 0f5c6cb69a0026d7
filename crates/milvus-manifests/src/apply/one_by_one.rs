//! Deployments one after the other, with proofs between them.

use std::time::Duration;

use milvus_aws_core::engine::{GraphBuilder, InvalidGraph, Need};

/// The order of an upgrade.
#[derive(Clone)]
pub struct OneByOne<'a> {
    /// What comes after what. Deployments that no turn names come last.
    pub turns: Vec<Turn>,
    /// How long one component may take until it is ready.
    pub patience: Duration,
    /// Who proves that Milvus works.
    pub proofs: &'a dyn Proofs,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The deployment of the component of that name, or `etcd`'s StatefulSet.
    Component(&'static str),
    /// A proof that Milvus works; the text says where in the order: `proxy`. Where it is the first turn, nothing at all
    /// is written before it.
    Proof(String),
}

/// Adds proofs that Milvus works.
pub trait Proofs: Send + Sync {
    /// Adds one that is begun after these.
    fn add(
        &self,
        builder: &mut GraphBuilder,
        at: &str,
        after: Vec<Need>,
    ) -> Result<Need, InvalidGraph>;
}
