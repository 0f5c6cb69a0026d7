//! Taking over a Helm release: what of it becomes ours, what goes, what stays, and what is somebody else's.

use milvus_aws_core::{
    Installation,
    engine::{Action, DataPolicy, Engine, Plan, Report},
};
use milvus_manifests::{
    apply::{
        Install, has_known_passwords, helm_releases, operated, released_components, still_of_helm,
        uninstall,
    },
    render,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    fixtures::{cluster_with_keys, installation, secrets},
};

const HOME: &str = "/api/v1/namespaces/vectors";
const APPS: &str = "/apis/apps/v1/namespaces/vectors";
/// A record as Helm writes it: a release of chart 4.1.34 with one value, `{"minio":{"enabled":false}}`.
const RECORD: &str = include_str!("../golden/helm/record.txt");
/// Deployments as Helm 3 and 4 made them and as others left them, `managedFields` as the API server has them.
const TOUCHED: &str = include_str!("../golden/helm/touched.json");

fn path(rest: &str) -> String {
    match rest.split_once('/') {
        Some(("deployments" | "statefulsets", _)) => format!("{APPS}/{rest}"),
        _ => format!("{HOME}/{rest}"),
    }
}

/// An object as Helm makes it, of a chart inside of release `demo`.
fn helms(chart: &str, mut object: Value) -> Value {
    let metadata = json!({
        "labels": {
            "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "demo", "helm.sh/chart": chart,
        },
        "annotations": {"meta.helm.sh/release-name": "demo", "meta.helm.sh/release-namespace": "vectors"},
        "managedFields": [{
            "manager": "helm", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:annotations": {"f:meta.helm.sh/release-name": {}}}, "f:spec": {"f:old": {}}},
        }],
    });
    object["metadata"] = metadata;
    object
}

fn service() -> Value {
    helms(
        "milvus-4.1.34",
        json!({"apiVersion": "v1", "spec": {"old": 1}}),
    )
}

fn etcd() -> Value {
    let variables = json!([{"name": "ETCD_INITIAL_CLUSTER_STATE", "value": "existing"}, {"name": "MINE", "value": "a"}]);
    let container = json!({"name": "etcd", "image": "old", "env": variables});
    let spec = json!({
        "replicas": 3, "serviceName": "old-headless",
        "template": {"metadata": {"labels": {"old": "label"}}, "spec": {"containers": [container]}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "7Gi"}}}}],
    });
    helms("etcd-6.3.3", json!({"apiVersion": "apps/v1", "spec": spec}))
}

/// A cluster with a release.
fn released() -> Cluster {
    let cluster = Cluster::default();
    cluster.put(&path("services/demo-milvus"), service());
    cluster.put(&path("statefulsets/demo-etcd"), etcd());
    cluster
}

/// A deployment as the chart makes it: its label tells the chart's version, its image what runs.
fn deployment(component: &str, image: &str) -> Value {
    let containers =
        json!([{"name": "beside", "image": "proxy:v1.0.0"}, {"name": component, "image": image}]);
    let spec = json!({"template": {"spec": {"containers": containers}}});
    let mut deployment = helms(
        "milvus-4.1.34",
        json!({"apiVersion": "apps/v1", "spec": spec}),
    );
    let labels = &mut deployment["metadata"]["labels"];
    labels["component"] = json!(component);
    labels["app.kubernetes.io/version"] = json!("2.4.5");
    deployment
}

struct Adoption {
    installation: Installation,
    record_goes: bool,
}

impl Adoption {
    fn new() -> Self {
        Self {
            installation: installation(&cluster_with_keys("2.4.5")),
            record_goes: false,
        }
    }

    fn graph(&self, cluster: &Cluster) -> milvus_aws_core::engine::Graph {
        let manifests = render(&self.installation, &secrets("a", "b")).unwrap();
        let install = Install::new(cluster.client(), &self.installation, &manifests)
            .adopt(true)
            .remove_helm_record(self.record_goes)
            .wait(false);
        install.graph().unwrap().graph
    }

