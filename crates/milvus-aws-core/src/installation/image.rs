//! Where images come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The Milvus server's image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Image {
    /// Registry and repository; `milvusdb/milvus` unless a mirror is used.
    pub repository: String,
    /// Tag; `v<version>` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// When the kubelet pulls.
    pub pull_policy: PullPolicy,
}

/// When the kubelet pulls an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// At every start of a pod.
    Always,
    /// When the node has no image of that name.
    #[default]
    IfNotPresent,
    /// Not at all.
    Never,
}

impl Default for Image {
    fn default() -> Self {
        Self {
            repository: "milvusdb/milvus".to_owned(),
            tag: None,
            pull_policy: PullPolicy::default(),
        }
    }
}
