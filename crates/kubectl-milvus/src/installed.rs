//! Finds what is installed, by our mark on its objects.

use k8s_openapi::api::core::v1::Service;
use kube::{Api, ResourceExt, api::ListParams};
use milvus_aws_core::installation::{InstallationName, Namespace};
use milvus_manifests::{
    apply::survivors,
    labels::{COMPONENT, INSTALLATION},
};

use crate::port_forward::Destination;

/// The gRPC port inside the pods.
const GRPC_PORT: u16 = 19530;
/// The port of health and metrics inside the pods.
const HEALTH_PORT: u16 = 9091;

/// One installation that exists in a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    /// Its release name.
    pub name: InstallationName,
    /// Where it is.
    pub namespace: Namespace,
    /// Selector of the pods that serve clients.
    selector: String,
}

/// Why no installation was found.
#[derive(Debug, thiserror::Error)]
pub enum InstalledError {
    /// The services cannot be listed.
    #[error("look for installations in namespace {namespace}")]
    List {
        /// Where it was looked.
        namespace: Namespace,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
    /// What is left without a service cannot be listed.
    #[error("look for installations in namespace {namespace}")]
    Survivors {
        /// Where it was looked.
        namespace: Namespace,
        /// What the API server said.
        #[source]
        source: milvus_manifests::Error,
    },
    /// There is none.
    #[error("namespace {namespace} holds no installation{}", named.as_ref().map(|name| format!(" named {name}")).unwrap_or_default())]
    None {
        /// Where it was looked.
        namespace: Namespace,
        /// The name that was asked for.
        named: Option<InstallationName>,
    },
    /// The login cannot be read.
    #[error("read the login in secret/{secret}")]
    Login {
        /// The Secret's name.
        secret: String,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
    /// Milvus wants certificates of its clients, and its own, which would do, cannot be read.
    #[error("read the server's certificate in secret/{secret}, as it wants one of its clients")]
    Certificate {
        /// The Secret's name.
        secret: String,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
    /// There are several.
    #[error("namespace {namespace} holds several installations, name one: {}", names.join(", "))]
    Several {
        /// Where it was looked.
        namespace: Namespace,
        /// Their names.
        names: Vec<String>,
    },
}

impl Installed {
    /// The installation of that name, or the only one in the namespace.
    pub(crate) async fn find(
        client: &kube::Client,
        namespace: &Namespace,
        named: Option<&InstallationName>,
    ) -> Result<Self, InstalledError> {
        let services: Api<Service> = Api::namespaced(client.clone(), namespace.as_str());
        let ours = match named {
            Some(name) => format!("{INSTALLATION}={name},{COMPONENT} in (proxy,standalone)"),
            None => format!("{INSTALLATION},{COMPONENT} in (proxy,standalone)"),
        };
        let list = services
            .list(&ListParams::default().labels(&ours))
            .await
            .map_err(|source| InstalledError::List {
                namespace: namespace.clone(),
                source: Box::new(source),
            })?;
        // An installation may have a second service, for metrics: one entry by name.
        let mut found: Vec<Self> = list
            .items
            .iter()
            .filter_map(|service| Self::of_service(service, namespace))
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup_by(|a, b| a.name == b.name);
        if found.is_empty() {
            found = Self::without_service(client, namespace, named).await?;
        }
        match <[Self; 1]>::try_from(found) {
            Ok([one]) => Ok(one),
            Err(none) if none.is_empty() => Err(InstalledError::None {
                namespace: namespace.clone(),
                named: named.cloned(),
            }),
            Err(several) => Err(InstalledError::Several {
                namespace: namespace.clone(),
                names: several.iter().map(|one| one.name.to_string()).collect(),
            }),
        }
    }

    /// What is there though the service for clients is gone.
    async fn without_service(
        client: &kube::Client,
        namespace: &Namespace,
        named: Option<&InstallationName>,
    ) -> Result<Vec<Self>, InstalledError> {
        let survivors = survivors(client, namespace).await;
        let mut left = survivors.map_err(|source| InstalledError::Survivors {
            namespace: namespace.clone(),
            source,
        })?;
        left.retain(|name| named.is_none_or(|named| named == name));
        let found = left.into_iter().map(|name| Self {
            selector: format!("{INSTALLATION}={name},{COMPONENT} in (proxy,standalone)"),
            name,
            namespace: namespace.clone(),
        });
        Ok(found.collect())
    }

    fn of_service(service: &Service, namespace: &Namespace) -> Option<Self> {
        let name = service.labels().get(INSTALLATION)?.parse().ok()?;
        let selector = service.spec.as_ref()?.selector.as_ref()?;
        let pairs: Vec<_> = selector
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        Some(Self {
            name,
            namespace: namespace.clone(),
            selector: pairs.join(","),
        })
    }

    /// The gRPC port of a pod that serves clients.
    pub(crate) fn grpc(&self) -> Destination {
        self.destination(GRPC_PORT)
    }

    /// The port of health and metrics of a pod that serves clients.
    pub(crate) fn health(&self) -> Destination {
        self.destination(HEALTH_PORT)
    }

    /// Selector of the pods that serve clients.
    pub(crate) fn selector(&self) -> &str {
        &self.selector
    }

    fn destination(&self, port: u16) -> Destination {
        Destination {
            namespace: self.namespace.to_string(),
            selector: self.selector.clone(),
            port,
        }
    }
}
