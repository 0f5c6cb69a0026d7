//! What a user wants: the file, or the flags in its place, with the namespace settled.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use milvus_aws_core::{
    Installation,
    installation::{InstallationName, MilvusVersion, Namespace, Secrets},
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
    helm_values::{self, HelmValues},
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
        printer: Printer,
    ) -> Result<Self, Error> {
        let described = Described::read(args, flags, printer)?;
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
        if let Some(path) = &args.helm.helm_values {
            let values = HelmValues::read(path)?;
            return Self::of_values_at(&values, &args.helm, flags, version, printer);
        }
        let (mut installation, as_written, folder) = if let Some(path) = &args.file {
            let text = read(path)?;
            let itself = Installation::from_yaml(&origin(path), &text);
            (
                Installation::from_yaml_at(&origin(path), &text, version)?,
                itself.ok().map(Box::new),
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
        let imported = values.import(&release, args, printer)?;
        let mut wanted = Self::imported(imported, flags.namespace.is_some());
        wanted.as_written = itself.map(Box::new);
        Ok(wanted)
    }

    /// What the chart's values say, of that version.
    pub(crate) fn of_values(
        values: &HelmValues,
        version: Option<MilvusVersion>,
        args: &FileArgs,
        flags: &ClusterFlags,
        printer: Printer,
    ) -> Result<Self, Error> {
        let release = helm_values::release(&args.helm, version, flags)?;
        let imported = values.import(&release, &args.helm, printer)?;
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
        let imported = values.import(&release, &args.helm, printer)?;
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
        printer: Printer,
    ) -> Result<Self, Error> {
        if let Some(path) = &args.helm.helm_values {
            let version = args.milvus_version.as_deref();
            let version = version.map(str::parse).transpose()?;
            let release = helm_values::release(&args.helm, version, flags)?;
            let imported = HelmValues::read(path)?.import(&release, &args.helm, printer)?;
            return Ok(Self {
                installation: imported.installation,
                secrets: Some(imported.secrets),
                folder: PathBuf::new(),
            });
        }
        let (mut installation, folder) = match &args.file {
            Some(path) => (
                installation(path)?,
                path.parent().map(Path::to_owned).unwrap_or_default(),
            ),
            None => (Installation::default(), PathBuf::new()),
        };
        if let Some(name) = &args.name {
            installation.name = name.parse()?;
        }
        if let Some(version) = &args.milvus_version {
            installation.version = version.parse()?;
        }
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
    namespace: Option<Namespace>,
    /// The file's installation, where it is in an account.
    in_account: Option<Box<Installation>>,
}

impl Named {
    /// Reads the flags, and the file's name and namespace. Passwords are not needed for that.
    pub(crate) fn read(args: &NameArgs, flags: &ClusterFlags) -> Result<Self, Error> {
        let named = match &args.file {
            Some(path) => {
                let installation = installation(path)?;
                Self {
                    name: Some(installation.name.clone()),
                    namespace: Some(installation.namespace.clone()),
                    in_account: (installation.on_aws().is_some()).then(|| Box::new(installation)),
                }
            }
            None => Self {
                name: args.name.as_deref().map(str::parse).transpose()?,
                namespace: None,
                in_account: None,
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
        match &self.in_account {
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

fn installation(path: &Path) -> Result<Installation, Error> {
    Ok(Installation::from_yaml(&origin(path), read(path)?)?)
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
