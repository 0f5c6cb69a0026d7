//! Installations to render.

use milvus_aws_core::{
    Installation,
    installation::{LoginSecret, Secrets},
};
use milvus_manifests::{Manifests, render};
use serde::Deserialize;
use serde_json::{Value, json};

/// Every row of the topology table.
pub(crate) const VERSIONS: [&str; 7] = [
    "2.3.5", "2.4.5", "2.4.6", "2.4.17", "2.5.16", "2.6.15", "3.0.0",
];

/// A file as JSON, which is YAML too: values need no quoting of their own.
pub(crate) fn standalone(version: &str) -> Value {
    json!({
        "apiVersion": "kubectl-milvus/v1",
        "name": "demo",
        "namespace": "vectors",
        "version": version,
        "standalone": {"storage": {"size": "1Gi", "class": "gp3"}},
    })
}

/// The guide's cluster: pairs of coordinators, Kafka with a login, S3 by role, a load balancer.
pub(crate) fn cluster(version: &str) -> Value {
    let separate = version.starts_with("2.3") || ["2.4.5", "2.4.6"].contains(&version);
    let coordinators: &[&str] = if separate {
        &[
            "rootCoordinator",
            "dataCoordinator",
            "queryCoordinator",
            "indexCoordinator",
        ]
    } else {
        &["mixCoordinator"]
    };
    let pair = |role: &&str| ((*role).to_owned(), json!({"replicas": 2}));
    let mut components: serde_json::Map<String, Value> = coordinators.iter().map(pair).collect();
    components.insert("proxy".to_owned(), json!({"replicas": 2}));
    json!({
        "apiVersion": "kubectl-milvus/v1",
        "name": "demo",
        "namespace": "vectors",
        "version": version,
        "mode": "cluster",
        "service": {
            "type": "LoadBalancer",
            "annotations": {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"},
        },
        "cluster": {
            "components": components,
            "serviceAccount": {
                "name": "milvus-s3",
                "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/milvus"},
            },
            "kafka": {
                "brokers": ["b-1.example.com:9096", "b-2.example.com:9096"],
                "security": {"scramSha512": {"username": "milvus", "password": {"env": "KAFKA"}}},
            },
            "s3": {
                "endpoint": "s3.us-west-2.amazonaws.com:443",
                "bucket": "milvus-demo-bucket",
                "region": "us-west-2",
                "access": "iam",
            },
        },
    })
}

/// A cluster whose S3 wants keys too.
pub(crate) fn cluster_with_keys(version: &str) -> Value {
    let mut file = cluster(version);
    file["cluster"]["s3"]["access"] =
        json!({"keys": {"username": "AKIAEXAMPLE", "password": {"env": "S3"}}});
    file
}

pub(crate) fn installation(file: &Value) -> Installation {
    match Installation::from_yaml("test", file.to_string().as_bytes()) {
        Ok(installation) => installation,
        Err(error) => panic!("{error:?}"),
    }
}

/// Logins with these passwords.
pub(crate) fn secrets(kafka: &str, s3: &str) -> Secrets {
    let login = |username: &str, password: &str| {
        Some(LoginSecret::Given {
            username: username.to_owned(),
            password: password.to_owned().into(),
        })
    };
    Secrets {
        kafka: login("milvus", kafka),
        pulsar: login("token", kafka),
        s3: login("AKIAEXAMPLE", s3),
        ..Secrets::default()
    }
}

pub(crate) fn rendered(file: &Value) -> Manifests {
    render(&installation(file), &secrets("kafka-password", "s3-secret")).unwrap()
}

/// Every object as JSON.
pub(crate) fn values(manifests: &Manifests) -> Vec<Value> {
    let objects = manifests.objects().iter();
    objects.map(|object| object.to_value().unwrap()).collect()
}

/// The object of that kind and name as JSON.
pub(crate) fn object(manifests: &Manifests, kind: &str, name: &str) -> Value {
    let all = values(manifests);
    let wanted = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
    match all.iter().find(wanted) {
        Some(object) => object.clone(),
        None => panic!("no {kind} {name}"),
    }
}

/// The documents of a file that another renderer wrote.
pub(crate) fn golden(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let documents = serde_norway::Deserializer::from_str(&text);
    let values = documents.map(|document| Value::deserialize(document).unwrap());
    values.filter(|value| !value.is_null()).collect()
}
