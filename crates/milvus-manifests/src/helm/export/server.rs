//! Names, images, the service for clients, log files, metrics, Attu and settings.

use milvus_aws_core::installation::{self, BACKEND_PROTOCOL, protocol_of_nginx};
use serde_json::{Map, Value as Json, json};

use super::{super::import::FOR_NGINX, Export};
use crate::{Error, yaml};

/// Fields of all pods that both sides call alike.
const PODS: [&str; 8] = [
    "nodeSelector",
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "securityContext",
    "containerSecurityContext",
    "volumes",
    "volumeMounts",
];

/// What goes for the whole server.
pub(super) fn write(export: &mut Export<'_>) {
    let tag = match export.take("image.tag") {
        Some(Json::String(tag)) => tag,
        _ => export.installation.version.tag(),
    };
    export.put("image.all.tag", tag);
    export.pass_all("image", "image.all", &["repository", "pullPolicy"]);
    export.pass("names.fullName", "fullnameOverride");
    export.pass("names.appName", "nameOverride");
    export.pass("labels", "labels");
    export.pass("annotations", "annotations");
    for field in PODS {
        export.pass(&format!("scheduling.{field}"), field);
    }
    export.pass("scheduling.imagePullSecrets", "image.all.pullSecrets");
    if let Some(Json::Object(certificates)) = export.take("certificates") {
        for name in certificates.keys() {
            export.lose(
                &format!("certificates.{name}"),
                "the certificate is no part of values: make the Secret by `kubectl create secret tls`",
            );
        }
    }
    service(export);
    ingress(export);
    log(export);
    metrics(export);
    attu(export);
}

fn service(export: &mut Export<'_>) {
    let fields = [
        "type",
        "port",
        "annotations",
        "labels",
        "nodePort",
        "clusterIP",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
        "externalIPs",
    ];
    let is_open = export.file["service"]["type"] == "LoadBalancer"
        && export.file["service"]["loadBalancerSourceRanges"].is_null();
    export.pass_all("service", "service", &fields);
    if is_open {
        export.put("service.loadBalancerSourceRanges", json!([]));
    }
}

fn ingress(export: &mut Export<'_>) {
    if export.file["ingress"].is_null() {
        return;
    }
    export.put("ingress.enabled", true);
    export.pass("ingress.className", "ingress.ingressClassName");
    export.pass("ingress.labels", "ingress.labels");
    let own = export
        .take("ingress.annotations")
        .unwrap_or_else(|| json!({}));
    let mut annotations = own.as_object().cloned().unwrap_or_default();
    let installation = export.installation;
    let ingress = installation.ingress.as_ref();
    if ingress.is_some_and(installation::Ingress::is_of_nginx) {
        let protocol = protocol_of_nginx(installation.speaks_tls());
        annotations
            .entry(BACKEND_PROTOCOL)
            .or_insert_with(|| json!(protocol));
    }
    for (key, _) in FOR_NGINX {
        // The chart adds its own unless they are taken back.
        annotations.entry(key).or_insert(Json::Null);
    }
    export.put("ingress.annotations", annotations);
    let rules = export.take("ingress.rules").unwrap_or_else(|| json!([]));
    export.put("ingress.rules", rules);
    export.pass("ingress.tls", "ingress.tls");
}

fn log(export: &mut Export<'_>) {
    export.pass_all("log", "log", &["level", "format"]);
    export.pass("log.maxSizeMiB", "log.file.maxSize");
    export.pass("log.maxAgeDays", "log.file.maxAge");
    export.pass("log.maxBackups", "log.file.maxBackups");
    if export.file["log"]["persistence"].is_null() {
        return;
    }
    let (path, key) = ("log.persistence", "log.persistence");
    let claim = format!("{key}.persistentVolumeClaim");
    export.put(&format!("{key}.enabled"), true);
    export.pass(&format!("{path}.mountPath"), &format!("{key}.mountPath"));
    export.pass(
        &format!("{path}.existingClaim"),
        &format!("{claim}.existingClaim"),
    );
    export.pass(&format!("{path}.subPath"), &format!("{claim}.subPath"));
    export.pass(
        &format!("{path}.accessMode"),
        &format!("{claim}.accessModes"),
    );
    export.pass(&format!("{path}.storage.size"), &format!("{claim}.size"));
    export.pass(
        &format!("{path}.storage.class"),
        &format!("{claim}.storageClass"),
    );
}

fn metrics(export: &mut Export<'_>) {
    if export.file["metrics"]["serviceMonitor"].is_null() {
        return;
    }
    let (path, key) = ("metrics.serviceMonitor", "metrics.serviceMonitor");
    export.put(&format!("{key}.enabled"), true);
    export.pass_all(path, key, &["interval", "scrapeTimeout"]);
    export.pass(
        &format!("{path}.labels"),
        &format!("{key}.additionalLabels"),
    );
}

