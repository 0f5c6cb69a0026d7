//! How a client talks to the cluster that a kubeconfig names: as kubectl does.
//!
//! kube's own loader compares `NO_PROXY` with the proxy's address in place of the cluster's, and refuses entries that
//! kubectl passes over. So the choice of the proxy is ours, and with it the reading of the context.

use std::path::Path;

use http::Uri;
use kube::{
    client::AuthError,
    config::{AuthInfo, ExecAuthCluster, Kubeconfig, KubeconfigError},
};

use milvus_aws_core::proxy::{PROXY_URL, Proxies, Proxy};

use crate::cluster::ClusterError;

/// How to talk to a cluster.
pub(crate) struct ClientConfig {
    /// What kube makes a client of.
    config: kube::Config,
    /// The proxy on the way there.
    pub proxy: Option<Proxy>,
}

impl ClientConfig {
    /// Of a context, else of the current one: in that file, else in those of `KUBECONFIG`, else in `~/.kube/config`, else
    /// of the pod that this runs in.
    pub(crate) fn find(path: Option<&Path>, context: Option<&str>) -> Result<Self, ClusterError> {
        let kubeconfig = match path {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        let found = kubeconfig.map_err(ClusterError::from);
        let found = found.and_then(|kubeconfig| Self::of(&kubeconfig, context));
        match found {
            Err(error) if path.is_none() && context.is_none() => {
                // Outside of a pod, what is wrong with the kubeconfig is what matters.
                let in_pod = kube::Config::incluster().map_err(|_| error)?;
                Self::by_proxy(in_pod, None)
            }
            found => found,
        }
    }

    /// Of a context of that kubeconfig, else of its current one.
    pub(crate) fn of(kubeconfig: &Kubeconfig, context: Option<&str>) -> Result<Self, ClusterError> {
        let name = context.or(kubeconfig.current_context.as_deref());
        let name = name.ok_or(KubeconfigError::CurrentContextNotSet)?;
        let mut contexts = kubeconfig.contexts.iter();
        let context = contexts.find(|it| it.name == name);
        let context = context.and_then(|it| it.context.as_ref());
        let context = context.ok_or_else(|| KubeconfigError::LoadContext(name.to_owned()))?;
        let missing = || KubeconfigError::LoadClusterOfContext(context.cluster.clone());
        let mut clusters = kubeconfig.clusters.iter();
        let cluster = clusters.find(|it| it.name == context.cluster);
        let cluster = cluster
            .and_then(|it| it.cluster.as_ref())
            .ok_or_else(missing)?;
        // The same with the certificates of the authority's file.
        let described = ExecAuthCluster::try_from(cluster)?;

        let server = cluster.server.as_deref();
        let server = server.ok_or(KubeconfigError::MissingClusterUrl)?;
        let mut config =
            kube::Config::new(server.parse().map_err(KubeconfigError::ParseClusterUrl)?);
        if let Some(namespace) = &context.namespace {
            config.default_namespace.clone_from(namespace);
        }
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
        config.disable_compression = cluster.disable_compression.unwrap_or_default();
        config.tls_server_name.clone_from(&cluster.tls_server_name);
        if let Some(authority) = &described.certificate_authority_data {
            config.root_cert = Some(certificates(authority)?);
        }
        config.auth_info = user(kubeconfig, context.user.as_deref());
        if let Some(exec) = &mut config.auth_info.exec
            && exec.provide_cluster_info
        {
            exec.cluster = Some(described);
        }
        Self::by_proxy(config, cluster.proxy_url.as_deref())
    }

    /// `NO_PROXY` does not count where the kubeconfig names a proxy.
    fn by_proxy(mut config: kube::Config, named: Option<&str>) -> Result<Self, ClusterError> {
        let proxy = match named.filter(|named| !named.is_empty()) {
            Some(named) => Some(Proxy::of(PROXY_URL, named)?),
            None => Proxies::of_environment().to(&config.cluster_url)?,
        };
        config.proxy_url = proxy.as_ref().map(|proxy| proxy.address.clone());
        if let (Some(_), Some(url)) = (&proxy, with_port(&config.cluster_url)) {
            config.cluster_url = url;
        }
        Ok(Self { config, proxy })
    }

    /// Address of the API server.
    pub(crate) fn server(&self) -> String {
        self.config.cluster_url.to_string()
    }

    /// The namespace of the context, where it names one.
    pub(crate) fn namespace(&self) -> Option<&str> {
        // What kube fills in where the context names none.
        Some(self.config.default_namespace.as_str()).filter(|name| *name != "default")
    }

    /// A client. A program that gives out credentials is run for it.
    pub(crate) fn client(self) -> Result<kube::Client, ClusterError> {
        let exec = self.config.auth_info.exec.clone().unwrap_or_default();
        kube::Client::try_from(self.config).map_err(|error| match error {
            kube::Error::Auth(AuthError::AuthExecStart(source)) => ClusterError::NoProgram {
                program: exec.command.unwrap_or_default(),
                hint: exec.install_hint,
                source,
            },
            // What it has written to stdout may hold a token.
            kube::Error::Auth(AuthError::AuthExecRun { out, .. }) => ClusterError::Program {
                program: exec.command.unwrap_or_default(),
                status: out.status,
                said: String::from_utf8_lossy(&out.stderr).trim().to_owned(),
            },
            error => ClusterError::Client(Box::new(error)),
        })
    }
}

/// The address of plain HTTP with its port, where it names none: kube's tunnel would lead to 443.
fn with_port(url: &Uri) -> Option<Uri> {
    let is_bare = url.scheme_str() == Some("http") && url.port().is_none();
    let authority = url.authority().filter(|_| is_bare)?;
    let mut parts = url.clone().into_parts();
    parts.authority = Some(format!("{authority}:80").parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Nobody where the kubeconfig does not know the user, as kubectl has it.
fn user(kubeconfig: &Kubeconfig, name: Option<&str>) -> AuthInfo {
    let mut users = kubeconfig.auth_infos.iter();
    let named = users.find(|it| Some(it.name.as_str()) == name);
    named
        .and_then(|it| it.auth_info.clone())
        .unwrap_or_default()
}

/// The certificates in a PEM, each as DER.
fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, KubeconfigError> {
    let parts = pem::parse_many(pem).map_err(KubeconfigError::ParseCertificates)?;
    let certificates = parts.into_iter().filter(|part| part.tag() == "CERTIFICATE");
    Ok(certificates.map(pem::Pem::into_contents).collect())
}
