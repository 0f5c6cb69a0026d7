//! Which Kubernetes cluster and namespace a command talks to.

use std::{path::PathBuf, time::Duration};

use milvus_aws_core::{
    installation::{InvalidName, Namespace},
    proxy::{InvalidProxy, PROXY_URL, Proxy},
};

use crate::{aws::cluster::NotThere, client_config::ClientConfig};

/// How long the API server may take for its first answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The flags that choose a cluster, named as kubectl's own.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ClusterFlags {
    /// Namespace; else the file's (`milvus` where it names none); without a file the context's, else `milvus`
    #[arg(
        short,
        long,
        global = true,
        value_name = "NAME",
        help_heading = "Cluster"
    )]
    pub namespace: Option<String>,
    /// Kubeconfig context
    #[arg(long, global = true, value_name = "NAME", help_heading = "Cluster")]
    pub context: Option<String>,
    /// Kubeconfig file; KUBECONFIG or ~/.kube/config when absent
    #[arg(long, global = true, value_name = "FILE", help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
}

/// A cluster that can be talked to.
#[derive(Clone)]
pub struct Cluster {
    /// Client of its API server.
    pub client: kube::Client,
    /// The context's namespace, where the kubeconfig names one.
    pub context_namespace: Option<Namespace>,
    /// Address of its API server.
    pub server: String,
}

