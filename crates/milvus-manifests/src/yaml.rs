//! YAML that every reader understands alike.

use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value;
use serde_saphyr::LitStr;

use crate::Error;

/// One document, readable by YAML 1.1 and 1.2 alike. `what` names it in errors.
pub(crate) fn document(value: &Value, what: &str) -> Result<String, Error> {
    // The writer's own choice of block scalars includes texts that libyaml refuses, such as those that begin with a tab.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let mut text = String::new();
    match serde_saphyr::to_fmt_writer_with_options(&mut text, &Careful(value), options) {
        Ok(()) => Ok(text),
        Err(source) => Err(Error::Yaml {
            object: what.to_owned(),
            source: Box::new(source),
        }),
    }
}

/// A value whose plain texts of several lines are written as such, and all others within quotes where needed.
struct Careful<'a>(&'a Value);

impl Serialize for Careful<'_> {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) if is_plain_text(text) => LitStr(text).serialize(output),
            Value::Array(items) => {
                let mut list = output.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Careful(item))?;
                }
                list.end()
            }
            Value::Object(fields) => {
                let mut map = output.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, &Careful(value))?;
                }
                map.end()
            }
            other => other.serialize(output),
        }
    }
}

/// Lines of printable ASCII, the first one not indented, with one line break at the end: nothing that readers of
/// literal blocks disagree on.
fn is_plain_text(text: &str) -> bool {
    let Some(lines) = text.strip_suffix('\n') else {
        return false;
    };
    let printable = |c: char| c == '\n' || c == ' ' || c.is_ascii_graphic();
    lines.starts_with(|c: char| c.is_ascii_graphic())
        && !lines.ends_with(char::is_whitespace)
        && lines.contains('\n')
        && lines.chars().all(printable)
}
