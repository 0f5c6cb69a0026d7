//! The plugin's `uninstall` of an installation in an account: who agrees, what is told, and what kubectl knows afterwards.

use std::fs;

use serde_json::{Value, json};

use crate::{
    account::{Account, Ran},
    kubernetes,
};

const CONTEXT: &str = "arn:aws:eks:us-west-2:123456789012:cluster/demo-milvus";

/// An account with an installation, in a cluster without pods.
fn installed() -> Account {
    let account = Account::new();
    let server = json!(kubernetes::empty());
    account.stage.kubernetes_at(&server).unwrap();
    account.run("install", "demo").ends_with(0);
    account
}

fn uninstall(account: &Account, args: &[&str]) -> Ran {
    let args = [&["uninstall", "-f", "demo.yaml"], args].concat();
    Ran::to_its_end(account.plugin(&args).spawn().unwrap())
}

#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.stderr.contains(word), "no `{word}`: {}", ran.stderr);
    }
}

#[test]
fn stage_fault_3_nobody_agrees_without_a_terminal() {
    let account = installed();
    let before = account.ids();
    account.stage.clear_calls().unwrap();
    let ran = uninstall(&account, &[]).ends_with(5);
    says(
        &ran,
        &[
            // What goes, what is lost, and what cannot be used any more.
            "eks-cluster/demo-milvus",
            "go with the brokers: flush the collections first",
            "the bucket demo-milvus-123456789012-us-west-2 stays",
            "`install` is refused while they are there",
            "not agreed to; nothing was changed",
            "hint: `--yes` agrees",
        ],
    );
    for (flags, hint) in [
        (&["--delete-data"][..], "--confirm demo"),
        (&["--delete-data", "--yes"], "--confirm demo"),
        (&["--delete-data", "--confirm", "other"], "--confirm demo"),
    ] {
        let ran = uninstall(&account, flags).ends_with(5);
        says(&ran, &["was not confirmed", hint]);
    }
    let calls = account.stage.calls().unwrap();
    assert!(calls.iter().all(|call| !call.write), "{calls:#?}");
    assert_eq!(account.ids(), before);
}

#[test]
fn stage_fault_3_and_4_who_agrees_is_obeyed_and_kubectl_forgets_the_cluster() {
    let account = installed();
    let endpoint = account.stage.kubernetes_at(&Value::Null).unwrap();
    account.stage.kubernetes_at(&endpoint).unwrap();
    let kubeconfig = account.home().join("config");
    let theirs = "apiVersion: v1\nkind: Config\ncurrent-context: theirs\nclusters: []\nusers: []\ncontexts:\n- name: theirs\n  context: {cluster: c, user: u}\n";
    fs::write(&kubeconfig, theirs).unwrap();
    let ran = uninstall(&account, &["--yes", "--kubeconfig", "config"]).ends_with(0);
    assert!(
        !ran.stderr.contains("no longer has the context"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read_to_string(&kubeconfig).unwrap(), theirs);
    // What is gone already needs nobody's agreement.
    uninstall(&account, &[]).ends_with(0);
    assert!(
        account.ids().iter().all(|id| !id.starts_with("eks/")),
        "{:?}",
        account.ids()
    );
    // As the plugin wrote it before somebody else took the cluster away.
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "/usr/local/bin/kubectl-milvus",
        "args": ["eks-token", "--cluster-name", "demo-milvus", "--region", "us-west-2"],
        "interactiveMode": "Never",
        "provideClusterInfo": false,
    }});
    let ours = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": {"server": endpoint, "certificate-authority-data": "UEVN"}}],
        "users": [{"name": CONTEXT, "user": user}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": "milvus"}}],
    });
    fs::write(&kubeconfig, ours.to_string()).unwrap();
    let ran = uninstall(&account, &["--kubeconfig", "config"]).ends_with(0);
    says(
        &ran,
        &[
            "no longer has the context of demo-milvus",
            "no current context now",
        ],
    );
    let left = fs::read_to_string(&kubeconfig).unwrap();
    assert!(!left.contains("demo-milvus"), "{left}");
}
