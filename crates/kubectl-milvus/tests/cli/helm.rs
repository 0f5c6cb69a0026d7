//! Values of the official chart in place of a file, and the way back.

use std::fs;

use crate::plugin::Folder;

const VALUES: &str = "\
minio: {enabled: false}
pulsar: {enabled: false}
externalS3: {enabled: true, host: s3.us-west-2.amazonaws.com, port: '443', useSSL: true, bucketName: vectors, useIAM: true}
externalKafka:
  enabled: true
  brokerList: kafka.example.com:9096
  sasl: {mechanisms: SCRAM-SHA-512, username: milvus, password: hunter2}
rootCoordinator: {replicas: 2, activeStandby: {enabled: true}}
";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("values.yaml", VALUES);
    folder
}

const ARGS: [&str; 4] = ["--helm-values", "values.yaml", "--release", "demo"];

#[test]
fn objects_of_values() {
    let folder = folder();
    let args = [
        &["render"],
        &ARGS[..],
        &["--milvus-version", "2.4.5", "-n", "search"],
    ]
    .concat();
    let ran = folder.run(&args).exits(0);
    assert!(
        ran.stdout.contains("name: demo-milvus-rootcoord\n"),
        "{ran:?}"
    );
    assert!(
        ran.stdout.contains("image: milvusdb/milvus:v2.4.5\n")
            || ran.stdout.contains("image: \"milvusdb/milvus:v2.4.5\"\n"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("namespace: search\n"), "{ran:?}");
    assert!(
        !ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"),
        "{ran:?}"
    );
    let again = folder.run(&args).exits(0);
    assert_eq!(again.stdout, ran.stdout);
}

#[test]
fn what_a_later_version_does_in_another_way_is_told() {
    let folder = folder();
    let ran = folder.run(&[&["render"], &ARGS[..]].concat()).exits(0);
    let told = "note: values.yaml:8:1: rootCoordinator: in Milvus 2.6.20 one `mixCoordinator`";
    assert!(ran.stderr.contains(told), "{ran:?}");
    assert!(
        ran.stdout.contains("name: demo-milvus-mixcoord\n"),
        "{ran:?}"
    );
}

#[test]
fn what_cannot_be_honoured_stops_it() {
    let folder = folder();
    folder.write(
        "values.yaml",
        format!("{VALUES}queryNode: {{replica: 2}}\nkafka: {{enabled: true}}\n"),
    );
    for command in ["render", "plan", "install", "init"] {
        let ran = folder.run(&[&[command], &ARGS[..]].concat()).exits(2);
        ran.says(&[
            "values.yaml:9:13: queryNode.replica: is no key of the chart, which ignores it; write `replicas`",
            "values.yaml:10:9: kafka.enabled: cannot be honoured",
            "--allow-unsupported",
        ]);
    }
    let ran = folder
        .run(&[&["render", "--allow-unsupported"], &ARGS[..]].concat())
        .exits(0);
    assert!(
        ran.stderr
            .contains("left out: values.yaml:9:13: queryNode.replica"),
        "{ran:?}"
    );
}

#[test]
fn wrong_values_stop_it_whatever_is_allowed() {
    let folder = folder();
    folder.write(
        "values.yaml",
        format!("{VALUES}cluster: {{enabled: 'no'}}\n"),
    );
    let ran = folder
        .run(&[&["render", "--allow-unsupported"], &ARGS[..]].concat())
        .exits(2);
    ran.says(&["values.yaml:9:11: cluster.enabled: write `true` or `false`, without quotes"]);
}

#[test]
fn the_same_installation_as_a_file() {
    let folder = folder();
    let args = [
        &["init"],
        &ARGS[..],
        &["--milvus-version", "2.4.5", "-f", "milvus.yaml"],
    ]
    .concat();
    let ran = folder.run(&args).exits(0);
    assert!(ran.stderr.contains("MILVUS_KAFKA_PASSWORD"), "{ran:?}");
    let file = fs::read_to_string(folder.path().join("milvus.yaml")).unwrap();
    assert!(
        !file.contains("hunter2") && file.contains("MILVUS_KAFKA_PASSWORD"),
        "{file}"
    );

    let of_values = folder
        .run(&[&["render"], &ARGS[..], &["--milvus-version", "2.4.5"]].concat())
        .exits(0);
    let mut command = folder.command(&["render", "-f", "milvus.yaml"]);
    let of_file = crate::plugin::Ran::of(command.env("MILVUS_KAFKA_PASSWORD", "hunter2")).exits(0);
    assert_eq!(of_file.stdout, of_values.stdout);
}

#[test]
fn and_back() {
    let folder = folder();
    let args = [
        &["init"],
        &ARGS[..],
        &["--milvus-version", "2.4.5", "-f", "milvus.yaml"],
    ]
    .concat();
    folder.run(&args).exits(0);
    // No password is needed for that.
    let ran = folder
        .run(&["render", "-f", "milvus.yaml", "--to", "helm-values"])
        .exits(0);
    assert!(ran.stderr.contains("envsubst"), "{ran:?}");
    assert!(ran.stdout.contains("${MILVUS_KAFKA_PASSWORD}"), "{ran:?}");
    folder.write("again.yaml", ran.stdout);
    let again = [
        "init",
        "--helm-values",
        "again.yaml",
        "--release",
        "demo",
        "--milvus-version",
        "2.4.5",
        "-f",
        "again-milvus.yaml",
    ];
    folder.run(&again).exits(0);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("again-milvus.yaml"), read("milvus.yaml"));
}

#[test]
fn a_release_has_a_name_of_its_own_unless_told() {
    let folder = folder();
    let named = |args: &[&str]| folder.run(args).exits(0).stdout;
    let told = [
        "render",
        "--helm-values",
        "values.yaml",
        "--release",
        "milvus",
    ];
    assert_eq!(named(&told[..3]), named(&told));
    assert_ne!(
        named(&told[..3]),
        named(&[
            "render",
            "--helm-values",
            "values.yaml",
            "--release",
            "demo"
        ])
    );
}

#[test]
fn flags_that_do_not_go_together() {
    let folder = folder();
    let wrong = |args: &[&str], words: &[&str]| folder.run(args).exits(2).says(words);
    wrong(&["render", "--release", "demo"], &["--helm-values"]);
    wrong(
        &[&["render", "-f", "milvus.yaml"], &ARGS[..]].concat(),
        &["--file", "--helm-values"],
    );
    wrong(
        &[
            &["render", "--to", "helm-values", "--output-dir", "a"],
            &ARGS[..],
        ]
        .concat(),
        &["--to"],
    );
    wrong(
        &[&["init", "--target", "aws"], &ARGS[..]].concat(),
        &["--target kubernetes"],
    );
    wrong(
        &["render", "--helm-values", "absent", "--release", "demo"],
        &["read absent"],
    );
}
