//! The tools for 2.5 and 2.6, by hand.

use milvus_aws_core::sizing::{Generation, Mode};

use super::{by_tool, cluster, pods, request};

/// Index with parameters of the page, bytes in memory and on disk of 10 million vectors of 768 dimensions:
/// V = 10e6 * 768 * 4 = 30.72e9; two segments are 2 * 2^30 = 2 147 483 648; all of it and 15 %.
const INDEXES: [(&str, u64, u64); 8] = [
    // (V + 2 segments) * 1.15
    ("FLAT", 37_797_606_196, 0),
    // (V + 128 * 3072 + 2 segments) * 1.15
    ("IVF_FLAT", 37_798_058_394, 0),
    // (V / 4 + 128 * 3072 + 2 segments) * 1.15
    ("IVF_SQ8", 11_302_058_394, 0),
    // (V / 32 + 128 * 3072 + 2 segments) * 1.15
    ("IVF_RABITQ", 3_574_058_394, 0),
    // (V / 8 + 2 segments) * 1.15
    ("SCANN", 6_885_606_196, 0),
    // (V + 10e6 * 30 * 8 + 2 segments) * 1.15
    ("HNSW", 40_557_606_196, 0),
    // V / 4 * 1.15; V + 10e6 * 56 * 4
    ("DISKANN", 8_832_000_000, 32_960_000_000),
    // (16 MiB + 2 segments) * 1.15; V * (1 + 56 / 8) + 10e6 * 56 * 4
    ("AISAQ", 2_488_899_994, 248_000_000_000),
];

#[test]
fn bytes_of_every_index() {
    for (index, memory, disk) in INDEXES {
        let sizing = cluster(Generation::V2_6, "10M", "768", index);
        let found = (sizing.memory_bytes, sizing.disk_bytes);
        assert_eq!(found, (memory, disk), "{index}");
        if index != "IVF_RABITQ" && index != "AISAQ" {
            let sizing = cluster(Generation::V2_5, "10M", "768", index);
            let found = (sizing.memory_bytes, sizing.disk_bytes);
            assert_eq!(found, (memory, disk), "{index} of 2.5");
        }
    }
}

#[test]
fn parameters_of_indexes() {
    let with = |index: &str, parameters: &[&str]| {
        let mut request = request(Generation::V2_6, "10M", "768", index);
        request.parameters = parameters
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let sizing = request.size().unwrap();
        (sizing.memory_bytes, sizing.disk_bytes)
    };
    // (V + 10e6 * 16 * 8 + 2 segments) * 1.15
    assert_eq!(with("HNSW", &["M=16"]), (39_269_606_196, 0));
    // (V + 65536 * 3072 + 2 segments) * 1.15
    assert_eq!(with("IVF_FLAT", &["nlist=65536"]), (38_029_131_776, 0));
    // (V * (1 + 8) / 32 + 1024 * 3072 + 2 segments) * 1.15
    assert_eq!(
        with("IVF_RABITQ", &["nlist=1024", "refine_type=sq8"]),
        (12_409_223_783, 0)
    );
    // (V * 9 / 8 + 2 segments) * 1.15
    assert_eq!(with("SCANN", &["with_raw_data=true"]), (42_213_606_196, 0));
    // V + 10e6 * 32 * 4
    assert_eq!(with("DISKANN", &["max_degree=32"]).1, 32_000_000_000);
    // V * (1 + 4 / 8) + 10e6 * 32 * 4
    assert_eq!(
        with("AISAQ", &["max_degree=32", "inline_pq=4"]).1,
        47_360_000_000
    );
}

#[test]
fn other_fields_of_a_row() {
    let mut request = request(Generation::V2_6, "10M", "768", "FLAT");
    request.scalar_bytes = "200".parse().unwrap();
    request.mode = Some(Mode::Cluster);
    // 10e6 * 200 = 2e9, all of it in memory.
    let sizing = request.size().unwrap();
    assert_eq!(sizing.raw_bytes, 32_720_000_000);
    assert_eq!(
        (sizing.memory_bytes, sizing.disk_bytes),
        (39_797_606_196, 0)
    );
    // On disk: all of it there, and a tenth in memory.
    request.offload = true;
    let sizing = request.size().unwrap();
    assert_eq!(
        (sizing.memory_bytes, sizing.disk_bytes),
        (37_997_606_196, 2_000_000_000)
    );
}

