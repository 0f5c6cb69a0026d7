//! Amounts as Kubernetes writes them.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no valid {what}, write it like {example}")]
pub struct InvalidQuantity {
    text: String,
    what: &'static str,
    example: &'static str,
}

/// Processor time in thousandths of a core; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpu(u32);

/// Bytes, a whole number of mebibytes; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory(u64);

impl Cpu {
    /// From thousandths of a core.
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis)
    }

    /// Thousandths of a core.
    pub const fn millis(self) -> u32 {
        self.0
    }
}

impl Memory {
    /// From mebibytes.
    pub const fn from_mib(mib: u64) -> Self {
        Self(mib)
    }

    /// Mebibytes.
    pub const fn mib(self) -> u64 {
        self.0
    }
}

impl FromStr for Cpu {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let fault = || InvalidQuantity {
            text: text.to_owned(),
            what: "processor amount",
            example: "`2`, `0.5` or `500m`",
        };
        let millis = if let Some(number) = text.strip_suffix('m') {
            number.parse::<u32>().ok()
        } else {
            decimal_thousandths(text)
        };
        millis
            .filter(|millis| *millis > 0)
            .map(Self)
            .ok_or_else(fault)
    }
}

/// `1.5` to 1500, without the rounding of floating point.
fn decimal_thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(fraction)
}

impl FromStr for Memory {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let fault = || InvalidQuantity {
            text: text.to_owned(),
            what: "memory amount",
            example: "`8Gi` or `512Mi`",
        };
        let units = [("Mi", 1_u64), ("Gi", 1024), ("Ti", 1024 * 1024)];
        let mib = units.iter().find_map(|(unit, mib)| {
            text.strip_suffix(unit)?
                .parse::<u64>()
                .ok()?
                .checked_mul(*mib)
        });
        mib.filter(|mib| *mib > 0).map(Self).ok_or_else(fault)
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) {
            write!(f, "{}", self.0 / 1000)
        } else {
            write!(f, "{}m", self.0)
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1024) {
            write!(f, "{}Gi", self.0 / 1024)
        } else {
            write!(f, "{}Mi", self.0)
        }
    }
}

/// A number or a text: `cpu: 2` and `cpu: 500m` are both what users write.
#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText<'a> {
    Whole(u32),
    Fraction(f64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Cpu {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = match NumberOrText::deserialize(input)? {
            NumberOrText::Whole(number) => number.to_string(),
            NumberOrText::Fraction(number) => number.to_string(),
            NumberOrText::Text(text) => text.into_owned(),
        };
        text.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Memory {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(input)?
            .parse()
            .map_err(de::Error::custom)
    }
}

macro_rules! quantity_serde {
    ($name:ident, $schema:tt) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
                output.collect_str(self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

quantity_serde!(Cpu, {"type": ["string", "number"], "pattern": "^([0-9]+m|[0-9]+(\\.[0-9]{1,3})?)$", "exclusiveMinimum": 0});
quantity_serde!(Memory, {"type": "string", "pattern": "^[0-9]+(Mi|Gi|Ti)$"});
