//! The tool of 2024, by hand.

use milvus_aws_core::sizing::Generation;

use super::{by_tool, cluster, pods};

#[test]
fn the_guides_numbers() {
    // 1e6 * (4 * 1024 + 8 * 8) = 4.16e9 bytes of index, twice that in memory: 7.8 GiB, so 2 processors with 8 GiB.
    let sizing = cluster(Generation::Guide, "1000000", "1024", "HNSW");
    assert_eq!(sizing.milvus_version.to_string(), "2.4.5");
    assert_eq!(sizing.raw_bytes, 4_096_000_000);
    assert_eq!(sizing.memory_bytes, 8_320_000_000);
    // As in the guide's milvus_cluster.yaml, sections 5 and 6.
    assert_eq!(
        by_tool(&sizing),
        [
            "rootCoordinator 1 x 1c2Gi",
            "dataCoordinator 1 x 500mc512Mi",
            "indexCoordinator 1 x 500mc512Mi",
            "queryCoordinator 1 x 500mc512Mi",
            "indexNode 1 x 4c8Gi",
            "dataNode 1 x 1c4Gi",
            "queryNode 1 x 2c8Gi",
            "proxy 1 x 1c4Gi",
        ]
    );
    assert_eq!(
        pods(&sizing),
        [
            ("rootCoordinator", 2),
            ("dataCoordinator", 2),
            ("indexCoordinator", 2),
            ("queryCoordinator", 2),
            ("indexNode", 1),
            ("dataNode", 1),
            ("queryNode", 1),
            ("proxy", 2),
        ]
    );
    // Raw data of less than 50 GiB: the first row. (4.096e9 + 4.16e9) * 6 / 4 is 11.6 GiB, in tens 20.
    let etcd = sizing.etcd;
    assert_eq!(
        (etcd.replicas, etcd.storage.to_string().as_str()),
        (3, "30Gi")
    );
    assert_eq!(etcd.shape.memory.to_string(), "2Gi");
    let kafka = sizing.log.unwrap().kafka;
    assert_eq!(
        (kafka.replicas, kafka.storage.to_string().as_str()),
        (3, "10Gi")
    );
    assert_eq!(
        (kafka.shape.cpu.millis(), kafka.shape.memory.mib()),
        (1000, 7168)
    );
    let minio = sizing.object_storage.minio;
    assert_eq!(
        (minio.replicas, minio.storage.to_string().as_str()),
        (4, "20Gi")
    );
}

/// Vectors, dimensions, index, bytes in memory; query, index and data nodes, proxy, other coordinators, etcd.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    u64,
    [&'static str; 5],
    &'static str,
);

