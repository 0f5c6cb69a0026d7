//! Writes the objects of a Milvus as YAML: `cargo run --example render [milvus.yaml]`.

use std::{io::Write, path::Path};

use milvus_aws_core::{Installation, installation::SecretReader};
use secrecy::SecretString;

/// Reads passwords from where the file says they are.
struct Here;

impl SecretReader for Here {
    fn file(&self, path: &Path) -> std::io::Result<SecretString> {
        Ok(std::fs::read_to_string(path)?.into())
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        Some(std::env::var(name).ok()?.into())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let installation = match std::env::args().nth(1) {
        Some(file) => Installation::from_yaml(&file, &std::fs::read(&file)?)?,
        None => Installation::default(),
    };
    let secrets = installation.resolve_secrets(&Here)?;
    let manifests = milvus_manifests::render(&installation, &secrets)?;
    std::io::stdout().write_all(manifests.to_yaml()?.as_bytes())?;
    Ok(())
}
