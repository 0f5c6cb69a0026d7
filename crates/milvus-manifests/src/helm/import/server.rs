//! Names, the service for clients, the service account, the log files and metrics.

use serde_json::{Value as Json, json};

use super::{
    super::{document::Value, reading::Found},
    Import, below,
};

/// What the server writes, as the chart has it: MiB, days, files.
const LOG_FILES: [(&str, &str, i64); 3] = [
    ("maxSize", "maxSizeMiB", 300),
    ("maxAge", "maxAgeDays", 10),
    ("maxBackups", "maxBackups", 20),
];

/// What goes for the whole server.
pub(super) fn read(import: &mut Import<'_>) {
    import.draft.put("name", import.release.name.as_str());
    import
        .draft
        .put("namespace", import.release.namespace.as_str());
    import.draft.put("mode", import.section);
    import.copy_text("fullnameOverride", "names.fullName");
    import.copy_text("nameOverride", "names.appName");
    service(import);
    import.ingress();
    service_account(import);
    metrics(import);
    log(import);
    let other = import.values.find("extraConfigFiles");
    if let Some(found) = &other
        && !matches!(found.node.value, Value::Section(_))
    {
        let message = "is no section of files, and helm passes it over; write `user.yaml: |` below it, and the settings below that";
        import.values.wrong(found, message);
    }
    for entry in other.iter().flat_map(Found::entries) {
        if entry.path != "extraConfigFiles.user.yaml" {
            import.values.cannot(
                &entry,
                "cannot be honoured: the server reads `user.yaml` alone",
            );
        }
    }
}

fn service(import: &mut Import<'_>) {
    const RANGES: &str = "service.loadBalancerSourceRanges";
    let kind = import.values.text("service.type");
    let is = |name: &str| kind.as_ref().is_some_and(|text| text.value == name);
    let (balanced, on_nodes) = (is("LoadBalancer"), is("NodePort"));
    import.copy_text("service.type", "service.type");
    import.copy_number("service.port", "service.port");
    import.copy("service.annotations", "service.annotations");
    import.copy("service.labels", "service.labels");
    import.copy("service.externalIPs", "service.externalIPs");
    if on_nodes {
        import.copy_number("service.nodePort", "service.nodePort");
    }
    if balanced {
        import.copy_text("service.loadBalancerIP", "service.loadBalancerIP");
        match import.values.find(RANGES) {
            Some(_) => import.copy(RANGES, RANGES),
            None if import.values.is_taken_back(RANGES) => {}
            None => import.draft.set_for(RANGES, json!(["0.0.0.0/0"]), RANGES),
        }
    } else if !on_nodes {
        match import.values.text("service.clusterIP") {
            Some(text) if text.value == "None" => {
                let message = "cannot be honoured: clients of the service reach one address, which no pod's is; leave it out";
                import.values.cannot(&text.found, message);
            }
            _ => import.copy_text("service.clusterIP", "service.clusterIP"),
        }
    }
}

fn service_account(import: &mut Import<'_>) {
    let to = import.at("serviceAccount");
    let create = import.values.flag("serviceAccount.create") == Some(true);
    match import.values.text("serviceAccount.name") {
        Some(text) => import
            .draft
            .set(&below(&to, "name"), text.value, &text.found),
        None if create => import.draft.put(&below(&to, "name"), "milvus"),
        None => return,
    }
    import.draft.put(&below(&to, "create"), create);
    if create {
        import.copy("serviceAccount.annotations", &below(&to, "annotations"));
        import.copy("serviceAccount.labels", &below(&to, "labels"));
    } else if let Some((_, found)) = import.values.part("serviceAccount.annotations") {
        import.values.notice(&found, "are passed over, as the chart does: the account is not made here; write them to the account that exists");
    }
}

fn metrics(import: &mut Import<'_>) {
    if import.values.flag("metrics.serviceMonitor.enabled") != Some(true) {
        return;
    }
    let to = "metrics.serviceMonitor";
    import.draft.put(&below(to, "interval"), "30s");
    import.draft.put(&below(to, "scrapeTimeout"), "10s");
    import.copy_text("metrics.serviceMonitor.interval", &below(to, "interval"));
    import.copy_text(
        "metrics.serviceMonitor.scrapeTimeout",
        &below(to, "scrapeTimeout"),
    );
    import.copy(
        "metrics.serviceMonitor.additionalLabels",
        &below(to, "labels"),
    );
}

fn log(import: &mut Import<'_>) {
    if let Some(text) = import.values.text("log.level") {
        // The server takes it in any case.
        let level = text.value.to_lowercase();
        import.draft.set("log.level", level, &text.found);
    }
    import.copy_text("log.format", "log.format");
    for (key, ours, usual) in LOG_FILES {
        let to = format!("log.{ours}");
        import.draft.set_for(&to, usual, &format!("log.file.{key}"));
        import.copy_number(&format!("log.file.{key}"), &to);
    }
    if import.values.flag("log.persistence.enabled") != Some(true) {
        return;
    }
    let (key, to) = ("log.persistence", "log.persistence");
    import.claim_annotations(key);
    let claim = below(key, "persistentVolumeClaim");
    import.copy_text(&below(key, "mountPath"), &below(to, "mountPath"));
    import.copy_text(&below(&claim, "existingClaim"), &below(to, "existingClaim"));
    import.copy_text(&below(&claim, "subPath"), &below(to, "subPath"));
    import.copy_text(&below(&claim, "accessModes"), &below(to, "accessMode"));
    import.size(&below(&claim, "size"), &below(to, "storage.size"));
    import.storage_class(&below(&claim, "storageClass"), &below(to, "storage.class"));
    if import.draft.get(to).is_none() {
        import.draft.put(to, json!({}));
    }
}

impl Import<'_> {
    /// Annotations of a claim. Helm's own word against its deletion is ours by itself; there is no place for others.
    pub(super) fn claim_annotations(&mut self, key: &str) {
        const KEEP: &str = "helm.sh/resource-policy";
        let annotations = self.values.find(&below(key, "annotations"));
        for found in annotations.iter().flat_map(Found::entries) {
            if !found.path.ends_with(KEEP) && !found.node.is_null() {
                self.values.cannot(&found, "cannot be honoured: claims have no annotations here; annotate the claim once it is there, by `kubectl annotate pvc`");
            }
        }
    }

    /// The prefix of Milvus's objects, as the chart has it.
    pub(super) fn full_name(&self) -> String {
        let text = |path: &str| self.draft.get(path).and_then(Json::as_str);
        let release = self.release.name.as_str();
        let app = text("names.appName").unwrap_or("milvus");
        match text("names.fullName") {
            Some(name) => name.to_owned(),
            None if release.contains(app) => release.to_owned(),
            None => format!("{release}-{app}"),
        }
    }
}
