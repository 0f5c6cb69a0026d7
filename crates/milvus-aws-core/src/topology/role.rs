//! What a Milvus process does, and what every version has in common there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::component::Port;

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
    /// Copies changes to another Milvus, from 2.6.6; only where it is named.
    Cdc,
}

/// The port of metrics and health that every process has.
pub(super) const METRICS: Port = Port {
    name: "metrics",
    number: 9091,
};

/// The port that clients use.
pub(super) const CLIENTS: Port = Port {
    name: "milvus",
    number: 19530,
};

impl Role {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Standalone,
        Self::MixCoordinator,
        Self::RootCoordinator,
        Self::DataCoordinator,
        Self::QueryCoordinator,
        Self::IndexCoordinator,
        Self::Proxy,
        Self::QueryNode,
        Self::DataNode,
        Self::IndexNode,
        Self::StreamingNode,
        Self::Cdc,
    ];

    /// The separate coordinators, which are one role each until 2.5.
    pub const SEPARATE_COORDINATORS: [Self; 4] = [
        Self::RootCoordinator,
        Self::DataCoordinator,
        Self::IndexCoordinator,
        Self::QueryCoordinator,
    ];

    /// The name in object names and in the label `component`, as the official chart has it.
    pub const fn component_name(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::MixCoordinator => "mixcoord",
            Self::RootCoordinator => "rootcoord",
            Self::DataCoordinator => "datacoord",
            Self::QueryCoordinator => "querycoord",
            Self::IndexCoordinator => "indexcoord",
            Self::Proxy => "proxy",
            Self::QueryNode => "querynode",
            Self::DataNode => "datanode",
            Self::IndexNode => "indexnode",
            Self::StreamingNode => "streamingnode",
            Self::Cdc => "cdc",
        }
    }

    /// The role that has that name in object names and in the label `component`.
    pub fn of_component(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.component_name() == name)
    }

    /// The name in `milvus.yaml` of this project.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::MixCoordinator => "mixCoordinator",
            Self::RootCoordinator => "rootCoordinator",
            Self::DataCoordinator => "dataCoordinator",
            Self::QueryCoordinator => "queryCoordinator",
            Self::IndexCoordinator => "indexCoordinator",
            Self::Proxy => "proxy",
            Self::QueryNode => "queryNode",
            Self::DataNode => "dataNode",
            Self::IndexNode => "indexNode",
            Self::StreamingNode => "streamingNode",
            Self::Cdc => "cdc",
        }
    }

    /// The section of the server's settings; a mixture has those of the four coordinators.
    pub const fn settings_section(self) -> Option<&'static str> {
        match self {
            Self::RootCoordinator => Some("rootCoord"),
            Self::DataCoordinator => Some("dataCoord"),
            Self::QueryCoordinator => Some("queryCoord"),
            Self::IndexCoordinator => Some("indexCoord"),
            Self::Proxy => Some("proxy"),
            Self::QueryNode => Some("queryNode"),
            Self::DataNode => Some("dataNode"),
            Self::IndexNode => Some("indexNode"),
            Self::StreamingNode => Some("streamingNode"),
            Self::Standalone | Self::MixCoordinator | Self::Cdc => None,
        }
    }

    /// The sections of the server's settings that say whether disk indexes are used; none where the role has no say.
    pub const fn disk_sections(self) -> &'static [&'static str] {
        match self {
            Self::Standalone => &["queryNode", "indexNode"],
            Self::QueryNode => &["queryNode"],
            // Data nodes build indexes from 2.6 on, by the settings of the nodes that did it before.
            Self::IndexNode | Self::DataNode => &["indexNode"],
            _ => &[],
        }
    }

    /// Whether each resource group has deployments of its own of it.
    pub const fn is_grouped(self) -> bool {
        matches!(self, Self::QueryNode | Self::StreamingNode)
    }

    /// Whether only one replica works at a time, the others standing by.
    pub const fn is_coordinator(self) -> bool {
        matches!(
            self,
            Self::MixCoordinator
                | Self::RootCoordinator
                | Self::DataCoordinator
                | Self::QueryCoordinator
                | Self::IndexCoordinator
        )
    }

    /// The process and its arguments.
    pub const fn args(self) -> &'static [&'static str] {
        match self {
            Self::Standalone => &["milvus", "run", "standalone"],
            Self::MixCoordinator => &[
                "milvus",
                "run",
                "mixture",
                "-rootcoord",
                "-querycoord",
                "-datacoord",
                "-indexcoord",
            ],
            Self::RootCoordinator => &["milvus", "run", "rootcoord"],
            Self::DataCoordinator => &["milvus", "run", "datacoord"],
            Self::QueryCoordinator => &["milvus", "run", "querycoord"],
            Self::IndexCoordinator => &["milvus", "run", "indexcoord"],
            Self::Proxy => &["milvus", "run", "proxy"],
            Self::QueryNode => &["milvus", "run", "querynode"],
            Self::DataNode => &["milvus", "run", "datanode"],
            Self::IndexNode => &["milvus", "run", "indexnode"],
            Self::StreamingNode => &["milvus", "run", "streamingnode"],
            Self::Cdc => &["milvus", "run", "cdc"],
        }
    }

    /// The port of its own work; a mixture's are inside the pod, and CDC has none.
    pub const fn port(self) -> Option<Port> {
        match self {
            Self::Standalone | Self::Proxy => Some(CLIENTS),
            Self::MixCoordinator | Self::Cdc => None,
            Self::RootCoordinator => Some(self.named_port(53100)),
            Self::DataCoordinator => Some(self.named_port(13333)),
            Self::QueryCoordinator => Some(self.named_port(19531)),
            Self::IndexCoordinator => Some(self.named_port(31000)),
            Self::QueryNode => Some(self.named_port(21123)),
            Self::DataNode => Some(self.named_port(21124)),
            Self::IndexNode => Some(self.named_port(21121)),
            Self::StreamingNode => Some(self.named_port(22222)),
        }
    }

    const fn named_port(self, number: u16) -> Port {
        Port {
            name: self.component_name(),
            number,
        }
    }
}
