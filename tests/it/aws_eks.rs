//! A second Milvus in a cluster and on brokers that exist (`target: eks`): it uses them, and leaves them as they were.

use milvus_stage::{aws::AwsStage, cache::Cache};
use serde_json::Value;

use crate::aws_install::{self, milvus, of_cluster};

const FILE: &str = "stage/aws/second.yaml";

/// Installs it beside the installation `demo`, which owns cluster and brokers, and removes it; what was there before is
/// there afterwards, and `demo` works.
pub(crate) fn a_second_one_shares_cluster_and_brokers(cache: &Cache, account: &AwsStage) {
    let inventory = || {
        let mut present = account.inventory().expect("an inventory")["present"].take();
        for thing in present.as_array_mut().expect("a list") {
            // The server that goes on running writes into its bucket.
            thing.as_object_mut().expect("a thing").remove("objects");
        }
        present
    };
    let (before, objects) = (inventory(), own_objects());

    let install = ["install", "-f", FILE, "--yes", "-o", "json"];
    let installed = milvus(cache, &install).exits(0).result_of("install");
    assert_eq!(installed["verified"], true, "{installed}");
    let controllers = of_cluster()
        .into_keys()
        .filter(|name| name.starts_with("Deployment/") && name.contains("load-balancer"));
    assert_eq!(controllers.count(), 1, "the cluster's controller is used");
    let again = ["plan", "-f", FILE, "-o", "json"];
    let again = milvus(cache, &again).exits(0).result_of("plan");
    assert_eq!(pending(&again), Vec::<&str>::new());

    // The cluster's own installation does not take the second one's volumes away.
    let with_the_cluster = ["uninstall", "-f", aws_install::FILE, "--dry-run=server"];
    let refused = milvus(cache, &with_the_cluster).exits(5);
    assert!(
        refused.stderr.contains("persistentvolumeclaim/"),
        "{}",
        refused.stderr
    );
    let words = ["--delete-data", "--confirm", "second"];
    milvus(cache, &[&["uninstall", "-f", FILE][..], &words].concat()).exits(0);
    assert_eq!(inventory(), before);
    assert_eq!(own_objects(), objects);
    milvus(cache, &["verify", "demo", "-n", "milvus"]).exits(0);
}

/// What people or the plugin made, by name.
fn own_objects() -> Vec<String> {
    let moves = ["Pod/", "Event/", "PersistentVolume/"];
    let objects = of_cluster().into_keys();
    objects
        .filter(|name| !moves.iter().any(|kind| name.starts_with(kind)))
        .collect()
}

/// The resources that a plan would touch.
fn pending(plan: &Value) -> Vec<&str> {
    let steps = plan["steps"].as_array().expect("steps");
    let touched = steps.iter().filter(|step| step["action"] != "keep");
    touched
        .filter_map(|step| step["resource"].as_str())
        .collect()
}
