//! The file with words for whoever reads it.

use super::Installation;

/// Words above a key of the file: `aws.eks.nodes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Path of the key.
    pub path: String,
    /// What is to be said, one line.
    pub text: String,
}

impl Note {
    /// Words above that key.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        Self { path, text }
    }
}

impl Installation {
    /// As [`Self::to_yaml`], with lines of comment at the top and above keys. Notes whose key is not there are left out.
    pub fn to_commented_yaml(&self, top: &[String], notes: &[Note]) -> String {
        let mut text: String = top.iter().map(|line| comment(0, line)).collect();
        let mut path: Vec<(usize, String)> = Vec::new();
        for line in self.to_yaml().lines() {
            if let Some((indent, key)) = key_of(line) {
                path.retain(|(depth, _)| *depth < indent);
                path.push((indent, key.to_owned()));
                let keys: Vec<_> = path.iter().map(|(_, key)| key.as_str()).collect();
                let here = keys.join(".");
                let said = notes.iter().filter(|note| note.path == here);
                text.extend(said.map(|note| comment(indent, &note.text)));
            }
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// The key that a line begins with, and how far it is indented. Lines within a longer value may look like one too, but
/// stand deeper than the key of that value, so that no note is for them.
fn key_of(line: &str) -> Option<(usize, &str)> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let (key, rest) = line[indent..].split_once(':')?;
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric());
    (plain && !key.is_empty() && (rest.is_empty() || rest.starts_with(' ')))
        .then_some((indent, key))
}

/// Control characters would end the comment, or reach a terminal.
fn comment(indent: usize, text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("{:indent$}# {text}\n", "")
}
