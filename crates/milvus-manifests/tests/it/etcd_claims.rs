//! Whether an etcd finds volumes of its own, or begins anew.

use milvus_manifests::apply::etcd_is_claimed;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    fixtures::{cluster, installation, object, rendered},
};

/// A claim as the StatefulSet's template has it, in that namespace.
fn claim(in_memory: &Cluster, namespace: &str, name: &str) -> String {
    let set = object(&rendered(&cluster("2.6.15")), "StatefulSet", "demo-etcd");
    let labels = &set["spec"]["volumeClaimTemplates"][0]["metadata"]["labels"];
    let path = format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}");
    in_memory.put(&path, json!({"metadata": {"labels": labels}}));
    path
}

async fn is_claimed(in_memory: &Cluster) -> bool {
    let demo = installation(&cluster("2.6.15"));
    etcd_is_claimed(&in_memory.client(), &demo).await.unwrap()
}

#[tokio::test]
async fn row_35_its_claims_are_found_by_the_labels_that_they_get() {
    let in_memory = Cluster::default();
    assert!(!is_claimed(&in_memory).await);
    // Another namespace has an etcd of its own, and other claims are no etcd's.
    claim(&in_memory, "other", "data-demo-etcd-0");
    let logs = "/api/v1/namespaces/vectors/persistentvolumeclaims/demo-milvus-logs";
    let labels = json!({"kubectl-milvus/installation": "demo"});
    in_memory.put(logs, json!({"metadata": {"labels": labels}}));
    assert!(!is_claimed(&in_memory).await);
    claim(&in_memory, "vectors", "data-demo-etcd-0");
    assert!(is_claimed(&in_memory).await);
}

#[tokio::test]
async fn row_35_a_claim_on_its_way_out_does_not_count() {
    let in_memory = Cluster::default();
    let path = claim(&in_memory, "vectors", "data-demo-etcd-0");
    in_memory.edit(&path, |claim: &mut Value| {
        claim["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    });
    assert!(!is_claimed(&in_memory).await);
}
