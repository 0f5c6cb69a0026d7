//! What somebody takes away is named, and `install` brings it back.

use crate::plugin::{Namespace, STANDALONE};

const STATUS: [&str; 1] = ["status"];

#[test]
fn stage_fault_1_what_is_taken_away_is_named_and_comes_back() {
    let namespace = Namespace::new("status");
    let install = ["install", "-f", "-"];
    namespace.milvus(&install, STANDALONE).exits(0);
    namespace.milvus(&STATUS, "").exits(0);
    namespace
        .milvus(&["status", "-f", "-"], STANDALONE)
        .exits(0);

    namespace
        .kubectl(&["delete", "service", "demo-milvus"])
        .exits(0);
    let told = namespace.milvus(&STATUS, "").exits(3).stdout;
    assert!(told.contains("missing: service/demo-milvus;"), "{told}");

    let deployment = "deployment/demo-milvus-standalone";
    namespace
        .kubectl(&["scale", deployment, "--replicas=0"])
        .exits(0);
    let told = namespace.milvus(&STATUS, "").exits(3).stdout;
    let line = format!("scaled to 0 pods: {deployment};");
    assert!(told.contains(&line), "{told}");
    let told = namespace.milvus(&["verify"], "").exits(3).stderr;
    assert!(
        told.contains(&format!("{deployment} is scaled to 0 pods")),
        "{told}"
    );

    namespace.milvus(&install, STANDALONE).exits(0);
    namespace.milvus(&STATUS, "").exits(0);
}
