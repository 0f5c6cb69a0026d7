//! Whatever a file says, in every version: the API server would take the objects, and pods keep to the restricted
//! standard unless the user gives it up.

use std::collections::BTreeSet;

use milvus_manifests::render;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    features::{Feature, all, lay_over},
    fixtures::{VERSIONS, cluster, installation, secrets, standalone},
};

/// The file with those features, as far as its version and shape know them.
fn file(version: &str, is_cluster: bool, features: &[&Feature]) -> (Value, bool) {
    let numbers: Vec<u64> = version.split('.').map(|n| n.parse().unwrap()).collect();
    let release = (numbers[0], numbers[1], numbers[2]);
    let mut file = if is_cluster {
        cluster(version)
    } else {
        standalone(version)
    };
    let mut restricted = true;
    let mut chosen = BTreeSet::new();
    for feature in features {
        let patch = if is_cluster {
            &feature.cluster
        } else {
            &feature.standalone
        };
        // Of what excludes each other the first one stays.
        let key = exclusive(feature.name);
        if patch.is_null() || feature.from > release || !chosen.insert(key) {
            continue;
        }
        if feature.name.contains("addresses") || key == "service" {
            file["service"] = json!({});
        }
        lay_over(&mut file, patch);
        restricted &= feature.restricted;
    }
    (file, restricted)
}

/// The choice that a feature makes.
fn exclusive(name: &'static str) -> &'static str {
    match name {
        "service inside" | "addresses outside" | "node port" | "load balancer" => "service",
        "pulsar" | "woodpecker" | "woodpecker service" => "log",
        "services" | "etcd and s3" | "woodpecker on s3" => "services",
        "pods" | "root" => "scheduling",
        other => other,
    }
}

fn names<'a>(items: &'a Value, key: &str) -> Vec<&'a str> {
    let items = items.as_array().into_iter().flatten();
    items.map(|item| item[key].as_str().unwrap()).collect()
}

fn no_name_twice(what: &str, items: &Value, key: &str) {
    let all = names(items, key);
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!(all.len(), distinct.len(), "{what}: {all:?}");
    assert!(!all.contains(&""), "{what}: {all:?}");
}

fn is_label(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.len() <= 63
        && text.chars().all(good)
        && (text.is_empty() || text.starts_with(ends) && text.ends_with(ends))
}

fn check_object(object: &Value) {
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().unwrap();
    let what = format!("{} {name}", object["kind"]);
    assert!(!name.is_empty() && name.len() <= 63, "{what}");
    assert_eq!(metadata["namespace"], "vectors", "{what}");
    let labels = metadata["labels"].as_object().unwrap();
    assert_eq!(labels["kubectl-milvus/installation"], "demo", "{what}");
    assert!(
        labels
            .values()
            .all(|label| is_label(label.as_str().unwrap())),
        "{what}"
    );
    assert!(object["apiVersion"].is_string() && object["kind"].is_string());
}

fn check_service(service: &Value) {
    let spec = &service["spec"];
    let outside = spec["type"] != "ClusterIP" || spec["externalIPs"].is_array();
    let ports = spec["ports"].as_array().unwrap();
    assert!(!ports.is_empty(), "{service}");
    let metrics = ports
        .iter()
        .any(|port| port["port"] == 9091 || port["targetPort"] == "metrics");
    assert!(!outside || !metrics, "{service}");
    no_name_twice("ports", &spec["ports"], "name");
}

fn check_workload(workload: &Value, restricted: bool) {
    let what = workload["metadata"]["name"].as_str().unwrap();
    let template = &workload["spec"]["template"];
    let selector = workload["spec"]["selector"]["matchLabels"]
        .as_object()
        .unwrap();
    for (key, value) in selector {
        assert_eq!(template["metadata"]["labels"][key], *value, "{what} {key}");
    }
    let pod = &template["spec"];
    let claims = &workload["spec"]["volumeClaimTemplates"];
    no_name_twice(what, &pod["volumes"], "name");
    no_name_twice(what, &pod["containers"], "name");
    let claims = claims.as_array().into_iter().flatten();
    let volumes: BTreeSet<&str> = names(&pod["volumes"], "name")
        .into_iter()
        .chain(claims.map(|claim| claim["metadata"]["name"].as_str().unwrap()))
        .collect();
    for container in pod["containers"].as_array().unwrap() {
        assert!(
            container["image"]
                .as_str()
                .is_some_and(|image| image.contains(':')),
            "{what}"
        );
        no_name_twice(what, &container["env"], "name");
        no_name_twice(what, &container["volumeMounts"], "mountPath");
        no_name_twice(what, &container["ports"], "name");
        for volume in names(&container["volumeMounts"], "name") {
            assert!(volumes.contains(volume), "{what}: {volume}");
        }
        if restricted {
            let context = &container["securityContext"];
            assert_eq!(context["allowPrivilegeEscalation"], false, "{what}");
            assert_eq!(context["capabilities"]["drop"], json!(["ALL"]), "{what}");
        }
    }
    if restricted {
        let context = &pod["securityContext"];
        assert_eq!(
            context["seccompProfile"]["type"], "RuntimeDefault",
            "{what}"
        );
        assert_eq!(context["runAsNonRoot"], true, "{what}");
        assert_ne!(context["runAsUser"], 0, "{what}");
    } else if pod["securityContext"]["runAsUser"] == 0 {
        assert_ne!(pod["securityContext"]["runAsNonRoot"], true, "{what}");
    }
}

fn check(version: &str, is_cluster: bool, features: &[&Feature]) {
    let (file, restricted) = file(version, is_cluster, features);
    let said: Vec<_> = features.iter().map(|feature| feature.name).collect();
    let installation = installation(&file);
    assert_eq!(installation.problems(), [], "{version} {said:?}");
    let manifests = render(&installation, &secrets("kafka-password", "s3-secret")).unwrap();
    for object in manifests.objects() {
        let object = object.to_value().unwrap();
        check_object(&object);
        if object["kind"] == "Service" {
            check_service(&object);
        }
        if object["spec"]["template"].is_object() {
            check_workload(&object, restricted);
        }
        let text = object.to_string();
        let holds = ["kafka-password", "s3-secret"]
            .iter()
            .any(|secret| text.contains(secret));
        assert!(!holds, "{said:?}: {text}");
    }
}

#[test]
fn every_feature_in_every_version() {
    for version in VERSIONS {
        for is_cluster in [true, false] {
            for feature in &all() {
                check(version, is_cluster, &[feature]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_features_together(
        version in proptest::sample::select(&VERSIONS[..]),
        is_cluster in any::<bool>(),
        chosen in proptest::collection::vec(any::<bool>(), 32),
    ) {
        let features = all();
        prop_assume!(features.len() <= chosen.len());
        let chosen: Vec<&Feature> = features
            .iter()
            .zip(chosen)
            .filter_map(|(feature, chosen)| chosen.then_some(feature))
            .collect();
        check(version, is_cluster, &chosen);
    }
}
