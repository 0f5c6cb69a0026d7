//! Whatever users write survives, and comes out the same every time.

use milvus_aws_core::installation::InstallationName;
use milvus_manifests::Manifests;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixtures::{VERSIONS, cluster, object, rendered, standalone, values};

/// Texts that careless writers change.
const AWKWARD: [&str; 43] = [
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "Yes",
    "NO",
    "true",
    "null",
    "~",
    "",
    " ",
    "0123",
    "0o17",
    "1_000",
    "1e3",
    "0x1F",
    ".5",
    "12:30:45",
    "2024-01-01",
    "=",
    "<<",
    "abc #def",
    "a: b",
    "a:",
    "-",
    "- a",
    "*x",
    "&x",
    "!x",
    "%x",
    "{x",
    "[x",
    "'",
    "\"",
    "a\nb\n",
    "\ttab",
    "\t\n",
    "two\nlines\n",
    " indented\nlines\n",
    "---",
    "...",
];

fn awkward() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(&AWKWARD[..]).prop_map(str::to_owned),
        "[ -~\n\té日😀]{0,120}",
        "\\PC{0,40}",
        ("[a-z ]{100,300}", "[ \n]{0,3}").prop_map(|(long, end)| long + &end),
    ]
}

/// The documents as a reader of YAML 1.1 sees them.
fn read_as_1_1(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).unwrap()
}

/// The documents as a reader of YAML 1.2 sees them.
fn read_as_1_2(yaml: &str) -> Vec<Value> {
    let documents = serde_norway::Deserializer::from_str(yaml);
    documents
        .map(|document| Value::deserialize(document).unwrap())
        .collect()
}

fn is_read_alike(manifests: &Manifests) -> Result<(), TestCaseError> {
    let yaml = manifests.to_yaml().unwrap();
    let meant = values(manifests);
    prop_assert_eq!(&read_as_1_2(&yaml), &meant);
    prop_assert_eq!(&read_as_1_1(&yaml), &meant);
    let list: Value = serde_json::from_str(&manifests.to_json().unwrap()).unwrap();
    prop_assert_eq!(&list["items"], &Value::Array(meant));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn values_of_users_survive(text in awkward(), other in awkward()) {
        let mut file = standalone("2.6.15");
        file["service"] = json!({"annotations": {"example.com/note": text}});
        file["config"] = json!({"common": {"note": text, "list": [other, 1, true, null]}});
        let manifests = rendered(&file);
        is_read_alike(&manifests)?;

        let service = object(&manifests, "Service", "demo-milvus");
        prop_assert_eq!(&service["metadata"]["annotations"]["example.com/note"], &json!(text));
        let settings = object(&manifests, "ConfigMap", "demo-milvus");
        for file in ["default.yaml", "user.yaml"] {
            let content = settings["data"][file].as_str().unwrap();
            for read in [read_as_1_1(content), read_as_1_2(content)] {
                prop_assert_eq!(&read[0]["common"]["note"], &json!(text));
                prop_assert_eq!(&read[0]["common"]["list"], &json!([other, 1, true, null]));
            }
        }
    }

    #[test]
    fn values_of_users_survive_as_environment(text in awkward()) {
        let mut file = standalone("2.3.5");
        file["config"] = json!({"common": {"note": text}});
        let manifests = rendered(&file);
        is_read_alike(&manifests)?;
        let settings = object(&manifests, "ConfigMap", "demo-milvus-env");
        prop_assert_eq!(&settings["data"]["COMMON_NOTE"], &json!(text));
    }

    #[test]
    fn names_and_labels_are_valid(
        name in "[a-z]([-a-z0-9]{0,38}[a-z0-9])?",
        version in proptest::sample::select(&VERSIONS[..]),
        is_cluster in any::<bool>(),
    ) {
        prop_assume!(name.parse::<InstallationName>().is_ok());
        // Refused: `two_objects_of_one_name_are_refused`.
        prop_assume!(!(name.contains("milvus") && name.contains("etcd")));
        let mut file = if is_cluster { cluster(version) } else { standalone(version) };
        file["name"] = json!(name);
        for object in values(&rendered(&file)) {
            let metadata = &object["metadata"];
            let name = metadata["name"].as_str().unwrap();
            prop_assert!(is_dns_label(name), "{name}");
            prop_assert_eq!(&metadata["namespace"], "vectors");
            let template = &object["spec"]["template"]["metadata"]["labels"];
            for labels in [&metadata["labels"], template] {
                for (key, value) in labels.as_object().into_iter().flatten() {
                    prop_assert!(is_label_value(value.as_str().unwrap()), "{key}={value}");
                }
            }
            prop_assert_eq!(&metadata["labels"]["kubectl-milvus/installation"], &file["name"]);
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(
        version in proptest::sample::select(&VERSIONS[..]),
        text in awkward(),
    ) {
        let mut file = cluster(version);
        file["service"]["annotations"]["example.com/note"] = json!(text);
        let (one, other) = (rendered(&file), rendered(&file));
        prop_assert_eq!(one.to_yaml().unwrap(), other.to_yaml().unwrap());
        prop_assert_eq!(one.to_json().unwrap(), other.to_json().unwrap());
    }
}

fn is_dns_label(text: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63 && text.chars().all(good) && text.starts_with(ends) && text.ends_with(ends)
}

fn is_label_value(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || text.len() <= 63
            && text.chars().all(good)
            && text.starts_with(ends)
            && text.ends_with(ends)
}
