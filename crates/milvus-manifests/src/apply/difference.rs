//! What a write would change, field by field.

use std::fmt::Display;

use milvus_aws_core::engine::Change;
use serde_json::{Map, Value};

use super::{
    FIELD_MANAGER,
    managed_fields::{
        Fields, children, field_key, find, is_item, is_owned, join, names, owned_places, text_of,
    },
    taken_over::Owners,
};
use crate::Kind;

/// Fields that the API server keeps for itself.
const KEPT_BY_SERVER: [&str; 5] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "uid",
];
/// In place of what may be a secret.
const NOT_SHOWN: &str = "(not shown)";
/// Longest text of a value in a change.
const LONGEST_VALUE: usize = 120;

/// The fields in which an object differs from what a dry run of our write answers, and who has set them, where that is
/// neither us nor Helm. Values in Secrets are not shown.
pub(super) fn changes(kind: Kind, live: &Value, applied: &Value) -> Vec<Change> {
    let owners = Owners::of(live);
    let others = owners.others().iter();
    // What we ourselves have changed as an update (`scale`) is ours.
    let others = others.filter(|entry| entry.manager() != FIELD_MANAGER);
    let others = others.map(|entry| (entry.manager(), &entry.fields));
    let mut changes = Vec::new();
    let place = Place {
        path: String::new(),
        others: others.collect(),
    };
    let (live, applied) = (substance(live), substance(applied));
    place.compare(Some(&live), Some(&applied), &mut changes);
    if kind == Kind::Secret {
        for change in &mut changes {
            if !change.field.starts_with("metadata.labels") {
                change.from = change.from.take().map(|_| NOT_SHOWN.to_owned());
                change.to = change.to.take().map(|_| NOT_SHOWN.to_owned());
            }
        }
    }
    changes
}

/// The same for an object of Helm's, which may hold passwords anywhere: in settings, and in pods' environment. Of those
/// only the fields are shown.
pub(super) fn changes_from_helm(kind: Kind, live: &Value, applied: &Value) -> Vec<Change> {
    let mut changes = changes(kind, live, applied);
    for Change { field, from, .. } in &mut changes {
        let is_setting = kind == Kind::ConfigMap && field.starts_with("data");
        let is_variable = field.contains(".env[");
        // Containers and lists of variables are told whole when they go.
        let holds_some = kind == Kind::Deployment
            && from
                .as_ref()
                .is_some_and(|from| from.starts_with(['{', '[']));
        if is_setting || is_variable || holds_some {
            *from = from.take().map(|_| NOT_SHOWN.to_owned());
        }
    }
    changes
}

/// What remains of an object without what only the API server writes.
fn substance(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !KEPT_BY_SERVER.contains(&key.as_str()));
    }
    object
}

/// A place in an object, and what others own from there on.
struct Place<'a> {
    path: String,
    others: Vec<(&'a str, &'a Fields)>,
}

impl Place<'_> {
    fn compare(&self, from: Option<&Value>, to: Option<&Value>, changes: &mut Vec<Change>) {
        match (from, to) {
            (from, to) if from == to => {}
            (Some(Value::Object(from)), Some(Value::Object(to))) => {
                for key in keys(from, to) {
                    let field = field_key(key);
                    let child = self.child(join(&self.path, key), |known| known == field);
                    child.compare(from.get(key), to.get(key), changes);
                }
            }
            (Some(Value::Array(from)), Some(Value::Array(to))) => {
                self.compare_lists(from, to, changes);
            }
            (from, to) => self.tell(from, to, changes),
        }
    }

    /// Items with names are told apart by name, others by place.
    fn compare_lists(&self, from: &[Value], to: &[Value], changes: &mut Vec<Change>) {
        match (by_name(from), by_name(to)) {
            (Some(from), Some(to)) => {
                for name in keys(&from, &to) {
                    let (from, to) = (from.get(name), to.get(name));
                    self.item(name, from).compare(from, to, changes);
                }
            }
            _ => {
                for index in 0..from.len().max(to.len()) {
                    let (from, to) = (from.get(index), to.get(index));
                    self.item(index, from).compare(from, to, changes);
                }
            }
        }
    }

    fn item(&self, name: impl Display, from: Option<&Value>) -> Self {
        let path = format!("{}[{name}]", self.path);
        self.child(path, |key| {
            is_item(key) && from.is_some_and(|item| names(key, item))
        })
    }

    fn child(&self, path: String, is_it: impl Fn(&str) -> bool) -> Self {
        let others = self.others.iter().filter_map(|&(manager, fields)| {
            // What has nothing below is owned with all that is in it.
            if fields.is_empty() {
                return Some((manager, fields));
            }
            let mut children = children(fields);
            let (_, inner) = children.find(|(key, _)| is_it(key))?;
            Some((manager, inner))
        });
        Place {
            others: others.collect(),
            path,
        }
    }

    /// The change of this place, and what others have set within it and lose.
    fn tell(&self, from: Option<&Value>, to: Option<&Value>, changes: &mut Vec<Change>) {
        let owners = self.others.iter().filter(|(_, fields)| is_owned(fields));
        let mut set_by: Vec<_> = owners.map(|(manager, _)| (*manager).to_owned()).collect();
        set_by.dedup();
        changes.push(Change {
            field: self.path.clone(),
            from: from.map(text),
            to: to.map(text),
            set_by: if from.is_some() { set_by } else { Vec::new() },
        });
        let Some(from) = from else {
            return;
        };
        let parts = self.others.iter().filter(|(_, fields)| !is_owned(fields));
        for (manager, fields) in parts {
            for part in owned_places(fields) {
                let value = part.iter().try_fold(from, |value, key| find(value, key));
                changes.push(Change {
                    field: text_of(&self.path, &part),
                    from: value.map(text),
                    to: None,
                    set_by: vec![(*manager).to_owned()],
                });
            }
        }
    }
}

