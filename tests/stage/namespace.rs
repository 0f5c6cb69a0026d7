//! The stage's namespaces, seen from outside: making them, finding them again, ending all that is in them.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::supervisor::GO;
use crate::wait::{self, Look};

/// What is written down about a stage that was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Process 1 of the stage, as this machine numbers it.
    pub pid: u32,
    /// Its parent, `unshare`, which ends right after it.
    outer: u32,
    /// When that process started, in the kernel's ticks: the same id again would be another process.
    start: u64,
    /// Which boot of the machine that was.
    boot: String,
    /// The stage's network namespace.
    network: u64,
    /// Whether `up` came to its end.
    pub ready: bool,
}

impl Record {
    /// Reads what an earlier `up` wrote; nothing if there is none, or if it cannot be read.
    pub fn read(root: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(file(root)).ok()?).ok()
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, root: &Path) -> Result<()> {
        let temporary = root.join("tmp/stage.json");
        fs::write(&temporary, serde_json::to_vec_pretty(self)?)?;
        fs::rename(&temporary, file(root)).context("writing the stage's record")
    }

    /// Forgets it.
    pub fn remove(root: &Path) -> Result<()> {
        match fs::remove_file(file(root)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).context("removing the stage's record")
            }
            _ => Ok(()),
        }
    }

    /// Whether that very process still is there.
    pub fn is_alive(&self) -> bool {
        boot().is_ok_and(|boot| boot == self.boot) && start_time(self.pid) == Some(self.start)
    }

    /// Ends process 1, and with it, by the kernel, every process and mount of the stage; then what was
    /// started into its network from outside. Returns how many of the latter there were.
    pub fn end(&self, run: &Path) -> Result<usize> {
        // A namespace's number is used again once it is gone; while process 1 lives, it cannot be.
        let known: Vec<(u32, u64)> = if self.is_alive() {
            with_start(self.guests())
        } else {
            let marked = self
                .guests()
                .into_iter()
                .filter(|pid| carries_mark(*pid, run));
            with_start(marked)
        };
        if self.is_alive() {
            signal(self.pid, Signal::KILL)?;
            wait::until(
                "the stage's processes to end",
                Duration::from_secs(30),
                || {
                    let still = self.is_alive() || network(self.outer).ok() == Some(self.network);
                    Ok(if still {
                        Look::NotYet("process 1 is still there".to_owned())
                    } else {
                        Look::Done(())
                    })
                },
            )?;
        }
        if boot()? != self.boot {
            return Ok(0);
        }
        let left = || -> Vec<u32> {
            let same = |(pid, start): &&(u32, u64)| start_time(*pid) == Some(*start);
            known.iter().filter(same).map(|(pid, _)| *pid).collect()
        };
        let guests = left();
        for signal_kind in [Signal::TERM, Signal::KILL] {
            for pid in left() {
                // It may have ended by itself meanwhile.
                let _ = signal(pid, signal_kind);
            }
            let gone = wait::until(
                "commands inside the stage to end",
                Duration::from_secs(2),
                || {
                    let left = left();
                    Ok(if left.is_empty() {
                        Look::Done(())
                    } else {
                        Look::NotYet(format!("{left:?}"))
                    })
                },
            );
            if gone.is_ok() {
                break;
            }
        }
        Ok(guests.len())
    }

    /// Processes of this machine whose network is the stage's.
    fn guests(&self) -> Vec<u32> {
        let inside = |pid: &u32| *pid != self.outer && network(*pid).ok() == Some(self.network);
        processes().into_iter().filter(inside).collect()
    }

    /// Ids on this machine of the stage's processes, by their ids inside.
    pub fn outside_pids(&self) -> Vec<(u32, u32)> {
        let inside = |pid: u32| -> Option<u32> {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let ids = status
                .lines()
                .find_map(|line| line.strip_prefix("NSpid:"))?;
            ids.split_whitespace().nth(1)?.parse().ok()
        };
        self.guests()
            .into_iter()
            .filter_map(|pid| Some((inside(pid)?, pid)))
            .collect()
    }
}

