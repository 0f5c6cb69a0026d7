//! `connect`: a local port that leads to Milvus.

use milvus_manifests::root_secret_name;
use serde::Serialize;

use crate::{
    ExitCode,
    cli::ConnectArgs,
    cluster::ClusterFlags,
    error::Error,
    installed::Installed,
    interrupt,
    port_forward::PortForward,
    printer::Printer,
    root_password::{login_text, root_login},
    wanted::Named,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connected {
    endpoint: String,
    /// The Secret with the login of Milvus's first user.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_secret: Option<String>,
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
    let login = root_login(&cluster.client, &installed).await?;
    let forward = PortForward::open(cluster.client, installed.grpc(), args.port).await?;
    let endpoint = format!("http://{}", forward.address());
    let connected = Connected {
        endpoint: endpoint.clone(),
        login_secret: login.map(|_| root_secret_name(&installed.name)),
    };
    // Before the address is told: whoever reads it may stop us at once.
    let stop = interrupt::token(|_| ());
    printer.result(&connected, || {
        format!(
            "{} is at {endpoint}, for as long as this runs\n{}",
            installed.name,
            login_text(connected.login_secret.as_deref())
        )
    })?;
    stop.cancelled().await;
    forward.close().await;
    Ok(ExitCode::Interrupted)
}
