//! What a file says beyond the guide's, as the official chart renders it.

use serde_json::{Value, json};

use crate::{
    features::lay_over,
    fixtures::{cluster, installation, object, rendered, secrets, standalone},
};
use milvus_aws_core::{Installation, installation::Secrets};
use milvus_manifests::{Kind, Manifests, render};

const EVERYTHING_OF_A_CLUSTER: &str =
    include_str!("../../../milvus-aws-core/tests/it/installation/everything-cluster.yaml");
const EVERYTHING_OF_ONE_POD: &str =
    include_str!("../../../milvus-aws-core/tests/it/installation/everything-standalone.yaml");

fn said(mut file: Value, patch: &Value) -> Manifests {
    lay_over(&mut file, patch);
    rendered(&file)
}

fn pod_of(workload: &Value) -> &Value {
    &workload["spec"]["template"]["spec"]
}

fn container_of(workload: &Value) -> &Value {
    &pod_of(workload)["containers"][0]
}

fn variable(workload: &Value, name: &str) -> Value {
    let variables = container_of(workload)["env"].as_array().unwrap();
    let found = variables.iter().find(|variable| variable["name"] == name);
    found.cloned().unwrap_or_default()
}

/// The server's settings, as it reads them.
fn settings(manifests: &Manifests, name: &str) -> Value {
    let files = object(manifests, "ConfigMap", name);
    serde_norway::from_str(files["data"]["default.yaml"].as_str().unwrap()).unwrap()
}

fn whole(text: &str) -> String {
    let installation = Installation::from_yaml("test", text).unwrap();
    let manifests = render(&installation, &secrets("hunter2", "hunter2")).unwrap();
    manifests.to_yaml().unwrap()
}

#[test]
fn everything_of_a_cluster() {
    insta::assert_snapshot!(whole(EVERYTHING_OF_A_CLUSTER));
}

#[test]
fn everything_of_one_pod() {
    insta::assert_snapshot!(whole(EVERYTHING_OF_ONE_POD));
}

#[test]
fn what_is_said_of_a_role_wins_over_what_is_said_of_all() {
    let patch = json!({
        "scheduling": {
            "nodeSelector": {"disk": "hdd"}, "tolerations": [{"key": "a", "operator": "Exists"}],
            "env": [{"name": "GOGC", "value": "100"}, {"name": "OTHER", "value": "x"}],
        },
        "cluster": {"components": {"queryNode": {"pod": {
            "nodeSelector": {"ssd": "yes"}, "env": [{"name": "GOGC", "value": "50"}],
        }}}},
    });
    let manifests = said(cluster("2.6.15"), &patch);
    let query = object(&manifests, "Deployment", "demo-milvus-querynode");
    let proxy = object(&manifests, "Deployment", "demo-milvus-proxy");
    assert_eq!(pod_of(&query)["nodeSelector"], json!({"ssd": "yes"}));
    assert_eq!(pod_of(&proxy)["nodeSelector"], json!({"disk": "hdd"}));
    assert_eq!(pod_of(&query)["tolerations"][0]["key"], "a");
    assert_eq!(variable(&query, "GOGC")["value"], "50");
    assert_eq!(variable(&proxy, "GOGC")["value"], "100");
    assert_eq!(variable(&query, "OTHER")["value"], "x");
}

#[test]
fn a_users_security_context_wins_field_by_field() {
    let patch = json!({"scheduling": {
        "securityContext": {"runAsUser": 2000, "fsGroup": 3000},
        "containerSecurityContext": {"readOnlyRootFilesystem": false},
    }});
    let manifests = said(cluster("2.6.15"), &patch);
    let proxy = object(&manifests, "Deployment", "demo-milvus-proxy");
    let context = &pod_of(&proxy)["securityContext"];
    assert_eq!(context["runAsUser"], 2000);
    assert_eq!(context["fsGroup"], 3000);
    assert_eq!(context["runAsNonRoot"], true);
    assert_eq!(context["seccompProfile"]["type"], "RuntimeDefault");
    let context = &container_of(&proxy)["securityContext"];
    assert_eq!(context["readOnlyRootFilesystem"], false);
    assert_eq!(context["allowPrivilegeEscalation"], false);
}

