//! The command line, as types.

use std::{
    num::{NonZeroU16, NonZeroU32},
    path::PathBuf,
    time::Duration,
};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PathBufValueParser, PossibleValuesParser, TypedValueParser},
};

use milvus_aws_core::{
    installation::{
        EksClusterName, InstallationName, MilvusVersion, Region, Target, aws::InstanceType,
    },
    sizing::{
        Dimension, Generation, IndexKind, Mode, Parameter, ScalarBytes, SegmentSize, Vectors,
    },
};

use crate::{Pods, TimelineFile, cluster::ClusterFlags, printer::Output};

/// Put a Milvus vector database on Kubernetes, and prove that it works
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-milvus",
    // How users call it: kubectl finds the plugin by its name on PATH.
    bin_name = "kubectl milvus",
    version,
    propagate_version = false,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// Which cluster to talk to
    #[command(flatten)]
    pub cluster: ClusterFlags,
    /// Format of the result on stdout
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub output: Output,
    /// Show what the plugin does; twice for the libraries under it
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What the plugin can do. What one command takes is made when it is asked for.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Write a file to install from, sized for a load
    Init(InitArgs),
    /// Tell how large Milvus must be for a load, on which machines, and what those cost
    Size(SizeArgs),
    /// Install Milvus, or change what is installed, until it is as the file says
    Install(InstallArgs),
    /// Show what install would change
    Plan(PlanArgs),
    /// Draw what install would do, as a graph
    Graph(GraphArgs),
    /// Store, index and find vectors, and check every answer
    Verify(VerifyArgs),
    /// Show how the installation is
    Status(NameArgs),
    /// Write the Kubernetes objects without touching a cluster
    Render(RenderArgs),
    /// Forward a local port to Milvus
    Connect(ConnectArgs),
    /// Bring Milvus to another version, one component at a time, each proved before the next
    Upgrade(UpgradeArgs),
    /// Give components another number of pods
    Scale(ScaleArgs),
    /// Remove the installation; volumes stay unless asked for
    Uninstall(UninstallArgs),
    /// Write the completion script of a shell
    Completion(CompletionArgs),
    /// Print a token for a cluster of EKS; kubeconfigs call this
    #[command(hide = true)]
    EksToken(EksTokenArgs),
    /// Show the plugin's version
    Version,
}

/// The file that says what is wanted, and what may be said without one.
#[derive(Debug, Clone, Default, Args)]
pub struct FileArgs {
    /// The installation's file; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Release name, when there is no file
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub name: Option<String>,
    /// Milvus version, when there is no file
    #[arg(long, value_name = "X.Y.Z", conflicts_with = "file")]
    pub milvus_version: Option<String>,
    /// Values of the official Helm chart, in place of the file
    #[command(flatten)]
    pub helm: HelmArgs,
}

/// Values of the official Helm chart.
#[derive(Debug, Clone, Default, Args)]
pub struct HelmArgs {
    /// Values of the official Helm chart (4.x or 5.x) in place of a file; `-` reads standard input. Later files are laid
    /// over earlier ones, as helm does
    #[arg(
        long,
        value_name = "FILE",
        value_delimiter = ',',
        conflicts_with_all = ["file", "name"]
    )]
    pub helm_values: Vec<PathBuf>,
    /// What stands in the values too
    #[command(flatten)]
    pub set: SetArgs,
    /// The release that the values are for; `milvus` when absent
    #[arg(long, value_name = "NAME", requires = "helm_values")]
    pub release: Option<InstallationName>,
    /// Go on without what the values ask for and cannot get
    #[arg(long, conflicts_with = "file")]
    pub allow_unsupported: bool,
}

/// Values on the command line, over those of files.
#[derive(Debug, Clone, Default, Args)]
pub struct SetArgs {
    /// Values over those of the files, as helm's --set: a.b=1,c[0]=x,d={e,f}
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "helm_values")]
    pub values: Vec<String>,
    /// The same, where every value is a text, as helm's --set-string
    #[arg(
        long = "set-string",
        value_name = "KEY=VALUE",
        requires = "helm_values"
    )]
    pub texts: Vec<String>,
}

