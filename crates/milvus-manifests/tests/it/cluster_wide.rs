//! What an installation has outside of its namespace: made, kept, refused and taken away.

use std::time::Duration;

use milvus_aws_core::{
    Installation,
    engine::{Action, DataPolicy, Engine, Graph, Outcome, PlannedStep, Report},
    installation::Secrets,
};
use milvus_manifests::{
    EbsStorageClass, NetworkLoadBalancer,
    apply::{
        Install, Uninstall, add_load_balancer_controller, add_storage_class, neighbours, uninstall,
    },
    labels::Owner,
    render,
};
use serde_json::{Value, json};

use crate::{
    cluster::{CONTROLLER_POD, Cluster},
    controller::controller,
    fixtures::{installation, standalone},
};

const CLASSES: &str = "/apis/storage.k8s.io/v1/storageclasses";
const GP2: &str = "/apis/storage.k8s.io/v1/storageclasses/gp2";
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
const SYSTEM: &str = "/namespaces/kube-system";
const CERTIFICATE: &str = "/api/v1/namespaces/kube-system/secrets/aws-load-balancer-tls";
const WEBHOOKS: &str =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/aws-load-balancer-webhook";
const CLUSTER_ROLE: &str =
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/aws-load-balancer-controller-role";
const DEPLOYMENT: &str =
    "/apis/apps/v1/namespaces/kube-system/deployments/aws-load-balancer-controller";
const SERVICE: &str = "/api/v1/namespaces/vectors/services/demo-milvus";
const CLAIM: &str = "/api/v1/namespaces/vectors/persistentvolumeclaims/demo-milvus";

fn wanted() -> Installation {
    installation(&standalone("2.6.15"))
}

fn owner() -> Owner {
    Owner::of(&wanted())
}

