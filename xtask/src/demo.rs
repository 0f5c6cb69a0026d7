//! `cargo xtask demo`: from nothing to a verified Milvus on a real Kubernetes.

use std::ffi::OsString;
use std::thread;

use anyhow::{Result, anyhow};
use milvus_stage::cache::Cache;
use milvus_stage::{exec, lifecycle, report};

use crate::steps::{self, Steps, cargo};

/// Where the demo's Milvus goes.
const NAMESPACE: &str = "milvus";
/// What it is made of.
const FILE: &str = "tests/stage/demo.yaml";

pub(crate) fn run() -> Result<()> {
    let cache = Cache::open()?;
    lifecycle::check_machine(&cache)?;
    let mut steps = Steps::new();
    let outcome = all(&mut steps, &cache);
    steps.summary();
    outcome?;
    look_around(&cache)
}

fn all(steps: &mut Steps, cache: &Cache) -> Result<()> {
    let plugin = thread::spawn(|| {
        steps::run(&mut cargo([
            "build",
            "--quiet",
            "--package",
            "kubectl-milvus",
        ]))
    });
    let parts = steps.step("stage parts, beside the plugin's build", || {
        lifecycle::build(cache)
    });
    let built = steps.step("plugin", || {
        plugin
            .join()
            .map_err(|_| anyhow!("building the plugin panicked"))?
    });
    parts?;
    built?;
    steps.step("stage up", || {
        lifecycle::up(cache, &std::env::current_exe()?)
    })?;
    steps.step("kubectl milvus install", || {
        kubectl(cache, &["milvus", "install", "-n", NAMESPACE, "-f", FILE])
    })?;
    steps.step("kubectl milvus verify", || {
        kubectl(cache, &["milvus", "verify", "-n", NAMESPACE])
    })?;
    steps.step("what runs", || {
        kubectl(
            cache,
            &["get", "pods,services,pvc", "-n", NAMESPACE, "-o", "wide"],
        )
    })
}

/// The stage's kubectl, with the plugin just built on its PATH.
fn kubectl(cache: &Cache, args: &[&str]) -> Result<()> {
    let words: Vec<OsString> = std::iter::once("kubectl")
        .chain(args.iter().copied())
        .map(OsString::from)
        .collect();
    let mut command = exec::command_with_path(cache, &words, &[steps::target()?])?;
    steps::run(command.current_dir(steps::workspace()))
}

fn look_around(cache: &Cache) -> Result<()> {
    let status = lifecycle::status(cache)?;
    let names: Vec<_> = status
        .components
        .iter()
        .map(|component| component.name.as_str())
        .collect();
    for line in [
        "",
        "A real Milvus server runs in a pod on a real Kubernetes, in namespaces of its own on this machine.",
        "What each part is, and which of them are stand-ins: tests/stage/README.md",
    ] {
        report::line(line);
    }
    report::line(format!("  processes   {}", names.join(", ")));
    report::line(format!("  logs, data  {}", status.run.display()));
    report::line("Look around in it:");
    report::line("  cargo xtask stage exec -- kubectl get pods -A");
    report::line("  cargo xtask stage exec -- bash");
    report::line("Take it down:");
    report::line("  cargo xtask stage down");
    Ok(())
}
