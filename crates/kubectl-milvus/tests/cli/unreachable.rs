//! Servers that are not there.

use crate::plugin::{Folder, NOWHERE, kubeconfig};

#[test]
fn no_api_server_answers() {
    let folder = Folder::new();
    for command in [
        "install",
        "plan",
        "graph",
        "status",
        "verify",
        "connect",
        "upgrade",
        "scale",
        "uninstall",
    ] {
        let mut args = vec![command];
        args.extend(match command {
            "uninstall" => &["milvus"][..],
            "upgrade" => &["--to", "2.6.20"],
            "scale" => &["proxy=2"],
            _ => &[],
        });
        let ran = folder.run(&args).exits(1);
        for word in ["error: ", "127.0.0.1:1", "refused", "hint: ", "--context"] {
            assert!(ran.stderr.contains(word), "no {word}: {ran:#?}");
        }
    }
}

#[test]
fn data_is_not_mixed_with_words() {
    let folder = Folder::new();
    let ran = folder.run(&["install", "-o", "json"]).exits(1);
    ran.says(&["127.0.0.1:1"]);
}

#[test]
fn no_kubeconfig() {
    let folder = Folder::new();
    let ran = folder.run(&["status", "--kubeconfig", "absent"]).exits(1);
    ran.says(&[
        "no Kubernetes cluster is configured",
        "absent",
        "hint: ",
        "--kubeconfig",
    ]);
}

#[test]
fn no_such_context() {
    let folder = Folder::new();
    let ran = folder.run(&["status", "--context", "there"]).exits(1);
    ran.says(&["there", "hint: "]);
}

#[test]
fn the_flag_decides_over_the_environment() {
    let folder = Folder::new();
    folder.write("other", kubeconfig("http://127.0.0.1:2"));
    let ran = folder.run(&["status", "--kubeconfig", "other"]).exits(1);
    ran.says(&["127.0.0.1:2"]);
}

#[test]
fn no_milvus_answers() {
    let folder = Folder::new();
    let ran = folder.run(&["verify", "--endpoint", NOWHERE]).exits(3);
    for word in ["failed: ", "connect", "127.0.0.1:1", "hint: ", "proxy"] {
        assert!(ran.stderr.contains(word), "no {word}: {ran:#?}");
    }
    assert!(ran.stdout.contains("connect"), "{ran:#?}");
}

#[test]
fn no_milvus_answers_in_json() {
    let folder = Folder::new();
    let ran = folder.run(&["verify", "--endpoint", NOWHERE, "-o", "json"]);
    let report = ran.exits(3).json();
    assert_eq!(report["passed"], false);
    assert_eq!(report["steps"][0]["step"], "connect");
    assert_eq!(report["steps"][0]["outcome"], "failed");
    // Field case 5.4: what to look at is there for programs too.
    assert_eq!(report["steps"][0]["kind"], "unreachable");
    assert_eq!(report["steps"][0]["suspects"], serde_json::json!(["proxy"]));
    let hint = report["steps"][0]["hint"].as_str();
    assert!(hint.is_some_and(|hint| hint.contains("proxy")), "{report}");
    let schema = include_str!("../../../../docs/schema/verify.v1.json");
    let schema = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator.iter_errors(&report).collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn a_time_line_that_cannot_be_written_is_told_before_any_cluster_is_asked() {
    let folder = Folder::new();
    for command in [&["install"][..], &["uninstall", "milvus"]] {
        let args = [command, &["--timeline", "absent/run.svg"]].concat();
        let ran = folder.run(&args).exits(1);
        ran.says(&["write absent/run.svg", "No such file", "hint: "]);
    }
}

#[test]
fn a_run_that_never_began_leaves_no_picture() {
    let folder = Folder::new();
    folder.write("run.svg", "an old one");
    let ran = folder.run(&["install", "--timeline", "run.svg"]).exits(1);
    ran.says(&["127.0.0.1:1"]);
    let old = std::fs::read_to_string(folder.path().join("run.svg")).unwrap();
    assert_eq!(old, "an old one");
    let names = std::fs::read_dir(folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name());
    assert!(
        names
            .into_iter()
            .all(|name| !name.to_string_lossy().ends_with(".part"))
    );
}
