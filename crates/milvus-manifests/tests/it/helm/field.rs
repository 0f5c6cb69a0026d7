//! Small inputs from the field that went wrong, by their numbers, and the right result of each.

use milvus_aws_core::{Installation, installation::Secrets};
use milvus_manifests::helm::{Imported, Values, export};
use serde_json::{Value, json};

use super::{
    keys::SERVICES,
    release::{imported, lines, objects, read, refused, release},
};
use crate::fixtures::{object, values};

/// The installation's file.
#[track_caller]
fn file(version: &str, text: &str) -> Value {
    imported(version, text).installation.to_json()
}

/// The settings that the server reads, of all files.
#[track_caller]
fn settings(imported: &Imported) -> Value {
    let manifests = objects(imported);
    let data = object(&manifests, "ConfigMap", "demo-milvus")["data"].clone();
    let of = |name: &str| -> Value {
        serde_saphyr::from_str(data[name].as_str().unwrap_or_default()).unwrap_or_default()
    };
    let mut all = of("default.yaml");
    merge(&mut all, of("user.yaml"));
    all
}

fn merge(into: &mut Value, later: Value) {
    match (into, later) {
        (Value::Object(into), Value::Object(later)) => {
            for (key, value) in later {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, later) if !later.is_null() => *into = later,
        _ => {}
    }
}

const ALONE: &str = "cluster: {enabled: false}\npulsarv3: {enabled: false}\nminio: {enabled: false, tls: {enabled: false}}\n";

#[test]
fn field_2_1_what_settings_leave_out_is_the_chart_s() {
    let of = |more: &str, user: &str| {
        let text = format!("{ALONE}{more}extraConfigFiles: {{user.yaml: \"{user}\"}}\n");
        imported("2.5.16", &text)
    };
    let keys = "accessKeyID: a, secretAccessKey: b";
    let named = of(
        "",
        &format!("minio: {{address: store, port: 9000, bucketName: bucket-1, {keys}}}"),
    );
    assert_eq!(named.unsupported, []);
    let all = settings(&named);
    assert_eq!(all["minio"]["rootPath"], "file");
    assert_eq!(all["minio"]["bucketName"], "bucket-1");
    // Neither bucket nor port.
    let all = settings(&of("", &format!("minio: {{address: store, {keys}}}")));
    assert_eq!(all["minio"]["bucketName"], "milvus-bucket");
    assert_eq!(all["minio"]["port"], 9000);
    assert_eq!(all["minio"]["rootPath"], "file");
    // What the values say of MinIO stands in the chart's own settings, whether it is on or not.
    let minio = "minio: {enabled: false, rootPath: mine, bucketName: theirs, service: {port: 9100}, tls: {enabled: true}}\n";
    let text = format!(
        "cluster: {{enabled: false}}\npulsarv3: {{enabled: false}}\n{minio}extraConfigFiles: {{user.yaml: \"minio: {{address: store, {keys}}}\"}}\n"
    );
    let all = settings(&imported("2.5.16", &text));
    assert_eq!(
        all["minio"],
        json!({"address": "store", "port": 9100, "useSSL": true, "bucketName": "theirs", "rootPath": "mine",
            "useIAM": false, "cloudProvider": "aws", "region": "", "useVirtualHost": false, "accessKeyID": "a"})
    );
    // Keys that nobody names are MinIO's own.
    let own = of("", "minio: {address: store}");
    let yaml = objects(&own).to_yaml().unwrap();
    assert!(yaml.contains("bWluaW9hZG1pbg=="), "{yaml}");
}

#[test]
fn field_2_1_settings_beside_an_external_storage_win() {
    let text = format!(
        "{SERVICES}extraConfigFiles: {{user.yaml: \"minio: {{bucketName: other, region: eu-west-1}}\"}}\n"
    );
    let all = settings(&imported("2.5.16", &text));
    assert_eq!(all["minio"]["bucketName"], "other");
    assert_eq!(all["minio"]["region"], "eu-west-1");
    assert_eq!(all["minio"]["address"], "s3.us-west-2.amazonaws.com");
    // The values alone would be refused.
    let text = "cluster: {enabled: false}\nminio: {enabled: false}\nexternalS3: {enabled: true, host: store, port: 9000, accessKey: a, secretKey: b}\nextraConfigFiles: {user.yaml: \"minio: {bucketName: other}\"}\n";
    assert_eq!(file("2.5.16", text)["standalone"]["s3"]["bucket"], "other");
}

const AZURE: &str = "cluster: {enabled: false}\nminio: {enabled: false}\npulsarv3: {enabled: false}\nserviceAccount: {create: false, name: sa}\n";

#[test]
fn field_2_2_the_storage_account_stays_beside_a_role() {
    let s3 = "externalS3: {enabled: true, host: core.windows.net, port: 443, useSSL: true, bucketName: container-1, rootPath: files, cloudProvider: azure, useIAM: true, accessKey: account1}\n";
    let imported = imported("2.5.16", &format!("{AZURE}{s3}"));
    assert_eq!(imported.unsupported, []);
    assert_eq!(settings(&imported)["minio"]["accessKeyID"], "account1");
    let exported = export(&imported.installation).unwrap();
    assert_eq!(exported.values["externalS3"]["accessKey"], "account1");
    let without = s3.replace(", accessKey: account1", "");
    let said = refused("2.5.16", &format!("{AZURE}{without}"));
    assert!(said.contains("externalS3.accessKey: is missing"), "{said}");
}

#[test]
fn field_2_3_a_class_alone_leaves_the_chart_s_size() {
    let of = |more: &str| {
        file(
            "2.5.16",
            &format!("{SERVICES}cluster: {{enabled: false}}\n{more}"),
        )
    };
    let claim = of("standalone: {persistence: {persistentVolumeClaim: {storageClass: gp3}}}");
    assert_eq!(
        claim["standalone"]["storage"],
        json!({"size": "50Gi", "class": "gp3"})
    );
    let etcd = of("etcd: {persistence: {storageClass: gp3}}");
    assert_eq!(
        etcd["standalone"]["etcd"]["inCluster"]["storage"],
        json!({"size": "10Gi", "class": "gp3"})
    );
    let log = of("log: {persistence: {enabled: true, persistentVolumeClaim: {storageClass: efs}}}");
    assert_eq!(
        log["log"]["persistence"]["storage"],
        json!({"size": "10Gi", "class": "efs"})
    );
    let all = of("global: {storageClass: gp3}");
    assert_eq!(
        all["standalone"]["etcd"]["inCluster"]["storage"],
        json!({"size": "10Gi", "class": "gp3"})
    );
    let size = of("standalone: {persistence: {persistentVolumeClaim: {size: 80Gi}}}");
    assert_eq!(size["standalone"]["storage"], json!({"size": "80Gi"}));
}

fn deployments(imported: &Imported) -> Vec<String> {
    let manifests = objects(imported);
    let all = values(&manifests);
    all.iter()
        .filter(|object| object["kind"] == "Deployment")
        .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn field_2_4_coordinators_beside_the_mixture_that_is_on_by_default() {
    let root = "image: {all: {tag: v2.4.13}}\nrootCoordinator: {enabled: true, replicas: 2, activeStandby: {enabled: true}}\n";
    let some = imported("2.4.13", &format!("{SERVICES}{root}"));
    let names = deployments(&some);
    assert!(
        names.contains(&"demo-milvus-mixcoord".to_owned()),
        "{names:?}"
    );
    assert!(
        !names.contains(&"demo-milvus-rootcoord".to_owned()),
        "{names:?}"
    );
    let said = lines(&some.notices).join("\n");
    assert!(
        said.contains("mixCoordinator: is on by the chart's default") && said.contains("2 pods"),
        "{said}"
    );
    let four = "rootCoordinator: {enabled: true}\nqueryCoordinator: {enabled: true}\nindexCoordinator: {enabled: true}\ndataCoordinator: {enabled: true}\n";
    let all = imported("2.4.13", &format!("{SERVICES}{four}"));
    assert!(deployments(&all).contains(&"demo-milvus-rootcoord".to_owned()));
    let said = lines(&all.notices).join("\n");
    assert!(
        said.contains("mixCoordinator: is on by the chart's default"),
        "{said}"
    );
    // Said so, nothing is to be told.
    let off = format!("{SERVICES}mixCoordinator: {{enabled: false}}\n{four}");
    assert_eq!(imported("2.4.13", &off).notices, []);
    // Before 2.4.7 the chart has coordinators apart by default.
    let older = imported(
        "2.4.5",
        &format!("{SERVICES}{root}").replace("v2.4.13", "v2.4.5"),
    );
    assert_eq!(older.notices, []);
}

#[test]
fn field_2_5_an_autoscaler_of_the_user_s_own() {
    for (key, name) in [
        ("queryNode", "querynode"),
        ("proxy", "proxy"),
        ("dataNode", "datanode"),
    ] {
        let imported = imported("2.5.16", &format!("{SERVICES}{key}: {{replicas: -1}}\n"));
        assert_eq!(lines(&imported.unsupported), Vec::<String>::new());
        let manifests = objects(&imported);
        let deployment = object(&manifests, "Deployment", &format!("demo-milvus-{name}"));
        assert_eq!(deployment["spec"].get("replicas"), None, "{key}");
        let exported = export(&imported.installation).unwrap();
        assert_eq!(exported.values[key]["replicas"], -1);
        let own = Installation::from_yaml("milvus.yaml", imported.installation.to_yaml());
        assert_eq!(own.unwrap(), imported.installation);
    }
    let coordinator = imported(
        "2.5.16",
        &format!("{SERVICES}mixCoordinator: {{replicas: -1}}\n"),
    );
    assert_eq!(coordinator.unsupported.len(), 1);
}

const TLS: &str = "extraConfigFiles: {user.yaml: \"{common: {security: {tlsMode: 1}}, tls: {serverPemPath: /certs/server.pem, serverKeyPath: /certs/server.key}}\"}\n";
const PROTOCOL: &str = "nginx.ingress.kubernetes.io/backend-protocol";

#[test]
fn field_2_6_what_leads_to_a_server_with_tls_speaks_it() {
    let ingress = "ingress: {enabled: true}\n";
    let of = |text: &str| {
        let imported = imported("2.5.16", &format!("{SERVICES}{text}"));
        let manifests = objects(&imported);
        let annotations =
            object(&manifests, "Ingress", "demo-milvus")["metadata"]["annotations"].clone();
        let said = [lines(&imported.notices), lines(&imported.warnings)]
            .concat()
            .join("\n");
        (annotations[PROTOCOL].clone(), said)
    };
    let (protocol, said) = of(&format!("{TLS}{ingress}"));
    assert_eq!(protocol, "GRPCS");
    assert!(said.contains("GRPCS"), "{said}");
    assert_eq!(of(ingress), (json!("GRPC"), String::new()));
    // What is written stays, with a warning.
    let own = format!("{TLS}ingress: {{enabled: true, annotations: {{{PROTOCOL}: GRPC}}}}\n");
    let (protocol, said) = of(&own);
    assert_eq!(protocol, "GRPC");
    assert!(
        said.contains("ingress.annotations") && said.contains("write `GRPCS`"),
        "{said}"
    );
    // Also where the certificate is one of a Secret.
    let secret = "extraConfigFiles: {user.yaml: \"{common: {security: {tlsMode: 1}}, tls: {serverPemPath: /c/tls.crt, serverKeyPath: /c/tls.key}}\"}\nvolumes: [{name: c, secret: {secretName: certs}}]\nvolumeMounts: [{name: c, mountPath: /c}]\n";
    assert_eq!(of(&format!("{secret}{ingress}")).0, "GRPCS");
}

#[test]
fn field_2_6_attu_speaks_tls_with_a_server_that_does() {
    let url = |text: &str| {
        let imported = imported(
            "2.5.16",
            &format!("{SERVICES}attu: {{enabled: true}}\n{text}"),
        );
        let manifests = objects(&imported);
        let attu = object(&manifests, "Deployment", "demo-milvus-attu");
        attu["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"].clone()
    };
    assert_eq!(url(TLS), "https://demo-milvus:19530");
    assert_eq!(url(""), "http://demo-milvus:19530");
    assert_eq!(
        url(&TLS.replace("tlsMode: 1", "tlsMode: 0")),
        "http://demo-milvus:19530"
    );
}

#[test]
fn field_2_6_an_ingress_of_nginx_speaks_grpc_by_itself() {
    let of = |text: &str| {
        let text = format!("apiVersion: kubectl-milvus/v1\nname: demo\n{text}");
        let installation = Installation::from_yaml("milvus.yaml", text).unwrap();
        let manifests = milvus_manifests::render(&installation, &Secrets::default()).unwrap();
        object(&manifests, "Ingress", "demo-milvus")["metadata"]["annotations"][PROTOCOL].clone()
    };
    assert_eq!(of("ingress: {className: nginx}\n"), "GRPC");
    assert_eq!(
        of("ingress: {className: nginx}\ntls: {secret: certs}\n"),
        "GRPCS"
    );
    assert_eq!(of("ingress: {className: traefik}\n"), Value::Null);
    let own = format!("ingress: {{className: nginx, annotations: {{{PROTOCOL}: HTTP}}}}\n");
    assert_eq!(of(&own), "HTTP");
    // On the way through values it stays so.
    let text = "apiVersion: kubectl-milvus/v1\nname: demo\ningress: {className: nginx}\n";
    let installation = Installation::from_yaml("milvus.yaml", text).unwrap();
    let exported = export(&installation).unwrap();
    assert_eq!(exported.values["ingress"]["annotations"][PROTOCOL], "GRPC");
}

#[test]
fn field_2_7_placeholders_are_told() {
    for (key, text) in [
        (
            "externalS3.secretKey",
            "externalS3: {enabled: true, host: store, port: 9000, bucketName: vectors, accessKey: a, secretKey: \"${SECRET}\"}\n",
        ),
        (
            "externalS3.accessKey",
            "externalS3: {enabled: true, host: store, port: 9000, bucketName: vectors, accessKey: <key-id>, secretKey: b}\n",
        ),
        (
            "externalKafka.sasl.password",
            "externalKafka: {enabled: true, brokerList: 'a:9092', sasl: {username: u, password: $(PASSWORD)}}\n",
        ),
        (
            "extraConfigFiles.user.yaml: common.security.defaultRootPassword",
            "extraConfigFiles: {user.yaml: \"common: {security: {defaultRootPassword: '{{ password }}'}}\"}\n",
        ),
    ] {
        let others: Vec<&str> = SERVICES
            .lines()
            .filter(|line| line.split(':').next() != text.split(':').next())
            .collect();
        let imported = imported("2.5.16", &format!("{}\n{text}", others.join("\n")));
        let paths: Vec<_> = imported
            .placeholders
            .iter()
            .map(|one| one.path.as_str())
            .collect();
        assert_eq!(paths, [key], "{text}");
        let said = lines(&imported.placeholders).concat();
        assert!(
            said.contains("envsubst") && !said.contains("SECRET}"),
            "{said}"
        );
    }
    assert_eq!(imported("2.5.16", SERVICES).placeholders, []);
}

#[test]
fn field_2_8_a_variable_of_the_user_s_own_is_there_once() {
    let text = "\
apiVersion: kubectl-milvus/v1
name: demo
mode: cluster
version: 2.5.16
scheduling: {env: [{name: KAFKA_SASLUSERNAME, value: someone}]}
cluster:
  kafka: {brokers: ['a:9096'], security: {scramSha512: {existingSecret: kafka-login}}}
  s3: {endpoint: 'store:443', bucket: vectors, access: {keys: {existingSecret: s3-login}}}
  components:
    proxy: {pod: {env: [{name: MINIO_ACCESSKEYID, valueFrom: {secretKeyRef: {name: s3-login, key: accesskey}}}]}}
    queryNode: {pod: {env: [{name: MINIO_SECRETACCESSKEY, valueFrom: {secretKeyRef: {name: other, key: secret}}}]}}
";
    let installation = Installation::from_yaml("milvus.yaml", text).unwrap();
    let exported = export(&installation).unwrap();
    assert_eq!(exported.lost, []);
    for key in ["proxy", "queryNode", "dataNode", "mixCoordinator"] {
        let variables = exported.values[key]["extraEnv"].as_array().unwrap();
        let mut names: Vec<_> = variables.iter().map(|one| &one["name"]).collect();
        let all = names.len();
        names.dedup();
        names.sort_by_key(ToString::to_string);
        names.dedup();
        assert_eq!(names.len(), all, "{key}: {variables:?}");
    }
    let again = Values::from_yaml("again.yaml", exported.to_yaml().unwrap()).unwrap();
    let again = again.import(&release("demo", Some("2.5.16"))).unwrap();
    assert_eq!(lines(&again.unsupported), Vec::<String>::new());
    let of = |installation: &Installation| {
        let secrets = installation.resolve_secrets(&NoSecrets).unwrap();
        let manifests = milvus_manifests::render(installation, &secrets).unwrap();
        let env = |name: &str| {
            let deployment = object(&manifests, "Deployment", &format!("demo-milvus-{name}"));
            let env = deployment["spec"]["template"]["spec"]["containers"][0]["env"].clone();
            let mut env = env.as_array().unwrap().clone();
            env.sort_by_key(|one| one["name"].to_string());
            env
        };
        ["proxy", "querynode", "datanode", "mixcoord"].map(env)
    };
    assert_eq!(of(&again.installation), of(&installation));
}

struct NoSecrets;

impl milvus_aws_core::installation::SecretReader for NoSecrets {
    fn file(&self, _: &std::path::Path) -> std::io::Result<secrecy::SecretString> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn variable(&self, _: &str) -> Option<secrecy::SecretString> {
        None
    }
}

const ONE_POD: &str = "cluster: {enabled: false}\netcd: {enabled: false}\nminio: {enabled: false}\npulsarv3: {enabled: false}\n";

#[test]
fn field_3_1_one_pod_with_everything_inside() {
    let text = format!(
        "{ONE_POD}extraConfigFiles: {{user.yaml: \"{{etcd: {{use: {{embed: true}}, data: {{dir: /var/lib/milvus/etcd}}}}, common: {{storageType: local}}}}\"}}\n"
    );
    for version in ["2.4.17", "2.5.16", "2.6.15", "3.0.0"] {
        let imported = imported(version, &text);
        assert_eq!(
            lines(&imported.unsupported),
            Vec::<String>::new(),
            "{version}"
        );
        let file = imported.installation.to_json();
        for key in ["etcd", "s3", "kafka", "pulsar", "woodpecker"] {
            assert_eq!(file["standalone"][key], Value::Null, "{version} {key}");
        }
        assert_eq!(file["config"], Value::Null, "{version}");
        let all = settings(&imported);
        assert_eq!(all["etcd"]["use"]["embed"], true);
        assert_eq!(all["etcd"]["data"]["dir"], "/var/lib/milvus/etcd");
        assert_eq!(all["common"]["storageType"], "local");
        assert_eq!(deployments(&imported), ["demo-milvus-standalone"]);
    }
    let by_variables = format!(
        "{ONE_POD}standalone: {{extraEnv: [{{name: ETCD_USE_EMBED, value: 'true'}}, {{name: COMMON_STORAGETYPE, value: local}}]}}\n"
    );
    let file = file("2.5.16", &by_variables);
    assert_eq!(file["standalone"]["etcd"], Value::Null);
    assert_eq!(file["standalone"]["s3"], Value::Null);
}

#[test]
fn field_3_1_parts_of_it_are_inside() {
    let local = "cluster: {enabled: false}\nminio: {enabled: false}\npulsarv3: {enabled: false}\nextraConfigFiles: {user.yaml: 'common: {storageType: local}'}\n";
    let of = file("2.5.16", local);
    assert_eq!(of["standalone"]["s3"], Value::Null);
    assert_eq!(of["standalone"]["etcd"]["inCluster"]["replicas"], 3);
    for endpoints in ["[etcd-0:2379, etcd-1:2379]", "'etcd-0:2379,etcd-1:2379'"] {
        let text = format!(
            "{ONE_POD}extraConfigFiles: {{user.yaml: \"{{etcd: {{endpoints: {endpoints}}}, common: {{storageType: local}}}}\"}}\n"
        );
        let of = file("2.5.16", &text);
        assert_eq!(
            of["standalone"]["etcd"]["endpoints"],
            json!(["etcd-0:2379", "etcd-1:2379"])
        );
    }
    let embedded = format!(
        "cluster: {{enabled: false}}\netcd: {{enabled: false}}\n{}extraConfigFiles: {{user.yaml: 'etcd: {{use: {{embed: true}}}}'}}\n",
        "minio: {enabled: false}\nexternalS3: {enabled: true, host: store, port: 9000, bucketName: vectors, accessKey: a, secretKey: b}\n"
    );
    let of = file("2.5.16", &embedded);
    assert_eq!(of["standalone"]["etcd"], Value::Null);
    assert_eq!(of["standalone"]["s3"]["bucket"], "vectors");
    let cluster =
        format!("{SERVICES}extraConfigFiles: {{user.yaml: 'common: {{storageType: local}}'}}\n");
    assert!(refused("2.5.16", &cluster).contains("no other pod finds them"));
    let cluster =
        format!("{SERVICES}extraConfigFiles: {{user.yaml: 'etcd: {{use: {{embed: true}}}}'}}\n");
    assert!(refused("2.5.16", &cluster).contains("one pod alone"));
}

#[test]
fn field_3_2_ports_prefixes_regions_and_buckets() {
    let s3 = |more: &str| {
        let text = format!(
            "cluster: {{enabled: false}}\nminio: {{enabled: false}}\nexternalS3: {{enabled: true, accessKey: a, secretKey: b, {more}}}\n"
        );
        imported("2.5.16", &text)
    };
    for more in [
        "host: 'store:9000', port: '9000', bucketName: vectors",
        "host: 'store:9000', port: 9000, bucketName: vectors",
        "host: 'store:9000', bucketName: vectors",
        "host: store, port: '9000', bucketName: vectors",
        "host: 'store:9000', port: 80, bucketName: vectors",
    ] {
        let imported = s3(more);
        let file = imported.installation.to_json();
        assert_eq!(file["standalone"]["s3"]["endpoint"], "store:9000", "{more}");
        let differs = more.contains("80,");
        let said = lines(&imported.notices).join("\n");
        assert_eq!(
            said.contains("externalS3.port: is passed over"),
            differs,
            "{said}"
        );
    }
    let path = |path: &str| {
        let imported = s3(&format!(
            "host: store, port: 9000, bucketName: vectors, rootPath: {path}"
        ));
        settings(&imported)["minio"]["rootPath"].clone()
    };
    assert_eq!(path("/"), "");
    assert_eq!(path("files/"), "files");
    assert_eq!(path("/a/b/"), "a/b");
    assert_eq!(path("a//b"), "a/b");
    for region in ["RegionOne", "default", "US_EAST", "fr-par"] {
        let imported = s3(&format!(
            "host: store, port: 9000, bucketName: vectors, region: {region}"
        ));
        assert_eq!(settings(&imported)["minio"]["region"], region);
    }
    for bucket in ["Vectors", "my_bucket", "Tenant:bucket", "a.b-c"] {
        let imported = s3(&format!("host: store, port: 9000, bucketName: '{bucket}'"));
        assert_eq!(settings(&imported)["minio"]["bucketName"], bucket);
    }
    // AWS has lower case alone.
    let aws = |more: &str| {
        refused(
            "2.5.16",
            &format!(
                "cluster: {{enabled: false}}\nminio: {{enabled: false}}\nexternalS3: {{enabled: true, host: s3.us-west-2.amazonaws.com, port: 443, useSSL: true, accessKey: a, secretKey: b, {more}}}\n"
            ),
        )
    };
    let said = aws("bucketName: Vectors");
    assert!(
        said.contains("externalS3.bucketName: `Vectors` is no valid bucket name"),
        "{said}"
    );
    let said = aws("bucketName: vectors, region: RegionOne");
    assert!(
        said.contains("externalS3.region: `RegionOne` is no valid region"),
        "{said}"
    );
}

#[test]
fn field_3_2_a_prefix_in_the_settings() {
    for (path, is) in [("/", ""), ("files/", "files"), ("''", ""), ("/a/b", "a/b")] {
        let text = format!(
            "{ALONE}extraConfigFiles: {{user.yaml: \"minio: {{address: store, bucketName: b-1, rootPath: {path}, accessKeyID: a, secretAccessKey: b}}\"}}\n"
        );
        let imported = imported("2.5.16", &text);
        assert_eq!(settings(&imported)["minio"]["rootPath"], is, "{path}");
        let own = Installation::from_yaml("milvus.yaml", imported.installation.to_yaml());
        assert_eq!(own.unwrap(), imported.installation);
    }
}

#[test]
fn field_3_3_what_must_not_be_installed_may_run() {
    let text = format!("{SERVICES}image: {{all: {{tag: v2.5.14}}}}\n");
    let values = Values::from_yaml("values.yaml", &text).unwrap();
    let new = values
        .import(&release("demo", None))
        .unwrap_err()
        .to_string();
    assert!(
        new.contains("image.all.tag: 2.5.14 must not be installed"),
        "{new}"
    );
    let runs = values.import_running(&release("demo", None)).unwrap();
    assert_eq!(runs.installation.version.to_string(), "2.5.14");
    let said = lines(&runs.warnings).join("\n");
    assert!(
        said.contains("values.yaml:6:15: image.all.tag: 2.5.14 must not be installed"),
        "{said}"
    );
    // Away from it.
    let away = values.import(&release("demo", Some("2.5.16"))).unwrap();
    assert_eq!(away.installation.version.to_string(), "2.5.16");
}

#[test]
fn field_3_3_a_second_coordinator_that_runs() {
    let text =
        format!("{SERVICES}mixCoordinator: {{replicas: 2, activeStandby: {{enabled: true}}}}\n");
    let values = Values::from_yaml("values.yaml", &text).unwrap();
    let release = release("demo", Some("2.5.17"));
    assert!(values.import(&release).is_err());
    assert_eq!(values.import_running(&release).unwrap().warnings.len(), 1);
}

#[test]
fn field_3_4_small_requests_are_told_and_small_limits_judged() {
    let request = format!(
        "{SERVICES}proxy: {{resources: {{requests: {{memory: 64Mi}}, limits: {{memory: 4Gi}}}}}}\n"
    );
    let small = imported("2.5.16", &request);
    let said = lines(&small.warnings).join("\n");
    assert!(
        said.contains("proxy.resources.requests.memory: is 64Mi"),
        "{said}"
    );
    let limit = format!("{SERVICES}proxy: {{resources: {{limits: {{memory: 64Mi}}}}}}\n");
    assert!(refused("2.5.16", &limit).contains("proxy.resources.limits.memory: is 64Mi"));
    let values = Values::from_yaml("values.yaml", &limit).unwrap();
    let runs = values
        .import_running(&release("demo", Some("2.5.16")))
        .unwrap();
    assert_eq!(runs.warnings.len(), 1);
}

#[test]
fn field_3_5_files_are_laid_over_each_other() {
    let mut values = Values::from_yaml("base.yaml", SERVICES).unwrap();
    values
        .lay_over("more.yaml", "queryNode: {replicas: 2, nodeSelector: {a: b}, tolerations: [{key: a}]}\nexternalS3: {bucketName: other}\n")
        .unwrap();
    values
        .lay_over(
            "last.yaml",
            "queryNode: {nodeSelector: {c: d}, tolerations: [{key: b}]}\nproxy: {replicas: many}\n",
        )
        .unwrap();
    values
        .set("queryNode.replicas=3,service.type=NodePort")
        .unwrap();
    values
        .set_string("service.annotations.example\\.com/a=1")
        .unwrap();
    let wrong = values
        .import(&release("demo", Some("2.5.16")))
        .unwrap_err()
        .to_string();
    assert_eq!(
        wrong,
        "last.yaml:2:9: proxy.replicas: expected a whole number"
    );
    values.set("proxy.replicas=null").unwrap();
    let file = values
        .import(&release("demo", Some("2.5.16")))
        .unwrap()
        .installation
        .to_json();
    let node = &file["cluster"]["components"]["queryNode"];
    assert_eq!(node["replicas"], 3);
    assert_eq!(node["pod"]["nodeSelector"], json!({"a": "b", "c": "d"}));
    assert_eq!(node["pod"]["tolerations"], json!([{"key": "b"}]));
    assert_eq!(file["cluster"]["s3"]["bucket"], "other");
    assert_eq!(file["service"]["type"], "NodePort");
    assert_eq!(
        file["service"]["annotations"],
        json!({"example.com/a": "1"})
    );
    // A flag has no line.
    values.set("queryNode.replicas=many").unwrap();
    let wrong = values
        .import(&release("demo", Some("2.5.16")))
        .unwrap_err()
        .to_string();
    assert_eq!(wrong, "--set: queryNode.replicas: expected a whole number");
}

#[test]
fn field_3_5_null_of_a_later_file_takes_back() {
    let mut values = Values::from_yaml(
        "base.yaml",
        format!("{SERVICES}ingress: {{enabled: true, annotations: {{a: b}}}}\n"),
    )
    .unwrap();
    values
        .lay_over("more.yaml", "ingress: {annotations: null}\n")
        .unwrap();
    let file = values
        .import(&release("demo", Some("2.5.16")))
        .unwrap()
        .installation
        .to_json();
    assert_eq!(file["ingress"]["annotations"], Value::Null);
}

#[test]
fn field_3_6_what_is_harmless_is_taken() {
    for more in [
        "metrics: {enabled: false}",
        "queryNode: {resources: {limits: {nvidia.com/gpu: 0}, requests: {nvidia.com/gpu: '0'}}}",
        "podMonitor: {}",
        "extraObjects: []",
        "priorityClassName: ''",
        "proxy: {podSecurityContext: {}, lifecycle: , initContainers: []}",
        "vectorPool: {enabled: false, image: ''}",
    ] {
        let imported = imported("2.5.16", &format!("{SERVICES}{more}\n"));
        assert_eq!(lines(&imported.unsupported), Vec::<String>::new(), "{more}");
        assert_eq!(lines(&imported.unknown), Vec::<String>::new(), "{more}");
    }
    // A slip of the pen that turns something off is none of them.
    let slip = imported(
        "2.5.16",
        &format!("{SERVICES}queryNodes: {{enabled: false}}\n"),
    );
    assert_eq!(slip.unknown.len(), 1);
}

#[test]
fn field_3_6_utf_16_is_read() {
    let text = format!("{SERVICES}annotations: {{team: größe}}\n");
    let plain = file("2.5.16", &text);
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for bytes in [
        [&[0xFF, 0xFE], &little[..]].concat(),
        [&[0xFE, 0xFF], &big[..]].concat(),
        [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat(),
    ] {
        let values = Values::from_yaml("values.yaml", bytes).unwrap();
        let read = values.import(&release("demo", Some("2.5.16"))).unwrap();
        assert_eq!(read.installation.to_json(), plain);
    }
    let odd = Values::from_yaml("values.yaml", [0xFF, 0xFE, 0x41])
        .err()
        .unwrap()
        .to_string();
    assert!(odd.contains("iconv"), "{odd}");
}

#[test]
fn field_3_7_an_autoscaler_without_requests_is_rendered() {
    let imported = imported(
        "2.5.16",
        &format!("{SERVICES}queryNode: {{hpa: {{enabled: true}}}}\n"),
    );
    assert_eq!(lines(&imported.unsupported), Vec::<String>::new());
    let said = lines(&imported.warnings).join("\n");
    assert!(
        said.contains("queryNode.hpa.cpuUtilization: is a part of what is requested")
            && said.contains("queryNode.hpa.memoryUtilization")
            && said.contains("cannot work until"),
        "{said}"
    );
    let manifests = objects(&imported);
    let all = values(&manifests);
    assert!(
        all.iter()
            .any(|object| object["kind"] == "HorizontalPodAutoscaler")
    );
    // Also as a file.
    let own = Installation::from_yaml("milvus.yaml", imported.installation.to_yaml());
    assert_eq!(own.unwrap(), imported.installation);
}

#[test]
fn field_3_8_a_certificate_in_the_values_is_a_secret() {
    let tls = "proxy: {tls: {enabled: true, secretName: milvus.tls, crt: Y2VydA==, key: a2V5}}\n";
    let imported = imported("2.5.16", &format!("{SERVICES}{tls}"));
    assert_eq!(lines(&imported.unsupported), Vec::<String>::new());
    let said = lines(&imported.notices).join("\n");
    assert!(said.contains("milvus.tls"), "{said}");
    let manifests = objects(&imported);
    let secret = object(&manifests, "Secret", "milvus.tls");
    assert_eq!(secret["type"], "kubernetes.io/tls");
    assert_eq!(
        secret["data"],
        json!({"tls.crt": "Y2VydA==", "tls.key": "a2V5"})
    );
    assert_eq!(
        imported.variables,
        ["MILVUS_TLS_CERTIFICATE", "MILVUS_TLS_KEY"]
    );
    let own = Installation::from_yaml("milvus.yaml", imported.installation.to_yaml());
    assert_eq!(own.unwrap(), imported.installation);
    let yaml = imported.installation.to_yaml();
    assert!(!yaml.contains("a2V5"), "{yaml}");
    // Off, or one half alone: the chart makes none.
    for more in [
        tls.replace("enabled: true", "enabled: false"),
        tls.replace(", key: a2V5", ""),
    ] {
        let imported = read("2.5.16", &format!("{SERVICES}{more}")).unwrap();
        assert!(imported.installation.certificates.is_empty(), "{more}");
    }
    let unnamed = tls.replace("secretName: milvus.tls, ", "");
    assert!(
        refused("2.5.16", &format!("{SERVICES}{unnamed}"))
            .contains("proxy.tls.secretName: is missing")
    );
    let odd = tls.replace("a2V5", "'not base64!'");
    assert!(refused("2.5.16", &format!("{SERVICES}{odd}")).contains("proxy.tls.key: is no base64"));
}

#[test]
fn field_4_1_documents_that_are_no_values_are_refused() {
    for (text, said) in [
        (
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {cluster: {enabled: false}}}\n",
            "`spec.values`",
        ),
        (
            "apiVersion: milvus.io/v1beta1\nkind: Milvus\nmetadata: {name: a}\nspec: {mode: cluster}\n",
            "milvus-operator",
        ),
        ("apiVersion: v1\nkind: Deployment\n", "object of Kubernetes"),
        (
            "apiVersion: kubectl-milvus/v1\nname: demo\n",
            "give it by -f",
        ),
        ("milvus:\n  cluster: {enabled: false}\n", "below `milvus`"),
        (
            "global: {imageRegistry: r}\nmilvus:\n  cluster: {enabled: false}\n",
            "below `milvus`",
        ),
        (
            "image: {tag: '1'}\nservice: {type: ClusterIP}\nvectordb: {externalS3: {enabled: true}}\nredis: {}\n",
            "below `vectordb`",
        ),
        (
            "redis: {enabled: true}\npostgresql: {enabled: true}\n",
            "no values of Milvus's chart",
        ),
    ] {
        let refused = refused("2.5.16", text);
        assert!(refused.contains(said), "{text}:\n{refused}");
    }
}

#[test]
fn field_4_2_unknown_keys_are_told_beside_other_problems() {
    let refused = refused(
        "2.5.16",
        &format!("{SERVICES}queryNode: {{replica: 2}}\nproxy: {{replicas: many}}\n"),
    );
    assert!(
        refused.contains("queryNode.replica: is no key of the chart"),
        "{refused}"
    );
    assert!(
        refused.contains("proxy.replicas: expected a whole number"),
        "{refused}"
    );
    // Where the file's own rules stop it.
    let rules = super::release::refused(
        "2.5.16",
        &format!("{SERVICES}queryNode: {{replica: 2}}\nservice: {{type: Loadbalancer}}\n"),
    );
    assert!(
        rules.contains("queryNode.replica: is no key of the chart"),
        "{rules}"
    );
    // Where even the version is not known.
    let version = Values::from_yaml(
        "values.yaml",
        format!("{SERVICES}queryNode: {{replica: 2}}\nimage: {{all: {{tag: nightly}}}}\n"),
    )
    .unwrap()
    .import(&release("demo", None))
    .unwrap_err()
    .to_string();
    assert!(
        version.contains("queryNode.replica: is no key of the chart"),
        "{version}"
    );
}

#[test]
fn field_4_3_messages_name_keys_of_the_values() {
    let alone = "cluster: {enabled: false}\nminio: {enabled: false}\n";
    for (text, said, unsaid) in [
        (
            "externalS3: {enabled: true, host: store, port: 9000, accessKey: a, secretKey: b}",
            "externalS3.bucketName: is missing",
            "`bucket`",
        ),
        (
            "externalS3: {enabled: true, host: store, port: 9000, bucketName: vectors, useIAM: true, region: a}",
            "externalS3.useSSL: `useIAM: true`",
            "`tls: true`",
        ),
        (
            "externalS3: {enabled: true, host: store, port: 443, useSSL: true, bucketName: vectors, useIAM: true}",
            "externalS3.region: is missing",
            "standalone.s3",
        ),
        (
            "externalS3: {enabled: true, host: store, port: 9000, bucketName: vectors, accessKey: a, secretKey: b, cloudProvider: azur}",
            "externalS3.cloudProvider: `azur` is not known, write `azure`",
            "standalone",
        ),
    ] {
        let refused = refused("2.5.16", &format!("{alone}{text}\n"));
        assert!(
            refused.contains(said) && !refused.contains(unsaid),
            "{text}:\n{refused}"
        );
    }
    for (more, said, unsaid) in [
        (
            "queryNode: {hpa: {enabled: true, minReplicas: 3, maxReplicas: 2}, resources: {requests: {cpu: 1, memory: 1Gi}}}",
            "queryNode.hpa.maxReplicas: is 2, below `minReplicas`",
            "`min`",
        ),
        (
            "nameOverride: a-name-that-is-far-too-long-for-the-names-of-objects-of-a-release",
            "nameOverride: ",
            "names.fullName",
        ),
        ("cdc: {enabled: true}", "cdc", "cluster.components"),
    ] {
        let refused = refused("2.5.16", &format!("{SERVICES}{more}\n"));
        assert!(
            refused.contains(said) && !refused.contains(unsaid),
            "{more}:\n{refused}"
        );
    }
}

#[test]
fn field_4_4_hints_for_keys_that_people_write() {
    for (more, said) in [
        (
            "standalone: {persistence: {size: 5Gi}}",
            "persistentVolumeClaim: {size: …}",
        ),
        (
            "standalone: {persistence: {storageClass: gp3}}",
            "persistentVolumeClaim: {storageClass: …}",
        ),
        ("storageClass: gp3", "etcd.persistence.storageClass"),
        ("podAnnotations: {a: b}", "write `annotations`"),
        ("queryNode: {podAnnotations: {a: b}}", "write `annotations`"),
        (
            "common: {security: {authorizationEnabled: true}}",
            "extraConfigFiles: {user.yaml",
        ),
        (
            "quotaAndLimits: {enabled: true}",
            "extraConfigFiles: {user.yaml",
        ),
        ("externalEtcd: {user: root}", "etcd: {auth:"),
        ("externalEtcd: {password: secret}", "etcd: {auth:"),
        ("image: {tag: v2.5.16}", "write `image.all.tag`"),
    ] {
        let imported = imported("2.5.16", &format!("{SERVICES}{more}\n"));
        let told = lines(&imported.unknown).join("\n");
        assert!(
            told.contains(said) && !told.contains("secret"),
            "{more}: {told}"
        );
    }
    let alone = "cluster: {enabled: false}\nminio: {enabled: false}\n";
    for (s3, said) in [
        (
            "cloudProvider: gcp, bucketName: b-1",
            "externalS3.host: is missing, write the host of the storage's API, for example `storage.googleapis.com`",
        ),
        (
            "cloudProvider: azure, bucketName: b-1",
            "`core.windows.net`",
        ),
        (
            "cloudProvider: azure, host: account1.blob.core.windows.net, port: 443, bucketName: b-1",
            "write `core.windows.net`, and `accessKey: account1`",
        ),
        (
            "cloudProvider: azure, host: 'account1.blob.core.windows.net:443', bucketName: b-1",
            "and `accessKey: account1`",
        ),
    ] {
        let refused = refused(
            "2.5.16",
            &format!("{alone}externalS3: {{enabled: true, accessKey: a, secretKey: b, {s3}}}\n"),
        );
        assert!(refused.contains(said), "{s3}:\n{refused}");
    }
}

#[test]
fn field_5_2_a_class_of_load_balancers_is_a_key() {
    let text = "apiVersion: kubectl-milvus/v1\nname: demo\nservice: {type: LoadBalancer, loadBalancerClass: example.com/x}\nattu: {service: {type: LoadBalancer, loadBalancerClass: example.com/y}}\n";
    let installation = Installation::from_yaml("milvus.yaml", text).unwrap();
    let manifests = milvus_manifests::render(&installation, &Secrets::default()).unwrap();
    let class =
        |name: &str| object(&manifests, "Service", name)["spec"]["loadBalancerClass"].clone();
    assert_eq!(class("demo-milvus"), "example.com/x");
    assert_eq!(class("demo-milvus-attu"), "example.com/y");
    let wrong = text.replace("LoadBalancer,", "NodePort,");
    let wrong = Installation::from_yaml("milvus.yaml", wrong)
        .unwrap_err()
        .to_string();
    assert!(
        wrong.contains("service.loadBalancerClass: needs `type: LoadBalancer`"),
        "{wrong}"
    );
}
