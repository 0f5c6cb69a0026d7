//! Whether a cluster has the volumes of an installation's etcd already.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{Api, Client, api::ListParams};
use milvus_aws_core::{Installation, engine::ResourceError};

use super::failure::resource_error;
use crate::{
    Kind,
    labels::{Identity, Part, selector},
};

/// Whether the volumes of our etcd are claimed there: an etcd without one begins anew. Who may not see claims is told
/// that they are.
pub async fn etcd_is_claimed(
    client: &Client,
    installation: &Installation,
) -> Result<bool, ResourceError> {
    let claims: Api<PersistentVolumeClaim> =
        Api::namespaced(client.clone(), installation.namespace.as_str());
    let labels = selector(Identity::of(installation), Part::Etcd);
    let labels: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let params = ListParams::default().labels(&labels.join(","));
    match claims.list(&params).await {
        Ok(claims) => {
            let mut claims = claims.items.iter();
            Ok(claims.any(|claim| claim.metadata.deletion_timestamp.is_none()))
        }
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(true),
        Err(error) => Err(resource_error(
            format!("list the claims of {}'s etcd", installation.name),
            Kind::PersistentVolumeClaim,
            error,
        )),
    }
}