/// Why no cluster can be talked to.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The kubeconfig cannot be used.
    #[error("no Kubernetes cluster is configured")]
    Kubeconfig(#[source] Box<kube::config::KubeconfigError>),
    /// The proxy that is set cannot be used.
    #[error("no Kubernetes cluster is configured")]
    Proxy(#[from] InvalidProxy),
    /// What EKS says of a cluster makes no client.
    #[error("use what EKS says of the cluster {cluster}")]
    Eks {
        /// Which cluster.
        cluster: String,
        /// Why not.
        #[source]
        source: Box<ClusterError>,
    },
    /// The program that gives out credentials cannot be run.
    #[error("run {program}, by which the kubeconfig logs in")]
    NoProgram {
        /// Its name, as the kubeconfig has it.
        program: String,
        /// How to install it, where the kubeconfig says so.
        hint: Option<String>,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The program that gives out credentials gave none.
    #[error("{program}, by which the kubeconfig logs in, ended with {status}: {said}")]
    Program {
        /// Its name, as the kubeconfig has it.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it wrote to stderr.
        said: String,
    },
    /// The EKS cluster of an installation does not answer, as EKS itself says.
    #[error("the EKS cluster {cluster} in {region} of account {account} {why}")]
    NotThere {
        /// Which cluster.
        cluster: String,
        /// Whose.
        account: String,
        /// Where.
        region: String,
        /// What EKS says of it.
        why: NotThere,
    },
    /// The EKS cluster of an installation does not know who asks.
    #[error("the EKS cluster {cluster} does not let {caller} in")]
    NotLetIn {
        /// Which cluster.
        cluster: String,
        /// ARN of who asks.
        caller: String,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
    /// The client cannot be made from the configuration.
    #[error("the configuration of the Kubernetes cluster cannot be used")]
    Client(#[source] Box<kube::Error>),
    /// The API server does not answer, or does not know who asks.
    #[error("talk to the Kubernetes API server at {server}{}", through(proxy.as_deref()))]
    Unreachable {
        /// Its address.
        server: String,
        /// The proxy on the way there.
        proxy: Option<Box<Proxy>>,
        /// What it said, or why it said nothing.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server took the connection, and then was silent.
    #[error("the Kubernetes API server at {server}{} does not answer within {} s", through(proxy.as_deref()), PATIENCE.as_secs())]
    Silent {
        /// Its address.
        server: String,
        /// The proxy on the way there.
        proxy: Option<Box<Proxy>>,
    },
    /// The context's namespace is no namespace.
    #[error("the kubeconfig's context names an invalid namespace")]
    Namespace(#[from] InvalidName),
}

impl From<kube::config::KubeconfigError> for ClusterError {
    fn from(error: kube::config::KubeconfigError) -> Self {
        Self::Kubeconfig(Box::new(error))
    }
}

impl ClusterError {
    /// What to do now, where the error itself tells.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Kubeconfig(_) => {
                "name a cluster by --kubeconfig and --context, or set KUBECONFIG".to_owned()
            }
            Self::Proxy(proxy) => format!(
                "write {} as http://HOST:PORT, https:// or socks5://",
                proxy.named_by
            ),
            Self::NoProgram { hint, .. } => hint.clone().unwrap_or_else(|| {
                "install it, or put its folder into PATH; --context chooses another login"
                    .to_owned()
            }),
            Self::Program { program, .. } => {
                format!("log in again for {program}; --context chooses another login")
            }
            // Who answers with a status has been reached.
            Self::Unreachable { source, .. } if matches!(**source, kube::Error::Api(_)) => {
                return None;
            }
            Self::Unreachable {
                proxy: Some(proxy), ..
            }
            | Self::Silent {
                proxy: Some(proxy), ..
            } => proxy_hint(proxy),
            Self::Silent { .. } => "--kubeconfig and --context choose another cluster".to_owned(),
            Self::Eks { source, .. } => return source.hint(),
            Self::NotThere { why, .. } => why.hint().to_owned(),
            Self::NotLetIn { .. } => {
                "AWS_PROFILE chooses who asks; an administrator of the cluster lets somebody in by an access entry (`aws.eks.admins` in the file makes one); --context uses a login of the kubeconfig instead".to_owned()
            }
            Self::Client(_) | Self::Unreachable { .. } | Self::Namespace(_) => return None,
        })
    }
}

/// What to do where a proxy leads nowhere.
fn proxy_hint(proxy: &Proxy) -> String {
    match proxy.named_by {
        PROXY_URL => {
            "does the proxy lead to the cluster? the kubeconfig's `proxy-url` names it".to_owned()
        }
        variable => format!(
            "does the proxy lead to the cluster? {variable} names it; NO_PROXY with the cluster's host leaves it out"
        ),
    }
}

fn through(proxy: Option<&Proxy>) -> String {
    proxy.map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"))
}

impl ClusterFlags {
    /// Reads the kubeconfig, makes a client, and asks the server once whether it is there: what every later request
    /// would fail on is told at once and in one way.
    pub async fn connect(&self) -> Result<Cluster, ClusterError> {
        let config = ClientConfig::find(self.kubeconfig.as_deref(), self.context.as_deref())?;
        let named = config.namespace().map(str::parse).transpose()?;
        let (server, proxy) = (config.server(), config.proxy.clone());
        let client = config.client()?;
        greet(&client, &server, proxy).await?;
        Ok(Cluster {
            client,
            context_namespace: named,
            server,
        })
    }

    /// The API server's address, as the kubeconfig has it.
    pub(crate) fn server(&self) -> Result<String, ClusterError> {
        let config = ClientConfig::find(self.kubeconfig.as_deref(), self.context.as_deref())?;
        Ok(config.server())
    }
}

/// Asks the server whether it is there; whoever may not ask for its version may still do what matters.
pub(crate) async fn greet(
    client: &kube::Client,
    server: &str,
    proxy: Option<Proxy>,
) -> Result<(), ClusterError> {
    let proxy = proxy.map(Box::new);
    let server = server.to_owned();
    match tokio::time::timeout(PATIENCE, client.apiserver_version()).await {
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => Ok(()),
        Ok(Err(error)) => Err(ClusterError::Unreachable {
            server,
            proxy,
            source: Box::new(error),
        }),
        Ok(Ok(_)) => Ok(()),
        Err(_) => Err(ClusterError::Silent { server, proxy }),
    }
}
