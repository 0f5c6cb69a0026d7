//! Who else lives in a namespace.

use kube::{
    Api, Client, Resource, ResourceExt,
    api::ListParams,
    core::{ApiResource, PartialObjectMeta},
    discovery::{Discovery, Scope, verbs},
};
use milvus_aws_core::{
    engine::ResourceError,
    installation::{InstallationName, Namespace},
};

use super::failure::resource_error;
use crate::{Kind, labels::INSTALLATION, load_balancer_controller::TargetGroupBinding};

/// Objects in the namespace that are not ours, nor made by Kubernetes for every namespace, nor owned by another object.
/// Every kind that the cluster knows is asked for.
pub(super) async fn strangers(
    client: &Client,
    installation: &InstallationName,
    namespace: &Namespace,
) -> Result<Vec<String>, ResourceError> {
    let failed = |what: &str, error| {
        let attempt = format!("{what} in namespace {namespace}");
        resource_error(attempt, Kind::Namespace, error)
    };
    // Metrics are no objects: they go with their pods.
    let kinds = Discovery::new(client.clone()).exclude(&["metrics.k8s.io", "events.k8s.io"]);
    let kinds = kinds
        .run()
        .await
        .map_err(|error| failed("look for kinds", error))?;
    let mut found = Vec::new();
    for (kind, about) in kinds
        .groups()
        .flat_map(kube::discovery::ApiGroup::recommended_resources)
    {
        if about.scope != Scope::Namespaced
            || !about.supports_operation(verbs::LIST)
            || is_record(&kind)
        {
            continue;
        }
        let api: Api<kube::api::DynamicObject> =
            Api::namespaced_with(client.clone(), namespace.as_str(), &kind);
        let list = match api.list_metadata(&ListParams::default()).await {
            Ok(list) => list,
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 405) => continue,
            // What may not be seen may be there.
            Err(kube::Error::Api(status)) if status.code == 403 => {
                found.push(format!("{} that may not be listed", kind.plural));
                continue;
            }
            Err(error) => return Err(failed(&format!("list {}", kind.plural), error)),
        };
        let strangers = list.items.iter().filter(|object| {
            object.labels().get(INSTALLATION).map(String::as_str) != Some(installation.as_str())
                && object.owner_references().is_empty()
                && !is_of_every_namespace(&kind.kind, object)
                && !is_of_a_balancer(object)
        });
        found.extend(
            strangers.map(|object| format!("{}/{}", kind.kind.to_lowercase(), object.name_any())),
        );
    }
    found.sort();
    Ok(found)
}

/// Whether objects of that kind are only Kubernetes' own notes.
fn is_record(kind: &ApiResource) -> bool {
    matches!(
        kind.kind.as_str(),
        "Event" | "Endpoints" | "EndpointSlice" | "PodMetrics"
    )
}

fn is_of_every_namespace<K: Resource>(kind: &str, object: &PartialObjectMeta<K>) -> bool {
    matches!(
        (kind, object.name_any().as_str()),
        ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default")
    )
}

/// What the load balancer controller made for a service or an ingress, which is looked at by itself, and goes with it.
fn is_of_a_balancer<K: Resource>(object: &PartialObjectMeta<K>) -> bool {
    let prefixes = ["service.k8s.aws/", "ingress.k8s.aws/"];
    let mut keys = object.labels().keys();
    keys.any(|key| prefixes.iter().any(|prefix| key.starts_with(prefix)))
}

/// Target groups outside of a namespace: whoever has one needs the load balancer controller.
pub(super) async fn others_balanced(
    client: &Client,
    namespace: &Namespace,
) -> Result<Vec<String>, ResourceError> {
    let bindings: Api<TargetGroupBinding> = Api::all(client.clone());
    let list = match bindings.list_metadata(&ListParams::default()).await {
        Ok(list) => list,
        // A cluster that does not know the kind has none.
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Vec::new()),
        Err(error) => {
            let attempt = "list target group bindings".to_owned();
            return Err(resource_error(attempt, Kind::Service, error));
        }
    };
    let others = list.items.iter().filter_map(|binding| {
        let home = binding.namespace()?;
        let name = binding.name_any();
        (home != namespace.as_str()).then(|| format!("targetgroupbinding/{name} in {home}"))
    });
    Ok(others.collect())
}
