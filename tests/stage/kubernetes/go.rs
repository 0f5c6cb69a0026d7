//! Programs of our own in Go: static ones, of sources that are in this folder.

use std::fs;

use anyhow::Result;

use crate::cache::Build;

const SCRIPT: &str = r#"export CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false"
mkdir -p "$OUT/bin"
go build -ldflags "-s -w" -o "$OUT/bin/" ./..."#;

/// All that goes into them: path in the module, and text.
pub(super) fn recipe(sources: &[(&str, &str)]) -> Vec<String> {
    let sources = sources.iter().map(|(_, text)| (*text).to_owned());
    sources.chain([SCRIPT.to_owned()]).collect()
}

/// Builds a module's programs into `bin/`.
pub(super) fn build(build: &Build<'_>, sources: &[(&str, &str)]) -> Result<()> {
    for (path, text) in sources {
        let path = build.scratch.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)?;
    }
    build.script(SCRIPT, &[])
}
