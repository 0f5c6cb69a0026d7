//! A list of steps with their times: each is a command that must succeed.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use milvus_stage::report;

/// What everything is built with: with other features the SDKs would be built once more.
pub(crate) const EVERYTHING: &str = "--workspace --features milvus-tests/plugin,milvus-tests/stage";

/// Steps done so far and how long each took.
pub(crate) struct Steps {
    start: Instant,
    done: Vec<(String, Duration, bool)>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Does one step and notes its time.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        report::line(format!("==> {name}"));
        let start = Instant::now();
        let outcome = work().with_context(|| format!("step `{name}`"));
        self.done
            .push((name.to_owned(), start.elapsed(), outcome.is_ok()));
        outcome
    }

    /// Shows what was done.
    pub(crate) fn summary(&self) {
        report::line("");
        for (name, took, succeeded) in &self.done {
            let mark = if *succeeded { "" } else { "  FAILED" };
            report::line(format!("{:>10}  {name}{mark}", report::seconds(*took)));
        }
        report::line(format!(
            "{:>10}  in all",
            report::seconds(self.start.elapsed())
        ));
    }
}

/// cargo, in the workspace's folder.
pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace());
    // Build scripts watch these (ring's does), and would run again, with all that is built on them.
    for (name, _) in std::env::vars_os() {
        let told = name.to_string_lossy();
        if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command; it must succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("starting {program}"))?;
    if !status.success() {
        let words: Vec<_> = command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        bail!("`{program} {}` ended with {status}", words.join(" "));
    }
    Ok(())
}

/// The workspace's folder.
pub(crate) fn workspace() -> PathBuf {
    // Where cargo says it is: a copy of this checkout runs its own code.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or_else(|| ".".into(), PathBuf::from)
}

/// Where cargo puts what it builds, in the profile `dev`.
pub(crate) fn target() -> Result<PathBuf> {
    let exe = std::env::current_exe()?;
    exe.parent()
        .map(PathBuf::from)
        .ok_or_else(|| anyhow!("{} has no folder", exe.display()))
}
