//! What a resource costs.

use std::{fmt, iter::Sum};

use serde::{Serialize, Serializer, ser::SerializeMap};

/// US cents: money is counted in whole ones, so that sums are exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Cents(pub u64);

/// What a resource costs a month while it exists: US dollars, list prices of a dated table, 730 hours a month, without
/// taxes and discounts. To tell "nothing" from "not known" is what the type is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cost {
    /// Nothing.
    #[default]
    Free,
    /// That much a month, used or not.
    Monthly(Cents),
    /// That much a month, and by use on top: `0.045 USD per GB`.
    MonthlyAndUse(Cents, &'static str),
    /// By use alone: `0.023 USD per GB and month`.
    PerUse(&'static str),
    /// Something, but no table tells how much.
    Unknown,
}

/// What several resources cost a month together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MonthlyCost {
    /// What is known to be due each month.
    #[serde(rename = "usCents")]
    pub known: Cents,
    /// Whether more comes on top: something is billed by use, or its price is not known.
    pub lower_bound: bool,
}

impl Cost {
    /// Both together. Of two prices by use the first one is told.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        if self == Self::Unknown || other == Self::Unknown {
            return Self::Unknown;
        }
        let known = Cents(self.known().0.saturating_add(other.known().0));
        match (known, self.per_use().or(other.per_use())) {
            (Cents(0), None) => Self::Free,
            (known, None) => Self::Monthly(known),
            (Cents(0), Some(price)) => Self::PerUse(price),
            (known, Some(price)) => Self::MonthlyAndUse(known, price),
        }
    }

    /// Whether it costs nothing.
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde's `skip_serializing_if` wants a reference"
    )]
    pub fn is_free(&self) -> bool {
        *self == Self::Free
    }

    /// What is known to be due each month.
    pub fn known(self) -> Cents {
        match self {
            Self::Monthly(cents) | Self::MonthlyAndUse(cents, _) => cents,
            Self::Free | Self::PerUse(_) | Self::Unknown => Cents(0),
        }
    }

    /// How use is billed, where it is.
    pub fn per_use(self) -> Option<&'static str> {
        match self {
            Self::MonthlyAndUse(_, price) | Self::PerUse(price) => Some(price),
            Self::Free | Self::Monthly(_) | Self::Unknown => None,
        }
    }

    /// The same `count` times.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        if count == 0 {
            return Self::Free;
        }
        match self {
            Self::Monthly(Cents(cents)) => Self::Monthly(Cents(cents.saturating_mul(count))),
            Self::MonthlyAndUse(Cents(cents), price) => {
                Self::MonthlyAndUse(Cents(cents.saturating_mul(count)), price)
            }
            Self::Free | Self::PerUse(_) | Self::Unknown => self,
        }
    }
}

/// As people read it; a text of its own for each case: `73.00 USD`, `32.85 USD + 0.045 USD per GB`, `unknown`.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => f.write_str("free"),
            Self::Monthly(cents) => cents.fmt(f),
            Self::MonthlyAndUse(cents, price) => write!(f, "{cents} + {price}"),
            Self::PerUse(price) => f.write_str(price),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// `{"usCents": 3285, "perUse": "0.045 USD per GB"}`, each where it applies; `{"unknown": true}`; `{}` for what is free.
impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let mut map = output.serialize_map(None)?;
        if let Self::Monthly(cents) | Self::MonthlyAndUse(cents, _) = self {
            map.serialize_entry("usCents", cents)?;
        }
        if let Some(price) = self.per_use() {
            map.serialize_entry("perUse", price)?;
        }
        if *self == Self::Unknown {
            map.serialize_entry("unknown", &true)?;
        }
        map.end()
    }
}

impl MonthlyCost {
    /// Whether nothing is due at all.
    pub fn is_free(self) -> bool {
        self == Self::default()
    }
}

impl Sum<Cost> for MonthlyCost {
    fn sum<Costs: Iterator<Item = Cost>>(costs: Costs) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            known: Cents(sum.known.0.saturating_add(cost.known().0)),
            lower_bound: sum.lower_bound || cost.per_use().is_some() || cost == Cost::Unknown,
        })
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:02} USD", self.0 / 100, self.0 % 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Cost; 5] = [
        Cost::Free,
        Cost::Monthly(Cents(7300)),
        Cost::MonthlyAndUse(Cents(3285), "0.045 USD per GB"),
        Cost::PerUse("0.023 USD per GB and month"),
        Cost::Unknown,
    ];

    #[test]
    fn each_case_has_a_text_of_its_own() {
        assert_eq!(
            ALL.map(|cost| cost.to_string()),
            [
                "free",
                "73.00 USD",
                "32.85 USD + 0.045 USD per GB",
                "0.023 USD per GB and month",
                "unknown"
            ]
        );
        assert_eq!(Cents(5).to_string(), "0.05 USD");
        assert_eq!(format!("{:>10}", Cents(5)), "  0.05 USD");
    }

    #[test]
    fn json_tells_nothing_from_not_known() {
        assert_eq!(
            ALL.map(|cost| serde_json::to_string(&cost).unwrap()),
            [
                "{}",
                r#"{"usCents":7300}"#,
                r#"{"usCents":3285,"perUse":"0.045 USD per GB"}"#,
                r#"{"perUse":"0.023 USD per GB and month"}"#,
                r#"{"unknown":true}"#
            ]
        );
    }

    #[test]
    fn a_sum_says_when_more_comes_on_top() {
        let sum = |costs: &[Cost]| costs.iter().copied().sum::<MonthlyCost>();
        let exact = sum(&[
            Cost::Free,
            Cost::Monthly(Cents(7300)),
            Cost::Monthly(Cents(40)),
        ]);
        assert_eq!((exact.known, exact.lower_bound), (Cents(7340), false));
        for cost in [ALL[2], ALL[3], ALL[4]] {
            assert!(sum(&[ALL[1], cost]).lower_bound, "{cost:?}");
        }
        assert_eq!(sum(&ALL).known, Cents(10585));
        assert!(sum(&[Cost::Free]).is_free());
        assert!(!sum(&[Cost::Unknown]).is_free());
    }

    #[test]
    fn several_of_a_kind() {
        assert_eq!(ALL[1].times(3), Cost::Monthly(Cents(21900)));
        assert_eq!(ALL[2].times(2).known(), Cents(6570));
        assert_eq!(ALL[2].times(2).per_use(), Some("0.045 USD per GB"));
        assert_eq!(Cost::Unknown.times(2), Cost::Unknown);
        assert_eq!(Cost::Unknown.times(0), Cost::Free);
    }
}
