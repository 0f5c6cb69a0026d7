//! What applying does to a cluster: it creates, keeps, corrects, refuses, prunes and takes away.

use milvus_aws_core::{
    engine::{Action, DataPolicy, Engine, Outcome, Plan, Report},
    installation::Secrets,
};
use milvus_manifests::{
    apply::{Install, uninstall},
    render,
};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    fixtures::{cluster_with_keys, installation, secrets, standalone},
};

const SERVICE: &str = "/api/v1/namespaces/vectors/services/demo-milvus";
const CLAIM: &str = "/api/v1/namespaces/vectors/persistentvolumeclaims/demo-milvus";
const NAMESPACE: &str = "/api/v1/namespaces/vectors";

fn engine() -> Engine {
    Engine::new().seed(1)
}

async fn install(cluster: &Cluster, file: &Value, secrets: &Secrets) -> Report {
    let installation = installation(file);
    let manifests = render(&installation, secrets).unwrap();
    let install = Install::new(cluster.client(), &installation, &manifests).wait(false);
    engine().apply(&install.graph().unwrap().graph).await
}

async fn plan(cluster: &Cluster, file: &Value, secrets: &Secrets) -> Plan {
    let installation = installation(file);
    let manifests = render(&installation, secrets).unwrap();
    let install = Install::new(cluster.client(), &installation, &manifests);
    engine()
        .plan(&install.graph().unwrap().graph)
        .await
        .unwrap()
}

async fn remove(cluster: &Cluster, data: DataPolicy) -> Report {
    let (name, namespace) = ("demo".parse().unwrap(), "vectors".parse().unwrap());
    let found = uninstall(&cluster.client(), &name, &namespace)
        .await
        .unwrap();
    engine().delete(&found.graph, data).await
}

/// The changed fields of one resource, as `field: from -> to`.
fn changes(plan: &Plan, resource: &str) -> Vec<String> {
    let step = plan
        .steps
        .iter()
        .find(|step| step.resource.as_str() == resource)
        .unwrap();
    let Action::Update { changes } = &step.action else {
        return Vec::new();
    };
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    changes
        .iter()
        .map(|c| format!("{}: {} -> {}", c.field, side(&c.from), side(&c.to)))
        .collect()
}

#[tokio::test]
async fn a_second_install_writes_nothing() {
    let cluster = Cluster::default();
    for file in [standalone("2.6.15"), cluster_with_keys("2.4.5")] {
        install(&cluster, &file, &secrets("a", "b"))
            .await
            .result()
            .unwrap();
        assert!(cluster.written().len() > 4);

        let report = install(&cluster, &file, &secrets("a", "b")).await;

        assert_eq!(cluster.written(), Vec::<String>::new());
        for entry in &report.entries {
            assert_eq!(entry.outcome, Outcome::Unchanged, "{}", entry.resource);
        }
    }
}

#[tokio::test]
async fn a_plan_writes_nothing() {
    let cluster = Cluster::default();
    let plan = plan(&cluster, &standalone("2.6.15"), &Secrets::default()).await;
    assert!(plan.has_changes());
    assert_eq!(cluster.written(), Vec::<String>::new());
    assert_eq!(cluster.paths(), Vec::<String>::new());
}

#[tokio::test]
async fn a_field_changed_by_hand_is_shown_and_put_right() {
    let cluster = Cluster::default();
    let file = standalone("2.6.15");
    install(&cluster, &file, &Secrets::default())
        .await
        .result()
        .unwrap();
    cluster.edit(SERVICE, |service| {
        service["spec"]["ports"][0]["targetPort"] = json!(9999);
        service["metadata"]["labels"]["mine"] = json!("stays");
    });
    cluster.written();

    let plan = plan(&cluster, &file, &Secrets::default()).await;
    let shown = changes(&plan, "service/demo-milvus");
    assert_eq!(shown, ["spec.ports[milvus].targetPort: 9999 -> milvus"]);

    install(&cluster, &file, &Secrets::default())
        .await
        .result()
        .unwrap();
    let service = cluster.get(SERVICE).unwrap();
    assert_eq!(service["spec"]["ports"][0]["targetPort"], "milvus");
    assert_eq!(service["metadata"]["labels"]["mine"], "stays");
    assert_eq!(cluster.written(), [format!("APPLY {SERVICE}")]);
}

