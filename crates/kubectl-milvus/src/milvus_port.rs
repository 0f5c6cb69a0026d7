//! The port on which an installation serves clients, forwarded, and how one speaks there.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::{Api, Client as KubeClient, api::ListParams};
use milvus_manifests::{ServerCertificate, server_certificate_in, server_certificate_secret};
use milvus_probe::{Client, ClientBuilder, Endpoint, Identity, Trust};

use crate::{error::Error, installed::Installed, port_forward::PortForward};

/// How long the port may take to show whether it speaks TLS.
const PATIENCE: Duration = Duration::from_secs(10);

/// A local port that leads to Milvus for as long as this lives.
#[derive(Debug)]
pub(crate) struct MilvusPort {
    forward: PortForward,
    endpoint: Endpoint,
    identity: Option<Identity>,
}

impl MilvusPort {
    /// Forwards a local port (0: any free one), and asks it whether it speaks TLS: settings may say so in many places.
    pub(crate) async fn open(
        client: &KubeClient,
        installed: &Installed,
        local_port: u16,
    ) -> Result<Self, Error> {
        let forward = PortForward::open(client.clone(), installed.grpc(), local_port).await?;
        let endpoint = Endpoint::spoken_at(forward.address(), PATIENCE).await?;
        let identity = if endpoint.is_tls() {
            identity(client, installed).await?
        } else {
            None
        };
        Ok(Self {
            forward,
            endpoint,
            identity,
        })
    }

    /// The local address.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// A client of whoever answers there: the API server leads to no other pod, whatever name its certificate has.
    pub(crate) fn client(&self) -> ClientBuilder {
        Client::builder(self.endpoint.clone())
            .trust(Trust::Anybody)
            .identity(self.identity.clone())
    }

    /// Ends every connection and frees the port.
    pub(crate) async fn close(self) {
        self.forward.close().await;
    }
}

/// The server's own certificate, with which it lets in whoever may read it where clients must show one of the same
/// authority; none where it is mounted otherwise, or may not be read.
async fn identity(client: &KubeClient, installed: &Installed) -> Result<Option<Identity>, Error> {
    let namespace = installed.namespace.as_str();
    let failed = |source| Error::Look {
        name: installed.name.to_string(),
        source: Box::new(source),
    };
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let selector = ListParams::default().labels(installed.selector());
    let pods = pods.list(&selector).await.map_err(failed)?;
    let mut specs = pods.iter().filter_map(|pod| pod.spec.as_ref());
    let Some(name) = specs.find_map(server_certificate_secret) else {
        return Ok(None);
    };
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    match secrets.get_opt(name).await {
        Ok(secret) => Ok(secret.as_ref().and_then(server_certificate_in).map(shown)),
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn shown(ServerCertificate { certificate, key }: ServerCertificate) -> Identity {
    Identity { certificate, key }
}
