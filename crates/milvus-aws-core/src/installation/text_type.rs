//! Texts that follow a rule: one macro, so that each type is its rule and nothing else.

/// Why a text does not follow its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no valid {what}: {rule}")]
pub struct InvalidName {
    text: String,
    what: &'static str,
    rule: String,
}

impl InvalidName {
    pub(super) fn new(text: &str, what: &'static str, rule: String) -> Self {
        Self {
            text: text.to_owned(),
            what,
            rule,
        }
    }
}

/// A type that holds a text which `$check` has accepted. `$check` gives the broken rule back, if there is one.
/// `$normal`, where it is given, takes off what has no meaning.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr, $schema:tt) => {
        text_type!($(#[$doc])* $name, $what, $check, $schema, std::convert::identity);
    };
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:expr, $schema:tt, $normal:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::installation::InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let text: &str = $normal(text);
                match $check(text) {
                    None => Ok(Self(text.to_owned())),
                    Some(rule) => Err(Self::Err::new(text, $what, rule)),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
}

pub(super) use text_type;

/// The first character that is not among the allowed ones, as a broken rule.
pub(super) fn only(text: &str, allowed: impl Fn(char) -> bool, listed: &str) -> Option<String> {
    let bad = text.chars().find(|character| !allowed(*character))?;
    Some(format!("{bad:?} is not allowed, only {listed}"))
}

/// Emptiness or too great a length, as a broken rule. Lengths are bytes: every allowed character is one.
pub(super) fn length(text: &str, longest: usize) -> Option<String> {
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    let long = text.len();
    (long > longest).then(|| format!("it has {long} characters, at most {longest} fit"))
}
