//! `render`: the Kubernetes objects, without touching a cluster.

use std::{fs, path::Path};

use milvus_aws_core::installation::Standing;
use milvus_manifests::Manifests;

use crate::{
    ExitCode,
    cli::{RenderArgs, RenderTo},
    cluster::ClusterFlags,
    error::Error,
    helm_values,
    printer::{Output, Printer},
    wanted::{Described, Wanted},
};

/// Writes the objects to stdout, or one file each into a folder; or values for the chart.
pub(crate) fn run(
    args: &RenderArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<ExitCode, Error> {
    if args.to == Some(RenderTo::HelmValues) {
        let described = Described::read(&args.file, flags, Standing::Runs, printer)?;
        helm_values::write(&described.installation, printer)?;
        return Ok(ExitCode::Done);
    }
    let wanted = Wanted::read(&args.file, flags, Standing::New, printer)?;
    let manifests = manifests(&wanted)?;
    wanted.tell_remarks(printer);
    match &args.output_dir {
        Some(folder) => write_files(&manifests, folder, printer)?,
        None if printer.output() == Output::Json => printer.data(&manifests.to_json()?)?,
        None => printer.data(&manifests.to_yaml()?)?,
    }
    // A command is all that its process does: giving back thousands of pieces would take a tenth of its time.
    std::mem::forget(manifests);
    Ok(ExitCode::Done)
}

/// The objects of what is wanted.
pub(crate) fn manifests(wanted: &Wanted) -> Result<Manifests, Error> {
    if wanted.installation.on_aws().is_some() {
        return Err(Error::NeedsAccount);
    }
    Ok(milvus_manifests::render(
        &wanted.installation,
        &wanted.secrets,
    )?)
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
        printer.tell(&path.display().to_string());
    }
    Ok(())
}
