//! `init`: a file to install from. Asks no server.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::Path,
};

use milvus_aws_core::{
    Installation,
    installation::{Note, Standing, Target},
    sizing::{Destination, Mode, Sizing},
};

use crate::{
    ExitCode,
    cli::{HelmArgs, InitArgs},
    cluster::ClusterFlags,
    error::Error,
    helm_values::{self, HelmValues, Logins},
    printer::{Output, Printer},
    size::{nodes, request},
};

/// A file and what it says to its reader.
struct Draft {
    installation: Installation,
    top: Vec<String>,
    notes: Vec<Note>,
}

/// Where every key is told.
const KEYS: &str =
    "Every key: docs/schema/installation.v1.json. Whatever is as usual may be left out.";

/// Writes the file to stdout, or where the user says.
pub(crate) fn run(
    args: &InitArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let values = HelmValues::read_files(&args.helm_values, &args.set)?;
    // What runs already may be said as a file as well.
    let standing = match values {
        Some(_) => Standing::Runs,
        None => Standing::New,
    };
    let mut draft = match values {
        Some(values) => of_values(&values, args, flags, printer)?,
        None => draft(args)?,
    };
    if let Some(namespace) = &flags.namespace {
        draft.installation.namespace = namespace.parse()?;
    }
    let text = match printer.output() {
        Output::Json => as_json(&draft.installation)?,
        Output::Text | Output::Yaml => draft
            .installation
            .to_commented_yaml(&draft.top, &draft.notes),
    };
    // A load may need more than a file may hold: a thousand pods of a role, a volume of 64 TiB.
    Installation::read_yaml("the file for this load", &text, None, standing)?;
    match &args.file {
        Some(path) if path != Path::new("-") => {
            write(path, &text, args.force)?;
            let shown = path.display();
            printer.tell(&format!(
                "wrote {shown}; `kubectl milvus plan -f {shown}` shows what it would bring about"
            ));
        }
        _ => printer.data(&text)?,
    }
    Ok(ExitCode::Done)
}

/// The same installation as values of the chart describe. Passwords are no part of it: it names a variable for each.
fn of_values(
    values: &HelmValues,
    args: &InitArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<Draft, Error> {
    if args.target != Target::Kubernetes {
        return Err(Error::Usage(
            "`--helm-values` goes with `--target kubernetes`: values name services that exist"
                .to_owned(),
        ));
    }
    let helm = HelmArgs {
        helm_values: args.helm_values.clone(),
        set: args.set.clone(),
        release: args.release.clone(),
        allow_unsupported: args.allow_unsupported,
    };
    let release = helm_values::release(&helm, args.milvus_version.clone(), flags)?;
    let how = (Standing::Runs, Logins::Known);
    let imported = values.import(&release, &helm, how, printer)?;
    let mut top = vec![KEYS.to_owned()];
    if !imported.variables.is_empty() {
        let names = imported.variables.join(", ");
        top.push(format!(
            "Set these variables to the passwords of the values before you install: {names}."
        ));
        printer.tell(&format!(
            "set these variables to the passwords that the values hold: {names}"
        ));
    }
    Ok(Draft {
        installation: imported.installation,
        top,
        notes: Vec::new(),
    })
}

fn draft(args: &InitArgs) -> Result<Draft, Error> {
    let name = args.name.clone().unwrap_or_default();
    let destination = destination(args)?;
    let sizing = sizing(args)?;
    let Some(sizing) = sizing else {
        let mut installation = destination.installation(name);
        installation.version = args.milvus_version.clone().unwrap_or_default();
        return Ok(Draft {
            installation,
            top: vec![KEYS.to_owned()],
            notes: Vec::new(),
        });
    };
    // Nodes are made with the target aws alone; elsewhere they are there, whatever they are.
    let nodes = match args.target {
        Target::Aws => Some(nodes(&sizing, args.instance_type.as_ref())?.0),
        Target::Eks | Target::Kubernetes => None,
    };
    let (mut top, words) = sizing.notes_of_file();
    top.extend(
        sizing
            .notes()
            .into_iter()
            .map(|note| format!("Note: {note}.")),
    );
    top.push(KEYS.to_owned());
    Ok(Draft {
        installation: sizing.installation(name, &destination, nodes.as_ref())?,
        top,
        notes: words,
    })
}

fn destination(args: &InitArgs) -> Result<Destination, Error> {
    match (args.target, &args.eks_cluster) {
        (Target::Eks, Some(cluster)) => Ok(Destination::Eks(cluster.clone())),
        (Target::Kubernetes, None) => Ok(Destination::Kubernetes),
        (Target::Aws, None) => Ok(Destination::Aws),
        (Target::Eks, None) => Err(Error::Usage(
            "`--target eks` needs the cluster's name, write `--eks-cluster NAME`".to_owned(),
        )),
        (Target::Kubernetes | Target::Aws, Some(_)) => Err(Error::Usage(
            "`--eks-cluster` goes with `--target eks` alone".to_owned(),
        )),
    }
}

/// The size of the load, where one is given. What AWS is made for runs one deployment per role.
fn sizing(args: &InitArgs) -> Result<Option<Sizing>, Error> {
    let (Some(vectors), Some(dimension)) = (args.vectors, args.dim) else {
        return Ok(None);
    };
    let mode = match args.target {
        Target::Kubernetes => args.mode,
        Target::Aws | Target::Eks => args.mode.or(Some(Mode::Cluster)),
    };
    let version = args.milvus_version.as_ref();
    let request = request(vectors, dimension, &args.load, version, mode);
    Ok(Some(request.size()?))
}

/// A file that is there is left alone, unless the user says otherwise.
fn write(path: &Path, text: &str, force: bool) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::AlreadyExists => Error::Exists { path },
            _ => Error::Write { path, source },
        }
    })
}

/// The same document as JSON, which is YAML too.
fn as_json(installation: &Installation) -> Result<String, Error> {
    let document: serde_json::Value =
        serde_saphyr::from_str(&installation.to_yaml()).map_err(std::io::Error::other)?;
    let text = serde_json::to_string_pretty(&document).map_err(std::io::Error::other)?;
    Ok(text + "\n")
}
