//! The JSON Schema of the file: what is published, and whether it says what the reader does.

use milvus_aws_core::Installation;

use super::written::EXAMPLES;

const PUBLISHED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/schema/installation.v1.json"
);

/// `UPDATE_SCHEMA=1 cargo test -p milvus-aws-core schema` writes it anew.
#[test]
fn the_published_schema_is_current() {
    let schema = format!(
        "{}\n",
        serde_json::to_string_pretty(&Installation::json_schema()).unwrap()
    );
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::create_dir_all(std::path::Path::new(PUBLISHED).parent().unwrap()).unwrap();
        std::fs::write(PUBLISHED, &schema).unwrap();
    }
    let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
    assert!(
        published == schema,
        "docs/schema/installation.v1.json is not current: set UPDATE_SCHEMA=1 and test again"
    );
}

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&Installation::json_schema()).unwrap()
}

fn as_json(text: &str) -> serde_json::Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn every_example_fits_the_schema() {
    let validator = validator();
    for example in EXAMPLES {
        let faults: Vec<_> = validator
            .iter_errors(&as_json(example))
            .map(|fault| fault.to_string())
            .collect();
        // An editor takes an empty section for null; the reader is more generous than the schema there.
        let only_null = faults.iter().all(|fault| fault.contains("null"));
        assert!(
            faults.is_empty() || example.contains("standalone:\ncluster") && only_null,
            "{faults:?}\n{example}"
        );
    }
}

#[test]
fn what_the_reader_refuses_by_type_does_not_fit_the_schema() {
    let validator = validator();
    let wrong = [
        "name: demo\n",
        "apiVersion: kubectl-milvus/v2\n",
        "apiVersion: kubectl-milvus/v1\nnmae: demo\n",
        "apiVersion: kubectl-milvus/v1\nname: Demo\n",
        "apiVersion: kubectl-milvus/v1\nservice: {port: 0}\n",
        "apiVersion: kubectl-milvus/v1\nservice: {type: Ingress}\n",
        "apiVersion: kubectl-milvus/v1\nstandalone: {storage: {size: 1GB}}\n",
        "apiVersion: kubectl-milvus/v1\nmode: cluster\ncluster: {kafka: {brokers: [a]}, s3: {endpoint: 'a:1', bucket: abc, access: iam}}\n",
        "apiVersion: kubectl-milvus/v1\ncluster: {kafka: {brokers: ['a:1']}, s3: {endpoint: 'a:1', bucket: abc, access: {keys: {username: a, password: b}}}}\n",
        "apiVersion: kubectl-milvus/v1\ncluster: {etcd: {inCluster: {replicas: 2}}, kafka: {brokers: ['a:1']}, s3: {endpoint: 'a:1', bucket: abc, access: iam}}\n",
    ];
    for text in wrong {
        assert!(
            Installation::from_yaml("milvus.yaml", text).is_err(),
            "{text}"
        );
        assert!(!validator.is_valid(&as_json(text)), "{text}");
    }
}

#[test]
fn every_key_is_described() {
    fn walk(path: &str, schema: &serde_json::Value, missing: &mut Vec<String>) {
        if let Some(properties) = schema.get("properties").and_then(|it| it.as_object()) {
            for (key, property) in properties {
                if property.get("description").is_none() {
                    missing.push(format!("{path}.{key}"));
                }
            }
        }
        match schema {
            serde_json::Value::Object(map) => {
                for (key, inner) in map {
                    walk(&format!("{path}/{key}"), inner, missing);
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    walk(path, item, missing);
                }
            }
            _ => {}
        }
    }
    let mut missing = Vec::new();
    walk("", &Installation::json_schema(), &mut missing);
    // Keys of shapes by name are described by the shape itself.
    missing.retain(|path| !path.contains("oneOf") && !path.contains("anyOf"));
    assert!(missing.is_empty(), "{missing:?}");
}
