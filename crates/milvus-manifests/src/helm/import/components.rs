//! Replicas, resources and pods of each component.

use k8s_openapi::ByteString;
use milvus_aws_core::topology::{Line, Role, line_of};
use serde_json::json;

use super::{
    super::{
        document::{Node, Scalar, Value},
        keys,
    },
    Import, below, coordinators,
};

/// Halves of a certificate: in the values, in the installation's file, and the variable that the file names.
const CERTIFICATE: [(&str, &str, &str); 2] = [
    ("proxy.tls.crt", "certificate", "MILVUS_TLS_CERTIFICATE"),
    ("proxy.tls.key", "key", "MILVUS_TLS_KEY"),
];

/// Roles that a cluster cannot do without.
const WORKERS: [Role; 3] = [Role::Proxy, Role::QueryNode, Role::DataNode];

/// Roles whose number of pods may follow their load.
const SCALED: [&str; 5] = [
    "proxy",
    "queryNode",
    "dataNode",
    "indexNode",
    "streamingNode",
];

/// Everything about the components of the deployment.
pub(super) fn read(import: &mut Import<'_>) {
    if import.is_cluster() {
        cluster(import);
    } else {
        standalone(import);
    }
}

fn cluster(import: &mut Import<'_>) {
    let line = line_of(&import.version);
    coordinators::read(import, line);
    for role in WORKERS {
        import.needed(role.key());
        import.component(role.key());
    }
    index_node(import, line);
    streaming_node(import, line);
    cdc(import);
    proxy(import);
    import.copy("replicaResourceGroups", "cluster.resourceGroups");
}

/// Before 2.6 it builds indexes; from then on data nodes do.
fn index_node(import: &mut Import<'_>, line: &Line) {
    if line.cluster.contains(&Role::IndexNode) {
        import.needed("indexNode");
        return import.component("indexNode");
    }
    let Some(found) = import.said("indexNode") else {
        return;
    };
    import.values.notice(&found, format!(
        "Milvus {} has no index node, data nodes build indexes: `dataNode` gets the larger of both resources and replicas",
        import.version
    ));
    import.larger("indexNode", "dataNode");
}

/// What a streaming node gets that nobody has asked for: as the topology's defaults.
const ADDED: &str = "half a core and 2Gi, up to 8Gi";

