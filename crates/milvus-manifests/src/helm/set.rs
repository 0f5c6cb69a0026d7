//! `--set` and `--set-string`, as helm reads them: `a.b=1,c[0].d={x,y}`.
//!
//! Source: helm's package `strvals`, and its documentation ("The Format and Limitations of --set").

use super::document::{Entry, Node, Scalar, Value};
use super::remark::Place;

/// The largest index of a list.
const LARGEST_INDEX: usize = 65_536;
/// Sections within sections.
const DEEPEST: usize = 30;

/// Why a text is no setting of values. Repeats nothing of it: it may be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// A key without `=`.
    #[error(
        "a key has no value; write `KEY=VALUE`, and `\\,` for a comma that is a part of a value"
    )]
    NoValue,
    /// A list that does not end.
    #[error("a list does not end; write `{{ONE,TWO}}`")]
    OpenList,
    /// An index that is none.
    #[error("an index is no whole number from 0 to {LARGEST_INDEX}; write `KEY[0]=VALUE`")]
    Index,
    /// Something between an index and what follows it.
    #[error("something stands behind an index; write `KEY[0]=VALUE` or `KEY[0].KEY=VALUE`")]
    BehindIndex,
    /// A part of what is no section.
    #[error("a key is set within what is no section of keys")]
    NoSection,
    /// An item of what is no list.
    #[error("an item is set of what is no list")]
    NoList,
    /// Too many sections within sections.
    #[error("sections are nested too deep, at most {DEEPEST} levels are read")]
    TooDeep,
}

/// What values become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typing {
    /// `true`, `false`, `null` and whole numbers are what they look like.
    Guessed,
    /// All are texts.
    Texts,
}

/// Sets what a text says.
pub(super) fn set(
    root: &mut Node,
    text: &str,
    typing: Typing,
    source: u16,
) -> Result<(), InvalidSetting> {
    let mut setter = Setter {
        text: text.chars().peekable(),
        typing,
        at: Place::of_flag(source),
    };
    while setter.text.peek().is_some() {
        setter.key(root, 0)?;
    }
    Ok(())
}

struct Setter<'a> {
    text: std::iter::Peekable<std::str::Chars<'a>>,
    typing: Typing,
    at: Place,
}