/// Starts process 1 in new namespaces and records it. It goes on only once the record is written,
/// so that no stage runs which nobody knows of. The stage ends when the input is closed before
/// [`STAY`](crate::supervisor::STAY) is written to it.
pub fn launch(
    root: &Path,
    run: &Path,
    program: &Path,
    args: &[&str],
) -> Result<(Record, ChildStdin)> {
    let log =
        File::create(run.join("logs/supervisor.log")).context("creating the supervisor's log")?;
    let mut outer = Command::new("setsid")
        .args([
            "unshare",
            "--mount",
            "--pid",
            "--net",
            "--ipc",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ])
        .args(["--propagation", "private", "--"])
        .arg(program)
        .args(args)
        .current_dir(run)
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("starting setsid and unshare (Debian package util-linux)")?;
    let outer_id = outer.id();
    let pid = wait::until("the stage's first process", Duration::from_secs(10), || {
        if let Some(status) = outer.try_wait()? {
            let log = crate::cache::tail(&run.join("logs/supervisor.log"), 5);
            bail!(
                "making namespaces failed ({status}); this needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN:\n{log}"
            );
        }
        let child = processes()
            .into_iter()
            .find(|pid| parent(*pid) == Some(outer_id));
        Ok(child.map_or_else(
            || Look::NotYet("unshare has no child".to_owned()),
            Look::Done,
        ))
    })?;
    let start =
        start_time(pid).ok_or_else(|| anyhow!("the stage's first process ended at once"))?;
    let record = Record {
        pid,
        outer: outer_id,
        start,
        boot: boot()?,
        network: network(pid)?,
        ready: false,
    };
    record.write(root)?;
    let mut input = outer
        .stdin
        .take()
        .context("the stage's first process takes no input")?;
    input
        .write_all(GO.as_bytes())
        .context("telling the stage's first process to go on")?;
    Ok((record, input))
}

fn file(root: &Path) -> PathBuf {
    root.join("stage.json")
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: u32, kind: Signal) -> Result<()> {
    let raw = Pid::from_raw(pid.cast_signed())
        .ok_or_else(|| anyhow!("process id {pid} makes no sense"))?;
    let handle =
        pidfd_open(raw, PidfdFlags::empty()).with_context(|| format!("opening process {pid}"))?;
    pidfd_send_signal(handle, kind).with_context(|| format!("signalling process {pid}"))
}

fn boot() -> Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?
        .trim()
        .to_owned())
}

fn network(pid: u32) -> Result<u64> {
    Ok(fs::metadata(format!("/proc/{pid}/ns/net"))?.ino())
}

fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Processes with the time at which each started: the same id later may be another process.
fn with_start(pids: impl IntoIterator<Item = u32>) -> Vec<(u32, u64)> {
    let of = |pid| Some((pid, start_time(pid)?));
    pids.into_iter().filter_map(of).collect()
}

/// Whether a process was started into the stage of that run folder, as `stage exec` marks it.
fn carries_mark(pid: u32, run: &Path) -> bool {
    let mark = format!("MILVUS_STAGE_RUN={}", run.display());
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|entry| entry == mark.as_bytes())
}

/// The child that a process has had longest. Process 1 also gets those whose parents have ended, and pids begin anew when
/// they are used up, so that a lower one may be younger.
pub(crate) fn child_of(pid: u32) -> Option<u32> {
    processes()
        .into_iter()
        .filter(|child| parent(*child) == Some(pid))
        .min_by_key(|child| start_time(*child).unwrap_or(u64::MAX))
}

fn parent(pid: u32) -> Option<u32> {
    stat_field(pid, 1)?.parse().ok()
}

/// The kernel's start time of a process; a zombie counts as gone.
fn start_time(pid: u32) -> Option<u64> {
    if stat_field(pid, 0)? == "Z" {
        return None;
    }
    stat_field(pid, 19)?.parse().ok()
}

/// A field of `/proc/<pid>/stat`, counted from the state, which follows the name in parentheses.
fn stat_field(pid: u32, index: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(index).map(str::to_owned)
}
