//! Proof, on this very machine, that the stage leaves nothing behind, however it ends.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::Signal;

use crate::cache::Cache;
use crate::control::Stage;
use crate::namespace::{self, Record};
use crate::wait::{self, Look};
use crate::{exec, lifecycle, report};

/// What is looked at before and after: lines that say what there is.
type Machine = BTreeSet<String>;

/// Takes stages up and ends them in every way; the machine must look the same each time.
pub fn run(cache: &Cache, program: &Path) -> Result<()> {
    ensure!(
        !lifecycle::status(cache)?.up,
        "the check takes stages down, and one is up: end it first, with `cargo xtask stage down`"
    );
    lifecycle::down(cache)?;
    // Parts that are missing would be built by the first `up` and change what files there are.
    lifecycle::build(cache)?;
    let before = look();

    lifecycle::up(cache, program)?;
    commands(cache)?;
    let first = record(cache)?;
    lifecycle::up(cache, program)?;
    ensure!(
        record(cache)?.pid == first.pid,
        "`up` of a stage that is up started another one"
    );
    lifecycle::down(cache)?;
    compare(&before, "down")?;

    killed_while_starting(cache, program, "supervisor")?;
    killed_while_starting(cache, program, "kubelet")?;
    lifecycle::up(cache, program).context("`up` after a killed `up`")?;
    let record = record(cache)?;
    let supervisor = namespace::child_of(record.pid).context("process 1 has no child")?;
    namespace::signal(supervisor, Signal::KILL)?;
    wait::until(
        "the stage to end with its supervisor",
        Duration::from_secs(20),
        || {
            Ok(if record.is_alive() {
                Look::NotYet("it still runs".to_owned())
            } else {
                Look::Done(())
            })
        },
    )?;
    ensure!(
        !lifecycle::status(cache)?.up,
        "`status` says up after the supervisor was killed"
    );
    lifecycle::down(cache)?;
    compare(&before, "kill -9 of the supervisor and `down`")?;
    report::line("nothing was left behind");
    Ok(())
}

/// Exit codes and output pass through `exec`.
fn commands(cache: &Cache) -> Result<()> {
    let shell = |script: &str| -> Result<Command> {
        exec::command(cache, &["sh", "-c", script].map(OsString::from))
    };
    let status = shell("exit 7")?.status()?;
    ensure!(
        status.code() == Some(7),
        "a command's exit code 7 came back as {status}"
    );
    let output = shell("cat; kubectl get nodes -o name")?
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        text == "node/node1\n",
        "kubectl inside the stage wrote {text:?} instead of node/node1"
    );
    Ok(())
}

/// `kill -9` of an `up` as soon as that process has its log: the stage ends by itself.
fn killed_while_starting(cache: &Cache, program: &Path, at: &str) -> Result<()> {
    let what = format!("`stage up` to start {at}");
    let log = Stage::at(cache.run_dir()).log(at);
    // Logs of the run before would be taken for this one's.
    lifecycle::reset(cache)?;
    let mut up = Command::new(program)
        .args(["stage", "up"])
        .spawn()
        .context("starting `stage up`")?;
    let started = wait::until(&what, Duration::from_mins(1), || {
        let there = log.exists() && Record::read(cache.root()).is_some();
        Ok(if there {
            Look::Done(())
        } else {
            Look::NotYet("no log".to_owned())
        })
    });
    up.kill()?;
    up.wait()?;
    started?;
    let record = record(cache)?;
    wait::until(
        "the stage to end with `up`",
        Duration::from_secs(20),
        || {
            Ok(if record.is_alive() {
                Look::NotYet("it still runs".to_owned())
            } else {
                Look::Done(())
            })
        },
    )
}

fn record(cache: &Cache) -> Result<Record> {
    Record::read(cache.root()).context("the stage has no record")
}

fn compare(before: &Machine, after_what: &str) -> Result<()> {
    let after = look();
    let left: Vec<_> = after.difference(before).map(String::as_str).collect();
    if left.is_empty() {
        return Ok(());
    }
    bail!("left behind after {after_what}:\n  {}", left.join("\n  "))
}

/// Everything outside the cache that a stage could leave behind.
fn look() -> Machine {
    let mut found = Machine::new();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    found.extend(mounts.lines().map(|line| format!("mount {line}")));
    for dir in [
        "/sys/class/net",
        "/run",
        "/run/netns",
        "/opt",
        "/etc",
        "/etc/cni",
        "/var/lib",
        "/var/log",
    ] {
        found.extend(names(dir).map(|name| format!("file {dir}/{name}")));
    }
    found.extend(names("/proc").filter_map(|pid| namespaces(&pid)).flatten());
    cgroups(Path::new("/sys/fs/cgroup"), &mut found);
    found
}

fn names(dir: &str) -> impl Iterator<Item = String> {
    fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
}

/// The namespaces of a process: those of a stage exist only as long as one of its processes does.
fn namespaces(pid: &str) -> Option<Vec<String>> {
    pid.parse::<u32>().ok()?;
    let namespace = |kind: &str| {
        let inode = fs::metadata(format!("/proc/{pid}/ns/{kind}")).ok()?.ino();
        Some(format!("namespace {kind} {inode}"))
    };
    Some(
        ["pid", "net", "mnt", "ipc"]
            .into_iter()
            .filter_map(namespace)
            .collect(),
    )
}

fn cgroups(dir: &Path, found: &mut Machine) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.insert(format!("cgroup {}", entry.path().display()));
            cgroups(&entry.path(), found);
        }
    }
}
