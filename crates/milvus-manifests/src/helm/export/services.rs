//! The service account, metadata, the log and object storage.

use serde_json::{Value as Json, json};

use super::Export;

/// Services that the chart would bring along.
const SUB_CHARTS: [&str; 4] = ["minio", "pulsar", "pulsarv3", "kafka"];

/// Everything that the server stands on.
pub(super) fn write(export: &mut Export<'_>) {
    let section = if export.file["cluster"].is_object() {
        "cluster"
    } else {
        "standalone"
    };
    export.put("cluster.enabled", section == "cluster");
    export.pass_all(
        &format!("{section}.serviceAccount"),
        "serviceAccount",
        &["name", "create", "annotations", "labels"],
    );
    // Each by its name, whatever a later chart's defaults are.
    for name in SUB_CHARTS {
        export.put(&format!("{name}.enabled"), false);
    }
    etcd(export, section);
    object_storage(export, section);
    queue(export, section);
}

fn etcd(export: &mut Export<'_>, section: &str) {
    let path = format!("{section}.etcd");
    if let Some(endpoints) = export.take(&format!("{path}.endpoints")) {
        export.put("etcd.enabled", false);
        export.put("externalEtcd.enabled", true);
        return export.put("externalEtcd.endpoints", endpoints);
    }
    if export.file[section]["etcd"].is_null() {
        return export.lose(
            &path,
            "the chart keeps metadata in an etcd of its own; in the server's own pod it cannot",
        );
    }
    let path = format!("{path}.inCluster");
    export.pass(&format!("{path}.replicas"), "etcd.replicaCount");
    export.resources(&format!("{path}.resources"), "etcd.resources");
    export.pass(&format!("{path}.storage.size"), "etcd.persistence.size");
    export.pass(
        &format!("{path}.storage.class"),
        "etcd.persistence.storageClass",
    );
    export.pass_all(
        &format!("{path}.image"),
        "etcd.image",
        &["repository", "tag", "pullPolicy"],
    );
    export.pass(
        &format!("{path}.autoCompaction.mode"),
        "etcd.autoCompactionMode",
    );
    export.pass(
        &format!("{path}.autoCompaction.retention"),
        "etcd.autoCompactionRetention",
    );
    etcd_variables(export, &path);
    let pod = format!("{path}.pod");
    for (ours, key) in [
        ("labels", "podLabels"),
        ("annotations", "podAnnotations"),
        ("nodeSelector", "nodeSelector"),
        ("affinity", "affinity"),
        ("tolerations", "tolerations"),
        ("topologySpreadConstraints", "topologySpreadConstraints"),
        ("priorityClass", "priorityClassName"),
        ("runtimeClass", "runtimeClassName"),
        ("volumes", "extraVolumes"),
        ("volumeMounts", "extraVolumeMounts"),
        ("initContainers", "initContainers"),
        ("sidecars", "sidecars"),
        ("securityContext", "podSecurityContext"),
        ("containerSecurityContext", "containerSecurityContext"),
        ("imagePullSecrets", "image.pullSecrets"),
    ] {
        export.pass(&format!("{pod}.{ours}"), &format!("etcd.{key}"));
    }
    etcd_pull(export);
}

/// Ours takes what is said of Milvus's image where nothing is said of etcd's; the chart's does not.
fn etcd_pull(export: &mut Export<'_>) {
    for key in ["pullPolicy", "pullSecrets"] {
        let said = export.values["image"]["all"][key].clone();
        let is_usual = said.is_null() || said == "IfNotPresent";
        if !is_usual && export.values["etcd"]["image"][key].is_null() {
            export.put(&format!("etcd.image.{key}"), said);
        }
    }
}