/// Arguments of `size`.
#[derive(Debug, Args)]
pub struct SizeArgs {
    /// Vectors to store: 1000000, 10M or 1B
    #[arg(long, value_name = "N")]
    pub vectors: Vectors,
    /// Dimension of the vectors
    #[arg(long, value_name = "N")]
    pub dim: Dimension,
    /// How they are stored
    #[command(flatten)]
    pub load: LoadArgs,
    /// Milvus version; the newest 2.6, or one that the generation is for
    #[arg(long, value_name = "X.Y[.Z]", value_parser = MilvusVersion::of_release_or_line)]
    pub milvus_version: Option<MilvusVersion>,
    /// One pod or one per role; whichever fits when absent: standalone or cluster
    #[arg(long, value_name = "MODE")]
    pub mode: Option<Mode>,
    /// Kind of EC2 machine, for example m6i.2xlarge; the least dear one when absent
    #[arg(long, value_name = "KIND")]
    pub instance_type: Option<InstanceType>,
    /// AWS region whose prices are told
    #[arg(long, value_name = "REGION", default_value = "us-west-2")]
    pub region: Region,
}

/// How vectors are stored, for their size.
#[derive(Debug, Clone, Default, Args)]
pub struct LoadArgs {
    /// Kind of index; HNSW unless said otherwise
    #[arg(long, value_name = "KIND", requires = "vectors")]
    pub index: Option<IndexKind>,
    /// Parameter of the index, for example M=16 or nlist=1024; may be repeated
    #[arg(long, value_name = "KEY=VALUE", requires = "vectors")]
    pub index_param: Vec<Parameter>,
    /// How often everything is loaded into memory; 1 unless said otherwise
    #[arg(long, value_name = "N", requires = "vectors")]
    pub replicas: Option<NonZeroU16>,
    /// Bytes of a row's other fields, on average
    #[arg(long, value_name = "BYTES", requires = "vectors")]
    pub scalar_bytes: Option<ScalarBytes>,
    /// Keep those fields on local disks, mapped into memory
    #[arg(long, requires = "scalar_bytes")]
    pub offload: bool,
    /// Largest size of a segment in MiB: 512, 1024 or 2048
    #[arg(long, value_name = "MIB", requires = "vectors")]
    pub segment_size: Option<SegmentSize>,
    /// Generation of Milvus's sizing tool: guide (2024), 2.5 or 2.6; that of the version when absent
    #[arg(long, value_name = "GENERATION", requires = "vectors")]
    pub generation: Option<Generation>,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The file to write; standard output when absent
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Write over a file that exists
    #[arg(long, requires = "file")]
    pub force: bool,
    /// Where to install: kubernetes, aws or eks
    #[arg(long, value_name = "TARGET", default_value = "kubernetes", value_parser = target())]
    pub target: Target,
    /// Name of the EKS cluster that exists
    #[arg(long, value_name = "NAME", required_if_eq("target", "eks"))]
    pub eks_cluster: Option<EksClusterName>,
    /// Release name
    #[arg(long, value_name = "NAME")]
    pub name: Option<InstallationName>,
    /// Milvus version; the newest 2.6, or one that the generation is for
    #[arg(long, value_name = "X.Y[.Z]", value_parser = MilvusVersion::of_release_or_line)]
    pub milvus_version: Option<MilvusVersion>,
    /// Vectors to store: 1000000, 10M or 1B
    #[arg(long, value_name = "N", requires = "dim")]
    pub vectors: Option<Vectors>,
    /// Dimension of the vectors
    #[arg(long, value_name = "N", requires = "vectors")]
    pub dim: Option<Dimension>,
    /// How they are stored
    #[command(flatten)]
    pub load: LoadArgs,
    /// One pod or one per role; whichever fits when absent: standalone or cluster
    #[arg(long, value_name = "MODE", requires = "vectors")]
    pub mode: Option<Mode>,
    /// Kind of EC2 machine, for example m6i.2xlarge; the least dear one when absent
    #[arg(long, value_name = "KIND", requires = "vectors")]
    pub instance_type: Option<InstanceType>,
    /// Values of the official Helm chart (4.x or 5.x), to be said as a file; `-` reads standard input. Later files are laid
    /// over earlier ones, as helm does
    #[arg(
        long,
        value_name = "FILE",
        value_delimiter = ',',
        conflicts_with_all = ["vectors", "name", "eks_cluster"]
    )]
    pub helm_values: Vec<PathBuf>,
    /// What stands in the values too
    #[command(flatten)]
    pub set: SetArgs,
    /// The release that the values are for; `milvus` when absent
    #[arg(long, value_name = "NAME", requires = "helm_values")]
    pub release: Option<InstallationName>,
    /// Go on without what the values ask for and cannot get
    #[arg(long, requires = "helm_values")]
    pub allow_unsupported: bool,
}

