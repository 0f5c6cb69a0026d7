//! Who else lives in a cluster that is to go.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{Api, Client, ResourceExt, api::ListParams};
use milvus_aws_core::installation::Namespace;

use super::{failure::resource_error, strangers::others_balanced};
use crate::{Error, Kind};

/// Claims of volumes and target groups of load balancers outside of a namespace: what others would lose with the cluster.
/// What is on its way out does not count.
pub async fn neighbours(client: &Client, namespace: &Namespace) -> Result<Vec<String>, Error> {
    let claims: Api<PersistentVolumeClaim> = Api::all(client.clone());
    let list = claims.list_metadata(&ListParams::default()).await;
    let list = list.map_err(|error| {
        let attempt = "list the claims of volumes".to_owned();
        Error::Request(resource_error(attempt, Kind::PersistentVolumeClaim, error))
    })?;
    let theirs = list.items.iter().filter_map(|claim| {
        let home = claim.namespace()?;
        let stays = home != namespace.as_str() && claim.metadata.deletion_timestamp.is_none();
        stays.then(|| format!("persistentvolumeclaim/{} in {home}", claim.name_any()))
    });
    let mut found: Vec<String> = theirs.collect();
    let balanced = others_balanced(client, namespace).await;
    found.extend(balanced.map_err(Error::Request)?);
    Ok(found)
}
