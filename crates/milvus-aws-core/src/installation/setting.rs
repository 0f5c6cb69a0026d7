//! Names of the server's settings.

use super::text_type::{length, only, text_type};

text_type!(
    /// Keys of one of the server's settings, joined by dots: `common.security.defaultRootPassword`.
    SettingKey, "setting", setting_key,
    {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]*(\\.[A-Za-z0-9_]+)*$", "maxLength": 200}
);

impl SettingKey {
    /// The environment variable that sets it: `COMMON_SECURITY_DEFAULTROOTPASSWORD`.
    pub fn variable(&self) -> String {
        self.0.to_uppercase().replace('.', "_")
    }
}

/// What can be a part of a variable's name: secrets reach the server by its environment alone.
fn setting_key(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    length(text, 200)
        .or_else(|| only(text, allowed, "letters, digits, `_` and `.`"))
        .or_else(|| {
            let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
            let good = starts_well && text.split('.').all(|part| !part.is_empty());
            (!good).then(|| "write it like `common.security.defaultRootPassword`".to_owned())
        })
}
