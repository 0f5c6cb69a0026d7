//! `render`: the Kubernetes objects, without touching a cluster.

use std::{fs, path::Path};

use milvus_manifests::Manifests;

use crate::{
    ExitCode,
    cli::RenderArgs,
    cluster::ClusterFlags,
    error::Error,
    printer::{Output, Printer},
    secret_reader::FolderReader,
    wanted::Wanted,
};

/// Writes the objects to stdout, or one file each into a folder.
pub(crate) fn run(
    args: &RenderArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let wanted = Wanted::read(&args.file, flags, None)?;
    let manifests = manifests(&wanted)?;
    match &args.output_dir {
        Some(folder) => write_files(&manifests, folder, printer)?,
        None if printer.output() == Output::Json => printer.data(&manifests.to_json()?)?,
        None => printer.data(&manifests.to_yaml()?)?,
    }
    Ok(ExitCode::Done)
}

/// The objects of what is wanted, with its passwords read.
pub(crate) fn manifests(wanted: &Wanted) -> Result<Manifests, Error> {
    let reader = FolderReader {
        folder: wanted.folder.clone(),
    };
    let secrets = wanted.installation.resolve_secrets(&reader)?;
    Ok(milvus_manifests::render(&wanted.installation, &secrets)?)
}

/// One file per object, numbered in apply order.
fn write_files(manifests: &Manifests, folder: &Path, printer: Printer) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for (number, (object, yaml)) in manifests.documents()?.into_iter().enumerate() {
        let kind = object.kind.as_str().to_lowercase();
        let path = folder.join(format!("{number:02}-{kind}-{}.yaml", object.name));
        fs::write(&path, yaml).map_err(failed(&path))?;
        printer.note(&path.display().to_string())?;
    }
    Ok(())
}
