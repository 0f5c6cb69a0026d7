//! Values of the official Helm chart, in place of a file of ours.

use std::path::{Path, PathBuf};

use milvus_aws_core::{
    Installation,
    installation::{MilvusVersion, Namespace, Standing},
};
use milvus_manifests::helm::{self, Imported, InvalidSetting, Release, Remark, Values};

use crate::{
    cli::{HelmArgs, SetArgs},
    cluster::ClusterFlags,
    error::Error,
    printer::{Output, Printer},
    wanted::{origin, read},
};

/// Values: files laid over each other, and what flags set.
pub(crate) struct HelmValues {
    origin: String,
    values: Values,
}

/// What becomes of the logins in values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logins {
    /// They go into Secrets: a placeholder would be the login itself.
    Taken,
    /// They are left out, or are those of what runs.
    Known,
}

impl HelmValues {
    /// Reads what the flags name; none where they name no file.
    pub(crate) fn read(args: &HelmArgs) -> Result<Option<Self>, Error> {
        Self::read_files(&args.helm_values, &args.set)
    }

    /// The same of files and settings.
    pub(crate) fn read_files(files: &[PathBuf], set: &SetArgs) -> Result<Option<Self>, Error> {
        let Some((first, later)) = files.split_first() else {
            return Ok(None);
        };
        let of_input = files.iter().filter(|path| *path == Path::new("-"));
        if of_input.count() > 1 {
            let message = "`--helm-values -` reads standard input, which can be read once";
            return Err(Error::Usage(message.to_owned()));
        }
        let mut all = Self::of_text(&origin(first), &read(first)?)?;
        for path in later {
            all.values.lay_over(&origin(path), read(path)?)?;
        }
        let wrong = |flag: &'static str| {
            move |error: InvalidSetting| Error::Usage(format!("`{flag}`: {error}"))
        };
        for text in &set.values {
            all.values.set(text).map_err(wrong("--set"))?;
        }
        for text in &set.texts {
            all.values.set_string(text).map_err(wrong("--set-string"))?;
        }
        Ok(Some(all))
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
        let imported = self.values.import_running(release).ok();
        imported.map(|imported| imported.installation)
    }

    /// What they describe; tells what is done in another way than they say. What cannot be honoured ends it, unless the
    /// user agrees.
    pub(crate) fn import(
        &self,
        release: &Release,
        args: &HelmArgs,
        (standing, logins): (Standing, Logins),
        printer: Printer,
    ) -> Result<Imported, Error> {
        let imported = match standing {
            Standing::New => self.values.import(release)?,
            Standing::Runs => self.values.import_running(release)?,
        };
        let lines = |remarks: &[Remark]| -> Vec<String> {
            let remarks = remarks.iter();
            remarks.map(|one| one.in_file(&self.origin)).collect()
        };
        let tell = |what: &str, remarks: &[Remark]| {
            for line in lines(remarks) {
                printer.tell(&format!("{what}: {line}"));
            }
        };
        tell("note", &imported.notices);
        tell("warning", &imported.warnings);
        let mut refused = lines(&imported.unknown);
        refused.extend(lines(&imported.unsupported));
        if logins == Logins::Taken {
            refused.extend(lines(&imported.placeholders));
        } else {
            tell("note", &imported.placeholders);
        }
        if args.allow_unsupported {
            tell("unknown, and passed over", &imported.unknown);
            tell("left out", &imported.unsupported);
            if logins == Logins::Taken {
                tell("warning", &imported.placeholders);
            }
        } else if !refused.is_empty() {
            return Err(Error::Unsupported(refused.join("\n")));
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
