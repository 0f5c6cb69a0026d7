//! The generations of Milvus's sizing tool: what each takes, and which releases it is for.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use super::{IndexKind, NoSize, load::SegmentSize};
use crate::{
    installation::MilvusVersion,
    topology::{Role, line_of},
};

/// A generation of the sizing tool (source: <https://milvus.io/tools/sizing>, by the dates of its repository).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The tool of 2024, whose numbers the guide to Milvus on EKS has. It sizes clusters alone.
    Guide,
    /// "Milvus 2.5.x and earlier", from December 2024 on.
    V2_5,
    /// "Milvus 2.6.x", from August 2025 on.
    V2_6,
}

/// One row of the table.
pub(super) struct Row {
    generation: Generation,
    name: &'static str,
    /// The oldest line of Milvus that it is usual for.
    from: (u64, u64),
    /// The release that is sized unless one is named; the newest one of all when absent.
    version: Option<&'static str>,
    /// A role that it sizes, and that other generations do not know.
    own_role: Role,
    /// Kinds of indexes that it knows.
    pub indexes: &'static [IndexKind],
    /// What the page has for `M` of HNSW.
    pub m: u32,
    /// What the page has for `nlist`.
    pub nlist: u32,
    /// What the page has for the size of a segment.
    pub segment: SegmentSize,
    /// The most dimensions that it takes.
    pub most_dimensions: u32,
}

const ROWS: [Row; 3] = [
    Row {
        generation: Generation::Guide,
        name: "guide",
        from: (2, 3),
        version: Some("2.4.5"),
        own_role: Role::IndexNode,
        indexes: &[
            IndexKind::Flat,
            IndexKind::IvfFlat,
            IndexKind::IvfSq8,
            IndexKind::Hnsw,
            IndexKind::Diskann,
        ],
        m: 8,
        nlist: 1024,
        segment: SegmentSize::Mib512,
        most_dimensions: 10_000,
    },
    Row {
        generation: Generation::V2_5,
        name: "2.5",
        from: (2, 5),
        version: Some("2.5.26"),
        own_role: Role::IndexNode,
        indexes: &[
            IndexKind::Flat,
            IndexKind::IvfFlat,
            IndexKind::IvfSq8,
            IndexKind::Scann,
            IndexKind::Hnsw,
            IndexKind::Diskann,
        ],
        m: 30,
        nlist: 128,
        segment: SegmentSize::Mib1024,
        most_dimensions: 32_768,
    },
    Row {
        generation: Generation::V2_6,
        name: "2.6",
        from: (2, 6),
        version: None,
        own_role: Role::StreamingNode,
        indexes: &IndexKind::ALL,
        m: 30,
        nlist: 128,
        segment: SegmentSize::Mib1024,
        most_dimensions: 32_768,
    },
];

impl Generation {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::Guide, Self::V2_5, Self::V2_6];

    /// The one that was made for that release.
    pub fn of(version: &MilvusVersion) -> Self {
        let newest = ROWS.iter().rfind(|row| row.from <= version.line());
        newest.map_or(Self::Guide, |row| row.generation)
    }

    /// As the command line spells it.
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The release that is sized unless one is named.
    pub fn usual_version(self) -> MilvusVersion {
        let named = self.row().version.and_then(|text| text.parse().ok());
        named.unwrap_or_default()
    }

    /// Whether that release has the roles which this generation sizes.
    pub fn fits(self, version: &MilvusVersion) -> bool {
        line_of(version).cluster.contains(&self.row().own_role)
    }

    pub(super) fn row(self) -> &'static Row {
        let [guide, v2_5, v2_6] = &ROWS;
        match self {
            Self::Guide => guide,
            Self::V2_5 => v2_5,
            Self::V2_6 => v2_6,
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Generation {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let named = Self::ALL.into_iter().find(|known| known.as_str() == text);
        named.ok_or_else(|| NoSize::UnknownGeneration(text.to_owned()))
    }
}

impl Serialize for Generation {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.as_str())
    }
}
