//! Whose an object is.

use milvus_aws_core::installation::InstallationName;
use serde_json::Value;

use crate::labels::{INSTALLATION, MANAGED_BY};

/// Whose an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// It carries the mark of this installation.
    Ours,
    /// It does not.
    Foreign(String),
}

/// Reads our mark off an object; of another's, who that seems to be.
pub(super) fn owner_of(live: &Value, installation: &InstallationName) -> Owner {
    let metadata = &live["metadata"];
    let label = |key: &str| metadata["labels"][key].as_str();
    if let Some(name) = label(INSTALLATION) {
        if name == installation.as_str() {
            return Owner::Ours;
        }
        return Owner::Foreign(format!("the installation {name}"));
    }
    if let Some(release) = metadata["annotations"]["meta.helm.sh/release-name"].as_str() {
        return Owner::Foreign(format!("the Helm release {release}"));
    }
    if let Some(manager) = label(MANAGED_BY) {
        return Owner::Foreign(manager.to_owned());
    }
    let mut entries = metadata["managedFields"].as_array().into_iter().flatten();
    let first = entries.find_map(|entry| entry["manager"].as_str());
    Owner::Foreign(match first {
        Some(manager) => format!("somebody who made it by {manager}"),
        None => "somebody else".to_owned(),
    })
}
