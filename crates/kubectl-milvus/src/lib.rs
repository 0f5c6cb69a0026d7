//! The library under the `kubectl milvus` plugin: it wires core, manifests and probe.
//!
//! One command, one file. [`run`] takes what the user asked for and gives the exit code back; everything that can end
//! a command is an [`Error`], which knows its exit code and what to do about it.

mod adoption;
mod aws;
mod canary;
pub mod cli;
mod client_config;
mod cluster;
mod completion;
mod confirm;
mod connect;
mod duration_text;
mod error;
mod exit_code;
mod graph;
mod helm_values;
mod host;
mod init;
mod install;
mod installed;
mod interrupt;
mod kube_hint;
mod kubeconfig_files;
mod milvus_port;
mod picture;
mod place;
mod plan;
mod plan_text;
mod port_forward;
pub mod printer;
mod progress;
mod render;
mod root_password;
mod scale;
mod secret_reader;
mod service_names;
mod size;
mod size_text;
mod status;
mod timeline_file;
mod uninstall;
mod upgrade;
mod verify;
mod version;
mod waits;
mod wanted;

use cli::{Cli, Command};
use printer::Printer;

pub use error::Error;
pub use exit_code::ExitCode;
pub use host::{Heard, Host};
pub use scale::{InvalidPods, Pods};
pub use timeline_file::{TimelineFile, UnknownPicture};

/// Does what talks to no cluster and to no account, and gives nothing back where the command line asks for something
/// else, which is [`run`]'s. Needs no runtime.
pub fn run_here(cli: &Cli, printer: Printer) -> Option<Result<ExitCode, Error>> {
    let flags = &cli.cluster;
    Some(match &cli.command {
        Command::Init(args) => init::run(args, flags, printer),
        Command::Size(args) => size::run(args, printer),
        Command::Render(args) => render::run(args, flags, printer),
        Command::Completion(args) => completion::run(args, printer),
        Command::Version => version::run(printer),
        Command::Install(_)
        | Command::Plan(_)
        | Command::Graph(_)
        | Command::Verify(_)
        | Command::Status(_)
        | Command::Connect(_)
        | Command::Upgrade(_)
        | Command::Scale(_)
        | Command::Uninstall(_)
        | Command::EksToken(_) => return None,
    })
}

/// Does what the command line asks for. Must run inside a tokio runtime.
pub async fn run(cli: Cli, printer: Printer) -> Result<ExitCode, Error> {
    run_on(cli, &Host::default(), printer).await
}

/// The same on a host of one's own.
pub async fn run_on(cli: Cli, host: &Host, printer: Printer) -> Result<ExitCode, Error> {
    if let Some(done) = run_here(&cli, printer) {
        return done;
    }
    let flags = &cli.cluster;
    match &cli.command {
        Command::Install(args) => install::run(args, flags, host, printer).await,
        Command::Plan(args) => plan::run(args, flags, host, printer).await,
        Command::Graph(args) => graph::run(args, flags, host, printer).await,
        Command::Verify(args) => verify::run(args, flags, host, printer).await,
        Command::Status(args) => status::run(args, flags, host, printer).await,
        Command::Connect(args) => connect::run(args, flags, host, printer).await,
        Command::Upgrade(args) => Box::pin(upgrade::run(args, flags, host, printer)).await,
        Command::Scale(args) => Box::pin(scale::run(args, flags, host, printer)).await,
        // Large, as it holds an installation for long: apart from the others on the heap.
        Command::Uninstall(args) => Box::pin(uninstall::run(args, flags, host, printer)).await,
        Command::EksToken(args) => aws::eks_token::run(args, printer).await,
        // That was done above.
        Command::Init(_)
        | Command::Size(_)
        | Command::Render(_)
        | Command::Completion(_)
        | Command::Version => Ok(ExitCode::Done),
    }
}
