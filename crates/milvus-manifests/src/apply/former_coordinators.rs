//! Coordinators that are deployed another way from now on: one mixture in place of separate ones, or the other way round.

use milvus_aws_core::{engine::ResourceError, topology::Role};
use serde_json::Value;

use super::{
    api::{Objects, name_of, uid_of},
    owner::is_released,
};
use crate::labels::{COMPONENT, HOME, INSTALLATION, MANAGED_BY, Owner};

/// A coordinator without standby ends again and again while another one holds its session. So those that are deployed
/// the other way go before it is made; where it stands by, they go later, and it takes over. Those of a Helm release that
/// is taken over are among them.
pub(super) async fn make_room(
    deployments: &Objects,
    owner: &Owner,
    adopts: bool,
    wanted: &Value,
) -> Result<(), ResourceError> {
    let Some(role) = role_of(wanted).filter(|role| role.is_coordinator()) else {
        return Ok(());
    };
    if wanted["spec"]["strategy"]["type"] != "Recreate" {
        return Ok(());
    }
    let ours = format!("{INSTALLATION}={}", owner.installation);
    let mut found = deployments.list(&ours).await?;
    if adopts {
        let helms = deployments.list(&format!("{MANAGED_BY}=Helm")).await?;
        found.extend(helms.into_iter().filter(|live| is_released(live, owner)));
    }
    for live in found {
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
