//! Names, selectors, ports and arguments that an adopted release of the official chart has, and cannot change.

use serde_json::{Value, json};

use crate::fixtures::{VERSIONS, cluster, object, rendered, standalone};

/// Component, its port, whether its service has an address: charts 4.1 (2.3, 2.4.5).
const SEPARATE: [(&str, u16, bool); 7] = [
    ("rootcoord", 53100, true),
    ("querycoord", 19531, true),
    ("indexcoord", 31000, true),
    ("datacoord", 13333, true),
    ("querynode", 21123, false),
    ("indexnode", 21121, false),
    ("datanode", 21124, false),
];

fn milvus(component: &str) -> Value {
    json!({
        "app.kubernetes.io/name": "milvus",
        "app.kubernetes.io/instance": "demo",
        "component": component,
    })
}

fn container(workload: &Value) -> &Value {
    &workload["spec"]["template"]["spec"]["containers"][0]
}

#[test]
fn separate_components() {
    for version in ["2.3.5", "2.4.5"] {
        let manifests = rendered(&cluster(version));
        for (component, port, has_address) in SEPARATE {
            let name = format!("demo-milvus-{component}");
            let deployment = object(&manifests, "Deployment", &name);
            let selector = &deployment["spec"]["selector"]["matchLabels"];
            assert_eq!(*selector, milvus(component), "{version}");
            let container = container(&deployment);
            assert_eq!(container["name"], component);
            assert_eq!(container["args"], json!(["milvus", "run", component]));
            assert_eq!(container["ports"][0]["name"], component);
            assert_eq!(container["ports"][0]["containerPort"], port);
            assert_eq!(container["ports"][1]["containerPort"], 9091);

            let service = object(&manifests, "Service", &name);
            assert_eq!(service["spec"]["selector"], milvus(component));
            let metrics = json!({"name": "metrics", "port": 9091, "protocol": "TCP", "targetPort": "metrics"});
            let own = json!({"name": component, "port": port, "protocol": "TCP", "targetPort": component});
            if has_address {
                assert_eq!(service["spec"]["ports"], json!([own, metrics]));
                assert_eq!(service["spec"]["clusterIP"], Value::Null);
            } else {
                assert_eq!(service["spec"]["ports"], json!([metrics]));
                assert_eq!(service["spec"]["clusterIP"], "None");
            }
        }
    }
}

#[test]
fn mixture_and_streaming_node() {
    let manifests = rendered(&cluster("2.6.15"));
    let mixture = object(&manifests, "Deployment", "demo-milvus-mixcoord");
    let args = [
        "milvus",
        "run",
        "mixture",
        "-rootcoord",
        "-querycoord",
        "-datacoord",
        "-indexcoord",
    ];
    assert_eq!(container(&mixture)["args"], json!(args));
    let service = object(&manifests, "Service", "demo-milvus-mixcoord");
    assert_eq!(service["spec"]["clusterIP"], Value::Null);
    let streaming = object(&manifests, "Deployment", "demo-milvus-streamingnode");
    assert_eq!(container(&streaming)["ports"][0]["containerPort"], 22222);
}

#[test]
fn standalone_objects() {
    for version in VERSIONS {
        let manifests = rendered(&standalone(version));
        let deployment = object(&manifests, "Deployment", "demo-milvus-standalone");
        assert_eq!(deployment["spec"]["strategy"]["type"], "Recreate");
        let selector = &deployment["spec"]["selector"]["matchLabels"];
        assert_eq!(*selector, milvus("standalone"));
        let mounts = container(&deployment)["volumeMounts"].as_array().unwrap();
        let data = json!({"name": "milvus-data-disk", "mountPath": "/var/lib/milvus"});
        assert!(mounts.contains(&data), "{mounts:?}");
        let claim = &deployment["spec"]["template"]["spec"]["volumes"][0];
        assert_eq!(claim["persistentVolumeClaim"]["claimName"], "demo-milvus");
        object(&manifests, "PersistentVolumeClaim", "demo-milvus");

        let service = object(&manifests, "Service", "demo-milvus");
        assert_eq!(service["spec"]["selector"], milvus("standalone"));
        let ports = service["spec"]["ports"].as_array().unwrap();
        let numbers: Vec<_> = ports.iter().map(|port| port["port"].clone()).collect();
        assert_eq!(numbers, [json!(19530), json!(9091)]);
    }
}

#[test]
fn a_load_balancer_publishes_the_grpc_port_alone() {
    let manifests = rendered(&cluster("2.6.15"));
    let clients = object(&manifests, "Service", "demo-milvus");
    assert_eq!(clients["spec"]["type"], "LoadBalancer");
    let ports = clients["spec"]["ports"].as_array().unwrap();
    assert_eq!(ports.len(), 1, "metrics and profiles have no login");
    assert_eq!(ports[0]["port"], 19530);
    let metrics = object(&manifests, "Service", "demo-milvus-metrics");
    assert_eq!(metrics["spec"]["type"], "ClusterIP");
    assert_eq!(metrics["spec"]["ports"][0]["port"], 9091);
}

#[test]
fn etcd_as_the_charts_dependency_has_it() {
    let manifests = rendered(&cluster("2.4.5"));
    let set = object(&manifests, "StatefulSet", "demo-etcd");
    let selector = json!({"app.kubernetes.io/name": "etcd", "app.kubernetes.io/instance": "demo"});
    assert_eq!(set["spec"]["selector"]["matchLabels"], selector);
    assert_eq!(set["spec"]["serviceName"], "demo-etcd-headless");
    assert_eq!(set["spec"]["podManagementPolicy"], "Parallel");
    let claim = &set["spec"]["volumeClaimTemplates"][0];
    assert_eq!(claim["metadata"]["name"], "data");
    let variables = container(&set)["env"].as_array().unwrap();
    let value = |name: &str| {
        let found = variables.iter().find(|variable| variable["name"] == name);
        found.map(|variable| variable["value"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(value("ETCD_INITIAL_CLUSTER_STATE").as_deref(), Some("new"));
    let members = value("ETCD_INITIAL_CLUSTER").unwrap();
    let first = "demo-etcd-0=http://demo-etcd-0.demo-etcd-headless.vectors.svc.cluster.local:2380";
    assert_eq!(members.split(',').next(), Some(first));
    assert_eq!(members.split(',').count(), 3);
    let headless = object(&manifests, "Service", "demo-etcd-headless");
    assert_eq!(headless["spec"]["publishNotReadyAddresses"], true);
    object(&manifests, "Service", "demo-etcd");
}
