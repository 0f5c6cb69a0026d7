//! `--timeline FILE`: keeps what a run tells, and draws it when the run ended, well or not.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use milvus_aws_core::engine::{Event, Report};

use crate::{
    error::Error,
    picture::{Terminal, Timeline, timeline_html, timeline_svg, timeline_text},
    printer::Printer,
};

/// Where the picture of a run goes; its ending says what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineFile {
    path: PathBuf,
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Svg,
    Html,
}

/// The file's ending is none that we draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ends in neither .svg nor .html")]
pub struct UnknownPicture;

impl TryFrom<PathBuf> for TimelineFile {
    type Error = UnknownPicture;

    fn try_from(path: PathBuf) -> Result<Self, UnknownPicture> {
        let ending = path.extension().map(OsStr::to_ascii_lowercase);
        let format = match ending.as_deref().and_then(|ending| ending.to_str()) {
            Some("svg") => Format::Svg,
            Some("html") => Format::Html,
            _ => return Err(UnknownPicture),
        };
        Ok(Self { path, format })
    }
}

/// Listens to one run.
pub(crate) struct Record {
    file: Option<TimelineFile>,
    events: Mutex<Vec<Event>>,
}

impl Record {
    /// Before the run: a file that cannot be written shall not be found out half an hour later.
    pub(crate) fn begin(file: Option<&TimelineFile>) -> Result<Self, Error> {
        if let Some(TimelineFile { path, .. }) = file {
            try_to_write(path).map_err(|source| Error::Write {
                path: path.clone(),
                source,
            })?;
        }
        Ok(Self {
            file: file.cloned(),
            events: Mutex::default(),
        })
    }

    /// Takes note of an event of the engine.
    pub(crate) fn hear(&self, event: &Event) {
        if let Ok(mut events) = self.events.lock() {
            events.push(event.clone());
        }
    }

    /// After the run: shows what took long, and writes the picture. `what` was done is told in its title.
    pub(crate) fn end(&self, what: &str, report: &Report, printer: Printer) -> Result<(), Error> {
        let events = self.events.lock().map(|events| events.clone());
        let timeline = Timeline::of(what, report, &events.unwrap_or_default());
        let text = timeline_text(&timeline, Terminal::of_stderr());
        if !text.is_empty() {
            printer.tell(text.trim_end());
        }
        let Some(TimelineFile { path, format }) = &self.file else {
            return Ok(());
        };
        let picture = match format {
            Format::Svg => timeline_svg(&timeline).to_string(),
            Format::Html => timeline_html(&timeline),
        };
        write(path, picture.as_bytes()).map_err(|source| Error::Write {
            path: path.clone(),
            source,
        })?;
        printer.tell(&format!("the time line is in {}", path.display()));
        Ok(())
    }
}

/// Whether a picture could be put there: a file beside it is made, and goes at once, so that a run which is killed
/// leaves nothing behind.
fn try_to_write(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let beside = beside(path);
    File::create_new(&beside)?;
    fs::remove_file(&beside)
}

/// All of it or nothing: a reader never sees half a picture, and an old one stays until the new one is complete.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path);
    let written = File::create_new(&beside)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What it failed of is told; that a part of it stays as well would be no help.
        let _removed = fs::remove_file(&beside);
    }
    written
}

/// A name of this process's own in the same folder, where a rename is atomic.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use milvus_aws_core::engine::Outputs;

    use super::*;
    use crate::printer::Output;

    fn file(path: impl Into<PathBuf>) -> Result<TimelineFile, UnknownPicture> {
        TimelineFile::try_from(path.into())
    }

    fn report() -> Report {
        Report {
            entries: Vec::new(),
            stopped: None,
            took: Duration::from_secs(1),
            outputs: Outputs::default(),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_ending_says_what_it_is() {
        assert_eq!(file("a/run.svg").unwrap().format, Format::Svg);
        assert_eq!(file("run.HTML").unwrap().format, Format::Html);
        for path in ["run", "run.png", ".svg", "svg", "", "-"] {
            assert_eq!(file(path), Err(UnknownPicture), "{path}");
        }
    }

    #[test]
    fn a_picture_takes_the_place_of_an_old_one() {
        let folder = tempfile::tempdir().unwrap();
        for (name, begin) in [("run.svg", "<svg "), ("run.html", "<!doctype html>")] {
            let path = folder.path().join(name);
            fs::write(&path, "old").unwrap();
            let record = Record::begin(Some(&file(&path).unwrap())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
            record
                .end("install demo", &report(), Printer::new(Output::Text))
                .unwrap();
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(begin), "{text}");
        }
        assert_eq!(names(folder.path()), ["run.html", "run.svg"]);
    }

    #[test]
    fn what_cannot_be_written_is_told_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("folder.svg")).unwrap();
        for name in ["absent/run.svg", "folder.svg"] {
            let path = folder.path().join(name);
            let refused = Record::begin(Some(&file(&path).unwrap())).err().unwrap();
            let Error::Write { path: told, .. } = refused else {
                panic!("{refused}");
            };
            assert_eq!(told, path);
        }
        assert_eq!(names(folder.path()), ["folder.svg"]);
    }

    #[test]
    fn what_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.svg");
        let record = Record::begin(Some(&file(&path).unwrap())).unwrap();
        // Something took the place while the run went on.
        fs::create_dir(&path).unwrap();
        let ended = record.end("install demo", &report(), Printer::new(Output::Text));
        assert!(matches!(ended, Err(Error::Write { .. })), "{ended:?}");
        assert_eq!(names(folder.path()), ["run.svg"]);
    }
}
