//! Adopting one pod of the chart's, which runs as root: the log on its claim belongs to root, and the pod in its place is not root.

use serde_json::{Value, json};

use crate::{
    guide::{Guide, SERVICE_ACCOUNT, STORAGE_CLASS, small, timed},
    guide_adopt::helm,
    helm_chart::{self, RELEASE},
    plugin::KAFKA_PASSWORD,
    vectors::Vectors,
};

/// Its image lets everybody start it, so that files alone decide.
const VERSION: &str = "2.3.10";

/// What Helm remembers of its user.
fn values(guide: &Guide, class: &str) -> Value {
    json!({
        "cluster": {"enabled": false}, "image": {"all": {"tag": format!("v{VERSION}")}},
        "pulsar": {"enabled": false}, "pulsarv3": {"enabled": false}, "minio": {"enabled": false},
        "etcd": {"replicaCount": 1, "resources": small(), "persistence": {"storageClass": STORAGE_CLASS}},
        "externalS3": guide.values()["externalS3"],
        "serviceAccount": {"create": false, "name": SERVICE_ACCOUNT},
        "standalone": {
            "messageQueue": "rocksmq", "resources": small(),
            "persistence": {"persistentVolumeClaim": {"storageClass": class, "size": "1Gi"}},
        },
    })
}

/// A release of Helm's with vectors in it.
fn released(label: &str, class: &str) -> (Guide, Vectors) {
    let guide = Guide::new(label, KAFKA_PASSWORD);
    let folder = tempfile::tempdir().expect("a folder");
    let chart = helm_chart::write_one_pod(folder.path(), VERSION, class);
    let chart = chart.to_str().expect("a text");
    let values = guide.write(&values(&guide, class));
    let install = [
        "install",
        RELEASE,
        chart,
        "-f",
        &values,
        "--wait",
        "--timeout",
        "240s",
    ];
    timed("helm install", || helm(&guide.namespace, &install).exits(0));
    let vectors = Vectors::at(&guide.address("demo-milvus"));
    timed("vectors are stored", || vectors.keep());
    assert_eq!(user_of_server(&guide), "0\n");
    (guide, vectors)
}

fn user_of_server(guide: &Guide) -> String {
    let id = [
        "exec",
        "deployment/demo-milvus-standalone",
        "-c",
        "standalone",
        "--",
        "id",
        "-u",
    ];
    guide.namespace.kubectl(&id).exits(0).stdout
}

#[test]
fn files_of_root_are_handed_over_where_the_volume_honours_fs_group() {
    let (guide, vectors) = released("adopt-files", "local-path-with-fs-group");
    let adopt = ["install", "--adopt", "--yes", "-o", "json"];
    let adopted = timed("install --adopt", || {
        guide.namespace.milvus(&adopt, "").exits(0)
    });
    assert_eq!(adopted.result_of("install")["verified"], true);
    assert_eq!(user_of_server(&guide), "1000\n");
    vectors.are_found();
}

#[test]
fn files_of_root_are_told_of_where_the_volume_does_not_honour_fs_group() {
    let (guide, vectors) = released("adopt-host-path", STORAGE_CLASS);
    let adopt = ["install", "--adopt", "--yes", "-o", "json"];
    let refused = guide.namespace.milvus(&adopt, "").exits(5).stderr;
    assert!(
        refused.contains("demo-milvus") && refused.contains("belong to user 0"),
        "{refused}"
    );
    assert!(refused.contains("runAsUser: 0"), "{refused}");
    vectors.are_found();

    let mut as_root = values(&guide, STORAGE_CLASS);
    as_root["securityContext"] = json!({"runAsUser": 0, "runAsNonRoot": false});
    let file = guide.write(&as_root);
    let words = ["--helm-values", &file, "--release", RELEASE];
    let adopted = timed("install --adopt", || {
        guide
            .namespace
            .milvus(&[&adopt[..], &words].concat(), "")
            .exits(0)
    });
    assert_eq!(adopted.result_of("install")["verified"], true);
    assert_eq!(user_of_server(&guide), "0\n");
    vectors.are_found();
}
