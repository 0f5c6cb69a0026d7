//! Which keys of a values file are known, and which of them cannot be honoured.

use super::{
    document::{Entry, Node, Scalar, Value},
    hints,
    keys::{self, How, Known, Usual},
    reading::Reading,
    remark::Remark,
};

/// Tells every key that is unknown, no section where one belongs, or cannot be honoured.
pub(super) fn keys(root: &Node, values: &mut Reading<'_>) {
    walk(root, None, &mut Vec::new(), values);
}

fn walk<'a>(
    node: &'a Node,
    inside: Option<&keys::Section>,
    path: &mut Vec<&'a str>,
    values: &mut Reading<'_>,
) {
    let Value::Section(entries) = &node.value else {
        return;
    };
    for entry in entries {
        path.push(&entry.key);
        let is_null = entry.node.is_null();
        let known = match inside {
            Some(section) => section.look_up(&entry.key),
            None => keys::at_top(&entry.key),
        };
        match known {
            Known::Section(known) => {
                if section(entry, path, values) {
                    walk(&entry.node, Some(&known), path, values);
                }
            }
            Known::Row(How::SubChart) => {
                section(entry, path, values);
            }
            Known::Row(How::Only(usual, reason)) if !usual.is(&entry.node) => {
                let message = format!("cannot be honoured: {reason}");
                values.unsupported.push(remark(path, entry, message));
            }
            Known::Row(How::Read) if is_null && keys::has_default(path) => {
                values.unsupported.push(remark(path, entry, TAKEN_BACK));
            }
            Known::Row(_) => {}
            Known::No if keys::is_empty(&entry.node) || is_off(path, entry) => {
                values.notices.push(remark(path, entry, EMPTY));
            }
            Known::No => values.unknown.push(remark(path, entry, unknown(path))),
        }
        path.pop();
    }
}

/// Whether there is a section where one belongs. Helm would pass anything else over, and so lose what is meant.
fn section(entry: &Entry, path: &[&str], values: &mut Reading<'_>) -> bool {
    match &entry.node.value {
        Value::Section(_) => true,
        Value::Scalar(Scalar::Null) => false,
        Value::Scalar(_) | Value::List(_) => {
            let known = keys::keys_in(path);
            let inside = known.first().unwrap_or(&"enabled");
            let message = format!(
                "is no section of keys and values, and helm passes it over; write `{}: {{{inside}: …}}`",
                entry.key
            );
            values.problems.push(remark(path, entry, message));
            false
        }
    }
}

const TAKEN_BACK: &str = "cannot be honoured: `null` takes the chart's default back, without which nothing is made here; leave the key out, or write what is meant";

fn remark(path: &[&str], entry: &Entry, message: impl Into<String>) -> Remark {
    Remark::new(path.join("."), Some(entry.at), message)
}

const UNKNOWN: &str = "is no key of the chart, which ignores it";
const EMPTY: &str =
    "is no key of the chart, which ignores it; nothing is in it, so that nothing is lost";

/// Whether a section that only a fork of the chart has is turned off.
fn is_off(path: &[&str], entry: &Entry) -> bool {
    let Value::Section(inside) = &entry.node.value else {
        return false;
    };
    let off = inside
        .iter()
        .any(|inner| inner.key == "enabled" && Usual::Off.is(&inner.node));
    off && inside
        .iter()
        .all(|inner| inner.key == "enabled" || keys::is_empty(&inner.node))
        && nearest_to(path).is_none()
}

fn nearest_to(path: &[&str]) -> Option<&'static str> {
    let (key, section) = path.split_last()?;
    nearest(key, &keys::keys_in(section))
}

/// What is to be said of a key that the chart does not have.
pub(super) fn unknown(path: &[&str]) -> String {
    let (key, section) = path
        .split_last()
        .map_or(("", path), |(key, rest)| (*key, rest));
    if let Some(hint) = hints::of(path) {
        return format!("{UNKNOWN}; {hint}");
    }
    let known = keys::keys_in(section);
    match nearest(key, &known) {
        Some(near) => format!("{UNKNOWN}; write `{near}`"),
        // As a part of another chart its values stand in a section of their own.
        None if path == ["milvus"] => {
            format!("{UNKNOWN}; give what stands below it as a file of its own")
        }
        None if known.len() > MOST_LISTED => UNKNOWN.to_owned(),
        None => format!("{UNKNOWN}; known here: {}", known.join(", ")),
    }
}

/// More keys than these are not listed.
const MOST_LISTED: usize = 16;

/// The known key that was probably meant: a slip of the pen, or a longer or shorter name for the same. Another word at
/// the end is another key: `loadBalancerClass` is not `loadBalancerIP`.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = key.to_lowercase();
    let slips = |name: &str| strsim::damerau_levenshtein(&lower, &name.to_lowercase());
    let is_near = |name: &str, slips: usize| {
        let other = name.to_lowercase();
        let shorter = lower.len().min(other.len());
        let begins = lower.starts_with(&other) || other.starts_with(&lower);
        slips <= 1 + shorter / 6 || begins && shorter >= 6
    };
    known
        .iter()
        .map(|name| (*name, slips(name)))
        .filter(|(name, slips)| is_near(name, *slips))
        .min_by_key(|(_, slips)| *slips)
        .map(|(name, _)| name)
}
