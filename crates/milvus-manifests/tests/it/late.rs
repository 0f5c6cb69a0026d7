//! Installing into a cluster that the same graph makes, with settings that come out of other resources.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kube::Client;
use milvus_aws_core::engine::{
    Action, Context, Engine, Graph, Handle, Inputs, Observed, Outcome, Readiness, Resource,
    ResourceError, ResourceId, Step,
};
use milvus_manifests::{
    Manifests,
    apply::{Install, Installed, add_load_balancer_controller},
    render,
};

use crate::{
    cluster::Cluster,
    controller::controller,
    fixtures::{cluster_with_keys, installation, secrets},
};

/// Something that takes a while to make, and whose output is a value.
struct Made<T> {
    name: &'static str,
    value: T,
    exists: Arc<AtomicBool>,
}

impl<T: Clone + Send + Sync + 'static> Resource for Made<T> {
    type Needs = ();
    type Output = T;

    fn id(&self) -> ResourceId {
        ResourceId::new(self.name)
    }

    fn needs(&self) -> &() {
        &()
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_mins(10)
    }

    async fn observe(
        &self,
        _: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<T>, ResourceError> {
        Ok(if self.exists.load(Ordering::Relaxed) {
            Observed::Current {
                output: Some(self.value.clone()),
            }
        } else {
            Observed::Absent
        })
    }

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<T>, ResourceError> {
        self.exists.store(true, Ordering::Relaxed);
        Ok(Readiness::Ready(self.value.clone()))
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<T>, ResourceError> {
        Ok(Readiness::Ready(self.value.clone()))
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

/// An account: whether the cluster and the brokers exist.
#[derive(Default)]
struct Account {
    cluster: Arc<AtomicBool>,
    brokers: Arc<AtomicBool>,
}

/// A cluster and brokers that are made, and an installation on both; settings are of `late`.
fn graph(
    account: &Account,
    cluster: &Cluster,
    early: &Manifests,
    late: &Manifests,
) -> (Graph, Installed) {
    let mut builder = Graph::builder();
    let client: Handle<Client> = builder
        .add(Made {
            name: "cluster",
            value: cluster.client(),
            exists: account.cluster.clone(),
        })
        .unwrap();
    let rendered = builder
        .add(Made {
            name: "settings",
            value: Arc::new(late.clone()),
            exists: account.brokers.clone(),
        })
        .unwrap();
    add_load_balancer_controller(
        &mut builder,
        client.clone(),
        &controller(),
        "vpc-1".to_owned(),
        &[],
    )
    .unwrap();
    let installation = installation(&cluster_with_keys("2.4.5"));
    let installed = Install::new(client, &installation, early)
        .rendered_by(rendered)
        .wait(false)
        .add_to(&mut builder, &[])
        .unwrap();
    (builder.build(), installed)
}

/// The same installation, before and after the brokers are known.
fn manifests() -> (Manifests, Manifests) {
    let mut file = cluster_with_keys("2.4.5");
    let of = |file: &serde_json::Value| render(&installation(file), &secrets("a", "b")).unwrap();
    let late = of(&file);
    file["cluster"]["kafka"]["brokers"] = serde_json::json!(["unknown.invalid:9096"]);
    (of(&file), late)
}

fn ready(cluster: &Cluster) {
    let labels =
        serde_json::json!({"kubernetes.io/service-name": "aws-load-balancer-webhook-service"});
    let slice = serde_json::json!({"metadata": {"labels": labels}, "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}]});
    let path = "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/a";
    cluster.put(path, slice);
}

/// Everything that a resource needs, directly or not.
fn all_needs(graph: &Graph, resource: &str) -> BTreeSet<String> {
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in graph.edges() {
        edges.entry(from.as_str()).or_default().push(to.as_str());
    }
    let mut found = BTreeSet::new();
    let mut open = vec![resource];
    while let Some(next) = open.pop() {
        for need in edges.get(next).into_iter().flatten() {
            if found.insert((*need).to_owned()) {
                open.push(need);
            }
        }
    }
    found
}

#[tokio::test]
async fn only_what_reads_settings_waits_for_them() {
    let (early, late) = manifests();
    let (graph, installed) = graph(&Account::default(), &Cluster::default(), &early, &late);
    let mut waiting = BTreeSet::new();
    for object in installed.objects.keys() {
        let needs = all_needs(&graph, &object.to_string());
        assert!(needs.contains("cluster"), "{object}");
        if needs.contains("settings") {
            waiting.insert(object.kind.as_str());
        }
    }
    assert_eq!(
        waiting,
        BTreeSet::from(["ConfigMap", "Deployment", "Secret"])
    );
    for resource in [
        "namespace/vectors",
        "statefulset/demo-etcd",
        "load balancer controller",
    ] {
        let needs = all_needs(&graph, resource);
        assert!(
            needs.contains("cluster") && !needs.contains("settings"),
            "{resource}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_not_there_yet_is_planned_and_asked_nothing() {
    let (early, late) = manifests();
    let cluster = Cluster::default();
    let (graph, _) = graph(&Account::default(), &cluster, &early, &late);
    let plan = Engine::new().plan(&graph).await.unwrap();
    for step in &plan.steps {
        assert_eq!(step.action, Action::Create, "{}", step.resource);
    }
    assert_eq!(cluster.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_comes_late_is_what_is_written_and_a_second_run_writes_nothing() {
    let (early, late) = manifests();
    let (cluster, account) = (Cluster::default(), Account::default());
    ready(&cluster);
    let run = async || {
        let (graph, _) = graph(&account, &cluster, &early, &late);
        Engine::new().seed(1).apply(&graph).await
    };
    run().await.result().unwrap();
    let settings = cluster
        .get("/api/v1/namespaces/vectors/configmaps/demo-milvus-env")
        .unwrap()
        .to_string();
    assert!(settings.contains("b-1.example.com:9096"), "{settings}");
    assert!(!settings.contains("unknown.invalid"));
    assert!(!cluster.written().is_empty());

    let report = run().await;

    assert_eq!(cluster.written(), Vec::<String>::new());
    for entry in &report.entries {
        assert_eq!(entry.outcome, Outcome::Unchanged, "{}", entry.resource);
    }
}

#[tokio::test(start_paused = true)]
async fn settings_that_lack_an_object_are_an_error_that_names_it() {
    let (early, _) = manifests();
    let file = crate::fixtures::standalone("2.4.5");
    let other = render(&installation(&file), &secrets("a", "b")).unwrap();
    let (cluster, account) = (Cluster::default(), Account::default());
    ready(&cluster);
    let (graph, _) = graph(&account, &cluster, &early, &other);
    let error = Engine::new()
        .apply(&graph)
        .await
        .result()
        .unwrap_err()
        .to_string();
    let expected = "secret/demo-milvus-kafka is not among the rendered objects";
    assert!(error.contains(expected), "{error}");
}
