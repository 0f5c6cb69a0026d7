//! Where images come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    MilvusVersion,
    text_type::{length, only, text_type},
};
use crate::topology;

text_type!(
    /// Registry and repository of an image, without tag.
    ImageRepository, "image repository", repository,
    {"type": "string", "pattern": "^[A-Za-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$", "maxLength": 255}
);
text_type!(
    /// Tag of an image.
    ImageTag, "image tag", tag,
    {"type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"}
);

/// The Milvus server's image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Image {
    /// Registry and repository; `milvusdb/milvus` unless a mirror is used.
    pub repository: ImageRepository,
    /// Tag; `v<version>` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<ImageTag>,
    /// When the kubelet pulls.
    pub pull_policy: PullPolicy,
    /// Which groups pods join to be allowed to start the server.
    #[serde(skip_serializing_if = "ImageGroups::is_default")]
    pub groups: ImageGroups,
}

/// Which groups pods join to be allowed to start the server: its files in the official images belong to root's group (0)
/// before 3.0, and to group 999 from 3.0 on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ImageGroups {
    /// Those of every version: an upgrade changes nothing in them, and a custom image may be built on any version.
    #[default]
    EveryVersion,
    /// That of the Milvus version alone, for clusters whose policy forbids the other one.
    ThisVersion,
    /// None, for an image whose files everybody may read and execute.
    None,
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

impl Image {
    /// The whole reference for that version: `milvusdb/milvus:v2.6.15`.
    pub fn reference(&self, version: &MilvusVersion) -> String {
        match &self.tag {
            Some(tag) => format!("{}:{tag}", self.repository),
            None => format!("{}:{}", self.repository, version.tag()),
        }
    }

    /// The groups that the processes of that version are members of, to be allowed to start.
    pub fn supplemental_groups(&self, version: &MilvusVersion) -> Vec<i64> {
        match self.groups {
            ImageGroups::EveryVersion => topology::image_groups(),
            ImageGroups::ThisVersion => topology::line_of(version).image_groups.to_vec(),
            ImageGroups::None => Vec::new(),
        }
    }
}

impl ImageGroups {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for ImageRepository {
    fn default() -> Self {
        Self("milvusdb/milvus".to_owned())
    }
}

fn repository(text: &str) -> Option<String> {
    if let Some(broken) = length(text, 255) {
        return Some(broken);
    }
    if text.contains("://") {
        return Some("leave the scheme out".to_owned());
    }
    if text.contains('@') {
        return Some("leave the digest out, it follows from the tag".to_owned());
    }
    let (first, rest) = text.split_once('/').unwrap_or(("", text));
    let (registry, path) = if first.contains(['.', ':']) || first == "localhost" {
        (Some(first), rest)
    } else {
        (None, text)
    };
    if path.contains(':') {
        return Some("the tag belongs into `tag`".to_owned());
    }
    registry
        .and_then(registry_rule)
        .or_else(|| path.split('/').find_map(component_rule))
}

fn registry_rule(registry: &str) -> Option<String> {
    let (host, port) = registry.split_once(':').unwrap_or((registry, "443"));
    let host_rule = only(
        host,
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'),
        "letters, digits, `.` and `-` in the registry",
    );
    let port_is_good =
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    let label_is_good =
        |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    host_rule
        .or_else(|| {
            (!host.split('.').all(label_is_good)).then(|| "the registry is no host name".to_owned())
        })
        .or_else(|| {
            (!port_is_good)
                .then(|| "the registry's port must be a number from 1 to 65535".to_owned())
        })
}

/// Lower-case letters and digits, parted by one `.`, one or two `_`, or any number of `-`.
fn component_rule(component: &str) -> Option<String> {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let allowed = |c: char| is_letter(c) || matches!(c, '.' | '_' | '-');
    if let Some(broken) = only(component, allowed, "a-z, 0-9, `.`, `_`, `-` and `/`") {
        return Some(broken);
    }
    let ends = component.starts_with(is_letter) && component.ends_with(is_letter);
    let separators = component.split(is_letter);
    let known = |separator: &str| {
        matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
    };
    let good = ends && separators.into_iter().all(known);
    (!good).then(|| {
        "each part must start and end with a letter or a digit, with single separators".to_owned()
    })
}

fn tag(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    length(text, 128)
        .or_else(|| only(text, allowed, "letters, digits, `.`, `_` and `-`"))
        .or_else(|| {
            text.starts_with(['.', '-'])
                .then(|| "it must start with a letter, a digit or `_`".to_owned())
        })
}
