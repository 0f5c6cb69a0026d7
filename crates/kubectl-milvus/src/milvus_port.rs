//! The port on which an installation serves clients, forwarded, and how one speaks there.

use std::{net::SocketAddr, time::Duration};

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::{Api, Client as KubeClient, api::ListParams};
use milvus_manifests::{ServerCertificate, server_certificate_in, server_certificate_secret};
use milvus_probe::{Client, ClientBuilder, Error as ProbeError, Identity, Spoken, Trust};

use crate::{
    error::Error,
    installed::{Installed, InstalledError},
    port_forward::{PortForward, PortForwardError},
};

/// How long the port may take to show whether it speaks TLS.
const PATIENCE: Duration = Duration::from_secs(10);

/// A local port that leads to Milvus for as long as this lives.
pub(crate) struct MilvusPort {
    forward: PortForward,
    client: KubeClient,
    installed: Installed,
}

impl MilvusPort {
    /// Forwards a local port; 0 is any free one.
    pub(crate) async fn open(
        client: &KubeClient,
        installed: &Installed,
        local_port: u16,
    ) -> Result<Self, PortForwardError> {
        Ok(Self {
            forward: PortForward::open(client.clone(), installed.grpc(), local_port).await?,
            client: client.clone(),
            installed: installed.clone(),
        })
    }

    /// The local address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.forward.address()
    }

    /// Asks the port how it is spoken to: settings say it in many places.
    pub(crate) async fn spoken(&self) -> Result<Spoken, ProbeError> {
        Spoken::at(self.address(), PATIENCE).await
    }

    /// A client of whoever answers there: the API server leads to no other pod, whatever name its certificate has. Where
    /// Milvus asks its clients for certificates and none is given, its own is shown.
    pub(crate) async fn client(&self, given: Option<Identity>) -> Result<ClientBuilder, Error> {
        let spoken = self.spoken().await?;
        let identity = match given {
            None if spoken.asks_for_certificate => self.own_certificate().await?,
            given => given,
        };
        Ok(Client::builder(spoken.endpoint)
            .trust(Trust::Anybody)
            .identity(identity))
    }

    /// The server's own certificate, which is of the authority that clients' must be of; none where the pods have it by
    /// a volume of the user's own.
    async fn own_certificate(&self) -> Result<Option<Identity>, Error> {
        let namespace = self.installed.namespace.as_str();
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let selector = ListParams::default().labels(self.installed.selector());
        let pods = pods.list(&selector).await.map_err(|source| Error::Look {
            name: self.installed.name.to_string(),
            source: Box::new(source),
        })?;
        let mut specs = pods.iter().filter_map(|pod| pod.spec.as_ref());
        let Some(name) = specs.find_map(server_certificate_secret) else {
            return Ok(None);
        };
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let secret = secrets
            .get(name)
            .await
            .map_err(|source| InstalledError::Certificate {
                secret: name.to_owned(),
                source: Box::new(source),
            })?;
        let shown = |ServerCertificate { certificate, key }| Identity { certificate, key };
        Ok(server_certificate_in(&secret).map(shown))
    }

    /// Ends every connection and frees the port.
    pub(crate) async fn close(self) {
        self.forward.close().await;
    }
}
