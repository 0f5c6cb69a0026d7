//! What all pods have in common.

pub(crate) mod probes;
pub(crate) mod resources;
pub(crate) mod security;
pub(crate) mod spread;
pub(crate) mod volumes;

use k8s_openapi::api::core::v1::{LocalObjectReference, PodSpec, TopologySpreadConstraint};
use milvus_aws_core::installation::{PodSettings, PullPolicy};

/// What the user says of these pods, and what holds for all of ours.
pub(crate) fn base(said: &PodSettings) -> PodSpec {
    let selector = said.node_selector.to_map();
    let pull_secrets = said.image_pull_secrets.iter().flatten();
    let pull_secrets: Vec<_> = pull_secrets
        .map(|name| LocalObjectReference {
            name: name.to_string(),
        })
        .collect();
    PodSpec {
        node_selector: (!selector.is_empty()).then_some(selector),
        affinity: said.affinity.as_deref().cloned(),
        tolerations: some(&said.tolerations),
        image_pull_secrets: (!pull_secrets.is_empty()).then_some(pull_secrets),
        init_containers: some(&said.init_containers),
        priority_class_name: said.priority_class.as_ref().map(ToString::to_string),
        runtime_class_name: said.runtime_class.as_ref().map(ToString::to_string),
        // A service named `minio` would otherwise set MINIO_PORT, which the server takes for its own setting.
        enable_service_links: Some(false),
        // Nothing in these pods calls the Kubernetes API; tokens for IAM roles are projected beside this one.
        automount_service_account_token: Some(false),
        ..PodSpec::default()
    }
}

/// How pods are spread: as the user says, else as we have it.
pub(crate) fn spread(
    said: &PodSettings,
    ours: Option<Vec<TopologySpreadConstraint>>,
) -> Option<Vec<TopologySpreadConstraint>> {
    match &said.topology_spread_constraints {
        Some(constraints) => some(constraints),
        None => ours,
    }
}

/// Our list and the user's; of two items of one name the user's, at the place of ours.
pub(crate) fn joined<T: Clone>(mut ours: Vec<T>, said: &[T], name: impl Fn(&T) -> &str) -> Vec<T> {
    for item in said {
        match ours.iter_mut().find(|known| name(known) == name(item)) {
            Some(known) => *known = item.clone(),
            None => ours.push(item.clone()),
        }
    }
    ours
}

/// A list, and none for an empty one.
fn some<T: Clone>(items: &[T]) -> Option<Vec<T>> {
    (!items.is_empty()).then(|| items.to_vec())
}

/// When the kubelet pulls, as Kubernetes spells it.
pub(crate) fn pull_policy(policy: PullPolicy) -> String {
    let policy = match policy {
        PullPolicy::Always => "Always",
        PullPolicy::IfNotPresent => "IfNotPresent",
        PullPolicy::Never => "Never",
    };
    policy.to_owned()
}
