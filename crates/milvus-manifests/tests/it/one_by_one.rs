//! Another version, one deployment after the other, with proofs between them; and other numbers of pods.

use std::{
    collections::BTreeMap,
    num::NonZeroU16,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use milvus_aws_core::{
    engine::{
        After, Context, Engine, Graph, GraphBuilder, InvalidGraph, Need, Observed, Outcome,
        Readiness, Report, Resource, ResourceError, ResourceId, Step,
    },
    topology::Role,
};
use milvus_manifests::apply::{Install, OneByOne, Proofs, Turn, Unscalable, running, scale};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    fixtures::{cluster_with_keys, installation, rendered, standalone},
};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/vectors/deployments/demo-milvus";
const SETTINGS: &str = "/api/v1/namespaces/vectors/configmaps/demo-milvus";
const TURNS: [&str; 5] = [
    "streamingnode",
    "mixcoord",
    "querynode",
    "datanode",
    "proxy",
];

/// Proofs of which the first few hold.
struct Held {
    hold: usize,
    asked: Arc<AtomicUsize>,
}

struct Proof {
    at: String,
    holds: bool,
    asked: Arc<AtomicUsize>,
    needs: After,
}

impl Proofs for Held {
    fn add(
        &self,
        builder: &mut GraphBuilder,
        at: &str,
        after: Vec<Need>,
    ) -> Result<Need, InvalidGraph> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let proof = Proof {
            at: at.to_owned(),
            holds: number < self.hold,
            asked: Arc::clone(&self.asked),
            needs: After(after),
        };
        Ok(builder.add(proof)?.need())
    }
}

