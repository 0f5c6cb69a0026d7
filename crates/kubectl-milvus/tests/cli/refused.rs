//! What is in the way, told with a hint that fits (fault 15 of the stage).

use serde_json::json;

use crate::{
    installed::{APPS, CLUSTER, HOME, Installation},
    plugin::{Folder, Ran},
};

fn plan(of: &Installation) -> Ran {
    of.run(&["plan", "-f", "milvus.yaml"])
}

#[test]
fn stage_fault_15_a_label_that_is_gone_is_put_back() {
    let unmarked = Installation::new(CLUSTER);
    unmarked
        .server
        .edit(&format!("{APPS}/deployments/demo-milvus-proxy"), |live| {
            let labels = live["metadata"]["labels"].as_object_mut().unwrap();
            labels.remove("kubectl-milvus/installation").unwrap();
        });
    let ran = plan(&unmarked).exits(5);
    let line = "! deployment/demo-milvus-proxy is refused: it was made for demo, and has lost the label kubectl-milvus/installation\n";
    assert!(ran.stdout.contains(line), "{ran:#?}");
    let hint = "hint: put the label back: `kubectl label deployment/demo-milvus-proxy -n vectors kubectl-milvus/installation=demo`\n";
    assert!(ran.stderr.contains(hint), "{ran:#?}");
    assert!(!ran.stderr.contains("another name"), "{ran:#?}");
}

#[test]
fn stage_fault_15_each_owner_is_told_in_a_sentence() {
    let cases = [
        (
            json!({"labels": {"kubectl-milvus/installation": "other"}}),
            "it belongs to the installation other",
            "choose another name or namespace",
        ),
        (
            json!({"annotations": {"meta.helm.sh/release-name": "demo"}}),
            "it belongs to the Helm release demo",
            "`--adopt` takes over",
        ),
        (
            json!({}),
            "it belongs to somebody else",
            "choose another name",
        ),
    ];
    for (metadata, clause, hint) in cases {
        let taken = Installation::new(CLUSTER);
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata});
        taken
            .server
            .put(&format!("{HOME}/services/demo-milvus"), service);
        let ran = plan(&taken).exits(5);
        let line = format!("! service/demo-milvus is refused: {clause}\n");
        assert!(ran.stdout.contains(&line), "{ran:#?}");
        for word in [clause, &format!("hint: {hint}")] {
            assert!(ran.stderr.contains(word), "no {word}: {ran:#?}");
        }
    }
}

/// What is as the file says is counted, not listed.
#[test]
fn stage_fault_15_what_is_unchanged_is_one_line() {
    let whole = Installation::new(CLUSTER);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {}});
    whole.server.put("/api/v1/namespaces/vectors", namespace);
    let ran = whole.run(&["install", "-f", "milvus.yaml"]).exits(0);
    let lines = ran.stderr.lines();
    let unchanged: Vec<_> = lines.filter(|line| line.contains("unchanged")).collect();
    let [line] = unchanged[..] else {
        panic!("{ran:#?}");
    };
    let count = line.split_whitespace().nth(1).unwrap();
    assert!(count.parse::<u32>().unwrap() > 10, "{line}");
    assert!(!ran.stderr.contains("kubectl now talks"), "{ran:#?}");
    assert!(ran.stdout.contains("nothing was changed"), "{ran:#?}");
}

/// A kubeconfig whose user logs in by a program.
fn exec(command: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n\
         clusters: [{{name: here, cluster: {{server: 'https://127.0.0.1:1'}}}}]\n\
         contexts: [{{name: here, context: {{cluster: here, user: me}}}}]\n\
         users: [{{name: me, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {command}, interactiveMode: Never{more}}}}}}}]\n"
    )
}

#[test]
fn stage_fault_15_a_credential_program_that_is_missing_is_named() {
    let folder = Folder::new();
    folder.write("kubeconfig", exec("no-such-login", ""));
    let ran = folder.run(&["status"]).exits(1);
    ran.says(&[
        "run no-such-login, by which the kubeconfig logs in",
        "No such file",
        "hint: install it",
    ]);
    let hint = ", installHint: 'brew install no-such-login'";
    folder.write("kubeconfig", exec("no-such-login", hint));
    let ran = folder.run(&["plan"]).exits(1);
    ran.says(&["run no-such-login", "hint: brew install no-such-login"]);
}

/// What it writes to stdout may be a token.
#[test]
fn stage_fault_15_a_credential_program_that_fails_is_named_without_its_output() {
    let folder = Folder::new();
    let script = "#!/bin/sh\necho hunter2\necho the session has expired >&2\nexit 7\n";
    let path = folder.write("login", script);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder.write("kubeconfig", exec(&path.display().to_string(), ""));
    let ran = folder.run(&["status", "-vv"]).exits(1);
    assert!(!ran.stderr.contains("hunter2"), "{ran:#?}");
    for word in [
        "/login, by which the kubeconfig logs in, ended with exit status: 7",
        "the session has expired",
        "hint: log in again",
    ] {
        assert!(ran.stderr.contains(word), "no {word}: {ran:#?}");
    }
}
