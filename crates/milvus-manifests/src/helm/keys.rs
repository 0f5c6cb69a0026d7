//! Every key of the official chart's values, 4.x and 5.x, and what becomes of it.

mod defaults;
mod etcd_table;
mod table;

use defaults::{DEFAULTS, OF_COMPONENTS};
use etcd_table::ETCD;
pub(super) use table::COMPONENTS;
use table::{COMPONENT, OF_ONE, TOP};

use super::document::{Node, Scalar, Value};

/// What becomes of a key.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// It is read, and said in the installation's own words.
    Read,
    /// It changes nothing that runs; what it would have changed is not made here, or is made by itself.
    Idle,
    /// What we do is the chart's default; anything else cannot be honoured, for that reason.
    Only(Usual, &'static str),
    /// A part of a service that the chart brings along, which is out of scope here.
    SubChart,
}

/// The chart's default of a key that nothing else can be said of.
#[derive(Clone, Copy)]
pub(super) enum Usual {
    /// Nothing: an empty text, list or section.
    Empty,
    Off,
    On,
    /// A text, also as the only one of a list.
    Text(&'static str),
    Number(i64),
}

/// A key: its path, and what becomes of it and of everything below it.
pub(super) type Row = (&'static str, How);

/// What becomes of the key at a path, or what may follow it.
pub(super) enum Known {
    /// A row of the table.
    Row(How),
    /// A section with keys of its own: their names.
    Section(Vec<&'static str>),
    /// Nobody knows it.
    No,
}

/// Looks a path up.
pub(super) fn look_up(path: &[&str]) -> Known {
    match path {
        [component, rest @ ..] if COMPONENTS.contains(component) => {
            let own: Vec<Row> = OF_ONE
                .iter()
                .filter_map(|(key, how)| {
                    let rest = key.strip_prefix(component)?.strip_prefix('.')?;
                    Some((rest, *how))
                })
                .collect();
            in_rows(COMPONENT.iter().chain(&own), rest)
        }
        ["etcd", rest @ ..] => in_rows(ETCD.iter(), rest),
        path => match in_rows(TOP.iter(), path) {
            Known::Section(mut keys) if path.is_empty() => {
                keys.extend(COMPONENTS);
                Known::Section(keys)
            }
            known => known,
        },
    }
}

/// Whether the chart has a default for a key, without which it makes something else.
pub(super) fn has_default(path: &[&str]) -> bool {
    let is = |key: &&str| key.split('.').eq(path.iter().copied());
    let of_component = |key: &&str| match path {
        [component, rest @ ..] => {
            COMPONENTS.contains(component) && key.split('.').eq(rest.iter().copied())
        }
        [] => false,
    };
    DEFAULTS.iter().any(|key| is(key)) || OF_COMPONENTS.iter().any(|key| of_component(key))
}

/// The row of that path, or of what it is a part of; rows that say more come first.
fn in_rows<'a>(rows: impl Iterator<Item = &'a Row> + Clone, path: &[&str]) -> Known {
    let wanted = path.join(".");
    if let Some((_, how)) = rows.clone().find(|(key, _)| *key == wanted) {
        let more = section_keys(rows, &wanted);
        // A row for all that is not named: `mysql` beside `mysql.enabled`.
        return if more.is_empty() {
            Known::Row(*how)
        } else {
            Known::Section(more)
        };
    }
    let keys = section_keys(rows.clone(), &wanted);
    if !keys.is_empty() {
        return Known::Section(keys);
    }
    let around = |(key, _): &&Row| {
        wanted
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    match rows.filter(around).max_by_key(|(key, _)| key.len()) {
        Some((_, how)) => Known::Row(*how),
        None => Known::No,
    }
}

/// The keys that may stand in a section.
fn section_keys<'a>(rows: impl Iterator<Item = &'a Row>, section: &str) -> Vec<&'static str> {
    let mut keys = Vec::new();
    for (key, _) in rows {
        let rest = match section {
            "" => Some(*key),
            _ => key
                .strip_prefix(section)
                .and_then(|rest| rest.strip_prefix('.')),
        };
        let Some(first) = rest.and_then(|rest| rest.split('.').next()) else {
            continue;
        };
        if !keys.contains(&first) {
            keys.push(first);
        }
    }
    keys
}

use Usual::{Empty, Number, Off, On, Text};

impl Usual {
    /// Whether a value says the same as the chart's default.
    pub(super) fn is(self, node: &Node) -> bool {
        let scalar = match (&node.value, self) {
            (Value::Scalar(scalar), _) => scalar,
            (Value::List(items), Text(_)) => match items.as_slice() {
                [item] => return self.is(item),
                _ => return false,
            },
            _ => return matches!(self, Empty) && is_empty(node),
        };
        match (self, scalar) {
            // It takes the chart's default back.
            (Empty | Off, Scalar::Null) => true,
            (Empty, scalar) => *scalar == Scalar::Bool(false) || scalar.to_text().is_empty(),
            (Off, scalar) => *scalar == Scalar::Bool(false),
            (On, scalar) => *scalar == Scalar::Bool(true),
            (Text(text), scalar) => scalar.to_text() == text,
            (Number(number), scalar) => scalar.to_text() == number.to_string(),
        }
    }
}

/// Whether there is nothing in it.
pub(super) fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) => scalar.to_text().is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Section(entries) => entries.is_empty(),
    }
}
