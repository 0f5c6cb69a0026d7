//! What of a Helm release is there.

use kube::Client;
use milvus_aws_core::{Installation, engine::ResourceError, topology::Role};
use serde_json::Value;

use super::{
    api::{Objects, name_of},
    owner::{Ownership, is_released, owner_of},
};
use crate::{
    Error, Kind, ObjectRef, Scope,
    labels::{COMPONENT, INSTANCE, MANAGED_BY, Owner},
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

/// A component of Milvus that runs as Helm made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedComponent {
    /// The deployment's name.
    pub deployment: String,
    /// The image that its deployment asks for. The chart's labels say the chart's version, whatever the image.
    pub image: String,
}

impl ReleasedComponent {
    /// The tag of the image; `latest` where it has none.
    pub fn tag(&self) -> &str {
        tag_of(&self.image)
    }
}

/// The tag of an image; `latest` where it has none.
pub(super) fn tag_of(image: &str) -> &str {
    let (image, _digest) = image.split_once('@').unwrap_or((image, ""));
    let (_registry, name) = image.rsplit_once('/').unwrap_or(("", image));
    name.rsplit_once(':').map_or("latest", |(_, tag)| tag)
}

/// The components that a Helm release of the installation's name has, and that are not ours yet.
pub async fn released_components(
    client: &Client,
    installation: &Installation,
) -> Result<Vec<ReleasedComponent>, Error> {
    let owner = Owner::of(installation);
    let deployments = released(client, Kind::Deployment, &owner).await;
    let deployments = deployments.map_err(Error::Request)?;
    Ok(deployments.iter().filter_map(component).collect())
}

/// A component of Milvus; none where the deployment is of something else of the chart's.
fn component(live: &Value) -> Option<ReleasedComponent> {
    let component = live["metadata"]["labels"][COMPONENT].as_str()?;
    Role::of_component(component)?;
    let containers = live["spec"]["template"]["spec"]["containers"].as_array()?;
    // Others may run beside it; the chart names Milvus's own as the component.
    let own = containers.iter().find(|it| it["name"] == component);
    let own = own.or(containers.first())?;
    Some(ReleasedComponent {
        deployment: name_of(live).to_owned(),
        image: own["image"].as_str().unwrap_or_default().to_owned(),
    })
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
        let objects = Objects::new(client, kind, owner.namespace.as_str());
        let live = objects.list_visible(&format!("{MANAGED_BY}=Helm")).await;
        let mut live = live.map_err(Error::Request)?;
        live.retain(|live| is_released(live, &owner));
        let reference = |live: &Value| ObjectRef {
            kind,
            name: name_of(live).to_owned(),
        };
        found.extend(live.iter().map(reference));
    }
    Ok(found)
}

/// Objects of one kind that are the release's.
pub(super) async fn released(
    client: &Client,
    kind: Kind,
    owner: &Owner,
) -> Result<Vec<Value>, ResourceError> {
    let objects = Objects::new(client, kind, owner.namespace.as_str());
    let mut live = objects.list(&format!("{MANAGED_BY}=Helm")).await?;
    live.retain(|live| is_released(live, owner));
    Ok(live)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_told_from_ports_and_digests() {
        for (image, tag) in [
            ("milvusdb/milvus:v2.4.5", "v2.4.5"),
            ("registry:5000/milvus", "latest"),
            (
                "registry:5000/milvusdb/milvus:v2.4.5-gpu@sha256:0a:1b",
                "v2.4.5-gpu",
            ),
            ("milvus@sha256:0a", "latest"),
        ] {
            let deployment = String::new();
            let image = image.to_owned();
            assert_eq!(ReleasedComponent { deployment, image }.tag(), tag);
        }
    }
}
