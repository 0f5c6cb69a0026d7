//! `eks-token`: what a kubeconfig calls to log in to a cluster of EKS.

use std::time::SystemTime;

use milvus_aws_core::aws::{Connection, TokenSigner};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::{ExitCode, cli::EksTokenArgs, error::Error, printer::Printer};

/// Prints an `ExecCredential` (source: Kubernetes, client-go credential plugins). The token goes to stdout, where
/// kubectl reads it, and nowhere else.
pub(crate) async fn run(args: &EksTokenArgs, printer: Printer) -> Result<ExitCode, Error> {
    let connection = Connection {
        profile: args.profile.clone(),
        region: Some(args.region.parse()?),
        ..Connection::default()
    };
    let signer = TokenSigner::new(&connection).await?;
    let token = signer.token(&args.cluster_name).await?;
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "spec": {},
        "status": {
            "expirationTimestamp": timestamp(token.expires),
            "token": token.token.expose_secret(),
        },
    });
    printer.data(&format!("{credential}\n"))?;
    Ok(ExitCode::Done)
}

fn timestamp(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .map(|time| time.to_string())
        .unwrap_or_default()
}
