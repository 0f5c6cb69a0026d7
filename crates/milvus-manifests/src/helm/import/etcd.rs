//! Where metadata is kept.

use serde_json::{Map, Value as Json, json};

use super::{super::keys, Import, below, config::Config};

/// etcd's variables that we have words for, or that are as ours.
const QUOTA: &str = "ETCD_QUOTA_BACKEND_BYTES";
const USUAL: [(&str, &str); 2] = [
    ("ETCD_HEARTBEAT_INTERVAL", "500"),
    ("ETCD_ELECTION_TIMEOUT", "2500"),
];
/// When the kubelet pulls etcd's image, unless the values say otherwise.
const USUAL_PULL: &str = "IfNotPresent";
/// Members, unless the values say otherwise.
const MEMBERS: i64 = 3;
const SETTINGS: &str = "extraConfigFiles.user.yaml";
/// Where an etcd within the server's pod keeps its data.
const FOLDER: &str = "/var/lib/milvus/etcd";

/// An etcd that exists, our own, or the one within the server's pod.
pub(super) fn read(import: &mut Import<'_>, config: &mut Config<'_>) {
    let to = import.at("etcd");
    let embedded = config.said(import, &["etcd", "use", "embed"]);
    if embedded.is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return embed(import, config);
    }
    if import.values.flag("externalEtcd.enabled") == Some(true) {
        return external(import, &to);
    }
    if import.values.flag("etcd.enabled") == Some(false) {
        return of_settings(import, config, &to);
    }
    let to = below(&to, "inCluster");
    match import.values.number("etcd.replicaCount") {
        Some((number, found)) => import.draft.set(&below(&to, "replicas"), number, &found),
        None => import.draft.put(&below(&to, "replicas"), MEMBERS),
    }
    import.resources("etcd.resources", &below(&to, "resources"));
    import.size("etcd.persistence.size", &below(&to, "storage.size"));
    let class = global(import, "storageClass");
    import.storage_class(
        class.as_deref().unwrap_or("etcd.persistence.storageClass"),
        &below(&to, "storage.class"),
    );
    image(import, &to);
    import.copy_text(
        "etcd.autoCompactionMode",
        &below(&to, "autoCompaction.mode"),
    );
    import.copy_text(
        "etcd.autoCompactionRetention",
        &below(&to, "autoCompaction.retention"),
    );
    variables(import, &to);
    pods(import, &below(&to, "pod"));
    disruption_budget(import);
}

/// Where a value for all sub-charts stands: the chart's own wins over what is said of etcd alone, as helm has it.
fn global(import: &mut Import<'_>, key: &str) -> Option<String> {
    let places = ["global", "etcd.global"].map(|section| below(section, key));
    places.into_iter().find(|path| {
        let found = import.values.find(path);
        found.is_some_and(|found| !keys::is_empty(found.node))
    })
}

/// Within the one pod, where `etcd` is not said at all.
fn embed(import: &mut Import<'_>, config: &mut Config<'_>) {
    if import.is_cluster() {
        let message = "`etcd.use.embed: true` works in one pod alone; write `cluster: {enabled: false}`, or `externalEtcd`";
        let remark = import.values.remark(SETTINGS, message);
        return import.values.problems.push(remark);
    }
    for key in ["etcd.enabled", "externalEtcd.enabled"] {
        if import.values.flag(key) == Some(true) {
            let message = "cannot be honoured: with `etcd.use.embed: true` nothing would use it; write `false`";
            let remark = import.values.remark(key, message);
            import.values.unsupported.push(remark);
        }
    }
    // It follows from there being no other etcd.
    config.remove(&["etcd", "use", "embed"]);
    if config.text(&["etcd", "data", "dir"]).as_deref() == Some(FOLDER) {
        config.remove(&["etcd", "data", "dir"]);
    }
}

/// An etcd that the server's own settings name.
fn of_settings(import: &mut Import<'_>, config: &Config<'_>, to: &str) {
    let endpoints = config.texts(&["etcd", "endpoints"]);
    if endpoints.is_empty() {
        let remark = import.values.remark("etcd.enabled", "leaves nowhere for metadata: name an etcd that exists by `externalEtcd: {enabled: true, endpoints: [HOST:PORT]}`");
        return import.values.problems.push(remark);
    }
    let list: Vec<Json> = endpoints.iter().map(|text| json!(plain(text))).collect();
    import
        .draft
        .set_for(&below(to, "endpoints"), list, SETTINGS);
}

/// Milvus speaks to etcd without TLS unless its own settings say otherwise.
fn plain(text: &str) -> &str {
    text.strip_prefix("http://")
        .unwrap_or(text)
        .trim_end_matches('/')
}

fn external(import: &mut Import<'_>, to: &str) {
    let endpoints = import.values.texts("externalEtcd.endpoints");
    if endpoints.is_empty() {
        let usual = json!(["localhost:2379"]);
        return import
            .draft
            .set_for(&below(to, "endpoints"), usual, "externalEtcd.endpoints");
    }
    let list: Vec<Json> = endpoints
        .iter()
        .map(|text| json!(plain(&text.value)))
        .collect();
    if let Some(found) = import.values.find("externalEtcd.endpoints") {
        import.draft.set(&below(to, "endpoints"), list, &found);
    }
}

