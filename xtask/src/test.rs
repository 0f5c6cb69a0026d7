//! `cargo xtask test`: all that must hold, in one command.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use milvus_stage::cache::Cache;
use milvus_stage::{check, exec, lifecycle, report};

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
        (Ok(programs), Ok(())) => {
            // Much of an end-to-end test is waiting: the AWS half is tested meanwhile.
            let only = options.only.as_deref();
            let aws = only.is_none().then(|| beside(aws_half(&programs.aws)));
            let end_to_end = with_stage(steps, &cache, &programs.it, only);
            let aws = aws.map_or(Ok(()), |aws| {
                steps.step("AWS half, meanwhile", || shown(aws))
            });
            end_to_end.and(aws)
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    first.and(end_to_end)
}

/// The tests of the AWS half, which need no stage. Their time is virtual: they wait for whatever has to be in time.
fn aws_half(program: &Path) -> Command {
    let mut command = Command::new("nice");
    command
        .args(["-n", "19"])
        .arg(program)
        .current_dir(steps::workspace().join("tests"));
    command
}

/// Starts a command and keeps what it prints.
fn beside(mut command: Command) -> JoinHandle<io::Result<Output>> {
    thread::spawn(move || command.stdin(Stdio::null()).output())
}

/// Waits for it, and shows what it printed.
fn shown(tests: JoinHandle<io::Result<Output>>) -> Result<()> {
    let ended = tests.join().map_err(|_| anyhow!("it panicked"))??;
    for text in [&ended.stdout, &ended.stderr] {
        report::line(String::from_utf8_lossy(text).trim_end());
    }
    if !ended.status.success() {
        bail!("the tests ended with {}", ended.status);
    }
    Ok(())
}

fn without_stage(steps: &mut Steps) -> Result<()> {
    let clippy = "clippy --quiet --workspace --all-targets --all-features -- -D warnings";
    // `--all-targets` leaves out what `cargo test` alone does not run.
    let clippy_of_others =
        "clippy --quiet --workspace --all-features --test it --test aws -- -D warnings";
    let tests = format!("test --quiet --no-fail-fast {EVERYTHING}");
    let commands = ["fmt --all --check", clippy, clippy_of_others, &tests];
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

/// The programs of tests that `cargo test` alone does not run.
struct Programs {
    it: PathBuf,
    aws: PathBuf,
}

/// Builds what the end-to-end tests and those of the AWS half need, and returns their programs.
fn build() -> Result<Programs> {
    let args = format!("test --no-run {EVERYTHING} --test it --test aws");
    let mut child = cargo(args.split(' '))
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut programs = BTreeMap::new();
    for line in BufReader::new(output).lines() {
        let message: serde_json::Value = serde_json::from_str(&line?)?;
        let package = message["package_id"].as_str().unwrap_or_default();
        let (name, program) = (&message["target"]["name"], &message["executable"]);
        if let (Some(name), Some(program)) = (name.as_str(), program.as_str())
            && package.contains("milvus-tests")
        {
            programs.insert(name.to_owned(), PathBuf::from(program));
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("building the end-to-end tests ended with {status}");
    }
    let mut program = |name| {
        let program = programs.remove(name);
        program.with_context(|| format!("cargo names no program for the tests `{name}`"))
    };
    Ok(Programs {
        it: program("it")?,
        aws: program("aws")?,
    })
}

fn with_stage(steps: &mut Steps, cache: &Cache, binary: &Path, only: Option<&str>) -> Result<()> {
    let exe = std::env::current_exe()?;
    // A stage that somebody uses is used as well, and left as it is.
    let was_up = lifecycle::status(cache)?.up;
    if !was_up && only.is_none() {
        steps.step("the stage leaves nothing behind", || {
            check::run(cache, &exe)
        })?;
    }
    steps.step("stage up", || lifecycle::up(cache, &exe))?;
    let outcome = match only {
        Some(name) => steps.step("end to end", || {
            let filters = chosen(name);
            holds_some(binary, name, &filters)?;
            steps::run(&mut tests(cache, binary, &filters)?)
        }),
        None => end_to_end(steps, |group| tests(cache, binary, group.filters)),
    };
    if !was_up {
        steps.step("stage down", || lifecycle::down(cache))?;
    }
    outcome
}

/// All groups; two of them wait more than they work, and neither changes what the other has of the cluster.
fn end_to_end(steps: &mut Steps, tests: impl Fn(&Group) -> Result<Command>) -> Result<()> {
    let guide = beside(tests(&GUIDE)?);
    let kubernetes = steps.step(KUBERNETES.title, || steps::run(&mut tests(&KUBERNETES)?));
    let guide = steps.step(GUIDE.title, || shown(guide));
    let aws = steps.step(AWS.title, || steps::run(&mut tests(&AWS)?));
    kubernetes.and(guide).and(aws)
}

/// Somebody's choice: of the tests that have the account for themselves also what takes too long for every run.
fn chosen(name: &str) -> Vec<&str> {
    let more: &[&str] = if ALONE.iter().any(|module| name.starts_with(module)) {
        &["--include-ignored", "--test-threads", "1"]
    } else {
        KUBERNETES.filters
    };
    [&[name], more].concat()
}

/// Nothing that ran is no success.
fn holds_some(binary: &Path, name: &str, filters: &[&str]) -> Result<()> {
    let list = Command::new(binary).args(filters).arg("--list").output()?;
    let names = String::from_utf8_lossy(&list.stdout);
    if !names.lines().any(|line| line.ends_with(": test")) {
        bail!("no end-to-end test has `{name}` in its name");
    }
    Ok(())
}

/// The end-to-end tests of these names, in the stage.
fn tests(cache: &Cache, binary: &Path, filters: &[&str]) -> Result<Command> {
    let words = std::iter::once(binary.into()).chain(filters.iter().map(OsString::from));
    let words: Vec<OsString> = words.collect();
    let mut command = exec::command(cache, &words)?;
    command
        .env("KUBECTL_MILVUS", steps::target()?.join("kubectl-milvus"))
        .current_dir(steps::workspace().join("tests"));
    Ok(command)
}

/// What the names of modules begin with whose tests have the account for themselves.
const ALONE: [&str; 2] = ["guide_", "aws_"];

/// End-to-end tests that run together.
struct Group {
    title: &'static str,
    filters: &'static [&'static str],
}

/// Each has a namespace for itself. Two at once are as many as two processors do well beside the rest.
const KUBERNETES: Group = Group {
    title: "end to end",
    filters: &["--skip", "guide_", "--skip", "aws_", "--test-threads", "2"],
};
/// Each has the account for itself, of which the guide makes a part by hand.
const GUIDE: Group = Group {
    title: "end to end, the guide's cluster, meanwhile",
    filters: &["guide_", "--test-threads", "1"],
};
/// Each has the account for itself, and changes the cluster that is the account's own: they come last.
const AWS: Group = Group {
    title: "end to end, AWS",
    filters: &["aws_", "--test-threads", "1"],
};