#[test]
fn an_autoscaler_owns_the_number_of_pods() {
    let scaling = json!({"min": 2, "max": 5, "cpuPercent": 40, "memoryPercent": 60});
    let patch = json!({"cluster": {"components": {"queryNode": {"autoscaling": scaling}}}});
    let manifests = said(cluster("2.5.16"), &patch);
    let query = object(&manifests, "Deployment", "demo-milvus-querynode");
    assert_eq!(query["spec"]["replicas"], Value::Null);
    let scaler = object(
        &manifests,
        "HorizontalPodAutoscaler",
        "demo-milvus-querynode-hpa",
    );
    let spec = &scaler["spec"];
    let target =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "demo-milvus-querynode"});
    assert_eq!(spec["scaleTargetRef"], target);
    assert_eq!(
        (&spec["minReplicas"], &spec["maxReplicas"]),
        (&json!(2), &json!(5))
    );
    let metric = |index: usize| {
        let resource = &spec["metrics"][index]["resource"];
        (
            resource["name"].clone(),
            resource["target"]["averageUtilization"].clone(),
        )
    };
    assert_eq!(metric(0), (json!("cpu"), json!(40)));
    assert_eq!(metric(1), (json!("memory"), json!(60)));
    let usual = rendered(&cluster("2.5.16"));
    let scalers = usual.objects().iter().map(milvus_manifests::Object::kind);
    assert!(
        scalers
            .into_iter()
            .all(|kind| kind != Kind::HorizontalPodAutoscaler)
    );
}

#[test]
fn each_resource_group_has_its_nodes() {
    let patch = json!({"cluster": {"resourceGroups": ["rg1", "rg2"]}});
    let manifests = said(cluster("2.6.15"), &patch);
    for role in ["querynode", "streamingnode"] {
        for group in ["rg1", "rg2"] {
            let name = format!("demo-milvus-{role}-{group}");
            let deployment = object(&manifests, "Deployment", &name);
            let selector = &deployment["spec"]["selector"]["matchLabels"];
            assert_eq!(selector["component"], role);
            assert_eq!(selector["milvus.io/resource-group"], group);
            let label = variable(&deployment, "MILVUS_SERVER_LABEL_RESOURCE_GROUP");
            assert_eq!(label["value"], group);
        }
        assert!(
            manifests
                .get(Kind::Deployment, &format!("demo-milvus-{role}"))
                .is_none()
        );
        let service = object(&manifests, "Service", &format!("demo-milvus-{role}"));
        assert_eq!(
            service["spec"]["selector"]["milvus.io/resource-group"],
            Value::Null
        );
    }
    assert!(
        manifests
            .get(Kind::Deployment, "demo-milvus-datanode")
            .is_some()
    );
    let settings = settings(&manifests, "demo-milvus");
    assert_eq!(settings["queryCoord"]["clusterLevelLoadReplicaNumber"], 2);
    assert_eq!(
        settings["queryCoord"]["clusterLevelLoadResourceGroups"],
        "rg1,rg2"
    );
    assert_eq!(settings["streaming"]["primaryResourceGroup"], "rg1");
    assert_eq!(
        settings["streaming"]["strictResourceGroupIsolation"]["enabled"],
        true
    );
}

#[test]
fn names_and_selectors_follow_what_they_are_called() {
    let patch = json!({"names": {"fullName": "search", "appName": "vectordb"}});
    let manifests = said(cluster("2.4.5"), &patch);
    let proxy = object(&manifests, "Deployment", "search-proxy");
    assert_eq!(
        proxy["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"],
        "vectordb"
    );
    assert_eq!(
        proxy["spec"]["selector"]["matchLabels"]["app.kubernetes.io/instance"],
        "demo"
    );
    let variables = object(&manifests, "ConfigMap", "search-env");
    assert_eq!(variables["data"]["ROOTCOORD_ADDRESS"], "search-rootcoord");
    // Etcd is called after the release alone.
    assert_eq!(variables["data"]["ETCD_ENDPOINTS"], "demo-etcd:2379");
    let etcd = object(&manifests, "StatefulSet", "demo-etcd");
    assert_eq!(
        etcd["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"],
        "etcd"
    );
    let by_app = said(cluster("2.4.5"), &json!({"names": {"appName": "vectordb"}}));
    object(&by_app, "Deployment", "demo-vectordb-proxy");
}

