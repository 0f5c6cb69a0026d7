//! What values say of the server's settings, and of the logins among them.

use milvus_manifests::helm::{Imported, export};
use serde_json::{Value, json};

use super::{
    keys::SERVICES,
    release::{imported, lines, objects, refused},
};
use crate::fixtures::{object, values};

/// Versions, values behind the services, a setting, and what the server reads there.
const ROWS: &[(&str, &str, &str, &str)] = &[
    (
        "2.6.15",
        "externalS3: {enabled: true, host: storage.googleapis.com, port: 443, useSSL: true, bucketName: vectors, useIAM: true, cloudProvider: gcpnative}",
        "/minio/cloudProvider",
        "gcpnative",
    ),
    (
        "2.6.15",
        "externalS3: {enabled: true, host: storage.googleapis.com, port: 443, useSSL: true, bucketName: vectors, cloudProvider: gcpnative}\nextraConfigFiles: {user.yaml: \"minio: {gcpCredentialJSON: '{}'}\"}",
        "/minio/useIAM",
        "false",
    ),
    (
        "2.6.15",
        "externalS3: {enabled: true, host: minio, port: 9000, bucketName: vectors, rootPath: /milvus/a, accessKey: a, secretKey: b}",
        "/minio/rootPath",
        "milvus/a",
    ),
    (
        "2.6.15",
        "externalS3: {enabled: true, host: s3-accelerate.amazonaws.com, port: 443, bucketName: vectors, accessKey: a, secretKey: b}",
        "/minio/region",
        "''",
    ),
    (
        "2.6.15",
        "mixCoordinator: {replicas: 1, activeStandby: {enabled: true}}",
        "/mixCoord/enableActiveStandby",
        "true",
    ),
    (
        "2.6.15",
        "mixCoordinator: {replicas: 1, activeStandby: {enabled: false}}",
        "/mixCoord/enableActiveStandby",
        "false",
    ),
    (
        "2.4.17",
        "mixCoordinator: {activeStandby: {enabled: true}}",
        "/rootCoord/enableActiveStandby",
        "true",
    ),
    (
        "2.5.16",
        "mixCoordinator: {enabled: false}\nqueryCoordinator: {enabled: true, activeStandby: {enabled: true}}",
        "/queryCoord/enableActiveStandby",
        "true",
    ),
    ("2.6.15", "log: {level: WARN}", "/log/level", "warn"),
    (
        "2.6.15",
        "extraConfigFiles: {user.yaml: 'queryNode.enableDisk: false'}",
        "/queryNode/enableDisk",
        "false",
    ),
    (
        "2.6.15",
        "externalS3: {enabled: false}\nextraConfigFiles: {user.yaml: 'minio: {address: minio.x, port: 9001, bucketName: vectors, accessKeyID: a, secretAccessKey: s, useSSL: false, rootPath: file}'}",
        "/minio/address",
        "minio.x",
    ),
    (
        "2.6.15",
        "externalKafka: {enabled: false}\nextraConfigFiles: {user.yaml: 'mq: {type: pulsar}\n\n  pulsar: {address: pulsar.x, port: 6651}'}",
        "/pulsar/address",
        "pulsar.x",
    ),
];

