//! What an installation lacks, with a file and without one (fault 1 of the stage).

use milvus_aws_core::engine::Engine;
use milvus_manifests::{
    Manifests,
    apply::{Install, Lack, Lacking, lacking, survivors},
    render,
};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    fixtures::{VERSIONS, cluster_with_keys, installation, secrets, standalone},
};

/// Everything that a file can ask for beside its components.
fn with_everything(version: &str) -> Value {
    let mut file = cluster_with_keys(version);
    file["cluster"]["etcd"] = json!({"inCluster": {"replicas": 3}});
    file["attu"] = json!({});
    file
}

async fn installed(file: &Value) -> (Cluster, Manifests) {
    let cluster = Cluster::default();
    let installation = installation(file);
    let manifests = render(&installation, &secrets("a", "b")).unwrap();
    let install = Install::new(cluster.client(), &installation, &manifests).wait(false);
    let graph = install.graph().unwrap().graph;
    let report = Engine::new().seed(1).apply(&graph).await;
    report.result().unwrap();
    (cluster, manifests)
}

async fn lacks(cluster: &Cluster, wanted: Option<&Manifests>) -> Vec<String> {
    let (name, namespace) = ("demo".parse().unwrap(), "vectors".parse().unwrap());
    let found = lacking(&cluster.client(), &name, &namespace, wanted).await;
    let text = |Lacking { object, lack }| {
        let lack = serde_json::to_value(&lack).unwrap();
        format!("{object} {}", lack.as_str().unwrap())
    };
    found.unwrap().into_iter().map(text).collect()
}

fn path(kind: &str, name: &str) -> String {
    let group = match kind {
        "deployments" | "statefulsets" => "/apis/apps/v1",
        "poddisruptionbudgets" => "/apis/policy/v1",
        _ => "/api/v1",
    };
    format!("{group}/namespaces/vectors/{kind}/{name}")
}

#[tokio::test]
async fn stage_fault_1_a_whole_installation_lacks_nothing() {
    for version in VERSIONS {
        for file in [standalone(version), with_everything(version)] {
            let (cluster, manifests) = installed(&file).await;
            let none = Vec::<String>::new();
            assert_eq!(lacks(&cluster, None).await, none, "{version}");
            assert_eq!(lacks(&cluster, Some(&manifests)).await, none, "{version}");
        }
    }
}

/// Each object alone: with a file all of them are missed, without one what Milvus does not run without.
#[tokio::test]
async fn stage_fault_1_each_part_that_is_gone_is_named() {
    const NEEDED: [&str; 7] = [
        "configmap/",
        "deployment/",
        "persistentvolumeclaim/",
        "secret/",
        "service/",
        "serviceaccount/",
        "statefulset/",
    ];
    for version in ["2.4.5", "2.5.16", "2.6.15"] {
        for file in [standalone(version), with_everything(version)] {
            let (cluster, manifests) = installed(&file).await;
            let paths = cluster.paths().into_iter();
            for path in paths.filter(|path| path.matches('/').count() > 4) {
                let before = cluster.remove(&path);
                let (folder, name) = path.rsplit_once('/').unwrap();
                let plural = folder.rsplit_once('/').unwrap().1;
                let kind = milvus_manifests::Kind::ALL.iter();
                let kind = kind.copied().find(|kind| kind.plural() == plural).unwrap();
                let object = format!("{}/{name}", kind.as_str().to_lowercase());
                let told = [format!("{object} absent")];
                let root = object == "secret/demo-milvus-root";
                if !root {
                    let by_file = lacks(&cluster, Some(&manifests)).await;
                    assert_eq!(by_file, told, "{version}: {path}");
                }
                if !root && NEEDED.iter().any(|kind| object.starts_with(kind)) {
                    let by_itself = lacks(&cluster, None).await;
                    assert_eq!(by_itself, told, "{version}: {path}");
                }
                cluster.put(&path, before);
            }
        }
    }
}

/// What the operator did: two deployments and the service for clients.
#[tokio::test]
async fn stage_fault_1_several_parts_at_once() {
    let (cluster, _) = installed(&with_everything("2.5.16")).await;
    cluster.remove(&path("deployments", "demo-milvus-querynode"));
    cluster.remove(&path("deployments", "demo-milvus-indexnode"));
    cluster.remove(&path("services", "demo-milvus"));
    let told = lacks(&cluster, None).await;
    assert_eq!(
        told,
        [
            "service/demo-milvus absent",
            "deployment/demo-milvus-indexnode absent",
            "deployment/demo-milvus-querynode absent",
        ]
    );
}

