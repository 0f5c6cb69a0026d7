//! Kinds of indexes and their parameters, as Milvus spells them.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::Serialize;

use super::{Generation, NoSize};

/// A kind of index over vectors of 32-bit floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    /// No index: every vector is compared.
    Flat,
    /// Vectors in clusters, as they are.
    IvfFlat,
    /// Vectors in clusters, one byte per number.
    IvfSq8,
    /// Vectors in clusters, one bit per number, refined by a finer copy.
    IvfRabitq,
    /// Vectors in clusters, half a byte per number.
    Scann,
    /// A graph of neighbours in memory.
    Hnsw,
    /// A graph of neighbours on a local disk.
    Diskann,
    /// The same with nearly nothing in memory.
    Aisaq,
}

/// Each kind with its name and its parameters.
const KINDS: [(IndexKind, &str, &[&str]); 8] = [
    (IndexKind::Flat, "FLAT", &[]),
    (IndexKind::IvfFlat, "IVF_FLAT", &["nlist"]),
    (IndexKind::IvfSq8, "IVF_SQ8", &["nlist"]),
    (
        IndexKind::IvfRabitq,
        "IVF_RABITQ",
        &["nlist", "refine_type"],
    ),
    (IndexKind::Scann, "SCANN", &["with_raw_data"]),
    (IndexKind::Hnsw, "HNSW", &["M"]),
    (IndexKind::Diskann, "DISKANN", &["max_degree"]),
    (IndexKind::Aisaq, "AISAQ", &["max_degree", "inline_pq"]),
];

/// An index with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Index {
    /// [`IndexKind::Flat`].
    Flat,
    /// [`IndexKind::IvfFlat`].
    IvfFlat {
        /// Number of clusters.
        nlist: u32,
    },
    /// [`IndexKind::IvfSq8`].
    IvfSq8 {
        /// Number of clusters.
        nlist: u32,
    },
    /// [`IndexKind::IvfRabitq`].
    IvfRabitq {
        /// Number of clusters.
        nlist: u32,
        /// The finer copy.
        refine_type: Refine,
    },
    /// [`IndexKind::Scann`].
    Scann {
        /// Whether the vectors are kept beside it.
        with_raw_data: bool,
    },
    /// [`IndexKind::Hnsw`].
    Hnsw {
        /// Edges per vector and layer.
        #[serde(rename = "M")]
        m: u32,
    },
    /// [`IndexKind::Diskann`].
    Diskann {
        /// Edges per vector.
        max_degree: u32,
    },
    /// [`IndexKind::Aisaq`].
    Aisaq {
        /// Edges per vector.
        max_degree: u32,
        /// Neighbours whose codes are stored beside a vector.
        inline_pq: u32,
    },
}

/// How finely the copy is kept that refines IVF_RABITQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Refine {
    /// There is no copy.
    None,
    /// Six bits per number.
    Sq6,
    /// Eight bits per number.
    Sq8,
    /// Sixteen bits per number.
    Fp16,
    /// Sixteen bits per number.
    Bf16,
    /// As it is.
    Fp32,
}

/// Each refinement with its name and the bits that it keeps of a number.
const REFINEMENTS: [(Refine, &str, u64); 6] = [
    (Refine::None, "NONE", 0),
    (Refine::Sq6, "SQ6", 6),
    (Refine::Sq8, "SQ8", 8),
    (Refine::Fp16, "FP16", 16),
    (Refine::Bf16, "BF16", 16),
    (Refine::Fp32, "FP32", 32),
];

/// What the tool takes for numbers, and what its page has for degrees.
const M: RangeInclusive<u32> = 2..=2048;
const NLIST: RangeInclusive<u32> = 1..=65_536;
const MAX_DEGREE: RangeInclusive<u32> = 1..=2048;
const USUAL_DEGREE: u32 = 56;

/// A parameter of an index as it is written: `M=16`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    name: String,
    value: String,
}

impl IndexKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Flat,
        Self::IvfFlat,
        Self::IvfSq8,
        Self::IvfRabitq,
        Self::Scann,
        Self::Hnsw,
        Self::Diskann,
        Self::Aisaq,
    ];

    /// As Milvus calls it.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    fn parameters(self) -> &'static [&'static str] {
        self.row().2
    }

    fn row(self) -> &'static (Self, &'static str, &'static [&'static str]) {
        let found = KINDS.iter().find(|(kind, ..)| *kind == self);
        found.unwrap_or(&KINDS[0])
    }
}

impl Refine {
    /// Bits that the copy has of each number.
    pub(super) fn bits(self) -> u64 {
        let found = REFINEMENTS.iter().find(|(refine, ..)| *refine == self);
        found.map_or(0, |(.., bits)| *bits)
    }
}

impl Index {
    /// Which kind it is.
    pub const fn kind(&self) -> IndexKind {
        match self {
            Self::Flat => IndexKind::Flat,
            Self::IvfFlat { .. } => IndexKind::IvfFlat,
            Self::IvfSq8 { .. } => IndexKind::IvfSq8,
            Self::IvfRabitq { .. } => IndexKind::IvfRabitq,
            Self::Scann { .. } => IndexKind::Scann,
            Self::Hnsw { .. } => IndexKind::Hnsw,
            Self::Diskann { .. } => IndexKind::Diskann,
            Self::Aisaq { .. } => IndexKind::Aisaq,
        }
    }

