//! Writes the objects of a standalone Milvus as YAML: `cargo run --example render [milvus.yaml]`.

use std::io::Write;

use milvus_aws_core::{Installation, installation::Secrets};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let installation = match std::env::args().nth(1) {
        Some(file) => Installation::from_yaml(&file, &std::fs::read(&file)?)?,
        None => Installation::default(),
    };
    // A cluster needs the logins that its file names: `installation.resolve_secrets(&reader)`.
    let manifests = milvus_manifests::render(&installation, &Secrets::default())?;
    std::io::stdout().write_all(manifests.to_yaml()?.as_bytes())?;
    Ok(())
}
