//! The installation's file while it is put together out of values, with where each piece comes from.

use std::collections::BTreeMap;

use milvus_aws_core::{
    Installation,
    installation::{Problem, SecretReader, Secrets, Standing},
};
use secrecy::SecretString;
use serde_json::{Map, Value as Json, json};

use super::{
    document::{Node, Value},
    reading::Found,
    remark::{Place, Remark},
    words,
};

/// The installation's file while it is put together.
pub(super) struct Draft<'a> {
    file: Json,
    origins: Vec<Origin<'a>>,
    /// Passwords by the variables that the file names.
    passwords: BTreeMap<String, SecretString>,
}

/// What comes of a draft.
pub(super) struct Finished {
    pub(super) installation: Installation,
    pub(super) secrets: Secrets,
    /// What is unwise.
    pub(super) warnings: Vec<Remark>,
}

/// Where a piece of the file comes from.
struct Origin<'a> {
    /// Path in the installation's file.
    path: String,
    /// Path in the values.
    values: String,
    at: Option<Place>,
    node: Option<&'a Node>,
}

impl<'a> Draft<'a> {
    pub(super) fn new() -> Self {
        Self {
            file: json!({"apiVersion": "kubectl-milvus/v1"}),
            origins: Vec::new(),
            passwords: BTreeMap::new(),
        }
    }

    /// Sets the value at a path, and remembers where it comes from.
    pub(super) fn set(&mut self, path: &str, value: impl Into<Json>, from: &Found<'a>) {
        self.origins.push(Origin {
            path: path.to_owned(),
            values: from.path.clone(),
            at: Some(from.at),
            node: Some(from.node),
        });
        self.put(path, value);
    }

    /// Sets a value that stands for a key which the values leave out, or for several of them.
    pub(super) fn set_for(&mut self, path: &str, value: impl Into<Json>, key: &str) {
        self.origins.push(Origin {
            path: path.to_owned(),
            values: key.to_owned(),
            at: None,
            node: None,
        });
        self.put(path, value);
    }

    /// Sets a value that was found, or that stands for a key which is not there.
    pub(super) fn set_either(
        &mut self,
        path: &str,
        value: impl Into<Json>,
        from: Option<&Found<'a>>,
        key: &str,
    ) {
        match from {
            Some(found) => self.set(path, value, found),
            None => self.set_for(path, value, key),
        }
    }

    /// Sets a value that the values have no key for.
    pub(super) fn put(&mut self, path: &str, value: impl Into<Json>) {
        let mut section = &mut self.file;
        for key in path.split('.') {
            if !section.is_object() {
                *section = Json::Object(Map::new());
            }
            // Asked first, as an index makes a text of its own of each key.
            if section.get(key).is_none() {
                section[key] = Json::Null;
            }
            let Some(inner) = section.get_mut(key) else {
                return;
            };
            section = inner;
        }
        *section = value.into();
    }

    /// Takes back what was set at a path, and the sections that are empty without it.
    pub(super) fn forget(&mut self, path: &str) {
        if let Json::Object(file) = &mut self.file {
            let path: Vec<_> = path.split('.').collect();
            remove(file, &path);
        }
    }

    /// What was set at a path.
    pub(super) fn get(&self, path: &str) -> Option<&Json> {
        let pointer = format!("/{}", path.replace('.', "/"));
        self.file.pointer(&pointer)
    }

    /// A login whose password is read from a variable of that name, and here known already.
    pub(super) fn login(&mut self, username: &str, password: SecretString, variable: &str) -> Json {
        self.password(password, variable);
        json!({"username": username, "password": {"env": variable}})
    }

    /// Keeps a password under the name of a variable.
    pub(super) fn password(&mut self, password: SecretString, variable: &str) {
        self.passwords.insert(variable.to_owned(), password);
    }

    /// The variables that the file names.
    pub(super) fn variables(&self) -> Vec<String> {
        self.passwords.keys().cloned().collect()
    }

