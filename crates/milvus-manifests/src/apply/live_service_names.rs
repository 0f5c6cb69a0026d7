//! Which parts of etcd and of the log an installation uses that is there already.

use kube::Client;
use milvus_aws_core::{Installation, engine::ResourceError, topology::ServiceNames};

use super::{
    api::Objects,
    kept_data::service_names,
    owner::{Ownership, is_released, owner_of},
};
use crate::{Error, Kind, labels::Owner, names::Names};

/// What the live settings of an installation say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveServiceNames {
    /// There are none: the installation is new.
    New,
    /// They name these parts, or are silent, which is the usual ones.
    Known(ServiceNames),
    /// They are somebody else's.
    Foreign,
}

/// Looks at the settings of that installation, or, where it `adopts`, of the Helm release of its name.
pub async fn live_service_names(
    client: &Client,
    installation: &Installation,
    adopts: bool,
) -> Result<LiveServiceNames, Error> {
    let look = look(client, installation, adopts).await;
    look.map_err(Error::Request)
}

async fn look(
    client: &Client,
    installation: &Installation,
    adopts: bool,
) -> Result<LiveServiceNames, ResourceError> {
    let owner = Owner::of(installation);
    let maps = Objects::new(client, Kind::ConfigMap, owner.namespace.as_str());
    let names = Names::of(installation);
    // Before 2.4.6 settings go in as environment, from a ConfigMap of another name.
    for name in [names.full(), names.environment()] {
        let Some(live) = maps.get(&name).await? else {
            continue;
        };
        let ours = owner_of(&live, &owner) == Ownership::Ours;
        let is_taken_over = adopts && is_released(&live, &owner);
        if !ours && !is_taken_over {
            return Ok(LiveServiceNames::Foreign);
        }
        if let Some(names) = service_names(&live) {
            return Ok(LiveServiceNames::Known(names));
        }
    }
    Ok(LiveServiceNames::New)
}
