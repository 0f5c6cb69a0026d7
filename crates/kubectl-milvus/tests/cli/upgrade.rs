//! `upgrade` and `scale` as far as no cluster is needed.

use crate::plugin::{Folder, Ran};

/// A cluster by roles, with that version and those components.
fn cluster(version: &str, components: &str) -> String {
    format!(
        "apiVersion: kubectl-milvus/v1\nname: vectors\nversion: {version}\nmode: cluster\ncluster:\n  \
         components: {components}\n  kafka: {{brokers: ['kafka-1:9092']}}\n  \
         s3: {{endpoint: 's3.us-west-2.amazonaws.com:443', bucket: vectors, region: us-west-2, access: iam}}\n  \
         serviceAccount: {{name: milvus}}\n"
    )
}

/// Shows the order from the file's version on; no cluster is asked, and none is there.
fn order(file: &str, args: &[&str]) -> Ran {
    let folder = Folder::new();
    folder.write("milvus.yaml", file);
    let dry = [
        "upgrade",
        "-f",
        "milvus.yaml",
        "--dry-run=client",
        "--kubeconfig",
        "missing",
    ];
    folder.run(&[&dry[..], args].concat())
}

#[test]
fn the_order_is_told_without_a_cluster() {
    let file = cluster("2.5.26", "{mixCoordinator: {replicas: 2}}");
    let ran = order(&file, &["--to", "2.6.20"]).exits(0);
    assert_eq!(
        ran.stdout,
        "from Milvus 2.5.26 to 2.6.20, one component at a time:\n     \
         etcd is replaced by milvusdb/etcd:3.5.25-r1, first, member by member\n  \
         1. streamingnode is new, and started\n  \
         2. mixcoord is replaced\n  \
         3. querynode is replaced\n  \
         4. datanode is replaced\n  \
         5. proxy is replaced\n  \
         6. indexnode is not needed any more, and removed\n\
         this cannot be undone: an older line reads neither metadata nor indexes of a newer one\n"
    );
    let document = order(&file, &["--to", "2.5.16", "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(document["stages"][0]["role"], "proxy");
    assert_eq!(document["canGoBack"], true);
    let schema = include_str!("../../../../docs/schema/upgrade.v1.json");
    let schema = serde_json::from_str(schema).unwrap();
    let faults: Vec<_> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&document)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, Vec::<String>::new());
}

/// Another etcd goes with it, which is one more thing that is replaced.
#[test]
fn an_etcd_that_changes_with_the_version_is_told() {
    let file = cluster("2.4.5", "{mixCoordinator: {}}");
    let ran = order(&file, &["--to", "2.4.17"]).exits(0);
    let words = "one component at a time:\n     etcd is replaced by milvusdb/etcd:3.5.14-r1, first, member by member\n  1. ";
    assert!(ran.stdout.contains(words), "{ran:#?}");
    let document = order(&file, &["--to", "2.4.17", "-o", "json"]).exits(0);
    assert_eq!(document.json()["etcd"], "milvusdb/etcd:3.5.14-r1");
    let pinned = file.replace(
        "cluster:\n",
        "cluster:\n  etcd: {inCluster: {image: {tag: 3.5.5-r4}}}\n",
    );
    let document = order(&pinned, &["--to", "2.4.17", "-o", "json"]).exits(0);
    assert!(document.json().get("etcd").is_none());
}

/// The chart's values in place of a file, as they are installed by `--helm-values` as well.
#[test]
fn the_charts_values_are_upgraded_too() {
    let folder = Folder::new();
    folder.write(
        "values.yaml",
        "cluster: {enabled: true}\nimage: {all: {tag: v2.5.16}}\nminio: {enabled: false}\npulsar: {enabled: false}\n\
         externalS3: {enabled: true, host: s3.us-west-2.amazonaws.com, port: 443, bucketName: vectors, useIAM: true, region: us-west-2, useSSL: true}\n\
         externalKafka: {enabled: true, brokerList: 'kafka-1:9092'}\n",
    );
    let dry = [
        "upgrade",
        "--helm-values",
        "values.yaml",
        "--release",
        "vectors",
    ];
    let more = ["--dry-run=client", "--to", "2.5.26", "-o", "json"];
    let ran = folder.run(&[&dry[..], &more].concat()).exits(0);
    let document = ran.json();
    assert_eq!(document["name"], "vectors");
    assert_eq!(
        (&document["from"], &document["to"]),
        (&"2.5.16".into(), &"2.5.26".into())
    );
}

