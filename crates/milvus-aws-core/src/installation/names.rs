//! Names that Kubernetes accepts.

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

/// A DNS label per RFC 1123: what Kubernetes demands of names that become part of host names and labels.
fn dns_label(text: &str, longest: usize) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    length(text, longest)
        .or_else(|| only(text, allowed, "a-z, 0-9 and `-`"))
        .or_else(|| dash_at_an_end(text))
}

fn dns_subdomain(text: &str) -> Option<String> {
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
        if self.0.contains("milvus") {
            self.0.clone()
        } else {
            format!("{}-milvus", self.0)
        }
    }

    /// The name of our etcd: the release name when it contains `etcd`, else `<release>-etcd`.
    pub fn etcd_name(&self) -> String {
        if self.0.contains("etcd") {
            self.0.clone()
        } else {
            format!("{}-etcd", self.0)
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
