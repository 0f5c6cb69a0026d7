//! Changes that would leave an installation's data behind are refused.

use milvus_aws_core::{
    engine::{Engine, Plan},
    topology::ServiceNames,
};
use milvus_manifests::{
    apply::{Install, LiveServiceNames, live_service_names},
    render,
};
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    fixtures::{cluster_with_keys, installation, secrets},
};

const VERSIONS: [&str; 2] = ["2.4.5", "2.6.15"];

async fn install(cluster: &Cluster, file: &Value) {
    let installation = installation(file);
    let manifests = render(&installation, &secrets("a", "b")).unwrap();
    let install = Install::new(cluster.client(), &installation, &manifests).wait(false);
    let graph = install.graph().unwrap().graph;
    let report = Engine::new().seed(1).apply(&graph).await;
    report.result().unwrap();
}

async fn plan(cluster: &Cluster, file: &Value) -> Plan {
    let installation = installation(file);
    let manifests = render(&installation, &secrets("a", "b")).unwrap();
    let install = Install::new(cluster.client(), &installation, &manifests);
    let graph = install.graph().unwrap().graph;
    Engine::new().seed(1).plan(&graph).await.unwrap()
}

/// What a plan refuses, one line each.
fn refused(plan: &Plan) -> Vec<String> {
    let refused = plan.refused().into_iter();
    refused.map(|(id, why)| format!("{id}: {why}")).collect()
}

fn with(file: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut file = file.clone();
    change(&mut file);
    file
}

#[tokio::test]
async fn discovery_15_an_installation_is_not_switched_to_another_part() {
    for version in VERSIONS {
        let cluster = Cluster::default();
        let file = cluster_with_keys(version);
        install(&cluster, &file).await;
        cluster.written();
        let root = with(&file, |file| {
            file["config"]["etcd"]["rootPath"] = json!("second");
        });
        let prefix = with(&file, |file| {
            file["config"]["common"]["chanNamePrefix"]["cluster"] = json!("second");
        });
        let own = with(&file, |file| {
            file["names"]["inSharedServices"] = json!("own");
        });
        for (changed, setting) in [
            (&root, "etcd.rootPath"),
            (&prefix, "msgChannel.chanNamePrefix.cluster"),
            (&own, "msgChannel.chanNamePrefix.cluster"),
        ] {
            let refused = refused(&plan(&cluster, changed).await);
            assert_eq!(refused.len(), 1, "{version} {setting}: {refused:?}");
            assert!(refused[0].starts_with("configmap/"), "{refused:?}");
            assert!(
                refused[0].contains(&format!("{setting} `by-dev`")),
                "{refused:?}"
            );
        }
        assert_eq!(cluster.written(), Vec::<String>::new());
        // What it uses may be said.
        let usual = with(&file, |file| {
            file["names"]["inSharedServices"] = json!("usual");
            file["config"]["etcd"]["rootPath"] = json!("by-dev");
        });
        assert_eq!(refused(&plan(&cluster, &usual).await), Vec::<String>::new());
    }
}

#[tokio::test]
async fn discovery_18_an_etcd_that_cannot_read_the_data_is_refused() {
    let tagged = |tag: &str| {
        with(&cluster_with_keys("2.6.15"), |file| {
            file["cluster"]["etcd"]["inCluster"]["image"]["tag"] = json!(tag);
        })
    };
    let cluster = Cluster::default();
    // A new one begins with whatever it is.
    install(&cluster, &tagged("3.5.25-r1")).await;
    cluster.written();
    for (tag, why) in [
        ("3.7.3", "not known to take over data of etcd 3.5"),
        ("3.4.23", "cannot read data of the later line 3.5"),
        ("3.6.5", "takes over data of etcd 3.5.32 or later"),
    ] {
        let refused = refused(&plan(&cluster, &tagged(tag)).await);
        assert_eq!(refused.len(), 1, "{tag}: {refused:?}");
        assert!(
            refused[0].starts_with("statefulset/demo-etcd: ") && refused[0].contains(why),
            "{refused:?}"
        );
    }
    assert_eq!(cluster.written(), Vec::<String>::new());
    for tag in ["3.5.30", "3.5.14-r1", "latest"] {
        let plan = plan(&cluster, &tagged(tag)).await;
        assert_eq!(refused(&plan), Vec::<String>::new(), "{tag}");
        assert!(plan.has_changes());
    }
    install(&cluster, &tagged("3.5.32")).await;
    assert_eq!(
        refused(&plan(&cluster, &tagged("3.6.5")).await),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn discovery_9_live_settings_tell_a_new_installation_from_one_that_exists() {
    const MAP: &str = "/api/v1/namespaces/vectors/configmaps/demo-milvus";
    let usual = ServiceNames {
        root_path: "by-dev".to_owned(),
        channel_prefix: "by-dev".to_owned(),
    };
    for version in VERSIONS {
        let cluster = Cluster::default();
        let file = cluster_with_keys(version);
        let wanted = installation(&file);
        let client = cluster.client();
        let live = async |adopts| live_service_names(&client, &wanted, adopts).await.unwrap();
        assert_eq!(live(false).await, LiveServiceNames::New);
        install(&cluster, &file).await;
        assert_eq!(live(false).await, LiveServiceNames::Known(usual.clone()));
    }
    let cluster = Cluster::default();
    let wanted = installation(&cluster_with_keys("2.6.15"));
    let client = cluster.client();
    let live = async |adopts| live_service_names(&client, &wanted, adopts).await.unwrap();
    cluster.put(
        MAP,
        json!({
            "metadata": {
                "namespace": "vectors",
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "demo", "meta.helm.sh/release-namespace": "vectors"},
            },
            "data": {
                "default.yaml": "etcd:\n  endpoints: [etcd:2379]\n",
                "user.yaml": "Etcd: {rootPath: theirs}\ncommon: {chanNamePrefix: {cluster: topics}}\n",
            },
        }),
    );
    assert_eq!(live(false).await, LiveServiceNames::Foreign);
    let theirs = ServiceNames {
        root_path: "theirs".to_owned(),
        channel_prefix: "topics".to_owned(),
    };
    assert_eq!(live(true).await, LiveServiceNames::Known(theirs));
}
