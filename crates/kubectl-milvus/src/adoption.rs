//! Taking over what Helm has installed, and what is in the way of that.

use std::collections::BTreeSet;

use kube::Client;
use milvus_aws_core::{
    Installation,
    installation::{MilvusVersion, Namespace, Standing},
};
use milvus_manifests::apply::{
    HelmRelease, HelmStatus, OthersFiles, StayingFiles, exists, helm_releases, operated,
    others_files, released_components, still_of_helm,
};

use crate::{
    ExitCode,
    cli::{AdoptArgs, FileArgs},
    cluster::ClusterFlags,
    error::Error,
    helm_values::HelmValues,
    printer::Printer,
    wanted::Wanted,
};

/// Why a Helm release cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum AdoptionError {
    /// The target is not a Kubernetes alone.
    #[error(
        "a Helm release is taken over with the Kafka and the bucket that it uses: the target is kubernetes then"
    )]
    NotHere,
    /// Nothing is there that could be taken over.
    #[error("namespace {namespace} has no Helm release {name} of Milvus")]
    NoRelease {
        /// Where it was looked.
        namespace: Namespace,
        /// The name of the release.
        name: String,
    },
    /// No file, and no record of Helm's to take the values from.
    #[error("namespace {namespace} holds no record of Helm about a release of Milvus")]
    NoRecord {
        /// Where it was looked.
        namespace: Namespace,
    },
    /// No file, and more than one record of Helm's.
    #[error("namespace {namespace} holds several Helm releases of Milvus: {}", names.join(", "))]
    Several {
        /// Where it was looked.
        namespace: Namespace,
        /// Their names.
        names: Vec<String>,
    },
    /// Helm is at work on it, or was stopped at it.
    #[error("Helm has not finished with the release {name}: it is {status}")]
    Busy {
        /// The name of the release.
        name: String,
        /// What Helm calls that.
        status: HelmStatus,
    },
    /// What runs cannot be told from its image, which another one would replace.
    #[error(
        "deployment/{deployment} runs {image}: which Milvus that is, its tag does not say, and {wanted} is to be installed"
    )]
    UnknownVersion {
        /// The deployment's name.
        deployment: String,
        /// Its image.
        image: String,
        /// The image that is wanted.
        wanted: String,
    },
    /// Files on a claim would stay a user's that the pods do not run as.
    #[error(
        "the files on the claim {} belong to user {}, and stay that user's on a volume of kind {volume}: Milvus would run as user {}, which cannot write them",
        files.claim, files.owner, files.user
    )]
    OthersFiles {
        /// Whose files are where.
        files: OthersFiles,
        /// The kind of volume.
        volume: String,
    },
    /// The operator runs a Milvus there.
    #[error("{} in namespace {namespace} is run by milvus-operator", list(names))]
    Operated {
        /// Where it is.
        namespace: Namespace,
        /// Names of its custom resources.
        names: Vec<String>,
    },
}

fn list(names: &[String]) -> String {
    let resources: Vec<_> = names.iter().map(|name| format!("milvus/{name}")).collect();
    resources.join(", ")
}

impl AdoptionError {
    /// The exit code that scripts see.
    pub(crate) const fn exit_code(&self) -> ExitCode {
        match self {
            Self::NotHere | Self::Several { .. } => ExitCode::Usage,
            Self::NoRelease { .. } | Self::NoRecord { .. } => ExitCode::Failed,
            Self::Busy { .. }
            | Self::UnknownVersion { .. }
            | Self::OthersFiles { .. }
            | Self::Operated { .. } => ExitCode::Refused,
        }
    }

