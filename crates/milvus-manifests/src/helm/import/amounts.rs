//! Requests, limits and sizes: from Kubernetes' way to write them to ours.

use serde_json::{Map, Value as Json};

use super::{
    super::{
        document::{Node, Scalar, Value},
        reading::Found,
    },
    Import, below,
};

const MIB: u128 = 1024 * 1024;

/// The units of Kubernetes' quantities, in bytes.
const UNITS: [(&str, u128); 12] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("Ei", 1 << 60),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000),
];

impl<'a> Import<'a> {
    /// Requests and limits of a container. What the values do not say stays unsaid, as the chart has it.
    pub(super) fn resources(&mut self, key: &str, to: &str) {
        self.draft.put(to, Json::Object(Map::new()));
        let Some(found) = self.values.find(key) else {
            return;
        };
        let Value::Section(entries) = &found.node.value else {
            return self
                .values
                .wrong(&found, "expected a section of keys and values");
        };
        for entry in entries {
            let side = Found::in_section(&found, entry);
            match (entry.key.as_str(), &entry.node.value) {
                (_, Value::Scalar(Scalar::Null)) => {}
                ("requests" | "limits", Value::Section(amounts)) => {
                    for amount in amounts {
                        let found = Found::in_section(&side, amount);
                        self.amount(found, &amount.key, &below(to, &entry.key));
                    }
                }
                ("requests" | "limits", _) => {
                    self.values
                        .wrong(&side, "expected a section of keys and values");
                }
                _ => self
                    .values
                    .cannot(&side, "is neither `requests` nor `limits`"),
            }
        }
    }

    fn amount(&mut self, found: Found<'a>, name: &str, to: &str) {
        if found.node.is_null() {
            return;
        }
        match name {
            "cpu" => {
                if let Some(text) = self.values.text_of(found) {
                    self.draft.set(&below(to, "cpu"), text.value, &text.found);
                }
            }
            "memory" => self.bytes(found, &below(to, "memory")),
            "ephemeral-storage" => self.bytes(found, &below(to, "ephemeralStorage")),
            // None of it is what everything has.
            _ if is_none(found.node) => {}
            _ => {
                let message = "cannot be asked for: processor, memory and ephemeral storage can";
                self.values.cannot(&found, message);
            }
        }
    }

    /// The size of a volume.
    pub(super) fn size(&mut self, key: &str, to: &str) {
        if let Some(found) = self.values.find(key) {
            self.bytes(found, to);
        }
    }

    fn bytes(&mut self, found: Found<'a>, to: &str) {
        let Some(text) = self.values.text_of(found) else {
            return;
        };
        let Some(bytes) = bytes_of(&text.value) else {
            let message = "is no amount of bytes, write it like `8Gi` or `512Mi`";
            return self.values.wrong(&text.found, message);
        };
        let mib = bytes.div_ceil(MIB);
        if mib * MIB != bytes {
            let message = format!("is rounded up to {mib}Mi: amounts are whole mebibytes here");
            self.values.notice(&text.found, message);
        }
        self.draft.set(to, format!("{mib}Mi"), &text.found);
    }
}

/// Whether an amount is zero.
fn is_none(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) => bytes_of(&scalar.to_text()) == Some(0),
        _ => false,
    }
}

/// `8Gi`, `1.5G`, `1e9`, `4096`, in bytes.
pub(super) fn bytes_of(text: &str) -> Option<u128> {
    let (number, unit) = UNITS
        .iter()
        .find_map(|(unit, bytes)| Some((text.strip_suffix(unit)?, *bytes)))
        .unwrap_or((text, 1));
    let (number, exponent) = match number.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse().ok()?),
        None => (number, 0_u32),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if number.is_empty()
        || whole.len() + fraction.len() > 24
        || exponent > 18
        || !digits(whole)
        || !digits(fraction)
    {
        return None;
    }
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let bytes = digits
        .checked_mul(unit)?
        .checked_mul(10_u128.checked_pow(exponent)?)?;
    Some(bytes.div_ceil(scale))
}

#[cfg(test)]
mod tests {
    use super::bytes_of;

    #[test]
    fn quantities_of_kubernetes() {
        let cases = [
            ("8Gi", Some(8 << 30)),
            ("0.5Gi", Some(512 << 20)),
            ("1.5G", Some(1_500_000_000)),
            ("4096", Some(4096)),
            ("1e9", Some(1_000_000_000)),
            ("100k", Some(100_000)),
            ("128MB", None),
            ("lots", None),
            ("-1Gi", None),
            ("", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(bytes_of(text), bytes, "{text}");
        }
    }
}
