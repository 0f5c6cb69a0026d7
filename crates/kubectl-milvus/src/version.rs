//! `version`: what this plugin is, without asking any server.

use milvus_aws_core::topology::lines;
use serde::Serialize;

/// The plugin's version and what it can install.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    /// Version of the plugin.
    pub version: &'static str,
    /// Release lines of Milvus that it knows.
    pub milvus_lines: Vec<String>,
}

/// The version of this build.
pub(crate) fn run() -> Version {
    let mut milvus_lines: Vec<String> = lines()
        .iter()
        .map(|line| format!("{}.{}", line.from.0, line.from.1))
        .collect();
    // Several rows of the table may be of one line.
    milvus_lines.dedup();
    Version {
        version: env!("CARGO_PKG_VERSION"),
        milvus_lines,
    }
}

impl Version {
    /// The version as people read it.
    pub(crate) fn text(&self) -> String {
        format!(
            "kubectl milvus {}\nMilvus lines: {}\n",
            self.version,
            self.milvus_lines.join(", ")
        )
    }
}
