//! Python programs of the data plane, with their packages out of the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cache::Cache;
use crate::control::Component;

/// A component that runs Python with the packages of a part.
pub(super) fn component(name: &str, part: &Path) -> Component {
    Component::new(name, part.join("python"))
        .env("PYTHONPATH", part.join("site").display().to_string())
        .env("PYTHONUNBUFFERED", "1")
}

/// The same as a child of this process.
pub(super) fn command(part: &Path) -> Command {
    let mut command = Command::new(part.join("python"));
    command.env("PYTHONPATH", part.join("site"));
    command
}

/// Puts a script where the interpreter can read it: the checkout may be gone, the stage's run folder is not.
pub(super) fn script(cache: &Cache, name: &str, text: &str) -> Result<PathBuf> {
    let dir = cache.run_dir().join("data-plane/scripts");
    fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
    let path = dir.join(name);
    // Several tests write the same text at once; a rename shows each reader a whole file.
    let temporary = dir.join(format!(
        "{name}.{}.{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    fs::write(&temporary, text)
        .and_then(|()| fs::rename(&temporary, &path))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}