#[test]
fn one_pod_on_services_keeps_nothing_but_its_log() {
    let s3 = json!({"endpoint": "minio:9000", "tls": false, "bucket": "milvus-bucket", "cloudProvider": "minio",
                    "access": {"keys": {"username": "a", "password": {"env": "S3"}}}});
    let patch = json!({"standalone": {"etcd": {"inCluster": {"replicas": 1}}, "s3": s3}});
    let manifests = said(standalone("2.4.17"), &patch);
    object(&manifests, "StatefulSet", "demo-etcd");
    object(&manifests, "PersistentVolumeClaim", "demo-milvus");
    object(&manifests, "Secret", "demo-milvus-s3");
    let settings = settings(&manifests, "demo-milvus");
    assert_eq!(settings["etcd"]["endpoints"], json!(["demo-etcd:2379"]));
    assert_eq!(settings["etcd"]["use"]["embed"], false);
    assert_eq!(settings["common"]["storageType"], "remote");
    assert_eq!(settings["minio"]["cloudProvider"], "aws");
    assert_eq!(settings["mq"]["type"], "rocksmq");
    let deployment = object(&manifests, "Deployment", "demo-milvus-standalone");
    assert_eq!(
        variable(&deployment, "MINIO_ACCESSKEYID")["valueFrom"]["secretKeyRef"]["name"],
        "demo-milvus-s3"
    );
}

#[test]
fn every_log_is_set_as_the_server_knows_it() {
    let woodpecker = json!({"cluster": {"kafka": null, "woodpecker": "embedded"}});
    let of = |patch: &Value| settings(&said(cluster("2.6.15"), patch), "demo-milvus");
    let settings = of(&woodpecker);
    assert_eq!(settings["mq"]["type"], "woodpecker");
    assert_eq!(
        settings["woodpecker"]["storage"],
        json!({"type": "minio", "rootPath": "/woodpecker/data"})
    );
    assert_eq!(settings["kafka"], Value::Null);

    let seeds =
        json!({"cluster": {"kafka": null, "woodpecker": {"service": {"seeds": ["wp-0:18080"]}}}});
    let settings = of(&seeds);
    assert_eq!(settings["woodpecker"]["storage"]["type"], "service");
    let pools = &settings["woodpecker"]["client"]["quorum"]["quorumBufferPools"];
    assert_eq!(
        *pools,
        json!([{"name": "default", "seeds": ["wp-0:18080"]}])
    );

    let pulsar = json!({"cluster": {"kafka": null, "pulsar": {"endpoint": "pulsar:6650", "tenant": "t", "maxMessageSize": 5_242_880}}});
    let settings = of(&pulsar);
    let wanted =
        json!({"address": "pulsar", "port": 6650, "maxMessageSize": 5_242_880, "tenant": "t"});
    assert_eq!(settings["pulsar"], wanted);
    assert_eq!(settings["mq"]["type"], "pulsar");

    let plain = json!({"cluster": {"kafka": {"security": {"scramSha512": null, "plain": {"existingSecret": "k"}}}}});
    let mut file = cluster("2.6.15");
    lay_over(&mut file, &plain);
    assert_eq!(
        file["cluster"]["kafka"]["security"]
            .as_object()
            .unwrap()
            .len(),
        1
    );
    let settings = settings_of(&file);
    assert_eq!(settings["kafka"]["saslMechanisms"], "PLAIN");
    assert_eq!(settings["kafka"]["securityProtocol"], "SASL_SSL");
}

fn settings_of(file: &Value) -> Value {
    settings(&rendered(file), "demo-milvus")
}

