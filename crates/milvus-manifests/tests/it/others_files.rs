//! Claims of a Helm release whose files the pods in its place could not write; and what kind of cluster it is.

use milvus_aws_core::installation::Platform;
use milvus_manifests::apply::{OthersFiles, StayingFiles, others_files, platform};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    features::lay_over,
    fixtures::{installation, standalone},
};

const HOME: &str = "/api/v1/namespaces/vectors";
const APPS: &str = "/apis/apps/v1/namespaces/vectors";
const DRIVERS: &str = "/apis/storage.k8s.io/v1/csidrivers";

/// A release of one pod of that image, with that security context, on a volume of that kind.
fn released(image: &str, context: &Value, volume: &Value) -> Cluster {
    let cluster = Cluster::default();
    let metadata = json!({
        "labels": {
            "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "demo", "component": "standalone",
        },
        "annotations": {"meta.helm.sh/release-name": "demo", "meta.helm.sh/release-namespace": "vectors"},
    });
    let pod = json!({
        "securityContext": context,
        "containers": [{"name": "standalone", "image": image}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "demo-milvus"}}],
    });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {"selector": {}, "template": {"spec": pod}},
    });
    cluster.put(
        &format!("{APPS}/deployments/demo-milvus-standalone"),
        deployment,
    );
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"volumeName": "pv-1"}});
    cluster.put(&format!("{HOME}/persistentvolumeclaims/demo-milvus"), claim);
    let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "spec": volume});
    cluster.put("/api/v1/persistentvolumes/pv-1", volume);
    cluster
}

async fn found(cluster: &Cluster, patch: &Value) -> Vec<OthersFiles> {
    let mut file = standalone("2.6.15");
    lay_over(&mut file, patch);
    others_files(&cluster.client(), &installation(&file))
        .await
        .unwrap()
}

fn of(owner: i64, kind: &str) -> Vec<OthersFiles> {
    vec![OthersFiles {
        claim: "demo-milvus".to_owned(),
        owner,
        user: 1000,
        volume: StayingFiles::Of(kind.to_owned()),
    }]
}

const SECOND: &str = "milvusdb/milvus:v2.6.15";

#[tokio::test]
async fn files_stay_where_the_kubelet_does_not_hand_them_over() {
    let host = json!({"hostPath": {"path": "/data"}});
    let cluster = released(SECOND, &json!({}), &host);
    assert_eq!(found(&cluster, &json!({})).await, of(0, "hostPath"));
    let third = released("milvusdb/milvus:v3.0.0", &json!({}), &host);
    assert_eq!(found(&third, &json!({})).await, of(999, "hostPath"));
    let said = released(SECOND, &json!({"runAsUser": 1001}), &host);
    assert_eq!(found(&said, &json!({})).await, of(1001, "hostPath"));
    let nfs = json!({"nfs": {"server": "a", "path": "/"}});
    let cluster = released(SECOND, &json!({}), &nfs);
    assert_eq!(found(&cluster, &json!({})).await, of(0, "nfs"));
}

#[tokio::test]
async fn nothing_is_told_of_files_that_can_be_written() {
    let host = json!({"hostPath": {"path": "/data"}});
    let same = released(SECOND, &json!({"runAsUser": 1000}), &host);
    assert_eq!(found(&same, &json!({})).await, []);
    let cluster = released(SECOND, &json!({}), &host);
    for user in [0, 1000] {
        let patch = json!({"scheduling": {"securityContext": {"runAsUser": user}}});
        assert_eq!(found(&cluster, &patch).await, [], "the user has decided");
    }
    let local = json!({"local": {"path": "/data"}});
    let cluster = released(SECOND, &json!({}), &local);
    assert_eq!(found(&cluster, &json!({})).await, []);
}

#[tokio::test]
async fn a_driver_says_whether_it_hands_files_over() {
    let volume = |modes: &str, kind: Option<&str>| {
        let mut csi = json!({"driver": "some.csi", "volumeHandle": "v"});
        if let Some(kind) = kind {
            csi["fsType"] = json!(kind);
        }
        json!({"csi": csi, "accessModes": [modes]})
    };
    let cases = [
        (None, volume("ReadWriteOnce", Some("ext4")), true),
        // As with EFS.
        (None, volume("ReadWriteMany", None), false),
        (None, volume("ReadWriteOnce", None), false),
        (Some("File"), volume("ReadWriteMany", None), true),
        (Some("None"), volume("ReadWriteOnce", Some("ext4")), false),
        (
            Some("ReadWriteOnceWithFSType"),
            volume("ReadWriteOncePod", Some("xfs")),
            true,
        ),
    ];
    for (policy, volume, handed_over) in cases {
        let cluster = released(SECOND, &json!({}), &volume);
        if let Some(policy) = policy {
            let driver = json!({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "spec": {"fsGroupPolicy": policy}});
            cluster.put(&format!("{DRIVERS}/some.csi"), driver);
        }
        let expected = if handed_over {
            Vec::new()
        } else {
            of(0, "some.csi")
        };
        assert_eq!(
            found(&cluster, &json!({})).await,
            expected,
            "{policy:?} {volume}"
        );
    }
}

#[tokio::test]
async fn a_cluster_with_security_context_constraints_is_openshift() {
    let cluster = Cluster::default();
    assert_eq!(
        platform(&cluster.client()).await.unwrap(),
        Platform::Kubernetes
    );
    let version = json!({"groupVersion": "security.openshift.io/v1", "version": "v1"});
    let group = json!({"name": "security.openshift.io", "versions": [version], "preferredVersion": version});
    cluster.put(
        "/apis",
        json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]}),
    );
    assert_eq!(
        platform(&cluster.client()).await.unwrap(),
        Platform::OpenShift
    );
}
