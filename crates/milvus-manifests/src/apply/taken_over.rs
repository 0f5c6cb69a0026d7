//! Fields that Helm owns, taken over.
//!
//! A field goes only when nobody owns it any more. Helm owns all that it wrote, so its entries in `managedFields` become
//! ours first: our write then drops what we do not want, and leaves what others have set since.

use serde_json::{Value, json};

use super::{
    FIELD_MANAGER,
    managed_fields::{
        Fields, Path, at, below, children, field_key, find, find_mut, insert, is_item, is_owned,
        keys_of_item, remove, take_out, unite,
    },
};

/// The annotations by which Helm knows its own. They go with Helm, whoever wrote them.
const MARKS: [&str; 2] = [
    "meta.helm.sh/release-name",
    "meta.helm.sh/release-namespace",
];
/// The label that Helm writes beside them.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Who owns the fields of an object: we, Helm's part included, and everybody else.
#[derive(Debug, Clone)]
pub(super) struct Owners {
    ours: Fields,
    others: Vec<Entry>,
    /// Our entry as it is written, without its fields.
    ours_as_written: Value,
    /// Whether some of what is ours is not written as ours yet.
    takes: bool,
}

/// What one manager owns by one kind of request.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    as_written: Value,
    pub(super) fields: Fields,
}

impl Entry {
    /// The manager's name, as its program gives it: `kubectl-set`.
    pub(super) fn manager(&self) -> &str {
        self.as_written["manager"].as_str().unwrap_or_default()
    }
}

impl Owners {
    /// Who owns what of an object.
    pub(super) fn of(live: &Value) -> Self {
        let mut owners = Self {
            ours: Fields::new(),
            others: Vec::new(),
            ours_as_written: json!({
                "manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": live["apiVersion"],
                "fieldsType": "FieldsV1",
            }),
            takes: false,
        };
        let entries = live["metadata"]["managedFields"].as_array();
        for entry in entries.into_iter().flatten() {
            let fields = entry["fieldsV1"].as_object().cloned().unwrap_or_default();
            let is_helms = is_helms(entry, &fields);
            if is_helms || is_ours(entry) {
                if let Some(time) = entry.get("time") {
                    owners.ours_as_written["time"] = time.clone();
                }
                owners.takes |= is_helms;
                unite(&mut owners.ours, &fields);
            } else {
                let as_written = entry.clone();
                owners.others.push(Entry { as_written, fields });
            }
        }
        for mark in MARKS {
            let path = annotation(mark);
            let has_it = |entry: &Entry| at(&entry.fields, &path).is_some();
            if owners.others.iter().any(has_it) {
                owners.take(&path);
            }
        }
        owners
    }

    /// What everybody else owns.
    pub(super) fn others(&self) -> &[Entry] {
        &self.others
    }

    /// What is ours, Helm's part included.
    pub(super) fn ours(&self) -> &Fields {
        &self.ours
    }

    /// Takes a place with everything below it from whoever owns it.
    pub(super) fn take(&mut self, path: &[String]) {
        for entry in &mut self.others {
            remove(&mut entry.fields, path);
        }
        insert(&mut self.ours, path);
        self.takes = true;
    }

    /// `managedFields` once all of that is ours; none where it is written so already.
    pub(super) fn managed_fields(&self) -> Option<Value> {
        if !self.takes {
            return None;
        }
        let entry = |as_written: &Value, fields: &Fields| {
            let mut entry = as_written.clone();
            entry["fieldsV1"] = Value::Object(fields.clone());
            entry
        };
        let owning = self.others.iter().filter(|it| !it.fields.is_empty());
        let others = owning.map(|it| entry(&it.as_written, &it.fields));
        let ours = entry(&self.ours_as_written, &self.ours);
        Some(others.chain([ours]).collect())
    }

    /// What our write makes of an object once all of that is ours. A trial of that very write cannot say it: in that, what
    /// Helm wrote is still there, and stands in the way of what we want (a probe has one way to ask, not two).
    pub(super) fn merged(&self, live: &Value, wanted: &Value) -> Value {
        let others: Vec<_> = self.others.iter().map(|entry| &entry.fields).collect();
        let mut merged = live.clone();
        prune(&mut merged, &self.ours, &others, wanted);
        merge(&mut merged, wanted);
        merged
    }
}

