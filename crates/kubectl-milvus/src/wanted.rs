//! What a user wants: the file, or the flags in its place, with the namespace settled.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use milvus_aws_core::{
    Installation,
    installation::{InstallationName, MilvusVersion, Namespace, Problem, Secrets, Standing},
};
use milvus_manifests::{
    apply::HelmRelease,
    helm::{Imported, Release},
};
use secrecy::ExposeSecret as _;

use crate::{
    aws,
    cli::{AdoptArgs, FileArgs, HelmArgs, NameArgs},
    cluster::{Cluster, ClusterFlags},
    error::Error,
    helm_values::{self, HelmValues, Logins},
    host::Host,
    printer::Printer,
    secret_reader::FolderReader,
};

/// Longest file that is read; far beyond any real one.
const LONGEST_FILE: u64 = 4 * 1024 * 1024;

/// An installation as it is wanted, with its passwords.
pub(crate) struct Wanted {
    /// The installation.
    pub installation: Installation,
    /// Its passwords.
    pub secrets: Secrets,
    /// The same as the file has it, where another version was asked for.
    pub as_written: Option<Box<Installation>>,
    /// Whether a Helm release is taken over.
    pub adopt: AdoptArgs,
    /// Whether a flag or the file names the namespace.
    names_namespace: bool,
}

impl Wanted {
    /// Reads the file or the chart's values, or makes an installation of the flags. The namespace is that of `-n`, else the file's.
    pub(crate) fn read(
        args: &FileArgs,
        flags: &ClusterFlags,
        standing: Standing,
        printer: Printer,
    ) -> Result<Self, Error> {
        let described = Described::read(args, flags, standing, printer)?;
        Ok(Self {
            secrets: match described.secrets {
                Some(secrets) => secrets,
                None => described.installation.resolve_secrets(&FolderReader {
                    folder: described.folder,
                })?,
            },
            adopt: AdoptArgs::default(),
            names_namespace: flags.namespace.is_some() || args.file.is_some(),
            as_written: None,
            installation: described.installation,
        })
    }

    /// Reads the file or the chart's values as if they named that version, or makes an installation of that version of the flags.
    pub(crate) fn read_at(
        args: &FileArgs,
        flags: &ClusterFlags,
        version: &MilvusVersion,
        printer: Printer,
    ) -> Result<Self, Error> {
        if let Some(values) = HelmValues::read(&args.helm)? {
            return Self::of_values_at(&values, &args.helm, flags, version, printer);
        }
        let (mut installation, as_written, folder) = if let Some(path) = &args.file {
            let text = read(path)?;
            // What runs may be what must not be installed: that is what an upgrade leads away from.
            let read =
                |version| Installation::read_yaml(&origin(path), &text, version, Standing::Runs);
            let (installation, warnings) = read(Some(version))?;
            warn(&origin(path), &warnings, printer);
            (
                installation,
                read(None).ok().map(|(itself, _)| Box::new(itself)),
                path.parent().map(Path::to_owned).unwrap_or_default(),
            )
        } else {
            let itself = Installation::default();
            (itself.clone(), Some(Box::new(itself)), PathBuf::new())
        };
        installation.version = version.clone();
        if let Some(name) = &args.name {
            installation.name = name.parse()?;
        }
        if let Some(namespace) = &flags.namespace {
            installation.namespace = namespace.parse()?;
        }
        Ok(Self {
            secrets: installation.resolve_secrets(&FolderReader { folder })?,
            adopt: AdoptArgs::default(),
            names_namespace: args.file.is_some() || flags.namespace.is_some(),
            as_written,
            installation,
        })
    }

    fn of_values_at(
        values: &HelmValues,
        args: &HelmArgs,
        flags: &ClusterFlags,
        version: &MilvusVersion,
        printer: Printer,
    ) -> Result<Self, Error> {
        let mut release = helm_values::release(args, None, flags)?;
        let itself = values.itself(&release);
        release.version = Some(version.clone());
        let how = (Standing::Runs, Logins::Known);
        let imported = values.import(&release, args, how, printer)?;
        let mut wanted = Self::imported(imported, flags.namespace.is_some());
        wanted.as_written = itself.map(Box::new);
        Ok(wanted)
    }

    /// What the chart's values say of a release that runs, of that version.
    pub(crate) fn of_values(
        values: &HelmValues,
        version: Option<MilvusVersion>,
        args: &FileArgs,
        flags: &ClusterFlags,
        printer: Printer,
    ) -> Result<Self, Error> {
        let release = helm_values::release(&args.helm, version, flags)?;
        let how = (Standing::Runs, Logins::Taken);
        let imported = values.import(&release, &args.helm, how, printer)?;
        Ok(Self::imported(imported, flags.namespace.is_some()))
    }

    /// What Helm's record of a release says.
    pub(crate) fn of_record(
        record: &HelmRelease,
        namespace: Namespace,
        args: &FileArgs,
        printer: Printer,
    ) -> Result<Self, Error> {
        let origin = format!("values that Helm remembers of {}", record.name);
        let text = record.values.expose_secret().as_bytes();
        let values = HelmValues::of_text(&origin, text)?;
        let chosen = args.milvus_version.as_deref();
        let chosen = chosen.map(str::parse).transpose()?;
        let release = Release {
            name: record.name.parse()?,
            namespace,
            // The chart's own version, where its user chose none.
            version: match chosen {
                None if !values.name_version() => Some(record.app_version.parse()?),
                chosen => chosen,
            },
        };
        let how = (Standing::Runs, Logins::Known);
        let imported = values.import(&release, &args.helm, how, printer)?;
        Ok(Self::imported(imported, true))
    }

