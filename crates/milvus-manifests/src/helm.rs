//! Values of the official Helm chart: read as an installation, and written for those who stay with the chart.
//!
//! Values are read as helm reads them, down to `yes` and `0123`, and every key of the charts 4.x and 5.x is known
//! with what becomes of it. An installation is put together out of them in the words of its own file, so that its own
//! rules judge it; what they find is said of the values, with line and column.

mod chart;
mod check;
mod document;
mod draft;
mod export;
mod foreign;
mod hints;
mod import;
mod keys;
mod placeholders;
mod reading;
mod remark;
mod scalar;
mod set;
mod words;

pub use export::{Exported, export};
pub use import::{Imported, Release};
use milvus_aws_core::installation::Standing;
pub use remark::{InvalidValues, Place, Remark};
pub use set::InvalidSetting;
use set::Typing;

/// Values: a file, others laid over it, and what flags set.
pub struct Values {
    /// Names of the files and flags, in the order in which they are laid over each other.
    origins: Vec<String>,
    root: document::Node,
    notices: Vec<Remark>,
}

impl Values {
    /// Reads a file. `origin` is its name, for messages.
    pub fn from_yaml(origin: &str, text: impl AsRef<[u8]>) -> Result<Self, InvalidValues> {
        let document = read(origin, text.as_ref(), 0)?;
        Ok(Self {
            origins: vec![origin.to_owned()],
            root: document.root,
            notices: document.notices,
        })
    }

    /// Lays another file over what was read, as helm does: sections are joined, lists and plain values replaced.
    pub fn lay_over(&mut self, origin: &str, text: impl AsRef<[u8]>) -> Result<(), InvalidValues> {
        let document = read(origin, text.as_ref(), self.next_source())?;
        self.origins.push(origin.to_owned());
        document::lay_over(&mut self.root, document.root);
        self.notices.extend(document.notices);
        Ok(())
    }

    /// Sets what the text of one `--set` says: `a.b=1,c[0]=x,d={e,f}`.
    pub fn set(&mut self, text: &str) -> Result<(), InvalidSetting> {
        self.set_by("--set", text, Typing::Guessed)
    }

    /// The same for `--set-string`, where every value is a text.
    pub fn set_string(&mut self, text: &str) -> Result<(), InvalidSetting> {
        self.set_by("--set-string", text, Typing::Texts)
    }

    fn set_by(&mut self, flag: &str, text: &str, typing: Typing) -> Result<(), InvalidSetting> {
        let source = self.next_source();
        set::set(&mut self.root, text, typing, source)?;
        self.origins.push(flag.to_owned());
        Ok(())
    }

    /// The number of what is laid over next. Nobody has as many files as that.
    fn next_source(&self) -> u16 {
        u16::try_from(self.origins.len()).unwrap_or(u16::MAX)
    }

    /// Whether they name the Milvus version, by their image's tag. The chart's own is meant where they do not.
    pub fn name_version(&self) -> bool {
        import::names_version(&self.root)
    }

    /// The installation that the values describe for that release, which is to be made.
    pub fn import(&self, release: &Release) -> Result<Imported, InvalidValues> {
        self.import_of(release, Standing::New)
    }

    /// The same of a release that runs already: what must not be installed anew is a warning.
    pub fn import_running(&self, release: &Release) -> Result<Imported, InvalidValues> {
        self.import_of(release, Standing::Runs)
    }

    fn import_of(&self, release: &Release, standing: Standing) -> Result<Imported, InvalidValues> {
        // Where nothing has a name of its own, the first file is meant.
        let first = self.origins.first().map_or("", String::as_str);
        let named = |remarks: Vec<Remark>| -> Vec<Remark> {
            let remarks = remarks.into_iter();
            remarks.map(|remark| remark.named(&self.origins)).collect()
        };
        match import::import(first, &self.root, release, standing) {
            Ok(mut imported) => {
                imported.notices.splice(0..0, self.notices.iter().cloned());
                for remarks in [
                    &mut imported.unsupported,
                    &mut imported.unknown,
                    &mut imported.notices,
                    &mut imported.warnings,
                    &mut imported.placeholders,
                ] {
                    *remarks = named(std::mem::take(remarks));
                }
                Ok(imported)
            }
            Err(remarks) => Err(InvalidValues::new(first, remarks).named(&self.origins)),
        }
    }
}

fn read(origin: &str, text: &[u8], source: u16) -> Result<document::Document, InvalidValues> {
    document::read(text, source).map_err(|problem| InvalidValues::new(origin, vec![problem]))
}
