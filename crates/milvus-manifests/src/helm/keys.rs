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
    /// A section with keys of its own.
    Section,
    /// Nobody knows it.
    No,
}

/// Looks a path up.
pub(super) fn look_up(path: &[&str]) -> Known {
    match path {
        [component, rest @ ..] if COMPONENTS.contains(component) => {
            in_rows(of_component(component), rest)
        }
        ["etcd", rest @ ..] => in_rows(ETCD.iter().copied(), rest),
        path => in_rows(TOP.iter().copied(), path),
    }
}

/// The keys that may stand in a section.
pub(super) fn keys_in(section: &[&str]) -> Vec<&'static str> {
    match section {
        [component, rest @ ..] if COMPONENTS.contains(component) => {
            names_in(of_component(component), rest)
        }
        ["etcd", rest @ ..] => names_in(ETCD.iter().copied(), rest),
        [] => {
            let mut keys = names_in(TOP.iter().copied(), section);
            keys.extend(COMPONENTS);
            keys
        }
        section => names_in(TOP.iter().copied(), section),
    }
}

/// The rows of all components, and those of this one alone.
fn of_component(component: &str) -> impl Iterator<Item = Row> {
    let own = OF_ONE.iter().filter_map(move |(key, how)| {
        let rest = key.strip_prefix(component)?.strip_prefix('.')?;
        Some((rest, *how))
    });
    COMPONENT.iter().copied().chain(own)
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
    DEFAULTS.iter().any(is) || OF_COMPONENTS.iter().any(of_component)
}

/// Where a row is, as seen from a path.
enum Place {
    Here,
    /// In the section that the path names: the rest of the row's key.
    Below(&'static str),
    /// The path leads to a part of it: how many of its keys are those of the row.
    Above(usize),
    Elsewhere,
}

fn place(row: &'static str, path: &[&str]) -> Place {
    // Nearly all rows are told apart by this alone.
    if path
        .first()
        .is_some_and(|key| key.bytes().next() != row.bytes().next())
    {
        return Place::Elsewhere;
    }
    let mut rest = Some(row);
    for (depth, key) in path.iter().enumerate() {
        let Some(row) = rest else {
            return Place::Above(depth);
        };
        let (name, below) = match row.split_once('.') {
            Some((name, below)) => (name, Some(below)),
            None => (row, None),
        };
        if name != *key {
            return Place::Elsewhere;
        }
        rest = below;
    }
    rest.map_or(Place::Here, Place::Below)
}

/// The row of that path, or of what it is a part of; rows that say more win.
fn in_rows(rows: impl Iterator<Item = Row>, path: &[&str]) -> Known {
    let (mut nearest, mut said) = (0, None);
    for (key, how) in rows {
        match place(key, path) {
            // Also where there is a row for all that is not named: `mysql` beside `mysql.enabled`.
            Place::Below(_) => return Known::Section,
            Place::Here => (nearest, said) = (usize::MAX, Some(how)),
            Place::Above(depth) if depth > nearest => (nearest, said) = (depth, Some(how)),
            Place::Above(_) | Place::Elsewhere => {}
        }
    }
    said.map_or(Known::No, Known::Row)
}

fn names_in(rows: impl Iterator<Item = Row>, section: &[&str]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (key, _) in rows {
        let Place::Below(rest) = place(key, section) else {
            continue;
        };
        let name = rest.split_once('.').map_or(rest, |(name, _)| name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
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
