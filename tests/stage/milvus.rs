//! The Milvus server's own files, used by the image for pods and by role processes alike.

use crate::cache::Part;

/// Which server the stage runs: the newest one that is published as a Python wheel.
pub const VERSION: &str = "2.3.5";

const SCRIPT: &str = include_str!("milvus.sh");

/// The part `milvus`: `bin/` (the server and its libraries) and `configs/`.
pub fn part() -> Part {
    Part {
        name: "milvus",
        version: VERSION,
        recipe: vec![SCRIPT.to_owned()],
        needs: &[],
        build: |build| build.script(SCRIPT, &[("VERSION", VERSION)]),
    }
}
