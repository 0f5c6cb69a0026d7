//! What is wrong with a file: where, what, and what to write instead.

use std::{fmt, sync::Arc};

use serde_saphyr::Location;

/// A file that is no installation, with everything that was found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidFile {
    origin: String,
    problems: Vec<Problem>,
}

impl InvalidFile {
    pub(super) fn new(origin: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.at);
        Self {
            origin: origin.to_owned(),
            problems,
        }
    }

    /// The file's name, as it was given.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Everything that was found wrong, in the order of the file; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl std::error::Error for InvalidFile {}

impl fmt::Display for InvalidFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&Printable(&self.origin).to_string())?;
            if let Some(at) = problem.at {
                write!(f, ":{}:{}", at.line, at.column)?;
            }
            write!(f, ": {problem}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    path: Path,
    at: Option<Position>,
    message: String,
}

impl Problem {
    pub(super) fn new(path: Path, at: Position, message: impl Into<String>) -> Self {
        Self {
            path,
            at: Some(at),
            message: message.into(),
        }
    }

    pub(super) fn without_place(path: Path, message: String) -> Self {
        Self {
            path,
            at: None,
            message,
        }
    }

    pub(super) fn of_file(message: impl Into<String>) -> Self {
        Self {
            path: Path::default(),
            at: None,
            message: message.into(),
        }
    }

    /// Path of the key: `cluster.kafka.brokers[0]`; empty for the whole file.
    pub fn path(&self) -> String {
        self.path.to_string()
    }

    /// Line and column, counted from 1; none where the whole file is meant.
    pub fn position(&self) -> Option<(u32, u32)> {
        self.at.map(|at| (at.line, at.column))
    }

    /// What is wrong, and what to write instead.
    pub fn message(&self) -> String {
        Printable(&self.message).to_string()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.0.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message())
    }
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        // A file is at most a mebibyte long: neither can be larger than a u32.
        let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            line: narrow(location.line()),
            column: narrow(location.column()),
        }
    }
}

/// Keys and indices from the top of the file to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Segment>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// Shared: every value that is checked has a path, and begins as those beside it do.
    Key(Arc<str>),
    Index(usize),
}

impl Segment {
    pub(super) fn of(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl Path {
    pub(super) fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Segment::of(key)).collect())
    }

    pub(super) fn key(&self, key: &str) -> Self {
        self.with(Segment::of(key))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    pub(super) fn with(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }

    pub(super) fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) if key.contains(['.', '[', ' ']) || key.is_empty() => {
                    write!(f, "[\"{}\"]", Printable(key))?;
                }
                Segment::Key(key) => {
                    let dot = if number > 0 { "." } else { "" };
                    write!(f, "{dot}{}", Printable(key))?;
                }
            }
        }
        Ok(())
    }
}

/// Text of the user's on its way to a terminal: no control characters, and not endless.
struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 400;
        for (number, character) in self.0.chars().enumerate() {
            if number == LONGEST {
                return f.write_str("…");
            }
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
}