#[tokio::test]
async fn what_is_not_ours_is_refused_before_anything_is_written() {
    let marks = [
        (json!({}), "somebody else"),
        (
            json!({"annotations": {"meta.helm.sh/release-name": "old"}}),
            "the Helm release old",
        ),
        (
            json!({"labels": {"kubectl-milvus/installation": "other"}}),
            "the installation other",
        ),
    ];
    for (metadata, owner) in marks {
        let cluster = Cluster::default();
        cluster.put(SERVICE, json!({"metadata": metadata}));
        let before = cluster.get(SERVICE);

        let error = install(&cluster, &standalone("2.6.15"), &Secrets::default())
            .await
            .result();

        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("service/demo-milvus") && error.contains(owner),
            "{error}"
        );
        assert_eq!(cluster.written(), Vec::<String>::new());
        assert_eq!(cluster.get(SERVICE), before);
    }
}

#[tokio::test]
async fn what_is_ours_and_no_longer_wanted_goes_and_nothing_else() {
    let cluster = Cluster::default();
    let file = standalone("2.6.15");
    install(&cluster, &file, &Secrets::default())
        .await
        .result()
        .unwrap();
    let marked = json!({"metadata": {"labels": {"kubectl-milvus/installation": "demo"}}});
    let gone = "/apis/apps/v1/namespaces/vectors/deployments/demo-milvus-indexnode";
    let claim = "/api/v1/namespaces/vectors/persistentvolumeclaims/data-demo-etcd-0";
    let owned = "/api/v1/namespaces/vectors/configmaps/owned";
    let foreign = "/api/v1/namespaces/vectors/configmaps/mine";
    let elsewhere = "/api/v1/namespaces/other/configmaps/old";
    for path in [gone, claim, elsewhere, owned] {
        cluster.put(path, marked.clone());
    }
    cluster.edit(owned, |o| {
        o["metadata"]["ownerReferences"] = json!([{"kind": "Thing"}]);
    });
    cluster.put(foreign, json!({"metadata": {}}));
    cluster.written();

    let shown = changes(
        &plan(&cluster, &file, &Secrets::default()).await,
        "obsolete objects",
    );
    assert_eq!(
        shown,
        ["deployment/demo-milvus-indexnode: no longer wanted -> -"]
    );
    install(&cluster, &file, &Secrets::default())
        .await
        .result()
        .unwrap();

    assert_eq!(cluster.written(), [format!("DELETE {gone}")]);
}

#[tokio::test]
async fn a_changed_password_restarts_the_pods_that_read_it_and_is_not_shown() {
    let cluster = Cluster::default();
    let file = cluster_with_keys("2.6.15");
    install(&cluster, &file, &secrets("first", "same"))
        .await
        .result()
        .unwrap();
    cluster.written();

    let plan = plan(&cluster, &file, &secrets("second", "same")).await;
    let shown = changes(&plan, "secret/demo-milvus-kafka");
    assert!(
        shown.contains(&"data.password: (not shown) -> (not shown)".to_owned()),
        "{shown:?}"
    );
    let annotation = "spec.template.metadata.annotations[secret.kubectl-milvus/demo-milvus-kafka]";
    let shown = changes(&plan, "deployment/demo-milvus-proxy");
    assert_eq!(shown, [format!("{annotation}: 1 -> 2")]);

    install(&cluster, &file, &secrets("second", "same"))
        .await
        .result()
        .unwrap();
    let written = cluster.written();
    assert!(
        written
            .iter()
            .all(|path| path.contains("secrets/demo-milvus-kafka") || path.contains("deployments"))
    );
    assert_eq!(written.len(), 6, "{written:?}");
    install(&cluster, &file, &secrets("second", "same"))
        .await
        .result()
        .unwrap();
    assert_eq!(cluster.written(), Vec::<String>::new());
}