    async fn run(&self, cluster: &Cluster) -> Report {
        Engine::new().seed(1).apply(&self.graph(cluster)).await
    }

    async fn plan(&self, cluster: &Cluster) -> Plan {
        let plan = Engine::new().seed(1).plan(&self.graph(cluster)).await;
        plan.unwrap()
    }
}

/// The changed fields of one resource.
fn fields(plan: &Plan, resource: &str) -> Vec<String> {
    let mut steps = plan.steps.iter();
    let step = steps
        .find(|step| step.resource.as_str() == resource)
        .unwrap();
    match &step.action {
        Action::Update { changes } => changes.iter().map(|c| c.field.clone()).collect(),
        action => panic!("{resource}: {action:?}"),
    }
}

#[tokio::test]
async fn a_release_becomes_ours_field_by_field_and_a_second_run_writes_nothing() {
    let cluster = released();
    let before = cluster.paths();
    let plan = Adoption::new().plan(&cluster).await;
    assert_eq!(cluster.written(), Vec::<String>::new());
    assert_eq!(cluster.paths(), before);
    let shown = fields(&plan, "service/demo-milvus");
    let label = "metadata.labels[app.kubernetes.io/managed-by]";
    assert!(shown.iter().any(|field| field == label), "{shown:?}");

    Adoption::new().run(&cluster).await.result().unwrap();

    let written = cluster.written();
    let of_service: Vec<_> = written
        .iter()
        .filter(|line| line.ends_with("/services/demo-milvus"))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(of_service, ["MERGE", "APPLY"]);
    let service = cluster.get(&path("services/demo-milvus")).unwrap();
    let labels = &service["metadata"]["labels"];
    assert_eq!(labels["app.kubernetes.io/managed-by"], "kubectl-milvus");
    assert_eq!(labels["kubectl-milvus/installation"], "demo");
    let owners = service["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(owners.len(), 1);
    assert_eq!(
        (&owners[0]["manager"], &owners[0]["operation"]),
        (&json!("kubectl-milvus"), &json!("Apply"))
    );
    assert_eq!(service["spec"].get("old"), None, "nobody wants it");

    Adoption::new().run(&cluster).await.result().unwrap();
    assert_eq!(cluster.written(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_not_of_this_very_release_is_refused() {
    let edits: [fn(&mut Value); 5] = [
        |o| o["metadata"]["annotations"]["meta.helm.sh/release-name"] = json!("other"),
        |o| o["metadata"]["annotations"]["meta.helm.sh/release-namespace"] = json!("elsewhere"),
        |o| o["metadata"]["labels"]["app.kubernetes.io/managed-by"] = json!("Flux"),
        |o| o["metadata"]["labels"]["kubectl-milvus/installation"] = json!("other"),
        |o| o["metadata"]["annotations"] = json!({}),
    ];
    for edit in edits {
        let cluster = released();
        cluster.edit(&path("services/demo-milvus"), edit);
        let error = Adoption::new().run(&cluster).await.result().unwrap_err();
        assert!(error.to_string().contains("service/demo-milvus"), "{error}");
        assert_eq!(cluster.written(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_run_that_died_between_its_two_writes_goes_on() {
    let cluster = released();
    cluster.edit(&path("services/demo-milvus"), |service| {
        service["metadata"]["managedFields"][0]["manager"] = json!("kubectl-milvus");
        service["metadata"]["managedFields"][0]["operation"] = json!("Apply");
    });
    Adoption::new().run(&cluster).await.result().unwrap();
    let service = cluster.get(&path("services/demo-milvus")).unwrap();
    assert_eq!(
        service["metadata"]["labels"]["kubectl-milvus/installation"],
        "demo"
    );
}

#[tokio::test]
async fn etcd_stays_as_helm_made_it_until_its_owner_says_otherwise() {
    let cluster = released();
    let set = path("statefulsets/demo-etcd");
    let shown = fields(
        &Adoption::new().plan(&cluster).await,
        "statefulset/demo-etcd",
    );
    assert!(
        !shown.iter().any(|field| field.starts_with("spec")),
        "{shown:?}"
    );
    Adoption::new().run(&cluster).await.result().unwrap();
    let adopted = cluster.get(&set).unwrap();
    assert_eq!(adopted["spec"], etcd()["spec"]);
    assert_eq!(
        adopted["metadata"]["annotations"]["kubectl-milvus/adopted"],
        "pods"
    );

    cluster.edit(&set, |set| {
        set["metadata"]["annotations"]["kubectl-milvus/adopted"] = json!("claims");
    });
    Adoption::new().run(&cluster).await.result().unwrap();
    let ours = cluster.get(&set).unwrap();
    let spec = &ours["spec"];
    assert_eq!(
        spec["volumeClaimTemplates"],
        etcd()["spec"]["volumeClaimTemplates"]
    );
    assert_eq!(spec["serviceName"], "old-headless");
    let container = &spec["template"]["spec"]["containers"][0];
    assert_ne!(container["image"], "old");
    let state = json!({"name": "ETCD_INITIAL_CLUSTER_STATE", "value": "existing"});
    assert!(container["env"].as_array().unwrap().contains(&state));
    cluster.written();
    Adoption::new().run(&cluster).await.result().unwrap();
    assert_eq!(cluster.written(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_chart_alone_wants_goes_after_it_was_listed_and_data_never_does() {
    let cluster = released();
    let plain = || json!({"apiVersion": "v1"});
    let goes = ["deployments/demo-milvus-gone", "configmaps/demo-milvus"];
    cluster.put(&path(goes[0]), helms("milvus-4.1.34", plain()));
    cluster.put(&path(goes[1]), helms("milvus-4.1.34", plain()));
    // The chart's settings carry no label of it.
    cluster.edit(&path(goes[1]), |map| {
        drop(
            map["metadata"]["labels"]
                .as_object_mut()
                .unwrap()
                .remove("helm.sh/chart"),
        );
    });
    let stays = [
        ("statefulsets/demo-milvus-woodpecker", "milvus-5.0.19"),
        ("persistentvolumeclaims/demo-milvus-old", "milvus-4.1.34"),
        ("deployments/demo-kafka-exporter", "kafka-15.5.1"),
    ];
    for (object, chart) in stays {
        cluster.put(&path(object), helms(chart, plain()));
    }
    let minio = "services/demo-milvus-minio";
    cluster.put(&path(minio), helms("", plain()));
    cluster.edit(&path(minio), |service| {
        let labels = service["metadata"]["labels"].as_object_mut().unwrap();
        labels.remove("helm.sh/chart");
        labels.insert("chart".to_owned(), json!("minio-8.0.17"));
    });
    let other = "configmaps/demo-milvus-other";
    cluster.put(&path(other), helms("milvus-4.1.34", plain()));
    cluster.edit(&path(other), |map| {
        map["metadata"]["annotations"]["meta.helm.sh/release-name"] = json!("demo-milvus");
    });

    let listed = fields(&Adoption::new().plan(&cluster).await, "obsolete objects");
    assert_eq!(
        listed,
        ["deployment/demo-milvus-gone", "configmap/demo-milvus"]
    );
    Adoption::new().run(&cluster).await.result().unwrap();

    for object in goes {
        assert_eq!(cluster.get(&path(object)), None, "{object}");
    }
    for object in stays
        .map(|(object, _)| object)
        .into_iter()
        .chain([minio, other])
    {
        assert!(cluster.get(&path(object)).is_some(), "{object}");
    }
    let still = still_of_helm(&cluster.client(), &Adoption::new().installation)
        .await
        .unwrap();
    let still: Vec<_> = still.iter().map(ToString::to_string).collect();
    let expected = [
        "persistentvolumeclaim/demo-milvus-old",
        "service/demo-milvus-minio",
        "statefulset/demo-milvus-woodpecker",
        "deployment/demo-kafka-exporter",
    ];
    assert_eq!(still, expected);
}

#[tokio::test]
async fn claims_of_the_set_are_marked_so_that_they_go_with_the_data() {
    let cluster = released();
    let claim = |name: &str, labels: Value| {
        cluster.put(
            &path(&format!("persistentvolumeclaims/{name}")),
            json!({"metadata": {"labels": labels}}),
        );
    };
    let of_release = json!({"app.kubernetes.io/instance": "demo"});
    claim("data-demo-etcd-0", of_release.clone());
    claim("data-demo-etcd-x", of_release.clone());
    claim("demo-etcd-0", of_release.clone());
    claim("export-demo-minio-0", of_release);
    claim(
        "data-demo-etcd-1",
        json!({"app.kubernetes.io/instance": "other"}),
    );
    Adoption::new().run(&cluster).await.result().unwrap();

    let (name, namespace) = ("demo".parse().unwrap(), "vectors".parse().unwrap());
    let found = uninstall(&cluster.client(), &name, &namespace)
        .await
        .unwrap();
    let report = Engine::new().delete(&found.graph, DataPolicy::Delete).await;
    report.result().unwrap();
    let left = cluster.paths();
    let claims: Vec<_> = left
        .iter()
        .filter_map(|path| path.rsplit_once("/persistentvolumeclaims/"))
        .map(|(_, name)| name)
        .collect();
    assert_eq!(
        claims,
        [
            "data-demo-etcd-1",
            "data-demo-etcd-x",
            "demo-etcd-0",
            "export-demo-minio-0"
        ]
    );
}

#[tokio::test]
async fn the_record_is_read_and_goes_only_when_it_is_asked_to() {
    let cluster = released();
    let record = |name: &str, release: &str, revision: &str| {
        let labels = json!({"owner": "helm", "name": release, "version": revision});
        let secret = json!({"type": "helm.sh/release.v1", "metadata": {"labels": labels}, "data": {"release": RECORD.trim()}});
        cluster.put(&path(&format!("secrets/{name}")), secret);
    };
    record("sh.helm.release.v1.demo.v9", "demo", "9");
    record("sh.helm.release.v1.demo.v10", "demo", "10");
    record("sh.helm.release.v1.other.v1", "other", "1");
    let namespace = "vectors".parse().unwrap();
    let releases = helm_releases(&cluster.client(), &namespace).await.unwrap();
    let found: Vec<_> = releases
        .iter()
        .map(|r| (r.name.as_str(), r.revision))
        .collect();
    assert_eq!(found, [("demo", 10), ("other", 1)]);
    assert_eq!(releases[0].app_version, "2.4.5");
    assert_eq!(
        releases[0].values.expose_secret(),
        r#"{"minio":{"enabled":false}}"#
    );

    Adoption::new().run(&cluster).await.result().unwrap();
    assert!(
        cluster
            .get(&path("secrets/sh.helm.release.v1.demo.v10"))
            .is_some()
    );
    cluster.written();
    let forgetting = Adoption {
        record_goes: true,
        ..Adoption::new()
    };
    let listed = fields(&forgetting.plan(&cluster).await, "Helm's record of demo");
    assert_eq!(
        listed,
        [
            "secret/sh.helm.release.v1.demo.v10",
            "secret/sh.helm.release.v1.demo.v9"
        ]
    );
    forgetting.run(&cluster).await.result().unwrap();
    let deleted = |secret: &str| format!("DELETE {}", path(&format!("secrets/{secret}")));
    let expected = ["sh.helm.release.v1.demo.v10", "sh.helm.release.v1.demo.v9"].map(deleted);
    assert_eq!(cluster.written(), expected);
    assert!(
        cluster
            .get(&path("secrets/sh.helm.release.v1.other.v1"))
            .is_some()
    );
}

#[tokio::test]
async fn milvus_of_the_operator_is_found_by_name() {
    let cluster = Cluster::default();
    let namespace = "vectors".parse().unwrap();
    assert_eq!(
        operated(&cluster.client(), &namespace).await.unwrap(),
        Vec::<String>::new()
    );
    let kind = "/apis/milvus.io/v1beta1/namespaces/vectors/milvuses";
    cluster.put(&format!("{kind}/theirs"), json!({"metadata": {}}));
    assert_eq!(
        operated(&cluster.client(), &namespace).await.unwrap(),
        ["theirs"]
    );
}

#[tokio::test]
async fn what_runs_is_told_by_images_and_of_this_release_alone() {
    let cluster = released();
    let of = |name: &str| path(&format!("deployments/demo-milvus-{name}"));
    cluster.put(&of("attu"), deployment("attu", "zilliz/attu:v2.3.10"));
    cluster.put(
        &of("proxy"),
        deployment("proxy", "milvusdb/milvus:v2.4.1-gpu"),
    );
    cluster.put(
        &of("querynode"),
        deployment("querynode", "milvusdb/milvus:v2.4.1"),
    );
    cluster.edit(&of("querynode"), |live| {
        live["metadata"]["annotations"]["meta.helm.sh/release-name"] = json!("other");
    });
    let installation = Adoption::new().installation;
    let found = released_components(&cluster.client(), &installation).await;
    let found = found.unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.deployment.as_str(), it.tag()))
        .collect();
    assert_eq!(found, [("demo-milvus-proxy", "v2.4.1-gpu")]);
}

/// One that is alone could not start beside those that Helm made, and stands by where it may.
#[tokio::test]
async fn coordinators_of_the_release_make_room_for_a_mixture() {
    for (replicas, room) in [(1, true), (2, false)] {
        let cluster = released();
        let names = ["rootcoord", "datacoord", "querycoord", "indexcoord"];
        for name in names {
            let image = "milvusdb/milvus:v2.4.5";
            let object = path(&format!("deployments/demo-milvus-{name}"));
            cluster.put(&object, deployment(name, image));
        }
        let other = path("deployments/other-milvus-rootcoord");
        cluster.put(&other, deployment("rootcoord", "milvusdb/milvus:v2.4.5"));
        cluster.edit(&other, |live| {
            live["metadata"]["annotations"]["meta.helm.sh/release-name"] = json!("other");
        });
        let mut file = cluster_with_keys("2.4.5");
        file["cluster"]["components"] = json!({"mixCoordinator": {"replicas": replicas}});
        let adoption = Adoption {
            installation: installation(&file),
            record_goes: false,
        };
        adoption.run(&cluster).await.result().unwrap();
        let order = cluster.written();
        let position = |what: String| order.iter().position(|line| *line == what).unwrap();
        let mixture = position(format!(
            "APPLY {}",
            path("deployments/demo-milvus-mixcoord")
        ));
        for name in names {
            let object = path(&format!("deployments/demo-milvus-{name}"));
            let gone = position(format!("DELETE {object}"));
            assert_eq!(gone < mixture, room, "{name} with {replicas}: {order:?}");
        }
        assert!(cluster.get(&other).is_some());
    }
}

/// What Helm's settings say, and whether a password of ours is there.
#[tokio::test]
async fn passwords_that_the_server_knows_are_told_from_ours() {
    let settings = path("configmaps/demo-milvus");
    let with = |data: Value| {
        let cluster = released();
        let map = helms("", json!({"apiVersion": "v1", "data": data}));
        cluster.put(&settings, map);
        cluster
    };
    let known = async |cluster: &Cluster| {
        let installation = Adoption::new().installation;
        let known = has_known_passwords(&cluster.client(), &installation).await;
        known.unwrap()
    };
    let on = "common: {security: {authorizationEnabled: true}}";
    let off = "common: {security: {authorizationEnabled: false}}";
    for (data, expected) in [
        (json!({}), false),
        (json!({"default.yaml": on}), true),
        (json!({"default.yaml": off, "user.yaml": on}), true),
        (json!({"default.yaml": on, "user.yaml": off}), false),
        (json!({"default.yaml": on, "user.yaml": "proxy: {}"}), true),
        (
            json!({"COMMON_SECURITY_AUTHORIZATIONENABLED": "true"}),
            true,
        ),
    ] {
        let cluster = with(data.clone());
        assert_eq!(known(&cluster).await, expected, "{data}");
    }

    let cluster = with(json!({"user.yaml": on}));
    let secret = path("secrets/demo-milvus-root");
    cluster.put(&secret, json!({"data": {"password": "YQ=="}}));
    assert!(known(&cluster).await, "somebody else's is none of ours");
    let ours = json!({"kubectl-milvus/installation": "demo"});
    cluster.edit(&secret, |secret| secret["metadata"]["labels"] = ours);
    assert!(!known(&cluster).await);
    let cluster = with(json!({"user.yaml": on}));
    cluster.edit(&settings, |live| {
        live["metadata"]["annotations"]["meta.helm.sh/release-name"] = json!("other");
    });
    assert!(!known(&cluster).await, "settings of another release");
}

/// The settings of a server whose passwords stay are the same afterwards, and no Secret is made.
#[tokio::test]
async fn passwords_stay_over_every_run() {
    for version in ["2.4.5", "2.4.17"] {
        let cluster = released();
        let on = json!({"user.yaml": "common: {security: {authorizationEnabled: true}}"});
        let map = helms("", json!({"apiVersion": "v1", "data": on}));
        cluster.put(&path("configmaps/demo-milvus"), map);
        let mut file = cluster_with_keys(version);
        file["authorization"] = json!(true);
        let run = async || {
            let mut installation = installation(&file);
            let known = has_known_passwords(&cluster.client(), &installation).await;
            assert!(known.unwrap());
            installation.keep_passwords();
            let adoption = Adoption {
                installation,
                record_goes: false,
            };
            adoption.run(&cluster).await.result().unwrap();
        };
        run().await;
        assert_eq!(cluster.get(&path("secrets/demo-milvus-root")), None);
        cluster.written();
        run().await;
        assert_eq!(cluster.written(), Vec::<String>::new());
    }
}

/// A run that dies in between must not be taken for a server with passwords of its own.
#[tokio::test]
async fn our_password_is_there_before_settings_that_demand_a_login() {
    let cluster = Cluster::default();
    let mut file = cluster_with_keys("2.4.17");
    file["authorization"] = json!(true);
    let adoption = Adoption {
        installation: installation(&file),
        record_goes: false,
    };
    let plan = adoption.plan(&cluster).await;
    let settings = plan
        .steps
        .iter()
        .find(|step| step.resource.as_str() == "configmap/demo-milvus");
    let needs = &settings.unwrap().needs;
    assert!(
        needs
            .iter()
            .any(|need| need.as_str() == "secret/demo-milvus-root"),
        "{needs:?}"
    );
    adoption.run(&cluster).await.result().unwrap();
    let known = has_known_passwords(&cluster.client(), &adoption.installation).await;
    assert!(!known.unwrap());
}

/// A release of that Helm, with what others have set in its deployments: by `kubectl set env`, `kubectl edit`, and a part of
/// a configuration that is applied.
fn touched(helm: &str) -> Cluster {
    let cluster = released();
    let all: Value = serde_json::from_str(TOUCHED).unwrap();
    for (component, live) in all[helm].as_object().unwrap() {
        let object = path(&format!("deployments/demo-milvus-{component}"));
        cluster.put(&object, live.clone());
    }
    cluster
}

/// What is taken from others is named with who has set it, also where only a part of it was theirs; what cannot stand beside
/// what is wanted is found out and goes; all else of theirs stays.
#[tokio::test]
async fn stage_fault_8_who_set_what_is_named_and_what_cannot_stand_goes() {
    for helm in ["helm3", "helm4"] {
        let cluster = touched(helm);
        let plan = Adoption::new().plan(&cluster).await;
        let mut told = Vec::new();
        for step in &plan.steps {
            let Action::Update { changes } = &step.action else {
                continue;
            };
            let set = changes.iter().filter(|change| !change.set_by.is_empty());
            told.extend(set.map(|it| {
                let object = step
                    .resource
                    .as_str()
                    .trim_start_matches("deployment/demo-milvus-");
                let field = it.field.trim_start_matches("spec.template.spec.");
                let from = it.from.as_deref().unwrap();
                format!(
                    "{object}: {field}: {from} (set by {})",
                    it.set_by.join(", ")
                )
            }));
        }
        told.sort();
        let expected = [
            "indexcoord: initContainers[config]: (not shown) (set by partial)",
            "proxy: initContainers[config].env[FOO]: (not shown) (set by kubectl-set)",
            "querycoord: containers[querycoord].livenessProbe.httpGet.path: /x (set by kubectl-edit)",
            "querycoord: securityContext.fsGroup: 5 (set by kubectl-edit)",
            "querycoord: spec.strategy.rollingUpdate.maxSurge: 2 (set by kubectl-edit)",
        ];
        assert_eq!(told, expected, "{helm}");

        Adoption::new().run(&cluster).await.result().unwrap();
        let entries = |component: &str| {
            let object = cluster.get(&path(&format!("deployments/demo-milvus-{component}")));
            let entries = object.unwrap()["metadata"]["managedFields"].to_string();
            assert!(
                !entries.contains("\"helm\""),
                "{helm}: {component}: {entries}"
            );
            entries
        };
        let querycoord = entries("querycoord");
        assert!(
            querycoord.contains("kubectl-edit") && !querycoord.contains("f:path"),
            "{querycoord}"
        );
        assert!(entries("proxy").contains("kubectl-set"));
        let plan = Adoption::new().plan(&cluster).await;
        assert!(!plan.has_changes(), "{:?}", plan.steps);
    }
}

/// What others have made as a whole is not taken away: it is named.
#[tokio::test]
async fn stage_fault_8_what_others_have_made_is_named_where_it_does_not_fit() {
    let cluster = touched("helm4");
    let proxy = path("deployments/demo-milvus-proxy");
    cluster.edit(&proxy, |live| {
        let mount = json!({"name": "tools", "mountPath": "/x"});
        let debug = json!({"name": "debug", "image": "debug", "volumeMounts": [mount]});
        let containers = &mut live["spec"]["template"]["spec"]["containers"];
        containers.as_array_mut().unwrap().insert(0, debug);
        let fields = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"debug\"}": {
            ".": {}, "f:name": {}, "f:image": {},
            "f:volumeMounts": {".": {}, "k:{\"mountPath\":\"/x\"}": {".": {}, "f:mountPath": {}, "f:name": {}}},
        }}}}}});
        let entry = json!({
            "manager": "kubectl-patch", "operation": "Update", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        live["metadata"]["managedFields"].as_array_mut().unwrap().push(entry);
    });
    let error = Adoption::new().run(&cluster).await.result().unwrap_err();
    let error = error.to_string();
    for words in [
        "deployment/demo-milvus-proxy",
        "containers[debug].volumeMounts[/x]",
        "(kubectl-patch)",
        "kubectl edit",
    ] {
        assert!(error.contains(words), "no {words} in {error}");
    }
    assert_eq!(cluster.written(), Vec::<String>::new());
}