/// A cluster of EKS: its own class is the default, and the controller's endpoints come at once.
fn eks() -> Cluster {
    let cluster = Cluster::default();
    let default = json!({"metadata": {"annotations": {IS_DEFAULT: "true", "theirs": "stays"}}, "provisioner": "kubernetes.io/aws-ebs"});
    cluster.put(GP2, default);
    let labels = json!({"kubernetes.io/service-name": "aws-load-balancer-webhook-service"});
    let slice = json!({"metadata": {"labels": labels}, "addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}]});
    cluster.put(
        "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/a",
        slice,
    );
    cluster
}

/// Everything: class, controller, and Milvus behind a load balancer.
fn graph(cluster: &Cluster) -> Graph {
    let mut builder = Graph::builder();
    let client = cluster.client();
    let class = EbsStorageClass::default();
    add_storage_class(&mut builder, client.clone(), &owner(), &class, &[]).unwrap();
    let controller = add_load_balancer_controller(
        &mut builder,
        client.clone(),
        &controller(),
        "vpc-1".to_owned(),
        &[],
    )
    .unwrap();
    let installation = wanted();
    let manifests = render(&installation, &Secrets::default()).unwrap();
    let manifests = manifests.with(NetworkLoadBalancer::default().services(&installation));
    Install::new(client, &installation, &manifests)
        .load_balancers_after([controller.ready.need()])
        .wait(false)
        .add_to(&mut builder, &[])
        .unwrap();
    builder.build()
}

fn engine() -> Engine {
    Engine::new().seed(1).timeout(Duration::from_mins(10))
}

async fn install(cluster: &Cluster) -> Report {
    engine().apply(&graph(cluster)).await
}

async fn found(cluster: &Cluster) -> Uninstall {
    let owner = owner();
    let found = uninstall(&cluster.client(), &owner.installation, &owner.namespace).await;
    found.unwrap()
}

fn defaults(cluster: &Cluster) -> Vec<String> {
    let paths = cluster.paths().into_iter();
    let classes = paths.filter(|path| path.starts_with(CLASSES));
    let is_default = |path: &String| {
        let class = cluster.get(path).unwrap();
        class["metadata"]["annotations"][IS_DEFAULT] == "true"
    };
    classes.filter(is_default).collect()
}

#[tokio::test(start_paused = true)]
async fn row_30_one_class_is_the_default_and_nothing_else_of_gp2_changes() {
    let cluster = eks();
    let mut before = cluster.get(GP2).unwrap();
    install(&cluster).await.result().unwrap();

    assert_eq!(defaults(&cluster), [format!("{CLASSES}/ebs-sc")]);
    let mut after = cluster.get(GP2).unwrap();
    for class in [&mut before, &mut after] {
        class["metadata"]["annotations"][IS_DEFAULT] = Value::Null;
        class["metadata"]["resourceVersion"] = Value::Null;
    }
    assert_eq!(after, before);
}

#[tokio::test(start_paused = true)]
async fn row_30_somebody_elses_default_is_refused_before_anything_is_written() {
    let cluster = eks();
    let fast = format!("{CLASSES}/fast");
    cluster.put(
        &fast,
        json!({"metadata": {"annotations": {IS_DEFAULT: "true"}}, "provisioner": "x"}),
    );
    let error = install(&cluster).await.result().unwrap_err().to_string();
    assert!(
        error.contains("storageclass/fast is the default"),
        "{error}"
    );
    assert_eq!(cluster.written(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_second_install_writes_nothing_and_keeps_the_certificate() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    assert!(cluster.written().len() > 20);
    let secret = cluster.get(CERTIFICATE).unwrap();
    let configuration = cluster.get(WEBHOOKS).unwrap();
    let authority = &configuration["webhooks"][0]["clientConfig"]["caBundle"];
    assert_eq!(*authority, secret["data"]["ca.crt"]);

    let report = install(&cluster).await;

    assert_eq!(cluster.written(), Vec::<String>::new());
    for entry in &report.entries {
        assert_eq!(entry.outcome, Outcome::Unchanged, "{}", entry.resource);
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_not_whole_is_made_anew_and_trusted() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    let before = cluster.get(CERTIFICATE).unwrap();
    cluster.edit(CERTIFICATE, |secret| {
        secret["data"]["tls.key"] = Value::Null;
    });

    install(&cluster).await.result().unwrap();

    let after = cluster.get(CERTIFICATE).unwrap();
    assert_ne!(after["data"]["ca.crt"], before["data"]["ca.crt"]);
    let authority = cluster.get(WEBHOOKS).unwrap()["webhooks"][0]["clientConfig"].clone();
    assert_eq!(authority["caBundle"], after["data"]["ca.crt"]);
}

#[tokio::test(start_paused = true)]
async fn row_37_nothing_with_a_load_balancer_is_made_before_the_webhook_answers() {
    let cluster = eks();
    let message = "failed calling webhook: no endpoints available for service \"aws-load-balancer-webhook-service\"";
    cluster.refuse_trials(Some(message));

    let error = install(&cluster).await.result().unwrap_err().to_string();

    assert!(error.contains("no endpoints available"), "{error}");
    assert_eq!(cluster.get(SERVICE), None);
    // What has no load balancer is there.
    assert!(
        cluster
            .get("/api/v1/namespaces/vectors/services/demo-milvus-metrics")
            .is_some()
    );
    cluster.refuse_trials(None);
    install(&cluster).await.result().unwrap();
    assert!(cluster.get(SERVICE).is_some());
}

#[tokio::test(start_paused = true)]
async fn row_37_a_webhook_without_endpoints_is_waited_for() {
    let cluster = Cluster::default();
    let error = install(&cluster).await.result().unwrap_err().to_string();
    assert!(
        error.contains("its webhook has no ready endpoint yet"),
        "{error}"
    );
    assert_eq!(cluster.get(SERVICE), None);
}

#[tokio::test(start_paused = true)]
async fn row_37_a_plan_does_not_wait_for_the_webhook() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    cluster.refuse_trials(Some("no endpoints available"));
    let plan = engine().plan(&graph(&cluster)).await.unwrap();
    let is_it = |step: &&PlannedStep| step.resource.as_str() == "load balancer controller";
    let step = plan.steps.iter().find(is_it).unwrap();
    assert_eq!(step.action, Action::Keep { ready: false });
}

#[tokio::test(start_paused = true)]
async fn row_37_webhooks_are_announced_after_their_pods_run() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    let written = cluster.written();
    let place = |path: &str| {
        let line = format!("APPLY {path}");
        written.iter().position(|entry| *entry == line).unwrap()
    };
    assert!(place(DEPLOYMENT) < place(WEBHOOKS));
    assert!(place(CERTIFICATE) < place(DEPLOYMENT));
    assert!(place(WEBHOOKS) < place(SERVICE));
}

#[tokio::test(start_paused = true)]
async fn what_carries_no_mark_of_ours_is_refused_before_anything_is_written() {
    let other_home = json!({"labels": {
        "kubectl-milvus/installation": "demo", "kubectl-milvus/namespace": "other",
    }});
    let marks = [
        (json!({}), "somebody else"),
        (other_home, "the installation demo of namespace other"),
    ];
    for (metadata, owner) in marks {
        for path in [CLUSTER_ROLE, CERTIFICATE, DEPLOYMENT] {
            let cluster = eks();
            cluster.put(path, json!({"metadata": metadata}));
            let error = install(&cluster).await.result().unwrap_err().to_string();
            assert!(error.contains(owner), "{path}: {error}");
            assert_eq!(cluster.written(), Vec::<String>::new(), "{path}");
        }
    }
}

/// Where in the deletions a path is.
fn deletions(cluster: &Cluster) -> impl Fn(&str) -> usize {
    let written = cluster.written();
    move |path: &str| {
        let line = format!("DELETE {path}");
        let place = written.iter().position(|entry| *entry == line);
        place.unwrap_or_else(|| panic!("{path} was not deleted: {written:#?}"))
    }
}

#[tokio::test(start_paused = true)]
async fn row_56_load_balancers_go_while_their_controller_lives() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    cluster.edit(SERVICE, |service| {
        service["metadata"]["finalizers"] = json!(["service.k8s.aws/resources"]);
    });
    // What the controller made for the service is no stranger.
    let binding = "/apis/elbv2.k8s.aws/v1beta1/namespaces/vectors/targetgroupbindings/k8s-1";
    cluster.put(
        binding,
        json!({"metadata": {"namespace": "vectors", "labels": {"service.k8s.aws/stack-name": "demo-milvus"}}}),
    );
    cluster.written();

    let found = found(&cluster).await;
    assert_eq!(found.kept, []);
    let report = engine().delete(&found.graph, DataPolicy::Delete).await;

    report.result().unwrap();
    let place = deletions(&cluster);
    assert!(place(SERVICE) < place(WEBHOOKS));
    assert!(place(WEBHOOKS) < place(DEPLOYMENT));
    assert!(place(DEPLOYMENT) < place(CLUSTER_ROLE));
    assert!(place(DEPLOYMENT) < place(CERTIFICATE));
    let left: Vec<_> = cluster
        .paths()
        .into_iter()
        .filter(|path| !path.contains("endpointslices") && path != binding)
        .collect();
    assert_eq!(left, [GP2], "only what is not ours");
}

/// An installation behind a load balancer, whose controller's pod has that condition.
async fn behind_a_controller(ready: &str) -> Cluster {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    cluster.edit(SERVICE, |service| {
        service["metadata"]["finalizers"] = json!(["service.k8s.aws/resources"]);
    });
    let waiting = json!({"reason": "ImagePullBackOff", "message": "no such image"});
    let container = json!({"name": "controller", "ready": false, "image": "i", "imageID": "", "restartCount": 0, "state": {"waiting": waiting}});
    let pod = json!({
        "metadata": {"namespace": "kube-system", "labels": {"app.kubernetes.io/name": "aws-load-balancer-controller"}},
        "status": {"conditions": [{"type": "Ready", "status": ready}], "containerStatuses": [container]},
    });
    cluster.put(CONTROLLER_POD, pod);
    cluster
}

fn runs_again(cluster: &Cluster) {
    cluster.edit(CONTROLLER_POD, |pod| {
        pod["status"]["conditions"][0]["status"] = json!("True");
    });
}

#[tokio::test(start_paused = true)]
async fn row_56_a_controller_that_cannot_run_is_told_and_not_waited_for() {
    let cluster = behind_a_controller("False").await;
    let graph = found(&cluster).await.graph;
    let report = engine().delete(&graph, DataPolicy::Delete).await;
    let error = report.result().unwrap_err().to_string();
    for part in [
        "service/demo-milvus: its load balancer stays",
        "no such image",
        "make one run",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert!(report.took < Duration::from_mins(4), "{:?}", report.took);
    for path in [DEPLOYMENT, CLUSTER_ROLE, CERTIFICATE] {
        assert!(cluster.get(path).is_some(), "{path}");
    }

    runs_again(&cluster);
    let graph = found(&cluster).await.graph;
    let report = engine().delete(&graph, DataPolicy::Delete).await;
    report.result().unwrap();
    assert_eq!(cluster.get(DEPLOYMENT), None);
}

#[tokio::test(start_paused = true)]
async fn row_56_a_controller_that_starts_again_is_waited_for() {
    let cluster = behind_a_controller("False").await;
    let graph = found(&cluster).await.graph;
    let engine = engine();
    let started = async {
        tokio::time::sleep(Duration::from_mins(2)).await;
        runs_again(&cluster);
    };
    let (report, ()) = tokio::join!(engine.delete(&graph, DataPolicy::Delete), started);
    report.result().unwrap();
    assert_eq!(cluster.get(SERVICE), None);
}

#[tokio::test(start_paused = true)]
async fn row_57_volumes_are_gone_before_their_class() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    let volume = "/api/v1/persistentvolumes/pvc-1";
    cluster.edit(CLAIM, |claim| claim["spec"]["volumeName"] = json!("pvc-1"));
    let spec = json!({"persistentVolumeReclaimPolicy": "Delete", "claimRef": {"uid": CLAIM}});
    cluster.put(volume, json!({"metadata": {}, "spec": spec}));
    cluster.edit(volume, |volume| {
        volume["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    });
    cluster.written();

    let found = found(&cluster).await;
    let report = engine().delete(&found.graph, DataPolicy::Delete).await;

    report.result().unwrap();
    assert_eq!(cluster.get(volume), None, "it was waited for");
    let place = deletions(&cluster);
    assert!(place(CLAIM) < place(&format!("{CLASSES}/ebs-sc")));
}

#[tokio::test(start_paused = true)]
async fn kept_data_keeps_its_class_and_nothing_of_the_controller() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    let found = found(&cluster).await;
    let report = engine().delete(&found.graph, DataPolicy::Keep).await;
    report.result().unwrap();
    let left = cluster.paths();
    assert!(left.contains(&CLAIM.to_owned()));
    assert!(left.contains(&format!("{CLASSES}/ebs-sc")));
    assert!(
        !left
            .iter()
            .any(|path| path.contains(SYSTEM) && !path.contains("endpointslices"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_others_use_stays_and_says_why() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    let binding = "/apis/elbv2.k8s.aws/v1beta1/namespaces/shop/targetgroupbindings/k8s-2";
    cluster.put(binding, json!({"metadata": {"namespace": "shop"}}));

    let found = found(&cluster).await;
    let kept: Vec<_> = found
        .kept
        .iter()
        .map(|kept| format!("{}: {}", kept.object, kept.because))
        .collect();
    let expected = "deployment/aws-load-balancer-controller: others use it too: targetgroupbinding/k8s-2 in shop";
    assert_eq!(kept, [expected]);
    let report = engine().delete(&found.graph, DataPolicy::Delete).await;
    report.result().unwrap();
    for path in [DEPLOYMENT, CLUSTER_ROLE, CERTIFICATE, WEBHOOKS] {
        assert!(cluster.get(path).is_some(), "{path}");
    }
    assert_eq!(cluster.get(SERVICE), None);
}

#[tokio::test(start_paused = true)]
async fn what_others_would_lose_with_the_cluster_is_found() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    let namespace = owner().namespace;
    let claim = |namespace: &str, name: &str| {
        format!("/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}")
    };
    let of = |namespace: &str| json!({"metadata": {"namespace": namespace}});
    cluster.put(&claim(namespace.as_str(), "data-0"), of(namespace.as_str()));
    let going =
        json!({"metadata": {"namespace": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"}});
    cluster.put(&claim("shop", "going"), going);
    let found = neighbours(&cluster.client(), &namespace).await.unwrap();
    assert_eq!(found, Vec::<String>::new());

    cluster.put(&claim("shop", "orders"), of("shop"));
    let binding = "/apis/elbv2.k8s.aws/v1beta1/namespaces/shop/targetgroupbindings/k8s-2";
    cluster.put(binding, of("shop"));
    let found = neighbours(&cluster.client(), &namespace).await.unwrap();
    let expected = [
        "persistentvolumeclaim/orders in shop",
        "targetgroupbinding/k8s-2 in shop",
    ];
    assert_eq!(found, expected);
}

#[tokio::test(start_paused = true)]
async fn another_installation_of_the_same_name_takes_nothing_of_ours_away() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    let other = "other".parse().unwrap();
    let found = uninstall(&cluster.client(), &owner().installation, &other).await;
    let found = found.unwrap();
    assert!(found.graph.is_empty(), "{:?}", found.graph);
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_with_our_mark_tells_of_an_account() {
    let cluster = eks();
    install(&cluster).await.result().unwrap();
    let in_account = |tags: &[(&str, &str)]| {
        let tags = tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let balancer = NetworkLoadBalancer {
            tags: tags.collect(),
            ..NetworkLoadBalancer::default()
        };
        let service = balancer.services(&wanted())[0].to_value().unwrap();
        cluster.edit(SERVICE, |live| {
            live["metadata"]["annotations"] = service["metadata"]["annotations"].clone();
        });
        let cluster = cluster.clone();
        async move { found(&cluster).await.in_account }
    };
    let mark = "kubectl-milvus/installation";
    assert!(!in_account(&[]).await);
    assert!(!in_account(&[("team", "search"), (mark, "demo-2")]).await);
    assert!(in_account(&[("team", "search"), (mark, "demo")]).await);
}

#[tokio::test]
async fn pods_and_claims_do_not_wait_for_the_controller() {
    let graph = graph(&eks());
    let edges: Vec<_> = graph
        .edges()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let waits = |resource: &str| edges.contains(&(resource, "load balancer controller"));
    assert!(waits("service/demo-milvus"));
    for resource in [
        "service/demo-milvus-metrics",
        "deployment/demo-milvus-standalone",
    ] {
        assert!(!waits(resource), "{resource}");
    }
}
