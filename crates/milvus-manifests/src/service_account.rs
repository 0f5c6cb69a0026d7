//! The service account of the Milvus pods.

use k8s_openapi::api::core::v1::ServiceAccount;
use milvus_aws_core::Installation;

use crate::labels::{self, Part};

/// What the user says of the pods' service account.
pub(crate) fn wanted(
    installation: &Installation,
) -> Option<&milvus_aws_core::installation::ServiceAccount> {
    installation.deployment.service_account()
}

/// The service account, where we make it.
pub(crate) fn service_account(installation: &Installation) -> Option<ServiceAccount> {
    let account = wanted(installation).filter(|account| account.create)?;
    let mut metadata = labels::metadata(installation, Part::Whole, account.name.to_string());
    labels::decorate(&mut metadata, &account.labels, &account.annotations);
    Some(ServiceAccount {
        metadata,
        // Milvus calls no Kubernetes API; tokens for IAM roles are projected beside this one.
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    })
}
