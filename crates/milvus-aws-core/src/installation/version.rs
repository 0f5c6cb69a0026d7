//! Milvus versions.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

use crate::topology;

/// Why a text is no version that we can install.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVersion {
    /// Not `MAJOR.MINOR.PATCH`.
    #[error("`{0}` is no version, write it like `2.6.15`")]
    NotAVersion(String),
    /// A line that the topology table does not know.
    #[error("Milvus {0} is not supported, the lines 2.3, 2.4, 2.5, 2.6 and 3.0 are")]
    Unsupported(String),
}

/// A Milvus release of a line that the topology table knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MilvusVersion {
    version: semver::Version,
    /// Its row of the topology table.
    row: usize,
}

/// The longest version that fits an image tag and a label.
const LONGEST: usize = 60;

/// The line that is installed unless another version is named.
const DEFAULT_LINE: (u64, u64) = (2, 6);

impl Default for MilvusVersion {
    fn default() -> Self {
        Self::newest_of(DEFAULT_LINE)
    }
}

fn newest_of(line: (u64, u64)) -> (u64, u64, u64) {
    let rows = topology::lines().iter();
    let newest = rows
        .map(|row| row.newest)
        .filter(|newest| (newest.0, newest.1) == line);
    newest.max().unwrap_or((line.0, line.1, 0))
}

impl MilvusVersion {
    /// The newest release that is known of a line of the table.
    pub(crate) fn newest_of(line: (u64, u64)) -> Self {
        let (major, minor, patch) = newest_of(line);
        Self {
            version: semver::Version::new(major, minor, patch),
            row: topology::row_of(major, minor, patch).unwrap_or(0),
        }
    }

    /// Whether it comes before a release: `2.6.0-rc1`. Other additions (`2.4.5-gpu`) name builds of a release.
    pub fn is_candidate(&self) -> bool {
        let before = ["alpha", "beta", "dev", "rc"];
        let addition = self.version.pre.to_lowercase();
        before.iter().any(|word| addition.starts_with(word))
    }

    /// Major and minor, which name the line: `(2, 6)`.
    pub fn line(&self) -> (u64, u64) {
        (self.version.major, self.version.minor)
    }

    /// Whether this release is that one or a later one.
    pub fn is_at_least(&self, major: u64, minor: u64, patch: u64) -> bool {
        self.version >= semver::Version::new(major, minor, patch)
    }

    /// A release, or the newest one of a line: `2.5`.
    pub fn of_release_or_line(text: &str) -> Result<Self, InvalidVersion> {
        let mut lines = topology::lines().iter();
        let line = lines.find(|line| format!("{}.{}", line.from.0, line.from.1) == text);
        match line.map(|line| newest_of((line.from.0, line.from.1))) {
            Some((major, minor, patch)) => format!("{major}.{minor}.{patch}").parse(),
            None => text.parse(),
        }
    }

    pub(crate) fn row(&self) -> usize {
        self.row
    }

    /// The tag that the official image has for this release.
    pub fn tag(&self) -> String {
        format!("v{}", self.version)
    }
}

impl FromStr for MilvusVersion {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let fault = || InvalidVersion::NotAVersion(text.to_owned());
        let version = semver::Version::parse(text.strip_prefix('v').unwrap_or(text));
        // Build metadata would make an invalid image tag, as would a text that is too long for one.
        let version = version
            .ok()
            .filter(|version| version.build.is_empty() && text.len() <= LONGEST)
            .ok_or_else(fault)?;
        match topology::row_of(version.major, version.minor, version.patch) {
            Some(row) => Ok(Self { version, row }),
            None => Err(InvalidVersion::Unsupported(version.to_string())),
        }
    }
}

impl fmt::Display for MilvusVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.version.fmt(f)
    }
}

impl Serialize for MilvusVersion {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MilvusVersion {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_str(VersionVisitor)
    }
}

struct VersionVisitor;

impl Visitor<'_> for VersionVisitor {
    type Value = MilvusVersion;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version like `2.6.15`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<MilvusVersion, E> {
        text.parse().map_err(E::custom)
    }
}

impl JsonSchema for MilvusVersion {
    fn schema_name() -> Cow<'static, str> {
        "MilvusVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^v?[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$"})
    }
}
