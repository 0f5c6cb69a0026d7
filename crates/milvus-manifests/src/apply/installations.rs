//! Which installations a namespace holds, whatever is left of them.

use std::collections::BTreeSet;

use kube::Client;
use milvus_aws_core::{
    engine::ResourceError,
    installation::{InstallationName, Namespace},
};
use serde_json::Value;

use super::api::Objects;
use crate::{
    Error, Kind, Scope,
    labels::{HOME, INSTALLATION},
};

/// The names on our marks in a namespace, on any kind of object that we make: also what an interrupted run left, and
/// volumes that were kept.
pub async fn installations(
    client: &Client,
    namespace: &Namespace,
) -> Result<Vec<InstallationName>, Error> {
    let mut names = BTreeSet::new();
    for kind in Kind::ALL
        .iter()
        .copied()
        .filter(|kind| kind.scope() == Scope::Namespaced)
    {
        let objects = Objects::new(client, kind, namespace.as_str());
        let live = list(&objects).await.map_err(Error::Request)?;
        // What lives here for an installation elsewhere says so.
        let at_home = live
            .iter()
            .filter(|object| object["metadata"]["labels"].get(HOME).is_none());
        let marks =
            at_home.filter_map(|object| object["metadata"]["labels"][INSTALLATION].as_str());
        // A mark that is no name is none of ours.
        names.extend(marks.filter_map(|mark| mark.parse().ok()));
    }
    Ok(names.into_iter().collect())
}

/// Kinds that only some installations have may be hidden from who needs none.
async fn list(objects: &Objects) -> Result<Vec<Value>, ResourceError> {
    if objects.kind.is_everywhere() {
        objects.list(INSTALLATION).await
    } else {
        objects.list_visible(INSTALLATION).await
    }
}
