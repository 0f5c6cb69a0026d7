//! Servers that are not there.

use crate::plugin::{Folder, NOWHERE, kubeconfig};

#[test]
fn no_api_server_answers() {
    let folder = Folder::new();
    for command in [
        "install",
        "plan",
        "status",
        "verify",
        "connect",
        "uninstall",
    ] {
        let mut args = vec![command];
        if command == "uninstall" {
            args.push("milvus");
        }
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
    for word in ["failed: ", "connect", "127.0.0.1:1"] {
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
}
