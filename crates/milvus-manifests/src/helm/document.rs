//! A values file as a tree that knows where each value stands, read as helm reads it.
//!
//! Not by a serde reader: for those `yes` and `"yes"` are the same or are not, as they please, and helm's own reading
//! differs from all of them in detail.

use std::{borrow::Cow, collections::HashMap};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value as Json};

use super::{
    remark::{Place, Remark},
    scalar,
};

/// The largest file that is read. The chart's own values are a twentieth of it.
const LARGEST: usize = 1024 * 1024;
/// Values in a file, after aliases are replaced by what they stand for.
const MOST_VALUES: usize = 50_000;
/// Sections within sections.
const DEEPEST: usize = 64;

/// A value and where it stands. Has no `Debug`: it may be a password.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) value: Value,
    /// As it is written, where that is a plain scalar.
    pub(super) written: Option<String>,
}

/// What a value is.
#[derive(Clone)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Section(Vec<Entry>),
}

/// A value without parts.
#[derive(Clone, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
}

/// A key and its value.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) at: Place,
    pub(super) key: String,
    pub(super) node: Node,
}

/// What was read, and what of it is odd without being wrong.
pub(super) struct Document {
    pub(super) root: Node,
    pub(super) notices: Vec<Remark>,
}

/// Reads the first document of a text; helm reads no other. `source` is its number among several files.
pub(super) fn read(text: &[u8], source: u16) -> Result<Document, Remark> {
    if text.len() > LARGEST {
        let message = format!("is {} bytes long, at most {LARGEST} are read", text.len());
        return Err(Remark::of_file(message));
    }
    let Some(text) = decoded(text) else {
        return Err(Remark::of_file(
            "is no text in UTF-8, nor in UTF-16 with a byte order mark; `iconv -f ENCODING -t UTF-8 FILE` converts it",
        ));
    };
    Reader::new(&text, source).document()
}

/// A text by its byte order mark, else in UTF-8, as YAML has it. Redirections of PowerShell write UTF-16.
fn decoded(text: &[u8]) -> Option<Cow<'_, str>> {
    let utf_16 = |text: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = text.as_chunks::<2>();
        let units = units.iter().copied().map(unit);
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| rest.is_empty()).map(Cow::Owned)
    };
    match text {
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
        text => std::str::from_utf8(text).ok().map(Cow::Borrowed),
    }
}

impl Node {
    fn scalar(at: Place, scalar: Scalar) -> Self {
        Self {
            at,
            value: Value::Scalar(scalar),
            written: None,
        }
    }

    /// Whether nothing is behind the key.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar(Scalar::Null))
    }

    /// The same without places.
    pub(super) fn to_json(&self) -> Json {
        match &self.value {
            Value::Scalar(scalar) => scalar.to_json(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Section(entries) => {
                let pairs = entries.iter();
                let map: Map<_, _> = pairs
                    .map(|entry| (entry.key.clone(), entry.node.to_json()))
                    .collect();
                Json::Object(map)
            }
        }
    }
}

impl Scalar {
    fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::from(*value),
            Self::Signed(number) => Json::from(*number),
            Self::Unsigned(number) => Json::from(*number),
            Self::Float(number) => Json::from(*number),
            Self::Text(text) => Json::from(text.clone()),
        }
    }

    /// As a template of the chart writes it.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Signed(number) => number.to_string(),
            Self::Unsigned(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

struct Reader<'a> {
    source: u16,
    parser: Parser<'a, StrInput<'a>>,
    /// What aliases stand for.
    anchors: HashMap<usize, Node>,
    values: usize,
    notices: Vec<Remark>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, source: u16) -> Self {
        let options = granit_parser::options! {
            emit_comments: false,
            block_scalar_eof_without_line_feed: true,
            flow_nesting_limit: DEEPEST,
            block_nesting_limit: DEEPEST,
        };
        Self {
            source,
            parser: Parser::new_from_str_with_options(text, options),
            anchors: HashMap::new(),
            values: 0,
            notices: Vec::new(),
        }
    }

    fn document(mut self) -> Result<Document, Remark> {
        let start = Place::new(self.source, 1, 1);
        let mut root = Node::scalar(start, Scalar::Null);
        let mut documents = 0;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        let message = "a second document begins here, helm reads the first alone";
                        self.notices
                            .push(Remark::new("", Some(self.place(&span)), message));
                        break;
                    }
                }
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                event => root = self.node(event, &span)?,
            }
        }
        if root.is_null() {
            root.value = Value::Section(Vec::new());
        }
        match root.value {
            Value::Section(_) => Ok(Document {
                root,
                notices: self.notices,
            }),
            _ => Err(Remark::new(
                "",
                Some(root.at),
                "holds no keys, a values file is a section of keys and values",
            )),
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Remark> {
        self.parser
            .next_event()
            .transpose()
            .map_err(|error| syntax(&error, self.source))
    }

    /// One value; recurses as deep as the parser lets a file nest.
    fn node(&mut self, event: Event<'a>, span: &Span) -> Result<Node, Remark> {
        let at = self.place(span);
        self.count(1, at)?;
        let anchor = event.anchor_id();
        let node = match event {
            Event::Scalar(text, style, _, tag) => Node {
                at,
                written: (style == ScalarStyle::Plain).then(|| text.to_string()),
                value: Value::Scalar(scalar_of(&text, style, tag.as_deref(), at)?),
            },
            Event::SequenceStart(..) => self.list(at)?,
            Event::MappingStart(..) => self.section(at)?,
            Event::Alias(id) => self.alias(id, at)?,
            _ => return Err(Remark::new("", Some(at), "is no value")),
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, at: Place) -> Result<Node, Remark> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return Err(Remark::new("", Some(at), "stands for what it is a part of"));
        };
        self.count(size(&node), at)?;
        Ok(node)
    }

    fn list(&mut self, at: Place) -> Result<Node, Remark> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Some((Event::SequenceEnd, _)) => break,
                Some((event, span)) => items.push(self.node(event, &span)?),
                None => return Err(unfinished(at)),
            }
        }
        Ok(Node {
            at,
            value: Value::List(items),
            written: None,
        })
    }

    fn section(&mut self, at: Place) -> Result<Node, Remark> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = match self.next()? {
                Some((Event::MappingEnd, _)) => break,
                Some(next) => next,
                None => return Err(unfinished(at)),
            };
            let key = self.node(event, &span)?;
            let Some((event, span)) = self.next()? else {
                return Err(unfinished(at));
            };
            let node = self.node(event, &span)?;
            if key.written.as_deref() == Some("<<") {
                merge(&mut entries, node)?;
                continue;
            }
            let entry = Entry {
                at: key.at,
                key: key_text(&key)?,
                node,
            };
            if let Some(before) = entries.iter().find(|known| known.key == entry.key) {
                let message = format!(
                    "is there twice, first in line {}; this one is taken, as helm does",
                    before.at.line
                );
                self.notices
                    .push(Remark::new(&entry.key, Some(entry.at), message));
            }
            put(&mut entries, entry);
        }
        Ok(Node {
            at,
            value: Value::Section(entries),
            written: None,
        })
    }

    fn place(&self, span: &Span) -> Place {
        place(self.source, span.start.line(), span.start.col())
    }

    fn count(&mut self, more: usize, at: Place) -> Result<(), Remark> {
        self.values += more;
        if self.values > MOST_VALUES {
            let message = format!(
                "the file holds too much once aliases are replaced, at most {MOST_VALUES} values are read"
            );
            return Err(Remark::new("", Some(at), message));
        }
        Ok(())
    }
}

