//! What kind of Kubernetes the pods run on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of Kubernetes the pods run on, as far as their security contexts depend on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Pods run as the users that are written here.
    #[default]
    Kubernetes,
    /// The security context constraint `restricted-v2` assigns users and groups of the project, and refuses others.
    OpenShift,
}
