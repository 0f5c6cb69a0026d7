//! What is to be said of a values file: where, what, and what to write instead.

use std::fmt;

/// A values file that gives no installation, with everything that is wrong in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValues {
    origin: String,
    remarks: Vec<Remark>,
}

/// One thing that is to be said of a values file. Never repeats a value that may be a password.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Remark {
    /// The key: `externalS3.host`; empty for the whole file.
    pub path: String,
    /// The file or flag that it is said of, where values come from several; the only file when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Where it stands; none for what follows from what does not stand there, and for what a flag says.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// What is the matter, and what to write instead.
    pub message: String,
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Place {
    /// Which of several files or flags, in the order in which they are laid over each other.
    #[serde(skip)]
    source: u16,
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl Place {
    /// A value that nobody has set yet.
    pub(super) const UNSET: Self = Self {
        source: u16::MAX,
        line: 0,
        column: 0,
    };

    pub(super) const fn new(source: u16, line: u32, column: u32) -> Self {
        Self {
            source,
            line,
            column,
        }
    }

    /// What a flag says has no line.
    pub(super) const fn of_flag(source: u16) -> Self {
        Self::new(source, 0, 0)
    }

    /// A place within a text that begins in the line after this one.
    pub(super) const fn within(self, inner: Self) -> Self {
        if self.line == 0 {
            return self;
        }
        Self::new(self.source, self.line + inner.line, inner.column)
    }
}

impl InvalidValues {
    pub(super) fn new(origin: &str, mut remarks: Vec<Remark>) -> Self {
        remarks.sort_by_key(|remark| remark.place);
        Self {
            origin: origin.to_owned(),
            remarks,
        }
    }

    /// The same, where values come from several files.
    pub(super) fn named(self, origins: &[String]) -> Self {
        let remarks = self.remarks.into_iter();
        Self {
            remarks: remarks.map(|remark| remark.named(origins)).collect(),
            origin: self.origin,
        }
    }

    /// The file's name, as it was given.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Everything that is wrong, in the order of the file; at least one.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }
}

impl std::error::Error for InvalidValues {}

impl fmt::Display for InvalidValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, remark) in self.remarks.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&remark.in_file(&self.origin))?;
        }
        Ok(())
    }
}

impl Remark {
    pub(super) fn new(
        path: impl Into<String>,
        place: Option<Place>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            origin: None,
            place,
            message: message.into(),
        }
    }

    pub(super) fn of_file(message: impl Into<String>) -> Self {
        Self::new("", None, message)
    }

    /// Names the file or flag that it is said of, of several.
    pub(super) fn named(mut self, origins: &[String]) -> Self {
        let place = self.place;
        if origins.len() > 1
            && let Some(place) = place
        {
            self.origin = origins.get(usize::from(place.source)).cloned();
        }
        self.place = place.filter(|place| place.line > 0);
        self
    }

    /// One line: the file's name, the place in it, the key and the message.
    pub fn in_file(&self, origin: &str) -> String {
        let origin = self.origin.as_deref().unwrap_or(origin);
        let place = match self.place {
            Some(Place { line, column, .. }) => format!(":{line}:{column}"),
            None => String::new(),
        };
        let path = match self.path.as_str() {
            "" => String::new(),
            path => format!("{path}: "),
        };
        printable(&format!("{origin}{place}: {path}{}", self.message))
    }
}

/// Text of the user's on its way to a terminal: no control characters, and not endless.
fn printable(text: &str) -> String {
    const LONGEST: usize = 600;
    let mut shown = String::new();
    for (number, character) in text.chars().enumerate() {
        if number == LONGEST {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}