    /// The installation and its passwords.
    pub(super) fn finish(&self, origin: &str, standing: Standing) -> Result<Finished, Vec<Remark>> {
        let (installation, warnings) = Installation::read_json(origin, &self.file, standing)
            .map_err(|invalid| self.in_values(invalid.problems()))?;
        let secrets = installation
            .resolve_secrets(&Known(&self.passwords))
            .map_err(|unreadable| vec![Remark::of_file(unreadable.to_string())])?;
        Ok(Finished {
            warnings: self.in_values(&warnings),
            installation,
            secrets,
        })
    }

    /// What is wrong with the installation's file, said of the values that it was made of, in their words.
    fn in_values(&self, problems: &[Problem]) -> Vec<Remark> {
        let of = |problem: &Problem| {
            let path = problem.path();
            let inside = |origin: &&Origin<'_>| is_inside(&path, &origin.path);
            // What is missing in a section is said of the section.
            let around = |origin: &&Origin<'_>| is_inside(&origin.path, &path);
            let longest = self
                .origins
                .iter()
                .filter(inside)
                .max_by_key(|origin| origin.path.len());
            let message = words::of_values(&path, &problem.message());
            let Some(origin) = longest.or_else(|| self.origins.iter().find(around)) else {
                return Remark::new(words::section(&path), None, message);
            };
            let rest = path.strip_prefix(&origin.path).unwrap_or_default();
            let place = origin.node.and_then(|node| place_in(node, rest));
            Remark::new(
                words::path(&origin.values, rest),
                place.or(origin.at),
                message,
            )
        };
        problems.iter().map(of).collect()
    }
}

/// Whether a path is another one or a part of it.
fn is_inside(path: &str, around: &str) -> bool {
    path.strip_prefix(around)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Where a path within a value stands: `.key`, `["a.key"]`, `[1]`.
fn place_in(node: &Node, path: &str) -> Option<Place> {
    if path.is_empty() {
        return None;
    }
    let mut node = node;
    let mut at = None;
    let mut rest = path;
    while !rest.is_empty() {
        let (segment, after) = first_segment(rest)?;
        rest = after;
        node = match (&node.value, segment) {
            (Value::List(items), Segment::Index(index)) => {
                let item = items.get(index)?;
                at = Some(item.at);
                item
            }
            (Value::Section(entries), Segment::Key(key)) => {
                let Some(entry) = entries.iter().find(|entry| entry.key == key) else {
                    return at;
                };
                at = Some(entry.at);
                &entry.node
            }
            _ => return at,
        };
    }
    at
}

enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

fn first_segment(path: &str) -> Option<(Segment<'_>, &str)> {
    if let Some(quoted) = path.strip_prefix("[\"") {
        let (key, rest) = quoted.split_once("\"]")?;
        return Some((Segment::Key(key), rest));
    }
    if let Some(index) = path.strip_prefix('[') {
        let (index, rest) = index.split_once(']')?;
        return Some((Segment::Index(index.parse().ok()?), rest));
    }
    let path = path.strip_prefix('.')?;
    let end = path.find(['.', '[']).unwrap_or(path.len());
    Some((Segment::Key(&path[..end]), &path[end..]))
}

/// Passwords that are known already.
struct Known<'a>(&'a BTreeMap<String, SecretString>);

impl SecretReader for Known<'_> {
    fn file(&self, _: &std::path::Path) -> std::io::Result<SecretString> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        self.0.get(name).cloned()
    }
}

/// Removes what is at a path, and the sections that are empty without it; upper and lower case are the same.
pub(super) fn remove(section: &mut Map<String, Json>, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let Some(name) = section
        .keys()
        .find(|key| key.eq_ignore_ascii_case(first))
        .cloned()
    else {
        return;
    };
    let is_empty = match section.get_mut(&name) {
        Some(Json::Object(inner)) if !rest.is_empty() => {
            remove(inner, rest);
            inner.is_empty()
        }
        _ => rest.is_empty(),
    };
    if is_empty {
        section.shift_remove(&name);
    }
}
