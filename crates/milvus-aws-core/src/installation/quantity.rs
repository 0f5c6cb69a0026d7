//! Amounts as Kubernetes writes them.

use std::{borrow::Cow, fmt, marker::PhantomData, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

/// Why a text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no valid {what}: {rule}")]
pub struct InvalidQuantity {
    text: String,
    what: &'static str,
    rule: &'static str,
}

/// Processor time in thousandths of a core; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpu(u32);

/// Bytes, a whole number of mebibytes; never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory(u64);

impl Cpu {
    /// From thousandths of a core; one at least.
    pub const fn from_millis(millis: u32) -> Self {
        Self(if millis == 0 { 1 } else { millis })
    }

    /// Thousandths of a core.
    pub const fn millis(self) -> u32 {
        self.0
    }
}

impl Memory {
    /// From mebibytes; one at least.
    pub const fn from_mib(mib: u64) -> Self {
        Self(if mib == 0 { 1 } else { mib })
    }

    /// Mebibytes.
    pub const fn mib(self) -> u64 {
        self.0
    }
}

/// More cores than any machine has.
const MOST_MILLIS: u32 = 4096 * 1000;
/// More than any machine or volume has: one pebibyte.
const MOST_MIB: u64 = 1024 * 1024 * 1024;

impl FromStr for Cpu {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let fault = |rule| InvalidQuantity {
            text: text.to_owned(),
            what: "processor amount",
            rule,
        };
        let millis = match text.strip_suffix('m') {
            Some(number) => decimal(number, 1),
            None => decimal(text, 1000),
        };
        let millis = millis.ok_or(fault("write it like `2`, `0.5` or `500m`"))?;
        match u32::try_from(millis) {
            Ok(0) => Err(fault("nothing runs on that, write `100m` or more")),
            Ok(millis) if millis <= MOST_MILLIS => Ok(Self(millis)),
            _ => Err(fault("no machine has so much, write `4096` at most")),
        }
    }
}

impl FromStr for Memory {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let fault = |rule| InvalidQuantity {
            text: text.to_owned(),
            what: "amount of bytes",
            rule,
        };
        let units = [("Mi", 1), ("Gi", 1024), ("Ti", 1024 * 1024)];
        let mib = units
            .iter()
            .find_map(|(unit, mib)| decimal(text.strip_suffix(unit)?, *mib))
            .ok_or(fault("write it like `8Gi`, `0.5Gi` or `512Mi`"))?;
        match mib {
            0 => Err(fault("nothing fits in there, write `128Mi` or more")),
            mib if mib <= MOST_MIB => Ok(Self(mib)),
            _ => Err(fault("nothing is so large, write `1024Ti` at most")),
        }
    }
}

/// `1.5` of 1000 is 1500: without the rounding of floating point, and only where nothing is left over.
fn decimal(text: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let parts = fraction.parse::<u64>().ok()?.checked_mul(unit)?;
    if !parts.is_multiple_of(scale) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(unit)?;
    whole.checked_add(parts / scale)
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

/// Amounts are texts; processor amounts may be written as numbers too: `cpu: 2` is what users write.
struct AmountVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err = InvalidQuantity> + Amount> Visitor<'_> for AmountVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

trait Amount {
    const EXPECTED: &'static str;
}

impl Amount for Cpu {
    const EXPECTED: &'static str = "a processor amount like `2`, `0.5` or `500m`";
}

impl Amount for Memory {
    const EXPECTED: &'static str = "an amount of bytes like `8Gi` or `512Mi`";
}

macro_rules! quantity_serde {
    ($name:ident, $schema:tt) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                input.deserialize_any(AmountVisitor(PhantomData))
            }
        }

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

quantity_serde!(Cpu, {"type": ["string", "number"], "pattern": "^[0-9]+(m|\\.[0-9]{1,9})?$", "exclusiveMinimum": 0});
quantity_serde!(Memory, {"type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,9})?(Mi|Gi|Ti)$"});