impl Resource for Proof {
    type Needs = After;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("proof {}", self.at))
    }

    fn needs(&self) -> &After {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<()>, ResourceError> {
        Ok(Observed::Absent)
    }

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<()>, ResourceError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.holds {
            Ok(Readiness::Ready(()))
        } else {
            Err(ResourceError::fatal("it does not hold"))
        }
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

/// A proof first, and one after each component.
fn graph(cluster: &Cluster, file: &Value, hold: usize) -> Graph {
    let mut turns = vec![Turn::Proof("before".to_owned())];
    for name in TURNS {
        turns.extend([Turn::Component(name), Turn::Proof(format!("after {name}"))]);
    }
    graph_in_turn(cluster, file, hold, turns)
}

fn graph_in_turn(cluster: &Cluster, file: &Value, hold: usize, turns: Vec<Turn>) -> Graph {
    let installation = installation(file);
    let manifests = rendered(file);
    let proofs = Held {
        hold,
        asked: Arc::default(),
    };
    let order = OneByOne {
        turns,
        patience: Duration::from_mins(1),
        proofs: &proofs,
    };
    let mut builder = Graph::builder();
    Install::new(cluster.client(), &installation, &manifests)
        .wait(false)
        .one_by_one(Some(order))
        .add_to(&mut builder, &[])
        .unwrap();
    builder.build()
}

async fn upgrade(cluster: &Cluster, file: &Value, hold: usize) -> Report {
    Engine::new()
        .seed(1)
        .apply(&graph(cluster, file, hold))
        .await
}

async fn install(cluster: &Cluster, file: &Value) {
    let installation = installation(file);
    let manifests = rendered(file);
    let install = Install::new(cluster.client(), &installation, &manifests).wait(false);
    let report = Engine::new()
        .seed(1)
        .apply(&install.graph().unwrap().graph)
        .await;
    report.result().unwrap();
    cluster.written();
}

fn image(cluster: &Cluster, component: &str) -> Option<String> {
    let live = cluster.get(&format!("{DEPLOYMENTS}-{component}"))?;
    let image = &live["spec"]["template"]["spec"]["containers"][0]["image"];
    Some(image.as_str()?.to_owned())
}

/// The settings that the pods read.
fn settings(cluster: &Cluster) -> Value {
    let live = cluster.get(SETTINGS).unwrap();
    serde_norway::from_str(live["data"]["default.yaml"].as_str().unwrap()).unwrap()
}

/// Deployments that were written, in order.
fn written(cluster: &Cluster) -> Vec<String> {
    let prefix = format!("APPLY {DEPLOYMENTS}-");
    let written = cluster.written().into_iter();
    written
        .filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_component_has_its_turn_and_what_is_not_needed_goes_last() {
    let cluster = Cluster::default();
    install(&cluster, &cluster_with_keys("2.5.16")).await;
    assert!(settings(&cluster)["indexNode"]["port"].is_number());

    let report = upgrade(&cluster, &cluster_with_keys("2.6.20"), usize::MAX).await;
    report.result().unwrap();
    let order = cluster.written();
    let position = |what: &str| order.iter().position(|line| line == what);
    let deployments: Vec<_> = TURNS
        .iter()
        .map(|name| position(&format!("APPLY {DEPLOYMENTS}-{name}")).unwrap())
        .collect();
    assert!(deployments.is_sorted(), "{order:?}");
    let gone = position(&format!("DELETE {DEPLOYMENTS}-indexnode")).unwrap();
    assert!(gone > deployments[4], "{order:?}");
    // Settings of both first, those of the new one alone at the end.
    let of_settings = order
        .iter()
        .enumerate()
        .filter(|(_, line)| **line == format!("APPLY {SETTINGS}"));
    let of_settings: Vec<usize> = of_settings.map(|(at, _)| at).collect();
    assert_eq!(of_settings.len(), 2, "{order:?}");
    assert!(
        of_settings[0] < deployments[0] && of_settings[1] > deployments[4] && of_settings[1] < gone
    );
    for name in TURNS {
        assert!(
            image(&cluster, name).unwrap().ends_with(":v2.6.20"),
            "{name}"
        );
    }
    // As an install would have it.
    let file = cluster_with_keys("2.6.20");
    let (installation, manifests) = (installation(&file), rendered(&file));
    let install = Install::new(cluster.client(), &installation, &manifests).wait(false);
    let plan = Engine::new()
        .plan(&install.graph().unwrap().graph)
        .await
        .unwrap();
    assert!(!plan.has_changes(), "{plan:?}");
}

/// The proof of before, and two after components hold; the third does not.
#[tokio::test(start_paused = true)]
async fn a_proof_that_does_not_hold_stops_it_there_and_old_pods_find_their_settings() {
    let cluster = Cluster::default();
    install(&cluster, &cluster_with_keys("2.5.16")).await;
    let file = cluster_with_keys("2.6.20");

    let report = upgrade(&cluster, &file, 3).await;
    assert!(report.result().is_err());
    assert_eq!(
        written(&cluster),
        ["streamingnode", "mixcoord", "querynode"]
    );
    let failed = report
        .entries
        .iter()
        .find(|entry| matches!(entry.outcome, Outcome::Failed { .. }));
    assert_eq!(failed.unwrap().resource.as_str(), "proof after querynode");
    for name in ["datanode", "proxy", "indexnode"] {
        assert!(
            image(&cluster, name).unwrap().ends_with(":v2.5.16"),
            "{name}"
        );
    }
    let both = settings(&cluster);
    assert!(
        both["indexNode"]["port"].is_number() && both["mixCoord"]["enableActiveStandby"] == true,
        "{both}"
    );

    let (name, namespace) = ("demo".parse().unwrap(), "vectors".parse().unwrap());
    let live = running(&cluster.client(), &name, &namespace).await.unwrap();
    let versions: BTreeMap<_, _> = live
        .components
        .iter()
        .map(|it| (it.role, it.version.to_string()))
        .collect();
    assert_eq!(versions[&Role::QueryNode], "2.6.20");
    assert_eq!(versions[&Role::IndexNode], "2.5.16");
    assert_eq!(live.queue.as_deref(), Some("kafka"));

    // The same again touches what was not at its turn, and nothing else.
    let report = upgrade(&cluster, &file, usize::MAX).await;
    report.result().unwrap();
    let order = cluster.written();
    let again: Vec<_> = order
        .iter()
        .filter(|line| line.contains("/deployments/"))
        .collect();
    assert_eq!(
        again,
        [
            &format!("APPLY {DEPLOYMENTS}-datanode"),
            &format!("APPLY {DEPLOYMENTS}-proxy"),
            &format!("DELETE {DEPLOYMENTS}-indexnode"),
        ]
    );
    assert!(settings(&cluster)["indexNode"]["port"].is_null());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_before_the_first_proof() {
    let cluster = Cluster::default();
    install(&cluster, &cluster_with_keys("2.5.16")).await;
    let report = upgrade(&cluster, &cluster_with_keys("2.6.20"), 0).await;
    assert!(report.result().is_err());
    assert_eq!(cluster.written(), Vec::<String>::new());
}

/// Old pods would read them too.
#[tokio::test(start_paused = true)]
async fn settings_that_change_with_the_version_are_refused_before_anything_is_written() {
    let cluster = Cluster::default();
    install(&cluster, &cluster_with_keys("2.5.16")).await;
    let mut file = cluster_with_keys("2.6.20");
    file["config"] = json!({"log": {"level": "debug"}});
    let report = upgrade(&cluster, &file, usize::MAX).await;
    let refused = report.result().unwrap_err().to_string();
    assert!(
        refused.contains("log.level is info there and debug in the file"),
        "{refused}"
    );
    assert_eq!(cluster.written(), Vec::<String>::new());
}

/// What a step to 2.6 asks for first: a mixture that is alone could not start beside the separate ones.
#[tokio::test(start_paused = true)]
async fn separate_coordinators_make_room_for_a_mixture() {
    for (replicas, room) in [(1, true), (2, false)] {
        let cluster = Cluster::default();
        let mut file = cluster_with_keys("2.5.16");
        file["cluster"]["components"] = json!({"rootCoordinator": {}});
        install(&cluster, &file).await;
        file["cluster"]["components"] = json!({"mixCoordinator": {"replicas": replicas}});
        let (installation, manifests) = (installation(&file), rendered(&file));
        let install = Install::new(cluster.client(), &installation, &manifests).wait(false);
        let report = Engine::new()
            .seed(1)
            .apply(&install.graph().unwrap().graph)
            .await;
        report.result().unwrap();
        let order = cluster.written();
        let position = |what: String| order.iter().position(|line| *line == what).unwrap();
        let mixture = position(format!("APPLY {DEPLOYMENTS}-mixcoord"));
        for name in ["rootcoord", "datacoord", "querycoord", "indexcoord"] {
            let gone = position(format!("DELETE {DEPLOYMENTS}-{name}"));
            assert_eq!(gone < mixture, room, "{name} with {replicas}: {order:?}");
        }
    }
}

/// The order may name etcd, whose StatefulSet else is brought about before the first turn.
#[tokio::test(start_paused = true)]
async fn etcd_has_its_turn_and_a_proof_before_any_component() {
    let cluster = Cluster::default();
    install(&cluster, &cluster_with_keys("2.5.16")).await;
    let mut file = cluster_with_keys("2.5.26");
    file["cluster"]["etcd"] = json!({"inCluster": {"image": {"tag": "3.5.25-r1"}}});
    // The proof after etcd does not hold at first; then etcd is as wanted, and the components follow.
    for (hold, etcd, components) in [(1, 1, false), (2, 0, true)] {
        let turns = [
            Turn::Proof("before".to_owned()),
            Turn::Component("etcd"),
            Turn::Proof("after etcd".to_owned()),
            Turn::Component("proxy"),
        ];
        let graph = graph_in_turn(&cluster, &file, hold, turns.to_vec());
        let report = Engine::new().seed(1).apply(&graph).await;
        assert_eq!(report.result().is_ok(), components);
        let order = cluster.written();
        let of = |kind: &str| order.iter().filter(|line| line.contains(kind)).count();
        assert_eq!(of("/statefulsets/"), etcd, "{order:?}");
        assert_eq!(of("/deployments/") > 0, components, "{order:?}");
    }
}

/// A second coordinator of that release ends again and again.
#[tokio::test(start_paused = true)]
async fn a_coordinator_that_cannot_stand_by_stays_alone() {
    let cluster = Cluster::default();
    let mut file = cluster_with_keys("2.5.17");
    file["cluster"]["components"] = json!({"mixCoordinator": {"replicas": 1}});
    install(&cluster, &file).await;
    let refused = scaled(&cluster, &[(Role::MixCoordinator, 2)]).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.starts_with("mixCoordinator stays alone: with Milvus 2.5.17"),
        "{refused}"
    );
    assert_eq!(cluster.written(), Vec::<String>::new());
}

async fn scaled(cluster: &Cluster, targets: &[(Role, u16)]) -> Result<Report, Unscalable> {
    let (name, namespace) = ("demo".parse().unwrap(), "vectors".parse().unwrap());
    let client = cluster.client();
    let live = running(&client, &name, &namespace).await.unwrap();
    let targets = targets
        .iter()
        .map(|(role, replicas)| (*role, NonZeroU16::new(*replicas).unwrap()));
    let graph = scale(&client, &name, &namespace, &live, &targets.collect()).unwrap()?;
    let engine = Engine::new().seed(1).timeout(Duration::from_secs(5));
    Ok(engine.apply(&graph).await)
}

/// Nobody makes pods here, so that they are waited for in vain.
#[tokio::test(start_paused = true)]
async fn a_worker_gets_more_pods_and_nothing_else_changes() {
    let cluster = Cluster::default();
    install(&cluster, &cluster_with_keys("2.6.20")).await;
    scaled(&cluster, &[(Role::QueryNode, 3)]).await.unwrap();
    let path = format!("{DEPLOYMENTS}-querynode");
    assert_eq!(cluster.get(&path).unwrap()["spec"]["replicas"], 3);
    assert_eq!(cluster.written(), [format!("MERGE {path}")]);
    scaled(&cluster, &[(Role::QueryNode, 3)]).await.unwrap();
    assert_eq!(cluster.written(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_an_autoscaler_scales_is_left_to_it() {
    let cluster = Cluster::default();
    let mut file = cluster_with_keys("2.6.20");
    file["cluster"]["components"] = json!({
        "queryNode": {"autoscaling": {"min": 2, "max": 8, "cpuPercent": 60}, "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}},
    });
    install(&cluster, &file).await;
    let refused = scaled(&cluster, &[(Role::QueryNode, 3)]).await.unwrap_err();
    let by = "queryNode has as many pods as horizontalpodautoscaler/demo-milvus-querynode";
    assert!(refused.to_string().starts_with(by), "{refused}");
    assert_eq!(cluster.written(), Vec::<String>::new());
    scaled(&cluster, &[(Role::DataNode, 2)]).await.unwrap();
    assert_eq!(cluster.written().len(), 1);
}

/// Row 44 of the pains: the setting comes before the second pod, and in both forms of settings.
#[tokio::test(start_paused = true)]
async fn a_coordinator_gets_a_second_pod_together_with_the_setting_that_lets_it_stand_by() {
    for (version, role, name) in [
        ("2.6.20", Role::MixCoordinator, "mixcoord"),
        ("2.4.5", Role::RootCoordinator, "rootcoord"),
    ] {
        let cluster = Cluster::default();
        let mut file = cluster_with_keys(version);
        file["cluster"]["components"] = json!({});
        install(&cluster, &file).await;
        let deployment = format!("{DEPLOYMENTS}-{name}");
        let checksum = |cluster: &Cluster| {
            let live = cluster.get(&deployment).unwrap();
            live["spec"]["template"]["metadata"]["annotations"]["checksum/config"].clone()
        };
        let before = checksum(&cluster);

        scaled(&cluster, &[(role, 2)]).await.unwrap();
        let environment = format!("{SETTINGS}-env");
        let settings = if version == "2.6.20" {
            SETTINGS
        } else {
            &environment
        };
        assert_eq!(
            cluster.written(),
            [format!("MERGE {settings}"), format!("MERGE {deployment}")]
        );
        assert_eq!(cluster.get(&deployment).unwrap()["spec"]["replicas"], 2);
        // As it is rendered for two.
        file["cluster"]["components"] = json!({role.key(): {"replicas": 2}});
        let wanted = rendered(&file);
        let name = settings.rsplit('/').next().unwrap();
        let wanted = wanted
            .get(milvus_manifests::Kind::ConfigMap, name)
            .unwrap()
            .to_value()
            .unwrap();
        assert_eq!(cluster.get(settings).unwrap()["data"], wanted["data"]);
        assert_ne!(checksum(&cluster), before);
        scaled(&cluster, &[(role, 2)]).await.unwrap();
        assert_eq!(cluster.written(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_scaled_says_who_does_its_work() {
    let cluster = Cluster::default();
    install(&cluster, &cluster_with_keys("2.6.20")).await;
    let said = async |cluster: &Cluster, role| {
        let refused = scaled(cluster, &[(role, 2)]).await.unwrap_err();
        refused.to_string()
    };
    assert_eq!(
        said(&cluster, Role::IndexNode).await,
        "indexNode is no role of Milvus 2.6.20: `dataNode` builds indexes now; leave it out"
    );
    assert!(
        said(&cluster, Role::RootCoordinator)
            .await
            .contains("`mixCoordinator` does its work now")
    );
    assert!(
        said(&cluster, Role::Standalone)
            .await
            .contains("a cluster has none")
    );
    let cluster = Cluster::default();
    install(&cluster, &standalone("2.6.20")).await;
    assert!(
        said(&cluster, Role::QueryNode)
            .await
            .ends_with("`standalone`, one pod, does all the work here")
    );
    assert!(
        said(&cluster, Role::Standalone)
            .await
            .contains("one alone may write to its volume")
    );
    let cluster = Cluster::default();
    install(&cluster, &cluster_with_keys("2.5.16")).await;
    assert_eq!(
        said(&cluster, Role::QueryCoordinator).await,
        "queryCoordinator does not run: `mixCoordinator` does its work here"
    );
}
