//! `init`: a file to install from. Asks no server.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::Path,
};

use milvus_aws_core::{
    Installation,
    installation::{Note, Target},
    sizing::{Destination, Mode, Sizing},
};

use crate::{
    ExitCode,
    cli::InitArgs,
    cluster::ClusterFlags,
    error::Error,
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
const KEYS: &str = "Every key: docs/schema/installation.v1.json. Whatever is as usual may be left out.";

/// Writes the file to stdout, or where the user says.
pub(crate) fn run(
    args: &InitArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let mut draft = draft(args)?;
    if let Some(namespace) = &flags.namespace {
        draft.installation.namespace = namespace.parse()?;
    }
    let text = match printer.output() {
        Output::Json => as_json(&draft.installation)?,
        Output::Text | Output::Yaml => draft
            .installation
            .to_commented_yaml(&draft.top, &draft.notes),
    };
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
    let (mut top, notes) = sizing.notes_of_file();
    top.extend(sizing.notes().into_iter().map(|note| format!("Note: {note}.")));
    top.push(KEYS.to_owned());
    Ok(Draft {
        installation: sizing.installation(name, &destination, nodes.as_ref())?,
        top,
        notes,
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
