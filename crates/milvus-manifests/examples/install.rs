//! Installs a Milvus in the cluster of the kubeconfig: `cargo run --example install [milvus.yaml [remove]]`.

use std::{io::Write, time::Duration};

use milvus_aws_core::{
    Installation,
    engine::{DataPolicy, Engine, Event},
    installation::Secrets,
};
use milvus_manifests::apply::{Install, uninstall};

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
        let manifests = milvus_manifests::render(&installation, &Secrets::default())?;
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
