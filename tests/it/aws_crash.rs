//! `kill -9` before and after every write to Kubernetes, on the way from an empty AWS account to Milvus and back.
//!
//! The API server of the cluster that EKS makes is behind a gate. `tests/aws/crash.rs` dies at every write of AWS.

use std::process::{Command, Output, Stdio};

use milvus_stage::{
    aws::{self, AwsStage},
    cache::Cache,
};
use serde_json::{Value, json};

use crate::{
    aws_install::{FILE, of_cluster, plugin},
    plugin::kubectl,
    write_gate::{Hold, WriteGate, deaths, spared},
};

const INSTALL: [&str; 5] = ["install", "-f", FILE, "--yes", "--verify=false"];
const UNINSTALL: [&str; 6] = [
    "uninstall",
    "-f",
    FILE,
    "--delete-data",
    "--confirm",
    "demo",
];

/// Clusters are behind the gate as long as it lives.
struct Behind<'a> {
    account: &'a AwsStage,
    before: Value,
}

impl<'a> Behind<'a> {
    fn new(account: &'a AwsStage, gate: &WriteGate) -> Self {
        let server = json!(gate.server());
        let before = account.kubernetes_at(&server).expect("it is set");
        Self { account, before }
    }
}

impl Drop for Behind<'_> {
    fn drop(&mut self) {
        let _set = self.account.kubernetes_at(&self.before);
    }
}

#[test]
#[ignore = "takes a quarter of an hour: cargo xtask test --only aws_crash"]
fn an_install_killed_before_and_after_every_write_to_kubernetes_ends_the_same() {
    let cache = Cache::open().expect("the cache");
    let account = aws::joined_by_eks(&cache).expect("the account").aws;
    account.reset().expect("an empty account");
    let gate = WriteGate::new();
    let _behind = Behind::new(&account, &gate);
    let start = |args: &[&str]| {
        let mut command: Command = plugin(&cache, args);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.spawn().expect("the plugin starts")
    };
    let undisturbed = |args: &[&str]| {
        gate.open();
        let ended = start(args).wait_with_output().expect("it ends");
        assert!(ended.status.success(), "{ended:?}");
        gate.written()
    };
    let state = || {
        let inventory = account.inventory().expect("an inventory");
        let present = inventory["present"].as_array().expect("a list").len();
        (made_by_us(), present)
    };

    as_eks_makes_it();
    let empty = state();
    let installs = undisturbed(&INSTALL);
    let wanted = state();
    let removals = undisturbed(&UNINSTALL);
    assert_eq!(state(), empty);
    assert!(
        installs.len() >= 40 && removals.len() >= 10,
        "{installs:?}, {removals:?}"
    );
    for hold in [Hold::Before, Hold::After] {
        let ends_well = |ended: &Output| ended.status.success();
        for (args, writes, end) in [
            (&INSTALL[..], &installs, &wanted),
            (&UNINSTALL[..], &removals, &empty),
        ] {
            as_eks_makes_it();
            let points = deaths(&gate, hold, || start(args), ends_well);
            println!("{}: {} points, {hold:?} each", args[0], points.len());
            assert_eq!(spared(writes, &points), Vec::<String>::new());
            assert_eq!(&state(), end, "{hold:?} {points:?}");
            assert_eq!(undisturbed(args), Vec::<String>::new(), "once more writes");
        }
    }
}

/// EKS makes its own storage class the default anew in each cluster; here all clusters are the same one.
fn as_eks_makes_it() {
    let default = "storageclass.kubernetes.io/is-default-class=true";
    kubectl(
        &["annotate", "--overwrite", "storageclass", "gp2", default],
        "",
    )
    .exits(0);
}

/// The names of all objects that no controller makes.
fn made_by_us() -> Vec<String> {
    let by_controllers = ["Pod/", "Event/", "PersistentVolume/"];
    let objects = of_cluster().into_keys();
    objects
        .filter(|name| !by_controllers.iter().any(|kind| name.starts_with(kind)))
        .collect()
}
