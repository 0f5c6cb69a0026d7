//! The cluster of an installation that is in an account: what its file says, not what kubectl's current context is.

use std::fmt;

use milvus_aws_core::{
    Installation,
    aws::{ClusterState, EksCluster},
};

use super::{
    account::{self, AwsAccount},
    kubernetes_access,
};
use crate::{
    cluster::{Cluster, ClusterError, ClusterFlags, greet},
    error::Error,
    host::Host,
    printer::Printer,
};

/// Why an EKS cluster cannot be talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotThere {
    /// There is none of that name.
    Absent,
    /// EKS is making it.
    BeingMade,
    /// EKS is deleting it.
    Leaving,
    /// EKS could not make it.
    Failed,
    /// It is not the installation's.
    Foreign,
}

impl fmt::Display for NotThere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "does not exist",
            Self::BeingMade => "is still being made by EKS, and does not answer yet",
            Self::Leaving => "is being deleted",
            Self::Failed => "could not be made by EKS",
            Self::Foreign => "does not carry the tag of this installation",
        })
    }
}

impl NotThere {
    /// What to do now.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Absent => {
                "`kubectl milvus install` with the same file makes it; `aws.region` and AWS_PROFILE choose where to look; --context talks to a cluster of the kubeconfig instead"
            }
            Self::BeingMade => {
                "run the same command again in some minutes: EKS usually takes ten; `kubectl milvus install` with the same file goes on and waits"
            }
            Self::Leaving => "`kubectl milvus uninstall` with the same file waits for its end",
            Self::Failed => {
                "`kubectl milvus install` with the same file says why, deletes what is left of it and tries again"
            }
            Self::Foreign => "write another `name` in the file",
        }
    }
}

/// The cluster that the file's installation is in, found through the account. A context that is chosen by `--context`
/// wins, and a line says so.
pub(crate) async fn reach(
    installation: &Installation,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<Cluster, Error> {
    if let Some(context) = &flags.context {
        let cluster = flags.connect().await?;
        printer.tell(&format!(
            "--context {context} decides: the cluster at {}, whichever the file's account holds",
            cluster.server
        ));
        return Ok(cluster);
    }
    let account = account::connect(installation, flags, host.calls.clone(), printer).await?;
    let settings = &installation.on_aws().ok_or(Error::NotOnAws)?.aws;
    let cloud = &account.cloud;
    let why = match cloud.cluster_state(settings).await? {
        ClusterState::There(cluster) => {
            let client = client(&cluster, &account).await?;
            return Ok(Cluster {
                client,
                context_namespace: None,
                server: cluster.endpoint.clone(),
            });
        }
        ClusterState::Absent => NotThere::Absent,
        ClusterState::BeingMade => NotThere::BeingMade,
        ClusterState::Leaving => NotThere::Leaving,
        ClusterState::Failed => NotThere::Failed,
        ClusterState::Foreign => NotThere::Foreign,
    };
    Err(Error::Cluster(ClusterError::NotThere {
        cluster: cloud.cluster_name_of(settings),
        account: cloud.account.id.clone(),
        region: cloud.account.region.to_string(),
        why,
    }))
}

/// A client of a cluster that answers, and lets us in.
pub(crate) async fn client(
    cluster: &EksCluster,
    account: &AwsAccount,
) -> Result<kube::Client, ClusterError> {
    let (client, proxy) = kubernetes_access::client(cluster, &account.login)?;
    let greeted = greet(&client, &cluster.endpoint, proxy).await;
    greeted.map_err(|error| not_let_in(error, cluster, &account.cloud.account.caller))?;
    Ok(client)
}

/// The login is this plugin's own, and no kubeconfig's.
fn not_let_in(error: ClusterError, cluster: &EksCluster, caller: &str) -> ClusterError {
    match error {
        ClusterError::Unreachable { source, .. } if is_unauthorized(&source) => {
            ClusterError::NotLetIn {
                cluster: cluster.name.clone(),
                caller: caller.to_owned(),
                source,
            }
        }
        other => other,
    }
}

fn is_unauthorized(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 401)
}

/// A context that was chosen by hand must lead to the cluster that the file's account holds: what is changed there is
/// found through the account.
pub(crate) async fn check_context(
    account: &AwsAccount,
    installation: &Installation,
    flags: &ClusterFlags,
) -> Result<(), Error> {
    let Some(context) = &flags.context else {
        return Ok(());
    };
    let chosen = flags.server()?;
    let settings = &installation.on_aws().ok_or(Error::NotOnAws)?.aws;
    let cluster = account.cloud.cluster_of(settings).await?;
    let bare = |url: &str| url.trim_end_matches('/').to_ascii_lowercase();
    let is_it = |cluster: &EksCluster| bare(&cluster.endpoint) == bare(&chosen);
    if cluster.as_ref().is_some_and(is_it) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "--context {context} leads to {chosen}, and the file to the EKS cluster {} in {} of account {}; leave --context out, or name another file",
        account.cloud.cluster_name_of(settings),
        account.cloud.account.region,
        account.cloud.account.id
    )))
}
