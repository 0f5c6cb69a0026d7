//! Fields that Helm owns, taken over.
//!
//! A field goes only when nobody owns it any more. Helm owns all that it wrote, so its entries in `managedFields` become
//! ours first: our write then drops what we do not want, and leaves what others have set since.

use serde_json::{Map, Value, json};

use super::FIELD_MANAGER;

/// Who wrote this field is Helm, whatever its program is called.
const MARK: [&str; 3] = ["f:metadata", "f:annotations", "f:meta.helm.sh/release-name"];

/// `managedFields` once Helm's entries are ours; none where Helm owns nothing.
pub(super) fn taken_over(live: &Value) -> Option<Value> {
    let (helms, others): (Vec<_>, Vec<_>) = entries(live).partition(|entry| is_helms(entry));
    let first = helms.first()?;
    let is_ours = |entry: &&Value| {
        entry["manager"] == FIELD_MANAGER
            && entry["operation"] == "Apply"
            && entry.get("subresource").is_none()
    };
    let (ours, others): (Vec<&Value>, Vec<&Value>) = others.into_iter().partition(is_ours);
    let mut fields = Map::new();
    for entry in helms.iter().chain(&ours) {
        unite(&mut fields, &entry["fieldsV1"]);
    }
    let mut entry = json!({
        "manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": live["apiVersion"],
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    });
    if let Some(time) = first.get("time") {
        entry["time"] = time.clone();
    }
    Some(others.into_iter().cloned().chain([entry]).collect())
}

/// What our write makes of an object once Helm's fields were taken over. A trial of that very write cannot say it: in
/// that, what Helm wrote is still there, and stands in the way of what we want (a probe has one way to ask, not two).
pub(super) fn merged(live: &Value, wanted: &Value) -> Value {
    let mut merged = without_helms(live);
    merge(&mut merged, wanted);
    merged
}

fn without_helms(live: &Value) -> Value {
    let (helms, others): (Vec<_>, Vec<_>) = entries(live).partition(|entry| is_helms(entry));
    let mut fields = Map::new();
    for entry in helms {
        unite(&mut fields, &entry["fieldsV1"]);
    }
    let others: Vec<_> = others
        .iter()
        .filter_map(|entry| entry["fieldsV1"].as_object())
        .collect();
    let mut left = live.clone();
    subtract(&mut left, &fields, &others);
    left
}

/// What tells items of a list apart, by the fields that they have: the API's own keys of the lists that we write.
const KEYS: [&[&str]; 5] = [
    &["mountPath"],
    &["containerPort", "protocol"],
    &["port", "protocol"],
    &["topologyKey", "whenUnsatisfiable"],
    &["name"],
];

fn merge(into: &mut Value, wanted: &Value) {
    match (into, wanted) {
        (Value::Object(into), Value::Object(wanted)) => {
            for (key, value) in wanted {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(wanted)) if keys_of(wanted).is_some() => {
            let keys = keys_of(wanted).unwrap_or_default();
            for item in wanted {
                let same = |other: &&mut Value| keys.iter().all(|key| other[key] == item[key]);
                match into.iter_mut().find(same) {
                    Some(other) => merge(other, item),
                    None => into.push(item.clone()),
                }
            }
        }
        (into, wanted) => *into = wanted.clone(),
    }
}

fn keys_of(items: &[Value]) -> Option<&'static [&'static str]> {
    let has = |keys: &&&[&str]| {
        let of_item = |item: &Value| keys.iter().all(|key| item.get(key).is_some());
        items.iter().all(of_item)
    };
    KEYS.iter().find(has).copied()
}

fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    let entries = object["metadata"]["managedFields"].as_array();
    entries.into_iter().flatten()
}

fn is_helms(entry: &Value) -> bool {
    // Status and scale are written by controllers alone.
    if entry.get("subresource").is_some() || entry["manager"] == FIELD_MANAGER {
        return false;
    }
    let named = entry["manager"].as_str();
    let marked = MARK
        .iter()
        .try_fold(&entry["fieldsV1"], |fields, key| fields.get(key));
    named.is_some_and(|name| name.contains("helm")) || marked.is_some()
}

fn unite(into: &mut Map<String, Value>, fields: &Value) {
    for (key, value) in fields.as_object().into_iter().flatten() {
        let entry = into.entry(key.clone()).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            unite(entry, value);
        }
    }
}

/// Takes away what is among `fields`, and none of the others have. What nobody owns stays, unless it is in an item of a list
/// that goes.
fn subtract(value: &mut Value, fields: &Map<String, Value>, others: &[&Map<String, Value>]) {
    for (key, inner) in fields {
        let theirs: Vec<_> = others
            .iter()
            .filter_map(|fields| fields.get(key)?.as_object())
            .collect();
        let is_item = !key.starts_with("f:");
        let inner = inner.as_object().filter(|inner| !inner.is_empty());
        match (inner, find(value, key)) {
            (Some(inner), Some(found)) if !is_item || !theirs.is_empty() => {
                subtract(found, &without_keys(inner, key), &theirs);
                if theirs.is_empty() && is_empty(found) {
                    remove(value, key);
                }
            }
            _ if theirs.is_empty() => remove(value, key),
            _ => {}
        }
    }
}

