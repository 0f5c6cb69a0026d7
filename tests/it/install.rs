//! `install`, `verify` and `status` on the real thing.

use serde_json::Value;

use crate::plugin::{Namespace, STANDALONE, milvus};

#[test]
fn a_fresh_install_is_verified_and_a_second_one_changes_nothing() {
    let namespace = Namespace::new("install");
    let first = namespace
        .milvus(&["install", "-f", "-", "-o", "json"], STANDALONE)
        .exits(0)
        .result_of("install");
    assert_eq!(first["changed"], true, "{first}");

    let verified = namespace
        .milvus(&["verify", "-o", "json"], "")
        .exits(0)
        .result_of("verify");
    assert_eq!(verified["passed"], true, "{verified}");
    assert_eq!(verified["rows"], 3000, "{verified}");

    let before = footprint(&namespace);
    let second = namespace
        .milvus(&["install", "-f", "-", "-o", "json"], STANDALONE)
        .exits(0)
        .result_of("install");
    assert_eq!(second["changed"], false, "{second}");
    assert_eq!(
        footprint(&namespace),
        before,
        "the second install wrote something"
    );

    let status = namespace
        .milvus(&["status", "-o", "json"], "")
        .exits(0)
        .result_of("status");
    assert_eq!(status["ready"], true, "{status}");
    let plan = namespace.milvus(&["plan", "-f", "-", "--exit-code"], STANDALONE);
    plan.exits(0);
    let plan = ["plan", "-f", "-", "-o", "json"];
    namespace
        .milvus(&plan, STANDALONE)
        .exits(0)
        .result_of("plan");
}

/// What moves when anything is written or a pod restarts. Pods' own versions move by themselves (heartbeats of probes),
/// so of them the identity and the restarts count.
fn footprint(namespace: &Namespace) -> Vec<(String, String)> {
    let version = |(name, object): (String, Value)| {
        let metadata = &object["metadata"];
        let mark = if name.starts_with("Pod/") {
            let restarts = &object["status"]["containerStatuses"][0]["restartCount"];
            format!("{} restarted {restarts} times", metadata["uid"])
        } else {
            metadata["resourceVersion"].to_string()
        };
        (name, mark)
    };
    namespace.objects().into_iter().map(version).collect()
}

#[test]
fn the_version_is_told_without_a_cluster() {
    let version = milvus(&["version", "-o", "json"], "")
        .exits(0)
        .result_of("version");
    assert!(
        version["milvusLines"]
            .as_array()
            .expect("lines")
            .contains(&"2.3".into()),
        "{version}"
    );
}
