//! Whose an object is.

use milvus_aws_core::engine::{Foreign, ForeignKind};
use serde_json::Value;

use super::{FIELD_MANAGER, api::name_of};
use crate::labels::{HOME, INSTALLATION, INSTANCE, KEPT_WITH_DATA, MANAGED_BY, MANAGER, Owner};

/// The annotations by which Helm knows its own.
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Whose an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ownership {
    /// It carries the mark of this installation.
    Ours,
    /// It does not.
    Foreign(Foreign),
}

/// Whether an object goes only when data does.
pub(super) fn kept_with_data(live: &Value) -> bool {
    live["metadata"]["annotations"]
        .get(KEPT_WITH_DATA)
        .is_some()
}

/// Whether an object is of the Helm release that has our name and namespace, by the marks that Helm itself goes by. What
/// another installation has marked is not.
pub(super) fn is_released(live: &Value, owner: &Owner) -> bool {
    let metadata = &live["metadata"];
    let name = owner.installation.as_str();
    metadata["labels"][MANAGED_BY] == "Helm"
        && metadata["annotations"][RELEASE_NAME] == name
        && metadata["annotations"][RELEASE_NAMESPACE] == owner.namespace.as_str()
        && metadata["labels"]
            .get(INSTALLATION)
            .is_none_or(|mark| mark == name)
}

/// Reads our mark off an object; of another's, whose it seems to be.
pub(super) fn owner_of(live: &Value, owner: &Owner) -> Ownership {
    let metadata = &live["metadata"];
    let label = |key: &str| metadata["labels"][key].as_str();
    let belongs = |to: String| Ownership::Foreign(format!("it belongs to {to}").into());
    if let Some(name) = label(INSTALLATION) {
        let home = label(HOME).filter(|home| *home != owner.namespace.as_str());
        return match home {
            None if name == owner.installation.as_str() => Ownership::Ours,
            None => belongs(format!("the installation {name}")),
            Some(home) => belongs(format!("the installation {name} of namespace {home}")),
        };
    }
    if let Some(release) = metadata["annotations"][RELEASE_NAME].as_str() {
        let because = format!("it belongs to the Helm release {release}");
        return Ownership::Foreign(Foreign::new(ForeignKind::HelmRelease, because));
    }
    if has_lost_its_mark(live, owner) {
        return Ownership::Foreign(unmarked(live, owner));
    }
    if let Some(manager) = label(MANAGED_BY) {
        return belongs(manager.to_owned());
    }
    Ownership::Foreign(match managers(live).next() {
        Some(manager) => format!("somebody else made it by {manager}").into(),
        None => "it belongs to somebody else".into(),
    })
}

/// Whether we made it for this installation, and somebody took our mark off.
fn has_lost_its_mark(live: &Value, owner: &Owner) -> bool {
    let label = |key: &str| live["metadata"]["labels"][key].as_str();
    let is_of_release = label(INSTANCE).is_none_or(|name| name == owner.installation.as_str());
    let by_us = label(MANAGED_BY).map_or_else(
        || managers(live).any(|manager| manager == FIELD_MANAGER),
        |manager| manager == MANAGER,
    );
    is_of_release && by_us
}

fn managers(live: &Value) -> impl Iterator<Item = &str> {
    let entries = live["metadata"]["managedFields"].as_array();
    let entries = entries.into_iter().flatten();
    entries.filter_map(|entry| entry["manager"].as_str())
}

/// What has lost our mark, and the command that puts it back.
fn unmarked(live: &Value, owner: &Owner) -> Foreign {
    let name = &owner.installation;
    let kind = live["kind"].as_str().unwrap_or_default().to_lowercase();
    let place = match live["metadata"]["namespace"].as_str() {
        Some(namespace) => format!(" -n {namespace}"),
        None => String::new(),
    };
    let command = format!(
        "kubectl label {kind}/{}{place} {INSTALLATION}={name}",
        name_of(live)
    );
    let because = format!("it was made for {name}, and has lost the label {INSTALLATION}");
    Foreign::new(ForeignKind::Unmarked { command }, because)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn foreign(metadata: &Value) -> Foreign {
        let owner = Owner {
            installation: "demo".parse().unwrap(),
            namespace: "vectors".parse().unwrap(),
        };
        let live = json!({"kind": "Deployment", "metadata": metadata});
        match owner_of(&live, &owner) {
            Ownership::Foreign(foreign) => foreign,
            Ownership::Ours => panic!("ours"),
        }
    }

    #[test]
    fn stage_fault_15_what_has_lost_our_mark_is_known_by_its_other_marks() {
        let (manager, instance) = (MANAGED_BY, INSTANCE);
        let name = json!("demo-milvus-proxy");
        let by_label = json!({"name": name, "namespace": "vectors", "labels": {manager: MANAGER, instance: "demo"}});
        let by_fields = json!({"name": name, "namespace": "vectors", "managedFields": [{"manager": "kubectl"}, {"manager": FIELD_MANAGER}]});
        for metadata in [by_label, by_fields] {
            let foreign = foreign(&metadata);
            let command = "kubectl label deployment/demo-milvus-proxy -n vectors kubectl-milvus/installation=demo";
            let command = command.to_owned();
            assert_eq!(foreign.kind(), &ForeignKind::Unmarked { command });
            assert_eq!(
                foreign.to_string(),
                "it was made for demo, and has lost the label kubectl-milvus/installation"
            );
        }
    }

    /// Each is a clause that can follow the object's name.
    #[test]
    fn stage_fault_15_whose_it_is_is_told_in_a_clause() {
        let (manager, instance) = (MANAGED_BY, INSTANCE);
        let cases = [
            (
                json!({"labels": {INSTALLATION: "other"}}),
                "it belongs to the installation other",
            ),
            (
                json!({"labels": {INSTALLATION: "demo", HOME: "b"}}),
                "it belongs to the installation demo of namespace b",
            ),
            (
                json!({"annotations": {RELEASE_NAME: "old"}}),
                "it belongs to the Helm release old",
            ),
            (
                json!({"labels": {manager: "argocd"}}),
                "it belongs to argocd",
            ),
            (
                json!({"labels": {manager: MANAGER, instance: "other"}}),
                "it belongs to kubectl-milvus",
            ),
            (
                json!({"managedFields": [{"manager": "kubectl"}]}),
                "somebody else made it by kubectl",
            ),
            (json!({}), "it belongs to somebody else"),
        ];
        for (metadata, because) in cases {
            let foreign = foreign(&metadata);
            assert_eq!(foreign.to_string(), because);
            let helm = matches!(foreign.kind(), ForeignKind::HelmRelease);
            assert_eq!(helm, because.contains("Helm"), "{because}");
        }
    }
}