    fn imported(imported: Imported, names_namespace: bool) -> Self {
        Self {
            installation: imported.installation,
            secrets: imported.secrets,
            adopt: AdoptArgs::default(),
            names_namespace,
            as_written: None,
        }
    }

    /// Says what is worth knowing of what is wanted, and is no error.
    pub(crate) fn tell_remarks(&self, printer: Printer) {
        for note in self.installation.remarks() {
            printer.tell(&format!("note: {}: {}", note.path, note.text));
        }
    }

    /// Takes the context's namespace where neither a flag nor the file names one.
    pub(crate) fn settle_namespace(&mut self, context: Option<&Namespace>) {
        if let (false, Some(context)) = (self.names_namespace, context) {
            self.installation.namespace = context.clone();
        }
    }
}

/// An installation as it is described, with its passwords where the description holds them.
pub(crate) struct Described {
    /// The installation.
    pub installation: Installation,
    /// Its passwords; none where the installation names places to read them from.
    secrets: Option<Secrets>,
    /// Where relative paths in it start.
    folder: PathBuf,
}

impl Described {
    /// Reads the file or the chart's values, or makes an installation of the flags. Reads no password from elsewhere.
    pub(crate) fn read(
        args: &FileArgs,
        flags: &ClusterFlags,
        standing: Standing,
        printer: Printer,
    ) -> Result<Self, Error> {
        if let Some(values) = HelmValues::read(&args.helm)? {
            let version = args.milvus_version.as_deref();
            let version = version.map(str::parse).transpose()?;
            let release = helm_values::release(&args.helm, version, flags)?;
            let how = (standing, Logins::Taken);
            let imported = values.import(&release, &args.helm, how, printer)?;
            return Ok(Self {
                installation: imported.installation,
                secrets: Some(imported.secrets),
                folder: PathBuf::new(),
            });
        }
        let (mut installation, folder) = match &args.file {
            Some(path) => (
                installation(path, standing, printer)?,
                path.parent().map(Path::to_owned).unwrap_or_default(),
            ),
            None => (of_flags(args, standing)?, PathBuf::new()),
        };
        if let Some(namespace) = &flags.namespace {
            installation.namespace = namespace.parse()?;
        }
        Ok(Self {
            installation,
            secrets: None,
            folder,
        })
    }
}

/// Which installation is meant, as far as the command line tells.
pub(crate) struct Named {
    /// Its name; whichever the namespace holds when absent.
    pub name: Option<InstallationName>,
    /// What the file says, where one is named.
    pub file: Option<Box<Installation>>,
    namespace: Option<Namespace>,
}

impl Named {
    /// Reads the flags, and the file's name and namespace. Passwords are not needed for that.
    pub(crate) fn read(args: &NameArgs, flags: &ClusterFlags) -> Result<Self, Error> {
        let named = match &args.file {
            Some(path) => {
                // Whatever is known against it: it is looked at, or removed.
                let (installation, _) =
                    Installation::read_yaml(&origin(path), read(path)?, None, Standing::Runs)?;
                Self {
                    name: Some(installation.name.clone()),
                    namespace: Some(installation.namespace.clone()),
                    file: Some(Box::new(installation)),
                }
            }
            None => Self {
                file: None,
                name: args.name.as_deref().map(str::parse).transpose()?,
                namespace: None,
            },
        };
        Ok(match &flags.namespace {
            Some(namespace) => Self {
                namespace: Some(namespace.parse()?),
                ..named
            },
            None => named,
        })
    }

    /// The cluster that it is in: that of the file's account, else the kubeconfig's.
    pub(crate) async fn connect(
        &self,
        flags: &ClusterFlags,
        host: &Host,
        printer: Printer,
    ) -> Result<Cluster, Error> {
        let in_account = self.file.as_ref().filter(|file| file.on_aws().is_some());
        match in_account {
            Some(installation) => aws::cluster::reach(installation, flags, host, printer).await,
            None => Ok(flags.connect().await?),
        }
    }

    /// The namespace of `-n`, else the file's, else the context's, else `milvus`.
    pub(crate) fn namespace(&self, context: Option<&Namespace>) -> Namespace {
        self.namespace
            .as_ref()
            .or(context)
            .cloned()
            .unwrap_or_default()
    }
}

fn installation(path: &Path, standing: Standing, printer: Printer) -> Result<Installation, Error> {
    let (installation, warnings) =
        Installation::read_yaml(&origin(path), read(path)?, None, standing)?;
    warn(&origin(path), &warnings, printer);
    Ok(installation)
}

/// What flags say in place of a file, which follows the file's rules.
fn of_flags(args: &FileArgs, standing: Standing) -> Result<Installation, Error> {
    let mut installation = Installation::default();
    if args.name.is_none() && args.milvus_version.is_none() {
        return Ok(installation);
    }
    if let Some(name) = &args.name {
        installation.name = name.parse()?;
    }
    if let Some(version) = &args.milvus_version {
        installation.version = version.parse()?;
    }
    Ok(installation.validated("the command line", standing)?)
}

/// Tells what is unwise in a file, and may be done all the same.
fn warn(origin: &str, warnings: &[Problem], printer: Printer) {
    for warning in warnings {
        let place = warning.position();
        let place = place.map(|(line, column)| format!(":{line}:{column}"));
        let place = place.unwrap_or_default();
        printer.tell(&format!("warning: {origin}{place}: {warning}"));
    }
}

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(LONGEST_FILE)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(LONGEST_FILE)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    }
    Ok(bytes)
}

pub(crate) fn origin(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}
