//! The two processes at the root of the stage: process 1 of its PID namespace, and the supervisor that starts everything.
//!
//! Process 1 only reaps what nobody else waits for, and ends when the supervisor does. The kernel then ends
//! every process of the namespace: stopping the stage and cleaning up after a crash are the same thing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, pidfd_send_signal, wait,
};

use crate::control::{Component, Reply, Report, Request, State, socket};

/// What `up` writes to process 1 once it has recorded it.
pub(crate) const GO: &str = "go\n";
/// What `up` writes at its end; without it, the stage ends when `up` does, killed or not.
pub(crate) const STAY: &str = "stay\n";

/// Process 1: starts `program args…` (the supervisor), reaps orphans, ends with it.
pub fn init(program: &Path, args: &[&str]) -> Result<()> {
    if read_line()? != GO {
        return Ok(());
    }
    let child = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .spawn()
        .context("starting the supervisor")?;
    let supervisor = Pid::from_child(&child);
    thread::spawn(move || {
        if read_line().is_ok_and(|line| line != STAY) {
            // It has not been waited for, so the id still is its own.
            let _ = kill_process(supervisor, Signal::KILL);
        }
    });
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == supervisor => {
                bail!("the supervisor ended: {status:?}")
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("waiting for processes"),
        }
    }
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("reading what `up` says")?;
    Ok(line)
}

struct Running {
    pid: u32,
    /// Signals through it never hit another process that got the same id.
    handle: OwnedFd,
    state: State,
}

#[derive(Default)]
struct Shared {
    components: Mutex<BTreeMap<String, Running>>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Running>> {
        self.components
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The supervisor: answers requests on the run folder's socket until it is killed.
pub fn serve(run: &Path) -> Result<()> {
    fs::create_dir_all(run.join("logs"))?;
    let path = socket(run);
    let listener = UnixListener::bind(&path).with_context(|| {
        format!("listening on {}: if the path is too long for a socket, set XDG_CACHE_HOME to a shorter one", path.display())
    })?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let shared = Arc::new(Shared::default());
    for stream in listener.incoming() {
        let (stream, shared, run) = (stream?, Arc::clone(&shared), run.to_path_buf());
        thread::spawn(move || {
            // A client that went away misses its answer; nothing else is lost.
            let _ = answer(&stream, &shared, &run);
        });
    }
    Ok(())
}

fn answer(stream: &UnixStream, shared: &Arc<Shared>, run: &Path) -> Result<()> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    let outcome = match serde_json::from_str(&line).context("reading the request")? {
        Request::Start(component) => start(shared, run, &component),
        Request::Stop { name, grace } => stop(shared, &name, grace),
        Request::List => Ok(()),
    };
    let reply: Reply = outcome
        .map(|()| list(shared))
        .map_err(|error| format!("{error:#}"));
    let mut stream = stream;
    writeln!(stream, "{}", serde_json::to_string(&reply)?)?;
    Ok(())
}

fn start(shared: &Arc<Shared>, run: &Path, component: &Component) -> Result<()> {
    let mut components = shared.lock();
    if components
        .get(&component.name)
        .is_some_and(|running| running.state == State::Running)
    {
        bail!("{} runs already", component.name);
    }
    let child = spawn(run, component)?;
    let pid = child.id();
    let raw = Pid::from_raw(pid.cast_signed())
        .ok_or_else(|| anyhow!("process id {pid} makes no sense"))?;
    let handle = pidfd_open(raw, PidfdFlags::empty()).context("opening a handle on the process")?;
    components.insert(
        component.name.clone(),
        Running {
            pid,
            handle,
            state: State::Running,
        },
    );
    let (shared, name) = (Arc::clone(shared), component.name.clone());
    thread::spawn(move || watch(child, &shared, &name));
    Ok(())
}

fn spawn(run: &Path, component: &Component) -> Result<Child> {
    let path: PathBuf = run.join("logs").join(format!("{}.log", component.name));
    let log = File::options().create(true).append(true).open(&path)?;
    Command::new(&component.program)
        .args(&component.args)
        .envs(&component.env)
        .current_dir(component.dir.as_deref().unwrap_or(run))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("starting {}", component.program.display()))
}

fn watch(mut child: Child, shared: &Shared, name: &str) {
    let how = match child.wait() {
        Ok(status) => status.to_string(),
        Err(error) => format!("unknown: {error}"),
    };
    if let Some(running) = shared.lock().get_mut(name) {
        running.state = State::Ended(how);
    }
    shared.changed.notify_all();
}

fn stop(shared: &Shared, name: &str, grace: Duration) -> Result<()> {
    for (signal, limit) in [
        (Signal::TERM, grace),
        (Signal::KILL, Duration::from_secs(10)),
    ] {
        let mut components = shared.lock();
        match components.get(name) {
            Some(running) if running.state == State::Running => {
                // It may have ended just now; then waiting returns at once.
                let _ = pidfd_send_signal(&running.handle, signal);
            }
            // What was to end and did is no news: only what ended by itself stays on the list.
            _ => {
                components.remove(name);
                return Ok(());
            }
        }
        let runs = |all: &mut BTreeMap<String, Running>| {
            all.get(name)
                .is_some_and(|running| running.state == State::Running)
        };
        let (mut components, waited) = shared
            .changed
            .wait_timeout_while(components, limit, runs)
            .unwrap_or_else(PoisonError::into_inner);
        if !waited.timed_out() {
            components.remove(name);
            return Ok(());
        }
    }
    bail!("{name} does not end even on SIGKILL")
}

fn list(shared: &Shared) -> Vec<Report> {
    let components = shared.lock();
    components
        .iter()
        .map(|(name, running)| Report {
            name: name.clone(),
            pid: running.pid,
            state: running.state.clone(),
        })
        .collect()
}
