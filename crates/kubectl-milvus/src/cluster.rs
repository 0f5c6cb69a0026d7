//! Which Kubernetes cluster and namespace a command talks to.

use std::{path::PathBuf, time::Duration};

use kube::config::{KubeConfigOptions, Kubeconfig};
use milvus_aws_core::installation::{InvalidName, Namespace};

use crate::aws::cluster::NotThere;

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
    /// Neither a kubeconfig nor a pod's service account.
    #[error("no Kubernetes cluster is configured")]
    Infer(#[source] Box<kube::config::InferConfigError>),
    /// What EKS says of a cluster makes no client.
    #[error("use what EKS says of the cluster {cluster}")]
    Eks {
        /// Which cluster.
        cluster: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
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
    #[error("talk to the Kubernetes API server at {server}")]
    Unreachable {
        /// Its address.
        server: String,
        /// What it said, or why it said nothing.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server took the connection, and then was silent.
    #[error("the Kubernetes API server at {server} does not answer within {} s", PATIENCE.as_secs())]
    Silent {
        /// Its address.
        server: String,
    },
    /// The context's namespace is no namespace.
    #[error("the kubeconfig's context names an invalid namespace")]
    Namespace(#[from] InvalidName),
}

impl ClusterFlags {
    /// Reads the kubeconfig, makes a client, and asks the server once whether it is there: what every later request
    /// would fail on is told at once and in one way.
    pub async fn connect(&self) -> Result<Cluster, ClusterError> {
        let config = self.config().await?;
        let named = match config.default_namespace.as_str() {
            // What kube fills in where the context names none.
            "default" => None,
            name => Some(name.parse()?),
        };
        let server = config.cluster_url.to_string();
        let client = kube::Client::try_from(config)
            .map_err(|error| ClusterError::Client(Box::new(error)))?;
        greet(&client, &server).await?;
        Ok(Cluster {
            client,
            context_namespace: named,
            server,
        })
    }

    /// The API server's address, as the kubeconfig has it.
    pub(crate) async fn server(&self) -> Result<String, ClusterError> {
        Ok(self.config().await?.cluster_url.to_string())
    }

    async fn config(&self) -> Result<kube::Config, ClusterError> {
        let options = KubeConfigOptions {
            context: self.context.clone(),
            ..Default::default()
        };
        let kubeconfig = |error| ClusterError::Kubeconfig(Box::new(error));
        Ok(match &self.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(kubeconfig)?;
                kube::Config::from_custom_kubeconfig(file, &options)
                    .await
                    .map_err(kubeconfig)?
            }
            None if self.context.is_some() => kube::Config::from_kubeconfig(&options)
                .await
                .map_err(kubeconfig)?,
            None => kube::Config::infer()
                .await
                .map_err(|error| ClusterError::Infer(Box::new(error)))?,
        })
    }
}

/// Asks the server whether it is there; whoever may not ask for its version may still do what matters.
pub(crate) async fn greet(client: &kube::Client, server: &str) -> Result<(), ClusterError> {
    let server = server.to_owned();
    match tokio::time::timeout(PATIENCE, client.apiserver_version()).await {
        // Who may not ask for the version may still do what matters.
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => Ok(()),
        Ok(Err(error)) => Err(ClusterError::Unreachable {
            server,
            source: Box::new(error),
        }),
        Ok(Ok(_)) => Ok(()),
        Err(_) => Err(ClusterError::Silent { server }),
    }
}
