//! The load balancer controller's objects beside those that its chart renders.

use std::{collections::BTreeMap, time::SystemTime};

use milvus_manifests::{
    Kind,
    labels::Owner,
    load_balancer_controller::{Certificate, LoadBalancerController, controller_image},
};
use serde_json::{Map, Value, json};

use crate::fixtures::{golden, values};

const FOLDER: &str = "load-balancer-controller";
const MARKS: &str = "our labels instead of Helm's";
const VERSION_LABELS: [&str; 5] = [
    "metadata.labels[helm.sh/chart]",
    "metadata.labels[app.kubernetes.io/managed-by]",
    "metadata.labels[kubectl-milvus/installation]",
    "metadata.labels[kubectl-milvus/namespace]",
    "spec.template.metadata.labels[kubectl-milvus/installation]",
];

/// Object (`*` for all), path, reason.
const INTENDED: &[(&str, &str, &str)] = &[
    (
        "Deployment/aws-load-balancer-controller",
        "spec.template.spec.containers[0].readinessProbe.initialDelaySeconds",
        "nothing waits by the clock: it is asked at once, and often",
    ),
    (
        "Deployment/aws-load-balancer-controller",
        "spec.template.spec.containers[0].readinessProbe.periodSeconds",
        "nothing waits by the clock: it is asked at once, and often",
    ),
    (
        "Deployment/aws-load-balancer-controller",
        "spec.template.spec.containers[0].resources",
        "an empty section says nothing",
    ),
    (
        "IngressClassParams/alb",
        "spec",
        "an empty section says nothing",
    ),
    (
        "ValidatingWebhookConfiguration/aws-load-balancer-webhook",
        "webhooks[2].matchPolicy",
        "the API's default",
    ),
    (
        "ValidatingWebhookConfiguration/aws-load-balancer-webhook",
        "webhooks[2].objectSelector",
        "an empty section says nothing",
    ),
    (
        "ValidatingWebhookConfiguration/aws-load-balancer-webhook",
        "webhooks[2].namespaceSelector",
        "an empty section says nothing",
    ),
];

/// Objects that only we make, with the reason.
const OURS_ALONE: [(&str, &str); 3] = [
    (
        "ServiceAccount/aws-load-balancer-controller",
        "the chart was told that it exists; ours names the IAM role",
    ),
    (
        "CustomResourceDefinition/ingressclassparams.elbv2.k8s.aws",
        "Helm keeps definitions apart from the rendered objects",
    ),
    (
        "CustomResourceDefinition/targetgroupbindings.elbv2.k8s.aws",
        "Helm keeps definitions apart from the rendered objects",
    ),
];

pub(crate) fn controller() -> LoadBalancerController {
    LoadBalancerController {
        owner: Owner {
            installation: "demo".parse().unwrap(),
            namespace: "vectors".parse().unwrap(),
        },
        cluster_name: "MilvusEKSTest".to_owned(),
        region: "us-west-2".to_owned(),
        vpc_id: "vpc-0123".to_owned(),
        role_arn: "arn:aws:iam::111122223333:role/lbc".to_owned(),
        image: controller_image(),
        replicas: 2,
        tags: BTreeMap::new(),
    }
}

fn certificate() -> Certificate {
    Certificate::generate(SystemTime::now()).unwrap()
}

fn reference(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    format!(
        "{}/{}",
        text(&object["kind"]),
        text(&object["metadata"]["name"])
    )
}

/// What we render, with the certificate blanked.
fn ours() -> BTreeMap<String, Value> {
    let (controller, certificate) = (controller(), certificate());
    let mut objects = values(&controller.objects(&certificate).unwrap());
    let secret = controller.certificate_secret(&certificate);
    objects.push(serde_json::to_value(secret).unwrap());
    for object in &mut objects {
        blank(object);
    }
    objects.into_iter().map(|o| (reference(&o), o)).collect()
}