fn image(import: &mut Import<'_>, to: &str) {
    import.copy_text("etcd.image.tag", &below(to, "image.tag"));
    let policy = below(to, "image.pullPolicy");
    // What is said of Milvus's image is not said of etcd's.
    let said = import.draft.get("image.pullPolicy");
    if said.is_some_and(|said| *said != USUAL_PULL) {
        import.draft.put(&policy, USUAL_PULL);
    }
    import.copy_text("etcd.image.pullPolicy", &policy);
    let registry = global(import, "imageRegistry");
    let registry = registry.as_deref().unwrap_or("etcd.image.registry");
    let registry = import.values.text(registry);
    let repository = import.values.text("etcd.image.repository");
    let name = repository
        .as_ref()
        .map_or("milvusdb/etcd", |text| text.value.as_str())
        .to_owned();
    let whole = match &registry {
        // Where every image without a registry comes from.
        Some(registry) if registry.value != "docker.io" => format!("{}/{name}", registry.value),
        _ => name,
    };
    if let Some(text) = repository.or(registry) {
        import
            .draft
            .set(&below(to, "image.repository"), whole, &text.found);
    }
}

/// Variables of etcd: its quota has a place of its own.
fn variables(import: &mut Import<'_>, to: &str) {
    let Some((Json::Array(items), found)) = import.values.part("etcd.extraEnvVars") else {
        return;
    };
    let mut more = Vec::new();
    for item in items {
        let name = item["name"].as_str().unwrap_or_default();
        let value = match &item["value"] {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        match value.parse::<u64>() {
            Ok(bytes) if name == QUOTA => {
                let mib = bytes.div_ceil(1024 * 1024);
                import
                    .draft
                    .set(&below(to, "quota"), format!("{mib}Mi"), &found);
            }
            _ if USUAL.contains(&(name, value.as_str())) => {}
            _ => more.push(item),
        }
    }
    if !more.is_empty() {
        import.draft.set(&below(to, "pod.env"), more, &found);
    }
}

/// The chart says nothing of etcd's pods by what it says of all of Milvus's.
fn pods(import: &mut Import<'_>, to: &str) {
    if import.draft.get("scheduling").is_some() && import.draft.get(to).is_none() {
        import.draft.put(to, Json::Object(Map::new()));
    }
    for (key, ours) in [
        ("nodeSelector", "nodeSelector"),
        ("affinity", "affinity"),
        ("tolerations", "tolerations"),
        ("topologySpreadConstraints", "topologySpreadConstraints"),
        ("runtimeClassName", "runtimeClass"),
        ("podLabels", "labels"),
        ("podAnnotations", "annotations"),
        ("priorityClassName", "priorityClass"),
        ("extraVolumes", "volumes"),
        ("extraVolumeMounts", "volumeMounts"),
        ("initContainers", "initContainers"),
        ("sidecars", "sidecars"),
    ] {
        import.copy(&format!("etcd.{key}"), &below(to, ours));
    }
    security(import, to);
    pull_secrets(import, to);
}

/// Security contexts, without the chart's flag in them. A `null` takes the chart's default out, and ours.
fn security(import: &mut Import<'_>, to: &str) {
    for (key, ours) in [
        ("etcd.podSecurityContext", "securityContext"),
        ("etcd.containerSecurityContext", "containerSecurityContext"),
    ] {
        let Some((Json::Object(mut fields), found)) = import.values.part(key) else {
            continue;
        };
        if fields.shift_remove("enabled") == Some(json!(false)) {
            continue;
        }
        if !fields.is_empty() {
            import.draft.set(&below(to, ours), fields, &found);
        }
    }
}

/// Those of all charts, and etcd's own; never those of Milvus's image, as the chart has it.
fn pull_secrets(import: &mut Import<'_>, to: &str) {
    let path = below(to, "imagePullSecrets");
    let shared = global(import, "imagePullSecrets");
    let places = [shared.as_deref(), Some("etcd.image.pullSecrets")];
    let mut names = Vec::new();
    let mut last = None;
    for key in places.into_iter().flatten() {
        if let Some((Json::Array(more), found)) = import.values.part(key) {
            names.extend(more);
            last = Some(found);
        }
    }
    match last {
        Some(found) => import.draft.set(&path, names, &found),
        None if import.draft.get("scheduling.imagePullSecrets").is_some() => {
            import.draft.put(&path, names);
        }
        None => {}
    }
}

/// Ours keeps a majority, as the sub-chart's does by default.
fn disruption_budget(import: &mut Import<'_>) {
    if import.values.flag("etcd.pdb.create") != Some(true) {
        return;
    }
    for (key, usual) in [("minAvailable", "51%"), ("maxUnavailable", "")] {
        let path = format!("etcd.pdb.{key}");
        if let Some(text) = import.values.text(&path)
            && text.value != usual
        {
            let message =
                "cannot be honoured: a majority of etcd's members is kept here; leave it out";
            import.values.cannot(&text.found, message);
        }
    }
}