/// A list replaces the chart's own, so that all of it is written.
fn etcd_variables(export: &mut Export<'_>, path: &str) {
    let quota = export.take(&format!("{path}.quota"));
    let more = export.take(&format!("{path}.pod.env"));
    let bytes = quota
        .as_ref()
        .and_then(Json::as_str)
        .and_then(|text| text.parse::<milvus_aws_core::installation::Memory>().ok());
    if bytes.is_none() && more.is_none() {
        return;
    }
    let bytes = bytes.map_or(4 << 30, |memory| memory.mib() << 20);
    let variable = |name: &str, value: String| json!({"name": name, "value": value});
    let mut all = vec![
        variable("ETCD_QUOTA_BACKEND_BYTES", bytes.to_string()),
        variable("ETCD_HEARTBEAT_INTERVAL", "500".to_owned()),
        variable("ETCD_ELECTION_TIMEOUT", "2500".to_owned()),
    ];
    all.extend(
        more.as_ref()
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .cloned(),
    );
    export.put("etcd.extraEnvVars", all);
}

fn object_storage(export: &mut Export<'_>, section: &str) {
    let path = format!("{section}.s3");
    if export.file[section]["s3"].is_null() {
        return export.lose(
            &path,
            "the chart keeps objects in an object storage; in the server's own volume it cannot",
        );
    }
    export.put("externalS3.enabled", true);
    if let Some((host, port)) = export.address(&format!("{path}.endpoint")) {
        export.put("externalS3.host", host);
        export.put("externalS3.port", port);
    }
    export.pass(&format!("{path}.tls"), "externalS3.useSSL");
    export.pass(&format!("{path}.bucket"), "externalS3.bucketName");
    export.pass(&format!("{path}.virtualHost"), "externalS3.useVirtualHost");
    export.pass_all(&path, "externalS3", &["rootPath", "region", "iamEndpoint"]);
    let provider = export.take(&format!("{path}.cloudProvider"));
    let provider = provider.as_ref().and_then(Json::as_str).unwrap_or("aws");
    // The server knows MinIO as the S3 that it imitates.
    export.put(
        "externalS3.cloudProvider",
        if provider == "minio" { "aws" } else { provider },
    );
    let access = export.take(&format!("{path}.access")).unwrap_or_default();
    if access == "iam" {
        export.pass(&format!("{path}.account"), "externalS3.accessKey");
        return export.put("externalS3.useIAM", true);
    }
    let variables = [
        ("externalS3.accessKey", "MINIO_ACCESSKEYID"),
        ("externalS3.secretKey", "MINIO_SECRETACCESSKEY"),
    ];
    export.login(
        &format!("{path}.access"),
        &access["keys"],
        variables,
        "MILVUS_S3_SECRET_KEY",
    );
}

fn queue(export: &mut Export<'_>, section: &str) {
    let has = |export: &Export<'_>, key: &str| !export.file[section][key].is_null();
    let name = ["kafka", "pulsar", "woodpecker"]
        .into_iter()
        .find(|key| has(export, key));
    let path = format!("{section}.{}", name.unwrap_or_default());
    match name {
        Some("kafka") => kafka(export, &path),
        Some("pulsar") => pulsar(export, &path),
        Some(_) => woodpecker(export, &path, section),
        None => {}
    }
    if section == "standalone" {
        let own = export.topology.message_queue.setting();
        let set = export
            .settings
            .get("mq")
            .and_then(|mq| mq["type"].as_str())
            .map(str::to_owned);
        export.put(
            "standalone.messageQueue",
            name.map(str::to_owned)
                .or(set)
                .unwrap_or_else(|| own.to_owned()),
        );
    }
}

