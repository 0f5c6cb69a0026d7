//! What is another installation's, and another run's.

use serde_json::Value;

use crate::account::{ACCOUNT, Account, Ran};

#[test]
fn two_installations_share_nothing() {
    let account = Account::new();
    // The second pair's names begin alike.
    for (first, second) in [("demo", "other"), ("milvus", "milvus-milvus")] {
        account.run("install", first).ends_with(0);
        let alone = account.ids();
        account.run("install", second).ends_with(0);
        account.run("wipe", second).ends_with(0);
        assert_eq!(account.ids(), alone);
        account.run("wipe", first).ends_with(0);
    }
}

#[test]
fn two_runs_at_once_make_one_of_everything() {
    let undisturbed = {
        let account = Account::new();
        account.run("install", "demo").ends_with(0);
        account.existing()
    };
    let account = Account::new();
    let first = account.start("install", "demo");
    let second = account.start("install", "demo");
    for run in [first, second] {
        Ran::to_its_end(run).ends_with(0);
    }
    account.run("install", "demo").ends_with(0);
    assert_eq!(account.existing(), undisturbed);
}

#[test]
fn what_a_run_at_the_same_time_left_is_taken_away() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    let undisturbed = account.ids();
    account.others("second_run.py", &["demo"]);
    assert_ne!(account.ids(), undisturbed);
    account.run("install", "demo").ends_with(0);
    assert_eq!(account.ids(), undisturbed);
    let again = account.run("install", "demo").ends_with(0);
    assert_eq!(again.calls(true), 0);
}

#[test]
fn what_two_runs_left_that_came_to_nothing_is_used_or_taken_away() {
    let undisturbed = {
        let account = Account::new();
        account.run("install", "demo").ends_with(0);
        account.existing()
    };
    let account = Account::new();
    account.others("second_run.py", &["demo"]);
    account.others("second_run.py", &["demo"]);
    account.run("install", "demo").ends_with(0);
    assert_eq!(account.existing(), undisturbed);
    let again = account.run("install", "demo").ends_with(0);
    assert_eq!(again.calls(true), 0);
}

/// What somebody else may have under a name of ours, and the resource that it stands in the way of.
const STRANGERS: &[(&str, &str)] = &[
    ("bucket", "bucket/demo-milvus-123456789012-us-west-2"),
    ("role", "role/demo-us-west-2-nodes"),
    ("key", "key/demo-milvus"),
    ("secret", "secret/AmazonMSK_demo-milvus"),
    ("msk-configuration", "msk-configuration/demo-milvus"),
    ("msk-cluster", "msk-cluster/demo-milvus"),
    ("eks-cluster", "eks-cluster/demo-milvus"),
];

/// An install ends refused because of that resource, and has written nothing.
#[track_caller]
fn refuses(account: &Account, resource: &str) {
    let before = account.ids();
    account.stage.clear_calls().unwrap();
    let refused = account.run("install", "demo").ends_with(5);
    let said = refused.told["error"].as_str().unwrap();
    assert!(
        said.starts_with(&format!("refused: {resource}: ")),
        "{said}"
    );
    let calls = account.stage.calls().unwrap();
    assert!(calls.iter().all(|call| !call.write), "{calls:#?}");
    assert_eq!(account.ids(), before, "{resource}");
}

#[test]
fn what_is_not_ours_is_refused_by_name_before_anything_is_made() {
    let account = Account::new();
    for (kind, resource) in STRANGERS {
        account.stage.reset().unwrap();
        account.others("strangers.py", &[kind, "demo", ACCOUNT]);
        refuses(&account, resource);
    }
}

/// EKS would refuse the cluster's end after everything else in it has gone.
#[test]
fn what_keeps_the_cluster_is_named_before_anything_is_deleted() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    account.others("keepers.py", &["demo", "come"]);
    let before = account.ids();
    let refused = account.run("uninstall", "demo").ends_with(5);
    let named = refused.told["error"].as_array().unwrap();
    let named: Vec<&str> = named.iter().map(|name| name.as_str().unwrap()).collect();
    let expected = [
        "addon/coredns (it carries no tag kubectl-milvus/installation)",
        "eks-cluster/demo-milvus (protected from deletion)",
        "node-group/theirs",
        "fargate-profile/theirs",
    ];
    assert_eq!(named, expected);
    assert_eq!(account.ids(), before);
    account.others("keepers.py", &["demo", "go"]);
    account.run("uninstall", "demo").ends_with(0);
    let clusters = account.ids();
    let mut clusters = clusters.iter().filter(|id| id.starts_with("eks/"));
    assert_eq!(clusters.next(), None);
    assert_eq!(account.stage.invalid().unwrap(), Vec::<Value>::new());
}

#[test]
fn a_group_that_lost_our_mark_stays_and_is_refused() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    account.others("strangers.py", &["security-group", "demo", ACCOUNT]);
    account.run("wipe", "demo").ends_with(0);
    refuses(&account, "security-group/demo-milvus-msk");
}