/// All deployments and all services: the settings and the labels are left.
#[tokio::test]
async fn stage_fault_1_hardly_anything_is_left() {
    for (file, front) in [
        (standalone("2.6.15"), "standalone"),
        (with_everything("2.6.15"), "proxy"),
    ] {
        let (cluster, _) = installed(&file).await;
        for path in cluster.paths() {
            if path.contains("/deployments/") || path.contains("/services/") {
                cluster.remove(&path);
            }
        }
        let told = lacks(&cluster, None).await;
        for part in [
            "service/demo-milvus absent".to_owned(),
            format!("deployment/demo-milvus-{front} absent"),
        ] {
            assert!(told.contains(&part), "{part}: {told:?}");
        }
        let namespace = "vectors".parse().unwrap();
        let left = survivors(&cluster.client(), &namespace).await.unwrap();
        assert!(left.contains(&"demo".parse().unwrap()));
    }
}

#[tokio::test]
async fn stage_fault_1_a_component_at_zero_is_named() {
    let (cluster, manifests) = installed(&with_everything("2.6.15")).await;
    for name in ["demo-milvus-querynode", "demo-milvus-attu"] {
        cluster.edit(&path("deployments", name), |live| {
            live["spec"]["replicas"] = json!(0);
        });
    }
    let (name, namespace) = ("demo".parse().unwrap(), "vectors".parse().unwrap());
    let client = cluster.client();
    for wanted in [None, Some(&manifests)] {
        let found = lacking(&client, &name, &namespace, wanted).await.unwrap();
        let told = |it: &Lacking| (it.object.name.clone(), it.lack.clone(), it.stops_milvus());
        let told: Vec<_> = found.iter().map(told).collect();
        assert_eq!(
            told,
            [
                ("demo-milvus-attu".to_owned(), Lack::NoPods, false),
                ("demo-milvus-querynode".to_owned(), Lack::NoPods, true),
            ]
        );
    }
}

/// A group that is gone has left its budget.
#[tokio::test]
async fn stage_fault_1_a_resource_group_that_is_gone_is_named() {
    let mut file = with_everything("2.6.15");
    file["cluster"]["resourceGroups"] = json!(["rg1", "rg2"]);
    file["cluster"]["components"]["queryNode"] = json!({"replicas": 2});
    let (cluster, _) = installed(&file).await;
    assert_eq!(lacks(&cluster, None).await, Vec::<String>::new());
    cluster.remove(&path("deployments", "demo-milvus-querynode-rg2"));
    let told = lacks(&cluster, None).await;
    assert_eq!(told, ["deployment/demo-milvus-querynode-rg2 absent"]);
}

#[tokio::test]
async fn stage_fault_15_a_deployment_without_our_label_is_named_with_the_way_back() {
    let (cluster, manifests) = installed(&with_everything("2.6.15")).await;
    let deployment = path("deployments", "demo-milvus-proxy");
    cluster.edit(&deployment, |live| {
        let labels = live["metadata"]["labels"].as_object_mut().unwrap();
        labels.remove("kubectl-milvus/installation").unwrap();
    });
    for wanted in [None, Some(&manifests)] {
        let told = lacks(&cluster, wanted).await;
        assert_eq!(told, ["deployment/demo-milvus-proxy unmarked"]);
    }
}

/// A viewer who sees workloads and services alone is told what those tell.
#[tokio::test]
async fn stage_fault_1_what_may_not_be_seen_is_not_missed() {
    let (cluster, manifests) = installed(&with_everything("2.6.15")).await;
    for plural in [
        "configmaps",
        "horizontalpodautoscalers",
        "persistentvolumeclaims",
        "poddisruptionbudgets",
        "secrets",
        "serviceaccounts",
    ] {
        cluster.hide(plural);
    }
    for wanted in [None, Some(&manifests)] {
        assert_eq!(lacks(&cluster, wanted).await, Vec::<String>::new());
    }
    cluster.remove(&path("deployments", "demo-milvus-querynode"));
    let told = lacks(&cluster, None).await;
    assert_eq!(told, ["deployment/demo-milvus-querynode absent"]);
}

/// What a user has made for the pods is missed as well.
#[tokio::test]
async fn stage_fault_1_a_secret_of_the_users_own_is_missed() {
    let (cluster, _) = installed(&standalone("2.6.15")).await;
    let deployment = path("deployments", "demo-milvus-standalone");
    cluster.edit(&deployment, |live| {
        let container = &mut live["spec"]["template"]["spec"]["containers"][0];
        container["env"].as_array_mut().unwrap().extend([
            json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "a"}}}),
            json!({"name": "B", "valueFrom": {"secretKeyRef": {"name": "maybe", "key": "a", "optional": true}}}),
        ]);
    });
    assert_eq!(lacks(&cluster, None).await, ["secret/mine absent"]);
    cluster.put(&path("secrets", "mine"), json!({"metadata": {}}));
    assert_eq!(lacks(&cluster, None).await, Vec::<String>::new());
}
