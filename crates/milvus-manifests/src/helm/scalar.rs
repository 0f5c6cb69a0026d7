//! What a plain scalar of a values file means: as helm reads it.
//!
//! Helm reads values by `sigs.k8s.io/yaml`, which is go-yaml v2: YAML 1.1 without its base 60, and with Go's own
//! notation of integers (source: that module's `resolve.go`).

use super::document::Scalar;

const TRUE: [&str; 11] = [
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
];
const FALSE: [&str; 11] = [
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
];
const NULL: [&str; 5] = ["", "~", "null", "Null", "NULL"];
const NOT_FINITE: [&str; 12] = [
    ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
    "-.INF",
];

/// The meaning of a text without quotes and without a tag; none for a number that JSON does not have.
pub(super) fn plain(text: &str) -> Option<Scalar> {
    Some(if TRUE.contains(&text) {
        Scalar::Bool(true)
    } else if FALSE.contains(&text) {
        Scalar::Bool(false)
    } else if NULL.contains(&text) {
        Scalar::Null
    } else if NOT_FINITE.contains(&text) {
        return None;
    } else {
        number(text).unwrap_or_else(|| Scalar::Text(text.to_owned()))
    })
}

fn number(text: &str) -> Option<Scalar> {
    match text.bytes().next()? {
        b'.' => is_float(text).then(|| text.parse().ok().map(Scalar::Float))?,
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| {
                let number = is_float(&plain).then(|| plain.parse::<f64>().ok())??;
                number.is_finite().then_some(Scalar::Float(number))
            })
        }
        _ => None,
    }
}

/// An integer as Go writes it: decimal, `0x`, `0o`, `0b`, and octal after a leading zero.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let prefixes = [
        ("0x", 16),
        ("0X", 16),
        ("0o", 8),
        ("0O", 8),
        ("0b", 2),
        ("0B", 2),
    ];
    let prefixed = prefixes
        .iter()
        .find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix)));
    let (digits, radix) = match prefixed {
        Some(found) => found,
        None if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        None => (digits, 10),
    };
    // Rust's parser would take a second sign.
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        let number = i64::try_from(-i128::from(magnitude)).ok()?;
        return Some(Scalar::Signed(number));
    }
    Some(match i64::try_from(magnitude) {
        Ok(number) => Scalar::Signed(number),
        Err(_) => Scalar::Unsigned(magnitude),
    })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_is_good = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    let exponent_is_good = exponent
        .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    mantissa_is_good && exponent_is_good
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What go-yaml v2 makes of them.
    #[test]
    fn as_go_yaml_reads_them() {
        let text = |text: &str| Scalar::Text(text.to_owned());
        let cases = [
            ("yes", Scalar::Bool(true)),
            ("y", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("oN", text("oN")),
            ("~", Scalar::Null),
            ("nUll", text("nUll")),
            ("0123", Scalar::Signed(83)),
            ("089", Scalar::Float(89.0)),
            ("0o17", Scalar::Signed(15)),
            ("0x1F", Scalar::Signed(31)),
            ("-0b11", Scalar::Signed(-3)),
            ("1_000", Scalar::Signed(1000)),
            ("1__0", Scalar::Signed(10)),
            ("_1", text("_1")),
            ("+5", Scalar::Signed(5)),
            ("+-5", text("+-5")),
            ("-", text("-")),
            ("18446744073709551615", Scalar::Unsigned(u64::MAX)),
            ("-9223372036854775808", Scalar::Signed(i64::MIN)),
            ("1e3", Scalar::Float(1000.0)),
            ("1.", Scalar::Float(1.0)),
            (".5", Scalar::Float(0.5)),
            (".5.5", text(".5.5")),
            ("12:30:45", text("12:30:45")),
            ("2024-01-01", text("2024-01-01")),
            ("8Gi", text("8Gi")),
            ("500m", text("500m")),
            ("é", text("é")),
        ];
        for (written, read) in cases {
            assert_eq!(plain(written), Some(read), "{written}");
        }
        assert_eq!(plain("-.inf"), None);
    }
}
