//! The tool of 2024: what each role gets.

use super::{
    NoSize,
    load::Load,
    memory::Bytes,
    role_size::{RoleSize, Shape},
    services::{EtcdSize, LogSize, ObjectStorageSize, Services, VolumeSize},
};
use crate::topology::Role;

const GIB: u64 = 1 << 30;
const MILLION: u64 = 1_000_000;
const BILLION: u64 = 1000 * MILLION;

/// Query nodes from that many tenths of GiB in memory on: their shape, and the GiB that each takes.
const QUERY_NODES: [(u64, Shape, u64); 4] = [
    (160, Shape::new(4, 16), 16),
    (960, Shape::new(8, 32), 32),
    (3840, Shape::new(8, 64), 64),
    (40_000, Shape::new(16, 128), 128),
];
/// Below the first row of it: one node with a processor for every four GiB, and no less.
const GIB_A_CPU: u64 = 4;
/// Index nodes below that many tenths of GiB of index, for segments of 512 MiB: their shape and number.
const INDEX_NODES: [(u64, (Shape, u64)); 4] = [
    (50, (Shape::new(4, 8), 1)),
    (200, (Shape::new(4, 8), 2)),
    (500, (Shape::new(8, 16), 2)),
    (u64::MAX, (Shape::new(8, 16), 4)),
];
/// Data nodes below that many vectors.
const DATA_NODES: [(u64, (Shape, u64)); 3] = [
    (40 * MILLION, (Shape::new(1, 4), 1)),
    (BILLION, (Shape::new(2, 8), 1)),
    (u64::MAX, (Shape::new(2, 8), 2)),
];
/// The root coordinator below that many vectors.
const ROOT_COORDINATOR: [(u64, Shape); 2] =
    [(BILLION, Shape::new(1, 2)), (u64::MAX, Shape::new(2, 4))];
/// All coordinators in one, below that many vectors.
const MIX_COORDINATOR: [(u64, Shape); 3] = [
    (MILLION + 1, Shape::new(1, 4)),
    (100 * MILLION, Shape::new(2, 8)),
    (u64::MAX, Shape::new(4, 16)),
];
/// The other coordinators below that many bytes in memory.
const COORDINATORS: [(u64, Shape); 2] = [
    (1024 * GIB, Shape::millis(500, 512)),
    (u64::MAX, Shape::new(1, 1)),
];
/// Proxies below that many bytes in memory.
const PROXY: [(u64, Shape); 2] = [(384 * GIB, Shape::new(1, 4)), (u64::MAX, Shape::new(2, 8))];
/// Members of etcd, brokers of Kafka and members of MinIO up to that many bytes of raw data.
const SERVICES: [(u64, Shape, Shape, Shape); 3] = [
    (
        50 * GIB,
        Shape::new(1, 2),
        Shape::new(1, 7),
        Shape::new(1, 2),
    ),
    (
        500 * GIB,
        Shape::new(2, 4),
        Shape::new(2, 13),
        Shape::new(2, 8),
    ),
    (
        u64::MAX,
        Shape::new(4, 8),
        Shape::new(4, 25),
        Shape::new(4, 16),
    ),
];
const ETCD_GIB: u64 = 30;
/// Volumes are multiples of so many GiB.
const STEP: u64 = 10;
/// MinIO keeps three versions of everything, and as much again for the code that outlives a lost disk.
const OBJECT_COPIES: u64 = 3 * 2;
const MINIO_MEMBERS: u64 = 4;

/// What each of those roles gets.
pub(super) fn components(roles: &[Role], load: &Load, bytes: &Bytes) -> Vec<RoleSize> {
    let sized = |role: &Role| {
        let (shape, count) = component(*role, load, bytes)?;
        Some(RoleSize::new(*role, shape, count))
    };
    roles.iter().filter_map(sized).collect()
}

fn component(role: Role, load: &Load, bytes: &Bytes) -> Option<(Shape, u64)> {
    let vectors = load.vectors.get();
    Some(match role {
        Role::QueryNode => query_nodes(bytes.memory),
        Role::IndexNode => {
            let (shape, count) = below(&INDEX_NODES, tenths(bytes.index))?;
            // Twice the segment is twice the work at a time; the table is for half a GiB.
            (shape.times(load.segment.mib() / 512), count)
        }
        Role::DataNode => below(&DATA_NODES, vectors)?,
        Role::RootCoordinator => (below(&ROOT_COORDINATOR, vectors)?, 1),
        Role::MixCoordinator => (below(&MIX_COORDINATOR, vectors)?, 1),
        Role::DataCoordinator | Role::QueryCoordinator | Role::IndexCoordinator => {
            (below(&COORDINATORS, bytes.memory)?, 1)
        }
        Role::Proxy => (below(&PROXY, bytes.memory)?, 1),
        _ => return None,
    })
}

/// The tool rounds up to tenths of GiB first.
fn query_nodes(memory: u64) -> (Shape, u64) {
    let size = tenths(memory);
    if let Some((_, shape, each)) = QUERY_NODES.iter().rfind(|(from, ..)| *from <= size) {
        return (*shape, size.div_ceil(each * 10));
    }
    let cpus = size.div_ceil(GIB_A_CPU * 10).max(1);
    let shape = Shape::new(1, GIB_A_CPU).times(u32::try_from(cpus).unwrap_or(1));
    (shape, 1)
}

/// Metadata, log and objects.
pub(super) fn services(bytes: &Bytes) -> Result<Services, NoSize> {
    let row = SERVICES.iter().find(|(most, ..)| bytes.raw <= *most);
    let (_, etcd, broker, minio) = row.ok_or(NoSize::TooMuch)?;
    let raw_gib = tenths(bytes.raw).div_ceil(10).max(STEP);
    let objects = (bytes.raw + bytes.index) * OBJECT_COPIES / MINIO_MEMBERS;
    Ok(Services {
        etcd: EtcdSize::new(3, *etcd, ETCD_GIB),
        log: Some(LogSize::new(*broker, raw_gib.next_multiple_of(STEP))),
        object_storage: ObjectStorageSize {
            bytes: bytes.raw + bytes.index,
            minio: VolumeSize::new(
                MINIO_MEMBERS,
                *minio,
                tenths(objects).div_ceil(10).next_multiple_of(STEP),
            ),
        },
    })
}

/// Tenths of GiB, rounded up.
fn tenths(bytes: u64) -> u64 {
    (bytes * 10).div_ceil(GIB)
}

/// What the first row has whose limit is above that number.
fn below<R: Copy>(table: &[(u64, R)], number: u64) -> Option<R> {
    let row = table.iter().find(|(limit, _)| number < *limit)?;
    Some(row.1)
}
