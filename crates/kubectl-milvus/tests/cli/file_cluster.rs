//! A file whose installation is in an account leads to that account's cluster, whatever kubectl's current context is.

use serde_json::json;

use crate::{
    account::{Account, cluster},
    api_server::ApiServer,
    plugin::{Folder, NOWHERE, Ran, kubeconfig},
};

const OWN: &str = "apiVersion: kubectl-milvus/v1\nname: demo\nversion: 2.4.5\ntarget: aws\n";
/// Every command that looks at what is installed.
const COMMANDS: [&[&str]; 4] = [
    &["status"],
    &["verify"],
    &["connect"],
    &["scale", "proxy=2"],
];

/// A folder whose kubeconfig leads to a cluster that is somebody else's, and a file.
fn folder(server: &ApiServer) -> Folder {
    let folder = Folder::new();
    folder.write("kubeconfig", kubeconfig(&server.address));
    folder.write("milvus.yaml", OWN);
    folder
}

/// An API server with an installation `demo` that has no pods.
fn with_demo() -> ApiServer {
    let server = ApiServer::start();
    let labels = json!({"kubectl-milvus/installation": "demo", "component": "proxy"});
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"labels": labels},
        "spec": {"selector": {"app": "proxy"}},
    });
    server.put("/api/v1/namespaces/milvus/services/demo-milvus", service);
    server
}

fn run(account: &Account, folder: &Folder, args: &[&str]) -> Ran {
    Ran::of(&mut account.command(folder, args))
}

#[test]
fn stage_fault_4_the_current_context_is_not_asked() {
    let theirs = ApiServer::start();
    let folder = folder(&theirs);
    let account = Account::start(Some(cluster("ACTIVE", Some(NOWHERE))));
    for command in COMMANDS {
        let args = [command, &["-f", "milvus.yaml"]].concat();
        let ran = run(&account, &folder, &args).exits(1);
        ran.says(&[
            "account 123456789012 in us-west-2",
            "127.0.0.1:1",
            "refused",
        ]);
    }
    assert_eq!(
        theirs.requests(),
        0,
        "the current context's API server was asked"
    );
}

#[test]
fn stage_fault_4_the_account_s_cluster_is_asked() {
    let (theirs, ours) = (ApiServer::start(), with_demo());
    let folder = folder(&theirs);
    let account = Account::start(Some(cluster("ACTIVE", Some(&ours.address))));
    let ran = run(
        &account,
        &folder,
        &["status", "-f", "milvus.yaml", "-o", "json"],
    );
    // Its services are there, and nothing else.
    assert_eq!(ran.exits(3).json()["ready"], false);
    assert!(ours.requests() > 0);
    assert_eq!(theirs.requests(), 0);
}

#[test]
fn stage_fault_4_a_cluster_that_does_not_answer_yet_is_told_as_such() {
    let theirs = ApiServer::start();
    let folder = folder(&theirs);
    let mut foreign = cluster("ACTIVE", Some(NOWHERE));
    foreign["tags"] = json!({});
    let cases = [
        (
            Some(cluster("CREATING", None)),
            "is still being made by EKS",
            "in some minutes",
        ),
        (
            Some(cluster("DELETING", Some(NOWHERE))),
            "is being deleted",
            "waits for its end",
        ),
        (
            Some(cluster("FAILED", None)),
            "could not be made by EKS",
            "tries again",
        ),
        (None, "does not exist", "makes it"),
        (Some(foreign), "does not carry the tag", "another `name`"),
    ];
    for (cluster, state, hint) in cases {
        let account = Account::start(cluster);
        for command in COMMANDS {
            let args = [command, &["-f", "milvus.yaml"]].concat();
            let ran = run(&account, &folder, &args).exits(1);
            assert!(!ran.stderr.contains("kubeconfig's login"), "{ran:#?}");
            ran.says(&[
                "the EKS cluster demo-milvus in us-west-2 of account 123456789012",
                state,
                hint,
            ]);
        }
    }
    assert_eq!(theirs.requests(), 0);
}

#[test]
fn stage_fault_4_a_context_that_is_named_wins_and_a_line_says_so() {
    let named = with_demo();
    let folder = folder(&named);
    let account = Account::start(Some(cluster("ACTIVE", Some(NOWHERE))));
    let args = ["status", "-f", "milvus.yaml", "--context", "here"];
    let ran = run(&account, &folder, &args).exits(3);
    for word in ["--context here decides", &named.address] {
        assert!(ran.stderr.contains(word), "{ran:#?}");
    }
    assert_eq!(account.asked(), Vec::<String>::new(), "without the account");
}

#[test]
fn stage_fault_4_a_change_is_refused_where_the_context_leads_elsewhere() {
    let theirs = ApiServer::start();
    let folder = folder(&theirs);
    let account = Account::start(Some(cluster("ACTIVE", Some(NOWHERE))));
    for command in [
        &["plan"][..],
        &["install"],
        &["graph"],
        &["uninstall"],
        &["upgrade", "--to", "2.4.6"],
    ] {
        let args = [command, &["-f", "milvus.yaml", "--context", "here"]].concat();
        let ran = run(&account, &folder, &args).exits(2);
        ran.says(&[
            "--context here leads to",
            &theirs.address,
            "the EKS cluster demo-milvus",
        ]);
    }
    assert_eq!(theirs.writes(), Vec::<String>::new());
}

#[test]
fn stage_fault_4_who_is_not_let_in_is_told_who_that_is() {
    let closed = ApiServer::refusing(401);
    let folder = folder(&ApiServer::start());
    let account = Account::start(Some(cluster("ACTIVE", Some(&closed.address))));
    let ran = run(&account, &folder, &["status", "-f", "milvus.yaml"]).exits(1);
    ran.says(&[
        "the EKS cluster demo-milvus does not let arn:aws:iam::123456789012:user/me in",
        "hint: ",
        "access entry",
    ]);
}
