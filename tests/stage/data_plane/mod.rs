//! Kafka, S3 and Milvus servers beside Kubernetes, started on demand by tests and by `cargo xtask stage data-plane`.
//!
//! Everything runs under the stage's supervisor, in the stage's namespaces, and not under the test that asks for it:
//! a test that is killed cannot end its children, but the kernel ends all of the stage's when the stage ends.
//! Callers must be in the stage's network (`cargo xtask stage exec`), because readiness is seen from there.

pub mod check;
mod fault_proxy;
mod kafka;
mod parts;
pub mod peer;
mod pki;
mod ports;
mod python;
mod ready;
mod server;
mod services;
mod settings;

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::cache::Cache;
use crate::control::{Stage, State};
use crate::namespace::Record;

pub use fault_proxy::{Fault, FaultProxy};
pub use parts::parts;
pub use server::{Login, Server, Shape, Users, Variant};
pub use services::Services;

/// All components of the data plane have names that begin so.
const PREFIX: &str = "dp-";

/// Ends a server by its name, or everything of the data plane, whoever started it. Returns how many processes there were.
pub fn down(cache: &Cache, server: Option<&str>) -> Result<usize> {
    let stage = Stage::at(cache.run_dir());
    let reports = stage.components()?;
    let belongs = |name: &str| {
        name.starts_with(PREFIX)
            && server.is_none_or(|server| name == server || name.starts_with(&format!("{server}-")))
    };
    let running = reports
        .iter()
        .filter(|report| belongs(&report.name) && report.state == State::Running);
    let names: Vec<&str> = running.map(|report| report.name.as_str()).collect();
    if let (Some(server), true) = (server, names.is_empty()) {
        bail!(
            "no server {server} runs on the data plane: `cargo xtask stage status` shows what does"
        );
    }
    // What the servers lean on goes after them, or they would fill their logs with it.
    let (services, servers): (Vec<&str>, Vec<&str>) = names
        .iter()
        .partition(|name| services::NAMES.contains(name));
    for name in servers.iter().chain(&services) {
        stage.stop(name, Duration::ZERO)?;
    }
    Ok(names.len())
}

/// Whether this process is in the stage's network, where the data plane is reached.
pub fn is_inside(cache: &Cache) -> Result<bool> {
    let Some(record) = Record::read(cache.root()).filter(Record::is_alive) else {
        bail!("the stage is not up: start it with `cargo xtask stage up`");
    };
    let network = |pid: &str| {
        std::fs::read_link(format!("/proc/{pid}/ns/net"))
            .with_context(|| format!("finding the network of process {pid}"))
    };
    Ok(network("self")? == network(&record.pid.to_string())?)
}

/// Fails with advice if [`is_inside`] is false.
fn require_inside(cache: &Cache) -> Result<()> {
    if !is_inside(cache)? {
        bail!(
            "the data plane is reached from the stage's network only: use `cargo xtask stage exec -- COMMAND`"
        );
    }
    Ok(())
}
