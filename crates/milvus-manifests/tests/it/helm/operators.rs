//! Values files of the kinds that operators write: each is rendered, or said no to in words that help.

mod cases;

use cases::{CASES, Case};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::release::{imported, lines, objects, read};
use crate::fixtures::{object, values};

#[test]
fn each_is_rendered_or_said_no_to() {
    for case in CASES {
        let imported = match read(case.version, case.text) {
            Ok(imported) => imported,
            Err(invalid) => panic!("{}: {invalid}", case.what),
        };
        let mut keys: Vec<_> = imported
            .unsupported
            .iter()
            .chain(&imported.unknown)
            .map(|remark| remark.path.as_str())
            .collect();
        keys.sort_unstable();
        let mut expected = case.unsupported.to_vec();
        expected.sort_unstable();
        assert_eq!(
            keys,
            expected,
            "{}: {:?}",
            case.what,
            lines(&imported.unsupported)
        );
        let manifests = objects(&imported);
        let kinds = values(&manifests)
            .into_iter()
            .map(|object| object["kind"].clone());
        let deployments = kinds.filter(|kind| kind == "Deployment").count();
        assert_eq!(deployments, case.deployments, "{}", case.what);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_is_too_odd_to_be_read(
        index in 0..CASES.len(),
        at in any::<proptest::sample::Index>(),
        length in 0_usize..20,
        put in "[-:{}\\[\\],&*!|>'\"%#@ \n\tay0]{0,6}",
    ) {
        let case = &CASES[index];
        let mut text: Vec<char> = case.text.chars().collect();
        let start = at.index(text.len());
        let end = text.len().min(start + length);
        text.splice(start..end, put.chars());
        let text: String = text.into_iter().collect();
        // Whatever comes of it, it is an installation that can be rendered, or it is said what is wrong.
        match read(case.version, &text) {
            Ok(imported) => {
                objects(&imported);
            }
            Err(invalid) => prop_assert!(!invalid.remarks().is_empty()),
        }
    }
}

#[track_caller]
fn case(what: &str) -> &'static Case {
    CASES.iter().find(|case| case.what.contains(what)).unwrap()
}

/// The settings that the server reads last.
fn settings(what: &str, file: &str) -> Value {
    let case = case(what);
    let manifests = objects(&imported(case.version, case.text));
    let text = object(&manifests, "ConfigMap", "demo-milvus")["data"][file].clone();
    serde_saphyr::from_str(text.as_str().unwrap()).unwrap()
}

