//! The file's text as a tree that knows where each value stands.

use std::{collections::HashMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value as Json;
use serde_saphyr::{
    Error as YamlError, Spanned,
    options::{DuplicateKeyPolicy, Options},
};

use super::diagnostic::{Path, Position, Problem};

/// The largest file that is read. Nobody writes one of a tenth of it; a larger one is no `milvus.yaml`.
const LARGEST: usize = 1024 * 1024;
/// Values in a file, after aliases are replaced by what they stand for.
const MOST_VALUES: usize = 20_000;
/// Sections within sections.
const DEEPEST: usize = 48;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) at: Position,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Nothing,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Section(Vec<(Key, Node)>),
    /// Was found faulty, and is passed over while the rest is read.
    Passed,
}

/// A key and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) at: Position,
    pub(super) name: String,
}

/// Reads text as one YAML document.
pub(super) fn parse(text: &[u8]) -> Result<Node, Vec<Problem>> {
    if text.len() > LARGEST {
        let message = format!("is {} bytes long, at most {LARGEST} are read", text.len());
        return Err(vec![Problem::of_file(message)]);
    }
    let node = serde_saphyr::from_slice_with_options::<Spanned<Raw>>(text, options())
        .map(located)
        .map_err(|error| vec![syntax_problem(&error)])?;
    let mut problems = Vec::new();
    find_duplicates(&node, &Path::default(), &mut problems);
    if problems.is_empty() {
        Ok(node)
    } else {
        Err(problems)
    }
}

/// The same tree from a value, which has no places: everything is said to stand at the start.
pub(super) fn of_json(value: &Json) -> Node {
    let at = Position { line: 1, column: 1 };
    let value = match value {
        Json::Null => Value::Nothing,
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => Value::Text(text.clone()),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => Value::Signed(number),
            (_, Some(number), _) => Value::Unsigned(number),
            (_, _, number) => Value::Float(number.unwrap_or_default()),
        },
        Json::Array(items) => Value::List(items.iter().map(of_json).collect()),
        Json::Object(fields) => {
            let entry = |(name, value): (&String, &Json)| {
                let name = name.clone();
                (Key { at, name }, of_json(value))
            };
            Value::Section(fields.iter().map(entry).collect())
        }
    };
    Node { at, value }
}

fn options() -> Options {
    serde_saphyr::options! {
        // A snippet would print lines of the file, and with them whatever stands there.
        with_snippet: false,
        // Found by us, all at once, with the place of the first one.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_VALUES },
        budget: serde_saphyr::budget! { max_depth: DEEPEST, max_nodes: MOST_VALUES },
    }
}

fn find_duplicates(node: &Node, path: &Path, problems: &mut Vec<Problem>) {
    match &node.value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                find_duplicates(item, &path.index(index), problems);
            }
        }
        Value::Section(entries) => {
            let mut first: HashMap<&str, Position> = HashMap::new();
            for (key, value) in entries {
                let path = path.key(&key.name);
                if let Some(before) = first.get(key.name.as_str()) {
                    let message = format!("is there twice, first in line {}", before.line);
                    problems.push(Problem::new(path.clone(), key.at, message));
                }
                first.entry(&key.name).or_insert(key.at);
                find_duplicates(value, &path, problems);
            }
        }
        _ => {}
    }
}

/// The parser's message without its own mention of the place and of its own options.
fn syntax_problem(error: &YamlError) -> Problem {
    let text = error.to_string();
    let first = text.split(" at line ").next().unwrap_or(&text);
    let message = match error {
        YamlError::MultipleDocuments { .. } => {
            "a second document begins here; write one installation a file".to_owned()
        }
        _ if first.starts_with("budget breached: Depth")
            || first.starts_with("recursion limit") =>
        {
            format!("sections are nested too deep, at most {DEEPEST} levels are read")
        }
        _ if first.starts_with("budget breached")
            || first.starts_with("alias") && first.contains("limit") =>
        {
            format!(
                "holds too much once aliases are replaced, at most {MOST_VALUES} values are read"
            )
        }
        _ if first.starts_with("expected string scalar")
            || first.starts_with("cannot deserialize null into string") =>
        {
            "a key must be a plain text".to_owned()
        }
        _ if first.starts_with("non-finite float") => {
            "is no number that can be set, write a finite one".to_owned()
        }
        _ if first.contains("not valid UTF-8") => "is no text in UTF-8".to_owned(),
        _ => format!("is no valid YAML: {first}"),
    };
    match error
        .location()
        .map(Position::from)
        .filter(|at| at.line > 0)
    {
        Some(at) => Problem::new(Path::default(), at, message),
        None => Problem::of_file(message),
    }
}

/// A value as the parser gives it, before places are attached.
enum Raw {
    Plain(Value),
    List(Vec<Spanned<Raw>>),
    Section(Vec<(Spanned<String>, Spanned<Raw>)>),
}

/// Recurses as deep as the parser's budget lets a file nest.
fn located(raw: Spanned<Raw>) -> Node {
    let at = Position::from(raw.referenced);
    let value = match raw.value {
        Raw::Plain(value) => value,
        Raw::List(items) => Value::List(items.into_iter().map(located).collect()),
        Raw::Section(entries) => Value::Section(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let at = Position::from(key.referenced);
                    let name = key.value;
                    (Key { at, name }, located(value))
                })
                .collect(),
        ),
    };
    Node { at, value }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Nothing))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Nothing))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Signed(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Unsigned(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Text(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Plain(Value::Text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = input.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = input.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Section(entries))
    }
}