#[test]
fn a_login_for_pulsar_is_in_a_secret() {
    let auth = json!({"username": "token", "password": {"env": "PULSAR"}});
    let patch =
        json!({"cluster": {"kafka": null, "pulsar": {"endpoint": "pulsar:6650", "auth": auth}}});
    let mut file = cluster("2.4.5");
    lay_over(&mut file, &patch);
    let manifests = rendered(&file);
    object(&manifests, "Secret", "demo-milvus-pulsar");
    let proxy = object(&manifests, "Deployment", "demo-milvus-proxy");
    let reference = &variable(&proxy, "PULSAR_AUTHPARAMS")["valueFrom"]["secretKeyRef"];
    assert_eq!(
        *reference,
        json!({"name": "demo-milvus-pulsar", "key": "password"})
    );
    let error = render(&installation(&file), &Secrets::default()).unwrap_err();
    assert_eq!(error.to_string(), "the login for Pulsar was not given");
}

#[test]
fn certificates_reach_the_front_alone() {
    let manifests = said(
        cluster("2.6.15"),
        &json!({"tls": {"mode": "mutual", "secret": "server"}}),
    );
    let settings = settings(&manifests, "demo-milvus");
    assert_eq!(settings["common"]["security"]["tlsMode"], 2);
    assert_eq!(settings["tls"]["serverPemPath"], "/milvus/certs/tls.crt");
    assert_eq!(settings["tls"]["caPemPath"], "/milvus/certs/ca.crt");
    let has = |name: &str| {
        let deployment = object(&manifests, "Deployment", name);
        let volumes = pod_of(&deployment)["volumes"].as_array().unwrap();
        volumes
            .iter()
            .any(|volume| volume["secret"]["secretName"] == "server")
    };
    assert!(has("demo-milvus-proxy"));
    assert!(!has("demo-milvus-querynode"));
}

#[test]
fn addresses_outside_lead_to_the_grpc_port_alone() {
    let patch = json!({"service": {"externalIPs": ["192.0.2.1"]}});
    let manifests = said(standalone("2.6.15"), &patch);
    let service = object(&manifests, "Service", "demo-milvus");
    assert_eq!(service["spec"]["ports"].as_array().unwrap().len(), 1);
    let metrics = object(&manifests, "Service", "demo-milvus-metrics");
    assert_eq!(metrics["spec"]["ports"][0]["port"], 9091);
}

#[test]
fn an_ingress_leads_to_the_clients_port() {
    let patch = json!({"ingress": {"rules": [{"host": "milvus.example.com"}], "tls": [{"hosts": ["milvus.example.com"], "secretName": "c"}]}});
    let manifests = said(cluster("2.6.15"), &patch);
    let ingress = object(&manifests, "Ingress", "demo-milvus");
    let backend = json!({"service": {"name": "demo-milvus", "port": {"number": 19530}}});
    let rule = &ingress["spec"]["rules"][0];
    assert_eq!(rule["host"], "milvus.example.com");
    let wanted = json!([{"path": "/", "pathType": "Prefix", "backend": backend}]);
    assert_eq!(rule["http"]["paths"], wanted);
    assert_eq!(ingress["spec"]["defaultBackend"], backend);
    assert_eq!(ingress["spec"]["tls"][0]["secretName"], "c");
}

#[test]
fn a_monitor_selects_what_has_metrics() {
    let patch = json!({"metrics": {"serviceMonitor": {"interval": "30s", "labels": {"release": "prometheus"}}}});
    let manifests = said(cluster("2.6.15"), &patch);
    let monitor = object(&manifests, "ServiceMonitor", "demo-milvus");
    assert_eq!(monitor["apiVersion"], "monitoring.coreos.com/v1");
    assert_eq!(monitor["metadata"]["labels"]["release"], "prometheus");
    let endpoint = &monitor["spec"]["endpoints"][0];
    assert_eq!(
        (&endpoint["port"], &endpoint["interval"]),
        (&json!("metrics"), &json!("30s"))
    );
    let selector = monitor["spec"]["selector"]["matchLabels"]
        .as_object()
        .unwrap();
    let service = object(&manifests, "Service", "demo-milvus-metrics");
    for (key, value) in selector {
        assert_eq!(service["metadata"]["labels"][key], *value);
    }
    let one = said(standalone("2.6.15"), &patch);
    object(&one, "ServiceMonitor", "demo-milvus-standalone");
}