impl Setter<'_> {
    /// One key with its value, in a section.
    fn key(&mut self, section: &mut Node, depth: usize) -> Result<(), InvalidSetting> {
        let (key, end) = self.until(&['=', '[', ',', '.']);
        match end {
            Some('[') => {
                let index = self.index()?;
                let place = self.place(section, &key)?;
                let mut list = match std::mem::replace(&mut place.value, Value::List(Vec::new())) {
                    Value::List(items) => items,
                    Value::Scalar(Scalar::Null) if place.at == Place::UNSET => Vec::new(),
                    _ => return Err(InvalidSetting::NoList),
                };
                self.item(&mut list, index, depth)?;
                self.put(section, &key, Value::List(list))
            }
            Some('=') => {
                let value = self.value()?;
                self.put(section, &key, value)
            }
            Some('.') => {
                if depth == DEEPEST {
                    return Err(InvalidSetting::TooDeep);
                }
                let at = self.at;
                let place = self.place(section, &key)?;
                if place.at == Place::UNSET {
                    *place = node(Value::Section(Vec::new()), at);
                }
                if !matches!(place.value, Value::Section(_)) {
                    return Err(InvalidSetting::NoSection);
                }
                self.key(place, depth + 1)
            }
            _ => Err(InvalidSetting::NoValue),
        }
    }

    /// What follows an index of a list.
    fn item(
        &mut self,
        list: &mut Vec<Node>,
        index: usize,
        depth: usize,
    ) -> Result<(), InvalidSetting> {
        let (rest, end) = self.until(&['[', '.', '=']);
        if !rest.is_empty() {
            return Err(InvalidSetting::BehindIndex);
        }
        let at = self.at;
        if list.len() <= index {
            list.resize_with(index + 1, || node(Value::Scalar(Scalar::Null), at));
        }
        let item = list.get_mut(index).ok_or(InvalidSetting::Index)?;
        match end {
            Some('=') => *item = node(self.value()?, at),
            Some('[') => {
                let inner = self.index()?;
                let mut items = match std::mem::replace(&mut item.value, Value::List(Vec::new())) {
                    Value::List(items) => items,
                    Value::Scalar(Scalar::Null) => Vec::new(),
                    _ => return Err(InvalidSetting::NoList),
                };
                if depth == DEEPEST {
                    return Err(InvalidSetting::TooDeep);
                }
                self.item(&mut items, inner, depth + 1)?;
                item.value = Value::List(items);
            }
            Some(_) => {
                if !matches!(item.value, Value::Section(_)) {
                    *item = node(Value::Section(Vec::new()), at);
                }
                if depth == DEEPEST {
                    return Err(InvalidSetting::TooDeep);
                }
                self.key(item, depth + 1)?;
            }
            None => return Err(InvalidSetting::NoValue),
        }
        Ok(())
    }

    fn index(&mut self) -> Result<usize, InvalidSetting> {
        let (text, end) = self.until(&[']']);
        let index = text.parse().ok().filter(|index| *index <= LARGEST_INDEX);
        index.filter(|_| end.is_some()).ok_or(InvalidSetting::Index)
    }

    /// A list in braces, or one value; takes the comma behind it.
    fn value(&mut self) -> Result<Value, InvalidSetting> {
        if self.text.next_if_eq(&'{').is_none() {
            let (text, _) = self.until(&[',']);
            return Ok(Value::Scalar(self.typed(text)));
        }
        let mut items = Vec::new();
        loop {
            let (text, end) = self.until(&[',', '}']);
            if end.is_none() {
                return Err(InvalidSetting::OpenList);
            }
            items.push(node(Value::Scalar(self.typed(text)), self.at));
            if end == Some('}') {
                self.text.next_if_eq(&',');
                return Ok(Value::List(items));
            }
        }
    }

    fn typed(&self, text: String) -> Scalar {
        if self.typing == Typing::Texts {
            return Scalar::Text(text);
        }
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        if is("true") || is("false") {
            return Scalar::Bool(is("true"));
        }
        if is("null") {
            return Scalar::Null;
        }
        // What begins with a zero is a text, as an octal number would be another one.
        let is_number = text == "0" || !text.starts_with('0');
        match text.parse() {
            Ok(number) if is_number => Scalar::Signed(number),
            _ => Scalar::Text(text),
        }
    }

    /// The text until one of these characters, which is taken; `\` takes the next one as it is.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(character) = self.text.next() {
            if stops.contains(&character) {
                return (text, Some(character));
            }
            match character {
                '\\' => text.extend(self.text.next()),
                other => text.push(other),
            }
        }
        (text, None)
    }

    /// The value of a key, which is made where it is not there.
    fn place<'n>(&self, section: &'n mut Node, key: &str) -> Result<&'n mut Node, InvalidSetting> {
        let Value::Section(entries) = &mut section.value else {
            return Err(InvalidSetting::NoSection);
        };
        let known = entries.iter().position(|entry| entry.key == key);
        let index = known.unwrap_or_else(|| {
            entries.push(Entry {
                at: self.at,
                key: key.to_owned(),
                node: node(Value::Scalar(Scalar::Null), Place::UNSET),
            });
            entries.len() - 1
        });
        Ok(&mut entries[index].node)
    }

    fn put(&self, section: &mut Node, key: &str, value: Value) -> Result<(), InvalidSetting> {
        *self.place(section, key)? = node(value, self.at);
        if let Value::Section(entries) = &mut section.value
            && let Some(entry) = entries.iter_mut().find(|entry| entry.key == key)
        {
            entry.at = self.at;
        }
        Ok(())
    }
}

