//! What holds for the pods of every version.

use serde_json::{Value, json};

use crate::fixtures::{VERSIONS, cluster, object, rendered, standalone, values};

/// Every pod template of every version, with the workload's name.
fn pods() -> Vec<(String, Value, Value)> {
    let mut all = Vec::new();
    for version in VERSIONS {
        for file in [standalone(version), cluster(version)] {
            for object in values(&rendered(&file)) {
                if object["spec"]["template"].is_object() {
                    let name = format!("{version} {}", object["metadata"]["name"]);
                    all.push((name, object["spec"]["template"]["spec"].clone(), object));
                }
            }
        }
    }
    assert!(all.len() > 50, "only {} pods", all.len());
    all
}

#[test]
fn pods_keep_to_the_restricted_standard() {
    for (name, pod, _) in pods() {
        let context = &pod["securityContext"];
        assert_eq!(context["runAsNonRoot"], true, "{name}");
        assert_eq!(
            context["seccompProfile"]["type"], "RuntimeDefault",
            "{name}"
        );
        assert_ne!(context["runAsUser"], 0, "{name}");
        assert_eq!(pod["enableServiceLinks"], false, "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        for container in pod["containers"].as_array().unwrap() {
            let context = &container["securityContext"];
            assert_eq!(context["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(context["capabilities"]["drop"], json!(["ALL"]), "{name}");
            let writable = container["name"] == "etcd";
            assert_eq!(context["readOnlyRootFilesystem"], !writable, "{name}");
        }
    }
}

#[test]
fn pods_ask_for_what_they_need_and_wait_for_no_clock() {
    for (name, pod, _) in pods() {
        let container = &pod["containers"][0];
        assert!(
            container["resources"]["requests"]["memory"].is_string(),
            "{name}"
        );
        assert!(
            container["resources"]["limits"]["memory"].is_string(),
            "{name}"
        );
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            assert!(container[probe].is_object(), "{name} has no {probe}");
            assert_eq!(
                container[probe]["initialDelaySeconds"],
                Value::Null,
                "{name}"
            );
        }
        assert_eq!(container["startupProbe"]["periodSeconds"], 1, "{name}");
    }
}

#[test]
fn probes_and_services_name_ports_that_exist() {
    for version in VERSIONS {
        for file in [standalone(version), cluster(version)] {
            let all = values(&rendered(&file));
            let pods: Vec<&Value> = all
                .iter()
                .filter(|o| o["spec"]["template"].is_object())
                .collect();
            for service in all.iter().filter(|object| object["kind"] == "Service") {
                let name = &service["metadata"]["name"];
                let selector = service["spec"]["selector"].as_object().unwrap();
                let selected = |pod: &&&Value| {
                    let labels = &pod["spec"]["template"]["metadata"]["labels"];
                    selector.iter().all(|(key, value)| labels[key] == *value)
                };
                let chosen: Vec<_> = pods.iter().filter(selected).collect();
                assert_eq!(
                    chosen.len(),
                    1,
                    "{version} {name} selects {} workloads",
                    chosen.len()
                );
                for port in service["spec"]["ports"].as_array().unwrap() {
                    assert!(
                        has_port(chosen[0], &port["targetPort"]),
                        "{version} {name} {port}"
                    );
                }
            }
            for pod in pods {
                let container = &pod["spec"]["template"]["spec"]["containers"][0];
                for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                    let kind = ["httpGet", "tcpSocket"]
                        .into_iter()
                        .find(|k| container[probe][k].is_object());
                    assert!(
                        has_port(pod, &container[probe][kind.unwrap()]["port"]),
                        "{version} {probe}"
                    );
                }
            }
        }
    }
}

fn has_port(workload: &Value, name: &Value) -> bool {
    let ports = &workload["spec"]["template"]["spec"]["containers"][0]["ports"];
    ports
        .as_array()
        .unwrap()
        .iter()
        .any(|port| port["name"] == *name)
}

#[test]
fn a_front_is_ready_when_its_own_port_listens() {
    let manifests = rendered(&cluster("2.6.15"));
    let probe = |name: &str| {
        let deployment = object(&manifests, "Deployment", name);
        deployment["spec"]["template"]["spec"]["containers"][0]["readinessProbe"].clone()
    };
    assert_eq!(probe("demo-milvus-proxy")["tcpSocket"]["port"], "milvus");
    assert_eq!(
        probe("demo-milvus-querynode")["httpGet"]["path"],
        "/healthz"
    );
}

