//! The service account of the Milvus pods.

use k8s_openapi::api::core::v1::ServiceAccount;
use milvus_aws_core::{Installation, installation::Deployment};

use crate::labels::{self, Part};

/// What the user says of the pods' service account.
pub(crate) fn wanted(
    installation: &Installation,
) -> Option<&milvus_aws_core::installation::ServiceAccount> {
    match &installation.deployment {
        Deployment::Standalone(_) | Deployment::Aws(_) => None,
        Deployment::Cluster(cluster) => cluster.service_account.as_ref(),
    }
}

/// The service account, where we make it.
pub(crate) fn service_account(installation: &Installation) -> Option<ServiceAccount> {
    let account = wanted(installation).filter(|account| account.create)?;
    let mut metadata = labels::metadata(installation, Part::Whole, account.name.to_string());
    let annotations = account.annotations.to_map();
    metadata.annotations = (!annotations.is_empty()).then_some(annotations);
    Some(ServiceAccount {
        metadata,
        // Milvus calls no Kubernetes API; tokens for IAM roles are projected beside this one.
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    })
}
