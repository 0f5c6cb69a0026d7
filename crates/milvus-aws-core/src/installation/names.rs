//! Names that Kubernetes accepts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text_type::{length, only, text_type};

text_type!(
    /// Release name. At most 40 characters, so that every object's name derived from it fits Kubernetes' 63.
    InstallationName, "installation name", |text| dns_label(text, 40).or_else(|| starts_with_letter(text)),
    {"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 40}
);
text_type!(
    /// Kubernetes namespace.
    Namespace, "namespace", |text| dns_label(text, 63),
    {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63}
);
text_type!(
    /// Name of a Kubernetes object that we refer to.
    ObjectName, "object name", dns_subdomain,
    {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", "maxLength": 253}
);

text_type!(
    /// Prefix of every Milvus object's name. At most 47 characters, so that every name derived from it fits Kubernetes' 63.
    FullName, "prefix of names", |text| dns_label(text, LONGEST_FULL_NAME).or_else(|| starts_with_letter(text)),
    {"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 47}
);
text_type!(
    /// Value of the label `app.kubernetes.io/name`.
    AppName, "application name", |text| dns_label(text, 40),
    {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 40}
);
text_type!(
    /// Name of a resource group, which becomes part of the names of its deployments.
    ResourceGroup, "resource group", |text| dns_label(text, 40),
    {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 40}
);

/// The longest prefix that leaves room for `-streamingnode` and two characters.
pub(super) const LONGEST_FULL_NAME: usize = 47;

/// Names that do not follow from the installation's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NameOverrides {
    /// Prefix of every Milvus object's name; follows from the installation's name when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<FullName>,
    /// The label `app.kubernetes.io/name`, and what names begin with after the installation's; `milvus` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<AppName>,
    /// Which part of an etcd, Kafka, Pulsar or Woodpecker that exists is this installation's: `own` or `usual`. `usual` when
    /// absent; `install` wants to know for a new installation. `config` wins. With `target: kubernetes` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_shared_services: Option<SharedNames>,
}

/// How an installation's part of a service that others may use too is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SharedNames {
    /// `NAMESPACE.NAME`, by the namespace and the prefix of every Milvus object's name.
    Own,
    /// `by-dev`, as Milvus and the official chart have it: one Milvus alone may use it.
    Usual,
}

impl NameOverrides {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The label `app.kubernetes.io/name` of Milvus's objects.
    pub fn app(&self) -> &str {
        self.app_name.as_ref().map_or(APP, AppName::as_str)
    }

    /// The prefix of every Milvus object's name (source: the official Helm chart's naming).
    pub fn full_name(&self, installation: &InstallationName) -> String {
        match &self.full_name {
            Some(name) => name.to_string(),
            None => installation.named_after(self.app()),
        }
    }
}

/// What Milvus's objects are called after.
const APP: &str = "milvus";

/// A DNS label per RFC 1123: what Kubernetes demands of names that become part of host names and labels.
pub(super) fn dns_label(text: &str, longest: usize) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    length(text, longest)
        .or_else(|| only(text, allowed, "a-z, 0-9 and `-`"))
        .or_else(|| dash_at_an_end(text))
}

pub(super) fn dns_subdomain(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let parts = || text.split('.').find_map(|part| dns_label(part, 63));
    length(text, 253)
        .or_else(|| only(text, allowed, "a-z, 0-9, `-` and `.`"))
        .or_else(parts)
}

fn dash_at_an_end(text: &str) -> Option<String> {
    let at_an_end = text.starts_with('-') || text.ends_with('-');
    at_an_end.then(|| "it must not start or end with `-`".to_owned())
}

/// Services are called after installations, and must start with a letter (RFC 1035).
fn starts_with_letter(text: &str) -> Option<String> {
    let letter = text.starts_with(|c: char| c.is_ascii_lowercase());
    (!letter).then(|| "it must start with a letter".to_owned())
}

impl InstallationName {
    /// The prefix of every Milvus object's name: the release name when it contains `milvus`, else
    /// `<release>-milvus` (source: the official Helm chart's naming, so that its releases can be adopted).
    pub fn full_name(&self) -> String {
        self.named_after(APP)
    }

    /// The name of our etcd: the release name when it contains `etcd`, else `<release>-etcd`.
    pub fn etcd_name(&self) -> String {
        self.named_after("etcd")
    }

    fn named_after(&self, what: &str) -> String {
        if self.0.contains(what) {
            self.0.clone()
        } else {
            format!("{}-{what}", self.0)
        }
    }
}

impl ObjectName {
    /// From parts that follow the rule already: a name of ours and a short ending.
    pub(crate) fn derived(name: String) -> Self {
        Self(name)
    }
}

impl Default for InstallationName {
    fn default() -> Self {
        Self("milvus".to_owned())
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("milvus".to_owned())
    }
}
