//! Around what exists already: it is used, and stays as it was.

use serde_json::Value;

use crate::account::{Account, Ran};

/// Everything of another installation, as one that uses it names it.
const EVERYTHING: &str = "target: eks\naws:\n  existing:\n    eksCluster: other-milvus\n    mskCluster: other-milvus\n    bucket: other-milvus-123456789012-us-west-2\n    secret: AmazonMSK_other-milvus\n";
/// The cluster alone.
const CLUSTER: &str = "target: eks\naws: {existing: {eksCluster: other-milvus}}\n";
/// The cluster and its brokers.
const BROKERS: &str =
    "target: eks\naws: {existing: {eksCluster: other-milvus, mskCluster: other-milvus}}\n";

/// An account in which somebody has a cluster, brokers with a login, and a bucket.
fn account() -> Account {
    let account = Account::new();
    account.run("install", "other").ends_with(0);
    account
}

/// What is in the account beside what carries the mark of `demo`.
fn others(account: &Account) -> Vec<Value> {
    let inventory = account.stage.inventory().unwrap();
    let all = inventory["present"].as_array().unwrap().iter();
    all.filter(|item| item["tags"]["kubectl-milvus/installation"] != "demo")
        // Aliases and configurations of MSK carry no tags.
        .filter(|item| !item["id"].as_str().unwrap().contains("demo-milvus"))
        .cloned()
        .collect()
}

fn resources(ran: &Ran) -> Vec<&str> {
    let entries = ran.told["report"]["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["resource"].as_str().unwrap())
        .collect()
}

/// Installs, installs again, takes it away: what others have stays as it was all along.
fn comes_and_goes(account: &Account) -> Ran {
    let before = others(account);
    let first = account.run("install", "demo").ends_with(0);
    assert_eq!(others(account), before, "after the installation");
    let second = account.run("install", "demo").ends_with(0);
    assert_eq!(second.calls(true), 0, "{:#}", second.told["calls"]);
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(others(account), before, "after the removal");
    let inventory = account.stage.inventory().unwrap();
    assert_eq!(inventory["present"].as_array().unwrap(), &before);
    assert_eq!(account.stage.invalid().unwrap(), Vec::<Value>::new());
    first
}

/// Says these words, and writes nothing.
#[track_caller]
fn is_refused(account: &Account, lines: &str, words: &[&str]) {
    let account_lines = account.with("demo", lines);
    let before = account_lines.stage.inventory().unwrap();
    account_lines.stage.clear_calls().unwrap();
    let ran = account_lines.run("install", "demo").ends_with(1);
    let said = format!("{}{}", ran.told["error"], ran.stderr);
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    let calls = account_lines.stage.calls().unwrap();
    assert!(calls.iter().all(|call| !call.write), "{calls:#?}");
    assert_eq!(account_lines.stage.inventory().unwrap(), before);
}
