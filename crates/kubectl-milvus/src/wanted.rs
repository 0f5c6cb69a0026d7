//! What a user wants: the file, or the flags in its place, with the namespace settled.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use milvus_aws_core::{
    Installation,
    installation::{InstallationName, Namespace},
};

use crate::{
    cli::{FileArgs, NameArgs},
    cluster::ClusterFlags,
    error::Error,
};

/// Longest file that is read; far beyond any real one.
const LONGEST_FILE: u64 = 4 * 1024 * 1024;

/// An installation as it is wanted, and the folder that its relative paths start at.
pub(crate) struct Wanted {
    /// The installation.
    pub installation: Installation,
    /// Folder of the file; the working directory without one.
    pub folder: PathBuf,
}

impl Wanted {
    /// Reads the file, or makes an installation of the flags. The namespace is that of `-n`, else the file's; without a
    /// file the context's, else `milvus`.
    pub(crate) fn read(
        args: &FileArgs,
        flags: &ClusterFlags,
        context_namespace: Option<&Namespace>,
    ) -> Result<Self, Error> {
        let mut wanted = match &args.file {
            Some(path) => Self {
                installation: Installation::from_yaml(&origin(path), read(path)?)?,
                folder: path.parent().map(Path::to_owned).unwrap_or_default(),
            },
            None => Self {
                installation: Installation::default(),
                folder: PathBuf::new(),
            },
        };
        if let Some(name) = &args.name {
            wanted.installation.name = name.parse()?;
        }
        if let Some(version) = &args.milvus_version {
            wanted.installation.version = version.parse()?;
        }
        wanted.settle_namespace(args, flags, context_namespace)?;
        Ok(wanted)
    }

    /// Settles the namespace again, once the context is known.
    pub(crate) fn settle_namespace(
        &mut self,
        args: &FileArgs,
        flags: &ClusterFlags,
        context_namespace: Option<&Namespace>,
    ) -> Result<(), Error> {
        let file = args.file.is_some().then_some(&self.installation.namespace);
        self.installation.namespace = namespace(flags, file, context_namespace)?;
        Ok(())
    }
}

/// The namespace of `-n`, else the file's, else the context's, else `milvus`.
pub(crate) fn namespace(
    flags: &ClusterFlags,
    file: Option<&Namespace>,
    context: Option<&Namespace>,
) -> Result<Namespace, Error> {
    match &flags.namespace {
        Some(name) => Ok(name.parse()?),
        None => Ok(file.or(context).cloned().unwrap_or_default()),
    }
}

/// The name and namespace of an installation that exists, as far as the flags tell.
pub(crate) fn named(
    args: &NameArgs,
    flags: &ClusterFlags,
    context_namespace: Option<&Namespace>,
) -> Result<(Option<InstallationName>, Namespace), Error> {
    if let Some(path) = &args.file {
        let file = FileArgs {
            file: Some(path.clone()),
            ..FileArgs::default()
        };
        let wanted = Wanted::read(&file, flags, context_namespace)?;
        return Ok((
            Some(wanted.installation.name),
            wanted.installation.namespace,
        ));
    }
    let name = args.name.as_deref().map(str::parse).transpose()?;
    Ok((name, namespace(flags, None, context_namespace)?))
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

fn origin(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}
