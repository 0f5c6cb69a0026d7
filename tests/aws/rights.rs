//! docs/iam-policy.json holds the rights that an installation needs, all of them and no others.

use std::collections::BTreeSet;

use milvus_aws_core::aws::actions;
use serde_json::{Value, json};

use crate::account::{ACCOUNT, Account};
use crate::existing;

const POLICY: &str = include_str!("../../docs/iam-policy.json");

/// Two files of one installation: between them changes what calls an operation of its own.
const BEFORE: &str = "\
target: aws
aws:
  eks: {version: '1.33', nodes: {count: 3}, logging: [audit], admins: ['arn:aws:iam::123456789012:role/first']}
  msk: {version: 3.8.x, instanceType: kafka.m7g.large, brokersPerZone: 1, storage: 100Gi}
";
const AFTER: &str = "\
target: aws
aws:
  eks: {version: '1.34', nodes: {count: 4}, logging: [api], admins: ['arn:aws:iam::123456789012:role/second']}
  msk: {version: 3.9.x, instanceType: kafka.m7g.xlarge, brokersPerZone: 2, storage: 200Gi, configuration: {log.retention.hours: '24'}}
";

/// What an installation asks for in a cluster that exists, and nowhere else: what the cluster has, brokers by their ARN,
/// and who else trusts an issuer of ours, which then loses our tag.
const OF_TARGET_EKS: &[&str] = &[
    "eks:ListAddons",
    "iam:ListRoles",
    "iam:UntagOpenIDConnectProvider",
    "kafka:DescribeClusterV2",
];

/// What no run here asks for, and why it is a right all the same.
const NOT_ASKED_FOR: &[(&str, &str)] = &[(
    "elasticloadbalancing:DescribeTargetHealth",
    "a load balancer is waited for where there is a service of Kubernetes: not here",
)];

/// Without them an installation stops; of several services, reads and writes, calls' own rights and further ones.
const TAKEN_OUT: &[&str] = &[
    "ec2:CreateTags",
    "iam:CreateServiceLinkedRole",
    "iam:PassRole",
    "kafka:ListClustersV2",
    "kms:CreateGrant",
    "s3:GetEncryptionConfiguration",
    "secretsmanager:GetSecretValue",
];

fn policy() -> Value {
    serde_json::from_str(POLICY).unwrap()
}

/// The policy without that action.
fn without(action: &str) -> Value {
    let mut policy = policy();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in statements.iter_mut() {
        let actions = statement["Action"].as_array_mut().unwrap();
        actions.retain(|one| one != action);
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    policy
}

fn named(items: &[Value]) -> BTreeSet<&str> {
    let actions = items.iter().map(|item| item["action"].as_str().unwrap());
    actions.collect()
}

/// Who has an access entry in the cluster.
fn admitted(account: &Account) -> BTreeSet<String> {
    let present = existing::present(account);
    let entries = present.iter().filter(|item| item["kind"] == "access-entry");
    entries
        .map(|entry| entry["principal"].as_str().unwrap().to_owned())
        .collect()
}

/// Others change what is there, whatever the installer may do.
fn meddle(account: &Account) {
    account.stage.enforce(false).unwrap();
    account.others("meddle.py", &["demo", ACCOUNT]);
    account.stage.enforce(true).unwrap();
}

#[test]
fn they_are_enough_and_every_one_is_needed() {
    let mut account = Account::new();
    for name in ["first", "second"] {
        account.stage.role(name, &json!(null)).unwrap();
    }
    account.restrict(&policy());
    account.describe("demo", BEFORE);
    account.run("install", "demo").ends_with(0);
    let second = account.run("install", "demo").ends_with(0);
    assert_eq!(second.calls(true), 0);
    meddle(&account);
    account.describe("demo", AFTER);
    account.run("install", "demo").ends_with(0);
    let admitted = admitted(&account);
    assert!(admitted.iter().any(|who| who.ends_with(":role/second")));
    assert!(
        !admitted.iter().any(|who| who.ends_with(":role/first")),
        "{admitted:?}"
    );
    let nobody = AFTER.replace("'arn:aws:iam::123456789012:role/second'", "");
    account.describe("demo", &nobody);
    account.run("install", "demo").ends_with(0);
    let admitted = self::admitted(&account);
    assert!(
        !admitted.iter().any(|who| who.contains(":role/")),
        "{admitted:?}"
    );
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(account.stage.denied().unwrap(), Vec::<Value>::new());
    assert_eq!(account.stage.invalid().unwrap(), Vec::<Value>::new());
    let used = account.stage.used().unwrap();
    let excused = NOT_ASKED_FOR.iter().map(|(action, _)| *action);
    let excused: BTreeSet<&str> = excused.chain(OF_TARGET_EKS.iter().copied()).collect();
    // What is not allowed is refused: without any of those that were used this run would have stopped.
    let unused: BTreeSet<&str> = actions().difference(&named(&used)).copied().collect();
    assert_eq!(unused, excused);
}

#[test]
fn they_are_enough_in_a_cluster_that_exists() {
    let mut account = Account::new();
    account.run("install", "other").ends_with(0);
    existing::forget_issuer(&account);
    account.restrict(&policy());
    let present = existing::present(&account);
    let brokers = present
        .iter()
        .find(|item| item["service"] == "kafka" && item["kind"] == "cluster");
    let arn = brokers.unwrap()["id"].as_str().unwrap();
    existing::eks(&account, &format!("mskCluster: '{arn}'"));
    account.run("install", "demo").ends_with(0);
    account.run("wipe", "demo").ends_with(0);
    assert_eq!(account.stage.denied().unwrap(), Vec::<Value>::new());
    let used = account.stage.used().unwrap();
    let used = named(&used);
    for action in OF_TARGET_EKS {
        assert!(used.contains(action), "{action}: {used:?}");
    }
}

#[test]
fn without_one_of_them_an_install_stops_and_names_it() {
    for action in TAKEN_OUT {
        let mut account = Account::new();
        account.restrict(&without(action));
        let ran = account.run("install", "demo").ends_with(1);
        let said = ran.told["error"].as_str().unwrap();
        assert!(said.contains(action), "{action}: {said}");
        let denied = account.stage.denied().unwrap();
        assert_eq!(named(&denied), BTreeSet::from([*action]));
    }
}