/// The fields of an item without those that tell it apart, which stay as long as the item does.
fn without_keys(fields: &Map<String, Value>, item: &str) -> Map<String, Value> {
    let keys = item.strip_prefix("k:");
    let keys = keys.and_then(|keys| serde_json::from_str::<Map<String, Value>>(keys).ok());
    let mut fields = fields.clone();
    for key in keys.iter().flat_map(Map::keys) {
        fields.remove(&format!("f:{key}"));
    }
    fields
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn find<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    match key.split_once(':')? {
        ("f", field) => value.get_mut(field),
        (kind, what) => {
            let items = value.as_array_mut()?;
            let at = position(items, kind, what)?;
            items.get_mut(at)
        }
    }
}

fn remove(value: &mut Value, key: &str) {
    match (key.split_once(':'), value) {
        (Some(("f", field)), Value::Object(fields)) => drop(fields.remove(field)),
        (Some((kind, what)), Value::Array(items)) => {
            if let Some(at) = position(items, kind, what) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

/// Where in a list that item is: told by its keys, its value or its place.
fn position(items: &[Value], kind: &str, what: &str) -> Option<usize> {
    let what: Value = serde_json::from_str(what).ok()?;
    let is_it = |item: &Value| match (kind, &what) {
        ("k", Value::Object(keys)) => keys.iter().all(|(key, value)| item[key] == *value),
        ("v", value) => item == value,
        _ => false,
    };
    match kind {
        "i" => what.as_u64()?.try_into().ok(),
        _ => items.iter().position(is_it),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Value {
        json!({
            "apiVersion": "apps/v1",
            "metadata": {
                "annotations": {"meta.helm.sh/release-name": "demo", "deployment.kubernetes.io/revision": "1"},
                "managedFields": [
                    {
                        "manager": "installer", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-01T00:00:00Z",
                        "fieldsType": "FieldsV1",
                        "fieldsV1": {
                            "f:metadata": {"f:annotations": {".": {}, "f:meta.helm.sh/release-name": {}}},
                            "f:spec": {
                                "f:replicas": {},
                                "f:containers": {
                                    "k:{\"name\":\"proxy\"}": {".": {}, "f:name": {}, "f:args": {}, "f:image": {}},
                                    "k:{\"name\":\"old\"}": {".": {}, "f:name": {}},
                                },
                                "f:finalizers": {"v:\"a\"": {}},
                            },
                        },
                    },
                    {
                        "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1", "subresource": "status",
                        "fieldsType": "FieldsV1",
                        "fieldsV1": {"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}},
                    },
                    {
                        "manager": "kubectl-edit", "operation": "Update", "apiVersion": "apps/v1",
                        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}},
                    },
                ],
            },
            "spec": {
                "replicas": 3,
                "containers": [{"name": "proxy", "args": ["run"], "image": "a"}, {"name": "old"}],
                "finalizers": ["a", "b"],
            },
        })
    }

    #[test]
    fn what_helm_owned_under_whatever_name_is_ours_and_nothing_else_is() {
        let fields = taken_over(&live()).unwrap();
        let fields = fields.as_array().unwrap();
        let managers: Vec<_> = fields.iter().map(|e| e["manager"].clone()).collect();
        assert_eq!(
            managers,
            ["kube-controller-manager", "kubectl-edit", FIELD_MANAGER]
        );
        assert_eq!(fields[2]["operation"], "Apply");
        assert_eq!(
            fields[2]["fieldsV1"],
            live()["metadata"]["managedFields"][0]["fieldsV1"]
        );

        let mut taken = live();
        taken["metadata"]["managedFields"] = json!(fields);
        assert_eq!(taken_over(&taken), None);
    }

    #[test]
    fn several_programs_of_helm_are_one_and_join_what_is_ours_already() {
        let entry = |manager: &str, operation: &str, field: &str| json!({"manager": manager, "operation": operation, "fieldsV1": {"f:spec": {field: {}}}});
        let object = json!({"metadata": {"managedFields": [
            entry("helm", "Update", "f:a"), entry("terraform-provider-helm", "Apply", "f:b"), entry(FIELD_MANAGER, "Apply", "f:c"),
        ]}});
        let fields = taken_over(&object).unwrap();
        assert_eq!(fields.as_array().unwrap().len(), 1);
        let owned = json!({"f:spec": {"f:a": {}, "f:b": {}, "f:c": {}}});
        assert_eq!(fields[0]["fieldsV1"], owned);
    }

    #[test]
    fn what_helm_alone_owns_goes_and_what_others_have_set_stays() {
        let left = without_helms(&live());
        let annotations = json!({"deployment.kubernetes.io/revision": "1"});
        assert_eq!(left["metadata"]["annotations"], annotations);
        assert_eq!(left["spec"], json!({"replicas": 3, "finalizers": ["b"]}));
    }

    #[test]
    fn what_is_wanted_takes_the_place_of_what_helm_had_beside_what_others_have() {
        let mut live = live();
        let variables = json!({"f:spec": {"f:containers": {"k:{\"name\":\"proxy\"}": {
            "f:env": {"k:{\"name\":\"MINE\"}": {".": {}, "f:name": {}, "f:value": {}}},
        }}}});
        live["metadata"]["managedFields"][2]["fieldsV1"] = variables;
        let container = &mut live["spec"]["containers"][0];
        container["env"] = json!([{"name": "MINE", "value": "a"}]);
        let wanted = json!({"spec": {"containers": [
            {"name": "proxy", "image": "b", "env": [{"name": "OURS", "value": "c"}]},
        ]}});
        let merged = merged(&live, &wanted);
        let container = json!({
            "name": "proxy", "image": "b",
            "env": [{"name": "MINE", "value": "a"}, {"name": "OURS", "value": "c"}],
        });
        assert_eq!(merged["spec"]["containers"], json!([container]));
    }
}
