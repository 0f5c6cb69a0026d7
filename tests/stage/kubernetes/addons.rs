//! What runs in pods from the start: DNS, and the provisioner of the default storage class.

use anyhow::{Context as _, Result};

use super::DNS_ADDRESS;
use super::node::{LIMIT, Node};
use crate::wait;

/// Applies them; they start as soon as there is a node.
pub(super) fn apply(node: &Node<'_>) -> Result<()> {
    let file = node.fill("addons.yaml", include_str!("addons.yaml"))?;
    let file = file.to_string_lossy();
    node.kubectl(&[
        "apply",
        "--server-side",
        "--field-manager=stage",
        "-f",
        &file,
    ])
    .map(drop)
}

/// Waits until they serve.
pub(super) fn wait_ready(node: &Node<'_>) -> Result<()> {
    for (namespace, name) in [
        ("kube-system", "coredns"),
        ("local-path-storage", "local-path-provisioner"),
    ] {
        let deployment = format!("deployment/{name}");
        node.kubectl_wait(&["rollout", "status", "-n", namespace, &deployment])
            .with_context(|| {
                let logs = node.kubectl(&["logs", "-n", namespace, &deployment, "--tail=5"]);
                format!(
                    "{deployment} in {namespace} does not become ready; its log ends with:\n{}",
                    logs.unwrap_or_default()
                )
            })?;
    }
    // The pod is ready; its service's address works once kube-proxy has seen that.
    wait::tcp(
        "the cluster's DNS service",
        &format!("{DNS_ADDRESS}:53"),
        LIMIT,
    )
}
