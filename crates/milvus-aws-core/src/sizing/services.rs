//! Metadata, log and objects beside Milvus.

use serde::Serialize;

use super::{Mode, load::Vectors, memory::Bytes, role_size::Shape};
use crate::installation::Memory;

/// Everything beside Milvus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Services {
    pub etcd: EtcdSize,
    pub log: Option<LogSize>,
    pub object_storage: ObjectStorageSize,
}

/// Members with a volume each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeSize {
    /// How many.
    pub replicas: u64,
    /// Processor and memory of each.
    #[serde(flatten)]
    pub shape: Shape,
    /// Volume of each.
    pub storage: Memory,
}

/// The metadata store.
pub type EtcdSize = VolumeSize;

/// The log, as brokers of Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogSize {
    /// The brokers. Amazon MSK brings what the tool plans for ZooKeeper.
    pub kafka: VolumeSize,
}

/// The object storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectStorageSize {
    /// Bytes of vectors, fields and indexes, once.
    pub bytes: u64,
    /// What would hold them outside of a cloud.
    pub minio: VolumeSize,
}

const GIB: u64 = 1 << 30;
const BROKERS: u64 = 3;

/// One row of the table for a mode, from that many bytes of raw data on.
struct Row {
    from: u64,
    etcd: Shape,
    etcd_gib: u64,
    minio: Shape,
    broker: Shape,
}

const STANDALONE: [Row; 2] = [
    Row {
        from: 0,
        etcd: Shape::millis(500, 1024),
        etcd_gib: 10,
        minio: Shape::new(1, 4),
        broker: Shape::new(1, 1),
    },
    Row {
        from: Vectors::MILLION_OF_768,
        etcd: Shape::millis(500, 2048),
        etcd_gib: 10,
        minio: Shape::new(1, 8),
        broker: Shape::new(1, 1),
    },
];
const CLUSTER: [Row; 2] = [
    Row {
        from: 0,
        etcd: Shape::new(1, 4),
        etcd_gib: 20,
        minio: Shape::new(1, 8),
        broker: Shape::new(2, 8),
    },
    Row {
        from: 100 * Vectors::MILLION_OF_768,
        etcd: Shape::new(1, 8),
        etcd_gib: 50,
        minio: Shape::new(1, 8),
        broker: Shape::new(4, 16),
    },
];
/// The smallest volumes of MinIO and of a broker.
const MINIO_GIB: u64 = 30;
const BROKER_GIB: u64 = 20;

/// By the tools for 2.5 and 2.6.
pub(super) fn by_tool(bytes: &Bytes, mode: Mode) -> Services {
    let (rows, etcd_members, minio_members) = match mode {
        Mode::Standalone => (&STANDALONE, 1, 1),
        Mode::Cluster => (&CLUSTER, 3, 4),
    };
    let [small, large] = rows;
    let row = if bytes.raw >= large.from {
        large
    } else {
        small
    };
    let stored = bytes.raw + bytes.memory;
    let broker_gib = bytes.raw.div_ceil(GIB).max(BROKER_GIB);
    Services {
        etcd: VolumeSize::new(etcd_members, row.etcd, row.etcd_gib),
        log: (mode == Mode::Cluster).then(|| LogSize::new(row.broker, broker_gib)),
        object_storage: ObjectStorageSize {
            bytes: bytes.raw + bytes.index.max(bytes.disk),
            minio: VolumeSize::new(
                minio_members,
                row.minio,
                stored.div_ceil(GIB).max(MINIO_GIB),
            ),
        },
    }
}

impl VolumeSize {
    pub(super) const fn new(replicas: u64, shape: Shape, gib: u64) -> Self {
        Self {
            replicas,
            shape,
            storage: Memory::from_mib(gib * 1024),
        }
    }
}

impl LogSize {
    pub(super) const fn new(broker: Shape, gib: u64) -> Self {
        Self {
            kafka: VolumeSize::new(BROKERS, broker, gib),
        }
    }
}
