//! Ingresses in front of Milvus and of Attu.

use milvus_aws_core::installation::{BACKEND_PROTOCOL, protocol_of_nginx};
use serde_json::{Map, Value as Json, json};

use super::{super::document::Value, Import, below, config::Config};

/// What the chart tells nginx, unless the values take it back.
pub(in super::super) const FOR_NGINX: [(&str, &str); 4] = [
    ("nginx.ingress.kubernetes.io/backend-protocol", "GRPC"),
    ("nginx.ingress.kubernetes.io/listen-ports-ssl", "[19530]"),
    ("nginx.ingress.kubernetes.io/proxy-body-size", "4m"),
    ("nginx.ingress.kubernetes.io/ssl-redirect", "true"),
];

/// What the chart tells nginx by itself is for a server without TLS.
pub(super) fn read_tls(import: &mut Import<'_>, config: &Config<'_>) {
    const KEY: &str = "ingress.annotations";
    let said = import.values.part(KEY);
    let is_said = said.is_some_and(|(said, _)| !said[BACKEND_PROTOCOL].is_null());
    let speaks_tls = import.draft.get("tls").is_some() || config.speaks_tls();
    let annotations = import.draft.get(KEY).and_then(Json::as_object).cloned();
    let Some(mut annotations) = annotations.filter(|_| speaks_tls && !is_said) else {
        return;
    };
    let Some(protocol) = annotations.get_mut(BACKEND_PROTOCOL) else {
        return;
    };
    let wanted = protocol_of_nginx(true);
    *protocol = json!(wanted);
    import.draft.put(KEY, annotations);
    let message = format!(
        "`{BACKEND_PROTOCOL}` is `{wanted}`, as the server speaks TLS; the chart's own `GRPC` would reach no answer"
    );
    let remark = import.values.remark(KEY, message);
    import.values.notices.push(remark);
}

impl Import<'_> {
    /// The ingress in front of the service for clients.
    pub(super) fn ingress(&mut self) {
        if self.values.flag("ingress.enabled") != Some(true) {
            return;
        }
        self.draft.put("ingress", json!({}));
        self.ingress_basics("ingress", "ingress");
        let annotations = self.merged_annotations();
        self.draft
            .set_for("ingress.annotations", annotations, "ingress.annotations");
        let rules = match self.values.part("ingress.rules") {
            Some((Json::Array(rules), found)) => Some((rules, found)),
            Some((_, found)) => {
                self.values.wrong(&found, "expected a list");
                None
            }
            None => None,
        };
        match rules {
            Some((rules, found)) => {
                let rule = |rule: &Json| {
                    let mut rule = rule.clone();
                    // The chart writes them bare: nothing is no host, and no path of its own.
                    if let Json::Object(fields) = &mut rule {
                        fields.retain(|_, value| !value.is_null() && *value != json!(""));
                    }
                    rule
                };
                let rules: Vec<Json> = rules.iter().map(rule).collect();
                self.draft.set("ingress.rules", rules, &found);
            }
            None if self.values.find("ingress.rules").is_none() => {
                let usual =
                    json!([{"host": "milvus-example.local", "path": "/", "pathType": "Prefix"}]);
                self.hosts("ingress", "ingress", usual);
            }
            None => {}
        }
    }

    /// What both ingresses have.
    pub(super) fn ingress_basics(&mut self, key: &str, to: &str) {
        self.copy_text(&below(key, "ingressClassName"), &below(to, "className"));
        self.copy(&below(key, "labels"), &below(to, "labels"));
        self.copy(&below(key, "annotations"), &below(to, "annotations"));
        self.copy(&below(key, "tls"), &below(to, "tls"));
    }

    /// One rule for each host; a host that is nothing stands for all of them.
    pub(super) fn hosts(&mut self, key: &str, to: &str, usual: Json) {
        let path = below(key, "hosts");
        let rules = below(to, "rules");
        let Some(found) = self.values.find(&path) else {
            return self.draft.set_for(&rules, usual, &path);
        };
        let Value::List(items) = &found.node.value else {
            return self.values.wrong(&found, "expected a list of host names");
        };
        let rule = |host: Json| match host {
            Json::Null => json!({"path": "/", "pathType": "Prefix"}),
            Json::String(text) if text.is_empty() => json!({"path": "/", "pathType": "Prefix"}),
            host => json!({"host": host, "path": "/", "pathType": "Prefix"}),
        };
        let list: Vec<Json> = items.iter().map(|item| rule(item.to_json())).collect();
        self.draft.set(&rules, list, &found);
    }

    /// The chart's annotations with those of the values laid over them, key by key.
    fn merged_annotations(&mut self) -> Map<String, Json> {
        const KEY: &str = "ingress.annotations";
        let class = self.draft.get("ingress.className").and_then(Json::as_str);
        let is_of_nginx = class.is_some_and(|class| class.contains("nginx"));
        // What nginx does where nothing is said, which would be gRPC here.
        let usual_of_nginx = (BACKEND_PROTOCOL.to_owned(), json!("HTTP"));
        if self.values.is_taken_back(KEY) {
            return is_of_nginx.then_some(usual_of_nginx).into_iter().collect();
        }
        let mut merged: Map<String, Json> = FOR_NGINX
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        if let Some((Json::Object(own), _)) = self.values.part(KEY) {
            for (key, value) in own {
                match value {
                    Json::Null if is_of_nginx && key == BACKEND_PROTOCOL => {
                        merged.insert(key, usual_of_nginx.1.clone())
                    }
                    Json::Null => merged.shift_remove(&key),
                    value => merged.insert(key, value),
                };
            }
        }
        merged
    }
}
