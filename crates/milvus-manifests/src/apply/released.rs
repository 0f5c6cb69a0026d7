//! What of a Helm release is there.

use kube::Client;
use milvus_aws_core::{Installation, engine::ResourceError};

use super::{
    api::{Objects, name_of},
    owner::{Ownership, is_released, owner_of},
};
use crate::{
    Error, Kind, ObjectRef, Scope,
    labels::{INSTANCE, MANAGED_BY, Owner},
};

/// Whether the installation exists, as ours or as a Helm release of its name: it has a service for clients.
pub async fn exists(client: &Client, installation: &Installation) -> Result<bool, Error> {
    let owner = Owner::of(installation);
    let objects = Objects::new(client, Kind::Service, installation.namespace.as_str());
    let instance = format!("{INSTANCE}={}", installation.name);
    let services = objects.list(&instance).await.map_err(Error::Request)?;
    Ok(services.iter().any(|service| {
        is_released(service, &owner) || owner_of(service, &owner) == Ownership::Ours
    }))
}

/// Objects that carry the release's mark still: what is not of Milvus itself, and what holds data. Kinds that may not be
/// seen are left out.
pub async fn still_of_helm(
    client: &Client,
    installation: &Installation,
) -> Result<Vec<ObjectRef>, Error> {
    let owner = Owner::of(installation);
    let kinds = Kind::ALL.iter().copied();
    let mut found = Vec::new();
    for kind in kinds.filter(|kind| kind.scope() == Scope::Namespaced) {
        found.extend(
            of_kind(client, kind, &owner)
                .await
                .map_err(Error::Request)?,
        );
    }
    Ok(found)
}

async fn of_kind(
    client: &Client,
    kind: Kind,
    owner: &Owner,
) -> Result<Vec<ObjectRef>, ResourceError> {
    let objects = Objects::new(client, kind, owner.namespace.as_str());
    let mut live = objects.list_visible(&format!("{MANAGED_BY}=Helm")).await?;
    live.retain(|live| is_released(live, owner));
    Ok(live
        .iter()
        .map(|live| ObjectRef {
            kind,
            name: name_of(live).to_owned(),
        })
        .collect())
}
