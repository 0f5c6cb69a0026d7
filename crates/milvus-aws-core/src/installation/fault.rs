//! What serde finds wrong, with its place, in words for the user.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::{
    diagnostic::{Path, Position, Segment},
    document::Key,
};

/// One thing that serde found wrong. Values are not repeated in it: one may be a secret at a wrong place.
#[derive(Debug)]
pub(super) struct Fault {
    /// From the inside out while it travels up.
    reversed: Vec<Segment>,
    pub(super) at: Option<Position>,
    pub(super) kind: Kind,
}

/// Kinds of faults.
#[derive(Debug)]
pub(super) enum Kind {
    UnknownKey {
        key: String,
        known: &'static [&'static str],
    },
    UnknownVariant {
        found: String,
        known: &'static [&'static str],
    },
    Missing(&'static str),
    /// A value that its reader passes over.
    Ignored,
    Wrong(String),
}

impl Fault {
    /// Sets the place, unless an inner value has done so.
    pub(super) fn at(mut self, at: Position) -> Self {
        self.at.get_or_insert(at);
        self
    }

    /// A value that its reader passes over.
    pub(super) fn ignored() -> Self {
        Self::new(Kind::Ignored)
    }

    /// Says of a value that was passed over that its key is unknown.
    pub(super) fn or_unknown(self, key: &Key, known: &'static [&'static str]) -> Self {
        if !matches!(self.kind, Kind::Ignored) {
            return self;
        }
        let key_fault = Self::new(Kind::UnknownKey {
            key: key.name.clone(),
            known,
        });
        key_fault.at(key.at)
    }

    /// Steps out of a section or list.
    pub(super) fn within(mut self, segment: Segment) -> Self {
        self.reversed.push(segment);
        self
    }

    /// Where the faulty value is.
    pub(super) fn path(&self) -> Path {
        Path(self.reversed.iter().rev().cloned().collect())
    }

    /// What is wrong, and what to write instead.
    pub(super) fn message(&self) -> String {
        match &self.kind {
            Kind::UnknownKey { known: [], .. } => {
                "is not known here; nothing can be set".to_owned()
            }
            Kind::UnknownKey { key, known } => match nearest(key, known) {
                Some(near) => format!("is no known key, write `{near}`"),
                None => format!("is no known key, known here: {}", known.join(", ")),
            },
            Kind::UnknownVariant { found, known } => match nearest(found, known) {
                Some(near) => format!("`{found}` is not known, write `{near}`"),
                None => format!("`{found}` is not known, write one of: {}", known.join(", ")),
            },
            Kind::Missing(key) => missing(key),
            Kind::Ignored => "is not known here; leave it out".to_owned(),
            Kind::Wrong(message) => message.clone(),
        }
    }

    fn wrong(message: String) -> Self {
        Self::new(Kind::Wrong(message))
    }

    fn new(kind: Kind) -> Self {
        Self {
            reversed: Vec::new(),
            at: None,
            kind,
        }
    }
}

/// What to say of a missing key.
pub(super) fn missing(key: &str) -> String {
    format!("`{key}` is missing, write {}", example_of(key))
}

/// What a missing key could be.
fn example_of(key: &str) -> String {
    let example = match key {
        "apiVersion" => "`apiVersion: kubectl-milvus/v1`",
        "kafka" => "`kafka: {brokers: [HOST:PORT]}`",
        "s3" => "`s3: {endpoint: HOST:PORT, bucket: NAME, access: iam}`",
        "brokers" => "`brokers: [HOST:PORT]`",
        "endpoint" => "`endpoint: HOST:PORT`, for example `s3.us-west-2.amazonaws.com:443`",
        "access" => {
            "`access: iam`, or `access: {keys: {username: KEY_ID, password: {file: PATH}}}`"
        }
        _ => return format!("`{key}: …`"),
    };
    example.to_owned()
}

/// The known name that was probably meant.
pub(super) fn nearest<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    const LIKE_ENOUGH: f64 = 0.75;
    let lower = text.to_lowercase();
    let likeness = |name: &&str| strsim::jaro_winkler(&lower, &name.to_lowercase());
    known
        .iter()
        .copied()
        .map(|name| (name, likeness(&name)))
        .filter(|(_, likeness)| *likeness >= LIKE_ENOUGH)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(name, _)| name)
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        // The standard library's words for an address that is none.
        if message == "invalid IP address syntax" {
            return Self::wrong("is no address, write it like `10.0.0.1`".to_owned());
        }
        Self::wrong(message)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = in_words(&expected.to_string());
        let found = match found {
            Unexpected::Bool(value) => {
                return Self::wrong(format!(
                    "expected {expected}, found {value}{}",
                    quote_hint(&expected)
                ));
            }
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Char(_) | Unexpected::Str(_) => "a text",
            Unexpected::Unit | Unexpected::Option => "nothing",
            Unexpected::Seq => "a list",
            Unexpected::Map => "a section",
            _ => "something else",
        };
        let hint = if found == "a number" {
            quote_hint(&expected)
        } else {
            ""
        };
        Self::wrong(format!("expected {expected}, found {found}{hint}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = in_words(&expected.to_string());
        match found {
            Unexpected::Unsigned(number) => {
                Self::wrong(format!("expected {expected}, found {number}"))
            }
            Unexpected::Signed(number) => {
                Self::wrong(format!("expected {expected}, found {number}"))
            }
            _ => Self::wrong(format!("expected {expected}")),
        }
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::wrong(format!(
            "expected {}, found {length} items",
            in_words(&expected.to_string())
        ))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey {
            key: field.to_owned(),
            known: expected,
        })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownVariant {
            found: variant.to_owned(),
            known: expected,
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Kind::Missing(field))
    }
}

fn quote_hint(expected: &str) -> &'static str {
    if expected == "a text" {
        ", put it in quotes"
    } else {
        ""
    }
}

/// Serde's names of types, as a user calls them.
fn in_words(expected: &str) -> String {
    let words = match expected {
        "a string" | "string" | "str" | "a borrowed string" => "a text",
        "a sequence" => "a list",
        "i32" | "i64" => "a whole number",
        "a nonzero u32" => "a whole number from 1",
        "a map" => "a section of keys and values",
        "a boolean" => "`true` or `false`",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "a nonzero u16" => "a whole number from 1 to 65535",
        _ if expected.starts_with("struct ") => "a section of keys and values",
        other => other,
    };
    words.to_owned()
}
