//! Values of the official Helm chart, in place of a file of ours.

use std::path::Path;

use milvus_aws_core::{
    Installation,
    installation::{MilvusVersion, Namespace},
};
use milvus_manifests::helm::{self, Imported, Release, Values};

use crate::{
    cli::HelmArgs,
    cluster::ClusterFlags,
    error::Error,
    printer::{Output, Printer},
    wanted::{origin, read},
};

/// A values file.
pub(crate) struct HelmValues {
    origin: String,
    values: Values,
}

impl HelmValues {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        Self::of_text(&origin(path), &read(path)?)
    }

    /// Reads what a file holds.
    pub(crate) fn of_text(origin: &str, text: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            values: Values::from_yaml(origin, text)?,
            origin: origin.to_owned(),
        })
    }

    /// Whether they name the Milvus version.
    pub(crate) fn name_version(&self) -> bool {
        self.values.name_version()
    }

    /// What they describe, as it is where nobody has to be told.
    pub(crate) fn itself(&self, release: &Release) -> Option<Installation> {
        let imported = self.values.import(release).ok();
        imported.map(|imported| imported.installation)
    }

    /// What they describe; tells what is done in another way than they say. What cannot be honoured ends it, unless the
    /// user agrees.
    pub(crate) fn import(
        &self,
        release: &Release,
        args: &HelmArgs,
        printer: Printer,
    ) -> Result<Imported, Error> {
        let imported = self.values.import(release)?;
        for notice in &imported.notices {
            printer.tell(&format!("note: {}", notice.in_file(&self.origin)));
        }
        let unsupported: Vec<String> = imported
            .unsupported
            .iter()
            .map(|remark| remark.in_file(&self.origin))
            .collect();
        if args.allow_unsupported {
            for line in unsupported {
                printer.tell(&format!("left out: {line}"));
            }
        } else if !unsupported.is_empty() {
            return Err(Error::Unsupported(unsupported.join("\n")));
        }
        Ok(imported)
    }
}

/// The release that the flags say the values are for.
pub(crate) fn release(
    args: &HelmArgs,
    version: Option<MilvusVersion>,
    flags: &ClusterFlags,
) -> Result<Release, Error> {
    Ok(Release {
        name: args.release.clone().unwrap_or_default(),
        namespace: match &flags.namespace {
            Some(namespace) => namespace.parse()?,
            None => Namespace::default(),
        },
        version,
    })
}

/// Writes values for the chart that goes with the installation's version, and tells what it has no words for.
pub(crate) fn write(installation: &Installation, printer: Printer) -> Result<(), Error> {
    let exported = helm::export(installation)?;
    for lost in &exported.lost {
        printer.tell(&format!("left out: {}: {}", lost.path, lost.message));
    }
    let text = match printer.output() {
        Output::Json => {
            serde_json::to_string_pretty(&exported.values).map_err(std::io::Error::other)? + "\n"
        }
        Output::Text | Output::Yaml => exported.to_yaml()?,
    };
    if text.contains("${") {
        printer.tell("passwords are no part of the values: `envsubst` puts the variables that they name in their place");
    }
    Ok(printer.data(&text)?)
}
