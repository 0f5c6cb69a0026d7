//! What is not there to be adopted, and what is somebody else's to run. Releases with pods in them: `aws_adopt`.

use serde_json::json;

use crate::plugin::{Namespace, STANDALONE, kubectl};

/// The operator's kind, without its operator.
fn know_the_operators_kind() {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version = json!({"name": "v1beta1", "served": true, "storage": true, "schema": schema});
    let names = json!({"kind": "Milvus", "plural": "milvuses", "singular": "milvus"});
    let kind = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "milvuses.milvus.io"},
        "spec": {"group": "milvus.io", "scope": "Namespaced", "names": names, "versions": [version]},
    });
    kubectl(&["apply", "-f", "-"], &kind.to_string()).exits(0);
    let established = [
        "wait",
        "--for=condition=Established",
        "crd/milvuses.milvus.io",
        "--timeout=30s",
    ];
    kubectl(&established, "").exits(0);
}

#[test]
fn what_cannot_be_adopted_is_told_and_the_operators_milvus_is_named() {
    let namespace = Namespace::new("adopt-nothing");
    let unknown = namespace.milvus(&["plan", "--adopt"], "").exits(1).stderr;
    assert!(unknown.contains("no record of Helm"), "{unknown}");
    let missing = namespace.milvus(&["plan", "--adopt", "-f", "-"], STANDALONE);
    let missing = missing.exits(1).stderr;
    assert!(missing.contains("no Helm release demo"), "{missing}");

    know_the_operators_kind();
    let theirs = |name: &str| {
        let milvus = json!({
            "apiVersion": "milvus.io/v1beta1", "kind": "Milvus",
            "metadata": {"name": name, "namespace": namespace.name}, "spec": {"mode": "standalone"},
        });
        kubectl(&["apply", "-f", "-"], &milvus.to_string()).exits(0);
    };
    theirs("theirs");
    let refused = namespace.milvus(&["install", "--adopt", "--yes", "-f", "-"], STANDALONE);
    let refused = refused.exits(5).stderr;
    assert!(
        refused.contains("milvus/theirs") && refused.contains("milvus-operator"),
        "{refused}"
    );
    // One of another name is no concern of a new installation; one of the same name is.
    namespace.milvus(&["plan", "-f", "-"], STANDALONE).exits(0);
    theirs("demo");
    let refused = namespace
        .milvus(&["plan", "-f", "-"], STANDALONE)
        .exits(5)
        .stderr;
    assert!(
        refused.contains("milvus/demo") && !refused.contains("milvus/theirs"),
        "{refused}"
    );
}
