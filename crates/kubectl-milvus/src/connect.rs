//! `connect`: a local port that leads to Milvus.

use milvus_manifests::root_secret_name;
use serde::Serialize;

use crate::{
    ExitCode,
    cli::ConnectArgs,
    cluster::ClusterFlags,
    error::{Error, in_full},
    host::Host,
    installed::Installed,
    interrupt,
    milvus_port::MilvusPort,
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
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let named = Named::read(&args.installation, flags)?;
    let cluster = named.connect(flags, host, printer).await?;
    let namespace = named.namespace(cluster.context_namespace.as_ref());
    let installed = Installed::find(&cluster.client, &namespace, named.name.as_ref()).await?;
    let login = root_login(&cluster.client, &installed).await?;
    let port = MilvusPort::open(&cluster.client, &installed, args.port).await?;
    let endpoint = match port.spoken().await {
        Ok(spoken) => spoken.endpoint.to_string(),
        // A port is wanted for a server that is ill, too; by what it is spoken to is not known then.
        Err(error) => {
            let said = in_full(&error);
            printer.tell(&format!("note: Milvus does not answer yet: {said}"));
            port.address().to_string()
        }
    };
    let connected = Connected {
        endpoint: endpoint.clone(),
        login_secret: login.map(|_| root_secret_name(&installed.name)),
    };
    // Before the address is told: whoever reads it may stop us at once.
    let stop = interrupt::token(|_| ());
    printer.result(&connected, || {
        format!(
            "{} is at {endpoint}, for as long as this runs\n{}{}",
            installed.name,
            name_text(&endpoint),
            login_text(connected.login_secret.as_deref())
        )
    })?;
    stop.cancelled().await;
    port.close().await;
    Ok(ExitCode::Interrupted)
}

/// What clients have to know who check the server's name.
fn name_text(endpoint: &str) -> &'static str {
    if endpoint.starts_with("https:") {
        "tls:       its certificate may be of other names than this address; give clients one of them as the server's name\n"
    } else {
        ""
    }
}
