//! The tools for 2.5 and 2.6: what each role gets.

use super::{
    Generation,
    memory::Bytes,
    role_size::{RoleSize, Shape},
};
use crate::topology::Role;

const GIB: u64 = 1 << 30;
const NO_LIMIT: u64 = u64::MAX;

/// How many query nodes there are.
#[derive(Clone, Copy)]
enum Count {
    /// So many.
    Of(u64),
    /// One for so many GiB in memory.
    PerGib(u64),
}

/// One row of the table.
struct Row {
    /// Up to less than that many GiB in memory.
    below: u64,
    query_node: Shape,
    query_nodes: Count,
    /// Proxy and coordinators.
    front: Shape,
    /// What builds indexes: index nodes of 2.5, data nodes of 2.6.
    builder: (Shape, u64),
    /// Data nodes of 2.5.
    data_node: Shape,
}

impl Row {
    const fn new(
        below: u64,
        (query_node, query_nodes): (Shape, Count),
        front: Shape,
        builder: (Shape, u64),
        data_node: Shape,
    ) -> Self {
        Self {
            below,
            query_node,
            query_nodes,
            front,
            builder,
            data_node,
        }
    }
}

const C1: Shape = Shape::new(1, 4);
const C2: Shape = Shape::new(2, 8);
const C4: Shape = Shape::new(4, 16);
const C8: Shape = Shape::new(8, 32);
const C16: Shape = Shape::new(16, 64);
const C32: Shape = Shape::new(32, 128);
/// Building is work for processors more than for memory.
const C8_LEAN: Shape = Shape::new(8, 16);

const ROWS: [Row; 10] = [
    Row::new(8, (C2, Count::Of(1)), C1, (C2, 1), C2),
    Row::new(16, (C4, Count::Of(1)), C2, (C4, 1), C2),
    Row::new(32, (C4, Count::Of(2)), C2, (C4, 2), C2),
    Row::new(48, (C4, Count::Of(3)), C2, (C4, 2), C2),
    Row::new(64, (C4, Count::Of(4)), C2, (C4, 2), C2),
    Row::new(80, (C4, Count::Of(5)), C2, (C4, 4), C2),
    Row::new(96, (C4, Count::Of(6)), C2, (C4, 4), C2),
    Row::new(512, (C8, Count::PerGib(32)), C8, (C8_LEAN, 8), C8),
    Row::new(2048, (C16, Count::PerGib(64)), C8, (C8_LEAN, 8), C8),
    Row::new(NO_LIMIT, (C32, Count::PerGib(128)), C8, (C8_LEAN, 8), C8),
];

/// Streaming nodes for up to that many processors of all query nodes.
const STREAMING_NODES: [(u64, Shape, u64); 4] =
    [(16, C2, 1), (32, C4, 1), (64, C4, 2), (128, C8, 2)];
/// Beyond: two processors of a streaming node for every sixteen of query nodes.
const QUERY_CPUS: u64 = 16;
const STREAMING_CPUS: u64 = 2;
const CPUS_OF_C8: u64 = 8;

/// A pod's memory is a multiple of so many GiB.
const STANDALONE_STEP: u64 = 32;
const STANDALONE_SMALL: [u64; 2] = [8, 16];
const GIB_A_CPU: u64 = 4;

/// One pod for everything.
pub(super) fn standalone(bytes: &Bytes) -> Vec<RoleSize> {
    let small = STANDALONE_SMALL.into_iter();
    let mut fitting = small.filter(|gib| bytes.memory <= gib * GIB);
    let gib = fitting.next().unwrap_or_else(|| {
        let steps = bytes.memory.div_ceil(STANDALONE_STEP * GIB);
        steps * STANDALONE_STEP
    });
    let cpus = u32::try_from(gib / GIB_A_CPU).unwrap_or(u32::MAX / 1000);
    vec![RoleSize::new(Role::Standalone, Shape::new(cpus, gib), 1)]
}

/// What each of those roles gets, where everything is loaded that many times.
pub(super) fn components(
    roles: &[Role],
    bytes: &Bytes,
    generation: Generation,
    copies: u64,
) -> Vec<RoleSize> {
    let below = |row: &&Row| bytes.memory < row.below.saturating_mul(GIB);
    let [.., largest] = &ROWS;
    let row = ROWS.iter().find(below).unwrap_or(largest);
    let query_nodes = match row.query_nodes {
        Count::Of(count) => count,
        Count::PerGib(gib) => bytes.memory.div_ceil(gib * GIB),
    };
    let component = |role: Role| {
        let (shape, count) = match role {
            Role::QueryNode => (row.query_node, query_nodes),
            Role::Proxy | Role::MixCoordinator => (row.front, 1),
            Role::IndexNode => row.builder,
            Role::DataNode if generation == Generation::V2_6 => row.builder,
            Role::DataNode => (row.data_node, 1),
            Role::StreamingNode => {
                let each = u64::from(row.query_node.cpu.millis()) / 1000;
                return Some(streaming_nodes(each * query_nodes, copies));
            }
            _ => return None,
        };
        Some(RoleSize::new(role, shape, count))
    };
    roles.iter().filter_map(|role| component(*role)).collect()
}

/// They serve what every replica searches before it is stored, so that they grow with the replicas too.
fn streaming_nodes(query_cpus: u64, copies: u64) -> RoleSize {
    let of = |cpus: u64| {
        let mut rows = STREAMING_NODES.iter();
        let row = rows.find(|(most, ..)| cpus <= *most);
        row.map_or_else(
            || {
                let cpus = cpus.div_ceil(QUERY_CPUS) * STREAMING_CPUS;
                (C8, cpus.div_ceil(CPUS_OF_C8))
            },
            |(_, shape, count)| (*shape, *count),
        )
    };
    let (_, of_tool) = of(query_cpus);
    let (shape, count) = of(query_cpus * copies);
    RoleSize {
        replicas_of_tool: of_tool,
        ..RoleSize::new(Role::StreamingNode, shape, count)
    }
}
