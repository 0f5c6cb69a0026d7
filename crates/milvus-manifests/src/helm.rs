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
mod import;
mod keys;
mod reading;
mod remark;
mod scalar;

pub use export::{Exported, export};
pub use import::{Imported, Release};
pub use remark::{InvalidValues, Place, Remark};

/// A values file.
pub struct Values {
    origin: String,
    root: document::Node,
    notices: Vec<Remark>,
}

impl Values {
    /// Reads a file. `origin` is its name, for messages.
    pub fn from_yaml(origin: &str, text: impl AsRef<[u8]>) -> Result<Self, InvalidValues> {
        match document::read(text.as_ref()) {
            Ok(document) => Ok(Self {
                origin: origin.to_owned(),
                root: document.root,
                notices: document.notices,
            }),
            Err(problem) => Err(InvalidValues::new(origin, vec![problem])),
        }
    }

    /// Whether they name the Milvus version, by their image's tag. The chart's own is meant where they do not.
    pub fn name_version(&self) -> bool {
        import::names_version(&self.root)
    }

    /// The installation that the values describe for that release.
    pub fn import(&self, release: &Release) -> Result<Imported, InvalidValues> {
        let mut imported = import::import(&self.origin, &self.root, release)?;
        imported.notices.splice(0..0, self.notices.iter().cloned());
        Ok(imported)
    }
}
