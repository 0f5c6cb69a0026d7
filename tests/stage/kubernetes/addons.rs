//! What runs in pods from the start: DNS, and the provisioner of the default storage class.

use anyhow::Result;

use super::node::Node;

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
pub(super) fn wait(node: &Node<'_>) -> Result<()> {
    node.kubectl_wait(&[
        "rollout",
        "status",
        "-n",
        "kube-system",
        "deployment/coredns",
    ])?;
    node.kubectl_wait(&[
        "rollout",
        "status",
        "-n",
        "local-path-storage",
        "deployment/local-path-provisioner",
    ])?;
    Ok(())
}