fn attu(export: &mut Export<'_>) {
    if export.file["attu"].is_null() {
        return;
    }
    export.put("attu.enabled", true);
    match export.take("attu.replicas") {
        Some(replicas) if replicas != json!(1) => {
            export.lose("attu.replicas", "the chart runs one pod of Attu");
        }
        _ => {}
    }
    export.pass_all(
        "attu.image",
        "attu.image",
        &["repository", "tag", "pullPolicy"],
    );
    let fields = [
        "type",
        "port",
        "annotations",
        "labels",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
    ];
    export.pass_all("attu.service", "attu.service", &fields);
    export.resources("attu.resources", "attu.resources");
    export.pod("attu.pod", "attu");
    export.pass("attu.pod.labels", "attu.podLabels");
    export.pass("attu.pod.imagePullSecrets", "attu.image.pullSecrets");
    if export.file["attu"]["ingress"].is_null() {
        return;
    }
    let (path, key) = ("attu.ingress", "attu.ingress");
    export.put(&format!("{key}.enabled"), true);
    export.pass(
        &format!("{path}.className"),
        &format!("{key}.ingressClassName"),
    );
    export.pass_all(path, key, &["labels", "annotations", "tls"]);
    let rules = export
        .take("attu.ingress.rules")
        .unwrap_or_else(|| json!([]));
    let mut hosts = Vec::new();
    for rule in rules.as_array().into_iter().flatten() {
        if rule["path"] != "/" || rule["pathType"] != "Prefix" {
            export.lose(
                "attu.ingress.rules",
                "the chart knows hosts alone, with every path of them",
            );
        }
        hosts.push(rule["host"].clone());
    }
    export.put(&format!("{key}.hosts"), hosts);
}

/// Variables of all containers, over those of logins.
pub(super) fn write_variables(export: &mut Export<'_>) {
    let Some(Json::Array(variables)) = export.take("scheduling.env") else {
        return;
    };
    for variable in variables {
        export
            .variables
            .retain(|one| one["name"] != variable["name"]);
        export.variables.push(variable);
    }
}

/// The text of `user.yaml`: settings, and what follows from keys that the chart has no word for.
pub(super) fn write_settings(export: &mut Export<'_>) -> Result<(), Error> {
    if export.take("authorization") == Some(json!(true)) {
        export.setting(&["common", "security", "authorizationEnabled"], json!(true));
    }
    if let Some(Json::Object(secrets)) = export.take("secretConfig") {
        for (path, source) in secrets {
            let usual = path.to_uppercase().replace('.', "_");
            let text = export.placeholder(&format!("secretConfig.{path}"), &source, &usual);
            let keys: Vec<&str> = path.split('.').collect();
            export.setting(&keys, json!(text));
        }
    }
    tls(export);
    if let Some(port) = export.topology.settings.rest_port().cloned() {
        export.setting(&["proxy", "http", "port"], port);
    }
    if !export.settings.is_empty() {
        let settings = Json::Object(std::mem::take(&mut export.settings));
        let text = yaml::document(&settings, "user.yaml")?;
        export.put("extraConfigFiles", json!({"user.yaml": text}));
    }
    Ok(())
}

/// The chart mounts what it is told to, and settings say where the server looks.
fn tls(export: &mut Export<'_>) {
    const FOLDER: &str = "/etc/milvus/certs";
    let Some(tls) = export.take("tls") else {
        return;
    };
    let mutual = tls["mode"] == "mutual";
    export.setting(
        &["common", "security", "tlsMode"],
        json!(if mutual { 2 } else { 1 }),
    );
    export.setting(
        &["tls", "serverPemPath"],
        json!(format!("{FOLDER}/tls.crt")),
    );
    export.setting(
        &["tls", "serverKeyPath"],
        json!(format!("{FOLDER}/tls.key")),
    );
    if mutual {
        export.setting(&["tls", "caPemPath"], json!(format!("{FOLDER}/ca.crt")));
    }
    let to = if export.values["cluster"]["enabled"] == true {
        "proxy."
    } else {
        ""
    };
    let volume = json!({"name": "milvus-tls", "secret": {"secretName": tls["secret"]}});
    let mount = json!({"name": "milvus-tls", "mountPath": FOLDER, "readOnly": true});
    for (key, item) in [("volumes", volume), ("volumeMounts", mount)] {
        let key = format!("{to}{key}");
        let pointer = format!("/{}", key.replace('.', "/"));
        let mut list = export
            .values
            .pointer(&pointer)
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        list.push(item);
        export.put(&key, list);
    }
}

impl Export<'_> {
    /// Sets one of the server's settings, unless the user's own do.
    fn setting(&mut self, path: &[&str], value: Json) {
        let mut section = &mut self.settings;
        let Some((last, sections)) = path.split_last() else {
            return;
        };
        for key in sections {
            let inner = section
                .entry(*key)
                .or_insert_with(|| Json::Object(Map::new()));
            if !inner.is_object() {
                *inner = Json::Object(Map::new());
            }
            let Json::Object(inner) = inner else {
                return;
            };
            section = inner;
        }
        section.entry(*last).or_insert(value);
    }
}
