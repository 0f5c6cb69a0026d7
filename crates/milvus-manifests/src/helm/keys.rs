//! Every key of the official chart's values, 4.x and 5.x, and what becomes of it.

mod defaults;
mod etcd_table;
mod table;

use std::borrow::Cow;

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

/// What becomes of a key.
pub(super) enum Known {
    /// What its row says.
    Row(How),
    /// A section with keys of its own.
    Section(Section),
    /// Nobody knows it.
    No,
}

/// What is known of the keys in a section.
pub(super) struct Section {
    /// Rows, by what is left of their keys in this section.
    rows: Cow<'static, [Row]>,
    /// What becomes of keys that no row names.
    others: Option<How>,
}

/// Looks up a key that is in no section.
pub(super) fn at_top(key: &str) -> Known {
    let rows = if COMPONENTS.contains(&key) {
        of_component(key).collect()
    } else if key == "etcd" {
        Cow::Borrowed(ETCD)
    } else {
        let rows = Cow::Borrowed(TOP);
        return Section { rows, others: None }.look_up(key);
    };
    Known::Section(Section { rows, others: None })
}

impl Section {
    /// Looks up a key of this section; rows that say more win.
    pub(super) fn look_up(&self, key: &str) -> Known {
        let (mut rows, mut others) = (Vec::new(), None);
        // One with dots is no path.
        let is_one = |_: &&str| !key.contains('.');
        for (row, how) in &*self.rows {
            match row.strip_prefix(key).filter(is_one) {
                Some("") => others = Some(*how),
                Some(rest) => rows.extend(rest.strip_prefix('.').map(|rest| (rest, *how))),
                None => {}
            }
        }
        // Also where there is a row for all that is not named: `mysql` beside `mysql.enabled`.
        if !rows.is_empty() {
            let others = others.or(self.others);
            let rows = rows.into();
            return Known::Section(Self { rows, others });
        }
        others.or(self.others).map_or(Known::No, Known::Row)
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

/// What is left of a row's key in a section; none where it is elsewhere.
fn below(row: &'static str, section: &[&str]) -> Option<&'static str> {
    section.iter().try_fold(row, |row, key| {
        let (name, rest) = row.split_once('.')?;
        (name == *key).then_some(rest)
    })
}

fn names_in(rows: impl Iterator<Item = Row>, section: &[&str]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (key, _) in rows {
        let Some(rest) = below(key, section) else {
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
