//! The way into a cluster of EKS: ready once its API server lets us in.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use milvus_aws_core::{
    aws::{Account, EksCluster},
    engine::{
        Context, Foreign, ForeignKind, Handle, Observed, Readiness, Resource, ResourceError,
        ResourceId, Step,
    },
    installation::{InstallationName, MilvusVersion, Namespace},
    proxy::Proxy,
};
use milvus_manifests::apply::running;

use super::kubeconfig;
use crate::{client_config::ClientConfig, cluster::ClusterError};

/// The version of the exchange between kubectl and what gives it tokens.
const EXEC_API: &str = "client.authentication.k8s.io/v1beta1";

/// The flag of `eks-token` that names a profile.
pub(super) const PROFILE: &str = "--profile";

/// How tokens for a cluster are had: by this plugin, so that the AWS CLI is not needed.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// The plugin's own path.
    pub program: PathBuf,
    /// The region of the cluster.
    pub account: Account,
    /// The profile, where one was chosen.
    pub profile: Option<String>,
}

impl Login {
    /// What a kubeconfig says of it.
    pub(crate) fn auth_info(&self, cluster: &str) -> AuthInfo {
        let words = [
            "eks-token",
            "--cluster-name",
            cluster,
            "--region",
            self.account.region.as_str(),
        ];
        let mut args: Vec<String> = words.map(str::to_owned).to_vec();
        if let Some(profile) = &self.profile {
            args.extend([PROFILE.to_owned(), profile.clone()]);
        }
        AuthInfo {
            exec: Some(ExecConfig {
                api_version: Some(EXEC_API.to_owned()),
                command: Some(self.program.display().to_string()),
                args: Some(args),
                env: None,
                drop_env: None,
                install_hint: None,
                interactive_mode: Some(ExecInteractiveMode::Never),
                provide_cluster_info: false,
                cluster: None,
                other: BTreeMap::default(),
            }),
            ..AuthInfo::default()
        }
    }
}

/// A client of the cluster's API server.
pub(crate) struct KubernetesAccess {
    pub(crate) login: Login,
    pub(crate) cluster: Handle<EksCluster>,
    pub(crate) name: String,
    /// Whether the cluster was there before: who may not go in then is let in by somebody else, or never.
    pub(crate) existing: bool,
    /// What may run there beside nothing; any version where there is none.
    pub(crate) only: Option<Only>,
}

/// An installation that may run at one version alone: another one is `upgrade`'s to bring.
#[derive(Clone)]
pub(crate) struct Only {
    pub(crate) name: InstallationName,
    pub(crate) namespace: Namespace,
    pub(crate) version: MilvusVersion,
}

impl Only {
    async fn check(&self, client: &kube::Client) -> Result<(), ResourceError> {
        let live = running(client, &self.name, &self.namespace).await;
        let live = live.map_err(|error| {
            ResourceError::transient("cannot see what of Milvus runs there").caused_by(error)
        })?;
        let other = live.components.iter().find(|it| it.version != self.version);
        other.map_or(Ok(()), |other| {
            let because = format!(
                "deployment/{} is Milvus {}, and {} is to be installed: `kubectl milvus upgrade --to {}` brings it there, one component at a time",
                other.deployment, other.version, self.version, self.version
            );
            Err(ResourceError::foreign(Foreign::new(ForeignKind::Explained, because)))
        })
    }
}

impl KubernetesAccess {
    fn client(&self, cluster: &EksCluster) -> Result<kube::Client, ResourceError> {
        let client = client_of(cluster, &self.login).map(|(client, _)| client);
        client.map_err(|error| {
            let message = format!("cannot use what EKS says of the cluster {}", cluster.name);
            ResourceError::fatal(message).caused_by(error)
        })
    }

    async fn ask(&self, cluster: &EksCluster) -> Result<Readiness<kube::Client>, ResourceError> {
        let client = self.client(cluster)?;
        let waiting = |reason: String| Ok(Readiness::Waiting { reason });
        match client.apiserver_version().await {
            Ok(_) => {
                if let Some(only) = &self.only {
                    only.check(&client).await?;
                }
                Ok(Readiness::Ready(client))
            }
            Err(kube::Error::Api(status)) if self.existing && status.code == 401 => {
                Err(ResourceError::fatal(format!(
                    "the cluster {} does not let {} in: {}; have its administrator make an access entry for that principal",
                    cluster.name, self.login.account.caller, status.message
                )))
            }
            Err(kube::Error::Api(status)) if matches!(status.code, 401 | 403) => waiting(format!(
                "the cluster {} does not let us in yet: {}",
                cluster.name, status.message
            )),
            Err(error) => waiting(format!(
                "the API server of {} does not answer yet: {error}",
                cluster.name
            )),
        }
    }
}

/// A client of a cluster that exists, and the proxy that it goes through.
pub(crate) fn client(
    cluster: &EksCluster,
    login: &Login,
) -> Result<(kube::Client, Option<Proxy>), ClusterError> {
    client_of(cluster, login).map_err(|source| ClusterError::Eks {
        cluster: cluster.name.clone(),
        source: Box::new(source),
    })
}

fn client_of(
    cluster: &EksCluster,
    login: &Login,
) -> Result<(kube::Client, Option<Proxy>), ClusterError> {
    let config = ClientConfig::of(&kubeconfig::of(cluster, login), None)?;
    let proxy = config.proxy.clone();
    Ok((config.client()?, proxy))
}

impl Resource for KubernetesAccess {
    type Needs = Handle<EksCluster>;
    type Output = kube::Client;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("kubernetes-access/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.cluster
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn observe(
        &self,
        cluster: Option<&EksCluster>,
        _: &Context,
    ) -> Result<Observed<kube::Client>, ResourceError> {
        let Some(cluster) = cluster else {
            return Ok(Observed::Unknown);
        };
        Ok(Observed::Current {
            output: match self.ask(cluster).await? {
                Readiness::Ready(client) => Some(client),
                Readiness::Waiting { .. } | Readiness::Failed { .. } => None,
            },
        })
    }

    async fn apply(
        &self,
        cluster: &EksCluster,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<kube::Client>, ResourceError> {
        self.ask(cluster).await
    }

    async fn readiness(
        &self,
        cluster: &EksCluster,
        _: &Context,
    ) -> Result<Readiness<kube::Client>, ResourceError> {
        self.ask(cluster).await
    }

    /// Nothing was made.
    async fn delete(&self, _: Option<&EksCluster>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }

    async fn wait_gone(&self, _: Option<&EksCluster>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
