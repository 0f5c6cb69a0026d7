//! The stage as a whole: up, down, reset, status.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use crate::cache::{self, Cache, KEPT, Part};
use crate::control::{self, Stage, State};
use crate::namespace::{self, Record};
use crate::parts::{self, Parts};
use crate::supervisor::STAY;
use crate::wait::{self, Look};
use crate::{cgroup, data_plane, kubernetes, milvus, report, requirements};

/// Lock that everything takes which changes what runs.
const LOCK: &str = "stage";

/// Builds what is missing and starts the stage; one that is up already is left alone. `program` with
/// `args` added is how this very program is told to call [`init`], [`supervise`] and [`bring_up`].
pub fn up(cache: &Cache, program: &Path) -> Result<()> {
    requirements::check(cache)?;
    let _lock = cache.lock(LOCK)?;
    if let Some(record) = Record::read(cache.root()) {
        if record.is_alive() && record.ready {
            return already_up(cache);
        }
        report::line("cleaning up after a stage that was not taken down");
        clean(cache)?;
    }
    build(cache)?;
    if let Err(error) = cache.forget_unused(KEPT) {
        report::line(format!("note: old parts stay: {error:#}"));
    }
    let start = Instant::now();
    report::line("starting the stage");
    if let Err(error) = start_all(cache, program) {
        // What failed is in the logs, which stay; half a stage is of no use.
        clean(cache)?;
        return Err(error.context(format!(
            "starting the stage (logs: {})",
            cache.run_dir().join("logs").display()
        )));
    }
    report::line(format!(
        "the stage is up after {}",
        report::seconds(start.elapsed())
    ));
    Ok(())
}

fn already_up(cache: &Cache) -> Result<()> {
    report::line("the stage is up already");
    for component in Stage::at(cache.run_dir()).components()? {
        if let State::Ended(how) = component.state {
            let advice = "`cargo xtask stage down`, then `up`, starts it anew";
            report::line(format!("  but {} ended: {how}; {advice}", component.name));
        }
    }
    Ok(())
}

/// Fails, with all that is missing, if this machine cannot run a stage.
pub fn check_machine(cache: &Cache) -> Result<()> {
    requirements::check(cache)
}

/// Builds all parts that are missing.
pub fn build(cache: &Cache) -> Result<Parts> {
    parts::ensure(cache, table())
}

fn table() -> Vec<Part> {
    let mut table = kubernetes::parts::parts();
    table.push(milvus::part());
    table.extend(data_plane::parts());
    table
}

fn start_all(cache: &Cache, program: &Path) -> Result<()> {
    let run = cache.run_dir();
    cache::remove(&run)?;
    fs::create_dir_all(run.join("logs"))?;
    cgroup::create()?;
    let (mut record, mut input) =
        namespace::launch(cache.root(), &run, program, &["stage", "init"])?;
    wait::until("the stage's supervisor", Duration::from_secs(10), || {
        if !record.is_alive() {
            bail!(
                "it ended:\n{}",
                cache::tail(&run.join("logs/supervisor.log"), 12)
            );
        }
        Ok(if control::socket(&run).exists() {
            Look::Done(())
        } else {
            Look::NotYet("no socket".to_owned())
        })
    })?;
    let status = Command::new("nsenter")
        .args([
            "--target",
            &record.pid.to_string(),
            "--mount",
            "--net",
            "--ipc",
            "--pid",
            "--",
        ])
        .arg(program)
        .args(["stage", "bring-up"])
        .status()
        .context("starting nsenter (Debian package util-linux)")?;
    if !status.success() {
        bail!("the start inside the stage ended with {status}");
    }
    record.ready = true;
    record.write(cache.root())?;
    input
        .write_all(STAY.as_bytes())
        .context("telling the stage to stay")
}

/// What runs as process 1 inside the new namespaces.
pub fn init() -> Result<()> {
    crate::supervisor::init(&std::env::current_exe()?, &["stage", "supervise"])
}

/// What runs as the supervisor inside the new namespaces.
pub fn supervise() -> Result<()> {
    crate::supervisor::serve(&Cache::open()?.run_dir())
}

/// What starts the stage's parts, inside its namespaces.
pub fn bring_up() -> Result<()> {
    let cache = Cache::open()?;
    let parts = build(&cache)?;
    kubernetes::bring_up(&Stage::at(cache.run_dir()), &parts)
}

/// Ends the stage; logs stay until the next `up`.
pub fn down(cache: &Cache) -> Result<()> {
    let _lock = cache.lock(LOCK)?;
    let was_up = Record::read(cache.root()).is_some();
    clean(cache)?;
    report::line(if was_up {
        "the stage is down"
    } else {
        "the stage was not up"
    });
    Ok(())
}

/// Ends the stage and removes all that it wrote; built parts stay.
pub fn reset(cache: &Cache) -> Result<()> {
    down(cache)?;
    cache::remove(&cache.run_dir())
}

fn clean(cache: &Cache) -> Result<()> {
    if let Some(record) = Record::read(cache.root()) {
        let guests = record.end(&cache.run_dir())?;
        if guests > 0 {
            report::line(format!(
                "ended {guests} commands that still ran inside the stage"
            ));
        }
    }
    cgroup::remove()?;
    Record::remove(cache.root())
}

/// What `status` shows.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Whether it is up and whole.
    pub up: bool,
    /// Process 1 of the stage, as this machine numbers it.
    pub pid: Option<u32>,
    /// All components.
    pub components: Vec<ComponentStatus>,
    /// Where the API server answers, inside the stage's network.
    pub api_server: String,
    /// Where names are resolved, inside the stage's network.
    pub dns: String,
    /// Administrator's kubeconfig, for use inside the stage's network.
    pub kubeconfig: PathBuf,
    /// Folder of all of the run's files.
    pub run: PathBuf,
}

/// A component in [`Status`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentStatus {
    /// Its name.
    pub name: String,
    /// Its process, as this machine numbers it.
    pub pid: Option<u32>,
    /// `running`, or how it ended.
    pub state: String,
}

/// Whether the stage is up, and what runs in it.
pub fn status(cache: &Cache) -> Result<Status> {
    let run = cache.run_dir();
    let record = Record::read(cache.root()).filter(Record::is_alive);
    let mut components = Vec::new();
    if let Some(record) = &record {
        let outside = record.outside_pids();
        for found in Stage::at(&run).components()? {
            let pid = outside
                .iter()
                .find(|(inside, _)| *inside == found.pid)
                .map(|(_, pid)| *pid);
            let (pid, state) = match found.state {
                State::Running => (pid, "running".to_owned()),
                State::Ended(how) => (None, format!("ended: {how}")),
            };
            components.push(ComponentStatus {
                name: found.name,
                pid,
                state,
            });
        }
    }
    Ok(Status {
        up: record.as_ref().is_some_and(|record| record.ready),
        pid: record.map(|record| record.pid),
        components,
        api_server: format!("https://{}", kubernetes::API_ADDRESS),
        dns: kubernetes::DNS_ADDRESS.to_owned(),
        kubeconfig: run.join("admin.kubeconfig"),
        run,
    })
}
