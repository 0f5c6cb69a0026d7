//! Attu's objects beside those of the official chart.

use std::collections::BTreeMap;

use milvus_aws_core::installation::{self, NameOverrides, Platform};
use milvus_manifests::{Attu, Exposure, attu_image};
use serde_json::{Value, json};

use crate::fixtures::golden;

fn attu(exposure: Exposure) -> Attu {
    Attu {
        release: "demo".parse().unwrap(),
        namespace: "vectors".parse().unwrap(),
        image: attu_image(&"2.4.5".parse().unwrap()),
        milvus_address: "http://demo-milvus:19530".to_owned(),
        exposure,
        subnets: Vec::new(),
        tags: BTreeMap::new(),
        certificate: None,
        names: NameOverrides::default(),
        platform: Platform::Kubernetes,
        settings: installation::Attu::default(),
    }
}

fn objects(attu: &Attu) -> BTreeMap<String, Value> {
    let all = attu.objects();
    let named = |object: &milvus_manifests::Object| {
        (
            object.kind().as_str().to_owned(),
            object.to_value().unwrap(),
        )
    };
    all.iter().map(named).collect()
}

/// What the chart says of a thing holds for ours too; ours may say more.
fn says_all_of(path: &str, ours: &Value, theirs: &Value) {
    /// What differs on purpose: who made it, the deprecated way to name a class, and the group that shares a balancer.
    const INTENDED: [&str; 5] = [
        "/metadata/labels/helm.sh/chart",
        "/metadata/labels/app.kubernetes.io/managed-by",
        "/metadata/labels/app.kubernetes.io/version",
        "/metadata/annotations/kubernetes.io/ingress.class",
        "/metadata/annotations/alb.ingress.kubernetes.io/group.name",
    ];
    match (ours, theirs) {
        (_, theirs) if INTENDED.contains(&path) => assert!(theirs.is_string(), "{path}"),
        // Empty sections say nothing.
        (Value::Null, Value::Null) => {}
        (_, Value::Object(theirs)) if theirs.is_empty() => {}
        (_, Value::Object(theirs)) => {
            for (key, theirs) in theirs {
                says_all_of(&format!("{path}/{key}"), &ours[key], theirs);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{path}");
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                says_all_of(&format!("{path}/{index}"), ours, theirs);
            }
        }
        (ours, theirs) => assert_eq!(ours, theirs, "{path}"),
    }
}

#[test]
fn names_selectors_and_ports_are_the_charts() {
    let ours = objects(&attu(Exposure::InternetFacing));
    let theirs = golden("attu.yaml");
    assert_eq!(theirs.len(), 3);
    for theirs in theirs {
        says_all_of("", &ours[theirs["kind"].as_str().unwrap()], &theirs);
    }
}

#[test]
fn row_5_nothing_is_reached_from_outside_unless_said() {
    assert_eq!(Exposure::default(), Exposure::ClusterIp);
    for exposure in [Exposure::ClusterIp, Exposure::Internal] {
        let text = serde_json::to_string(&objects(&attu(exposure))).unwrap();
        assert!(!text.contains("internet-facing"), "{exposure:?}");
        assert!(!text.contains("LoadBalancer"), "{exposure:?}");
    }
    assert_eq!(objects(&attu(Exposure::ClusterIp)).get("Ingress"), None);
    let annotations =
        |exposure| objects(&attu(exposure))["Ingress"]["metadata"]["annotations"].clone();
    let expected = |scheme: &str| {
        json!({
            "alb.ingress.kubernetes.io/scheme": scheme,
            "alb.ingress.kubernetes.io/target-type": "ip",
            "alb.ingress.kubernetes.io/listen-ports": r#"[{"HTTP":80}]"#,
        })
    };
    assert_eq!(annotations(Exposure::Internal), expected("internal"));
    assert_eq!(
        annotations(Exposure::InternetFacing),
        expected("internet-facing")
    );
}

#[test]
fn row_5_a_certificate_makes_it_https() {
    let mut attu = attu(Exposure::InternetFacing);
    attu.certificate = Some("arn:aws:acm:us-west-2:111122223333:certificate/a".to_owned());
    attu.subnets = vec!["subnet-1".to_owned(), "subnet-2".to_owned()];
    let annotations = objects(&attu)["Ingress"]["metadata"]["annotations"].clone();
    let of = |key: &str| annotations[format!("alb.ingress.kubernetes.io/{key}")].clone();
    assert_eq!(of("listen-ports"), r#"[{"HTTPS":443}]"#);
    assert_eq!(of("certificate-arn"), *attu.certificate.as_ref().unwrap());
    assert_eq!(of("subnets"), "subnet-1,subnet-2");
}
