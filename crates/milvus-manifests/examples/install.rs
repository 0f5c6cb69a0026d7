//! Installs a Milvus in the cluster of the kubeconfig: `cargo run --example install [milvus.yaml [remove]]`.

use std::{io::Write, path::Path, time::Duration};

use milvus_aws_core::{
    Installation,
    engine::{DataPolicy, Engine, Event},
    installation::SecretReader,
};
use milvus_manifests::apply::{Install, uninstall};
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

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let installation = match std::env::args().nth(1) {
        Some(file) => Installation::from_yaml(&file, &std::fs::read(&file)?)?,
        None => Installation::default(),
    };
    let client = kube::Client::try_default().await?;
    let engine = Engine::new().timeout(Duration::from_mins(5)).listener(tell);
    let report = if std::env::args().nth(2).is_some() {
        let found = uninstall(&client, &installation.name, &installation.namespace).await?;
        engine.delete(&found.graph, DataPolicy::Delete).await
    } else {
        let secrets = installation.resolve_secrets(&Here)?;
        let manifests = milvus_manifests::render(&installation, &secrets)?;
        let install = Install::new(client, &installation, &manifests).graph()?;
        engine.apply(&install.graph).await
    };
    Ok(report.result()?)
}

fn tell(event: &Event) {
    let line = serde_json::to_string(event).unwrap_or_default();
    // Nobody reads the progress any more: no reason to stop.
    let _ignored = writeln!(std::io::stderr(), "{line}");
}