#[test]
fn replicas_are_spread_and_budgeted() {
    let manifests = rendered(&cluster("2.4.5"));
    for (name, replicas) in [
        ("demo-milvus-proxy", 2),
        ("demo-milvus-rootcoord", 2),
        ("demo-milvus-querynode", 1),
    ] {
        let deployment = object(&manifests, "Deployment", name);
        assert_eq!(deployment["spec"]["replicas"], replicas, "{name}");
        let spread = &deployment["spec"]["template"]["spec"]["topologySpreadConstraints"];
        let kind = milvus_manifests::Kind::PodDisruptionBudget;
        if replicas == 1 {
            assert_eq!(*spread, Value::Null);
            assert!(
                manifests.get(kind, name).is_none(),
                "a budget for one blocks every drain"
            );
            continue;
        }
        assert_eq!(spread[0]["topologyKey"], "topology.kubernetes.io/zone");
        assert_eq!(spread[1]["topologyKey"], "kubernetes.io/hostname");
        assert_eq!(spread[0]["labelSelector"], deployment["spec"]["selector"]);
        let budget = object(&manifests, "PodDisruptionBudget", name);
        assert_eq!(budget["spec"]["selector"], deployment["spec"]["selector"]);
    }
    let etcd = object(&manifests, "PodDisruptionBudget", "demo-etcd");
    assert_eq!(etcd["spec"]["minAvailable"], 2, "the majority of three");
}

#[test]
fn settings_reach_the_pods_in_the_form_that_the_version_reads() {
    let old = rendered(&cluster("2.4.5"));
    let variables = object(&old, "ConfigMap", "demo-milvus-env");
    assert_eq!(variables["data"]["MQ_TYPE"], "kafka");
    let pod = object(&old, "Deployment", "demo-milvus-proxy");
    let container = &pod["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        container["envFrom"][0]["configMapRef"]["name"],
        "demo-milvus-env"
    );

    let new = rendered(&cluster("2.4.6"));
    let files = object(&new, "ConfigMap", "demo-milvus");
    assert!(
        files["data"]["default.yaml"]
            .as_str()
            .unwrap()
            .contains("type: kafka")
    );
    let pod = object(&new, "Deployment", "demo-milvus-proxy");
    let container = &pod["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["envFrom"], Value::Null);
    let mounts = container["volumeMounts"].as_array().unwrap();
    for file in ["default.yaml", "user.yaml"] {
        let mount = mounts
            .iter()
            .find(|mount| mount["subPath"] == file)
            .unwrap();
        assert_eq!(mount["mountPath"], format!("/milvus/configs/{file}"));
        assert_eq!(mount["readOnly"], true);
    }
}

#[test]
fn pods_restart_when_settings_change() {
    let checksum = |file: &Value| {
        let deployment = object(&rendered(file), "Deployment", "demo-milvus-standalone");
        deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"].clone()
    };
    for version in ["2.3.5", "2.6.15"] {
        let before = standalone(version);
        let mut after = before.clone();
        after["config"] = json!({"proxy": {"maxTaskNum": 7}});
        assert_ne!(checksum(&before), checksum(&after), "{version}");
        let mut elsewhere = before.clone();
        elsewhere["service"] = json!({"annotations": {"a": "b"}});
        assert_eq!(checksum(&before), checksum(&elsewhere), "{version}");
    }
}

#[test]
fn what_the_user_says_of_pods_reaches_every_pod() {
    let mut file = cluster("2.6.15");
    file["image"] = json!({"repository": "mirror.example.com/milvus", "tag": "patched", "pullPolicy": "Always"});
    file["scheduling"] = json!({
        "nodeSelector": {"disk": "nvme"},
        "imagePullSecrets": ["mirror"],
        "priorityClass": "vectors",
    });
    let all = values(&rendered(&file));
    let pods: Vec<_> = all
        .iter()
        .map(|o| &o["spec"]["template"]["spec"])
        .filter(|pod| pod.is_object())
        .collect();
    assert_eq!(pods.len(), 6);
    for pod in pods {
        assert_eq!(pod["nodeSelector"], json!({"disk": "nvme"}));
        assert_eq!(pod["imagePullSecrets"], json!([{"name": "mirror"}]));
        assert_eq!(pod["priorityClassName"], "vectors");
        let container = &pod["containers"][0];
        assert_eq!(container["imagePullPolicy"], "Always");
        if container["name"] != "etcd" {
            assert_eq!(container["image"], "mirror.example.com/milvus:patched");
            assert_eq!(pod["serviceAccountName"], "milvus-s3");
        }
    }
}

#[test]
fn two_objects_of_one_name_are_refused() {
    let mut file = cluster("2.6.15");
    // The chart calls both the service for clients and that of etcd so.
    file["name"] = json!("milvus-etcd");
    let installation = crate::fixtures::installation(&file);
    let error = milvus_manifests::render(&installation, &crate::fixtures::secrets("a", "b"));
    assert_eq!(
        error.unwrap_err().to_string(),
        "two objects would be called service/milvus-etcd, choose another installation name"
    );
}

#[test]
fn a_strategy_can_be_changed_later() {
    let manifests = rendered(&cluster("2.6.15"));
    let strategy = |name: &str| object(&manifests, "Deployment", name)["spec"]["strategy"].clone();
    // Only amounts that we own are taken away by applying `Recreate`, which the API server accepts without any.
    let rolling = json!({
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    });
    assert_eq!(strategy("demo-milvus-mixcoord"), rolling);
    let mut alone = cluster("2.6.15");
    alone["cluster"]["components"]["mixCoordinator"]["replicas"] = json!(1);
    let deployment = object(&rendered(&alone), "Deployment", "demo-milvus-mixcoord");
    assert_eq!(deployment["spec"]["strategy"], json!({"type": "Recreate"}));
}
