//! Whose account it is: told first, before anything is looked at.

use std::path::PathBuf;

use milvus_aws_core::{
    Installation,
    aws::{CallLog, Cloud, Connection},
};

use super::kubernetes_access::Login;
use crate::{
    cluster::ClusterFlags, error::Error, kubeconfig_files::KubeconfigFiles, printer::Printer,
};

/// An account that can be worked in.
#[derive(Clone)]
pub(crate) struct AwsAccount {
    /// Its services.
    pub cloud: Cloud,
    /// How its clusters are logged in to.
    pub login: Login,
    /// The cluster that exists and is used, if one is.
    pub cluster: Option<String>,
    /// Where kubectl reads of its clusters.
    pub kubeconfig: KubeconfigFiles,
}

/// Connects, and says as whom.
pub(crate) async fn connect(
    installation: &Installation,
    flags: &ClusterFlags,
    calls: CallLog,
    printer: Printer,
) -> Result<AwsAccount, Error> {
    let region = installation
        .on_aws()
        .and_then(|on_aws| on_aws.aws.region.clone());
    let connection = Connection {
        profile: None,
        region,
        calls,
    };
    let cloud = Cloud::connect(&connection, installation.name.clone()).await?;
    let account = cloud.account.clone();
    printer.tell(&format!(
        "account {} in {}, as {}",
        account.id, account.region, account.caller
    ));
    Ok(AwsAccount {
        cloud,
        login: Login {
            program: program()?,
            account,
            profile: connection.profile,
        },
        cluster: installation
            .on_aws()
            .and_then(|on_aws| on_aws.aws.existing.eks_cluster.as_ref())
            .map(ToString::to_string),
        kubeconfig: KubeconfigFiles::of(flags),
    })
}

/// This plugin, for kubeconfigs: they outlive this process, so that a path is needed.
fn program() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(|source| Error::Read {
        path: PathBuf::from("kubectl-milvus"),
        source,
    })
}
