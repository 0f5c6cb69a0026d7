//! A Helm chart out of what `helm template` makes of the guide's values: the real chart is not to be had here.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::guide::{SERVICE_ACCOUNT, STORAGE_CLASS, VERSION, golden, small};

/// The objects of chart 4.1.34, as release [`RELEASE`].
const OBJECTS: &str = "golden/helm/a-guide-4.1.34.yaml";
/// The release's name, which is in the objects.
pub(crate) const RELEASE: &str = "demo-milvus";

/// What the chart takes from elsewhere, in place of what the objects hold when they are written as JSON.
const TEMPLATES: [(&str, &str); 10] = [
    (
        "PLAINTEXT-PASSWORD-MARKER",
        "{{ .Values.externalKafka.sasl.password }}",
    ),
    ("milvus-user", "{{ .Values.externalKafka.sasl.username }}"),
    (
        "b-1.demo.kafka.us-west-2.amazonaws.com:9096,b-2.demo.kafka.us-west-2.amazonaws.com:9096",
        "{{ .Values.externalKafka.brokerList }}",
    ),
    ("milvus-demo-bucket", "{{ .Values.externalS3.bucketName }}"),
    (
        "  region: \\n",
        "  region: {{ .Values.externalS3.region }}\\n",
    ),
    (
        "-headless.milvus.svc",
        "-headless.{{ .Release.Namespace }}.svc",
    ),
    ("milvus-s3-access-sa", "{{ .Values.serviceAccount.name }}"),
    (
        r#""value":"new""#,
        r#""value":"{{ ternary `new` `existing` .Release.IsInstall }}""#,
    ),
    (
        r#""USER FILE""#,
        "{{ index .Values.extraConfigFiles `user.yaml` | toJson }}",
    ),
    (r#""NAMESPACE""#, r#""{{ .Release.Namespace }}""#),
];

/// Writes the chart into a folder. JSON is YAML, and what a template writes stands where a text stood.
pub(crate) fn write(folder: &Path) -> PathBuf {
    let chart = folder.join("milvus");
    fs::create_dir_all(chart.join("templates")).expect("a folder");
    let about =
        json!({"apiVersion": "v2", "name": "milvus", "version": "4.1.34", "appVersion": VERSION});
    fs::write(chart.join("Chart.yaml"), about.to_string()).expect("a file");
    let text = golden(OBJECTS).replace("2.4.5", VERSION);
    let mut all = String::new();
    for document in serde_norway::Deserializer::from_str(&text) {
        let mut object = Value::deserialize(document).expect("an object");
        if !object.is_null() {
            adapt(&mut object);
            let _infallible = writeln!(all, "---\n{object}");
        }
    }
    let all = TEMPLATES.iter().fold(all, |all, (from, to)| {
        assert!(all.contains(from), "{from:?} is not among the objects");
        all.replace(from, to)
    });
    fs::write(chart.join("templates/all.yaml"), all).expect("a file");
    chart
}

/// The objects of the same chart for one pod with its own etcd.
const OF_ONE_POD: &str = "golden/helm/c-standalone-4.1.34.yaml";

/// The same for one pod, on the release of the image that is named, with its log on a claim of that class and its objects in the
/// guide's bucket: the chart's own MinIO is not to be had here.
pub(crate) fn write_one_pod(folder: &Path, version: &str, class: &str) -> PathBuf {
    let chart = folder.join("milvus");
    fs::create_dir_all(chart.join("templates")).expect("a folder");
    let about =
        json!({"apiVersion": "v2", "name": "milvus", "version": "4.1.34", "appVersion": version});
    fs::write(chart.join("Chart.yaml"), about.to_string()).expect("a file");
    let text = S3.iter().fold(golden(OF_ONE_POD), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not among the objects");
        text.replace(from, to)
    });
    let text = text.replace("2.4.5", version);
    let mut all = String::new();
    for document in serde_norway::Deserializer::from_str(&text) {
        let mut object = Value::deserialize(document).expect("an object");
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        if object.is_null() || name == "demo-milvus-minio" {
            continue;
        }
        adapt(&mut object);
        if object["kind"] == "PersistentVolumeClaim" {
            object["spec"]["storageClassName"] = json!(class);
            object["spec"]["resources"]["requests"]["storage"] = json!("1Gi");
        }
        if object["kind"] == "Deployment" {
            object["spec"]["template"]["spec"]["serviceAccountName"] = json!(SERVICE_ACCOUNT);
        }
        let _infallible = writeln!(all, "---\n{object}");
    }
    let all = all
        .replace(
            "-headless.milvus.svc",
            "-headless.{{ .Release.Namespace }}.svc",
        )
        .replace(r#""USER FILE""#, r#""""#)
        .replace(r#""NAMESPACE""#, r#""{{ .Release.Namespace }}""#);
    fs::write(chart.join("templates/all.yaml"), all).expect("a file");
    chart
}

/// MinIO's settings, and the bucket's in their place.
const S3: [(&str, &str); 7] = [
    (
        "address: demo-milvus-minio\n",
        "address: s3.us-west-2.amazonaws.com\n",
    ),
    ("port: 9000\n      access", "port: 443\n      access"),
    ("useSSL: false", "useSSL: true"),
    (
        "bucketName: milvus-bucket",
        "bucketName: milvus-demo-bucket",
    ),
    ("rootPath: file", "rootPath: demo"),
    ("useIAM: false", "useIAM: true\n      cloudProvider: aws"),
    ("region: \n", "region: us-west-2\n"),
];

/// Small pods, soon ready, in whatever namespace.
fn adapt(object: &mut Value) {
    let namespace = json!("NAMESPACE");
    if !object["metadata"]["namespace"].is_null() {
        object["metadata"]["namespace"] = namespace.clone();
    }
    if object["metadata"]["name"] == RELEASE && object["kind"] == "ConfigMap" {
        object["data"]["user.yaml"] = json!("USER FILE");
    }
    // By pointers: an index would put a null where nothing is, which Helm 4's server-side apply refuses.
    let claims = object.pointer_mut("/spec/volumeClaimTemplates");
    for claim in claims.and_then(Value::as_array_mut).into_iter().flatten() {
        claim["spec"]["storageClassName"] = json!(STORAGE_CLASS);
    }
    let Some(pod) = object.pointer_mut("/spec/template/spec") else {
        return;
    };
    let affinity = pod.pointer_mut("/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/podAffinityTerm/namespaces");
    if let Some(namespaces) = affinity {
        *namespaces = json!([namespace]);
    }
    for container in pod["containers"].as_array_mut().into_iter().flatten() {
        container["resources"] = small();
        for probe in ["readinessProbe", "livenessProbe"] {
            if container[probe].is_object() {
                container[probe]["initialDelaySeconds"] = json!(2);
                container[probe]["periodSeconds"] = json!(3);
                container[probe]["failureThreshold"] = json!(30);
            }
        }
    }
}
