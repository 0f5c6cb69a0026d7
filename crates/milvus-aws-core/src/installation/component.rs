//! What a user may say of one role.

use std::num::NonZeroU16;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Annotations, Labels, Memory, PodSettings, Resources};

/// What a user may say of one role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ComponentSpec {
    /// Number of pods. Coordinators with two or more run active-standby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<NonZeroU16>,
    /// Requests and limits; the topology's defaults when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Lets the number of pods follow their load; `replicas` stays away then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// Whether an autoscaler of your own sets the number of pods (KEDA, an autoscaler by other metrics): no number is
    /// written then, and `replicas` and `autoscaling` stay away.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub external_autoscaler: bool,
    /// The local disk, of roles that have one.
    #[serde(skip_serializing_if = "Disk::is_default")]
    pub disk: Disk,
    /// What holds for the pods of this role alone.
    #[serde(skip_serializing_if = "PodSettings::is_default")]
    pub pod: PodSettings,
    /// The service of this role, where it has one.
    #[serde(skip_serializing_if = "ComponentServiceSpec::is_default")]
    pub service: ComponentServiceSpec,
}

/// How many pods there are, by what they use. Percents are of the requests of their containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Autoscaling {
    /// The fewest pods.
    #[serde(default = "one")]
    pub min: NonZeroU16,
    /// The most pods.
    pub max: NonZeroU16,
    /// Processor time to aim at, in percent of what is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<NonZeroU16>,
    /// Memory to aim at, in percent of what is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_percent: Option<NonZeroU16>,
}

/// The local disk of a role: caches, disk indexes, the log on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Disk {
    /// Whether disk indexes may be used.
    pub enabled: bool,
    /// How much of the node's disk a pod may fill; not limited when absent. The server is told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_limit: Option<Memory>,
}

/// The service of one role, which the chart lets a user decorate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ComponentServiceSpec {
    /// Further labels.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Annotations.
    #[serde(skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
}

fn one() -> NonZeroU16 {
    NonZeroU16::MIN
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            enabled: true,
            size_limit: None,
        }
    }
}

impl Disk {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl ComponentServiceSpec {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
