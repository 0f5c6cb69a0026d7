//! Values to an installation and back: nothing is lost on the way, and an installation's own file says the same.

use milvus_aws_core::Installation;
use milvus_manifests::helm::{Values, export};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    keys::SERVICES,
    release::{imported, release},
};

fn maybe(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), value]
}

fn resources() -> impl Strategy<Value = Value> {
    (1_u32..8, 1_u32..64).prop_map(|(cpu, memory)| {
        json!({"requests": {"cpu": cpu, "memory": format!("{memory}Gi")}, "limits": {"memory": format!("{}Gi", memory * 2)}})
    })
}

fn component() -> impl Strategy<Value = Value> {
    let pods = prop_oneof![
        Just(json!({})),
        Just(
            json!({"nodeSelector": {"pool": "milvus"}, "tolerations": [{"key": "a", "operator": "Exists"}]})
        ),
        Just(
            json!({"extraEnv": [{"name": "A", "value": "yes"}], "annotations": {"example.com/a": "0123"}})
        ),
        Just(
            json!({"topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}]})
        ),
    ];
    (1_u8..5, maybe(resources()), pods).prop_map(|(replicas, resources, mut pods)| {
        pods["replicas"] = json!(replicas);
        pods["resources"] = resources;
        pods
    })
}

fn queue() -> impl Strategy<Value = (bool, Value)> {
    prop_oneof![
        Just((
            false,
            json!({"externalKafka": {"enabled": true, "brokerList": "a:9092,b:9092", "securityProtocol": "PLAINTEXT"}})
        )),
        Just((
            false,
            json!({"externalKafka": {"enabled": true, "brokerList": "a:9092", "securityProtocol": "SSL"}})
        )),
        Just((
            false,
            json!({"externalKafka": {"enabled": true, "brokerList": "a:9096", "securityProtocol": "SASL_SSL", "sasl": {"mechanisms": "SCRAM-SHA-512", "username": "milvus", "password": "secret"}}})
        )),
        Just((
            false,
            json!({"externalPulsar": {"enabled": true, "host": "pulsar", "authPlugin": "token", "authParams": "token:a"}})
        )),
        Just((true, json!({"woodpecker": {"enabled": true}}))),
    ]
}

fn server() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({})),
        Just(
            json!({"service": {"type": "LoadBalancer", "annotations": {"a": "yes"}, "loadBalancerSourceRanges": ["10.0.0.0/8"]}})
        ),
        Just(
            json!({"service": {"type": "LoadBalancer"}, "fullnameOverride": "vectors", "labels": {"a": "b"}})
        ),
        Just(
            json!({"service": {"type": "NodePort", "nodePort": 31000}, "log": {"level": "debug", "persistence": {"enabled": true}}})
        ),
        Just(
            json!({"ingress": {"enabled": true, "annotations": {"a": "b"}}, "metrics": {"serviceMonitor": {"enabled": true}}})
        ),
        Just(
            json!({"attu": {"enabled": true, "ingress": {"enabled": true, "hosts": [null]}}, "nodeSelector": {"a": "b"}})
        ),
        Just(
            json!({"extraConfigFiles": {"user.yaml": "common: {security: {authorizationEnabled: true}, note: 'yes'}\nproxy: {maxUserNum: 5}\n"}})
        ),
        Just(
            json!({"extraConfigFiles": {"user.yaml": "common: {security: {authorizationEnabled: true, defaultRootPassword: secret}}\n"}})
        ),
        Just(tls("1")),
        Just(tls("2")),
        Just(
            json!({"extraConfigFiles": {"user.yaml": "common: {security: {tlsMode: 1}}\n"}, "service": {"type": "ClusterIP"}})
        ),
        Just(
            json!({"etcd": {"replicaCount": 1, "persistence": {"size": "20Gi", "storageClass": "gp3"}, "nodeSelector": {"a": "b"}}})
        ),
        Just(json!({"externalEtcd": {"enabled": true, "endpoints": ["etcd:2379"]}})),
        Just(
            json!({"image": {"all": {"repository": "mirror.example.com/milvus", "pullPolicy": "Always", "pullSecrets": ["mirror"]}}})
        ),
    ]
}

/// As Milvus's documentation has it: certificates of a Secret, and REST on a port of its own.
fn tls(mode: &str) -> Value {
    let folder = "/etc/milvus/certs";
    let settings = format!(
        "common: {{security: {{tlsMode: {mode}}}}}\nproxy: {{http: {{port: 8080}}}}\n\
         tls: {{serverPemPath: {folder}/tls.crt, serverKeyPath: {folder}/tls.key, caPemPath: {folder}/ca.crt}}\n"
    );
    json!({
        "extraConfigFiles": {"user.yaml": settings},
        "volumes": [{"name": "certificates", "secret": {"secretName": "server"}}],
        "volumeMounts": [{"name": "certificates", "mountPath": folder, "readOnly": true}],
    })
}

fn storage() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(
            json!({"externalS3": {"enabled": true, "host": "s3.us-west-2.amazonaws.com", "port": "443", "useSSL": true, "bucketName": "vectors", "useIAM": true}})
        ),
        Just(
            json!({"externalS3": {"enabled": true, "host": "minio", "port": 9000, "bucketName": "vectors", "accessKey": "a", "secretKey": "b"}, "serviceAccount": {"create": true}})
        ),
    ]
}

