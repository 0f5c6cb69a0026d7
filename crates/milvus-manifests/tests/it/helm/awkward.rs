//! Awkward values arrive unchanged; what is not in quotes is read as helm reads it.

use k8s_openapi::ByteString;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::release::{imported, lines, objects, read};
use crate::fixtures::{object, values};

/// Passwords that careless readers and writers change.
const AWKWARD: [&str; 22] = [
    "yes",
    "no",
    "on",
    "y",
    "null",
    "~",
    "true",
    "0123",
    "1e3",
    "12:30:45",
    "0x1F",
    "1_000",
    "abc #def",
    "a: b",
    "*x",
    "{x",
    "%x",
    "!x",
    "'quoted\"",
    "\\n",
    "pässwörd",
    "日本 ü 😀",
];

fn awkward() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(&AWKWARD[..]).prop_map(str::to_owned),
        "[ -~]{1,40}",
        "[!-~é日😀][ -~é日😀]{0,30}",
    ]
    // A name that is nothing but space is refused.
    .prop_filter("no space alone", |text| !text.trim().is_empty())
}

fn cluster(user: &str, password: &str) -> Value {
    json!({
        "minio": {"enabled": false},
        "pulsar": {"enabled": false},
        "pulsarv3": {"enabled": false},
        "externalS3": {
            "enabled": true, "host": "s3.us-west-2.amazonaws.com", "port": "443", "useSSL": true,
            "bucketName": "vectors", "accessKey": user, "secretKey": password,
        },
        "externalKafka": {
            "enabled": true, "brokerList": "kafka.example.com:9096", "securityProtocol": "SASL_SSL",
            "sasl": {"mechanisms": "SCRAM-SHA-512", "username": user, "password": password},
        },
        "service": {"annotations": {"example.com/note": password}},
    })
}

/// What a reader of YAML 1.1 finds in a Secret.
fn in_secret(yaml: &str, name: &str, key: &str) -> String {
    let documents: Vec<Value> = serde_saphyr::from_multiple(yaml).unwrap();
    let wanted = |object: &&Value| object["kind"] == "Secret" && object["metadata"]["name"] == name;
    let data = documents.iter().find(wanted).unwrap()["data"][key].clone();
    let bytes: ByteString = serde_json::from_value(data).unwrap();
    String::from_utf8(bytes.0).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn logins_and_settings_arrive_unchanged(
        user in awkward(),
        password in awkward(),
        version in proptest::sample::select(&["2.4.5", "2.5.16", "2.6.15"][..]),
    ) {
        let mut file = cluster(&user, &password);
        let settings = json!({"common": {"note": password}});
        file["extraConfigFiles"] = json!({"user.yaml": settings.to_string()});
        let imported = imported(version, &file.to_string());
        prop_assert_eq!(&imported.unsupported, &[]);
        let manifests = objects(&imported);
        let yaml = manifests.to_yaml().unwrap();
        for secret in ["demo-milvus-kafka", "demo-milvus-s3"] {
            prop_assert_eq!(&in_secret(&yaml, secret, "username"), &user);
            prop_assert_eq!(&in_secret(&yaml, secret, "password"), &password);
        }
        let service = object(&manifests, "Service", "demo-milvus");
        prop_assert_eq!(&service["metadata"]["annotations"]["example.com/note"], &json!(password));
        if version == "2.4.5" {
            let variables = object(&manifests, "ConfigMap", "demo-milvus-env");
            prop_assert_eq!(&variables["data"]["COMMON_NOTE"], &json!(password));
        } else {
            let text = object(&manifests, "ConfigMap", "demo-milvus")["data"]["user.yaml"].clone();
            let content: Value = serde_saphyr::from_str(text.as_str().unwrap()).unwrap();
            prop_assert_eq!(&content["common"]["note"], &json!(password));
        }
    }

    #[test]
    fn passwords_are_in_secrets_alone(password in "marker[ -~]{6,30}") {
        let mut file = cluster("milvus", &password);
        // Not as an annotation, where everybody may read it.
        file["service"] = json!({});
        let settings = json!({"common": {"security": {"defaultRootPassword": password}}});
        file["extraConfigFiles"] = json!({"user.yaml": settings.to_string()});
        let imported = imported("2.6.15", &file.to_string());
        let said = format!("{:?}{:?}", imported, imported.installation.to_yaml());
        prop_assert!(!said.contains(&password));
        let manifests = objects(&imported);
        for object in values(&manifests) {
            prop_assert!(object["kind"] == "Secret" || !object.to_string().contains(&password));
        }
        let yaml = manifests.to_yaml().unwrap();
        let variable = "COMMON_SECURITY_DEFAULTROOTPASSWORD";
        prop_assert_eq!(in_secret(&yaml, "demo-milvus-settings", variable), password);
    }
}

#[test]
fn what_is_not_in_quotes_is_read_as_helm_reads_it() {
    for (written, read_as, is_told) in [
        ("'yes'", "yes", false),
        ("\"0123\"", "0123", false),
        ("!!str 0123", "0123", false),
        ("yes", "true", true),
        ("0123", "83", true),
        ("1_000", "1000", true),
        ("12345", "12345", false),
        ("12:30:45", "12:30:45", false),
        ("abc #def", "abc", false),
        ("|-\n      two words", "two words", false),
    ] {
        let text = format!(
            "minio: {{enabled: false}}\nexternalS3: {{enabled: true, host: s3.example.com, port: 443, bucketName: vectors, accessKey: a, secretKey: b}}\n\
             externalKafka:\n  enabled: true\n  brokerList: kafka:9096\n  sasl:\n    mechanisms: SCRAM-SHA-512\n    username: milvus\n    password: {written}\n"
        );
        let imported = imported("2.6.15", &text);
        let yaml = objects(&imported).to_yaml().unwrap();
        assert_eq!(
            in_secret(&yaml, "demo-milvus-kafka", "password"),
            read_as,
            "{written}"
        );
        let told = lines(&imported.notices);
        let about = told
            .iter()
            .any(|line| line.contains("values.yaml:9:5: externalKafka.sasl.password: helm reads"));
        assert_eq!(about, is_told, "{told:?}");
        assert!(!told.concat().contains("0123"), "{told:?}");
    }
}

#[test]
fn prefixes_stay_texts() {
    for prefix in [
        "yes",
        "0123",
        "1e3",
        "null",
        "a/b",
        "abc #def",
        "{x",
        "it's \"quoted\"",
        "日本 ü",
    ] {
        let mut file = cluster("milvus", "secret");
        file["externalS3"]["rootPath"] = json!(prefix);
        let manifests = objects(&imported("2.6.15", &file.to_string()));
        let text = object(&manifests, "ConfigMap", "demo-milvus")["data"]["default.yaml"].clone();
        let content: Value = serde_saphyr::from_str(text.as_str().unwrap()).unwrap();
        assert_eq!(content["minio"]["rootPath"], json!(prefix));
    }
}

#[test]
fn a_password_that_nobody_takes_is_refused_without_being_repeated() {
    let file = cluster("milvus", "top\nsecret");
    let invalid = read("2.6.15", &file.to_string()).unwrap_err().to_string();
    assert!(
        invalid.contains("control character") && !invalid.contains("secret\n"),
        "{invalid}"
    );
}
