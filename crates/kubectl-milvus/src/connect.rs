//! `connect`: a local port that leads to Milvus.

use serde::Serialize;

use crate::{
    ExitCode, cli::ConnectArgs, cluster::ClusterFlags, error::Error, installed::Installed,
    interrupt, port_forward::PortForward, printer::Printer, wanted,
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
    let cluster = flags.connect().await?;
    let (name, namespace) = wanted::named(
        &args.installation,
        flags,
        cluster.context_namespace.as_ref(),
    )?;
    let installed = Installed::find(&cluster.client, &namespace, name.as_ref()).await?;
    let forward = PortForward::open(cluster.client, installed.grpc(), args.port).await?;
    let endpoint = format!("http://{}", forward.address());
    let connected = Connected {
        endpoint: endpoint.clone(),
    };
    printer.result(&connected, || {
        format!(
            "{} is at {endpoint}, for as long as this runs\n",
            installed.name
        )
    })?;
    interrupt::token(printer).cancelled().await;
    forward.close().await;
    // Being stopped is how this command ends.
    Ok(ExitCode::Done)
}
