//! `size`: needs no cluster and no account.

use serde_json::{Value, json};

use crate::plugin::{Folder, Ran};

fn size(args: &[&str]) -> Ran {
    Folder::new().run(&[&["size"], args].concat())
}

/// The document, which is as its schema says.
#[track_caller]
fn document(args: &[&str]) -> Value {
    let document = size(&[args, &["-o", "json"]].concat()).exits(0).json();
    let schema = include_str!("../../../../docs/schema/size.v1.json");
    let schema = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator
        .iter_errors(&document)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, Vec::<String>::new(), "{document:#}");
    document
}

const GUIDE: [&str; 8] = [
    "--vectors",
    "1000000",
    "--dim",
    "1024",
    "--index",
    "HNSW",
    "--generation",
    "guide",
];

#[test]
fn the_guides_numbers() {
    let document = document(&GUIDE);
    let components = document["sizing"]["components"].as_array().unwrap();
    let of = |role: &str| {
        let found = components
            .iter()
            .find(|component| component["role"] == role)
            .unwrap();
        (
            found["replicas"].clone(),
            found["cpu"].clone(),
            found["memory"].clone(),
        )
    };
    let is = |count: u64, cpu: &str, memory: &str| (json!(count), json!(cpu), json!(memory));
    assert_eq!(of("rootCoordinator"), is(2, "1", "2Gi"));
    for role in ["indexCoordinator", "queryCoordinator", "dataCoordinator"] {
        assert_eq!(of(role), is(2, "500m", "512Mi"), "{role}");
    }
    assert_eq!(of("proxy"), is(2, "1", "4Gi"));
    assert_eq!(of("queryNode"), is(1, "2", "8Gi"));
    assert_eq!(of("dataNode"), is(1, "1", "4Gi"));
    assert_eq!(of("indexNode"), is(1, "4", "8Gi"));
}

#[test]
fn every_kind_of_answer_is_as_its_schema_says() {
    let load = ["--vectors", "5M", "--dim", "768"];
    for args in [
        &["--index", "IVF_RABITQ", "--index-param", "refine_type=SQ8"][..],
        &["--index", "AISAQ", "--mode", "cluster", "--replicas", "2"],
        &["--index", "SCANN", "--scalar-bytes", "100", "--offload"],
        &[
            "--milvus-version",
            "2.5",
            "--mode",
            "cluster",
            "--segment-size",
            "512",
        ],
        &[
            "--mode",
            "cluster",
            "--region",
            "eu-central-1",
            "--instance-type",
            "m7i.4xlarge",
        ],
    ] {
        document(&[&load[..], args].concat());
    }
}

#[test]
fn the_table() {
    let ran = size(&[&GUIDE[..], &["--instance-type", "m6i.2xlarge"]].concat()).exits(0);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(ran.stderr, "");
    let ran = size(&["--vectors", "1M", "--dim", "768"]).exits(0);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn impossible_sizes() {
    let load = ["--vectors", "1M", "--dim", "768"];
    let with = |args: &[&str], words: &[&str]| {
        size(&[&load[..], args].concat()).exits(2).says(words);
    };
    size(&["--vectors", "11B", "--dim", "768"])
        .exits(2)
        .says(&["11B", "1 to 10000M"]);
    size(&["--vectors", "1M", "--dim", "1"])
        .exits(2)
        .says(&["2 to 32768"]);
    size(&["--vectors", "2B", "--dim", "768"])
        .exits(2)
        .says(&["beyond the sizing tool", "1000 million vectors of 768"]);
    size(&["--vectors", "1M"]).exits(2).says(&["--dim"]);
    with(&["--index", "BTREE"], &["BTREE", "IVF_RABITQ"]);
    with(
        &["--index", "FLAT", "--index-param", "M=3"],
        &["FLAT has no parameter `M`"],
    );
    with(&["--index-param", "M"], &["M=16"]);
    with(&["--replicas", "0"], &["--replicas"]);
    with(&["--segment-size", "1000"], &["512, 1024 or 2048"]);
    with(&["--generation", "3"], &["guide, 2.5 and 2.6"]);
    with(
        &["--generation", "guide", "--milvus-version", "2.6"],
        &["other roles", "2.4.5"],
    );
    with(&["--milvus-version", "1.9"], &["1.9"]);
    with(
        &["--mode", "standalone", "--replicas", "2"],
        &["one pod loads everything once"],
    );
    with(&["--instance-type", "t3.micro"], &["t3.micro", "m6i"]);
    with(
        &["--instance-type", "c6i.large"],
        &["c6i.large", "one pod of standalone"],
    );
    with(&["--offload"], &["--scalar-bytes"]);
}
