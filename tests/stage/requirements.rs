//! What the machine must have for the stage, said before anything is done.

use anyhow::{Result, bail};

use crate::cache::Cache;

/// Programs that the stage and the making of its parts call, and where they come from.
const PROGRAMS: &[(&str, &str)] = &[
    ("unshare", "Debian package util-linux"),
    ("nsenter", "Debian package util-linux"),
    ("setsid", "Debian package util-linux"),
    ("mount", "Debian package mount"),
    ("apt-get", "a Debian system"),
    ("dpkg-deb", "Debian package dpkg"),
    ("go", "https://go.dev/dl, 1.24 or later"),
    ("cc", "Debian package gcc"),
    ("python3", "Debian package python3"),
    ("java", "a JDK, 17 or later"),
];

/// Folders that the stage covers with its own.
const COVERED: &[&str] = &["/run", "/var/run", "/var/lib", "/var/log", "/proc"];

const OTHERWISE: &str = "without a stage, use a cluster that exists: `kubectl milvus install` works with any kubeconfig, \
    and `cargo xtask test --quick` runs every test that needs no cluster";

/// Fails with all that is missing, and with how to go on without the stage.
pub(crate) fn check(cache: &Cache) -> Result<()> {
    let mut missing = Vec::new();
    if !cfg!(target_os = "linux") {
        missing.push("Linux: the stage is made of its namespaces".to_owned());
    } else if !rustix::process::geteuid().is_root() {
        missing.push("root: making network namespaces and mounts needs it".to_owned());
    }
    for (program, source) in PROGRAMS {
        if !on_path(program) {
            missing.push(format!("{program} ({source})"));
        }
    }
    if let Some(dir) = COVERED.iter().find(|dir| cache.root().starts_with(dir)) {
        missing.push(format!(
            "a cache folder outside {dir}, which the stage covers: set XDG_CACHE_HOME (now {})",
            cache.root().display()
        ));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = missing.iter().map(|what| format!("  - {what}")).collect();
    bail!(
        "the stage cannot run here; missing:\n{}\n{OTHERWISE}",
        list.join("\n")
    )
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
