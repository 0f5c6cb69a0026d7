//! `kill -9` again and again on the way from an empty AWS account to Milvus and back, Kubernetes's writes included.
//!
//! A chain: each run is killed at the first thing that it makes, the next one goes on. `tests/aws/crash.rs` dies at every
//! single write of AWS.

use std::process::{Command, Stdio};

use milvus_stage::{aws, cache::Cache};

use crate::{
    aws_install::{FILE, milvus, of_cluster, plugin},
    plugin::stderr_lines,
};

/// More deaths than there are things to make.
const MOST: usize = 200;

/// Kills every run at the first thing that it makes or takes away and none before it did, until one ends by itself; what
/// those things were.
fn chain(cache: &Cache, args: &[&str]) -> Vec<String> {
    let mut points = Vec::new();
    while points.len() < MOST {
        let mut command: Command = plugin(cache, args);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut run = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the plugin starts");
        let written = stderr_lines(&mut run).filter_map(|line| written(&line));
        let Some(resource) = written.into_iter().find(|one| !points.contains(one)) else {
            assert!(run.wait().expect("it ends").success(), "after {points:?}");
            return points;
        };
        run.kill().expect("it can be killed");
        run.wait().expect("it ends");
        points.push(resource);
    }
    panic!("no run comes to its end: {points:?}");
}

/// The resource that a line of progress says was written.
fn written(line: &str) -> Option<String> {
    let mut words = line.strip_prefix("✓ ")?.split(' ');
    let (resource, what) = (words.next()?, words.next()?);
    ["created", "changed", "deleted"]
        .contains(&what)
        .then(|| resource.to_owned())
}

#[test]
#[ignore = "takes ten minutes: cargo xtask test --only aws_crash"]
fn an_install_killed_wherever_it_makes_something_ends_the_same() {
    let cache = Cache::open().expect("the cache");
    let account = aws::joined(&cache).expect("the account").aws;
    let install = ["install", "-f", FILE, "--yes", "--verify=false"];
    let uninstall = [
        "uninstall",
        "-f",
        FILE,
        "--delete-data",
        "--confirm",
        "demo",
    ];
    let made_by_us = || {
        let objects = of_cluster().into_keys();
        let by_controllers = ["Pod/", "Event/", "PersistentVolume/"];
        objects
            .filter(|name| !by_controllers.iter().any(|kind| name.starts_with(kind)))
            .collect::<Vec<_>>()
    };
    let present = || {
        let inventory = account.inventory().expect("an inventory");
        inventory["present"].as_array().expect("a list").len()
    };

    account.reset().expect("an empty account");
    let (objects, things) = (made_by_us(), present());
    milvus(&cache, &install).exits(0);
    let undisturbed = (made_by_us(), present());
    milvus(&cache, &uninstall).exits(0);
    assert_eq!((made_by_us(), present()), (objects.clone(), things));

    let installs = chain(&cache, &install);
    assert_eq!((made_by_us(), present()), undisturbed, "after {installs:?}");
    milvus(&cache, &["verify", "-n", "milvus"]).exits(0);
    let removals = chain(&cache, &uninstall);
    assert_eq!(
        (made_by_us(), present()),
        (objects, things),
        "after {removals:?}"
    );
    println!(
        "killed {} installs, {} removals",
        installs.len(),
        removals.len()
    );
    // Several things are made at a time: a run that is killed at one of them has made its neighbours too.
    assert!(
        installs.len() >= 20 && removals.len() >= 20,
        "{installs:?} {removals:?}"
    );
}
