//! `cargo xtask bench`: figures, and the command that makes them.

use anyhow::{Result, bail};

pub(crate) fn run() -> Result<()> {
    bail!("no benchmark is defined in this version")
}
