//! What AWS does on a bad day.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::account::{Account, Ran};

/// Installs on such a day; what that leaves undone the next run does.
fn converges(faults: &[Value]) -> Ran {
    let account = Account::new();
    for fault in faults {
        account.stage.fault(fault.clone()).unwrap();
    }
    let ran = account.run("install", "demo");
    for rule in account.stage.faults().unwrap() {
        assert_ne!(rule["fired"], 0, "it never went wrong: {rule}");
    }
    account.stage.clear_faults().unwrap();
    account.run("install", "demo").ends_with(0);
    let last = account.run("install", "demo").ends_with(0);
    assert_eq!(last.calls(true), 0, "{faults:?}");
    ran
}

/// Stops where each of those resources is, with a message that holds its words (what happened, and what to do), tells
/// what exists, and goes on afterwards.
#[track_caller]
fn stops(faults: &[Value], expected: &[(&str, &[&str])]) {
    let ran = converges(faults).ends_with(1);
    let entries = ran.told["report"]["entries"].as_array().unwrap();
    let with = |outcome: &'static str| entries.iter().filter(move |one| one["outcome"] == outcome);
    assert!(with("created").count() >= 2, "{entries:#?}");
    let failed: BTreeSet<_> = with("failed").map(|one| one["resource"].as_str()).collect();
    let wanted = expected.iter().map(|(resource, _)| Some(*resource));
    assert_eq!(failed, wanted.collect());
    let said = ran.told["error"].as_str().unwrap();
    for (resource, words) in expected {
        let entry = with("failed").find(|one| one["resource"] == *resource);
        let reason = entry.unwrap()["reason"].as_str().unwrap();
        assert!(said.contains(reason), "{said}");
        for word in *words {
            assert!(reason.contains(word), "{resource}, {word}: {reason}");
        }
    }
}

/// Every call of that operation goes wrong in that way.
fn fault(kind: &str, service: &str, operation: &str) -> Value {
    json!({"kind": kind, "service": service, "operation": operation})
}

/// What that operation begins fails in the end, for that reason.
fn failing(service: &str, operation: &str, code: &str, reason: &str) -> Value {
    json!({"kind": "fail", "service": service, "operation": operation, "code": code, "reason": reason})
}

#[test]
fn throttling_and_errors_are_waited_out() {
    for (kind, probability) in [("throttle", 0.2), ("internal", 0.1), ("reset", 0.05)] {
        converges(&[json!({"kind": kind, "probability": probability, "seed": 7})]).ends_with(0);
    }
}

#[test]
fn answers_may_be_lost_after_the_write() {
    let fault = json!({"kind": "lost", "probability": 0.3, "seed": 5, "writes_only": true});
    converges(&[fault]).ends_with(0);
}

#[test]
fn what_iam_and_kms_show_late_is_waited_for() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    let calls = account.stage.calls().unwrap();
    let refused: BTreeSet<_> = calls
        .iter()
        .filter(|call| call.write && call.error.is_some())
        .map(|call| call.operation.as_str())
        .collect();
    for late in ["CreateCluster", "CreateClusterV2", "CreateSecret"] {
        assert!(
            refused.contains(late),
            "{late} was never refused: {refused:?}"
        );
    }
}

#[test]
fn credentials_that_expire_stop_the_run() {
    let words = ["does not accept the credentials", "log in again", "goes on"];
    stops(
        &[
            fault("expired", "kafka", "CreateClusterV2"),
            fault("expired", "eks", "CreateNodegroup"),
        ],
        &[
            ("msk-cluster/demo-milvus", &words),
            ("node-group/demo-milvus-nodes", &words),
        ],
    );
}

#[test]
fn a_quota_stops_the_run() {
    let words: [&str; 3] = [
        "a quota of the account is reached",
        "Service Quotas",
        "goes on",
    ];
    stops(
        &[
            fault("quota", "s3", "CreateBucket"),
            fault("quota", "ec2", "CreateVpc"),
        ],
        &[
            ("bucket/demo-milvus-123456789012-us-west-2", &words),
            ("vpc/demo-milvus", &words),
        ],
    );
    stops(
        &[
            fault("quota", "ec2", "AllocateAddress"),
            fault("quota", "eks", "CreateCluster"),
            fault("quota", "kafka", "CreateClusterV2"),
        ],
        &[
            ("nat-gateway/demo-milvus", &words),
            ("eks-cluster/demo-milvus", &words),
            ("msk-cluster/demo-milvus", &words),
        ],
    );
}

#[test]
fn what_has_no_capacity_is_told_and_made_again() {
    stops(
        &[
            failing("kafka", "CreateClusterV2", "", "no capacity for brokers"),
            failing(
                "eks",
                "CreateNodegroup",
                "AsgInstanceLaunchFailures",
                "Could not launch On-Demand Instances. InsufficientInstanceCapacity",
            ),
        ],
        &[
            (
                "msk-cluster/demo-milvus",
                &["no capacity for brokers", "tries again"],
            ),
            (
                "node-group/demo-milvus-nodes",
                &[
                    "InsufficientInstanceCapacity",
                    "choose another `aws.eks.nodes.instanceType`",
                    "tries again",
                ],
            ),
        ],
    );
}

#[test]
fn a_failed_control_plane_and_gateway_are_told_and_made_again() {
    stops(
        &[
            failing(
                "ec2",
                "CreateNatGateway",
                "InsufficientFreeAddressesInSubnet",
                "no free addresses",
            ),
            failing(
                "eks",
                "CreateCluster",
                "InternalFailure",
                "no control plane",
            ),
        ],
        &[
            ("nat-gateway/demo-milvus", &["no free addresses", "again"]),
            ("eks-cluster/demo-milvus", &["no control plane", "again"]),
        ],
    );
}
