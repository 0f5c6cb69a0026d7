//! Milvus that the milvus-operator runs: found and named, never touched.

use kube::{
    Api, Client, ResourceExt,
    api::{DynamicObject, ListParams},
    core::{ApiResource, GroupVersionKind},
};
use milvus_aws_core::installation::Namespace;

use super::failure::resource_error;
use crate::{Error, Kind};

/// Names of the operator's `Milvus` resources in a namespace. A cluster that does not know the kind has none, and who may
/// not list them does not see any.
pub async fn operated(client: &Client, namespace: &Namespace) -> Result<Vec<String>, Error> {
    let kind = GroupVersionKind::gvk("milvus.io", "v1beta1", "Milvus");
    let kind = ApiResource::from_gvk_with_plural(&kind, "milvuses");
    let all: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace.as_str(), &kind);
    match all.list_metadata(&ListParams::default()).await {
        Ok(list) => Ok(list.items.iter().map(ResourceExt::name_any).collect()),
        Err(kube::Error::Api(status)) if matches!(status.code, 403 | 404) => Ok(Vec::new()),
        Err(error) => {
            let attempt = format!("list milvuses.milvus.io in namespace {namespace}");
            Err(Error::Request(resource_error(
                attempt,
                Kind::Namespace,
                error,
            )))
        }
    }
}