/// Vectors of 768 dimensions under FLAT, and what a cluster of 2.6 and of 2.5 gets. In memory are
/// (N * 3072 + 2 * 2^30) * 1.15 bytes.
type Row = (&'static str, [&'static str; 5], [&'static str; 5]);

const CLUSTERS: [Row; 10] = [
    // 5.6 GiB
    (
        "1M",
        [
            "mixCoordinator 1 x 1c4Gi",
            "streamingNode 1 x 2c8Gi",
            "queryNode 1 x 2c8Gi",
            "dataNode 1 x 2c8Gi",
            "proxy 1 x 1c4Gi",
        ],
        [
            "mixCoordinator 1 x 1c4Gi",
            "indexNode 1 x 2c8Gi",
            "dataNode 1 x 2c8Gi",
            "queryNode 1 x 2c8Gi",
            "proxy 1 x 1c4Gi",
        ],
    ),
    // 12.2 GiB
    (
        "3M",
        [
            "mixCoordinator 1 x 2c8Gi",
            "streamingNode 1 x 2c8Gi",
            "queryNode 1 x 4c16Gi",
            "dataNode 1 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
        [
            "mixCoordinator 1 x 2c8Gi",
            "indexNode 1 x 4c16Gi",
            "dataNode 1 x 2c8Gi",
            "queryNode 1 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
    ),
    // 25.3 GiB
    (
        "7M",
        [
            "mixCoordinator 1 x 2c8Gi",
            "streamingNode 1 x 2c8Gi",
            "queryNode 2 x 4c16Gi",
            "dataNode 2 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
        [
            "mixCoordinator 1 x 2c8Gi",
            "indexNode 2 x 4c16Gi",
            "dataNode 1 x 2c8Gi",
            "queryNode 2 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
    ),
    // 35.2 GiB
    (
        "10M",
        [
            "mixCoordinator 1 x 2c8Gi",
            "streamingNode 1 x 2c8Gi",
            "queryNode 3 x 4c16Gi",
            "dataNode 2 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
        [
            "mixCoordinator 1 x 2c8Gi",
            "indexNode 2 x 4c16Gi",
            "dataNode 1 x 2c8Gi",
            "queryNode 3 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
    ),
    // 51.6 GiB: 16 processors of query nodes are one unit of streaming nodes.
    (
        "15M",
        [
            "mixCoordinator 1 x 2c8Gi",
            "streamingNode 1 x 2c8Gi",
            "queryNode 4 x 4c16Gi",
            "dataNode 2 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
        [
            "mixCoordinator 1 x 2c8Gi",
            "indexNode 2 x 4c16Gi",
            "dataNode 1 x 2c8Gi",
            "queryNode 4 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
    ),
    // 68.1 GiB: 20 processors, two units.
    (
        "20M",
        [
            "mixCoordinator 1 x 2c8Gi",
            "streamingNode 1 x 4c16Gi",
            "queryNode 5 x 4c16Gi",
            "dataNode 4 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
        [
            "mixCoordinator 1 x 2c8Gi",
            "indexNode 4 x 4c16Gi",
            "dataNode 1 x 2c8Gi",
            "queryNode 5 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
    ),
    // 84.6 GiB
    (
        "25M",
        [
            "mixCoordinator 1 x 2c8Gi",
            "streamingNode 1 x 4c16Gi",
            "queryNode 6 x 4c16Gi",
            "dataNode 4 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
        [
            "mixCoordinator 1 x 2c8Gi",
            "indexNode 4 x 4c16Gi",
            "dataNode 1 x 2c8Gi",
            "queryNode 6 x 4c16Gi",
            "proxy 1 x 2c8Gi",
        ],
    ),
    // 331.3 GiB: ceil(331.3 / 32) = 11, 88 processors, six units.
    (
        "100M",
        [
            "mixCoordinator 1 x 8c32Gi",
            "streamingNode 2 x 8c32Gi",
            "queryNode 11 x 8c32Gi",
            "dataNode 8 x 8c16Gi",
            "proxy 1 x 8c32Gi",
        ],
        [
            "mixCoordinator 1 x 8c32Gi",
            "indexNode 8 x 8c16Gi",
            "dataNode 1 x 8c32Gi",
            "queryNode 11 x 8c32Gi",
            "proxy 1 x 8c32Gi",
        ],
    ),
    // 1647.4 GiB: ceil(1647.4 / 64) = 26, 416 processors, 26 units, 52 processors: ceil(52 / 8) = 7.
    (
        "500M",
        [
            "mixCoordinator 1 x 8c32Gi",
            "streamingNode 7 x 8c32Gi",
            "queryNode 26 x 16c64Gi",
            "dataNode 8 x 8c16Gi",
            "proxy 1 x 8c32Gi",
        ],
        [
            "mixCoordinator 1 x 8c32Gi",
            "indexNode 8 x 8c16Gi",
            "dataNode 1 x 8c32Gi",
            "queryNode 26 x 16c64Gi",
            "proxy 1 x 8c32Gi",
        ],
    ),
    // 3292.5 GiB: ceil(3292.5 / 128) = 26, 832 processors, 52 units, 104 processors: 13.
    (
        "1B",
        [
            "mixCoordinator 1 x 8c32Gi",
            "streamingNode 13 x 8c32Gi",
            "queryNode 26 x 32c128Gi",
            "dataNode 8 x 8c16Gi",
            "proxy 1 x 8c32Gi",
        ],
        [
            "mixCoordinator 1 x 8c32Gi",
            "indexNode 8 x 8c16Gi",
            "dataNode 1 x 8c32Gi",
            "queryNode 26 x 32c128Gi",
            "proxy 1 x 8c32Gi",
        ],
    ),
];

#[test]
fn every_row_of_clusters() {
    for (vectors, of_2_6, of_2_5) in CLUSTERS {
        let sizing = cluster(Generation::V2_6, vectors, "768", "FLAT");
        assert_eq!(by_tool(&sizing), of_2_6, "{vectors}");
        let sizing = cluster(Generation::V2_5, vectors, "768", "FLAT");
        assert_eq!(by_tool(&sizing), of_2_5, "{vectors} of 2.5");
    }
}

#[test]
fn what_is_beside_a_cluster() {
    let beside = |vectors: &str| {
        let sizing = cluster(Generation::V2_6, vectors, "768", "FLAT");
        let text = |size: milvus_aws_core::sizing::VolumeSize| {
            let shape = size.shape;
            format!(
                "{} x {}c{} {}",
                size.replicas, shape.cpu, shape.memory, size.storage
            )
        };
        let kafka = sizing.log.unwrap().kafka;
        [sizing.etcd, kafka, sizing.object_storage.minio].map(text)
    };
    // Raw 2.9 GiB and loaded 5.6 GiB: the smallest volumes.
    assert_eq!(
        beside("1M"),
        ["3 x 1c4Gi 20Gi", "3 x 2c8Gi 20Gi", "4 x 1c8Gi 30Gi"]
    );
    // Raw 286.1 GiB is no less than that of 100M: the second row; 286.1 + 331.3 GiB.
    assert_eq!(
        beside("100M"),
        ["3 x 1c8Gi 50Gi", "3 x 4c16Gi 287Gi", "4 x 1c8Gi 618Gi"]
    );
    // One vector less.
    assert_eq!(beside("99999999")[0], "3 x 1c4Gi 20Gi");
}

#[test]
fn one_pod() {
    let pod = |generation, vectors: &str, index: &str| {
        let sizing = request(generation, vectors, "768", index).size().unwrap();
        assert_eq!(sizing.mode, Mode::Standalone, "{vectors}");
        assert_eq!(sizing.log, None);
        by_tool(&sizing).join(", ")
    };
    for generation in [Generation::V2_5, Generation::V2_6] {
        // 5.6, 12.2 and 35.2 GiB in memory; 32.9 GiB of a quarter on disk.
        assert_eq!(pod(generation, "1M", "FLAT"), "standalone 1 x 2c8Gi");
        assert_eq!(pod(generation, "3M", "FLAT"), "standalone 1 x 4c16Gi");
        assert_eq!(pod(generation, "10M", "FLAT"), "standalone 1 x 16c64Gi");
        assert_eq!(pod(generation, "40M", "DISKANN"), "standalone 1 x 16c64Gi");
    }
    // Metadata and objects of one pod: less and more than the raw data of a million.
    let etcd = |vectors| {
        let sizing = request(Generation::V2_6, vectors, "768", "FLAT")
            .size()
            .unwrap();
        (sizing.etcd.replicas, sizing.etcd.shape.memory.to_string())
    };
    assert_eq!(etcd("999999"), (1, "1Gi".to_owned()));
    assert_eq!(etcd("1M"), (1, "2Gi".to_owned()));
}

#[test]
fn a_pod_becomes_a_cluster() {
    let mode = |vectors: &str, dimension: &str, index: &str| {
        request(Generation::V2_6, vectors, dimension, index)
            .size()
            .unwrap()
            .mode
    };
    assert_eq!(mode("10M", "768", "HNSW"), Mode::Standalone);
    assert_eq!(mode("10000001", "768", "HNSW"), Mode::Cluster);
    assert_eq!(mode("5M", "1536", "HNSW"), Mode::Standalone);
    assert_eq!(mode("50M", "768", "DISKANN"), Mode::Standalone);
    assert_eq!(mode("50000001", "768", "DISKANN"), Mode::Cluster);
    // The tool has no exception for AISAQ.
    assert_eq!(mode("50M", "768", "AISAQ"), Mode::Cluster);
}

#[test]
fn replicas_in_memory_and_pairs() {
    let mut request = request(Generation::V2_6, "10M", "768", "FLAT");
    request.replicas = 3.try_into().unwrap();
    let sizing = request.size().unwrap();
    assert_eq!(sizing.mode, Mode::Cluster, "{}", sizing.because);
    // Three query nodes each; 36 processors of them are three units of streaming nodes. Memory is told for one.
    assert_eq!(
        pods(&sizing),
        [
            ("mixCoordinator", 2),
            ("streamingNode", 2),
            ("queryNode", 9),
            ("dataNode", 2),
            ("proxy", 2),
        ]
    );
    assert_eq!(sizing.memory_bytes, 37_797_606_196);
    assert_eq!(by_tool(&sizing)[2], "queryNode 3 x 4c16Gi");
}
