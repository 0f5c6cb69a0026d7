//! What stands in the way of what we want, in an object that the API server refuses.
//!
//! The server names the field that it complains of. What may have to go is near it and wanted by nobody but others: what
//! they have set in something that Helm made and that goes otherwise, and alternatives to what we want. Which of it is in
//! the way is not known by name: each is tried.

use kube::core::response::StatusCause;
use serde_json::{Map, Value};

use super::{
    managed_fields::{
        Fields, Path, at, below, children, field_key, find, is_item, names, owned_places, text_of,
    },
    taken_over::Owners,
};

/// Places that may have to go so that a complaint ends, the most likely ones first.
pub(super) fn suspects(
    complaints: &[StatusCause],
    merged: &Value,
    wanted: &Value,
    owners: &Owners,
) -> Vec<Path> {
    let mut suspects = Vec::new();
    for complaint in complaints {
        for path in near(&complaint.field, merged, wanted, owners) {
            if !suspects.contains(&path) {
                suspects.push(path);
            }
        }
    }
    suspects
}

/// What others have set near the fields that are complained of, each with its manager: `spec.replicas (kubectl)`.
pub(super) fn set_by_others(
    complaints: &[StatusCause],
    merged: &Value,
    wanted: &Value,
    owners: &Owners,
) -> Vec<String> {
    let mut told = Vec::new();
    for complaint in complaints {
        let way = way(&steps(&complaint.field), merged, wanted, owners);
        let near = way.iter().rev().map(|place| &place.path);
        let mut near = near.map(|path| told_below(path, owners));
        let near = near.find(|told| !told.is_empty()).unwrap_or_default();
        told.extend(near);
    }
    told.sort();
    told.dedup();
    told.truncate(MOST_TOLD);
    told
}

/// Places beyond these are not told: who has set that much knows it.
const MOST_TOLD: usize = 5;

fn told_below(path: &[String], owners: &Owners) -> Vec<String> {
    let above = text_of("", path);
    let told = owners.others().iter().flat_map(|entry| {
        let fields = at(&entry.fields, path);
        let places = fields.map(owned_places).unwrap_or_default();
        let text = |place: &Path| format!("{} ({})", text_of(&above, place), entry.manager());
        places.iter().map(text).collect::<Vec<_>>()
    });
    told.collect()
}

/// One place on the way to the field of a complaint.
struct Place<'a> {
    path: Path,
    value: &'a Value,
    wanted: Option<&'a Value>,
    ours: Option<&'a Fields>,
    others: Vec<&'a Fields>,
}

impl<'a> Place<'a> {
    fn top(value: &'a Value, wanted: &'a Value, owners: &'a Owners) -> Self {
        Self {
            path: Path::new(),
            value,
            wanted: Some(wanted),
            ours: Some(owners.ours()),
            others: owners.others().iter().map(|it| &it.fields).collect(),
        }
    }

    fn child(&self, key: String) -> Option<Self> {
        let value = find(self.value, &key)?;
        let others = self.others.iter().filter_map(|it| below(it, &key));
        Some(Self {
            value,
            wanted: self.wanted.and_then(|wanted| find(wanted, &key)),
            ours: self.ours.and_then(|ours| below(ours, &key)),
            others: others.collect(),
            path: self.path.iter().cloned().chain([key]).collect(),
        })
    }

    /// The part that a step leads to; none where there is nothing, or nobody owns the item that is meant.
    fn step(&self, step: &Step) -> Option<Self> {
        let key = match step {
            Step::Field(name) => field_key(name),
            Step::Index(index) => {
                let item = self.value.get(index)?;
                let owners = self.ours.iter().chain(&self.others);
                let mut keys = owners.flat_map(|fields| children(fields));
                let found = keys.find(|(key, _)| is_item(key) && names(key, item));
                found?.0.to_owned()
            }
        };
        self.child(key)
    }

    /// Fields of an object that we want, which we do not want in it.
    fn unwanted(&self) -> Vec<Self> {
        if self.wanted.is_none() {
            return Vec::new();
        }
        let fields = self.value.as_object().into_iter().flat_map(Map::keys);
        let children = fields.filter_map(|name| self.child(field_key(name)));
        let mut children: Vec<_> = children.filter(|child| child.wanted.is_none()).collect();
        children.sort_by_key(|child| !child.is_remainder());
        children
    }

    /// Whether others have set something in what Helm made, and nobody wants the rest of it any more.
    fn is_remainder(&self) -> bool {
        self.wanted.is_none() && self.ours.is_some() && !self.others.is_empty()
    }
}

