//! What goes wrong in the field cannot be rendered: each test names its row of the list of pains.

use serde_json::Value;

use crate::fixtures::{VERSIONS, cluster, rendered, values};

/// Every object of the guide's cluster, by version.
fn objects() -> impl Iterator<Item = (&'static str, Vec<Value>)> {
    VERSIONS.into_iter().map(|version| {
        let manifests = rendered(&cluster(version));
        (version, values(&manifests))
    })
}

fn of_kind<'a>(objects: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

fn names(objects: &[Value], kind: &str) -> Vec<String> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    of_kind(objects, kind).map(name).collect()
}

#[test]
fn rows_1_and_49_there_is_no_second_message_queue_and_no_image_of_bitnamis() {
    for (version, objects) in objects() {
        let text = serde_json::to_string(&objects).unwrap().to_lowercase();
        for unwanted in ["pulsar", "zookeeper", "bookkeeper"] {
            assert!(!text.contains(unwanted), "{version}: {unwanted}");
        }
        let images = text.split("\"image\":\"").skip(1);
        let images: Vec<_> = images.filter_map(|rest| rest.split('"').next()).collect();
        let theirs = images.iter().find(|image| image.contains("bitnami"));
        assert!(
            images.len() > 5 && theirs.is_none(),
            "{version}: {theirs:?}"
        );
    }
}

#[test]
fn row_3_roles_are_those_of_the_version() {
    for (version, objects) in objects() {
        let deployments = names(&objects, "Deployment");
        let has = |role: &str| deployments.contains(&format!("demo-milvus-{role}"));
        let streams = version.starts_with("2.6") || version.starts_with('3');
        assert_eq!(has("streamingnode"), streams, "{version}: {deployments:?}");
        assert_eq!(has("indexnode"), !streams, "{version}: {deployments:?}");
    }
}

#[test]
fn row_6_the_kafka_login_is_in_no_config_map() {
    for (version, objects) in objects() {
        for map in of_kind(&objects, "ConfigMap") {
            let text = map.to_string().to_lowercase();
            for key in [
                "saslusername",
                "saslpassword",
                "sasl_username",
                "sasl_password",
            ] {
                assert!(!text.contains(key), "{version}: {key}");
            }
        }
    }
}

#[test]
fn row_13_brokers_are_spoken_to_as_their_port_wants() {
    for (version, objects) in objects() {
        let text = serde_json::to_string(&objects).unwrap();
        assert!(text.contains("b-1.example.com:9096"), "{version}");
        for word in ["SASL_SSL", "SCRAM-SHA-512"] {
            assert!(text.contains(word), "{version}: {word}");
        }
    }
}

#[test]
fn row_25_the_address_of_s3_has_no_scheme_and_its_region_is_said() {
    for (version, objects) in objects() {
        let text = serde_json::to_string(&objects).unwrap();
        assert!(text.contains("s3.us-west-2.amazonaws.com"), "{version}");
        assert!(
            !text.contains("s3://") && !text.contains("https://s3"),
            "{version}"
        );
        assert!(
            text.contains("\"us-west-2\"") || text.contains("region: us-west-2"),
            "{version}"
        );
    }
}

#[test]
fn row_34_members_of_etcd_go_one_by_one_and_live_apart() {
    for (version, objects) in objects() {
        let budgets = names(&objects, "PodDisruptionBudget");
        assert!(
            budgets.contains(&"demo-etcd".to_owned()),
            "{version}: {budgets:?}"
        );
        let etcd = of_kind(&objects, "StatefulSet").next().unwrap();
        assert_eq!(etcd["spec"]["replicas"], 3, "{version}");
        let pod = &etcd["spec"]["template"]["spec"];
        let apart = pod["topologySpreadConstraints"].as_array().unwrap();
        let over = |key: &str| apart.iter().any(|one| one["topologyKey"] == key);
        assert!(over("kubernetes.io/hostname"), "{version}: {apart:?}");
        assert!(over("topology.kubernetes.io/zone"), "{version}: {apart:?}");
        let image = pod["containers"][0]["image"].as_str().unwrap();
        assert!(image.contains("milvusdb/etcd"), "{version}: {image}");
    }
}
