//! Commands in the stage's network, as if it were this machine's.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::cache::Cache;
use crate::lifecycle;
use crate::namespace::Record;

/// In a mount namespace of the command's own, the stage's DNS is the machine's; all other files are as ever.
const SCRIPT: &str =
    r#"mount --bind "$MILVUS_STAGE_RUN/resolv.conf" /etc/resolv.conf && exec "$@""#;

/// The command that runs `words` inside: in place of this process by `exec`, or as a child.
///
/// Every program on the way replaces itself by the next, so exit code, input and Ctrl-C are the command's own.
pub fn command(cache: &Cache, words: &[OsString]) -> Result<Command> {
    command_with_path(cache, words, &[])
}

/// The same, with folders that come first on the PATH.
pub fn command_with_path(cache: &Cache, words: &[OsString], dirs: &[PathBuf]) -> Result<Command> {
    let Some(record) =
        Record::read(cache.root()).filter(|record| record.is_alive() && record.ready)
    else {
        bail!("the stage is not up: start it with `cargo xtask stage up`");
    };
    let run = cache.run_dir();
    let parts = lifecycle::build(cache)?;
    let host = std::env::var_os("PATH").unwrap_or_default();
    let ours = ["kubernetes", "helm", "helm4"].map(|part| Ok(parts.dir(part)?.join("bin")));
    let ours = ours.into_iter().collect::<Result<Vec<_>>>()?;
    let dirs = dirs.iter().cloned().chain(ours);
    let path = std::env::join_paths(dirs.chain(std::env::split_paths(&host)))?;
    let mut command = Command::new("nsenter");
    command
        .args(["--target", &record.pid.to_string(), "--net", "--"])
        .args([
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "--",
            "/bin/sh",
            "-c",
            SCRIPT,
            "sh",
        ])
        .args(words)
        .env("PATH", path)
        .env("KUBECONFIG", run.join("admin.kubeconfig"))
        .env("KUBECACHEDIR", run.join("tmp/kubectl-cache"))
        .env("HELM_CACHE_HOME", run.join("tmp/helm"))
        .env("MILVUS_STAGE_RUN", &run);
    // A proxy of the machine's would be asked for addresses that only the stage knows.
    for name in [
        "http_proxy",
        "https_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env_remove(OsStr::new(name));
    }
    Ok(command)
}