fn near(field: &str, merged: &Value, wanted: &Value, owners: &Owners) -> Vec<Path> {
    let steps = steps(field);
    let way = way(&steps, merged, wanted, owners);
    let path = |place: &Place<'_>| place.path.clone();
    let remainders = way.iter().rev().filter(|place| place.is_remainder());
    let mut near: Vec<Path> = remainders.map(path).collect();
    // The last one that is wanted, on the way to what is complained of: alternatives stand in it.
    let complete = way.len() > steps.len();
    let inside = way.iter().rposition(|place| place.wanted.is_some());
    let inside = match inside {
        Some(at) if complete && at + 1 == way.len() => at.checked_sub(1),
        at => at,
    };
    let alternatives = inside.and_then(|at| way.get(at)).map(Place::unwanted);
    near.extend(alternatives.iter().flatten().map(path));
    near
}

/// The places that lead to a field, as far as they exist.
fn way<'a>(
    steps: &[Step],
    merged: &'a Value,
    wanted: &'a Value,
    owners: &'a Owners,
) -> Vec<Place<'a>> {
    let mut way = vec![Place::top(merged, wanted, owners)];
    for step in steps {
        let Some(next) = way.last().and_then(|place| place.step(step)) else {
            break;
        };
        way.push(next);
    }
    way
}

/// A step of a path as the API server writes it: `spec.ports[0].name`, `metadata.annotations[a.b/c]`.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

fn steps(field: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut text = String::new();
    let mut inside = false;
    // The end of the text ends a name too.
    for sign in field.chars().chain(['.']) {
        match sign {
            ']' => {
                let name = std::mem::take(&mut text);
                steps.push(name.parse().map_or(Step::Field(name), Step::Index));
                inside = false;
            }
            '.' | '[' if !inside => {
                if !text.is_empty() {
                    steps.push(Step::Field(std::mem::take(&mut text)));
                }
                inside = sign == '[';
            }
            sign => text.push(sign),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_read_as_the_api_server_writes_it() {
        let field = |name: &str| Step::Field(name.to_owned());
        for (text, expected) in [
            ("", vec![]),
            ("spec", vec![field("spec")]),
            (
                "spec.ports[10].name",
                vec![
                    field("spec"),
                    field("ports"),
                    Step::Index(10),
                    field("name"),
                ],
            ),
            (
                "metadata.labels[a.b/c]",
                vec![field("metadata"), field("labels"), field("a.b/c")],
            ),
            ("data[a", vec![field("data")]),
        ] {
            assert_eq!(steps(text), expected, "{text}");
        }
    }

    /// Alternatives to what is wanted are near; what others have as a whole beside it is not.
    #[test]
    fn what_others_have_by_itself_is_not_suspected() {
        let containers = json!([
            {"name": "ours", "livenessProbe": {"tcpSocket": {"port": 1}, "httpGet": {"path": "/x"}, "periodSeconds": 1}},
            {"name": "theirs", "volumeMounts": [{"name": "gone", "mountPath": "/x"}]},
        ]);
        let live = json!({"metadata": {"managedFields": [
            {"manager": "helm", "operation": "Update", "fieldsV1": {"f:spec": {"f:containers": {
                "k:{\"name\":\"ours\"}": {".": {}, "f:livenessProbe": {"f:httpGet": {"f:port": {}}}},
            }}}},
            {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:containers": {
                "k:{\"name\":\"ours\"}": {"f:livenessProbe": {"f:httpGet": {"f:path": {}}, "f:periodSeconds": {}}},
                "k:{\"name\":\"theirs\"}": {".": {}, "f:volumeMounts": {"k:{\"mountPath\":\"/x\"}": {".": {}}}},
            }}}},
        ]}});
        let merged = json!({"spec": {"containers": containers}});
        let wanted = json!({"spec": {"containers": [{"name": "ours", "livenessProbe": {"tcpSocket": {"port": 1}}}]}});
        let owners = Owners::of(&live);
        let near = |field: &str| {
            let near = near(field, &merged, &wanted, &owners).into_iter();
            near.map(|path| path.last().cloned().unwrap())
                .collect::<Vec<_>>()
        };
        let probe = "spec.containers[0].livenessProbe";
        assert_eq!(
            near(&format!("{probe}.tcpSocket")),
            ["f:httpGet", "f:periodSeconds"]
        );
        assert_eq!(near(&format!("{probe}.httpGet.port"))[0], "f:httpGet");
        assert_eq!(
            near("spec.containers[1].volumeMounts[0].name"),
            Vec::<String>::new()
        );
        assert_eq!(near("spec.containers[1].image"), Vec::<String>::new());
    }
}