/// Taking over what Helm has installed.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct AdoptArgs {
    /// Take over the Helm release of that name and namespace in place; without a file, with the values that Helm
    /// remembers
    #[arg(long)]
    pub adopt: bool,
    /// Remove Helm's own record of the release at the end: `helm` does not know it any more then
    #[arg(long, requires = "adopt")]
    pub remove_helm_record: bool,
}

/// Arguments of `install`.
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// What to install
    #[command(flatten)]
    pub file: FileArgs,
    /// What to take over
    #[command(flatten)]
    pub adopt: AdoptArgs,
    /// Change nothing: `client` prints the objects, `server` shows what would change
    #[arg(long, value_name = "WHERE")]
    pub dry_run: Option<DryRun>,
    /// Wait until Milvus is ready
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub wait: bool,
    /// Prove that Milvus works, when something was changed and waited for
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub verify: bool,
    /// How long to wait, for example 10m; 15m, and 90m in an AWS account
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Draw what happened when into this file, a picture (.svg) or a page (.html)
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run", value_parser = timeline_file())]
    pub timeline: Option<TimelineFile>,
    /// Make what costs money in an AWS account, or take over a Helm release, without asking
    #[arg(short, long)]
    pub yes: bool,
}

/// Where a dry run stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// No cluster is asked.
    Client,
    /// The API server checks, and stores nothing.
    Server,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What to compare with
    #[command(flatten)]
    pub file: FileArgs,
    /// What to take over
    #[command(flatten)]
    pub adopt: AdoptArgs,
    /// Exit with 4 when something would change
    #[arg(long)]
    pub exit_code: bool,
}

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// What to draw
    #[command(flatten)]
    pub file: FileArgs,
    /// Kind of picture; mermaid unless said otherwise
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<GraphFormat>,
}

/// Kinds of pictures of a graph.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Text that GitHub and many wikis draw.
    #[default]
    Mermaid,
    /// Text for Graphviz.
    Dot,
    /// A picture that needs nothing beside it.
    Svg,
}

/// Arguments of commands that act on an installation that exists.
#[derive(Debug, Args)]
pub struct NameArgs {
    /// The installation's file, for its name and namespace
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Release name; not needed when the namespace holds one installation
    #[arg(value_name = "NAME", conflicts_with = "file")]
    pub name: Option<String>,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Which installation to verify
    #[command(flatten)]
    pub installation: NameArgs,
    /// Verify a server at this address instead, for example http://localhost:19530
    #[arg(long, value_name = "URL", conflicts_with_all = ["file", "name"])]
    pub endpoint: Option<String>,
    /// Where that server answers /healthz and /metrics, for example http://localhost:9091
    #[arg(long, value_name = "URL", requires = "endpoint")]
    pub health_endpoint: Option<String>,
    /// User to log in as
    #[arg(long, value_name = "NAME", requires = "password_file")]
    pub username: Option<String>,
    /// File that holds the user's password; `-` reads standard input
    #[arg(long, value_name = "FILE", requires = "username")]
    pub password_file: Option<PathBuf>,
    /// PEM file of the authorities to trust, for https
    #[arg(long, value_name = "FILE", requires = "endpoint")]
    pub ca_file: Option<PathBuf>,
    /// Name that the server's certificate must have, where it is another than the address's, for https
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    pub server_name: Option<String>,
    /// PEM file of our own certificate, for a server that wants one of its clients
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub cert_file: Option<PathBuf>,
    /// PEM file of that certificate's key
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    pub key_file: Option<PathBuf>,
    /// Rows to store
    #[arg(long, value_name = "N", default_value = "3000")]
    pub rows: NonZeroU32,
    /// Dimension of the vectors
    #[arg(long, value_name = "N", default_value = "8")]
    pub dim: NonZeroU32,
    /// Kind of index, for example IVF_FLAT or HNSW
    #[arg(long, value_name = "KIND", default_value = "IVF_FLAT")]
    pub index: String,
    /// Seed of the vectors, to repeat a run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How long each step may take
    #[arg(long, value_name = "DURATION", default_value = "40s", value_parser = duration)]
    pub step_timeout: Duration,
    /// How long the whole verification may take
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub timeout: Duration,
}