fn by_name(items: &[Value]) -> Option<Map<String, Value>> {
    let named = items
        .iter()
        .map(|item| Some((item.get("name")?.as_str()?.to_owned(), item.clone())));
    let map: Map<String, Value> = named.collect::<Option<_>>()?;
    (map.len() == items.len()).then_some(map)
}

/// The keys of both, each once.
fn keys<'a>(from: &'a Map<String, Value>, to: &'a Map<String, Value>) -> Vec<&'a str> {
    let added = to.keys().filter(|key| !from.contains_key(*key));
    from.keys().chain(added).map(String::as_str).collect()
}

fn text(value: &Value) -> String {
    let full = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match full.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &full[..end]),
        None => full,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(kind: Kind, live: &Value, applied: &Value) -> Vec<String> {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let changes = changes(kind, live, applied);
        let one = |c: &Change| format!("{}: {} -> {}", c.field, side(&c.from), side(&c.to));
        changes.iter().map(one).collect()
    }

    #[test]
    fn what_the_server_keeps_is_no_difference() {
        let live = json!({
            "metadata": {"name": "a", "resourceVersion": "1", "generation": 1, "managedFields": [1]},
            "status": {"ready": false},
        });
        let applied = json!({
            "metadata": {"name": "a", "resourceVersion": "2", "generation": 2, "managedFields": [2]},
            "status": {"ready": true},
        });
        assert_eq!(changes(Kind::Service, &live, &applied), []);
    }

    #[test]
    fn items_are_told_apart_by_name_where_they_have_one() {
        let live = json!({"spec": {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "args": ["x", "y"]}});
        let applied =
            json!({"spec": {"env": [{"name": "B", "value": "3"}, {"name": "C"}], "args": ["x"]}});
        let expected = [
            r#"spec.env[A]: {"name":"A","value":"1"} -> -"#,
            "spec.env[B].value: 2 -> 3",
            r#"spec.env[C]: - -> {"name":"C"}"#,
            "spec.args[1]: y -> -",
        ];
        assert_eq!(shown(Kind::Deployment, &live, &applied), expected);
    }

    #[test]
    fn values_of_secrets_are_not_shown() {
        let live =
            json!({"data": {"password": "b2xk"}, "metadata": {"annotations": {"a": "b2xk"}}});
        let applied = json!({"data": {"password": "bmV3", "more": "bmV3"}, "metadata": {"annotations": {"a": "bmV3"}}});
        let text = shown(Kind::Secret, &live, &applied).join("\n");
        assert!(
            text.contains("data.password") && text.contains("data.more"),
            "{text}"
        );
        assert!(!text.contains("b2xk") && !text.contains("bmV3"), "{text}");
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let live = json!({"data": {"a": "é".repeat(200)}});
        let applied = json!({"data": {"a": "b"}});
        let changes = changes(Kind::ConfigMap, &live, &applied);
        assert_eq!(
            changes[0].from.as_ref().unwrap().chars().count(),
            LONGEST_VALUE + 1
        );
    }
}
