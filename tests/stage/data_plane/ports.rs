//! Ports for servers: handed out one block after the other, so that no two servers of a run get the same.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::cache::Cache;

/// Below Kubernetes' node ports and the kernel's ports for outgoing connections, and nothing else listens here.
const FIRST: u16 = 20_000;
const LAST: u16 = 29_999;
/// As many as the largest server needs, and some to spare.
const BLOCK: u16 = 20;

/// The first port of a block that nobody else in this run of the stage gets.
pub(super) fn block(cache: &Cache) -> Result<u16> {
    let _lock = cache.lock("ports")?;
    let file = cache.run_dir().join("data-plane/next-port");
    let next = match fs::read_to_string(&file) {
        Ok(text) => text
            .trim()
            .parse()
            .with_context(|| format!("reading {}", file.display()))?,
        Err(_) => FIRST,
    };
    if next > LAST - BLOCK {
        bail!("no ports are left on this stage: take it down and up again");
    }
    fs::write(&file, (next + BLOCK).to_string())
        .with_context(|| format!("writing {}", file.display()))?;
    Ok(next)
}
