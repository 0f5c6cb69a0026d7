//! Reading on after a fault, so that a user hears of all of them at once.

use serde::de::DeserializeOwned;

use super::{
    diagnostic::{Path, Position, Problem, Segment},
    document::{Node, Value},
    fault::{Fault, Kind},
};

/// More problems than these are not told.
const MOST: usize = 20;

/// Reads the tree as `T`. A faulty value is told, passed over, and the rest is read again, until nothing is left to
/// find; what is missing or incomplete only because of a value passed over is not told.
pub(super) fn collect<T: DeserializeOwned>(mut tree: Node) -> Result<T, Vec<Problem>> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut passed: Vec<Path> = Vec::new();
    loop {
        let fault = match T::deserialize(&tree) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => return Err(problems),
            Err(fault) => fault,
        };
        let path = fault.path();
        if !is_consequence(&fault, &path, &passed) {
            problems.push(Problem::new(
                path.clone(),
                fault.at.unwrap_or(START),
                fault.message(),
            ));
        }
        if problems.len() >= MOST || !pass_over(&mut tree, &path) {
            return Err(problems);
        }
        passed.push(path);
    }
}

const START: Position = Position { line: 1, column: 1 };

/// Whether a fault is there only because something inside was passed over.
fn is_consequence(fault: &Fault, path: &Path, passed: &[Path]) -> bool {
    let is_passed = |inner: &Path| passed.contains(inner);
    match &fault.kind {
        Kind::Missing(key) => is_passed(&path.key(key)),
        Kind::UnknownKey { .. } => false,
        _ => passed
            .iter()
            .any(|inner| inner.parent().as_ref() == Some(path)),
    }
}

/// Takes the value at that path out of the reading. Fails at the top: nothing would be left to read.
fn pass_over(tree: &mut Node, path: &Path) -> bool {
    if path.0.is_empty() {
        return false;
    }
    match find_mut(tree, &path.0) {
        Some(node) if !matches!(node.value, Value::Passed) => {
            node.value = Value::Passed;
            true
        }
        _ => false,
    }
}

fn find_mut<'a>(node: &'a mut Node, path: &[Segment]) -> Option<&'a mut Node> {
    let Some((first, rest)) = path.split_first() else {
        return Some(node);
    };
    let inner = match (&mut node.value, first) {
        (Value::List(items), Segment::Index(index)) => items.get_mut(*index)?,
        (Value::Section(entries), Segment::Key(name)) => {
            &mut entries.iter_mut().find(|(key, _)| *key.name == **name)?.1
        }
        _ => return None,
    };
    find_mut(inner, rest)
}

/// The place of the value at that path, or of the nearest section around it.
pub(super) fn place_of(tree: &Node, path: &Path) -> Position {
    let mut node = tree;
    let mut at = tree.at;
    for segment in &path.0 {
        let inner = match (&node.value, segment) {
            (Value::List(items), Segment::Index(index)) => {
                items.get(*index).map(|item| (item.at, item))
            }
            (Value::Section(entries), Segment::Key(name)) => entries
                .iter()
                .find(|(key, _)| *key.name == **name)
                .map(|(key, value)| (key.at, value)),
            _ => None,
        };
        let Some((position, inner)) = inner else {
            break;
        };
        at = position;
        node = inner;
    }
    at
}