/// Standard input is there once.
#[test]
fn a_file_on_standard_input_is_read_once() {
    let folder = Folder::new();
    let args = ["upgrade", "-f", "-", "--dry-run=client", "--to", "2.6.20"];
    let mut command = folder.command(&args);
    command.write_stdin(cluster("2.6.15", "{mixCoordinator: {replicas: 2}}"));
    let ran = Ran::of(&mut command).exits(0);
    assert!(
        ran.stdout.starts_with("from Milvus 2.6.15 to 2.6.20"),
        "{ran:#?}"
    );
}

#[test]
fn who_stands_alone_is_told() {
    let ran = order(&cluster("2.6.15", "{}"), &["--to", "2.6.20"]).exits(0);
    let words = "Milvus pauses while mixcoord is replaced: there is no second one to take over\n";
    assert!(ran.stdout.ends_with(words), "{ran:#?}");
    let one = "apiVersion: kubectl-milvus/v1\nname: one\nversion: 2.6.15\n";
    let ran = order(one, &["--to", "2.6.20"]).exits(0);
    assert!(
        ran.stdout
            .contains("1. standalone is replaced\nMilvus pauses"),
        "{ran:#?}"
    );
}

#[test]
fn there_is_not_a_way_to_everywhere() {
    let mixed = |version: &str| cluster(version, "{mixCoordinator: {}}");
    for (from, to, words) in [
        ("2.4.17", "2.6.20", "upgrade to 2.5.26 first"),
        ("2.6.20", "2.5.26", "there is no way back"),
        ("2.5.15", "2.6.20", "is supported from 2.5.16 on"),
    ] {
        order(&mixed(from), &["--to", to]).exits(5).says(&[words]);
    }
    let standalone = "apiVersion: kubectl-milvus/v1\nname: one\nversion: 2.5.26\n";
    let words = ["Milvus logs to rocksmq there", "woodpecker"];
    order(standalone, &["--to", "2.6.20"]).exits(5).says(&words);
}

#[test]
fn a_file_must_be_possible_at_the_version_that_is_reached() {
    let file = cluster("2.5.26", "{mixCoordinator: {}, indexNode: {replicas: 2}}");
    let words = [
        "milvus.yaml:6:",
        "indexNode",
        "`dataNode` builds indexes now",
    ];
    order(&file, &["--to", "2.6.20"]).exits(2).says(&words);
    let pinned = format!(
        "{}image: {{tag: v2.5.26}}\n",
        cluster("2.5.26", "{mixCoordinator: {}}")
    );
    let words = ["`image.tag` is v2.5.26", "the tag of 2.6.20"];
    order(&pinned, &["--to", "2.6.20"]).exits(2).says(&words);
}

#[test]
fn versions_that_are_none() {
    let folder = Folder::new();
    folder.run(&["upgrade"]).exits(2).says(&["--to"]);
    folder
        .run(&["upgrade", "--to", "newest"])
        .exits(2)
        .says(&["newest", "2.6.15"]);
    folder
        .run(&["upgrade", "--to", "1.1.0"])
        .exits(2)
        .says(&["1.1.0 is not supported"]);
}

#[test]
fn components_and_numbers_that_are_none() {
    let folder = Folder::new();
    let wrong = |args: &[&str], words: &[&str]| {
        folder
            .run(&[&["scale"], args].concat())
            .exits(2)
            .says(words);
    };
    wrong(&[], &["COMPONENT=N"]);
    wrong(
        &["queryNode"],
        &["write COMPONENT=N, for example queryNode=3"],
    );
    wrong(
        &["queryNodes=2"],
        &["`queryNodes` is no component", "queryNode"],
    );
    wrong(&["proxy=0"], &["`0` is no number from 1 to 1000"]);
    wrong(&["proxy=2", "proxy=3"], &["proxy is named twice"]);
    wrong(&["proxy=2", "--dry-run=client"], &["--dry-run=server"]);
}
