//! Coordinators that are deployed another way from now on: one mixture in place of separate ones, or the other way round.

use milvus_aws_core::{engine::ResourceError, topology::Role};
use serde_json::Value;

use super::api::{Objects, name_of, uid_of};
use crate::labels::{COMPONENT, HOME, INSTALLATION, Owner};

/// A coordinator without standby ends again and again while another one holds its session. So those that are deployed
/// the other way go before it is made; where it stands by, they go later, and it takes over.
pub(super) async fn make_room(
    deployments: &Objects,
    owner: &Owner,
    wanted: &Value,
) -> Result<(), ResourceError> {
    let Some(role) = role_of(wanted).filter(|role| role.is_coordinator()) else {
        return Ok(());
    };
    if wanted["spec"]["strategy"]["type"] != "Recreate" {
        return Ok(());
    }
    let ours = format!("{INSTALLATION}={}", owner.installation);
    for live in deployments.list(&ours).await? {
        let other = role_of(&live).is_some_and(|other| {
            let is_mixture = |role| role == Role::MixCoordinator;
            other.is_coordinator() && is_mixture(other) != is_mixture(role)
        });
        let elsewhere = live["metadata"]["labels"].get(HOME).is_some();
        if other && !elsewhere {
            let uid = uid_of(&live).map(str::to_owned);
            deployments.delete(name_of(&live), uid).await?;
        }
    }
    Ok(())
}

fn role_of(deployment: &Value) -> Option<Role> {
    Role::of_component(deployment["metadata"]["labels"][COMPONENT].as_str()?)
}
