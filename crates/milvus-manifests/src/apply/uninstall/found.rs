//! What an installation has, by our mark.

use futures::future::try_join_all;
use kube::Client;
use milvus_aws_core::engine::ResourceError;
use serde_json::Value;

use super::{super::api::Objects, existing::Existing};
use crate::{
    Kind, Scope,
    labels::{HOME, INSTALLATION, Owner},
    load_balancer_controller::CONTROLLER_NAMESPACE,
};

/// Whose objects are taken away, and where.
pub(super) struct Place<'a> {
    pub(super) client: &'a Client,
    pub(super) owner: Owner,
}

/// What exists, in the order in which it was made.
pub(super) struct Found {
    /// In the installation's namespace.
    pub(super) home: Vec<Existing>,
    /// The load balancer controller.
    pub(super) controller: Vec<Existing>,
    /// Storage classes.
    pub(super) classes: Vec<Existing>,
}

impl Found {
    pub(super) async fn look(place: &Place<'_>) -> Result<Self, ResourceError> {
        let Owner {
            installation,
            namespace,
        } = &place.owner;
        let ours = format!("{INSTALLATION}={installation}");
        let outside = format!("{ours},{HOME}={namespace}");
        let kinds = Kind::ALL.iter().copied();
        let of_namespaces = kinds
            .clone()
            .filter(|kind| kind.scope() == Scope::Namespaced);
        let at_home = of_namespaces.clone().map(|kind| {
            let objects = Objects::new(place.client, kind, namespace.as_str());
            let ours = &ours;
            async move {
                let live = if kind.is_everywhere() {
                    objects.list(ours).await?
                } else {
                    objects.list_visible(ours).await?
                };
                let at_home = |live: &&Value| live["metadata"]["labels"].get(HOME).is_none();
                Ok::<_, ResourceError>(existing(&objects, place, live.iter().filter(at_home)))
            }
        });
        let elsewhere = kinds.filter(|kind| *kind != Kind::Namespace && !kind.holds_data());
        let elsewhere = elsewhere.map(|kind| {
            let objects = Objects::new(place.client, kind, CONTROLLER_NAMESPACE);
            let outside = &outside;
            async move {
                let live = objects.list_visible(outside).await?;
                Ok::<_, ResourceError>(existing(&objects, place, live.iter()))
            }
        });
        let (home, elsewhere) =
            futures::future::try_join(try_join_all(at_home), try_join_all(elsewhere)).await?;
        let (classes, controller) = elsewhere
            .into_iter()
            .flatten()
            .partition(|existing| existing.reference.kind == Kind::StorageClass);
        Ok(Self {
            home: home.into_iter().flatten().collect(),
            controller,
            classes,
        })
    }
}

/// What a controller made for its own object has copied our labels, and goes with its owner.
fn existing<'a>(
    objects: &Objects,
    place: &Place<'_>,
    live: impl Iterator<Item = &'a Value>,
) -> Vec<Existing> {
    let is_owned = |live: &&Value| {
        let owners = live["metadata"]["ownerReferences"].as_array();
        owners.is_some_and(|owners| !owners.is_empty())
    };
    live.filter(|live| !is_owned(live))
        .map(|live| Existing::new(objects, place, live))
        .collect()
}
