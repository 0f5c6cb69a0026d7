//! `cargo xtask release`: the plugin as it is given to users.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub(crate) mod link;

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use milvus_stage::report;

use crate::steps::{self, cargo};

/// Its profile in Cargo.toml.
const PROFILE: &str = "dist";

pub(crate) fn run() -> Result<()> {
    let plugin = build()?;
    report::line(format!("{}", plugin.display()));
    Ok(())
}

/// Builds the plugin and returns where it is. On Linux it is one file that runs on every distribution, and starts without
/// a loader, which half of the time of a short command would go to.
pub(crate) fn build() -> Result<PathBuf> {
    const PLUGIN: [&str; 5] = ["build", "--profile", PROFILE, "--package", "kubectl-milvus"];
    let folder = steps::target()?;
    if !cfg!(target_os = "linux") {
        steps::run(&mut cargo(PLUGIN))?;
        return Ok(folder.with_file_name(PROFILE).join(binary()));
    }
    let target = host()?.replace("-linux-gnu", "-linux-musl");
    add_target(&target)?;
    let mut build = cargo(PLUGIN);
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    link::by_this(&mut build)?;
    build.args(["--target", &target]);
    build.env(
        of_target("CARGO_TARGET", &target, "_RUSTFLAGS").to_uppercase(),
        FLAGS,
    );
    if let Some((variable, compiler)) = compiler(&target) {
        build.env(variable, compiler);
    }
    steps::run(&mut build)?;
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    if let Some(why) = link::unordered()? {
        report::line(format!(
            "note: short commands start more slowly than they could, as what they run was not found out: {why}"
        ));
    }
    let folder = folder.with_file_name(target);
    Ok(folder.join(PROFILE).join(binary()))
}

/// At a fixed address, as Go's programs have it, nothing need put right a hundred thousand pointers at each start
/// (`crates/kubectl-milvus/build.rs` does the same where the loader is dynamic).
const FLAGS: &str = "-C relocation-model=static";

/// The target that rustc itself is built for.
fn host() -> Result<String> {
    let said = Command::new("rustc")
        .arg("-vV")
        .current_dir(steps::workspace())
        .output()
        .context("asking rustc what it is built for")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .context("rustc does not say what it is built for")
}

fn of_target(before: &str, target: &str, after: &str) -> String {
    format!("{before}_{}{after}", target.replace('-', "_"))
}

fn binary() -> String {
    format!("kubectl-milvus{}", std::env::consts::EXE_SUFFIX)
}

/// Rust's standard library for that target, unless it is there.
fn add_target(target: &str) -> Result<()> {
    let known = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(steps::workspace())
        .output()
        .context("asking rustc where its libraries are")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&known.stdout).trim());
    if known.status.success() && folder.is_dir() {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    add.args(["target", "add", target])
        .current_dir(steps::workspace());
    steps::run(&mut add)
}

/// The little C that dependencies have needs nothing of a C library: without a compiler for musl, the system's does.
fn compiler(target: &str) -> Option<(String, &'static str)> {
    let variable = of_target("CC", target, "");
    let is_set = |name: &str| std::env::var_os(name).is_some();
    let is_there = |name: String| {
        let mut ask = Command::new(name);
        ask.arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        ask.status().is_ok()
    };
    let is_known = [&variable, &format!("CC_{target}"), "TARGET_CC"]
        .into_iter()
        .any(is_set)
        || is_there(target.replace("-unknown", "") + "-gcc")
        || is_there("musl-gcc".to_owned());
    (!is_known).then_some((variable, "cc"))
}
