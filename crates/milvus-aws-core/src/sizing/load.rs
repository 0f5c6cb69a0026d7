//! What shall be stored, in types that hold only what the tool takes.

use std::{fmt, num::NonZeroU16, str::FromStr};

use serde::{Serialize, Serializer};

use super::{Index, NoSize};

/// Number of vectors: 1 to 10 000 million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Vectors(u64);

/// Numbers per vector: 2 to 32 768.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Dimension(u32);

/// Bytes of all other fields of a row, on average: at most 60 million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ScalarBytes(u32);

/// The largest size of a segment (`dataCoord.segment.maxSize`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentSize {
    /// 512 MiB.
    Mib512,
    /// 1 GiB.
    Mib1024,
    /// 2 GiB.
    Mib2048,
}

/// What shall be stored, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    /// Number of vectors.
    pub vectors: Vectors,
    /// Numbers per vector, 32-bit floats.
    pub dimension: Dimension,
    /// The index over them.
    pub index: Index,
    /// The largest size of a segment, in MiB.
    #[serde(rename = "segmentMib")]
    pub segment: SegmentSize,
    /// Bytes of all other fields of a row, on average.
    pub scalar_bytes: ScalarBytes,
    /// Whether those fields are on the local disk, mapped into memory (mmap).
    pub offload: bool,
    /// How often everything is loaded into memory (`replica_number`).
    pub replicas: NonZeroU16,
}

const MOST_VECTORS: u64 = 10_000_000_000;
const FEWEST_DIMENSIONS: u32 = 2;
const MOST_DIMENSIONS: u32 = 32_768;
const MOST_SCALAR_BYTES: u32 = 60_000_000;
/// What may stand behind a number of vectors.
const UNITS: [(char, u64); 3] = [('K', 1_000), ('M', 1_000_000), ('B', 1_000_000_000)];

impl Vectors {
    /// Bytes of a million vectors of 768 dimensions, by which the tool tells loads apart.
    pub(super) const MILLION_OF_768: u64 = 1_000_000 * 768 * 4;

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Dimension {
    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl ScalarBytes {
    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl SegmentSize {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mib512, Self::Mib1024, Self::Mib2048];

    /// Mebibytes.
    pub const fn mib(self) -> u32 {
        match self {
            Self::Mib512 => 512,
            Self::Mib1024 => 1024,
            Self::Mib2048 => 2048,
        }
    }

    pub(super) fn bytes(self) -> u64 {
        u64::from(self.mib()) << 20
    }
}

/// Digits, with `_` between them and a unit of thousands behind them where one likes: `1000000`, `1_000_000`, `1M`.
impl FromStr for Vectors {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let fault = || NoSize::NoVectors(text.to_owned());
        let last = text.chars().last().map(|c| c.to_ascii_uppercase());
        let unit = UNITS.iter().find(|(unit, _)| Some(*unit) == last);
        let (digits, unit) = match unit {
            Some((_, unit)) => (&text[..text.len() - 1], *unit),
            None => (text, 1),
        };
        let number: u64 = digits.replace('_', "").parse().map_err(|_| fault())?;
        let number = number.checked_mul(unit).ok_or_else(fault)?;
        if (1..=MOST_VECTORS).contains(&number) {
            Ok(Self(number))
        } else {
            Err(fault())
        }
    }
}

impl FromStr for Dimension {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let fits = |number: &u32| (FEWEST_DIMENSIONS..=MOST_DIMENSIONS).contains(number);
        let number = text.parse().ok().filter(fits);
        number
            .map(Self)
            .ok_or_else(|| NoSize::NoDimension(text.to_owned()))
    }
}

impl FromStr for ScalarBytes {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let fits = |number: &u32| *number <= MOST_SCALAR_BYTES;
        let number = text.parse().ok().filter(fits);
        number
            .map(Self)
            .ok_or_else(|| NoSize::NoScalarBytes(text.to_owned()))
    }
}

impl FromStr for SegmentSize {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let known = Self::ALL.into_iter();
        let mut same = known.filter(|known| known.mib().to_string() == text);
        same.next()
            .ok_or_else(|| NoSize::NoSegmentSize(text.to_owned()))
    }
}

impl fmt::Display for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for SegmentSize {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_u32(self.mib())
    }
}