const TABLE: [Row; 7] = [
    // 1e6 * 128 * 4 * 2 = 0.96 GiB: ceil(1.0 / 4) = 1 processor.
    (
        "1M",
        "128",
        "FLAT",
        1_024_000_000,
        [
            "1 x 1c4Gi",
            "1 x 4c8Gi",
            "1 x 1c4Gi",
            "1 x 1c4Gi",
            "1 x 500mc512Mi",
        ],
        "1c2Gi",
    ),
    // (5e6 + 1024) * 768 * 4 * 2 = 28.7 GiB: ceil(28.7 / 16) = 2; the index, 14.4 GiB, takes two nodes.
    (
        "5M",
        "768",
        "IVF_FLAT",
        30_726_291_456,
        [
            "2 x 4c16Gi",
            "2 x 4c8Gi",
            "1 x 1c4Gi",
            "1 x 1c4Gi",
            "1 x 500mc512Mi",
        ],
        "1c2Gi",
    ),
    // (40e6 * 768 + 1024 * 768 * 4) * 3 = 85.9 GiB: ceil(85.9 / 16) = 6. From 40e6 on a data node has 2 processors.
    // Raw 122.88e9 = 114.4 GiB: second row of services.
    (
        "40M",
        "768",
        "IVF_SQ8",
        92_169_437_184,
        [
            "6 x 4c16Gi",
            "2 x 8c16Gi",
            "1 x 2c8Gi",
            "1 x 1c4Gi",
            "1 x 500mc512Mi",
        ],
        "2c4Gi",
    ),
    // 100e6 * (3072 + 64) * 2 = 584.2 GiB: ceil(584.2 / 64) = 10. From 384 GiB on a proxy has 2 processors.
    (
        "100M",
        "768",
        "HNSW",
        627_200_000_000,
        [
            "10 x 8c64Gi",
            "4 x 8c16Gi",
            "1 x 2c8Gi",
            "1 x 2c8Gi",
            "1 x 500mc512Mi",
        ],
        "2c4Gi",
    ),
    // 1e9 * 3136 * 2 = 5841.3 GiB: ceil(5841.3 / 128) = 46; two shards, two data nodes. Raw 2861 GiB: last row.
    (
        "1B",
        "768",
        "HNSW",
        6_272_000_000_000,
        [
            "46 x 16c128Gi",
            "4 x 8c16Gi",
            "2 x 2c8Gi",
            "1 x 2c8Gi",
            "1 x 1c1Gi",
        ],
        "4c8Gi",
    ),
    // 60e6 * 768 * 4 / 4 = 43 GiB, once: ceil(43 / 16) = 3.
    (
        "60M",
        "768",
        "DISKANN",
        46_080_000_000,
        [
            "3 x 4c16Gi",
            "2 x 8c16Gi",
            "1 x 2c8Gi",
            "1 x 1c4Gi",
            "1 x 500mc512Mi",
        ],
        "2c4Gi",
    ),
    // 20e6 * (3072 + 64) * 2 = 116.9 GiB: ceil(116.9 / 32) = 4. The index, 58.5 GiB, takes four nodes.
    (
        "20M",
        "768",
        "HNSW",
        125_440_000_000,
        [
            "4 x 8c32Gi",
            "4 x 8c16Gi",
            "1 x 1c4Gi",
            "1 x 1c4Gi",
            "1 x 500mc512Mi",
        ],
        "2c4Gi",
    ),
];

#[test]
fn the_table() {
    for (vectors, dimension, index, memory, nodes, etcd) in TABLE {
        let sizing = cluster(Generation::Guide, vectors, dimension, index);
        let what = format!("{vectors} of {dimension} under {index}");
        assert_eq!(sizing.memory_bytes, memory, "{what}");
        let all = by_tool(&sizing);
        let roles = [
            "queryNode",
            "indexNode",
            "dataNode",
            "proxy",
            "queryCoordinator",
        ];
        for (role, size) in roles.iter().zip(nodes) {
            assert!(
                all.contains(&format!("{role} {size}")),
                "{what}: {role} {size} in {all:?}"
            );
        }
        let shape = sizing.etcd.shape;
        assert_eq!(format!("{}c{}", shape.cpu, shape.memory), etcd, "{what}");
    }
}

#[test]
fn a_larger_segment_is_built_by_a_larger_node() {
    let mut request = super::request(Generation::Guide, "1M", "1024", "HNSW");
    request.segment = Some("2048".parse().unwrap());
    let all = by_tool(&request.size().unwrap());
    assert!(all.contains(&"indexNode 1 x 16c32Gi".to_owned()), "{all:?}");
}

#[test]
fn from_2_4_7_on_coordinators_are_one() {
    let mut request = super::request(Generation::Guide, "1M", "1024", "HNSW");
    request.version = Some("2.4.17".parse().unwrap());
    let all = by_tool(&request.size().unwrap());
    assert_eq!(all[0], "mixCoordinator 1 x 1c4Gi");
    request.vectors = "1000001".parse().unwrap();
    let all = by_tool(&request.size().unwrap());
    assert_eq!(all[0], "mixCoordinator 1 x 2c8Gi");
}
