//! What takes AWS longer than anybody's patience, what it cannot take back, and what it cannot change.

use std::time::Duration;

use serde_json::{Value, json};

use crate::account::Account;
use crate::existing::{begin_brokers, call, present};

/// The brokers, or the nodes, of `demo`.
fn the(account: &Account, service: &str, kind: &str) -> Option<Value> {
    let is_it = |item: &Value| {
        item["service"] == service
            && item["kind"] == kind
            && item["tags"]["kubectl-milvus/installation"] == "demo"
    };
    present(account).into_iter().find(is_it)
}

#[test]
fn brokers_that_are_still_being_made_are_waited_for_and_then_deleted() {
    let account = Account::new();
    account.run("install", "other").ends_with(0);
    let tags = json!({"kubectl-milvus/installation": "demo"});
    let scram = json!({"clientAuthentication": {"sasl": {"scram": {"enabled": true}}}});
    begin_brokers(&account, "demo-milvus", &scram, &tags);
    let made = the(&account, "kafka", "cluster").unwrap();
    assert_eq!(made["state"], "CREATING");
    let ran = account.run("uninstall", "demo").ends_with(0);
    let took = Duration::from_millis(ran.told["report"]["tookMillis"].as_u64().unwrap());
    assert!(took > Duration::from_mins(25), "{took:?}");
    assert_eq!(the(&account, "kafka", "cluster"), None);
}

#[test]
fn disks_of_brokers_that_grew_by_themselves_stay_as_large() {
    let account = Account::new();
    account.describe("demo", "target: aws\naws: {msk: {storage: 200Gi}}\n");
    account.run("install", "demo").ends_with(0);
    account.describe("demo", "target: aws\naws: {msk: {storage: 100Gi}}\n");
    let again = account.run("install", "demo").ends_with(0);
    assert_eq!(again.calls(true), 0, "{:#}", again.told["calls"]);
    account.describe("demo", "target: aws\naws: {msk: {storage: 300Gi}}\n");
    account.run("install", "demo").ends_with(0);
    let brokers = the(&account, "kafka", "cluster").unwrap();
    let disk = &brokers["provisioned"]["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"];
    assert_eq!(disk["VolumeSize"], 300);
}

#[test]
fn machines_are_changed_by_whoever_deletes_the_node_group() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    let lines = "target: aws\naws: {eks: {nodes: {instanceType: m6i.4xlarge}}}\n";
    account.describe("demo", lines);
    let ran = account.run("install", "demo").ends_with(1);
    let said = ran.told["error"].as_str().unwrap();
    for words in [
        "take the change",
        "delete the node group yourself",
        "same command",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let request = "DELETE /clusters/demo-milvus/node-groups/demo-milvus-nodes";
    call(&account, "us-west-2/eks", request, "application/json", "");
    account.run("install", "demo").ends_with(0);
    let nodes = the(&account, "eks", "nodegroup").unwrap();
    assert!(nodes.to_string().contains("m6i.4xlarge"), "{nodes:#}");
}
