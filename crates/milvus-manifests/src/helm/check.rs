//! Which keys of a values file are known, and which of them cannot be honoured.

use super::{
    document::{Entry, Node, Value},
    keys::{self, How, Known},
    remark::Remark,
};

/// Every key that is unknown or cannot be honoured, in the order of the file.
pub(super) fn unsupported(root: &Node) -> Vec<Remark> {
    let mut found = Vec::new();
    walk(root, &mut Vec::new(), &mut found);
    found
}

fn walk<'a>(node: &'a Node, path: &mut Vec<&'a str>, found: &mut Vec<Remark>) {
    let Value::Section(entries) = &node.value else {
        return;
    };
    for entry in entries {
        path.push(&entry.key);
        match keys::look_up(path) {
            Known::Section(_) => walk(&entry.node, path, found),
            Known::Row(How::Only(usual, reason)) if !usual.is(&entry.node) => {
                found.push(remark(path, entry, format!("cannot be honoured: {reason}")));
            }
            Known::Row(_) => {}
            Known::No => found.push(remark(path, entry, unknown(path))),
        }
        path.pop();
    }
}

fn remark(path: &[&str], entry: &Entry, message: String) -> Remark {
    Remark::new(path.join("."), Some(entry.at), message)
}

fn unknown(path: &[&str]) -> String {
    let (key, section) = path
        .split_last()
        .map_or(("", path), |(key, rest)| (*key, rest));
    let known = match keys::look_up(section) {
        Known::Section(known) => known,
        Known::Row(_) | Known::No => Vec::new(),
    };
    const UNKNOWN: &str = "is no key of the chart, which ignores it";
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

/// The known key that was probably meant.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    const LIKE_ENOUGH: f64 = 0.8;
    let lower = key.to_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&lower, &name.to_lowercase());
    known
        .iter()
        .map(|name| (*name, likeness(name)))
        .filter(|(_, likeness)| *likeness >= LIKE_ENOUGH)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(name, _)| name)
}
