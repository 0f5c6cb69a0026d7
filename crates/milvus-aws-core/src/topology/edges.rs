//! From which line to which an upgrade leads, in what order, and until when it can be undone: data, as the lines are.
//!
//! Sources: Milvus's upgrade guides and the graphs of its operator; milvus#42492 (2.6: the order), milvus#33242 (an older
//! line cannot read a newer one's indexes), milvus#46451 and #50694 (coordinators refuse an older line's binary).

use serde::Serialize;

use super::role::Role;

/// One supported step from a line to itself or to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The line that is left.
    pub from: (u64, u64),
    /// The line that is reached.
    pub to: (u64, u64),
    /// The first release of the line that is left from which the step is supported.
    pub least: (u64, u64, u64),
    /// The components, one after the other; those that an installation lacks are passed over. Backwards it is the order
    /// of going back.
    pub order: &'static [Role],
    /// Whether the coordinators must be one mixture before.
    pub only_mixture: bool,
    /// What the line that is reached has, and the one that is left has not.
    pub starts: &'static [Role],
    /// What the line that is left has, and the one that is reached has not: goes last.
    pub removes: &'static [Role],
    /// When the step cannot be undone any more.
    pub undoing: Undoing,
}

/// Until when a step can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Undoing {
    /// At any time, also afterwards.
    Always,
    /// While only these components have made the step.
    While(&'static [Role]),
}

/// Workers that ask nobody come first; those that clients meet come last.
const BEFORE_STREAMING: &[Role] = &[
    Role::Standalone,
    Role::IndexNode,
    Role::RootCoordinator,
    Role::DataCoordinator,
    Role::IndexCoordinator,
    Role::QueryCoordinator,
    Role::MixCoordinator,
    Role::QueryNode,
    Role::DataNode,
    Role::Proxy,
];
/// The streaming node waits for its coordinator. What copies to another cluster must understand what is written first.
const STREAMING: &[Role] = &[
    Role::Standalone,
    Role::Cdc,
    Role::MixCoordinator,
    Role::StreamingNode,
    Role::QueryNode,
    Role::DataNode,
    Role::Proxy,
];
/// The new coordinator hands the log to streaming nodes, which must be there then.
const TO_STREAMING: &[Role] = &[
    Role::Standalone,
    Role::Cdc,
    Role::StreamingNode,
    Role::MixCoordinator,
    Role::QueryNode,
    Role::DataNode,
    Role::Proxy,
];

const V2_3: Edge = Edge {
    from: (2, 3),
    to: (2, 3),
    least: (2, 3, 0),
    order: BEFORE_STREAMING,
    only_mixture: false,
    starts: &[],
    removes: &[],
    undoing: Undoing::Always,
};
const V2_3_TO_2_4: Edge = Edge {
    to: (2, 4),
    // It keeps nothing, and builds indexes of the version that the query nodes read.
    undoing: Undoing::While(&[Role::IndexNode]),
    ..V2_3
};
const V2_4: Edge = Edge {
    from: (2, 4),
    to: (2, 4),
    least: (2, 4, 0),
    ..V2_3
};
const V2_4_TO_2_5: Edge = Edge {
    to: (2, 5),
    undoing: V2_3_TO_2_4.undoing,
    ..V2_4
};
const V2_5: Edge = Edge {
    from: (2, 5),
    to: (2, 5),
    least: (2, 5, 0),
    ..V2_3
};
const V2_5_TO_2_6: Edge = Edge {
    to: (2, 6),
    least: (2, 5, 16),
    order: TO_STREAMING,
    only_mixture: true,
    starts: &[Role::StreamingNode],
    removes: &[Role::IndexNode],
    // It has nothing to do before there is a coordinator of its line.
    undoing: Undoing::While(&[Role::StreamingNode]),
    ..V2_5
};
const V2_6: Edge = Edge {
    from: (2, 6),
    to: (2, 6),
    least: (2, 6, 0),
    order: STREAMING,
    ..V2_3
};
const V2_6_TO_3_0: Edge = Edge {
    to: (3, 0),
    // The only release that the step was validated from.
    least: (2, 6, 20),
    undoing: Undoing::While(&[]),
    ..V2_6
};
const V3_0: Edge = Edge {
    from: (3, 0),
    to: (3, 0),
    least: (3, 0, 0),
    ..V2_6
};

const EDGES: [Edge; 9] = [
    V2_3,
    V2_3_TO_2_4,
    V2_4,
    V2_4_TO_2_5,
    V2_5,
    V2_5_TO_2_6,
    V2_6,
    V2_6_TO_3_0,
    V3_0,
];

/// Every supported step, oldest line first.
pub fn edges() -> &'static [Edge] {
    &EDGES
}

/// The step from one line to another; none where it is not supported.
pub(super) fn edge(from: (u64, u64), to: (u64, u64)) -> Option<&'static Edge> {
    EDGES.iter().find(|edge| (edge.from, edge.to) == (from, to))
}