fn annotation(name: &str) -> Path {
    [
        field_key("metadata"),
        field_key("annotations"),
        field_key(name),
    ]
    .to_vec()
}

fn is_ours(entry: &Value) -> bool {
    entry["manager"] == FIELD_MANAGER
        && entry["operation"] == "Apply"
        && entry.get("subresource").is_none()
}

/// Whether Helm wrote that: `helm` itself, which sends updates as version 3 (`Update`) and configurations as version 4
/// (`Apply`), or a program that has Helm inside (`helm-controller`, `terraform-provider-helm`), whatever it is called: it
/// has written Helm's marks, all by one hand.
fn is_helms(entry: &Value, fields: &Fields) -> bool {
    // Status and scale are written by controllers alone.
    if entry.get("subresource").is_some() || entry["manager"] == FIELD_MANAGER {
        return false;
    }
    let named = entry["manager"].as_str();
    let label = [
        field_key("metadata"),
        field_key("labels"),
        field_key(MANAGED_BY),
    ];
    let marks = MARKS.map(annotation);
    let has_all =
        marks.iter().all(|mark| at(fields, mark).is_some()) && at(fields, &label).is_some();
    named.is_some_and(|name| name.contains("helm")) || has_all
}

/// Takes away what is among `ours` and not among what is wanted, as the API server does when a configuration is applied:
/// a field goes unless others own it or something in it; an item of a list goes unless others own the item itself, with
/// what they have set in it. What goes, goes whole, also with what nobody owns. Source: `prune` in `merge/update.go` of
/// structured-merge-diff.
fn prune(value: &mut Value, ours: &Fields, others: &[&Fields], wanted: &Value) {
    for (key, inner) in children(ours) {
        let theirs: Vec<_> = others.iter().filter_map(|it| below(it, key)).collect();
        let is_wanted = find(wanted, key);
        let stays = is_wanted.is_some()
            || if is_item(key) {
                !is_owned(inner) || theirs.iter().any(|it| is_owned(it))
            } else {
                !theirs.is_empty()
            };
        if !stays {
            take_out(value, key);
        } else if let Some(found) = find_mut(value, key) {
            let keys = keys_of_item(key);
            let kept: Vec<_> = keys.keys().map(|name| field_key(name)).collect();
            let inner = without(inner, &kept);
            prune(found, &inner, &theirs, is_wanted.unwrap_or(&Value::Null));
        }
    }
}