#[test]
fn users_and_certificates() {
    let case = case("TLS and users");
    let imported = imported(case.version, case.text);
    assert!(imported.installation.authorization);
    let manifests = objects(&imported);
    let proxy = object(&manifests, "Deployment", "demo-milvus-proxy");
    let pod = &proxy["spec"]["template"]["spec"];
    let of_secret = |volume: &&Value| volume["secret"]["secretName"] == "milvus-tls";
    assert_eq!(
        pod["volumes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(of_secret)
            .count(),
        1
    );
    let all = settings("TLS and users", "default.yaml");
    assert_eq!(
        all["common"]["security"],
        json!({"authorizationEnabled": true, "tlsMode": 1})
    );
    assert_eq!(all["tls"]["serverPemPath"], "/milvus/certs/tls.crt");
    let file = imported.installation.to_json();
    assert_eq!(
        file["tls"],
        json!({"mode": "oneWay", "secret": "milvus-tls"})
    );
    assert_eq!(all["proxy"]["maxUserNum"], 100);
    assert_eq!(all["kafka"]["saslMechanisms"], "SCRAM-SHA-256");
}

#[test]
fn autoscaling_and_scheduling() {
    let case = case("autoscaling");
    let manifests = objects(&imported(case.version, case.text));
    let scaler = values(&manifests)
        .into_iter()
        .find(|object| object["kind"] == "HorizontalPodAutoscaler")
        .unwrap();
    assert_eq!(scaler["spec"]["minReplicas"], 2);
    assert_eq!(scaler["spec"]["maxReplicas"], 10);
    let node = object(&manifests, "Deployment", "demo-milvus-querynode");
    assert_eq!(node["spec"]["replicas"], json!(null));
    assert_eq!(
        node["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"],
        0
    );
    let template = &node["spec"]["template"];
    assert_eq!(
        template["metadata"]["annotations"]["pyroscope.io/application-name"],
        "demo-milvus-querynode"
    );
    let pod = &template["spec"];
    assert_eq!(pod["nodeSelector"], json!({"pool": "milvus"}));
    assert_eq!(pod["tolerations"][0]["key"], "dedicated");
    assert_eq!(
        pod["topologySpreadConstraints"].as_array().unwrap().len(),
        1
    );
    let container = &pod["containers"][0];
    assert_eq!(
        container["resources"]["limits"]["ephemeral-storage"],
        "100Gi"
    );
    let variables = container["env"].as_array().unwrap();
    assert!(variables.contains(&json!({"name": "LOCAL_STORAGE_SIZE", "value": "100"})));
    assert!(
        variables.contains(&json!({"name": "LD_PRELOAD", "value": "/milvus/lib/libjemalloc.so"}))
    );
    // The chart says nothing of etcd by that.
    let etcd = object(&manifests, "StatefulSet", "demo-etcd");
    assert_eq!(
        etcd["spec"]["template"]["spec"]["nodeSelector"],
        json!(null)
    );
}

#[test]
fn names_ingresses_and_monitors() {
    let case = case("reached by name");
    let manifests = objects(&imported(case.version, case.text));
    let deployment = object(&manifests, "Deployment", "vectors-standalone");
    assert_eq!(deployment["metadata"]["labels"]["team"], "search");
    let ingress = object(&manifests, "Ingress", "vectors");
    assert_eq!(
        ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/backend-protocol"],
        "GRPC"
    );
    assert_eq!(ingress["spec"]["rules"][0]["host"], "milvus.example.com");
    object(&manifests, "Ingress", "vectors-attu");
    object(&manifests, "PersistentVolumeClaim", "vectors-logs");
    let monitor = object(&manifests, "ServiceMonitor", "vectors-standalone");
    assert_eq!(monitor["spec"]["endpoints"][0]["interval"], "15s");
    let etcd = object(&manifests, "StatefulSet", "demo-etcd");
    let container = &etcd["spec"]["template"]["spec"]["containers"][0];
    let variables = container["env"].as_array().unwrap();
    assert!(
        variables.contains(&json!({"name": "ETCD_QUOTA_BACKEND_BYTES", "value": "8589934592"}))
    );
    assert!(variables.contains(&json!({"name": "ETCD_AUTO_COMPACTION_RETENTION", "value": "500"})));
}

#[test]
fn other_clouds_and_queues() {
    let google = settings("Google", "default.yaml");
    assert_eq!(google["minio"]["cloudProvider"], "gcp");
    assert_eq!(google["pulsar"]["address"], "pulsar.example.com");
    assert_eq!(google["pulsar"]["tenant"], "search");
    assert_eq!(google["pulsar"]["maxMessageSize"], 5_242_880);
    let azure = settings("Azure", "default.yaml");
    assert_eq!(azure["minio"]["cloudProvider"], "azure");
    assert_eq!(azure["pulsar"]["address"], "demo-pulsar-proxy");
    let own = settings("settings alone", "default.yaml");
    assert_eq!(own["mq"]["type"], "woodpecker");
    assert_eq!(own["woodpecker"]["storage"]["type"], "minio");
    let groups = settings("resource groups", "default.yaml");
    assert_eq!(
        groups["queryCoord"]["clusterLevelLoadResourceGroups"],
        "rg1,rg2"
    );
    let kafka = settings("developer", "default.yaml");
    assert_eq!(kafka["kafka"]["brokerList"], "demo-kafka:9092");
}

#[test]
fn no_prefix_of_keys_is_none_and_not_the_server_s_own() {
    // What the chart writes then leads the server to the bucket's top.
    let own = settings("settings alone", "user.yaml");
    assert_eq!(own["minio"]["rootPath"], "");
    let alone = settings("own log of one pod", "user.yaml");
    assert_eq!(alone["minio"]["rootPath"], "");
    assert_eq!(alone["mq"]["type"], "rocksmq");
    assert_eq!(alone["rocksmq"]["path"], "/var/lib/milvus/rdb_data");
    let older = case("internet-facing");
    let manifests = objects(&imported(older.version, older.text));
    let variables = object(&manifests, "ConfigMap", "demo-milvus-env");
    assert_eq!(variables["data"]["MINIO_ROOTPATH"], "");
    let named = settings("Google", "default.yaml");
    assert_eq!(named["minio"]["rootPath"], "milvus/my-release");
}
