//! Everything that a file can say beside the guide's, one piece at a time, for every version that knows it.

use serde_json::{Value, json};

/// One thing that a file may say.
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    /// The first release that knows it.
    pub(crate) from: (u64, u64, u64),
    /// What is laid over the file of a cluster; null where it has no such thing.
    pub(crate) cluster: Value,
    /// What is laid over the file of one pod; null where it has no such thing.
    pub(crate) standalone: Value,
    /// Whether pods keep to the restricted standard with it.
    pub(crate) restricted: bool,
}

const ALWAYS: (u64, u64, u64) = (2, 3, 0);

fn both(name: &'static str, patch: Value) -> Feature {
    Feature {
        name,
        from: ALWAYS,
        cluster: patch.clone(),
        standalone: patch,
        restricted: true,
    }
}

fn of_cluster(name: &'static str, from: (u64, u64, u64), patch: Value) -> Feature {
    Feature {
        name,
        from,
        cluster: patch,
        standalone: Value::Null,
        restricted: true,
    }
}

fn of_one_pod(name: &'static str, from: (u64, u64, u64), patch: Value) -> Feature {
    Feature {
        name,
        from,
        cluster: Value::Null,
        standalone: patch,
        restricted: true,
    }
}

/// What a user may say of pods without giving up the restricted standard.
fn pod() -> Value {
    json!({
        "labels": {"tier": "vectors"},
        "annotations": {"example.com/scrape": "true"},
        "nodeSelector": {"disk": "nvme"},
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
            "weight": 1,
            "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"a": "b"}}},
        }]}},
        "tolerations": [{"key": "dedicated", "operator": "Exists", "effect": "NoSchedule"}],
        "topologySpreadConstraints": [],
        "securityContext": {"fsGroup": 2000},
        "containerSecurityContext": {"runAsUser": 2000},
        "env": [{"name": "GOGC", "value": "100"}, {"name": "MILVUSCONF", "value": "/milvus/configs/"}],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "10Gi"}}],
        "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
        "imagePullSecrets": ["registry"],
        "priorityClass": "vectors",
        "runtimeClass": "kata",
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
    })
}

fn s3() -> Value {
    json!({"endpoint": "minio:9000", "tls": false, "bucket": "milvus-bucket", "cloudProvider": "minio",
           "access": {"keys": {"username": "AKIAEXAMPLE", "password": {"env": "S3"}}}})
}

/// Everything that a file can say.
pub(crate) fn all() -> Vec<Feature> {
    let mut all = of_both();
    all.extend(of_clusters());
    all.extend(of_one_pods());
    all
}

fn of_both() -> Vec<Feature> {
    let root = json!({"scheduling": {
        "securityContext": {"runAsUser": 0},
        "containerSecurityContext": {"privileged": true},
        "initContainers": [{"name": "sysctl", "image": "busybox:1.36"}],
        "sidecars": [{"name": "agent", "image": "agent:1"}],
    }});
    vec![
        both("pods", json!({"scheduling": pod()})),
        Feature {
            restricted: false,
            ..both("root", root)
        },
        both(
            "names",
            json!({"names": {"fullName": "search", "appName": "vectordb"}}),
        ),
        both(
            "labels",
            json!({"labels": {"team": "search"}, "annotations": {"example.com/owner": "search"}}),
        ),
        both(
            "service inside",
            json!({"service": {"type": "ClusterIP", "port": 19531, "labels": {"a": "b"}, "clusterIP": "10.96.0.10"}}),
        ),
        both(
            "addresses outside",
            json!({"service": {"type": "ClusterIP", "externalIPs": ["192.0.2.11"]}}),
        ),
        both(
            "node port",
            json!({"service": {"type": "NodePort", "nodePort": 30530}}),
        ),
        both(
            "load balancer",
            json!({"service": {"type": "LoadBalancer", "loadBalancerIP": "192.0.2.10", "loadBalancerSourceRanges": ["10.0.0.0/8"]}}),
        ),
        both(
            "ingress",
            json!({"ingress": {"className": "nginx", "rules": [{"host": "*.example.com"}], "tls": [{"secretName": "certificate"}]}}),
        ),
        both(
            "tls",
            json!({"tls": {"mode": "mutual", "secret": "milvus-server"}}),
        ),
        both(
            "log",
            json!({"log": {"level": "debug", "format": "json", "maxSizeMiB": 300, "persistence": {"subPath": "demo"}}}),
        ),
        both(
            "metrics",
            json!({"metrics": {"serviceMonitor": {"interval": "30s", "labels": {"release": "prometheus"}}}}),
        ),
        both(
            "attu",
            json!({"attu": {"replicas": 2, "service": {"type": "NodePort"}, "ingress": {}, "resources": {"limits": {"memory": "512Mi"}}}}),
        ),
    ]
}