fn node(value: Value, at: Place) -> Node {
    Node {
        at,
        value,
        written: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::helm::document;

    /// What helm makes of them, onto `a: {b: 1}` and `l: [x, y]`.
    #[test]
    fn field_3_5_as_helm_reads_them() {
        for (text, is) in [
            ("a.c=2", json!({"a": {"b": 1, "c": 2}, "l": ["x", "y"]})),
            ("a=null", json!({"a": null, "l": ["x", "y"]})),
            ("l[1]=z", json!({"a": {"b": 1}, "l": ["x", "z"]})),
            ("l[3]=z", json!({"a": {"b": 1}, "l": ["x", "y", null, "z"]})),
            (
                "l={1,true,no}",
                json!({"a": {"b": 1}, "l": [1, true, "no"]}),
            ),
            ("l={}", json!({"a": {"b": 1}, "l": [""]})),
            (
                "a.b=x,a.c=y",
                json!({"a": {"b": "x", "c": "y"}, "l": ["x", "y"]}),
            ),
            (
                "a.user\\.yaml=x\\,y",
                json!({"a": {"b": 1, "user.yaml": "x,y"}, "l": ["x", "y"]}),
            ),
            ("a.b=", json!({"a": {"b": ""}, "l": ["x", "y"]})),
            ("a.b=TRUE", json!({"a": {"b": true}, "l": ["x", "y"]})),
            ("a.b=0123", json!({"a": {"b": "0123"}, "l": ["x", "y"]})),
            ("a.b=0", json!({"a": {"b": 0}, "l": ["x", "y"]})),
            ("a.b=-7", json!({"a": {"b": -7}, "l": ["x", "y"]})),
            ("a.b=1.5", json!({"a": {"b": "1.5"}, "l": ["x", "y"]})),
            ("a.b=yes", json!({"a": {"b": "yes"}, "l": ["x", "y"]})),
            ("a.b=x=y", json!({"a": {"b": "x=y"}, "l": ["x", "y"]})),
            (
                "n[0].k=v,n[0].m={a}",
                json!({"a": {"b": 1}, "l": ["x", "y"], "n": [{"k": "v", "m": ["a"]}]}),
            ),
            (
                "n[0][1]=v",
                json!({"a": {"b": 1}, "l": ["x", "y"], "n": [[null, "v"]]}),
            ),
        ] {
            let mut root =
                document::read(b"a: {b: 1}\nl: [x, 'y']\n", 0).unwrap_or_else(|_| panic!());
            set(&mut root.root, text, Typing::Guessed, 1).unwrap();
            assert_eq!(root.root.to_json(), is, "{text}");
        }
    }

    #[test]
    fn field_3_5_texts_stay_texts() {
        let mut root = document::read(b"", 0).unwrap_or_else(|_| panic!()).root;
        set(&mut root, "a=1,b=true,c={2,null}", Typing::Texts, 1).unwrap();
        let is = json!({"a": "1", "b": "true", "c": ["2", "null"]});
        assert_eq!(root.to_json(), is);
    }

    #[test]
    fn field_3_5_what_helm_refuses_is_refused() {
        for (text, is) in [
            ("a", InvalidSetting::NoValue),
            ("a=x,b", InvalidSetting::NoValue),
            ("a=x,,", InvalidSetting::NoValue),
            ("a={x", InvalidSetting::OpenList),
            ("a[x]=1", InvalidSetting::Index),
            ("a[-1]=1", InvalidSetting::Index),
            ("a[99999999]=1", InvalidSetting::Index),
            ("a[0]b=1", InvalidSetting::BehindIndex),
            ("s.b=1", InvalidSetting::NoSection),
            ("s[0]=1", InvalidSetting::NoList),
        ] {
            let mut root = document::read(b"s: text\n", 0)
                .unwrap_or_else(|_| panic!())
                .root;
            let set = set(&mut root, text, Typing::Guessed, 1);
            assert_eq!(set, Err(is), "{text}");
        }
        let deep = format!("{}z=1", "a.".repeat(40));
        let mut root = document::read(b"", 0).unwrap_or_else(|_| panic!()).root;
        let set = set(&mut root, &deep, Typing::Guessed, 1);
        assert_eq!(set, Err(InvalidSetting::TooDeep));
    }
}
