//! An installation from nothing, again, and away.

use std::collections::BTreeMap;
use std::time::Duration;

use milvus_stage::aws::durations;
use serde_json::Value;

use crate::account::Account;

/// Kinds of resources that take the stage's time, with what of its table they take.
const TAKES: &[(&str, &[&str])] = &[
    (
        "addon/aws-ebs-csi-driver",
        &["eks:addon:aws-ebs-csi-driver:create"],
    ),
    ("addon/coredns", &["eks:addon:coredns:create"]),
    ("addon/kube-proxy", &["eks:addon:kube-proxy:create"]),
    ("addon/vpc-cni", &["eks:addon:vpc-cni:create"]),
    // Both wait for what they build on to be seen first.
    ("eks-cluster/", &["iam:propagation", "eks:cluster:create"]),
    ("msk-cluster/", &["kms:key:usable", "kafka:cluster:create"]),
    ("nat-gateway/", &["ec2:nat-gateway:create"]),
    ("node-group/", &["eks:nodegroup:create"]),
    ("secret/", &["kms:key:usable"]),
];

/// The longest path through what the run reports, by the stage's own durations.
fn longest_path(entries: &[Value]) -> Duration {
    let durations = durations().unwrap();
    let mut ends: BTreeMap<&str, Duration> = BTreeMap::new();
    // Entries come in an order in which each follows what it needs.
    for entry in entries {
        let id = entry["resource"].as_str().unwrap();
        let takes = TAKES.iter().find(|(kind, _)| id.starts_with(kind));
        let own: Duration = takes.map_or(Duration::ZERO, |(_, keys)| {
            keys.iter().map(|key| durations[*key]).sum()
        });
        let needs = entry["needs"].as_array().unwrap().iter();
        let begins = needs
            .map(|need| ends[need.as_str().unwrap()])
            .max()
            .unwrap_or_default();
        ends.insert(id, begins + own);
    }
    ends.into_values().max().unwrap()
}

#[test]
fn takes_the_longest_path_and_no_more() {
    let account = Account::new();
    let ran = account.run("install", "demo").ends_with(0);
    let report = &ran.told["report"];
    let took = Duration::from_millis(report["tookMillis"].as_u64().unwrap());
    let path = longest_path(report["entries"].as_array().unwrap());
    println!(
        "{took:?} of virtual time, longest path {path:?}, {} reads, {} writes",
        ran.calls(false),
        ran.calls(true)
    );
    assert!(path >= Duration::from_mins(25));
    assert!(
        took <= path.mul_f64(1.05),
        "{took:?}, longest path {path:?}"
    );
    assert_eq!(account.stage.invalid().unwrap(), Vec::<Value>::new());
}

/// What the SDKs call the services that AWS's own names tell otherwise.
const SERVICES: &[(&str, &str)] = &[
    ("Elastic Load Balancing v2", "elbv2"),
    ("Resource Groups Tagging API", "resourcegroupstaggingapi"),
    ("Secrets Manager", "secretsmanager"),
];

#[test]
fn the_report_counts_every_call_by_service() {
    let account = Account::new();
    let ran = account.run("install", "demo").ends_with(0);
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for call in ran.told["calls"].as_array().unwrap() {
        let service = call["service"].as_str().unwrap();
        let known = SERVICES.iter().find(|(name, _)| *name == service);
        let service = known.map_or(service.to_lowercase(), |(_, name)| (*name).to_owned());
        *told.entry(service).or_default() += call["times"].as_u64().unwrap();
    }
    let mut got: BTreeMap<String, u64> = BTreeMap::new();
    for call in account.stage.calls().unwrap() {
        *got.entry(call.service).or_default() += 1;
    }
    println!("{} calls: {told:?}", told.values().sum::<u64>());
    assert_eq!(told, got);
}

#[test]
fn a_second_one_writes_nothing_and_reads_little() {
    let account = Account::new();
    account.run("install", "demo").ends_with(0);
    let second = account.run("install", "demo").ends_with(0);
    assert_eq!(second.calls(true), 0, "{:#}", second.told["calls"]);
    assert!(second.calls(false) <= 60, "{:#}", second.told["calls"]);
}

#[test]
fn a_plan_of_nothing_makes_everything_and_writes_nothing() {
    let account = Account::new();
    let plan = account.run("plan", "demo").ends_with(0);
    let steps = plan.told["plan"]["steps"].as_array().unwrap();
    assert!(steps.len() >= 28, "{}", steps.len());
    for step in steps {
        let id = step["resource"].as_str().unwrap();
        // The file names nobody: nobody is let in.
        let wanted = if id.starts_with("access-entries/") {
            "keep"
        } else {
            "create"
        };
        assert_eq!(step["action"], wanted, "{id}");
    }
    assert_eq!(plan.calls(true), 0);
    let calls = account.stage.calls().unwrap();
    assert!(calls.iter().all(|call| !call.write), "{calls:#?}");
}

#[test]
fn a_login_that_nobody_can_read_holds_no_removal_up() {
    let account = Account::new();
    let before = account.stage.inventory().unwrap()["present"].clone();
    account.run("install", "demo").ends_with(0);
    account.others("disabled_key.py", &["demo"]);
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(account.stage.inventory().unwrap()["present"], before);
}

#[test]
fn nothing_is_left_but_what_holds_data_and_then_nothing() {
    let account = Account::new();
    let before = account.stage.inventory().unwrap()["present"].clone();
    account.run("install", "demo").ends_with(0);
    account.run("uninstall", "demo").ends_with(0);
    let kept: Vec<String> = account
        .existing()
        .into_keys()
        .filter(|key| key.ends_with(" demo"))
        .collect();
    assert_eq!(kept.len(), 2, "the bucket and the key: {kept:?}");
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(account.stage.inventory().unwrap()["present"], before);
}
