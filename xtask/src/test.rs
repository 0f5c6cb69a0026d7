//! `cargo xtask test`: all that must hold, in one command.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use milvus_stage::cache::Cache;
use milvus_stage::{check, exec, lifecycle};

use crate::steps::{self, EVERYTHING, Steps, cargo};

#[derive(Args)]
pub(crate) struct Options {
    /// Leave out what needs the stage.
    #[arg(long)]
    quick: bool,
    /// Only end-to-end tests with this in their name; says nothing about the rest.
    #[arg(long, conflicts_with = "quick")]
    only: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let mut steps = Steps::new();
    let outcome = all(&mut steps, options);
    steps.summary();
    outcome
}

fn all(steps: &mut Steps, options: &Options) -> Result<()> {
    if options.quick {
        return without_stage(steps);
    }
    let cache = Cache::open()?;
    lifecycle::check_machine(&cache)?;
    // The stage's parts take long the first time: they are built beside what cargo does.
    let parts = {
        let cache = cache.clone();
        thread::spawn(move || lifecycle::build(&cache).map(drop))
    };
    let first = if options.only.is_some() {
        Ok(())
    } else {
        without_stage(steps)
    };
    let built = steps.step("build the plugin and the end-to-end tests", build);
    let parts = steps.step("stage parts", || {
        parts
            .join()
            .map_err(|_| anyhow!("building the parts panicked"))?
    });
    // What failed so far does not hide what else fails.
    let end_to_end = match (built, parts) {
        (Ok(binary), Ok(())) => with_stage(steps, &cache, &binary, options.only.as_deref()),
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    first.and(end_to_end)
}

fn without_stage(steps: &mut Steps) -> Result<()> {
    let clippy = "clippy --quiet --workspace --all-targets --all-features -- -D warnings";
    let tests = format!("test --quiet --no-fail-fast {EVERYTHING}");
    let commands = ["fmt --all --check", clippy, &tests];
    let outcomes: Vec<Result<()>> = commands
        .iter()
        .map(|words| {
            steps.step(&format!("cargo {words}"), || {
                steps::run(&mut cargo(words.split(' ')))
            })
        })
        .collect();
    outcomes.into_iter().collect()
}

/// Builds what the end-to-end tests need and returns their program.
fn build() -> Result<PathBuf> {
    let args = format!("test --no-run {EVERYTHING} --test it");
    let mut child = cargo(args.split(' '))
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut program = None;
    for line in BufReader::new(output).lines() {
        let message: serde_json::Value = serde_json::from_str(&line?)?;
        let package = message["package_id"].as_str().unwrap_or_default();
        if message["target"]["name"] == "it" && package.contains("milvus-tests") {
            program = message["executable"]
                .as_str()
                .map(PathBuf::from)
                .or(program);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("building the end-to-end tests ended with {status}");
    }
    program.context("cargo names no program for the end-to-end tests")
}

fn with_stage(
    steps: &mut Steps,
    cache: &Cache,
    binary: &std::path::Path,
    only: Option<&str>,
) -> Result<()> {
    let exe = std::env::current_exe()?;
    // A stage that somebody uses is used as well, and left as it is.
    let was_up = lifecycle::status(cache)?.up;
    if !was_up && only.is_none() {
        steps.step("the stage leaves nothing behind", || {
            check::run(cache, &exe)
        })?;
    }
    steps.step("stage up", || lifecycle::up(cache, &exe))?;
    let mut end_to_end = |title: &str, filters: &[&str]| {
        let words = std::iter::once(binary.into()).chain(filters.iter().map(OsString::from));
        let words: Vec<OsString> = words.collect();
        steps.step(title, || {
            let mut command: Command = exec::command(cache, &words)?;
            command
                .env("KUBECTL_MILVUS", steps::target()?.join("kubectl-milvus"))
                .current_dir(steps::workspace().join("tests"));
            steps::run(&mut command)
        })
    };
    // An AWS account changes the cluster that is its own: its tests come last, one by one.
    let (kubernetes, on_aws) = match only {
        Some(name) if name.starts_with(ON_AWS) => (
            Ok(()),
            end_to_end(
                "end to end, AWS",
                &[&[name, "--include-ignored"], ONE_BY_ONE].concat(),
            ),
        ),
        Some(name) => (end_to_end("end to end", &[name, "--skip", ON_AWS]), Ok(())),
        None => (
            end_to_end("end to end", &["--skip", ON_AWS]),
            end_to_end("end to end, AWS", &[&[ON_AWS], ONE_BY_ONE].concat()),
        ),
    };
    if !was_up {
        steps.step("stage down", || lifecycle::down(cache))?;
    }
    kubernetes.and(on_aws)
}

/// How the names of the tests begin that need the stage's AWS.
const ON_AWS: &str = "aws_";
/// How tests run that have the account for themselves.
const ONE_BY_ONE: &[&str] = &["--test-threads", "1"];
