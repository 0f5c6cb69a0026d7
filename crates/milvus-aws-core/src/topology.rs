//! The components of a Milvus version: roles, ports, arguments, and what goes with them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::installation::Resources;

/// The release lines that the table knows, as major and minor.
pub const LINES: [(u64, u64); 5] = [(2, 3), (2, 4), (2, 5), (2, 6), (3, 0)];

/// What a Milvus process does.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Everything in one process.
    Standalone,
    /// All coordinators in one process.
    MixCoordinator,
    /// Collections, time stamps, users.
    RootCoordinator,
    /// Segments and channels.
    DataCoordinator,
    /// Loading and balancing.
    QueryCoordinator,
    /// Index tasks.
    IndexCoordinator,
    /// The gRPC front.
    Proxy,
    /// Search and query.
    QueryNode,
    /// Flushing of segments; from 2.6 index building as well.
    DataNode,
    /// Index building, until 2.5.
    IndexNode,
    /// The log's own node, from 2.6.
    StreamingNode,
}

/// How the server learns its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ConfigLoader {
    /// Only the image's own `milvus.yaml`; settings go in as environment variables, which outrank it (before 2.4.6).
    Environment,
    /// `default.yaml` and `user.yaml` are read after the image's `milvus.yaml` (2.4.6 and later).
    Layered,
}

/// The components of one installation, in the order in which they start.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    /// One entry per deployment.
    pub components: Vec<Component>,
    /// How the server learns its settings.
    pub config_loader: ConfigLoader,
    /// Image of our etcd, as the chart of that line has it.
    pub etcd_image: &'static str,
}

/// One deployment of Milvus processes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// What its processes do.
    pub role: Role,
    /// Number of pods.
    pub replicas: u16,
    /// Whether its replicas run active-standby (coordinators with two or more).
    pub active_standby: bool,
    /// Requests and limits of each pod.
    pub resources: Resources,
}
