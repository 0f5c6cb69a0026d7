//! What AWS does on a bad day.

use serde_json::{Value, json};

use crate::account::{Account, Ran};

/// Installs on such a day; what that leaves undone the next run does.
fn converges(fault: &Value) -> Ran {
    let account = Account::new();
    account.stage.fault(fault.clone()).unwrap();
    let ran = account.run("install", "demo");
    account.stage.clear_faults().unwrap();
    account.run("install", "demo").ends_with(0);
    let last = account.run("install", "demo").ends_with(0);
    assert_eq!(last.calls(true), 0, "{fault}");
    ran
}

/// Stops with a message that holds these words, and goes on afterwards.
#[track_caller]
fn stops(fault: &Value, words: &[&str]) {
    let ran = converges(fault).ends_with(1);
    let said = ran.told["error"].as_str().unwrap();
    for word in words {
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn throttling_and_errors_are_waited_out() {
    for (kind, probability) in [("throttle", 0.2), ("internal", 0.1), ("reset", 0.05)] {
        converges(&json!({"kind": kind, "probability": probability, "seed": 7})).ends_with(0);
    }
}

#[test]
fn answers_may_be_lost_after_the_write() {
    let fault = json!({"kind": "lost", "probability": 0.3, "seed": 5, "writes_only": true});
    converges(&fault).ends_with(0);
}

#[test]
fn expired_credentials_stop_the_run() {
    let fault = json!({"kind": "expired", "service": "kafka", "operation": "CreateClusterV2"});
    stops(&fault, &["does not accept the credentials", "log in again"]);
}

#[test]
fn a_quota_stops_the_run() {
    let fault = json!({"kind": "quota", "service": "ec2", "operation": "CreateVpc"});
    stops(&fault, &["quota", "Service Quotas"]);
}

#[test]
fn failed_brokers_and_nodes_are_told_and_made_again() {
    let fault = json!({"kind": "fail", "service": "kafka", "operation": "CreateClusterV2", "reason": "no capacity for brokers"});
    stops(&fault, &["no capacity for brokers", "tries again"]);
    let fault = json!({"kind": "fail", "service": "eks", "operation": "CreateNodegroup", "reason": "InsufficientInstanceCapacity"});
    stops(&fault, &["InsufficientInstanceCapacity"]);
}
