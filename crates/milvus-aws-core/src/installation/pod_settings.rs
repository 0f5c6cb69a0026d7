//! What a user may say of pods: Kubernetes' own fields, as Kubernetes spells them.

use std::borrow::Cow;

use k8s_openapi::api::{
    apps::v1::DeploymentStrategy,
    core::v1::{
        Affinity, Container, EnvVar, PodSecurityContext, SecurityContext, Toleration,
        TopologySpreadConstraint, Volume, VolumeMount,
    },
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Annotations, Labels, ObjectName, overrides::Overrides};

/// What a user says of pods. What is said wins over our own defaults, field by field; what is said of one role wins over
/// what is said of all of them: lists of environment, volumes and containers are joined, everything else is replaced.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PodSettings {
    /// Further labels of the pods.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Annotations of the pods.
    #[serde(skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// Labels that a node must have.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub node_selector: Labels,
    /// On which nodes, and beside which pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Fragment>")]
    pub affinity: Option<Box<Affinity>>,
    /// Taints of nodes that do not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Fragment>")]
    pub tolerations: Vec<Toleration>,
    /// How pods are spread; over zones and nodes as far as possible when absent, not at all when empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<Fragment>>")]
    pub topology_spread_constraints: Option<Vec<TopologySpreadConstraint>>,
    /// The pods' security context. A field that is `null` takes our default out; `supplementalGroups` are added to
    /// those that the image needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Fragment>")]
    pub security_context: Option<Box<Overrides<PodSecurityContext>>>,
    /// The server container's security context. A field that is `null` takes our default out, also the pod's that it
    /// would have instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Fragment>")]
    pub container_security_context: Option<Box<Overrides<SecurityContext>>>,
    /// Further environment of the server. Secrets are referred to by `valueFrom`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Fragment>")]
    pub env: Vec<EnvVar>,
    /// Further volumes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Fragment>")]
    pub volumes: Vec<Volume>,
    /// Where the server sees them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Fragment>")]
    pub volume_mounts: Vec<VolumeMount>,
    /// Containers that end before the server starts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Fragment>")]
    pub init_containers: Vec<Container>,
    /// Containers beside the server's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Fragment>")]
    pub sidecars: Vec<Container>,
    /// Names of the secrets that pull images; those of all pods when absent, none when empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_secrets: Option<Vec<ObjectName>>,
    /// Priority class of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_class: Option<ObjectName>,
    /// Runtime class of the pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_class: Option<ObjectName>,
    /// How old pods are replaced by new ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Fragment>")]
    pub strategy: Option<DeploymentStrategy>,
}

impl PodSettings {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What holds for the pods of one role: what is said of it wins over what is said of all (`self`).
    #[must_use]
    pub fn with_role(&self, role: &Self) -> Self {
        Self {
            labels: self.labels.with(&role.labels),
            annotations: self.annotations.with(&role.annotations),
            node_selector: if role.node_selector.is_empty() {
                self.node_selector.clone()
            } else {
                role.node_selector.clone()
            },
            affinity: role.affinity.clone().or_else(|| self.affinity.clone()),
            tolerations: if role.tolerations.is_empty() {
                self.tolerations.clone()
            } else {
                role.tolerations.clone()
            },
            topology_spread_constraints: role
                .topology_spread_constraints
                .clone()
                .or_else(|| self.topology_spread_constraints.clone()),
            security_context: role
                .security_context
                .clone()
                .or_else(|| self.security_context.clone()),
            container_security_context: role
                .container_security_context
                .clone()
                .or_else(|| self.container_security_context.clone()),
            env: by_name(&self.env, &role.env, |variable| &variable.name),
            volumes: by_name(&self.volumes, &role.volumes, |volume| &volume.name),
            volume_mounts: by_name(&self.volume_mounts, &role.volume_mounts, |mount| {
                &mount.mount_path
            }),
            init_containers: by_name(&self.init_containers, &role.init_containers, |one| {
                &one.name
            }),
            sidecars: by_name(&self.sidecars, &role.sidecars, |one| &one.name),
            image_pull_secrets: role
                .image_pull_secrets
                .clone()
                .or_else(|| self.image_pull_secrets.clone()),
            priority_class: role
                .priority_class
                .clone()
                .or_else(|| self.priority_class.clone()),
            runtime_class: role
                .runtime_class
                .clone()
                .or_else(|| self.runtime_class.clone()),
            strategy: role.strategy.clone().or_else(|| self.strategy.clone()),
        }
    }
}

/// Both lists; of two items of one name the later one, at the place of the first.
pub(super) fn by_name<T: Clone>(all: &[T], own: &[T], name: impl Fn(&T) -> &str) -> Vec<T> {
    let mut joined = all.to_vec();
    for item in own {
        match joined.iter_mut().find(|known| name(known) == name(item)) {
            Some(known) => *known = item.clone(),
            None => joined.push(item.clone()),
        }
    }
    joined
}

/// A part of a Kubernetes object, for the schema: its keys are Kubernetes' own.
pub(super) struct Fragment;

impl JsonSchema for Fragment {
    fn schema_name() -> Cow<'static, str> {
        "KubernetesFragment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "description": "As Kubernetes has it; unknown keys are refused when the file is read."})
    }
}
