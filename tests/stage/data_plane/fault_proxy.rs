//! A server that lies: `python/fault_proxy.py` in front of a real one.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{PREFIX, ports, python, ready, require_inside};
use crate::cache::Cache;
use crate::control::Stage;
use crate::lifecycle;

const SCRIPT: &str = include_str!("python/fault_proxy.py");

/// What is wrong with the server. Methods have their names of the protocol: `CreateCollection`, `Insert`, `Search` …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: what passes directly must pass through this as well.
    Nothing,
    /// Search answers have the right distances at the wrong rows.
    WrongNeighbours,
    /// Search answers are true, but lack the nearest row of each query.
    MissNearest,
    /// `count(*)` is one too low.
    WrongCount,
    /// Delete says that it deleted, and does not.
    KeepDeleted,
    /// Calls of the method are never answered.
    Hang(&'static str),
    /// The connection is reset once the server has done the method.
    DropAfter(&'static str),
}

impl Fault {
    fn args(self) -> Vec<&'static str> {
        match self {
            Self::Nothing => vec![],
            Self::WrongNeighbours => vec!["--wrong-neighbours"],
            Self::MissNearest => vec!["--miss-nearest"],
            Self::WrongCount => vec!["--wrong-count"],
            Self::KeepDeleted => vec!["--keep-deleted"],
            Self::Hang(method) => vec!["--hang", method],
            Self::DropAfter(method) => vec!["--drop-after", method],
        }
    }
}

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    stage: Stage,
    name: String,
    port: u16,
}

impl FaultProxy {
    /// Starts one in front of `upstream`, a URL such as [`super::Server::endpoint`] gives.
    pub fn start(cache: &Cache, upstream: &str, fault: Fault) -> Result<Self> {
        require_inside(cache)?;
        let upstream = upstream
            .strip_prefix("http://")
            .with_context(|| format!("upstream {upstream} is no http:// URL"))?;
        let parts = lifecycle::build(cache)?;
        let port = ports::block(cache)?;
        let script = python::script(cache, "fault_proxy.py", SCRIPT)?;
        let proxy = Self {
            stage: Stage::at(cache.run_dir()),
            name: format!("{PREFIX}{port}-fault-proxy"),
            port,
        };
        proxy.stage.start(
            python::component(&proxy.name, parts.dir("pymilvus")?)
                .arg(script.to_string_lossy())
                .args([
                    "--listen",
                    &format!("127.0.0.1:{port}"),
                    "--upstream",
                    upstream,
                ])
                .args(fault.args()),
        )?;
        ready::listens(&proxy.stage, &proxy.name, port)?;
        Ok(proxy)
    }

    /// Where clients connect, as a URL.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // What fails here ends with the stage.
        let _ = self.stage.stop(&self.name, Duration::ZERO);
    }
}