prop_compose! {
    fn cluster()(
        version in proptest::sample::select(&["2.3.13", "2.4.5", "2.4.17", "2.5.16", "2.6.15", "3.0.0"][..]),
        (newer, queue) in queue(),
        storage in storage(),
        server in server(),
        coordinator in component(),
        worker in component(),
        scales in any::<bool>(),
    ) -> (String, Value) {
        let mut file = json!({"minio": {"enabled": false}, "pulsar": {"enabled": false}, "pulsarv3": {"enabled": false}});
        let queue = match (newer, version < "2.6") {
            (true, true) => json!({"externalKafka": {"enabled": true, "securityProtocol": "PLAINTEXT"}}),
            _ => queue,
        };
        for part in [queue, storage, server] {
            for (key, value) in part.as_object().unwrap() {
                file[key] = value.clone();
            }
        }
        if ["2.3.13", "2.4.5"].contains(&version) && file["externalKafka"]["securityProtocol"] == "SSL" {
            // TLS without a login comes with 2.4.6.
            file["externalKafka"]["securityProtocol"] = json!("PLAINTEXT");
        }
        file["rootCoordinator"] = coordinator;
        file["queryNode"] = worker.clone();
        if scales {
            file["queryNode"] = json!({"hpa": {"enabled": true}, "resources": {"requests": {"cpu": 1, "memory": "4Gi"}}});
        }
        file["indexNode"] = worker;
        (version.to_owned(), file)
    }
}

prop_compose! {
    fn standalone()(
        version in proptest::sample::select(&["2.3.13", "2.4.17", "2.5.16", "2.6.15"][..]),
        storage in storage(),
        server in server(),
        pod in component(),
        claim in maybe(Just(json!({"persistentVolumeClaim": {"size": "80Gi", "storageClass": "gp3"}}))),
        queue in proptest::sample::select(&["", "rocksmq", "kafka"][..]),
    ) -> (String, Value) {
        let mut file = json!({"cluster": {"enabled": false}, "minio": {"enabled": false}, "pulsar": {"enabled": false}, "pulsarv3": {"enabled": false}});
        for part in [storage, server] {
            for (key, value) in part.as_object().unwrap() {
                file[key] = value.clone();
            }
        }
        file["externalKafka"] = json!({"enabled": queue == "kafka", "securityProtocol": "PLAINTEXT"});
        file["standalone"] = pod;
        file["standalone"]["replicas"] = json!(1);
        file["standalone"]["persistence"] = claim;
        if !queue.is_empty() {
            file["standalone"]["messageQueue"] = json!(queue);
        }
        (version.to_owned(), file)
    }
}

fn comes_back(version: &str, file: &Value) -> Result<(), TestCaseError> {
    let first = imported(version, &file.to_string());
    prop_assert_eq!(&first.unsupported, &[]);
    let exported = export(&first.installation).unwrap();
    prop_assert_eq!(&exported.lost, &[]);
    let text = exported.to_yaml().unwrap();
    prop_assert!(!text.contains("secret\n"), "{text}");
    let second = Values::from_yaml("again.yaml", &text)
        .unwrap()
        .import(&release("demo", Some(version)));
    let second = match second {
        Ok(second) => second,
        Err(invalid) => return Err(TestCaseError::fail(format!("{invalid}\n{text}"))),
    };
    prop_assert_eq!(&second.unsupported, &[], "{}", text);
    prop_assert_eq!(&second.notices, &[], "{}", text);
    prop_assert_eq!(&second.installation, &first.installation, "{}", text);
    let own = Installation::from_yaml("milvus.yaml", first.installation.to_yaml());
    prop_assert_eq!(&own.unwrap(), &first.installation);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn clusters_come_back((version, file) in cluster()) {
        comes_back(&version, &file)?;
    }

    #[test]
    fn single_pods_come_back((version, file) in standalone()) {
        comes_back(&version, &file)?;
    }
}

#[test]
fn passwords_are_no_part_of_values() {
    let more = "externalKafka: {enabled: true, brokerList: 'a:9096', securityProtocol: SASL_SSL, sasl: {mechanisms: SCRAM-SHA-512, username: milvus, password: hunter2}}\n";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    assert_eq!(imported.variables, ["MILVUS_KAFKA_PASSWORD"]);
    let exported = export(&imported.installation).unwrap();
    let text = exported.to_yaml().unwrap();
    assert!(
        !text.contains("hunter2") && text.contains("${MILVUS_KAFKA_PASSWORD}"),
        "{text}"
    );
}

#[test]
fn what_the_chart_cannot_say_is_told() {
    let file = "apiVersion: kubectl-milvus/v1\nname: demo\n";
    let installation = Installation::from_yaml("milvus.yaml", file).unwrap();
    let lost = export(&installation).unwrap().lost;
    let paths: Vec<_> = lost.iter().map(|remark| remark.path.as_str()).collect();
    assert_eq!(paths, ["standalone.etcd", "standalone.s3"]);
    let on_aws = "apiVersion: kubectl-milvus/v1\nname: demo\ntarget: aws\n";
    let installation = Installation::from_yaml("milvus.yaml", on_aws).unwrap();
    assert_eq!(export(&installation).unwrap().lost[0].path, "target");
}

#[test]
fn a_secret_that_exists_is_referred_to() {
    let file = "\
apiVersion: kubectl-milvus/v1
name: demo
mode: cluster
cluster:
  kafka: {brokers: ['a:9096'], security: {scramSha512: {existingSecret: kafka-login}}}
  s3: {endpoint: 's3:443', bucket: vectors, access: {keys: {existingSecret: s3-login}}}
";
    let installation = Installation::from_yaml("milvus.yaml", file).unwrap();
    let exported = export(&installation).unwrap();
    assert_eq!(exported.lost, []);
    let variables = exported.values["proxy"]["extraEnv"].as_array().unwrap();
    let reference = json!({"secretKeyRef": {"name": "kafka-login", "key": "password"}});
    assert!(
        variables.contains(&json!({"name": "KAFKA_SASLPASSWORD", "valueFrom": reference})),
        "{variables:?}"
    );
}
