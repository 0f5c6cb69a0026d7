//! YAML that every reader understands alike.

use std::fmt::Display;

use serde::{Serialize, de::value::Error as Unwritable};

mod scalar;
#[cfg(test)]
mod tests;
mod writer;

use crate::Error;

/// One document, readable by YAML 1.1 and 1.2 alike. `what` names it in errors.
///
/// Our own writer, as `render` spent more than half of its time in a general one: this one writes as it is told, in one
/// pass, and has one rule for each thing that it may meet.
pub(crate) fn document(value: &impl Serialize, what: impl Display) -> Result<String, Error> {
    let mut text = String::new();
    append(&mut text, value, what)?;
    Ok(text)
}

/// As [`document`], behind what `text` holds already.
pub(crate) fn append(
    text: &mut String,
    value: &impl Serialize,
    what: impl Display,
) -> Result<(), Error> {
    let written: Result<(), Unwritable> = value.serialize(writer::Writer::new(text));
    written.map_err(|source| Error::Yaml {
        object: what.to_string(),
        source,
    })
}
