//! `connect`: a local port that leads to Milvus.

use serde::Serialize;

use crate::{
    ExitCode, cli::ConnectArgs, cluster::ClusterFlags, error::Error, installed::Installed,
    interrupt, port_forward::PortForward, printer::Printer, wanted::Named,
};

#[derive(Serialize)]
struct Connected {
    endpoint: String,
}

/// Forwards the port until it is interrupted.
pub(crate) async fn run(
    args: &ConnectArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let named = Named::read(&args.installation, flags)?;
    let cluster = flags.connect().await?;
    let namespace = named.namespace(cluster.context_namespace.as_ref());
    let installed = Installed::find(&cluster.client, &namespace, named.name.as_ref()).await?;
    let forward = PortForward::open(cluster.client, installed.grpc(), args.port).await?;
    let endpoint = format!("http://{}", forward.address());
    let connected = Connected {
        endpoint: endpoint.clone(),
    };
    // Before the address is told: whoever reads it may stop us at once.
    let stop = interrupt::token(|_| ());
    printer.result(&connected, || {
        format!(
            "{} is at {endpoint}, for as long as this runs\n",
            installed.name
        )
    })?;
    stop.cancelled().await;
    forward.close().await;
    Ok(ExitCode::Interrupted)
}
