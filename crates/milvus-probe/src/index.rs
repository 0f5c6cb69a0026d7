//! Kinds of indexes, their parameters, and how near is measured.

use std::{fmt, str::FromStr};

use serde::Serialize;
use serde_json::{Value, json};

/// How near two vectors are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum Metric {
    /// The square of the Euclidean distance: less is nearer.
    #[default]
    L2,
    /// The inner product: more is nearer.
    #[serde(rename = "IP")]
    InnerProduct,
    /// The cosine of the angle: more is nearer.
    #[serde(rename = "COSINE")]
    Cosine,
}

/// A kind of index over vectors of 32-bit floats (source: Milvus's documentation, "In-memory Index").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IndexKind {
    /// No index: every vector is compared.
    Flat,
    /// Vectors in clusters, compared as they are.
    IvfFlat,
    /// Vectors in clusters, compared by one byte per number.
    IvfSq8,
    /// A graph of neighbours.
    Hnsw,
    /// What the server thinks best.
    #[serde(rename = "AUTOINDEX")]
    AutoIndex,
}

/// Each kind with the name that the protocol has for it.
const KINDS: [(IndexKind, &str); 5] = [
    (IndexKind::Flat, "FLAT"),
    (IndexKind::IvfFlat, "IVF_FLAT"),
    (IndexKind::IvfSq8, "IVF_SQ8"),
    (IndexKind::Hnsw, "HNSW"),
    (IndexKind::AutoIndex, "AUTOINDEX"),
];

/// A text that names no kind of index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no kind of index that can be verified; FLAT, IVF_FLAT, IVF_SQ8, HNSW and AUTOINDEX are"
)]
pub struct UnknownIndex(String);

/// An index over one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its kind.
    pub kind: IndexKind,
    /// How near is measured.
    pub metric: Metric,
}

impl Index {
    /// Number of clusters of the kinds that have clusters.
    pub const CLUSTERS: u32 = 128;
    /// Most rows that a search of a graph may keep in view (source: Milvus's documentation, "HNSW": `ef`).
    const FARTHEST: usize = 32_768;

    /// What the server is told when it builds the index.
    pub(crate) fn build_parameters(self) -> Vec<(&'static str, String)> {
        let parameters = match self.kind {
            IndexKind::IvfFlat | IndexKind::IvfSq8 => json!({ "nlist": Self::CLUSTERS }),
            IndexKind::Hnsw => json!({ "M": 16, "efConstruction": 200 }),
            IndexKind::Flat | IndexKind::AutoIndex => json!({}),
        };
        vec![
            ("index_type", self.kind.to_string()),
            ("metric_type", self.metric.to_string()),
            ("params", parameters.to_string()),
        ]
    }

    /// Search parameters that look as hard as the index can among that many rows: at every cluster, or far around in
    /// the graph.
    pub fn thorough(self, limit: usize, rows: u32) -> Value {
        match self.kind {
            IndexKind::IvfFlat | IndexKind::IvfSq8 => json!({ "nprobe": Self::CLUSTERS }),
            IndexKind::Hnsw => json!({ "ef": limit.max(Self::FARTHEST.min(rows as usize)) }),
            IndexKind::Flat | IndexKind::AutoIndex => json!({}),
        }
    }

    /// Search parameters as applications use them.
    pub fn usual(self, limit: usize) -> Value {
        match self.kind {
            IndexKind::IvfFlat | IndexKind::IvfSq8 => json!({ "nprobe": 16 }),
            IndexKind::Hnsw => json!({ "ef": limit.max(64) }),
            IndexKind::Flat | IndexKind::AutoIndex => json!({}),
        }
    }

    /// Whether a thorough search finds the true neighbours with their true distances.
    pub fn is_exact(self) -> bool {
        matches!(self.kind, IndexKind::Flat | IndexKind::IvfFlat)
    }
}

impl Metric {
    /// What the metric says of two vectors of equal length, in double precision.
    pub fn score(self, a: &[f32], b: &[f32]) -> f64 {
        let pairs = || a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)));
        let product = || pairs().map(|(a, b)| a * b).sum::<f64>();
        match self {
            Self::L2 => pairs().map(|(a, b)| (a - b) * (a - b)).sum(),
            Self::InnerProduct => product(),
            Self::Cosine => {
                let length =
                    |v: &[f32]| v.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
                product() / (length(a) * length(b)).max(f64::MIN_POSITIVE)
            }
        }
    }

    /// Orders scores, the nearest first.
    pub fn nearest_first(self, a: f64, b: f64) -> std::cmp::Ordering {
        match self {
            Self::L2 => a.total_cmp(&b),
            Self::InnerProduct | Self::Cosine => b.total_cmp(&a),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::L2 => "L2",
            Self::InnerProduct => "IP",
            Self::Cosine => "COSINE",
        })
    }
}

impl fmt::Display for IndexKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KINDS
            .iter()
            .find(|(kind, _)| kind == self)
            .map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for IndexKind {
    type Err = UnknownIndex;

    fn from_str(text: &str) -> Result<Self, UnknownIndex> {
        let kind = KINDS
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(text));
        kind.map(|(kind, _)| *kind)
            .ok_or_else(|| UnknownIndex(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_as_the_protocol_names_them() {
        for (kind, name) in KINDS {
            assert_eq!(name.parse(), Ok(kind));
            assert_eq!(kind.to_string(), name);
            assert_eq!(serde_json::to_value(kind).expect("a text"), name);
        }
        assert!("BTREE".parse::<IndexKind>().is_err());
    }

    #[test]
    fn metrics_measure() {
        let (a, b) = ([1.0, 2.0], [3.0, -1.0]);
        assert!((Metric::L2.score(&a, &b) - 13.0).abs() < 1e-12);
        assert!((Metric::InnerProduct.score(&a, &b) - 1.0).abs() < 1e-12);
        assert!((Metric::Cosine.score(&a, &a) - 1.0).abs() < 1e-12);
        assert!(Metric::L2.nearest_first(1.0, 2.0).is_lt());
        assert!(Metric::InnerProduct.nearest_first(1.0, 2.0).is_gt());
    }
}
