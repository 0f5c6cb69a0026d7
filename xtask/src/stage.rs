//! `cargo xtask stage …`: the stage's life, and commands inside it.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use milvus_stage::cache::Cache;
use milvus_stage::{check, exec, lifecycle};

use crate::data_plane;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Build what is missing into the cache, and start the stage.
    Up,
    /// Show whether it is up, and what runs in it.
    Status {
        /// Write JSON.
        #[arg(long)]
        json: bool,
    },
    /// End it; logs stay in the cache until the next `up`.
    Down,
    /// End it and remove all that it wrote; built parts stay.
    Reset,
    /// Build what is missing into the cache, and start nothing.
    Build,
    /// Prove on this machine that nothing is left behind, however the stage ends; it is down afterwards.
    Check,
    /// Run a command in the stage's network, with KUBECONFIG set and the stage's kubectl on the PATH.
    Exec {
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Kafka, S3 and Milvus servers beside Kubernetes, on a stage that is up.
    #[command(subcommand)]
    DataPlane(data_plane::Command),
    /// Start the AWS half on a stage that is up, unless it runs; JSON says where it is.
    Aws {
        /// Prove that its parts hold together; its account is empty afterwards.
        #[arg(long)]
        check: bool,
    },
    /// Process 1 of the stage.
    #[command(hide = true)]
    Init,
    /// The stage's supervisor.
    #[command(hide = true)]
    Supervise,
    /// The start, inside the stage's namespaces.
    #[command(hide = true)]
    BringUp,
}

pub(crate) fn run(command: Command) -> Result<()> {
    let cache = Cache::open()?;
    match command {
        Command::Up => lifecycle::up(&cache, &std::env::current_exe()?),
        Command::Status { json } => status(&cache, json),
        Command::Down => lifecycle::down(&cache),
        Command::Reset => lifecycle::reset(&cache),
        Command::Build => lifecycle::build(&cache).map(drop),
        Command::Check => check::run(&cache, &std::env::current_exe()?),
        // Returns only if the command could not be started.
        Command::Exec { command } => {
            Err(exec::command(&cache, &command)?.exec()).context("starting nsenter")
        }
        Command::DataPlane(command) => data_plane::run(&cache, &command),
        Command::Aws { check } => data_plane::aws(&cache, check),
        Command::Init => lifecycle::init(),
        Command::Supervise => lifecycle::supervise(),
        Command::BringUp => lifecycle::bring_up(),
    }
}

fn status(cache: &Cache, json: bool) -> Result<()> {
    let status = lifecycle::status(cache)?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&status)?)?;
        return Ok(());
    }
    let Some(pid) = status.pid else {
        writeln!(out, "the stage is down (files: {})", status.run.display())?;
        return Ok(());
    };
    let word = if status.up { "up" } else { "starting" };
    writeln!(
        out,
        "the stage is {word}, process {pid} (files: {})",
        status.run.display()
    )?;
    writeln!(
        out,
        "api server  {}  (inside: cargo xtask stage exec -- kubectl get pods -A)",
        status.api_server
    )?;
    writeln!(out, "dns         {}", status.dns)?;
    writeln!(out, "kubeconfig  {}", status.kubeconfig.display())?;
    for component in status.components {
        let pid = component
            .pid
            .map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        writeln!(
            out,
            "  {:<24} {pid:>8}  {}",
            component.name, component.state
        )?;
    }
    Ok(())
}
