//! Values by their paths, with the chart's own readings of them.

use secrecy::SecretString;
use serde_json::Value as Json;

use super::{
    document::{Entry, Node, Scalar, Value},
    keys, placeholders,
    remark::{Place, Remark},
};

/// A values file while it is read, and what was found on the way.
pub(super) struct Reading<'a> {
    root: &'a Node,
    /// What is wrong: nothing comes of the file.
    pub(super) problems: Vec<Remark>,
    /// What cannot be honoured: nothing comes of the file unless the user agrees.
    pub(super) unsupported: Vec<Remark>,
    /// Keys that the chart does not have.
    pub(super) unknown: Vec<Remark>,
    /// What is done in another way than the file says, or is worth a look.
    pub(super) notices: Vec<Remark>,
    /// Logins that hold a placeholder.
    pub(super) placeholders: Vec<Remark>,
}

/// A value and where it was found.
#[derive(Clone)]
pub(super) struct Found<'a> {
    pub(super) path: String,
    pub(super) at: Place,
    pub(super) node: &'a Node,
}

/// A text and where it was found.
pub(super) struct Text<'a> {
    pub(super) value: String,
    pub(super) found: Found<'a>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(root: &'a Node) -> Self {
        Self {
            root,
            problems: Vec::new(),
            unsupported: Vec::new(),
            unknown: Vec::new(),
            notices: Vec::new(),
            placeholders: Vec::new(),
        }
    }

    /// Why nothing comes of the file, with the keys that are unknown: one of them may be what was meant.
    pub(super) fn everything_wrong(self) -> Vec<Remark> {
        let mut all = self.problems;
        all.extend(self.unknown);
        all
    }

    /// What stands at that path; none when nothing does.
    pub(super) fn find(&self, path: &str) -> Option<Found<'a>> {
        self.entry(path).filter(|found| !found.node.is_null())
    }

    /// Whether the chart's default is taken back.
    pub(super) fn is_taken_back(&self, path: &str) -> bool {
        self.entry(path).is_some_and(|found| found.node.is_null())
    }

    fn entry(&self, path: &str) -> Option<Found<'a>> {
        let mut node = self.root;
        let mut at = node.at;
        for key in path.split('.') {
            let Value::Section(entries) = &node.value else {
                return None;
            };
            let entry = entries.iter().find(|entry| entry.key == key)?;
            (node, at) = (&entry.node, entry.at);
        }
        Some(Found {
            path: path.to_owned(),
            at,
            node,
        })
    }

    /// A file in a section of files: its name holds a dot.
    pub(super) fn find_file(&self, section: &str, file: &str) -> Option<Found<'a>> {
        let section = self.find(section)?;
        let found = section.entries().find(|found| found.path.ends_with(file));
        found.filter(|found| !found.node.is_null())
    }

    /// `true` or `false`. A text in its place would be true to the chart whatever it says, so that it is refused.
    pub(super) fn flag(&mut self, path: &str) -> Option<bool> {
        let found = self.find(path)?;
        if let Value::Scalar(Scalar::Bool(value)) = &found.node.value {
            return Some(*value);
        }
        self.wrong(&found, "write `true` or `false`, without quotes");
        None
    }

    /// A text; what helm takes for something else is written as the chart writes it, and told when that changes it.
    pub(super) fn text(&mut self, path: &str) -> Option<Text<'a>> {
        let found = self.find(path)?;
        self.text_of(found)
    }

    /// The same of what was found.
    pub(super) fn text_of(&mut self, found: Found<'a>) -> Option<Text<'a>> {
        let Value::Scalar(scalar) = &found.node.value else {
            self.wrong(&found, "expected a text");
            return None;
        };
        let value = scalar.to_text();
        if let Some(written) = &found.node.written
            && *written != value
        {
            let message = "helm reads what stands here as a number or as `true` or `false`, which changes it; put it in quotes if the text is meant";
            self.notice(&found, message);
        }
        (!value.is_empty()).then_some(Text { value, found })
    }

    /// A text that is secret from here on.
    pub(super) fn secret(&mut self, path: &str) -> Option<SecretString> {
        Some(SecretString::from(self.login(path)?.value))
    }

    /// A part of a login, which may hold a placeholder.
    pub(super) fn login(&mut self, path: &str) -> Option<Text<'a>> {
        let text = self.text(path)?;
        if let Some(message) = placeholders::said_of(&text.value) {
            self.placeholders.push(text.found.remark(message));
        }
        Some(text)
    }

    /// A whole number, also as a text.
    pub(super) fn number(&mut self, path: &str) -> Option<(i64, Found<'a>)> {
        let text = self.text(path)?;
        if let Ok(number) = text.value.parse() {
            return Some((number, text.found));
        }
        self.wrong(&text.found, "expected a whole number");
        None
    }

    /// A section or list with something in it, as it is.
    pub(super) fn part(&self, path: &str) -> Option<(Json, Found<'a>)> {
        let found = self.find(path)?;
        (!keys::is_empty(found.node)).then(|| (found.node.to_json(), found))
    }

    /// The texts of a list; one text stands for a list of one.
    pub(super) fn texts(&mut self, path: &str) -> Vec<Text<'a>> {
        let Some(found) = self.find(path) else {
            return Vec::new();
        };
        let item = |index: usize, node: &'a Node| match &node.value {
            Value::Scalar(scalar) => Some(Text {
                value: scalar.to_text(),
                found: Found {
                    path: format!("{path}[{index}]"),
                    at: node.at,
                    node,
                },
            }),
            _ => None,
        };
        let texts: Option<Vec<_>> = match &found.node.value {
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| item(index, node))
                .collect(),
            Value::Scalar(_) => item(0, found.node).map(|text| vec![text]),
            Value::Section(_) => None,
        };
        texts.unwrap_or_else(|| {
            self.wrong(&found, "expected a list of texts");
            Vec::new()
        })
    }

    pub(super) fn wrong(&mut self, found: &Found<'_>, message: impl Into<String>) {
        self.problems.push(found.remark(message));
    }

    pub(super) fn notice(&mut self, found: &Found<'_>, message: impl Into<String>) {
        self.notices.push(found.remark(message));
    }

    pub(super) fn cannot(&mut self, found: &Found<'_>, message: impl Into<String>) {
        self.unsupported.push(found.remark(message));
    }

    /// Says something of a path, at its place where it stands in the file.
    pub(super) fn remark(&self, path: &str, message: impl Into<String>) -> Remark {
        match self.find(path) {
            Some(found) => found.remark(message),
            None => Remark::new(path, None, message),
        }
    }
}

impl<'a> Found<'a> {
    /// A key of a section that was found.
    pub(super) fn in_section(section: &Self, entry: &'a Entry) -> Self {
        Self {
            path: format!("{}.{}", section.path, entry.key),
            at: entry.at,
            node: &entry.node,
        }
    }

    /// Whether a section has that key.
    pub(super) fn has(&self, key: &str) -> bool {
        match &self.node.value {
            Value::Section(entries) => entries.iter().any(|entry| entry.key == key),
            Value::Scalar(_) | Value::List(_) => false,
        }
    }

    /// The keys of a section.
    pub(super) fn entries(&self) -> impl Iterator<Item = Found<'a>> + use<'a> {
        let entries = match &self.node.value {
            Value::Section(entries) => entries.as_slice(),
            _ => &[],
        };
        let path = self.path.clone();
        entries.iter().map(move |entry| Found {
            path: format!("{path}.{}", entry.key),
            at: entry.at,
            node: &entry.node,
        })
    }

    pub(super) fn remark(&self, message: impl Into<String>) -> Remark {
        Remark::new(&self.path, Some(self.at), message)
    }
}