#[tokio::test]
async fn an_etcd_that_exists_keeps_its_initial_state() {
    let cluster = Cluster::default();
    let file = cluster_with_keys("2.4.5");
    install(&cluster, &file, &secrets("a", "b"))
        .await
        .result()
        .unwrap();
    let set = "/apis/apps/v1/namespaces/vectors/statefulsets/demo-etcd";
    let mut found = false;
    cluster.edit(set, |set| {
        let variables = set["spec"]["template"]["spec"]["containers"][0]["env"].as_array_mut();
        for variable in variables.unwrap() {
            if variable["name"] == "ETCD_INITIAL_CLUSTER_STATE" {
                variable["value"] = json!("existing");
                found = true;
            }
        }
    });
    assert!(found);
    cluster.written();

    install(&cluster, &file, &secrets("a", "b"))
        .await
        .result()
        .unwrap();

    assert_eq!(
        cluster.written(),
        Vec::<String>::new(),
        "a write would restart its members"
    );
}

#[tokio::test]
async fn an_uninstall_keeps_data_and_what_it_needs_unless_told_otherwise() {
    let cluster = Cluster::default();
    let file = standalone("2.6.15");
    install(&cluster, &file, &Secrets::default())
        .await
        .result()
        .unwrap();

    remove(&cluster, DataPolicy::Keep).await.result().unwrap();
    assert_eq!(cluster.paths(), [NAMESPACE, CLAIM]);

    install(&cluster, &file, &Secrets::default())
        .await
        .result()
        .unwrap();
    remove(&cluster, DataPolicy::Delete).await.result().unwrap();
    assert_eq!(cluster.paths(), Vec::<String>::new());

    // What is gone already is no error.
    let report = remove(&cluster, DataPolicy::Delete).await;
    assert_eq!(report.entries.len(), 0);
}

#[tokio::test]
async fn an_uninstall_leaves_what_is_not_ours() {
    let cluster = Cluster::default();
    cluster.put(NAMESPACE, json!({"metadata": {}}));
    install(&cluster, &standalone("2.6.15"), &Secrets::default())
        .await
        .result()
        .unwrap();
    let mine = "/api/v1/namespaces/vectors/configmaps/mine";
    cluster.put(mine, json!({"metadata": {}}));

    remove(&cluster, DataPolicy::Delete).await.result().unwrap();

    assert_eq!(
        cluster.paths(),
        [NAMESPACE, mine],
        "neither the namespace nor the map is ours"
    );
}

#[tokio::test]
async fn a_namespace_of_ours_that_others_use_stays_and_says_why() {
    let cluster = Cluster::default();
    install(&cluster, &standalone("2.6.15"), &Secrets::default())
        .await
        .result()
        .unwrap();
    let mine = "/api/v1/namespaces/vectors/configmaps/mine";
    cluster.put(mine, json!({"metadata": {}}));

    let (name, namespace) = ("demo".parse().unwrap(), "vectors".parse().unwrap());
    let found = uninstall(&cluster.client(), &name, &namespace)
        .await
        .unwrap();
    assert_eq!(found.kept[0].object.to_string(), "namespace/vectors");
    assert_eq!(found.kept[0].because, "others use it too: configmap/mine");
    let report = engine().delete(&found.graph, DataPolicy::Delete).await;
    report.result().unwrap();

    assert_eq!(cluster.paths(), [NAMESPACE, mine]);
}

#[tokio::test]
async fn deployments_wait_for_etcd_and_go_before_it() {
    let installation = installation(&cluster_with_keys("2.4.5"));
    let manifests = render(&installation, &secrets("a", "b")).unwrap();
    let client = Cluster::default().client();
    let install = Install::new(client, &installation, &manifests)
        .graph()
        .unwrap();
    let edges: Vec<_> = install
        .graph
        .edges()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert!(edges.contains(&("deployment/demo-milvus-proxy", "statefulset/demo-etcd")));
    assert!(edges.contains(&("deployment/demo-milvus-proxy", "secret/demo-milvus-kafka")));
    assert!(edges.contains(&("configmap/demo-milvus-env", "namespace/vectors")));
    let needs_balancer = edges.iter().any(|(resource, need)| {
        resource.starts_with("deployment/") && *need == "service/demo-milvus"
    });
    assert!(!needs_balancer, "pods need not wait for a load balancer");
}