    /// What to do now.
    pub(crate) const fn hint(&self) -> &'static str {
        match self {
            Self::NotHere => {
                "write `target: kubernetes`, with the brokers and the bucket under `cluster`"
            }
            Self::NoRelease { .. } => {
                "`helm list -A` names releases; -n chooses the namespace, and without --adopt a new installation is made"
            }
            Self::NoRecord { .. } => {
                "-n chooses the namespace; a file by -f says what the release is to be"
            }
            Self::Several { .. } => "--name chooses one",
            Self::Busy {
                status: HelmStatus::Uninstalling,
                ..
            } => "`helm uninstall` ends that",
            Self::Busy { .. } => "`helm rollback` or `helm upgrade` ends that",
            Self::UnknownVersion { .. } => {
                "name that very tag, by `image.tag` in the file or `image.all.tag` in the values, and the version that it is like by `version` or `--milvus-version`"
            }
            Self::OthersFiles { files, .. } if files.owner == 0 => {
                "write `scheduling: {securityContext: {runAsUser: 0, runAsNonRoot: false}}` to go on as root; or give the files to user 1000 while Milvus is stopped (`chown -R 1000:1000`), and write `runAsUser: 1000`"
            }
            Self::OthersFiles { .. } => {
                "write that user as `runAsUser` under `scheduling.securityContext` to go on as it; or give the files to user 1000 while Milvus is stopped (`chown -R 1000:1000`), and write `runAsUser: 1000`"
            }
            Self::Operated { .. } => {
                "the operator would undo what is changed: it goes on with it, and another name and namespace are free"
            }
        }
    }
}

