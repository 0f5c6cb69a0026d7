//! Whose a resource of AWS is, by its tags.

use std::collections::BTreeMap;

use crate::{engine::Foreign, installation::InstallationName};

/// The tag that every resource of ours carries; its value is the installation's name.
const INSTALLATION: &str = "kubectl-milvus/installation";
/// The tag that consoles show.
const NAME: &str = "Name";

/// The tags by which an installation knows its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    installation: InstallationName,
}

/// Whose something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    Ours,
    /// Somebody else's, with what its tags tell of them.
    Foreign(Foreign),
}

impl Mark {
    /// The mark of one installation.
    pub fn new(installation: InstallationName) -> Self {
        Self { installation }
    }

    /// The installation whose mark it is.
    pub fn installation(&self) -> &InstallationName {
        &self.installation
    }

    /// The tag's key.
    pub const fn key() -> &'static str {
        INSTALLATION
    }

    /// The tag's value.
    pub fn value(&self) -> &str {
        self.installation.as_str()
    }

    /// The tags of a resource: the mark, and the name that consoles show.
    pub(super) fn tags(&self, name: &str) -> [(String, String); 2] {
        [
            (NAME.to_owned(), name.to_owned()),
            (INSTALLATION.to_owned(), self.value().to_owned()),
        ]
    }

    /// The same as EC2 takes them.
    pub(super) fn ec2_tags(&self, name: &str) -> Vec<aws_sdk_ec2::types::Tag> {
        let tag = |(key, value)| {
            aws_sdk_ec2::types::Tag::builder()
                .key(key)
                .value(value)
                .build()
        };
        self.tags(name).into_iter().map(tag).collect()
    }

    /// The same as a map, for services that take one.
    pub(super) fn tag_map<M: FromIterator<(String, String)>>(&self, name: &str) -> M {
        self.tags(name).into_iter().collect()
    }

    /// Whose something with those tags is.
    pub(super) fn owner<K: AsRef<str>, V: AsRef<str>>(
        &self,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> Owner {
        let tags: BTreeMap<String, String> = tags
            .into_iter()
            .map(|(key, value)| (key.as_ref().to_owned(), value.as_ref().to_owned()))
            .collect();
        match tags.get(INSTALLATION) {
            Some(name) if name == self.value() => Owner::Ours,
            Some(name) => Owner::Foreign(format!("it belongs to the installation {name}").into()),
            None => Owner::Foreign(format!("it carries no tag {INSTALLATION}").into()),
        }
    }
}
