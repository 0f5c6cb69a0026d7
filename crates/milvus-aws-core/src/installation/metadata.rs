//! Labels and annotations as Kubernetes accepts them.

use std::{collections::BTreeMap, ops::Deref};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::text_type::{length, only, text_type};

text_type!(
    /// Key of a label or an annotation: `example.com/name` or `name`.
    MetadataKey, "key", metadata_key,
    {"type": "string", "pattern": "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"}
);
text_type!(
    /// Value of a label.
    LabelValue, "label value", label_value,
    {"type": "string", "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"}
);

/// Annotations of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Annotations(BTreeMap<MetadataKey, String>);

/// Labels of an object, or those that a node must have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Labels(BTreeMap<MetadataKey, LabelValue>);

/// Kubernetes' limit for all annotations of one object together.
const MOST_ANNOTATIONS: usize = 256 * 1024;

impl Annotations {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Both; of two with one key the later one.
    #[must_use]
    pub fn with(&self, later: &Self) -> Self {
        let mut both = self.0.clone();
        both.extend(later.0.clone());
        Self(both)
    }

    /// As Kubernetes objects hold them.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let pairs = self.0.iter();
        pairs
            .map(|(key, value)| (key.to_string(), value.clone()))
            .collect()
    }
}

impl Labels {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Both; of two with one key the later one.
    #[must_use]
    pub fn with(&self, later: &Self) -> Self {
        let mut both = self.0.clone();
        both.extend(later.0.clone());
        Self(both)
    }

    /// As Kubernetes objects hold them.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let pairs = self.0.iter();
        pairs
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect()
    }
}

impl Deref for Annotations {
    type Target = BTreeMap<MetadataKey, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Deref for Labels {
    type Target = BTreeMap<MetadataKey, LabelValue>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromIterator<(MetadataKey, String)> for Annotations {
    fn from_iter<I: IntoIterator<Item = (MetadataKey, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl FromIterator<(MetadataKey, LabelValue)> for Labels {
    fn from_iter<I: IntoIterator<Item = (MetadataKey, LabelValue)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Annotations {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<MetadataKey, String>::deserialize(input)?;
        let size: usize = map
            .iter()
            .map(|(key, value)| key.as_str().len() + value.len())
            .sum();
        if size > MOST_ANNOTATIONS {
            let message =
                format!("annotations are {size} bytes long, at most {MOST_ANNOTATIONS} fit");
            return Err(de::Error::custom(message));
        }
        Ok(Self(map))
    }
}

fn metadata_key(text: &str) -> Option<String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let prefix_rule = |prefix: &str| {
        let allowed =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        let label_is_good =
            |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        length(prefix, 253)
            .or_else(|| only(prefix, allowed, "a-z, 0-9, `-` and `.` before the `/`"))
            .or_else(|| {
                (!prefix.split('.').all(label_is_good))
                    .then(|| "what stands before the `/` is no host name".to_owned())
            })
    };
    prefix
        .and_then(prefix_rule)
        .or_else(|| length(name, 63))
        .or_else(|| word(name))
}

fn label_value(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    length(text, 63).or_else(|| word(text))
}

fn word(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    only(text, allowed, "letters, digits, `.`, `_` and `-`").or_else(|| {
        let ends = [text.chars().next(), text.chars().last()];
        let good = ends.iter().flatten().all(char::is_ascii_alphanumeric);
        (!good).then(|| "it must start and end with a letter or a digit".to_owned())
    })
}