/// What is wanted; with `--adopt` and without a file or values, what Helm's record of the release says.
pub(crate) async fn wanted(
    file: &FileArgs,
    adopt: AdoptArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<Wanted, Error> {
    // What runs is taken over, whatever is known against it.
    let (standing, values) = if adopt.adopt {
        (Standing::Runs, HelmValues::read(&file.helm)?)
    } else {
        (Standing::New, None)
    };
    let mut wanted = match (&file.file, values) {
        (None, None) if adopt.adopt => remembered(file, flags, printer).await?,
        (None, Some(values)) => {
            let version = match &file.milvus_version {
                Some(version) => Some(version.parse()?),
                None if values.name_version() => None,
                None => remembered_version(file, flags, printer).await?,
            };
            Wanted::of_values(&values, version, file, flags, printer)?
        }
        _ => Wanted::read(file, flags, standing, printer)?,
    };
    wanted.adopt = adopt;
    Ok(wanted)
}

/// The version of the chart that the release was made from, where Helm remembers it.
async fn remembered_version(
    file: &FileArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<Option<MilvusVersion>, Error> {
    let name = file.helm.release.clone().unwrap_or_default();
    let (_, releases) = releases(flags).await?;
    let Some(record) = releases.iter().find(|record| record.name == name.as_str()) else {
        return Ok(None);
    };
    tell_revision("the Milvus version is taken", record, printer);
    Ok(Some(record.app_version.parse()?))
}

/// Says which revision is gone by, where that is not the newest one, or none is deployed.
fn tell_revision(what: &str, record: &HelmRelease, printer: Printer) {
    let why = match (record.status, record.newest) {
        (HelmStatus::Deployed, None) => return,
        (_, Some((newest, is))) => format!(", not from revision {newest}, which is newer and {is}"),
        (_, None) => String::new(),
    };
    let none = match record.status {
        HelmStatus::Deployed => "",
        _ => "; no revision is deployed",
    };
    printer.tell(&format!(
        "note: {what} from revision {} of the release {}, which is {}{why}{none}",
        record.revision, record.name, record.status
    ));
}

/// What Helm remembers in the namespace that is meant.
async fn releases(flags: &ClusterFlags) -> Result<(Namespace, Vec<HelmRelease>), Error> {
    let cluster = flags.connect().await?;
    let named = flags.namespace.as_deref().map(str::parse).transpose()?;
    let namespace: Namespace = named.or(cluster.context_namespace).unwrap_or_default();
    let releases = helm_releases(&cluster.client, &namespace).await?;
    Ok((namespace, releases))
}

async fn remembered(
    file: &FileArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<Wanted, Error> {
    let (namespace, releases) = releases(flags).await?;
    let record = the_one(releases, file.name.as_deref(), namespace.clone())?;
    tell_revision("the values are taken", &record, printer);
    Wanted::of_record(&record, namespace, file, printer)
}

fn the_one(
    mut releases: Vec<HelmRelease>,
    name: Option<&str>,
    namespace: Namespace,
) -> Result<HelmRelease, AdoptionError> {
    releases.retain(|release| name.is_none_or(|name| release.name == name));
    let names = releases
        .iter()
        .map(|release| release.name.clone())
        .collect();
    match <[HelmRelease; 1]>::try_from(releases) {
        Ok([release]) => Ok(release),
        Err(none) if none.is_empty() => Err(AdoptionError::NoRecord { namespace }),
        Err(_) => Err(AdoptionError::Several { namespace, names }),
    }
}

/// Looks for what is in the way: the operator's Milvus of that name, and, where a release is taken over, any of them, an
/// unfinished release, and none at all.
pub(crate) async fn check(client: &Client, wanted: &Wanted) -> Result<(), Error> {
    let namespace = &wanted.installation.namespace;
    let name = wanted.installation.name.as_str();
    let mut names = operated(client, namespace).await?;
    names.retain(|operated| wanted.adopt.adopt || operated == name);
    if !names.is_empty() {
        let namespace = namespace.clone();
        return Err(AdoptionError::Operated { namespace, names }.into());
    }
    if !wanted.adopt.adopt {
        return Ok(());
    }
    let releases = helm_releases(client, namespace).await?;
    let release = releases.into_iter().find(|release| release.name == name);
    let unfinished = release.as_ref().and_then(HelmRelease::unfinished);
    match (release, unfinished) {
        (Some(HelmRelease { name, .. }), Some(status)) => {
            Err(AdoptionError::Busy { name, status }.into())
        }
        (None, _) if !exists(client, &wanted.installation).await? => {
            Err(AdoptionError::NoRelease {
                namespace: namespace.clone(),
                name: name.to_owned(),
            }
            .into())
        }
        _ => Ok(()),
    }
}

/// Looks for files that the pods could not write in place of Helm's. Where that cannot be seen, it is told.
pub(crate) async fn check_files(
    client: &Client,
    wanted: &Wanted,
    printer: Printer,
) -> Result<(), Error> {
    if !wanted.adopt.adopt {
        return Ok(());
    }
    for files in others_files(client, &wanted.installation).await? {
        match &files.volume {
            StayingFiles::Of(volume) => {
                let volume = volume.clone();
                return Err(AdoptionError::OthersFiles { files, volume }.into());
            }
            StayingFiles::Unknown => printer.tell(&format!(
                "the volume of claim {} may not be looked at: if `fsGroup` has no effect on it (hostPath, NFS, EFS), its                  files stay user {}'s, and Milvus needs `runAsUser: {}` under `scheduling.securityContext`",
                files.claim, files.owner, files.owner
            )),
        }
    }
    Ok(())
}

/// The versions that the release runs and that are not the wanted one. The same image is no other version, whatever it is
/// called.
pub(crate) async fn other_versions(
    client: &Client,
    installation: &Installation,
) -> Result<BTreeSet<MilvusVersion>, Error> {
    let tag = installation.image.tag.as_ref().map(ToString::to_string);
    let tag = tag.unwrap_or_else(|| installation.version.tag());
    let mut others = BTreeSet::new();
    for component in released_components(client, installation).await? {
        if component.tag() == tag {
            continue;
        }
        let Ok(version) = component.tag().parse::<MilvusVersion>() else {
            return Err(AdoptionError::UnknownVersion {
                deployment: component.deployment,
                image: component.image,
                wanted: installation.image.reference(&installation.version),
            }
            .into());
        };
        if version != installation.version {
            others.insert(version);
        }
    }
    Ok(others)
}

/// Says what stays Helm's after a release was taken over.
pub(crate) async fn tell_what_is_helms(client: &Client, wanted: &Wanted, printer: Printer) {
    let (name, namespace) = (&wanted.installation.name, &wanted.installation.namespace);
    // What was done is done: who may not look now hears nothing more.
    let left = still_of_helm(client, &wanted.installation).await;
    let left: Vec<_> = left.iter().flatten().map(ToString::to_string).collect();
    if !left.is_empty() {
        let left = left.join(", ");
        printer.tell(&format!(
            "stays as Helm made it, with its data where it has some: {left}"
        ));
    }
    let releases = helm_releases(client, namespace).await.unwrap_or_default();
    if releases.iter().any(|release| release.name == name.as_str()) {
        printer.tell(&format!(
            "Helm still knows the release {name}: `helm upgrade` takes it back, `helm uninstall` deletes it; \
             `install --adopt --remove-helm-record` lets Helm forget it"
        ));
    }
}
