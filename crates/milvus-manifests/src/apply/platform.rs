//! What kind of Kubernetes a cluster is.

use kube::Client;
use milvus_aws_core::installation::Platform;

use super::failure::resource_error;
use crate::{Error, Kind};

/// The group of OpenShift's security context constraints.
const CONSTRAINTS: &str = "security.openshift.io";

/// Asks a cluster what kind it is: OpenShift has security context constraints. One that refuses the question is taken for
/// plain Kubernetes.
pub async fn platform(client: &Client) -> Result<Platform, Error> {
    let groups = match client.list_api_groups().await {
        Ok(list) => list.groups,
        Err(kube::Error::Api(status)) if matches!(status.code, 403 | 404) => Vec::new(),
        Err(error) => {
            let attempt = "list the API groups of the cluster".to_owned();
            return Err(Error::Request(resource_error(
                attempt,
                Kind::Namespace,
                error,
            )));
        }
    };
    let is_openshift = groups.iter().any(|group| group.name == CONSTRAINTS);
    Ok(if is_openshift {
        Platform::OpenShift
    } else {
        Platform::Kubernetes
    })
}
