//! How large a Milvus must be for a load: the formulas of Milvus's own sizing tool in three generations, and what that
//! tool leaves out: replicas in memory, pairs of coordinators and proxies, what fits on machines, and what those cost.
//!
//! ```
//! use milvus_aws_core::sizing::{Generation, IndexKind, Request};
//!
//! let mut request = Request::new("1M".parse()?, "1024".parse()?, IndexKind::Hnsw);
//! request.generation = Some(Generation::Guide);
//! let sizing = request.size()?;
//! let query_node = sizing.components.iter().find(|size| size.role.key() == "queryNode").unwrap();
//! assert_eq!(query_node.shape.memory.to_string(), "8Gi");
//! # Ok::<(), milvus_aws_core::sizing::NoSize>(())
//! ```

mod generation;
mod guide;
mod index;
mod known_short;
mod load;
mod machine;
mod memory;
mod monthly_cost;
mod no_size;
mod nodes;
mod pods;
mod request;
mod role_size;
mod services;
mod tool;
mod written;

use serde::Serialize;

use crate::installation::MilvusVersion;

pub use generation::Generation;
pub use index::{Index, IndexKind, Parameter, Refine};
pub use load::{Dimension, Load, ScalarBytes, SegmentSize, Vectors};
pub use machine::Allocatable;
pub use monthly_cost::CostItem;
pub use no_size::NoSize;
pub use nodes::NodePlan;
pub use request::Request;
pub use role_size::{RoleSize, Shape};
pub use services::{EtcdSize, LogSize, ObjectStorageSize, VolumeSize};
pub use written::Destination;

/// One pod, or one deployment per role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Everything in one process.
    Standalone,
    /// One deployment per role.
    Cluster,
}

/// How large a Milvus must be for a load.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sizing {
    /// Which generation of the tool says so.
    pub generation: Generation,
    /// Which release is sized.
    pub milvus_version: MilvusVersion,
    /// What shall be stored.
    pub load: Load,
    /// Bytes of vectors and other fields as they are.
    pub raw_bytes: u64,
    /// Bytes in the memory of query nodes, for one replica.
    pub memory_bytes: u64,
    /// Bytes on the disks of query nodes, for one replica.
    pub disk_bytes: u64,
    /// One pod or one per role.
    pub mode: Mode,
    /// Why that mode.
    pub because: String,
    /// The pods of Milvus, in the order in which they start.
    pub components: Vec<RoleSize>,
    /// The metadata store. In one pod it is within that pod, and comes on top of it.
    pub etcd: EtcdSize,
    /// The log; one pod has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogSize>,
    /// The objects; one pod keeps them on its volume.
    pub object_storage: ObjectStorageSize,
    /// Whether the size of segments was asked for, and must be set.
    #[serde(skip)]
    has_own_segment_size: bool,
}

impl Sizing {
    /// What the numbers do not say.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut say = |holds: bool, note: &str| {
            if holds {
                notes.push(note.to_owned());
            }
        };
        let one_query_node = self
            .components
            .iter()
            .any(|size| size.role.key() == "queryNode" && size.replicas == 1);
        say(
            one_query_node,
            "one query node: nothing is found while it restarts; two replicas in memory go on answering",
        );
        say(
            self.mode == Mode::Standalone,
            "one pod: nothing is found while it restarts; a cluster goes on answering",
        );
        say(
            self.load.replicas.get() > 1,
            "each collection is loaded that often only when it is loaded with `replica_number`",
        );
        say(
            self.load.index.is_on_disk(),
            "an index on disk wants local NVMe disks; the nodes' gp3 volumes answer more slowly",
        );
        say(
            self.load.offload && !self.sets_mmap(),
            "this release maps fields from disk collection by collection (`mmap.enabled`)",
        );
        notes.extend(known_short::notes(self));
        notes
    }

    /// Whether the server has a setting that maps all scalar fields from disk (from 2.5).
    fn sets_mmap(&self) -> bool {
        self.milvus_version.is_at_least(2, 5, 0)
    }
}
