//! The stage's own cgroup, below which the kubelet makes one for every pod.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::wait::{self, Look};

/// Its name in every hierarchy.
pub(crate) const NAME: &str = "kubectl-milvus-stage";

const ROOT: &str = "/sys/fs/cgroup";

/// Makes it, in every hierarchy of this machine.
pub(crate) fn create() -> Result<()> {
    let controllers = Path::new(ROOT).join("cgroup.controllers");
    if let Ok(names) = fs::read_to_string(controllers) {
        // cgroup v2 hands a controller down only where it is told to.
        let enable: Vec<String> = names
            .split_whitespace()
            .map(|name| format!("+{name}"))
            .collect();
        let control = Path::new(ROOT).join("cgroup.subtree_control");
        fs::write(&control, enable.join(" "))
            .with_context(|| format!("writing {}", control.display()))?;
    }
    for dir in all()? {
        fs::create_dir_all(&dir)
            .with_context(|| format!("creating the cgroup {}", dir.display()))?;
    }
    Ok(())
}

/// Removes it and what is below; its processes must have been ended.
pub(crate) fn remove() -> Result<()> {
    for dir in all()?.into_iter().filter(|dir| dir.exists()) {
        wait::until(
            "the stage's cgroup to be empty",
            Duration::from_secs(10),
            || {
                Ok(match remove_tree(&dir) {
                    Ok(()) => Look::Done(()),
                    Err(error) => Look::NotYet(format!("removing {}: {error}", dir.display())),
                })
            },
        )?;
    }
    Ok(())
}

/// Where it is: one folder per hierarchy for cgroup v1, a single one for v2.
fn all() -> Result<Vec<PathBuf>> {
    let root = Path::new(ROOT);
    if root.join("cgroup.controllers").exists() {
        return Ok(vec![root.join(NAME)]);
    }
    let mut dirs = Vec::new();
    for entry in fs::read_dir(root).context("listing the cgroup hierarchies")? {
        let path = entry?.path();
        if path.join("cgroup.procs").exists() && !path.is_symlink() {
            dirs.push(path.join(NAME));
        }
    }
    Ok(dirs)
}

/// A cgroup's files vanish with it, so only folders are removed, the innermost first.
fn remove_tree(dir: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(dir)
}