fn streaming_node(import: &mut Import<'_>, line: &Line) {
    const KEY: &str = "streamingNode";
    if line.cluster.contains(&Role::StreamingNode) {
        if import.values.flag("streaming.enabled") == Some(false) {
            let message = format!(
                "is passed over: Milvus {} needs streaming nodes",
                import.version
            );
            let remark = import.values.remark("streaming.enabled", message);
            import.values.notices.push(remark);
        }
        let is_old = import.values.find(KEY).is_none() && import.speaks_of_older_roles();
        if is_old {
            let message = format!(
                "is added, as Milvus {} needs one: one pod with {ADDED}",
                import.version
            );
            let remark = import.values.remark(KEY, message);
            import.values.notices.push(remark);
        }
        import.component(KEY);
        if is_old {
            let usual =
                json!({"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"memory": "8Gi"}});
            import
                .draft
                .set_for("cluster.components.streamingNode.resources", usual, KEY);
        }
        return;
    }
    let is_on = import.values.flag("streaming.enabled") == Some(true);
    let named = import
        .said(KEY)
        .or_else(|| import.values.find("streaming.enabled").filter(|_| is_on));
    if let Some(found) = named {
        let message = format!(
            "is no role of Milvus {}: `dataNode` and `queryNode` do its work there, and it comes with 2.6; leave it out, or ask for a later version",
            import.version
        );
        import.values.wrong(&found, message);
    }
}

fn cdc(import: &mut Import<'_>) {
    if import.values.flag("cdc.enabled") == Some(true) {
        import.component("cdc");
    }
}

/// What the proxy alone has: a certificate.
fn proxy(import: &mut Import<'_>) {
    import.copy("proxy.volumes", "cluster.components.proxy.pod.volumes");
    import.copy(
        "proxy.volumeMounts",
        "cluster.components.proxy.pod.volumeMounts",
    );
    if import.values.flag("proxy.tls.enabled") != Some(true) {
        return;
    }
    certificate(import);
}

/// The Secret that the chart makes of a certificate in the values.
fn certificate(import: &mut Import<'_>) {
    let halves = CERTIFICATE.map(|(key, _, variable)| {
        let text = import.values.login(key)?;
        let Some(pem) = decoded(&text.value) else {
            let message = "is no base64 of a PEM file; write what `base64 -w0 FILE` gives";
            import.values.wrong(&text.found, message);
            return None;
        };
        import.draft.password(pem.into(), variable);
        Some(text.found)
    });
    // As in the chart, both or none.
    let [Some(found), Some(_)] = halves else {
        return;
    };
    let Some(name) = import.values.text("proxy.tls.secretName") else {
        let message = "is missing, write the name of the Secret that `crt` and `key` are kept in";
        let remark = import.values.remark("proxy.tls.secretName", message);
        return import.values.problems.push(remark);
    };
    let source = |variable: &str| json!({"env": variable});
    let [(_, crt, of_crt), (_, key, of_key)] = CERTIFICATE;
    let sources = json!({crt: source(of_crt), key: source(of_key)});
    // The Secret's name may hold dots, which are no sections here.
    let all = json!({ (name.value.as_str()): sources });
    import.draft.set("certificates", all, &found);
    let message = format!(
        "stands in the values for everybody who reads them; the Secret `{}` is made of it, as the chart does",
        name.value
    );
    import.values.notice(&found, message);
}

/// The text that a Secret's field holds in base64.
fn decoded(base64: &str) -> Option<String> {
    let ByteString(bytes) = serde_json::from_value(json!(base64.trim())).ok()?;
    String::from_utf8(bytes).ok()
}

fn standalone(import: &mut Import<'_>) {
    const KEY: &str = "standalone";
    import.resources("standalone.resources", "standalone.resources");
    import.pod(KEY, "standalone.pod");
    import.disk(KEY, "standalone");
    if let Some((number, found)) = import.values.number("standalone.replicas")
        && number != 1
    {
        let message = "cannot be honoured: one process alone may write to its volume; write 1, or `cluster.enabled: true`";
        import.values.cannot(&found, message);
    }
    let claim = "standalone.persistence.persistentVolumeClaim";
    import.size(&below(claim, "size"), "standalone.storage.size");
    import.storage_class(&below(claim, "storageClass"), "standalone.storage.class");
    import.claim_annotations("standalone.persistence");
    if import.values.flag("standalone.persistence.enabled") == Some(false) {
        import.draft.set_for(
            "standalone.persistence",
            "ephemeral",
            "standalone.persistence.enabled",
        );
    } else if let Some(text) = import.values.text(&below(claim, "existingClaim")) {
        import.draft.set(
            "standalone.persistence",
            json!({"existingClaim": text.value}),
            &text.found,
        );
    }
}

impl<'a> Import<'a> {
    /// A component that cannot be left out.
    fn needed(&mut self, key: &str) {
        let enabled = below(key, "enabled");
        if self.values.flag(&enabled) == Some(false) {
            let message = "cannot be honoured: a cluster cannot do without it; leave it out";
            let remark = self.values.remark(&enabled, message);
            self.values.unsupported.push(remark);
        }
    }

    /// One component, under its own name.
    pub(super) fn component(&mut self, key: &str) {
        let to = format!("cluster.components.{key}");
        self.draft.set_for(&to, json!({}), key);
        self.resources(&below(key, "resources"), &below(&to, "resources"));
        self.replicas(key, &to);
        self.disk(key, &to);
        self.pod(key, &below(&to, "pod"));
        self.copy(
            &below(key, "service.annotations"),
            &below(&to, "service.annotations"),
        );
        self.copy(&below(key, "service.labels"), &below(&to, "service.labels"));
    }

    fn replicas(&mut self, key: &str, to: &str) {
        let scales = self.values.flag(&below(key, "hpa.enabled")) == Some(true);
        if scales {
            let numbers = [
                ("minReplicas", "min", Some(1)),
                ("maxReplicas", "max", Some(5)),
                ("cpuUtilization", "cpuPercent", Some(40)),
                (
                    "memoryUtilization",
                    "memoryPercent",
                    (key == "queryNode").then_some(60),
                ),
            ];
            for (from, name, usual) in numbers {
                let path = format!("{to}.autoscaling.{name}");
                match (self.values.number(&format!("{key}.hpa.{from}")), usual) {
                    (Some((number, found)), _) => self.draft.set(&path, number, &found),
                    (None, Some(usual)) => {
                        let key = format!("{key}.hpa.{from}");
                        self.draft.set_for(&path, usual, &key);
                    }
                    (None, None) => {}
                }
            }
            return;
        }
        match self.values.number(&below(key, "replicas")) {
            // The chart leaves the number out, for an autoscaler of the user's own.
            Some((number, found)) if number < 0 && SCALED.contains(&key) => {
                self.draft
                    .set(&below(to, "externalAutoscaler"), true, &found);
            }
            Some((number, found)) if number < 0 => {
                let message =
                    "cannot be honoured: one replica does all the work of this role; write `1`";
                self.values.cannot(&found, message);
            }
            Some((number, found)) => self.draft.set(&below(to, "replicas"), number, &found),
            None => {}
        }
    }

    fn disk(&mut self, key: &str, to: &str) {
        if self.values.flag(&below(key, "disk.enabled")) == Some(false) {
            self.draft.put(&below(to, "disk.enabled"), false);
        }
        if self.values.flag(&below(key, "disk.size.enabled")) == Some(true) {
            // The server is told of the limit, which it reads off the container's own.
            let limit = format!("{key}.resources.limits.ephemeral-storage");
            if self.values.find(&limit).is_some() {
                self.size(&limit, &below(to, "disk.sizeLimit"));
            } else {
                let path = below(key, "disk.size.enabled");
                let remark = self.values.remark(&path, format!("needs `{limit}`"));
                self.values.problems.push(remark);
            }
        }
    }

    /// The section of a component, where it says anything of its own.
    pub(super) fn said(&self, key: &str) -> Option<super::super::reading::Found<'a>> {
        let found = self.values.find(key)?;
        says_something(found.node, "").then_some(found)
    }

    /// Whether roles are named that a later version has others for.
    pub(super) fn speaks_of_older_roles(&self) -> bool {
        let mut older = Role::SEPARATE_COORDINATORS.iter().map(|role| role.key());
        self.said("indexNode").is_some() || older.any(|key| self.said(key).is_some())
    }

    /// `-` stands for no class at all, which is not the cluster's default one.
    pub(super) fn storage_class(&mut self, key: &str, to: &str) {
        match self.values.text(key) {
            Some(text) if text.value == "-" => {
                let message = "cannot be honoured: volumes are made by a storage class; name one";
                self.values.cannot(&text.found, message);
            }
            Some(text) => self.draft.set(to, text.value, &text.found),
            None => {}
        }
    }
}

/// Whether a section says more than the chart's defaults: whole copies of them are what many values files are.
fn says_something(node: &Node, key: &str) -> bool {
    /// Numbers that the chart has in such a section.
    const USUAL: [(&str, &[&str]); 6] = [
        ("replicas", &["1"]),
        ("minReplicas", &["1"]),
        ("maxReplicas", &["5"]),
        ("cpuUtilization", &["40"]),
        ("memoryUtilization", &["60"]),
        ("port", &["53100", "19531", "31000", "13333"]),
    ];
    match &node.value {
        Value::Section(entries) => entries
            .iter()
            .any(|entry| says_something(&entry.node, &entry.key)),
        Value::Scalar(Scalar::Bool(_)) => key != "enabled",
        Value::Scalar(scalar) => {
            let text = scalar.to_text();
            let usual = USUAL.iter().find(|(name, _)| *name == key);
            !keys::is_empty(node) && !usual.is_some_and(|(_, texts)| texts.contains(&text.as_str()))
        }
        Value::List(items) => !items.is_empty(),
    }
}