    /// An index of that kind: its parameters as given, the others as that generation's page has them.
    pub fn new(
        kind: IndexKind,
        given: &[Parameter],
        generation: Generation,
    ) -> Result<Self, NoSize> {
        let row = generation.row();
        if !row.indexes.contains(&kind) {
            return Err(NoSize::IndexOfAnotherGeneration { kind, generation });
        }
        let given = Given { kind, given };
        given.check_names()?;
        Ok(match kind {
            IndexKind::Flat => Self::Flat,
            IndexKind::IvfFlat => Self::IvfFlat {
                nlist: given.number("nlist", NLIST, row.nlist)?,
            },
            IndexKind::IvfSq8 => Self::IvfSq8 {
                nlist: given.number("nlist", NLIST, row.nlist)?,
            },
            IndexKind::IvfRabitq => Self::IvfRabitq {
                nlist: given.number("nlist", NLIST, row.nlist)?,
                refine_type: given.refinement("refine_type")?,
            },
            IndexKind::Scann => Self::Scann {
                with_raw_data: given.flag("with_raw_data", false)?,
            },
            IndexKind::Hnsw => Self::Hnsw {
                m: given.number("M", M, row.m)?,
            },
            IndexKind::Diskann => Self::Diskann {
                max_degree: given.number("max_degree", MAX_DEGREE, USUAL_DEGREE)?,
            },
            IndexKind::Aisaq => {
                let max_degree = given.number("max_degree", MAX_DEGREE, USUAL_DEGREE)?;
                Self::Aisaq {
                    max_degree,
                    inline_pq: given.number(
                        "inline_pq",
                        1..=max_degree,
                        max_degree.min(USUAL_DEGREE),
                    )?,
                }
            }
        })
    }

    /// Whether searches read a local disk.
    pub fn is_on_disk(self) -> bool {
        matches!(self, Self::Diskann { .. } | Self::Aisaq { .. })
    }
}

/// Parameters as they are written.
struct Given<'a> {
    kind: IndexKind,
    given: &'a [Parameter],
}

impl Given<'_> {
    fn check_names(&self) -> Result<(), NoSize> {
        let known = self.kind.parameters();
        for (number, Parameter { name, .. }) in self.given.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(NoSize::UnknownParameter {
                    kind: self.kind,
                    name: name.clone(),
                    known: match known {
                        [] => "it has none".to_owned(),
                        known => format!("it has {}", known.join(" and ")),
                    },
                });
            }
            if self.given[..number].iter().any(|other| other.name == *name) {
                return Err(self.wrong(name, "it is given twice".to_owned()));
            }
        }
        Ok(())
    }

    fn value(&self, name: &str) -> Option<&str> {
        let found = self.given.iter().find(|given| given.name == name);
        found.map(|given| given.value.as_str())
    }

    fn number(&self, name: &str, range: RangeInclusive<u32>, usual: u32) -> Result<u32, NoSize> {
        let Some(text) = self.value(name) else {
            return Ok(usual);
        };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let rule = format!("write {} to {}", range.start(), range.end());
            self.wrong(name, rule)
        })
    }

    fn flag(&self, name: &str, usual: bool) -> Result<bool, NoSize> {
        let text = self.value(name);
        text.map_or(Ok(usual), |text| {
            text.parse()
                .map_err(|_| self.wrong(name, "write true or false".to_owned()))
        })
    }

    fn refinement(&self, name: &str) -> Result<Refine, NoSize> {
        let Some(text) = self.value(name) else {
            return Ok(Refine::None);
        };
        let mut known = REFINEMENTS.iter();
        let found = known.find(|(_, known, _)| known.eq_ignore_ascii_case(text));
        found.map(|(refine, ..)| *refine).ok_or_else(|| {
            let names = REFINEMENTS.map(|(_, name, _)| name).join(", ");
            self.wrong(name, format!("write one of {names}"))
        })
    }

    fn wrong(&self, name: &str, rule: String) -> NoSize {
        NoSize::WrongParameter {
            kind: self.kind,
            name: name.to_owned(),
            rule,
        }
    }
}

/// As people read it: `HNSW (M 30)`.
impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat => f.write_str("FLAT"),
            Self::IvfFlat { nlist } => write!(f, "IVF_FLAT (nlist {nlist})"),
            Self::IvfSq8 { nlist } => write!(f, "IVF_SQ8 (nlist {nlist})"),
            Self::IvfRabitq { nlist, refine_type } => {
                let name = REFINEMENTS
                    .iter()
                    .find(|(refine, ..)| refine == refine_type);
                let name = name.map_or("NONE", |(_, name, _)| name);
                write!(f, "IVF_RABITQ (nlist {nlist}, refine_type {name})")
            }
            Self::Scann { with_raw_data } => write!(f, "SCANN (with_raw_data {with_raw_data})"),
            Self::Hnsw { m } => write!(f, "HNSW (M {m})"),
            Self::Diskann { max_degree } => write!(f, "DISKANN (max_degree {max_degree})"),
            Self::Aisaq {
                max_degree,
                inline_pq,
            } => {
                write!(f, "AISAQ (max_degree {max_degree}, inline_pq {inline_pq})")
            }
        }
    }
}

impl fmt::Display for IndexKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IndexKind {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let mut kinds = KINDS.iter();
        let found = kinds.find(|(_, name, _)| name.eq_ignore_ascii_case(text));
        found
            .map(|(kind, ..)| *kind)
            .ok_or_else(|| NoSize::UnknownIndex(text.to_owned()))
    }
}

impl FromStr for Parameter {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(NoSize::NoParameter(text.to_owned())),
        }
    }
}
