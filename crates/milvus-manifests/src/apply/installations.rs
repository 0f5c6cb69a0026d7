//! Which installations a namespace holds, whatever is left of them.

use std::collections::BTreeSet;

use kube::Client;
use milvus_aws_core::installation::{InstallationName, Namespace};

use super::api::Objects;
use crate::{Error, Kind, labels::INSTALLATION};

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
        .filter(|kind| *kind != Kind::Namespace)
    {
        let objects = Objects::new(client, kind, namespace.as_str());
        let live = objects.list(INSTALLATION).await.map_err(Error::Request)?;
        let marks = live
            .iter()
            .filter_map(|object| object["metadata"]["labels"][INSTALLATION].as_str());
        // A mark that is no name is none of ours.
        names.extend(marks.filter_map(|mark| mark.parse().ok()));
    }
    Ok(names.into_iter().collect())
}