#[test]
fn attu_beside_milvus_is_the_charts() {
    let manifests = said(cluster("2.4.5"), &json!({"attu": {"ingress": {}}}));
    let deployment = object(&manifests, "Deployment", "demo-milvus-attu");
    assert_eq!(container_of(&deployment)["image"], "zilliz/attu:v2.3.10");
    assert_eq!(
        variable(&deployment, "MILVUS_URL")["value"],
        "http://demo-milvus:19530"
    );
    let service = object(&manifests, "Service", "demo-milvus-attu");
    assert_eq!(service["spec"]["ports"][0]["port"], 3000);
    let ingress = object(&manifests, "Ingress", "demo-milvus-attu");
    assert_eq!(
        ingress["spec"]["defaultBackend"]["service"]["name"],
        "demo-milvus-attu"
    );
}

#[test]
fn etcd_takes_its_own_place_where_one_is_said() {
    let shared = json!({"scheduling": {"nodeSelector": {"disk": "hdd"}, "tolerations": [{"operator": "Exists"}], "imagePullSecrets": ["r"]}});
    let etcd = |manifests: &Manifests| object(manifests, "StatefulSet", "demo-etcd");
    let follows = etcd(&said(cluster("2.6.15"), &shared));
    assert_eq!(pod_of(&follows)["nodeSelector"], json!({"disk": "hdd"}));
    assert_eq!(pod_of(&follows)["tolerations"][0]["operator"], "Exists");
    let mut own = shared;
    lay_over(
        &mut own,
        &json!({"cluster": {"etcd": {"inCluster": {"pod": {}, "quota": "8Gi", "autoCompaction": {"mode": "periodic", "retention": "1h"}}}}}),
    );
    let apart = etcd(&said(cluster("2.6.15"), &own));
    assert_eq!(pod_of(&apart)["nodeSelector"], Value::Null);
    assert_eq!(pod_of(&apart)["tolerations"], Value::Null);
    assert_eq!(pod_of(&apart)["imagePullSecrets"][0]["name"], "r");
    assert_eq!(
        variable(&apart, "ETCD_QUOTA_BACKEND_BYTES")["value"],
        "8589934592"
    );
    assert_eq!(
        variable(&apart, "ETCD_AUTO_COMPACTION_RETENTION")["value"],
        "1h"
    );
}

#[test]
fn a_local_disk_is_limited_and_the_server_told() {
    let disk = json!({"enabled": false, "sizeLimit": "100Gi"});
    let patch = json!({"cluster": {"components": {"queryNode": {"disk": disk}}}});
    let manifests = said(cluster("2.5.16"), &patch);
    let query = object(&manifests, "Deployment", "demo-milvus-querynode");
    assert_eq!(
        pod_of(&query)["volumes"][0]["emptyDir"]["sizeLimit"],
        "100Gi"
    );
    assert_eq!(variable(&query, "LOCAL_STORAGE_SIZE")["value"], "100");
    let settings = settings(&manifests, "demo-milvus");
    assert_eq!(settings["queryNode"]["enableDisk"], false);
    assert_eq!(settings["indexNode"]["enableDisk"], true);
}

#[test]
fn pods_that_must_be_alone_are_recreated_whatever_is_said() {
    let strategy =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    let patch = json!({"scheduling": {"strategy": strategy}, "cluster": {"components": {"mixCoordinator": {"replicas": 1}}}});
    let manifests = said(cluster("2.6.15"), &patch);
    let of = |name: &str| object(&manifests, "Deployment", name)["spec"]["strategy"].clone();
    assert_eq!(of("demo-milvus-mixcoord")["type"], "Recreate");
    assert_eq!(of("demo-milvus-proxy"), strategy);
}
