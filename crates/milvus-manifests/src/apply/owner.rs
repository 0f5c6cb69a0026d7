//! Whose an object is.

use serde_json::Value;

use crate::labels::{HOME, INSTALLATION, KEPT_WITH_DATA, MANAGED_BY, Owner};

/// The annotations by which Helm knows its own.
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Whose an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ownership {
    /// It carries the mark of this installation.
    Ours,
    /// It does not.
    Foreign(String),
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

/// Reads our mark off an object; of another's, who that seems to be.
pub(super) fn owner_of(live: &Value, owner: &Owner) -> Ownership {
    let metadata = &live["metadata"];
    let label = |key: &str| metadata["labels"][key].as_str();
    if let Some(name) = label(INSTALLATION) {
        let home = label(HOME).filter(|home| *home != owner.namespace.as_str());
        return match home {
            None if name == owner.installation.as_str() => Ownership::Ours,
            None => Ownership::Foreign(format!("the installation {name}")),
            Some(home) => {
                Ownership::Foreign(format!("the installation {name} of namespace {home}"))
            }
        };
    }
    if let Some(release) = metadata["annotations"][RELEASE_NAME].as_str() {
        return Ownership::Foreign(format!("the Helm release {release}"));
    }
    if let Some(manager) = label(MANAGED_BY) {
        return Ownership::Foreign(manager.to_owned());
    }
    let mut entries = metadata["managedFields"].as_array().into_iter().flatten();
    let first = entries.find_map(|entry| entry["manager"].as_str());
    Ownership::Foreign(match first {
        Some(manager) => format!("somebody who made it by {manager}"),
        None => "somebody else".to_owned(),
    })
}
