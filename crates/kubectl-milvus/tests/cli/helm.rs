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
    // What the chart does not know is apart from what cannot be honoured.
    for line in [
        "unknown, and passed over: values.yaml:9:13: queryNode.replica",
        "left out: values.yaml:10:9: kafka.enabled",
    ] {
        assert!(ran.stderr.contains(line), "{ran:?}");
    }
}

#[test]
fn field_2_7_placeholders_stop_what_would_keep_them() {
    let folder = folder();
    folder.write("values.yaml", VALUES.replace("hunter2", "\"${PASSWORD}\""));
    let render = [&["render"], &ARGS[..]].concat();
    let ran = folder.run(&render).exits(2);
    ran.says(&[
        "values.yaml:7:55: externalKafka.sasl.password: is a placeholder",
        "envsubst",
    ]);
    let ran = folder
        .run(&[&render[..], &["--allow-unsupported"]].concat())
        .exits(0);
    assert!(ran.stderr.contains("warning: values.yaml:7:55"), "{ran:?}");
    // A file of ours names the variable, whatever stands in the values.
    let ran = folder.run(&[&["init"], &ARGS[..]].concat()).exits(0);
    assert!(ran.stderr.contains("is a placeholder"), "{ran:?}");
    assert!(!ran.stdout.contains("${PASSWORD}"), "{ran:?}");
}

#[test]
fn field_3_3_a_release_that_must_not_be_installed() {
    let folder = folder();
    folder.write(
        "milvus.yaml",
        "apiVersion: kubectl-milvus/v1\nversion: 2.5.14\n",
    );
    let values = [&["render"], &ARGS[..], &["--set", "image.all.tag=v2.5.14"]].concat();
    for args in [
        &["render", "-f", "milvus.yaml"][..],
        &["render", "--milvus-version", "2.5.14"],
        &["install", "--milvus-version", "2.5.14"],
        &["plan", "--milvus-version", "2.5.14", "--name", "demo"],
        &values,
    ] {
        let ran = folder.run(args).exits(2);
        ran.says(&["2.5.14 must not be installed"]);
    }
    // It runs: what it is may be said as a file, and values.
    let init = [&["init"], &values[1..]].concat();
    let ran = folder.run(&init).exits(0);
    assert!(
        ran.stderr
            .contains("warning: --set: image.all.tag: 2.5.14 must not be installed"),
        "{ran:?}"
    );
    let back = ["render", "-f", "milvus.yaml", "--to", "helm-values"];
    let ran = folder.run(&back).exits(0);
    assert!(
        ran.stderr
            .contains("warning: milvus.yaml:2:1: version: 2.5.14 must not be installed"),
        "{ran:?}"
    );
}

#[test]
fn field_3_5_files_and_settings_over_each_other() {
    let folder = folder();
    folder.write(
        "more.yaml",
        "queryNode: {replicas: 2, tolerations: [{key: a, operator: Exists}]}\nlabels: {a: b}\n",
    );
    folder.write(
        "last.yaml",
        "queryNode: {tolerations: [{key: b, operator: Exists}]}\nlabels: {c: d}\n",
    );
    let args = [
        "init",
        "--helm-values",
        "values.yaml",
        "--helm-values",
        "more.yaml,last.yaml",
        "--set",
        "queryNode.replicas=3,service.annotations.example\\.com/a=b",
        "--set-string",
        "service.annotations.number=5",
        "--set",
        "proxy.nodeSelector.pool=x",
        "--set",
        "image.all.pullSecrets={one,two}",
    ];
    let ran = folder.run(&args).exits(0);
    let file: serde_json::Value = serde_saphyr::from_str(&ran.stdout).unwrap();
    let components = &file["cluster"]["components"];
    assert_eq!(components["queryNode"]["replicas"], 3);
    let tolerations = &components["queryNode"]["pod"]["tolerations"];
    assert_eq!(tolerations.as_array().unwrap().len(), 1);
    assert_eq!(tolerations[0]["key"], "b");
    assert_eq!(file["labels"], serde_json::json!({"a": "b", "c": "d"}));
    assert_eq!(
        file["service"]["annotations"],
        serde_json::json!({"example.com/a": "b", "number": "5"})
    );
    assert_eq!(components["proxy"]["pod"]["nodeSelector"]["pool"], "x");
    assert_eq!(
        file["scheduling"]["imagePullSecrets"],
        serde_json::json!(["one", "two"])
    );
}

#[test]
fn field_3_5_what_is_wrong_names_its_file() {
    let folder = folder();
    folder.write("more.yaml", "queryNode:\n  replica: 2\n");
    let values = [&["render"], &ARGS[..], &["--helm-values", "more.yaml"]].concat();
    let ran = folder.run(&values).exits(2);
    ran.says(&["more.yaml:2:3: queryNode.replica: is no key of the chart"]);
    let wrong = |args: &[&str], words: &[&str]| {
        let all = [&["render"], &ARGS[..], args].concat();
        folder.run(&all).exits(2).says(words);
    };
    wrong(&["--set", "secret"], &["`--set`: a key has no value"]);
    wrong(
        &["--set", "externalKafka.sasl.password=a,hunter3"],
        &["`--set`: a key has no value", "`\\,`"],
    );
    wrong(
        &["--helm-values", "-", "--helm-values", "-"],
        &["can be read once"],
    );
    let ran = folder.run(&["render", "--set", "a=b"]).exits(2);
    ran.says(&["--helm-values"]);
    let all = [&["render"], &ARGS[..], &["--set", "a=x,hunter3"]].concat();
    let ran = folder.run(&all).exits(2);
    assert!(!ran.stderr.contains("hunter3"), "{ran:?}");
}

#[test]
fn field_4_1_another_document_is_refused_whatever_is_allowed() {
    let folder = folder();
    for (text, said) in [
        ("milvus: {cluster: {enabled: false}}\n", "below `milvus`"),
        (
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {}}\n",
            "`spec.values`",
        ),
        (
            "apiVersion: milvus.io/v1beta1\nkind: Milvus\nspec: {}\n",
            "milvus-operator",
        ),
    ] {
        folder.write("values.yaml", text);
        for command in ["render", "init"] {
            let args = [&[command, "--allow-unsupported"], &ARGS[..]].concat();
            folder.run(&args).exits(2).says(&[said]);
        }
    }
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
