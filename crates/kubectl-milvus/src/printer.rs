//! The one place that writes to the terminal: data to stdout, words to stderr.

use std::io::{self, IsTerminal, Write};

use owo_colors::{OwoColorize, Style};

/// What a command's result looks like on stdout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// Tables and sentences.
    #[default]
    Text,
    /// One JSON document; its schema is under docs/schema.
    Json,
    /// The same document as YAML.
    Yaml,
}

/// Writes results to stdout and everything else to stderr.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    output: Output,
}

impl Printer {
    /// A printer for that kind of result.
    pub fn new(output: Output) -> Self {
        Self { output }
    }

    /// What the result shall look like.
    pub fn output(self) -> Output {
        self.output
    }

    /// Whether somebody watches stderr as it is written.
    pub fn is_interactive(self) -> bool {
        io::stderr().is_terminal()
    }

    /// Writes data to stdout, as it is.
    pub fn data(self, text: &str) -> io::Result<()> {
        write_to(io::stdout().lock(), text)
    }

    /// Writes a result as the document that was asked for, or as `text` for people.
    pub fn result(
        self,
        document: &impl serde::Serialize,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        let text = match self.output {
            // Colours are for terminals alone.
            Output::Text => return write_to(anstream::stdout().lock(), &text()),
            Output::Json => serde_json::to_string_pretty(document)? + "\n",
            Output::Yaml => serde_saphyr::to_string(document).map_err(io::Error::other)?,
        };
        self.data(&text)
    }

    /// Writes a line about what is going on to stderr. Where stderr is closed, the command goes on nevertheless.
    pub fn tell(self, text: &str) {
        let _shown = writeln!(anstream::stderr().lock(), "{text}");
    }

    /// Says what failed besides something that matters more.
    pub(crate) fn tell_failure<E: std::error::Error>(self, result: &Result<(), E>) {
        if let Err(error) = result {
            let cause = error.source().map(|cause| format!(": {cause}"));
            self.tell(&format!("{error}{}", cause.unwrap_or_default()));
        }
    }

    /// Writes why a command failed, each cause on its own line, then what to do.
    pub fn error(
        self,
        error: &(dyn std::error::Error + 'static),
        hint: Option<&str>,
    ) -> io::Result<()> {
        let mut stderr = anstream::stderr().lock();
        writeln!(
            stderr,
            "{} {error}",
            "error:".style(Style::new().red().bold())
        )?;
        let mut shown = error.to_string();
        for cause in std::iter::successors(error.source(), |cause| cause.source()) {
            let text = cause.to_string();
            // Many causes repeat what their wrapper has said.
            if !shown.ends_with(&text) {
                writeln!(stderr, "  {} {text}", "because:".dimmed())?;
            }
            shown = text;
        }
        if let Some(hint) = hint {
            writeln!(
                stderr,
                "{} {hint}",
                "hint:".style(Style::new().cyan().bold())
            )?;
        }
        Ok(())
    }
}

/// A reader that went away has seen enough: what the command did, and its exit code, do not depend on it.
fn write_to(mut stdout: impl Write, text: &str) -> io::Result<()> {
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
