//! What all pods have in common.

pub(crate) mod probes;
pub(crate) mod resources;
pub(crate) mod security;
pub(crate) mod spread;
pub(crate) mod volumes;

use k8s_openapi::api::core::v1::{LocalObjectReference, PodSpec};
use milvus_aws_core::{Installation, installation::PullPolicy};

/// What the user says of all pods, and what holds for all of them.
pub(crate) fn base(installation: &Installation) -> PodSpec {
    let scheduling = &installation.scheduling;
    let selector = scheduling.node_selector.to_map();
    let pull_secrets = scheduling.image_pull_secrets.iter();
    let pull_secrets: Vec<_> = pull_secrets
        .map(|name| LocalObjectReference {
            name: name.to_string(),
        })
        .collect();
    PodSpec {
        node_selector: (!selector.is_empty()).then_some(selector),
        image_pull_secrets: (!pull_secrets.is_empty()).then_some(pull_secrets),
        priority_class_name: scheduling.priority_class.as_ref().map(ToString::to_string),
        // A service named `minio` would otherwise set MINIO_PORT, which the server takes for its own setting.
        enable_service_links: Some(false),
        // Nothing in these pods calls the Kubernetes API; tokens for IAM roles are projected beside this one.
        automount_service_account_token: Some(false),
        ..PodSpec::default()
    }
}

/// When the kubelet pulls, as Kubernetes spells it.
pub(crate) fn pull_policy(installation: &Installation) -> String {
    let policy = match installation.image.pull_policy {
        PullPolicy::Always => "Always",
        PullPolicy::IfNotPresent => "IfNotPresent",
        PullPolicy::Never => "Never",
    };
    policy.to_owned()
}
