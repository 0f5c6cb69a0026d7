//! Why a pod is not ready: what lies beneath (faults 12 and 15 of the stage).

use k8s_openapi::api::core::v1::Pod;
use milvus_manifests::apply::why_not_ready;
use serde_json::{Value, json};

use crate::cluster::Cluster;

const NODE: &str = "/api/v1/nodes/worker-1";
const CLASS: &str = "/apis/storage.k8s.io/v1/storageclasses/fast";
const CLAIM: &str = "/api/v1/namespaces/vectors/persistentvolumeclaims/data-demo-etcd-0";

fn node(status: &str) -> Value {
    json!({"metadata": {}, "status": {"conditions": [{
        "type": "Ready", "status": status, "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.", "lastTransitionTime": "2026-12-01T08:00:00Z",
    }]}})
}

/// A pod on `worker-1` that is not ready, with these further fields of its status.
fn pod(more: &Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": "demo-milvus-proxy-1", "namespace": "vectors"},
        "spec": {"nodeName": "worker-1", "containers": []},
        "status": {"conditions": [{"type": "Ready", "status": "False"}]},
    });
    for (key, value) in more.as_object().unwrap() {
        pod["status"][key] = value.clone();
    }
    pod
}

/// A pod of etcd that the scheduler finds no place for.
fn unscheduled() -> Value {
    json!({
        "metadata": {"name": "demo-etcd-0", "namespace": "vectors"},
        "spec": {"containers": [], "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-demo-etcd-0"}}]},
        "status": {"conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "pod has unbound immediate PersistentVolumeClaims",
        }]},
    })
}

fn claim(class: Option<&str>) -> Value {
    json!({"metadata": {}, "spec": {"storageClassName": class}, "status": {"phase": "Pending"}})
}

async fn why(cluster: &Cluster, pod: Value) -> String {
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let why = why_not_ready(&cluster.client(), &pod).await;
    why.unwrap_or_else(|| "ready".to_owned())
}

/// As the control plane leaves it: containers count as ready, the pod does not.
fn on_a_lost_node() -> Value {
    let container = json!({"name": "proxy", "ready": true, "restartCount": 0, "image": "", "imageID": "", "state": {"running": {}}});
    pod(&json!({"containerStatuses": [container]}))
}

#[tokio::test]
async fn stage_fault_12_a_node_that_is_not_ready_is_named() {
    let cluster = Cluster::default();
    cluster.put(NODE, node("Unknown"));
    let told = why(&cluster, on_a_lost_node()).await;
    assert_eq!(
        told,
        "Starting; its node worker-1 is not ready since 2026-12-01T08:00:00Z: Kubelet stopped posting node status; \
         `kubectl describe node worker-1` says more"
    );
    // One that waited for its image when the kubelet went away.
    let waiting = json!({"containerStatuses": [{
        "name": "proxy", "ready": false, "restartCount": 0, "image": "", "imageID": "",
        "state": {"waiting": {"reason": "ContainerCreating"}},
    }]});
    let told = why(&cluster, pod(&waiting)).await;
    assert!(
        told.starts_with("ContainerCreating; its node worker-1 is not ready"),
        "{told}"
    );
}

#[tokio::test]
async fn stage_fault_12_a_pod_that_does_not_go_with_its_node_is_told() {
    let cluster = Cluster::default();
    cluster.put(NODE, node("Unknown"));
    let mut stuck = on_a_lost_node();
    stuck["metadata"]["deletionTimestamp"] = json!("2026-12-01T08:05:00Z");
    let told = why(&cluster, stuck).await;
    assert!(
        told.starts_with(
            "Terminating, it was to be gone at 2026-12-01T08:05:00Z; its node worker-1 is not ready"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn stage_fault_12_a_node_that_is_gone_or_cannot_be_read_is_named() {
    let cluster = Cluster::default();
    let told = why(&cluster, on_a_lost_node()).await;
    assert!(
        told.contains("its node worker-1 does not exist any more"),
        "{told}"
    );
    cluster.hide("nodes");
    let told = why(&cluster, on_a_lost_node()).await;
    assert_eq!(
        told,
        "Starting; its node is worker-1, and you cannot read its state"
    );
}

#[tokio::test]
async fn stage_fault_12_a_node_that_is_ready_is_no_reason() {
    let cluster = Cluster::default();
    cluster.put(NODE, node("True"));
    assert_eq!(why(&cluster, on_a_lost_node()).await, "Starting");
    let ready = pod(&json!({"conditions": [{"type": "Ready", "status": "True"}]}));
    assert_eq!(why(&cluster, ready).await, "ready");
}

#[tokio::test]
async fn stage_fault_12_nodes_that_take_no_pod_are_named() {
    let cluster = Cluster::default();
    cluster.put(NODE, node("False"));
    let mut pod = unscheduled();
    pod["spec"]["volumes"] = json!([]);
    let told = why(&cluster, pod).await;
    assert!(
        told.contains("; node worker-1 is not ready since"),
        "{told}"
    );
    assert!(!told.contains("room"), "{told}");
}

#[tokio::test]
async fn stage_fault_15_a_storage_class_that_does_not_exist_is_named() {
    let cluster = Cluster::default();
    cluster.put(CLAIM, claim(Some("fast")));
    let told = why(&cluster, unscheduled()).await;
    assert!(
        told.contains("volume claim data-demo-etcd-0 asks for the storage class fast, which does not exist; make that class"),
        "{told}"
    );
    assert!(!told.contains("room"), "{told}");
    // Who may not read classes is not told wrong things.
    cluster.hide("storageclasses");
    let told = why(&cluster, unscheduled()).await;
    assert!(!told.contains("does not exist"), "{told}");
}

#[tokio::test]
async fn stage_fault_15_a_claim_that_nobody_provides_for_is_named() {
    let cluster = Cluster::default();
    cluster.put(CLAIM, claim(None));
    let told = why(&cluster, unscheduled()).await;
    assert!(
        told.contains("names no storage class, and the cluster has no default one"),
        "{told}"
    );
    cluster.put(CLAIM, claim(Some("fast")));
    cluster.put(
        CLASS,
        json!({"metadata": {}, "provisioner": "ebs.csi.aws.com"}),
    );
    let told = why(&cluster, unscheduled()).await;
    assert!(
        told.contains("has no volume of the storage class fast yet"),
        "{told}"
    );
    assert!(
        told.ends_with("is the provisioner ebs.csi.aws.com at work?"),
        "{told}"
    );
    cluster.remove(CLAIM);
    let told = why(&cluster, unscheduled()).await;
    assert!(
        told.contains("volume claim data-demo-etcd-0 does not exist"),
        "{told}"
    );
}

/// Where the volume waits for the pod, it is the pod that finds no place.
#[tokio::test]
async fn stage_fault_15_a_pod_that_fits_nowhere_still_wants_room() {
    let cluster = Cluster::default();
    cluster.put(CLAIM, claim(Some("fast")));
    let class = json!({"metadata": {}, "provisioner": "ebs.csi.aws.com", "volumeBindingMode": "WaitForFirstConsumer"});
    cluster.put(CLASS, class);
    let told = why(&cluster, unscheduled()).await;
    assert!(
        told.ends_with("give the cluster room, or ask for less in `resources`"),
        "{told}"
    );
}