/// The last one of a key counts.
fn put(entries: &mut Vec<Entry>, entry: Entry) {
    match entries.iter_mut().find(|known| known.key == entry.key) {
        Some(known) => *known = entry,
        None => entries.push(entry),
    }
}

/// `<<`: the keys of another section, or of several, of which the first wins.
fn merge(entries: &mut Vec<Entry>, from: Node) -> Result<(), Remark> {
    let sections = match from.value {
        Value::List(items) => items,
        _ => vec![from],
    };
    for section in sections.into_iter().rev() {
        let Value::Section(more) = section.value else {
            let message = "`<<` takes a section, or a list of sections";
            return Err(Remark::new("", Some(section.at), message));
        };
        for entry in more {
            put(entries, entry);
        }
    }
    Ok(())
}

/// Keys are texts in the end, whatever they are written as.
fn key_text(key: &Node) -> Result<String, Remark> {
    match &key.value {
        Value::Scalar(Scalar::Null) | Value::List(_) | Value::Section(_) => {
            Err(Remark::new("", Some(key.at), "a key must be a plain text"))
        }
        Value::Scalar(scalar) => Ok(scalar.to_text()),
    }
}

fn scalar_of(
    text: &str,
    style: ScalarStyle,
    tag: Option<&Tag>,
    at: Place,
) -> Result<Scalar, Remark> {
    let is_text = match tag.and_then(Tag::core_suffix) {
        Some("str") => true,
        Some(_) => false,
        None => style != ScalarStyle::Plain,
    };
    if is_text {
        return Ok(Scalar::Text(text.to_owned()));
    }
    scalar::plain(text).ok_or_else(|| {
        Remark::new(
            "",
            Some(at),
            "is no number that can be set, write a finite one",
        )
    })
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 1,
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Section(entries) => 1 + entries.iter().map(|entry| size(&entry.node)).sum::<usize>(),
    }
}

/// A file is at most a mebibyte long: neither can be larger than a u32.
fn place(source: u16, line: usize, column: usize) -> Place {
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place::new(source, narrow(line), narrow(column + 1))
}

/// Lays one section over another, as helm does with its files: sections are joined key by key, anything else replaces
/// what was there.
pub(super) fn lay_over(base: &mut Node, later: Node) {
    match (&mut base.value, later) {
        (
            Value::Section(entries),
            Node {
                value: Value::Section(more),
                ..
            },
        ) => {
            for entry in more {
                match entries.iter_mut().find(|known| known.key == entry.key) {
                    Some(known) => {
                        known.at = entry.at;
                        lay_over(&mut known.node, entry.node);
                    }
                    None => entries.push(entry),
                }
            }
        }
        (_, later) => *base = later,
    }
}

/// The parser's words; never a piece of the file, which may hold a password.
fn syntax(error: &ScanError, source: u16) -> Remark {
    let at = place(source, error.marker().line(), error.marker().col());
    Remark::new("", Some(at), format!("is no valid YAML: {}", error.info()))
}

fn unfinished(at: Place) -> Remark {
    Remark::new(
        "",
        Some(at),
        "is no valid YAML: what begins here does not end",
    )
}