fn blank(value: &mut Value) {
    const MADE_ANEW: [&str; 4] = ["caBundle", "ca.crt", "tls.crt", "tls.key"];
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if MADE_ANEW.contains(&key.as_str()) {
                    assert!(value.as_str().unwrap().len() > 100, "{key}");
                    *value = json!("MADE-ANEW");
                }
                blank(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

/// What the chart renders; the items of its lists are objects like all others.
fn theirs() -> BTreeMap<String, Value> {
    let documents = golden(&format!("{FOLDER}/rendered.yaml"));
    let objects = documents.into_iter().flat_map(|document| {
        let items = document["items"].as_array().cloned();
        items.unwrap_or_else(|| vec![document])
    });
    objects.map(|o| (reference(&o), o)).collect()
}

/// Paths of all leaves, with their values.
fn leaves(path: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    let join = |key: &str| match path {
        "" => key.to_owned(),
        _ if key.contains(['.', '/']) => format!("{path}[{key}]"),
        _ => format!("{path}.{key}"),
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(k, v)| leaves(&join(k), v, into));
        }
        Value::Array(items) if !items.is_empty() => {
            let indexed = items.iter().enumerate();
            indexed.for_each(|(i, item)| leaves(&format!("{path}[{i}]"), item, into));
        }
        leaf => {
            into.insert(path.to_owned(), leaf.clone());
        }
    }
}

fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
    let of = |value| {
        let mut all = BTreeMap::new();
        leaves("", value, &mut all);
        all
    };
    let (ours, theirs) = (of(ours), of(theirs));
    let paths: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let differ = |path: &&&String| ours.get(**path) != theirs.get(**path);
    paths.iter().filter(differ).map(|p| (*p).clone()).collect()
}

#[test]
fn every_object_is_the_charts_but_for_intended_differences() {
    let (ours, theirs) = (ours(), theirs());
    let alone: Vec<&String> = ours
        .keys()
        .filter(|key| !theirs.contains_key(*key))
        .collect();
    let mut expected: Vec<&str> = OURS_ALONE.iter().map(|(object, _)| *object).collect();
    expected.sort_unstable();
    assert_eq!(alone, expected);
    let mut used = Vec::new();
    for (name, theirs) in &theirs {
        let Some(ours) = ours.get(name) else {
            panic!("we make no {name}");
        };
        for path in differences(ours, theirs) {
            if VERSION_LABELS.contains(&path.as_str()) {
                assert!(!MARKS.is_empty());
                continue;
            }
            let row = INTENDED
                .iter()
                .position(|(object, field, _)| *object == name && *field == path);
            let Some(row) = row else {
                panic!("{name}: {path} is not as in the chart");
            };
            used.push(row);
        }
    }
    used.sort_unstable();
    let all: Vec<usize> = (0..INTENDED.len()).collect();
    assert_eq!(used, all, "a row of the table is not a difference any more");
}

#[test]
fn row_37_region_and_vpc_are_said_and_the_role_is_on_the_account() {
    let objects = ours();
    let pod = &objects["Deployment/aws-load-balancer-controller"]["spec"]["template"]["spec"];
    let arguments = &pod["containers"][0]["args"];
    let expected = [
        "--cluster-name=MilvusEKSTest",
        "--ingress-class=alb",
        "--aws-region=us-west-2",
        "--aws-vpc-id=vpc-0123",
    ];
    assert_eq!(*arguments, json!(expected));
    let account = &objects["ServiceAccount/aws-load-balancer-controller"];
    let role = &account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"];
    assert_eq!(*role, "arn:aws:iam::111122223333:role/lbc");
}

#[test]
fn every_object_carries_our_mark_and_no_key() {
    let certificate = certificate();
    let manifests = controller().objects(&certificate).unwrap();
    for object in values(&manifests) {
        let labels = &object["metadata"]["labels"];
        let name = reference(&object);
        assert_eq!(labels["kubectl-milvus/installation"], "demo", "{name}");
        assert_eq!(labels["kubectl-milvus/namespace"], "vectors", "{name}");
        assert_ne!(object["kind"], "Secret");
    }
    assert!(!manifests.to_yaml().unwrap().contains("PRIVATE KEY"));
    assert_eq!(
        manifests.objects()[0].kind(),
        Kind::CustomResourceDefinition
    );
}

