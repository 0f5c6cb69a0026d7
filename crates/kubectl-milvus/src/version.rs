//! `version`: what this plugin is, without asking any server.

use milvus_aws_core::topology::lines;
use serde::Serialize;

use crate::{ExitCode, error::Error, printer::Printer};

/// The plugin's version and what it can install.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    /// Version of the plugin.
    version: &'static str,
    /// Release lines of Milvus that it knows.
    milvus_lines: Vec<String>,
}

/// Shows the version of this build.
pub(crate) fn run(printer: Printer) -> Result<ExitCode, Error> {
    let mut milvus_lines: Vec<String> = lines()
        .iter()
        .map(|line| format!("{}.{}", line.from.0, line.from.1))
        .collect();
    // Several rows of the table may be of one line.
    milvus_lines.dedup();
    let version = Version {
        version: env!("CARGO_PKG_VERSION"),
        milvus_lines,
    };
    printer.result(&version, || version.text())?;
    Ok(ExitCode::Done)
}

impl Version {
    /// The version as people read it.
    fn text(&self) -> String {
        format!(
            "kubectl milvus {}\nMilvus lines: {}\n",
            self.version,
            self.milvus_lines.join(", ")
        )
    }
}