fn kafka(export: &mut Export<'_>, path: &str) {
    export.put("externalKafka.enabled", true);
    let brokers = export.take(&format!("{path}.brokers")).unwrap_or_default();
    let brokers: Vec<&str> = brokers
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    export.put("externalKafka.brokerList", brokers.join(","));
    let security = export
        .take(&format!("{path}.security"))
        .unwrap_or_else(|| json!("plaintext"));
    let mechanisms = [
        ("scramSha512", "SCRAM-SHA-512"),
        ("scramSha256", "SCRAM-SHA-256"),
        ("plain", "PLAIN"),
    ];
    let login = mechanisms.iter().find(|(key, _)| security[key].is_object());
    let Some((key, mechanism)) = login else {
        let protocol = if security == "tls" {
            "SSL"
        } else {
            "PLAINTEXT"
        };
        return export.put("externalKafka.securityProtocol", protocol);
    };
    export.put("externalKafka.securityProtocol", "SASL_SSL");
    export.put("externalKafka.sasl.mechanisms", *mechanism);
    let variables = [
        ("externalKafka.sasl.username", "KAFKA_SASLUSERNAME"),
        ("externalKafka.sasl.password", "KAFKA_SASLPASSWORD"),
    ];
    export.login(
        &format!("{path}.security"),
        &security[key],
        variables,
        "MILVUS_KAFKA_PASSWORD",
    );
}

fn pulsar(export: &mut Export<'_>, path: &str) {
    export.put("externalPulsar.enabled", true);
    let tls = export.take(&format!("{path}.tls")) == Some(json!(true));
    if let Some((host, port)) = export.address(&format!("{path}.endpoint")) {
        let host = if tls {
            format!("pulsar+ssl://{host}:{port}")
        } else {
            host
        };
        export.put("externalPulsar.host", host);
        export.put(
            "externalPulsar.port",
            port.parse::<u16>().unwrap_or_default(),
        );
    }
    export.pass_all(path, "externalPulsar", &["tenant", "namespace"]);
    if let Some(size) = export.take(&format!("{path}.maxMessageSize")) {
        export.put("externalPulsar.maxMessageSize", size.to_string());
    }
    if let Some(auth) = export.take(&format!("{path}.auth")) {
        let variables = [
            ("externalPulsar.authPlugin", "PULSAR_AUTHPLUGIN"),
            ("externalPulsar.authParams", "PULSAR_AUTHPARAMS"),
        ];
        export.login(
            &format!("{path}.auth"),
            &auth,
            variables,
            "MILVUS_PULSAR_AUTH",
        );
    }
}

fn woodpecker(export: &mut Export<'_>, path: &str, section: &str) {
    if export.take(&format!("{path}.service")).is_some() {
        return export.lose(
            path,
            "the chart makes a service for the log itself; one that exists it cannot use",
        );
    }
    if section == "cluster" {
        export.put("woodpecker.enabled", true);
    }
    export.put("streaming.woodpecker.embedded", true);
    // `embedded` alone stands for all its defaults.
    if export.file.pointer(&format!("/{}", path.replace('.', "/"))) == Some(&json!("embedded")) {
        export.take(path);
    }
    export.pass(
        &format!("{path}.embedded.storage"),
        "streaming.woodpecker.storage.type",
    );
}

impl Export<'_> {
    /// Host and port of an address.
    fn address(&mut self, path: &str) -> Option<(String, String)> {
        let endpoint = self.take(path)?;
        let (host, port) = endpoint.as_str()?.rsplit_once(':')?;
        Some((host.to_owned(), port.to_owned()))
    }

    /// A login: a user name and a placeholder, or variables out of a Secret that exists, which the chart has no key for.
    fn login(&mut self, path: &str, login: &Json, keys: [(&str, &str); 2], usual: &str) {
        let [(user_key, user_variable), (password_key, password_variable)] = keys;
        if let Some(secret) = login["existingSecret"].as_str() {
            for (variable, key) in [(user_variable, "username"), (password_variable, "password")] {
                let reference = json!({"secretKeyRef": {"name": secret, "key": key}});
                self.variables
                    .push(json!({"name": variable, "valueFrom": reference}));
            }
            return;
        }
        self.put(user_key, login["username"].clone());
        let password = self.placeholder(path, &login["password"], usual);
        self.put(password_key, password);
    }
}
