//! Autoscalers that others have made for our deployments (fault 9 of the stage).

use std::num::NonZeroU16;

use milvus_aws_core::{
    engine::{Engine, Plan, Report},
    topology::Role,
};
use milvus_manifests::{
    apply::{Install, running, scale},
    render,
};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    fixtures::{cluster_with_keys, installation, secrets},
};

const QUERY_NODES: &str = "/apis/apps/v1/namespaces/vectors/deployments/demo-milvus-querynode";
const AUTOSCALERS: &str = "/apis/autoscaling/v2/namespaces/vectors/horizontalpodautoscalers";

/// What KEDA makes of a ScaledObject.
fn of_keda() -> Value {
    json!({
        "metadata": {"labels": {"app.kubernetes.io/managed-by": "keda-operator"}},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "demo-milvus-querynode"}},
    })
}

async fn install(cluster: &Cluster) -> Report {
    let installation = installation(&cluster_with_keys("2.6.15"));
    let manifests = render(&installation, &secrets("a", "b")).unwrap();
    let install = Install::new(cluster.client(), &installation, &manifests).wait(false);
    let graph = install.graph().unwrap().graph;
    Engine::new().seed(1).apply(&graph).await
}

async fn plan(cluster: &Cluster) -> Plan {
    let installation = installation(&cluster_with_keys("2.6.15"));
    let manifests = render(&installation, &secrets("a", "b")).unwrap();
    let install = Install::new(cluster.client(), &installation, &manifests).wait(false);
    let graph = install.graph().unwrap().graph;
    Engine::new().seed(1).plan(&graph).await.unwrap()
}

/// An installation whose query nodes somebody scales: by hand to that many.
async fn scaled(replicas: u32) -> Cluster {
    let cluster = Cluster::default();
    install(&cluster).await.result().unwrap();
    cluster.edit(QUERY_NODES, |live| {
        live["spec"]["replicas"] = json!(replicas);
    });
    cluster.written();
    cluster
}

fn replicas(cluster: &Cluster) -> Value {
    cluster.get(QUERY_NODES).unwrap()["spec"]["replicas"].clone()
}

#[tokio::test]
async fn stage_fault_9_replicas_are_left_to_somebody_elses_autoscaler() {
    let cluster = scaled(5).await;
    cluster.put(&format!("{AUTOSCALERS}/keda-hpa-query"), of_keda());
    assert!(!plan(&cluster).await.has_changes());
    install(&cluster).await.result().unwrap();
    assert_eq!(cluster.written(), Vec::<String>::new());
    assert_eq!(replicas(&cluster), 5);
    // What else somebody has changed is put right, and the number stays.
    cluster.edit(QUERY_NODES, |live| {
        live["spec"]["template"]["spec"]["containers"][0]["image"] = json!("other");
    });
    install(&cluster).await.result().unwrap();
    assert_eq!(cluster.written(), [format!("APPLY {QUERY_NODES}")]);
    assert_eq!(replicas(&cluster), 5);
}

#[tokio::test]
async fn stage_fault_9_without_an_autoscaler_the_file_decides() {
    let cluster = scaled(5).await;
    // Of another deployment, and of something that is none.
    let mut other = of_keda();
    other["spec"]["scaleTargetRef"]["name"] = json!("demo-milvus-proxy");
    cluster.put(&format!("{AUTOSCALERS}/other"), other);
    let mut set = of_keda();
    set["spec"]["scaleTargetRef"]["kind"] = json!("StatefulSet");
    cluster.put(&format!("{AUTOSCALERS}/set"), set);
    assert!(plan(&cluster).await.has_changes());
    install(&cluster).await.result().unwrap();
    assert_eq!(replicas(&cluster), 1);
}

/// An autoscaler rests at 0: the file's number wakes it.
#[tokio::test]
async fn stage_fault_9_at_zero_the_file_decides() {
    let cluster = scaled(0).await;
    cluster.put(&format!("{AUTOSCALERS}/keda-hpa-query"), of_keda());
    install(&cluster).await.result().unwrap();
    assert_eq!(replicas(&cluster), 1);
}

#[tokio::test]
async fn stage_fault_9_who_may_not_list_autoscalers_has_none() {
    let cluster = scaled(5).await;
    cluster.put(&format!("{AUTOSCALERS}/keda-hpa-query"), of_keda());
    cluster.hide("horizontalpodautoscalers");
    install(&cluster).await.result().unwrap();
    assert_eq!(replicas(&cluster), 1);
}

#[tokio::test]
async fn stage_fault_9_autoscalers_are_listed_once() {
    let cluster = scaled(5).await;
    cluster.put(&format!("{AUTOSCALERS}/keda-hpa-query"), of_keda());
    let before = cluster.lists(AUTOSCALERS);
    plan(&cluster).await;
    // Once for all deployments, and once for what is no longer wanted.
    assert_eq!(cluster.lists(AUTOSCALERS) - before, 2);
}

#[tokio::test]
async fn stage_fault_9_scale_says_whose_autoscaler_it_is() {
    let cluster = scaled(5).await;
    cluster.put(&format!("{AUTOSCALERS}/keda-hpa-query"), of_keda());
    let (name, namespace) = ("demo".parse().unwrap(), "vectors".parse().unwrap());
    let client = cluster.client();
    let live = running(&client, &name, &namespace).await.unwrap();
    let three = NonZeroU16::new(3).unwrap();
    let targets = [(Role::QueryNode, three)].into();
    let refused = scale(&client, &name, &namespace, &live, &targets).unwrap();
    assert_eq!(
        refused.unwrap_err().to_string(),
        "queryNode has as many pods as horizontalpodautoscaler/keda-hpa-query chooses, which would take any other number back; \
         somebody made it beside the installation: change its bounds there, or delete it"
    );
}
