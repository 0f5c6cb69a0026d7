//! Developer commands: `cargo xtask demo`, `test`, `bench`, `images`, `release` and `stage`.

mod bench;
mod data_plane;
mod demo;
mod images;
mod release;
mod stage;
mod steps;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Commands for working on this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring a stage up, install Milvus on it and verify it.
    Demo(demo::Options),
    /// Run everything: format, clippy, unit, snapshot, doc tests, and end to end on a stage.
    Test(test::Options),
    /// Measure, and write docs/benchmarks.md.
    Bench(bench::Options),
    /// What is known of the official images; with --check, whether they still are so.
    Images(images::Options),
    /// Build the plugin for users: on Linux one file, without a loader.
    Release,
    /// A real Kubernetes on this machine, in namespaces of its own.
    #[command(subcommand)]
    Stage(stage::Command),
}

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    if let Some(done) = release::link::as_compiler() {
        return told(done);
    }
    told(run(Arguments::parse().command))
}

fn told(done: Result<ExitCode>) -> ExitCode {
    match done {
        Ok(code) => code,
        Err(error) => {
            milvus_stage::report::line(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo(options) => demo::run(&options)?,
        Command::Test(options) => test::run(&options)?,
        Command::Bench(options) => bench::run(&options)?,
        Command::Images(options) => return images::run(&options),
        Command::Release => release::run()?,
        Command::Stage(command) => stage::run(command)?,
    }
    Ok(ExitCode::SUCCESS)
}