fn of_clusters() -> Vec<Feature> {
    let scaling = json!({"min": 2, "max": 5, "cpuPercent": 40, "memoryPercent": 60});
    vec![
        of_cluster(
            "pods of a role",
            ALWAYS,
            json!({"cluster": {"components": {"queryNode": {"pod": pod()}}}}),
        ),
        of_cluster(
            "autoscaling",
            ALWAYS,
            json!({"cluster": {"components": {"queryNode": {"autoscaling": scaling}}}}),
        ),
        of_cluster(
            "disk",
            ALWAYS,
            json!({"cluster": {"components": {"queryNode": {"disk": {"enabled": false, "sizeLimit": "100Gi"}}}}}),
        ),
        of_cluster(
            "service of a role",
            ALWAYS,
            json!({"cluster": {"components": {"dataNode": {"service": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}}}}),
        ),
        of_cluster(
            "etcd",
            ALWAYS,
            json!({"cluster": {"etcd": {"inCluster": {"image": {"tag": "3.5.25-r1"}, "quota": "8Gi", "pod": {"nodeSelector": {"disk": "ssd"}}}}}}),
        ),
        of_cluster(
            "pulsar",
            ALWAYS,
            json!({"cluster": {"kafka": null, "pulsar": {
                "endpoint": "pulsar:6650", "tenant": "public",
                "auth": {"username": "token", "password": {"env": "PULSAR"}},
            }}}),
        ),
        of_cluster(
            "woodpecker",
            (2, 6, 0),
            json!({"cluster": {"kafka": null, "woodpecker": {"embedded": {"storage": "minio"}}}}),
        ),
        of_cluster(
            "woodpecker service",
            (2, 6, 6),
            json!({"cluster": {"kafka": null, "woodpecker": {"service": {"seeds": ["wp-0:18080"]}}}}),
        ),
        of_cluster(
            "groups",
            (2, 6, 0),
            json!({"cluster": {"resourceGroups": ["rg1", "rg2"]}}),
        ),
        of_cluster(
            "cdc",
            (2, 6, 6),
            json!({"cluster": {"components": {"cdc": {}}}}),
        ),
        of_cluster(
            "keys",
            ALWAYS,
            json!({"cluster": {"s3": s3(), "serviceAccount": null}}),
        ),
    ]
}

fn of_one_pods() -> Vec<Feature> {
    vec![
        of_one_pod(
            "services",
            ALWAYS,
            json!({"standalone": {
                "etcd": {"inCluster": {"replicas": 1}}, "s3": s3(), "kafka": {"brokers": ["kafka:9092"]},
                "disk": {"sizeLimit": "100Gi"}, "serviceAccount": {"name": "milvus"},
            }}),
        ),
        of_one_pod(
            "etcd and s3",
            ALWAYS,
            json!({"standalone": {"etcd": {"endpoints": ["etcd:2379"]}, "s3": s3(), "pod": pod()}}),
        ),
        of_one_pod(
            "woodpecker on s3",
            (2, 6, 0),
            json!({"standalone": {"s3": s3(), "woodpecker": "embedded"}}),
        ),
        of_one_pod(
            "claim that exists",
            ALWAYS,
            json!({"standalone": {"persistence": {"existingClaim": "vectors"}}}),
        ),
        of_one_pod(
            "no claim",
            ALWAYS,
            json!({"standalone": {"persistence": "ephemeral"}}),
        ),
    ]
}

/// Lays one value over another, as RFC 7396 has it.
pub(crate) fn lay_over(file: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *file = patch.clone();
        return;
    };
    if !file.is_object() {
        *file = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            file.as_object_mut().unwrap().remove(key);
        } else {
            lay_over(&mut file[key], value);
        }
    }
}