/// Fields without those.
fn without(fields: &Fields, keys: &[String]) -> Fields {
    let mut fields = fields.clone();
    fields.retain(|key, _| !keys.contains(key));
    fields
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

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Value {
        json!({
            "apiVersion": "apps/v1",
            "metadata": {
                "annotations": {
                    "meta.helm.sh/release-name": "demo", "meta.helm.sh/release-namespace": "vectors",
                    "deployment.kubernetes.io/revision": "1",
                },
                "managedFields": [
                    {
                        "manager": "installer", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-01T00:00:00Z",
                        "fieldsType": "FieldsV1",
                        "fieldsV1": {
                            "f:metadata": {
                                "f:annotations": {".": {}, "f:meta.helm.sh/release-name": {}, "f:meta.helm.sh/release-namespace": {}},
                                "f:labels": {"f:app.kubernetes.io/managed-by": {}},
                            },
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
                "finalizers": ["a"],
            },
        })
    }

    fn merged(live: &Value, wanted: &Value) -> Value {
        Owners::of(live).merged(live, wanted)
    }

    /// Some entry of `managedFields`.
    fn entry(manager: &str, operation: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    /// An object with one container in its pods, and who owns what in there.
    fn pods(container: &Value, owners: &[(&str, &str, Value)]) -> Value {
        let name = container["name"].as_str().unwrap().to_owned();
        let below = |fields: &Value| json!({"f:spec": {"f:containers": {format!("k:{{\"name\":\"{name}\"}}"): fields}}});
        let entries: Vec<_> = owners
            .iter()
            .map(|(manager, operation, fields)| entry(manager, operation, &below(fields)))
            .collect();
        json!({"apiVersion": "apps/v1", "metadata": {"managedFields": entries}, "spec": {"containers": [container]}})
    }

    #[test]
    fn what_helm_owned_under_whatever_name_is_ours_and_nothing_else_is() {
        let fields = Owners::of(&live()).managed_fields().unwrap();
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
        assert_eq!(Owners::of(&taken).managed_fields(), None);
        // Whoever died between the two writes sees the same.
        let wanted = json!({"spec": {"replicas": 2}});
        let (before, after) = (merged(&live(), &wanted), merged(&taken, &wanted));
        assert_eq!(before["spec"], after["spec"]);
    }

    /// Version 3 sends updates, version 4 configurations, and a program of another name may have Helm inside.
    #[test]
    fn stage_fault_11_helm_is_known_by_operation_and_name() {
        let object = json!({"metadata": {"managedFields": [
            entry("helm", "Update", &json!({"f:spec": {"f:a": {}}})),
            entry("helm", "Apply", &json!({"f:spec": {"f:b": {}}})),
            entry("terraform-provider-helm", "Apply", &json!({"f:spec": {"f:c": {}}})),
            entry(FIELD_MANAGER, "Apply", &json!({"f:spec": {"f:d": {}}})),
        ]}});
        let fields = Owners::of(&object).managed_fields().unwrap();
        assert_eq!(fields.as_array().unwrap().len(), 1);
        let owned = json!({"f:spec": {"f:a": {}, "f:b": {}, "f:c": {}, "f:d": {}}});
        assert_eq!(fields[0]["fieldsV1"], owned);
        assert_eq!(fields[0]["operation"], "Apply");
    }

    /// Who gave an object to Helm by hand wrote Helm's marks, and is not Helm: the marks go, the rest stays.
    #[test]
    fn stage_fault_11_marks_that_a_person_wrote_go_without_what_else_that_person_wrote() {
        let annotations = json!({"f:metadata": {"f:annotations": {
            "f:meta.helm.sh/release-name": {}, "f:meta.helm.sh/release-namespace": {}, "f:team": {},
        }}});
        let object = json!({
            "metadata": {
                "annotations": {"meta.helm.sh/release-name": "demo", "meta.helm.sh/release-namespace": "vectors", "team": "a"},
                "managedFields": [entry("kubectl-annotate", "Update", &annotations)],
            },
        });
        let fields = Owners::of(&object).managed_fields().unwrap();
        let left = json!({"f:metadata": {"f:annotations": {"f:team": {}}}});
        assert_eq!(fields[0]["fieldsV1"], left);
        let annotations = &merged(&object, &json!({}))["metadata"]["annotations"];
        assert_eq!(*annotations, json!({"team": "a"}));
    }

    #[test]
    fn what_helm_alone_owns_goes_and_what_others_have_set_stays() {
        let left = merged(&live(), &json!({}));
        let annotations = json!({"deployment.kubernetes.io/revision": "1"});
        assert_eq!(left["metadata"]["annotations"], annotations);
        assert_eq!(left["spec"], json!({"replicas": 3}));
    }

    #[test]
    fn what_is_wanted_takes_the_place_of_what_helm_had_beside_what_others_have() {
        let container = json!({
            "name": "proxy", "image": "a", "args": ["run"], "env": [{"name": "MINE", "value": "a"}],
        });
        let variable =
            json!({"f:env": {"k:{\"name\":\"MINE\"}": {".": {}, "f:name": {}, "f:value": {}}}});
        let live = pods(
            &container,
            &[
                (
                    "helm",
                    "Update",
                    json!({".": {}, "f:name": {}, "f:image": {}, "f:args": {}}),
                ),
                ("kubectl-set", "Update", variable),
            ],
        );
        let wanted = json!({"spec": {"containers": [
            {"name": "proxy", "image": "b", "env": [{"name": "OURS", "value": "c"}]},
        ]}});
        let container = json!({
            "name": "proxy", "image": "b",
            "env": [{"name": "MINE", "value": "a"}, {"name": "OURS", "value": "c"}],
        });
        assert_eq!(
            merged(&live, &wanted)["spec"]["containers"],
            json!([container])
        );
    }

    /// `kubectl set env` sets variables of every container, also of one that goes: nothing of it is left, as the API server
    /// has it.
    #[test]
    fn stage_fault_8_an_item_goes_with_what_others_have_set_in_it() {
        let container = json!({
            "name": "config", "image": "a", "terminationMessagePath": "/dev/log",
            "env": [{"name": "MINE", "value": "a"}],
        });
        let variable = json!({"f:env": {".": {}, "k:{\"name\":\"MINE\"}": {".": {}, "f:name": {}, "f:value": {}}}});
        let helms = json!({".": {}, "f:name": {}, "f:image": {}});
        for operation in ["Update", "Apply"] {
            let live = pods(
                &container.clone(),
                &[
                    ("helm", operation, helms.clone()),
                    ("kubectl-set", "Update", variable.clone()),
                ],
            );
            let left = merged(&live, &json!({"spec": {"containers": []}}));
            assert_eq!(left["spec"]["containers"], json!([]), "{operation}");
        }
        // An item of somebody else's stays, with what Helm has set in it.
        let owner = json!({".": {}, "f:name": {}, "f:image": {}, "f:env": {"k:{\"name\":\"MINE\"}": {".": {}}}});
        let live = pods(
            &container,
            &[
                ("kubectl-patch", "Update", owner),
                ("helm", "Update", json!({"f:image": {}})),
            ],
        );
        let left = merged(&live, &json!({"spec": {}}));
        let theirs = &left["spec"]["containers"][0];
        assert_eq!(
            (&theirs["name"], &theirs["image"]),
            (&json!("config"), &json!("a"))
        );
        assert_eq!(theirs["env"][0]["value"], "a");
    }

    /// Helm 4 owns what it wrote and not what the server added: that goes along, also beside something of others.
    #[test]
    fn stage_fault_8_a_way_to_ask_goes_whole_with_the_servers_defaults_in_it() {
        let container = json!({
            "name": "proxy", "env": [{"name": "MINE", "value": "a"}],
            "livenessProbe": {"httpGet": {"path": "/healthz", "port": "metrics", "scheme": "HTTP"}, "successThreshold": 1},
        });
        let variable =
            json!({"f:env": {"k:{\"name\":\"MINE\"}": {".": {}, "f:name": {}, "f:value": {}}}});
        let helms = json!({".": {}, "f:name": {}, "f:livenessProbe": {"f:httpGet": {"f:path": {}, "f:port": {}}}});
        let live = pods(
            &container,
            &[
                ("helm", "Apply", helms),
                ("kubectl-set", "Update", variable),
            ],
        );
        let probe = json!({"tcpSocket": {"port": 9091}});
        let wanted = json!({"spec": {"containers": [{"name": "proxy", "livenessProbe": probe}]}});
        let left = merged(&live, &wanted);
        let container = &left["spec"]["containers"][0];
        let probe = json!({"tcpSocket": {"port": 9091}, "successThreshold": 1});
        assert_eq!(container["livenessProbe"], probe);
        assert_eq!(container["env"][0]["name"], "MINE");
    }

    /// What is taken from others is ours afterwards, and goes; the rest of theirs stays.
    #[test]
    fn stage_fault_8_a_place_can_be_taken_from_others() {
        let mut owners = Owners::of(&live());
        let replicas = [field_key("spec"), field_key("replicas")];
        owners.take(&replicas);
        let fields = owners.managed_fields().unwrap();
        let managers: Vec<_> = fields
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["manager"])
            .collect();
        assert_eq!(managers, ["kube-controller-manager", FIELD_MANAGER]);
        assert_eq!(owners.merged(&live(), &json!({})).get("spec"), None);
    }
}
