//! Passwords are in Secrets and nowhere else.

use milvus_aws_core::installation::Secrets;
use milvus_manifests::{Kind, Object, render};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{
    VERSIONS, cluster_with_keys, installation, object, rendered, secrets, values,
};

/// Every text in a value, keys too.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                found.push(key.clone());
                texts(value, found);
            }
        }
        _ => {}
    }
}

fn base64(bytes: &[u8]) -> String {
    let value = serde_json::to_value(k8s_openapi::ByteString(bytes.to_vec())).unwrap();
    value.as_str().unwrap().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_password_is_outside_of_a_secret(
        kafka in "marker[ -~]{6,30}é?",
        s3 in "marker[ -~]{6,30}",
        version in proptest::sample::select(&VERSIONS[..]),
    ) {
        let installation = installation(&cluster_with_keys(version));
        let manifests = render(&installation, &secrets(&kafka, &s3)).unwrap();
        for password in [&kafka, &s3] {
            let encoded = base64(password.as_bytes());
            let mut in_secrets = false;
            for object in values(&manifests) {
                let mut found = Vec::new();
                texts(&object, &mut found);
                let is_there =
                    found.iter().any(|text| text.contains(password.as_str()) || text.contains(&encoded));
                if object["kind"] == "Secret" {
                    in_secrets |= object["data"]["password"] == encoded.as_str();
                } else {
                    prop_assert!(!is_there, "{} holds it", object["metadata"]["name"]);
                }
            }
            prop_assert!(in_secrets, "no Secret has it unchanged");
            let debug = format!("{manifests:?}");
            prop_assert!(!debug.contains(password.as_str()) && !debug.contains(&encoded));
        }
    }

    #[test]
    fn nothing_but_the_secret_depends_on_a_password(one in "[ -~]{1,20}", other in "[ -~]{1,20}") {
        let installation = installation(&cluster_with_keys("2.6.15"));
        let public = |password: &str| {
            let manifests = render(&installation, &secrets(password, password)).unwrap();
            let objects = manifests.objects().iter();
            let public = objects.filter(|object| object.kind() != Kind::Secret);
            public.map(|object| object.to_value().unwrap()).collect::<Vec<_>>()
        };
        // No hash of it either, by which a short one could be guessed.
        prop_assert_eq!(public(&one), public(&other));
    }
}

#[test]
fn pods_read_logins_from_secrets() {
    for version in VERSIONS {
        let manifests = rendered(&cluster_with_keys(version));
        let deployment = object(&manifests, "Deployment", "demo-milvus-proxy");
        let template = &deployment["spec"]["template"];
        let variables = template["spec"]["containers"][0]["env"].as_array().unwrap();
        let reference = |name: &str| {
            let found = variables.iter().find(|variable| variable["name"] == name);
            found
                .map(|variable| variable["valueFrom"]["secretKeyRef"].clone())
                .unwrap_or_default()
        };
        for (variable, secret, key) in [
            ("KAFKA_SASLUSERNAME", "demo-milvus-kafka", "username"),
            ("KAFKA_SASLPASSWORD", "demo-milvus-kafka", "password"),
            ("MINIO_ACCESSKEYID", "demo-milvus-s3", "username"),
            ("MINIO_SECRETACCESSKEY", "demo-milvus-s3", "password"),
        ] {
            assert_eq!(
                reference(variable),
                json!({"name": secret, "key": key}),
                "{version}"
            );
        }
        let annotations = &template["metadata"]["annotations"];
        assert_eq!(annotations["secret.kubectl-milvus/demo-milvus-kafka"], "1");
        assert_eq!(annotations["secret.kubectl-milvus/demo-milvus-s3"], "1");
    }
}

#[test]
fn a_secret_of_the_users_is_used_and_not_made() {
    let mut file = cluster_with_keys("2.6.15");
    file["cluster"]["kafka"]["security"]["scramSha512"] = json!({"existingSecret": "my-kafka"});
    file["cluster"]["s3"]["access"] = json!("iam");
    let installation = installation(&file);
    let existing = Secrets {
        kafka: Some(milvus_aws_core::installation::LoginSecret::Existing(
            "my-kafka".parse().unwrap(),
        )),
        ..Secrets::default()
    };
    let manifests = render(&installation, &existing).unwrap();
    assert!(
        !manifests
            .objects()
            .iter()
            .any(|object| matches!(object, Object::Secret(_)))
    );
    let deployment = object(&manifests, "Deployment", "demo-milvus-proxy");
    let variables = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
    assert_eq!(
        variables[1]["valueFrom"]["secretKeyRef"]["name"],
        "my-kafka"
    );
}

#[test]
fn a_login_that_is_missing_is_named() {
    let installation = installation(&cluster_with_keys("2.6.15"));
    let error = render(&installation, &Secrets::default()).unwrap_err();
    assert_eq!(error.to_string(), "the login for Kafka was not given");
}