#[test]
fn tags_reach_everything_that_the_controller_makes() {
    let mut controller = controller();
    let tag = ("kubectl-milvus/installation".to_owned(), "demo".to_owned());
    controller.tags = BTreeMap::from([tag]);
    let manifests = controller.objects(&certificate()).unwrap();
    let deployment = manifests.get(Kind::Deployment, "aws-load-balancer-controller");
    let deployment = deployment.unwrap().to_value().unwrap();
    let arguments = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
    assert_eq!(
        arguments[4],
        "--default-tags=kubectl-milvus/installation=demo"
    );
}

/// Where our schema refuses what theirs accepts.
fn narrower(path: &str, ours: &Value, theirs: &Value, into: &mut Vec<String>) {
    let empty = Map::new();
    let properties = theirs["properties"].as_object().unwrap_or(&empty);
    for (key, theirs) in properties {
        let path = format!("{path}.{key}");
        match ours["properties"].get(key) {
            Some(ours) => narrower(&path, ours, theirs, into),
            None => into.push(format!("{path} is dropped")),
        }
    }
    for key in ["items", "additionalProperties"] {
        if theirs[key].is_object() {
            narrower(&format!("{path}[{key}]"), &ours[key], &theirs[key], into);
        }
    }
    let texts = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let required = texts(&theirs["required"]);
    let more = texts(&ours["required"])
        .into_iter()
        .filter(|key| !required.contains(key));
    into.extend(more.map(|key| format!("{path}.{key} is required")));
    if ours["enum"].is_array() {
        let known = texts(&ours["enum"]);
        let wanted = texts(&theirs["enum"]);
        if wanted.is_empty() || wanted.iter().any(|value| !known.contains(value)) {
            into.push(format!("{path} allows {known:?}, not {wanted:?}"));
        }
    }
    if ours["type"] != theirs["type"] {
        into.push(format!(
            "{path} is {}, not {}",
            ours["type"], theirs["type"]
        ));
    }
    for limit in [
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "pattern",
        "x-kubernetes-validations",
    ] {
        if !ours[limit].is_null() && ours[limit] != theirs[limit] {
            into.push(format!("{path} has {limit} {}", ours[limit]));
        }
    }
    for marker in [
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-type",
        "x-kubernetes-map-type",
    ] {
        if ours[marker] != theirs[marker] {
            into.push(format!("{path} has {marker} {}", ours[marker]));
        }
    }
}

#[test]
fn definitions_accept_what_the_charts_accept() {
    let ours = ours();
    for file in [
        "crd-ingressclassparams.yaml",
        "crd-targetgroupbindings.yaml",
    ] {
        let theirs = golden(&format!("{FOLDER}/{file}")).remove(0);
        let ours = &ours[&reference(&theirs)];
        for field in ["group", "scope"] {
            assert_eq!(ours["spec"][field], theirs["spec"][field], "{file}");
        }
        for field in ["kind", "plural", "singular"] {
            assert_eq!(
                ours["spec"]["names"][field], theirs["spec"]["names"][field],
                "{file}"
            );
        }
        let versions = theirs["spec"]["versions"].as_array().unwrap();
        assert_eq!(
            ours["spec"]["versions"].as_array().unwrap().len(),
            versions.len()
        );
        for (ours, theirs) in ours["spec"]["versions"]
            .as_array()
            .unwrap()
            .iter()
            .zip(versions)
        {
            let status = |version: &Value| version["subresources"]["status"].clone();
            assert_eq!(status(ours), status(theirs), "{file}");
            for field in ["name", "served", "storage"] {
                assert_eq!(ours[field], theirs[field], "{file} {field}");
            }
            let mut found = Vec::new();
            let schema = |version: &Value| version["schema"]["openAPIV3Schema"].clone();
            narrower("", &schema(ours), &schema(theirs), &mut found);
            // Every object has these, whether a schema names them or not.
            found.retain(|line| {
                ![
                    ".apiVersion is dropped",
                    ".kind is dropped",
                    ".metadata is dropped",
                ]
                .contains(&line.as_str())
            });
            assert_eq!(found, Vec::<String>::new(), "{file} {}", theirs["name"]);
        }
    }
}
