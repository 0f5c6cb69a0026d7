//! Ingresses in front of Milvus and of Attu.

use serde_json::{Map, Value as Json, json};

use super::{super::document::Value, Import, below};

/// What the chart tells nginx, unless the values take it back.
pub(in super::super) const FOR_NGINX: [(&str, &str); 4] = [
    ("nginx.ingress.kubernetes.io/backend-protocol", "GRPC"),
    ("nginx.ingress.kubernetes.io/listen-ports-ssl", "[19530]"),
    ("nginx.ingress.kubernetes.io/proxy-body-size", "4m"),
    ("nginx.ingress.kubernetes.io/ssl-redirect", "true"),
];

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
        if self.values.is_taken_back(KEY) {
            return Map::new();
        }
        let mut merged: Map<String, Json> = FOR_NGINX
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        if let Some((Json::Object(own), _)) = self.values.part(KEY) {
            for (key, value) in own {
                match value {
                    Json::Null => merged.shift_remove(&key),
                    value => merged.insert(key, value),
                };
            }
        }
        merged
    }
}