#[test]
fn the_server_reads_what_values_say() {
    let mut wrong = Vec::new();
    for (version, more, pointer, expected) in ROWS {
        let imported = imported(version, &format!("{SERVICES}{more}"));
        let said = lines(&imported.unsupported);
        let manifests = objects(&imported);
        let data = &object(&manifests, "ConfigMap", "demo-milvus")["data"];
        // The user's file is read after the other one.
        let is = ["user.yaml", "default.yaml"].iter().find_map(|file| {
            let content: Value = serde_saphyr::from_str(data[*file].as_str()?).unwrap();
            content.pointer(pointer).cloned()
        });
        let is = is.unwrap_or(Value::Null);
        let expected: Value = serde_saphyr::from_str(expected).unwrap();
        if is != expected || !said.is_empty() {
            wrong.push(format!("{more}: {pointer} is {is}, {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn services_that_stand_in_the_settings_alone_are_known() {
    let more = "\
externalS3: {enabled: false}
externalKafka: {enabled: false}
extraConfigFiles:
  user.yaml: |
    minio: {address: minio.x, port: 9001, bucketName: vectors, accessKeyID: a, secretAccessKey: s, useSSL: false}
    mq: {type: pulsar}
    pulsar: {address: 'pulsar+ssl://pulsar.x:6651'}
";
    let file = imported("2.6.15", &format!("{SERVICES}{more}"))
        .installation
        .to_json();
    assert_eq!(file["cluster"]["s3"]["endpoint"], "minio.x:9001");
    assert_eq!(file["cluster"]["s3"]["tls"], false);
    assert_eq!(
        file["cluster"]["s3"]["access"]["keys"]["username"], "a",
        "{file}"
    );
    assert_eq!(file["cluster"]["pulsar"]["endpoint"], "pulsar.x:6651");
    assert_eq!(file["cluster"]["pulsar"]["tls"], true);
}

#[test]
fn secrets_are_known_by_their_keys() {
    let more = "\
extraConfigFiles:
  user.yaml: |
    trace: {otlp: {headers: 'Authorization=Bearer marker'}}
    mysql: {dsn: 'user:marker@tcp'}
    cipherPlugin: {rootKey: marker}
    own: {pwd: marker, pass: marker}
    common.security.defaultRootPassword: marker
";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    let manifests = objects(&imported);
    for object in values(&manifests) {
        assert!(!object.to_string().contains("marker"), "{object}");
    }
    let secret = object(&manifests, "Secret", "demo-milvus-settings");
    let keys: Vec<_> = secret["data"].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "CIPHERPLUGIN_ROOTKEY",
            "COMMON_SECURITY_DEFAULTROOTPASSWORD",
            "MYSQL_DSN",
            "OWN_PASS",
            "OWN_PWD",
            "TRACE_OTLP_HEADERS",
        ]
    );
}

#[test]
fn a_bare_yes_is_no_password() {
    let more = "extraConfigFiles:\n  user.yaml: |\n    common:\n      security:\n        defaultRootPassword: yes\n";
    let invalid = refused("2.6.15", &format!("{SERVICES}{more}"));
    assert!(
        invalid.contains("values.yaml:10:") && invalid.contains("extraConfigFiles.user.yaml: common.security.defaultRootPassword: is read as `true` or `false`"),
        "{invalid}"
    );
    let flag = "extraConfigFiles: {user.yaml: 'own: {useAuthToken: true}'}";
    imported("2.6.15", &format!("{SERVICES}{flag}"));
}

/// A cluster whose login to Kafka comes by variables.
fn by_variables(user: &str, of_user: &Value, of_password: &Value, roles: &[&str]) -> Imported {
    let reference =
        |name: &str, of: &Value| json!({"name": name, "valueFrom": {"secretKeyRef": of}});
    let mut env = vec![reference("KAFKA_SASL_PASSWORD", of_password)];
    if !of_user.is_null() {
        env.push(reference("KAFKA_SASLUSERNAME", of_user));
    }
    let mut file = json!({"externalKafka": {"enabled": true, "brokerList": "kafka:9096", "securityProtocol": "SASL_SSL", "sasl": {"mechanisms": "SCRAM-SHA-512", "username": user}}});
    for role in roles {
        file[role] = json!({"extraEnv": env});
    }
    let services: Vec<_> = SERVICES
        .lines()
        .filter(|line| !line.starts_with("externalKafka"))
        .collect();
    let rest: Vec<_> = file
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    imported(
        "2.6.15",
        &format!("{}\n{}\n", services.join("\n"), rest.join("\n")),
    )
}

const ROLES: [&str; 5] = [
    "proxy",
    "queryNode",
    "dataNode",
    "mixCoordinator",
    "streamingNode",
];

#[test]
fn a_login_by_variables_is_not_lost() {
    let key = |key: &str| json!({"name": "login", "key": key});
    // As ours has it: the Secret is named.
    let ours = by_variables("", &key("username"), &key("password"), &ROLES);
    assert_eq!(lines(&ours.unsupported), Vec::<String>::new());
    let file = ours.installation.to_json();
    assert_eq!(
        file["cluster"]["kafka"]["security"],
        json!({"scramSha512": {"existingSecret": "login"}})
    );
    let again = export(&ours.installation).unwrap().to_yaml().unwrap();
    let again = imported("2.6.15", &again);
    assert_eq!(again.installation, ours.installation);

    // With other keys: said, and left to the variables by those who agree.
    let foreign = by_variables("bob", &Value::Null, &key("p"), &ROLES);
    let said = lines(&foreign.unsupported);
    assert!(
        said.len() == 1 && said[0].contains("externalKafka.sasl.username: cannot be honoured"),
        "{said:?}"
    );
    let manifests = objects(&foreign);
    for name in ["proxy", "streamingnode", "mixcoord"] {
        let deployment = object(&manifests, "Deployment", &format!("demo-milvus-{name}"));
        let variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
            .as_array()
            .unwrap();
        let of = |name: &str| {
            let mut all = variables.iter().filter(|variable| variable["name"] == name);
            (all.next().cloned().unwrap_or_default(), all.count())
        };
        let (password, more) = of("KAFKA_SASLPASSWORD");
        assert_eq!(password["valueFrom"]["secretKeyRef"]["key"], "p", "{name}");
        assert_eq!(more, 0);
        assert_eq!(of("KAFKA_SASLUSERNAME").0["value"], "bob", "{name}");
    }
    let text = object(&manifests, "ConfigMap", "demo-milvus")["data"]["default.yaml"].clone();
    let settings: Value = serde_saphyr::from_str(text.as_str().unwrap()).unwrap();
    assert_eq!(settings["kafka"]["securityProtocol"], "SASL_SSL");

    // Some pods alone.
    let partly = by_variables("bob", &Value::Null, &key("p"), &ROLES[1..]);
    let said = lines(&partly.unsupported);
    assert!(
        said.len() == 1 && said[0].contains("some would connect without"),
        "{said:?}"
    );
}

#[test]
fn keys_of_an_object_storage_by_variables_are_not_lost() {
    let pod = |user: &str, password: &str| {
        let text = format!(
            "\
cluster: {{enabled: false}}
etcd: {{replicaCount: 1}}
pulsarv3: {{enabled: false}}
minio: {{enabled: false}}
externalS3: {{enabled: true, host: minio.x, port: 9000, bucketName: vectors, rootPath: a}}
standalone:
  extraEnv:
    - {{name: MINIO_ACCESS_KEY_ID, valueFrom: {{secretKeyRef: {{name: s3, key: {user}}}}}}}
    - {{name: MINIO_SECRET_ACCESS_KEY, valueFrom: {{secretKeyRef: {{name: s3, key: {password}}}}}}}
"
        );
        imported("2.6.15", &text)
    };
    let ours = pod("username", "password");
    assert_eq!(lines(&ours.unsupported), Vec::<String>::new());
    assert_eq!(
        ours.installation.to_json()["standalone"]["s3"]["access"],
        json!({"keys": {"existingSecret": "s3"}})
    );
    let foreign = pod("ak", "sk");
    let said = lines(&foreign.unsupported);
    assert!(
        said.len() == 1 && said[0].contains("externalS3.accessKey: cannot be honoured"),
        "{said:?}"
    );
    let manifests = objects(&foreign);
    let deployment = object(&manifests, "Deployment", "demo-milvus-standalone");
    let variables = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
    let reference = json!({"name": "s3", "key": "sk"});
    let secret = variables
        .as_array()
        .unwrap()
        .iter()
        .find(|variable| variable["name"] == "MINIO_SECRETACCESSKEY");
    assert_eq!(secret.unwrap()["valueFrom"]["secretKeyRef"], reference);
}
