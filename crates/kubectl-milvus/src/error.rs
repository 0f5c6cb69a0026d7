//! Everything that can end a command, with its exit code and what to do about it.

use std::{io, path::PathBuf};

use milvus_aws_core::{
    engine::{Foreign, ForeignKind, PlanError, ResourceId, RunError},
    installation::{
        InstallationName, InvalidFile, InvalidName, InvalidVersion, MilvusVersion, UnreadableSecret,
    },
    topology::UpgradeRefusal,
};

use milvus_manifests::{
    apply::{Lack, Lacking},
    helm::InvalidValues,
};

use crate::{
    ExitCode, adoption::AdoptionError, cluster::ClusterError, installed::InstalledError, kube_hint,
    port_forward::PortForwardError, service_names::ServiceNamesError,
};

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file says something impossible.
    #[error(transparent)]
    File(#[from] InvalidFile),
    /// Values of the chart give no installation.
    #[error(transparent)]
    Values(#[from] InvalidValues),
    /// Values of the chart ask for what they cannot get.
    #[error("{0}")]
    Unsupported(String),
    /// A file that a flag names cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A name on the command line is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A version on the command line is none.
    #[error(transparent)]
    Version(#[from] InvalidVersion),
    /// Flags that do not go together, or a value that a flag cannot have.
    #[error("{0}")]
    Usage(String),
    /// A load that cannot be sized.
    #[error(transparent)]
    NoSize(#[from] milvus_aws_core::sizing::NoSize),
    /// A file is there already, and must not be written over.
    #[error("{} exists, and is left as it is", path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// A password cannot be had.
    #[error(transparent)]
    Secret(#[from] UnreadableSecret),
    /// The objects cannot be written.
    #[error(transparent)]
    Render(#[from] milvus_manifests::Error),
    /// No cluster to talk to.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// What exists cannot be seen.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A run did not reach its end.
    #[error("{doing} {name}")]
    Run {
        /// What was being done: `install`.
        doing: &'static str,
        /// Which installation.
        name: String,
        /// What stopped it.
        #[source]
        source: RunError,
    },
    /// What is in the cluster did not go, and the account's part goes only after it.
    #[error("the part in {place} was not touched, and may go on being billed")]
    AccountUntouched {
        /// Which account and region.
        place: String,
        /// What stopped it.
        #[source]
        source: Box<Error>,
    },
    /// There is no such installation, or no way to tell which one is meant.
    #[error(transparent)]
    Installed(#[from] InstalledError),
    /// No way to the pod.
    #[error(transparent)]
    PortForward(#[from] PortForwardError),
    /// The server cannot be reached or does not answer as it should.
    #[error(transparent)]
    Probe(#[from] milvus_probe::Error),
    /// There is no such index.
    #[error(transparent)]
    UnknownIndex(#[from] milvus_probe::UnknownIndex),
    /// The cluster does not say how the installation is.
    #[error("look at {name}")]
    Look {
        /// Which installation.
        name: String,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
    /// Parts without which Milvus cannot work.
    #[error("Milvus of {name} cannot work: {}", lacks(lacking))]
    Lacking {
        /// Which installation.
        name: InstallationName,
        /// Everything that is lacking.
        lacking: Vec<Lacking>,
    },
    /// There is no way to that version.
    #[error(transparent)]
    Upgrade(#[from] UpgradeRefusal),
    /// A component cannot have that many pods.
    #[error(transparent)]
    Scale(#[from] milvus_manifests::apply::Unscalable),
    /// Another version runs than is to be installed.
    #[error("Milvus {} runs there, and {wanted} is to be installed", listed(live))]
    OtherVersion {
        /// What runs: the other versions.
        live: Vec<MilvusVersion>,
        /// What the file says.
        wanted: MilvusVersion,
        /// The file, where there is one.
        file: Option<PathBuf>,
        /// Whether some of it is of a Helm release that is taken over.
        is_helms: bool,
    },
    /// Data would be deleted, and nobody confirmed it.
    #[error("deleting the data of {name} was not confirmed")]
    Unconfirmed {
        /// Which installation.
        name: String,
    },
    /// The cluster goes with the installation, and others live in it.
    #[error(
        "the cluster of {name} would go too, and others have something in it: {}",
        others.join(", ")
    )]
    Neighbours {
        /// Which installation.
        name: String,
        /// What others have.
        others: Vec<String>,
    },
    /// The cluster that was used is gone, and what it made for the installation is not.
    #[error(
        "the cluster {cluster} is gone, and nobody takes away what it made for {name}, which may be billed: {}",
        left.join(", ")
    )]
    Orphans {
        /// Which installation.
        name: String,
        /// Which cluster.
        cluster: String,
        /// ARNs.
        left: Vec<String>,
    },
    /// A command for AWS, and an installation that is elsewhere.
    #[error("the installation's target is neither aws nor eks")]
    NotOnAws,
    /// What cannot be said without an account.
    #[error("the objects of the targets aws and eks depend on what the account holds")]
    NeedsAccount,
    /// No way to the account.
    #[error("connect to AWS")]
    Aws(#[from] milvus_aws_core::aws::ConnectError),
    /// The account's resources cannot be put together.
    #[error(transparent)]
    AwsGraph(#[from] milvus_aws_core::aws::NoAwsGraph),
    /// The resources cannot be put together.
    #[error("put the resources together")]
    Graph(#[from] milvus_aws_core::engine::InvalidGraph),
    /// What exists in the account cannot be seen.
    #[error("look at the account")]
    AwsLook(#[from] milvus_aws_core::engine::ResourceError),
    /// No token for a cluster.
    #[error(transparent)]
    Token(#[from] milvus_aws_core::aws::TokenError),
    /// A Helm release cannot be taken over.
    #[error(transparent)]
    Adoption(#[from] AdoptionError),
    /// A part of a shared service is missing, or another one than the installation has.
    #[error(transparent)]
    ServiceNames(#[from] ServiceNamesError),
    /// The user stopped it.
    #[error("interrupted")]
    Interrupted,
    /// The result cannot be written to stdout.
    #[error("write the result")]
    Output(#[from] io::Error),
}

impl Error {
    /// The exit code that scripts see.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::File(_)
            | Self::Values(_)
            | Self::Unsupported(_)
            | Self::Name(_)
            | Self::Version(_)
            | Self::Usage(_)
            | Self::NoSize(_)
            | Self::NeedsAccount
            | Self::Scale(_)
            | Self::Secret(_)
            | Self::Read { .. }
            | Self::UnknownIndex(_)
            | Self::Probe(milvus_probe::Error::InvalidEndpoint { .. }) => ExitCode::Usage,
            Self::Adoption(error) => error.exit_code(),
            Self::ServiceNames(error) => error.exit_code(),
            Self::Lacking { .. } => ExitCode::CheckFailed,
            Self::AccountUntouched { source, .. } => source.exit_code(),
            Self::Unconfirmed { .. }
            | Self::Neighbours { .. }
            | Self::Upgrade(_)
            | Self::OtherVersion { .. }
            | Self::Exists { .. }
            | Self::Run {
                source: RunError::Refused(_) | RunError::Declined,
                ..
            } => ExitCode::Refused,
            Self::Interrupted
            | Self::Plan(PlanError::Cancelled)
            | Self::Run {
                source: RunError::Cancelled,
                ..
            } => ExitCode::Interrupted,
            _ => ExitCode::Failed,
        }
    }

    /// What to do now, where we know it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unsupported(_) => {
                "change these keys, or go on without them by `--allow-unsupported`".to_owned()
            }
            Self::NeedsAccount => "`kubectl milvus plan` shows what there would be".to_owned(),
            Self::Run {
                source: RunError::Declined,
                ..
            } => "`--yes` agrees where no terminal can ask".to_owned(),
            Self::Aws(milvus_aws_core::aws::ConnectError::Identity(_)) => {
                "log in to AWS, or choose a profile by AWS_PROFILE".to_owned()
            }
            Self::OtherVersion { live, is_helms: true, .. } => match live.as_slice() {
                [live] => format!(
                    "take it over as it is, by `version: {live}` in the file or by `--milvus-version {live}`; \
                     `kubectl milvus upgrade` brings it to another version then, one component at a time"
                ),
                _ => "`helm upgrade` or `helm rollback` brings all of it to one version first".to_owned(),
            },
            Self::OtherVersion { wanted, file, .. } => {
                let file = file.as_ref().map(|file| format!(" -f {}", file.display()));
                format!(
                    "`kubectl milvus upgrade --to {wanted}{}` brings it there, one component at a time",
                    file.unwrap_or_default()
                )
            }
            Self::Lacking { name, .. } => format!(
                "`kubectl milvus status {name}` names everything that is lacking; `kubectl milvus install` with its file brings it back"
            ),
            Self::Upgrade(UpgradeRefusal::OtherRoles { .. }) => {
                "-f names the file that it was installed from".to_owned()
            }
            Self::Unconfirmed { name } => {
                format!("say `--confirm {name}` if its vectors shall be gone for good")
            }
            Self::Neighbours { .. } => {
                "take them away first: what stands in the cluster ends with it, or keeps it".to_owned()
            }
            Self::Orphans { .. } => "delete them yourself, load balancers first: `aws elbv2 delete-load-balancer --load-balancer-arn`, `aws elbv2 delete-target-group --target-group-arn`, `aws ec2 delete-security-group --group-id`, `aws ec2 delete-volume --volume-id`".to_owned(),
            Self::Adoption(error) => return Some(error.hint().to_owned()),
            Self::ServiceNames(error) => return Some(error.hint()),
            Self::AccountUntouched { source, .. } => return source.hint(),
            Self::Run {
                source: RunError::Refused(refused),
                ..
            } => return refused_hint(refused),
            Self::Run {
                doing,
                source: RunError::TimedOut(_) | RunError::NotBegun(_),
                ..
            } => format!("the same `{doing}` goes on from here; `--timeout` lets it wait longer"),
            Self::Run {
                doing,
                source: RunError::Failed(_),
                ..
            } => format!("put that right; the same `{doing}` goes on from here"),
            Self::Exists { .. } => "`--force` writes over it".to_owned(),
            Self::Write { .. } => {
                "name a file in a folder that exists and that you may write to".to_owned()
            }
            Self::Cluster(error) if error.hint().is_some() => return error.hint(),
            Self::Installed(InstalledError::None { .. }) => {
                "-n names another namespace; `kubectl milvus install` makes an installation"
                    .to_owned()
            }
            Self::PortForward(PortForwardError::Listen { .. }) => {
                "--port chooses another port; 0 takes any free one".to_owned()
            }
            Self::PortForward(PortForwardError::Forbidden { namespace, .. }) => format!(
                "ask the cluster's administrator for the verbs `get` and `create` on `pods/portforward` in namespace {namespace}; `verify --endpoint` needs neither where Milvus can be reached directly"
            ),
            Self::PortForward(PortForwardError::NoReadyPod { .. }) => {
                "`kubectl milvus status` says what the pods wait for".to_owned()
            }
            other => return kube_hint::of(other).map(str::to_owned),
        })
    }
}

/// What to do about what is left alone: about all of one kind at once, the kind that is easiest to put right first.
fn refused_hint(refused: &[(ResourceId, Foreign)]) -> Option<String> {
    let is = |wanted: &ForeignKind| refused.iter().any(|(_, owner)| owner.kind() == wanted);
    let commands = refused.iter().filter_map(|(_, owner)| match owner.kind() {
        ForeignKind::Unmarked { command } => Some(format!("`{command}`")),
        _ => None,
    });
    let commands: Vec<_> = commands.collect();
    if !commands.is_empty() {
        return Some(format!("put the label back: {}", commands.join(", ")));
    }
    let hint = if is(&ForeignKind::HelmRelease) {
        "`--adopt` takes over a Helm release of the same name; `kubectl milvus plan --adopt` shows what that changes"
    } else if is(&ForeignKind::VectorsWithoutMetadata) {
        "`uninstall --delete-data` with the same file deletes them (in a bucket that was there before, do it yourself); another `name`, or another bucket in the file, leaves them"
    } else if is(&ForeignKind::DataLeftBehind) {
        "write what is there into the file; a later line of etcd is reached one line at a time"
    } else if is(&ForeignKind::BucketNameTaken) {
        "`aws.bucket` in the file names another bucket; `aws.existing.bucket` uses one of the account's as it is"
    } else if is(&ForeignKind::InTheWay) {
        "choose another name or namespace: what is there is not this installation's, and stays as it is"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// An error and its causes, in one line.
pub(crate) fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

/// What Milvus cannot work without.
fn lacks(lacking: &[Lacking]) -> String {
    let told = lacking.iter().filter(|it| it.stops_milvus());
    let told = told.map(|Lacking { object, lack }| match lack {
        Lack::NoPods => format!("{object} is scaled to 0 pods"),
        Lack::Absent | Lack::NotOurs(_) => format!("{object} is missing"),
    });
    told.collect::<Vec<_>>().join(", ")
}

fn listed(versions: &[MilvusVersion]) -> String {
    let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
    versions.join(" and ")
}
