//! Whether a cluster has a load balancer controller that is not ours.

use k8s_openapi::api::apps::v1::Deployment;
use kube::{Api, Client};
use milvus_aws_core::engine::ResourceError;

use super::{
    failure::resource_error,
    owner::{Ownership, owner_of},
};
use crate::{
    Kind,
    labels::Owner,
    load_balancer_controller::{CONTROLLER_NAME as NAME, CONTROLLER_NAMESPACE},
};

/// Whether somebody else's load balancer controller runs there, under its usual name. Fails where that cannot be seen.
pub async fn has_other_controller(client: &Client, owner: &Owner) -> Result<bool, ResourceError> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), CONTROLLER_NAMESPACE);
    let found = deployments.get_opt(NAME).await;
    let found = found.map_err(|error| {
        let attempt = format!("look at deployment/{NAME} in {CONTROLLER_NAMESPACE}");
        resource_error(attempt, Kind::Deployment, error)
    })?;
    let live = found.and_then(|found| serde_json::to_value(found).ok());
    Ok(live.is_some_and(|live| owner_of(&live, owner) != Ownership::Ours))
}