/// Arguments of `render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// What to render
    #[command(flatten)]
    pub file: FileArgs,
    /// Write one file per object into this folder
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Write something else than the objects: values for the official Helm chart
    #[arg(long, value_name = "WHAT", conflicts_with = "output_dir")]
    pub to: Option<RenderTo>,
}

/// What `render` can write besides the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RenderTo {
    /// Values for the official chart that goes with the Milvus version.
    HelmValues,
}

/// Arguments of `connect`.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// Which installation to connect to
    #[command(flatten)]
    pub installation: NameArgs,
    /// Local port; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value = "19530")]
    pub port: u16,
}

/// Arguments of `upgrade`.
#[derive(Debug, Args)]
pub struct UpgradeArgs {
    /// The version to bring it to, newer or older
    #[arg(long, value_name = "X.Y.Z")]
    pub to: String,
    /// The installation's file, whatever version it names; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Release name, when it was installed without a file
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub name: Option<String>,
    /// Values of the official Helm chart, in place of the file
    #[command(flatten)]
    pub helm: HelmArgs,
    /// Change nothing: `client` shows the order from the file's version on, `server` from what runs, with every change
    #[arg(long, value_name = "WHERE")]
    pub dry_run: Option<DryRun>,
    /// Agree to what cannot be undone, without being asked
    #[arg(short, long)]
    pub yes: bool,
    /// How long one component may take to become ready, and again to prove itself
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub gate_timeout: Duration,
    /// How long all of it may take
    #[arg(long, value_name = "DURATION", default_value = "3h", value_parser = duration)]
    pub timeout: Duration,
    /// Draw what happened when into this file, a picture (.svg) or a page (.html)
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run", value_parser = timeline_file())]
    pub timeline: Option<TimelineFile>,
}

/// Arguments of `scale`.
#[derive(Debug, Args)]
pub struct ScaleArgs {
    /// Components and their pods, for example queryNode=3
    #[arg(value_name = "COMPONENT=N", required = true)]
    pub targets: Vec<Pods>,
    /// The installation's file, for its name and namespace
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Release name; not needed when the namespace holds one installation
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub name: Option<String>,
    /// Change nothing: `server` shows what would change
    #[arg(long, value_name = "WHERE")]
    pub dry_run: Option<DryRun>,
    /// How long to wait until the pods are ready
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration)]
    pub timeout: Duration,
}

/// Arguments of `uninstall`.
#[derive(Debug, Args)]
pub struct UninstallArgs {
    /// Which installation to remove
    #[command(flatten)]
    pub installation: NameArgs,
    /// Delete its data too (volumes; in an AWS account bucket and key): the vectors are gone then
    #[arg(long)]
    pub delete_data: bool,
    /// The installation's name, to confirm that its data shall be deleted
    #[arg(long, value_name = "NAME", requires = "delete_data")]
    pub confirm: Option<String>,
    /// Agree to what goes from an AWS account, without being asked
    #[arg(short, long)]
    pub yes: bool,
    /// Show what would be removed, and remove nothing
    #[arg(long, value_name = "WHERE")]
    pub dry_run: Option<DryRun>,
    /// How long to wait until everything is gone; 5m, and 60m in an AWS account
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Draw what happened when into this file, a picture (.svg) or a page (.html)
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run", value_parser = timeline_file())]
    pub timeline: Option<TimelineFile>,
}

/// Arguments of `eks-token`.
#[derive(Debug, Args)]
pub struct EksTokenArgs {
    /// The cluster
    #[arg(long, value_name = "NAME")]
    pub cluster_name: String,
    /// Its region
    #[arg(long, value_name = "REGION")]
    pub region: String,
    /// The profile of the credentials
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Arguments of `completion`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

fn target() -> impl TypedValueParser<Value = Target> {
    let all = [Target::Kubernetes, Target::Aws, Target::Eks];
    PossibleValuesParser::new(all.map(Target::as_str)).map(move |text| {
        let same = all.into_iter().find(|target| target.as_str() == text);
        same.unwrap_or_default()
    })
}

fn duration(text: &str) -> Result<Duration, humantime::DurationError> {
    humantime::parse_duration(text)
}

fn timeline_file() -> impl TypedValueParser<Value = TimelineFile> {
    PathBufValueParser::new().try_map(TimelineFile::try_from)
}
