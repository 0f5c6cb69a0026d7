//! One deployment of Milvus processes.

use serde::Serialize;

use super::{
    line::Line,
    role::{METRICS, Role},
};
use crate::installation::{
    Amounts, Autoscaling, ComponentServiceSpec, ComponentSpec, Cpu, Disk, Memory, PodSettings,
    ResourceGroup, Resources, Standalone,
};

/// One deployment of Milvus processes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// What its processes do.
    pub role: Role,
    /// Name in object names (`<full name>-<name>`) and in the label `component`.
    pub name: &'static str,
    /// The process and its arguments.
    pub args: &'static [&'static str],
    /// Environment of the process, besides settings.
    pub environment: &'static [(&'static str, &'static str)],
    /// Ports of the container.
    pub container_ports: Vec<Port>,
    /// The service of its own; none where the installation's service for clients points at it.
    pub service: Option<ComponentService>,
    /// What the user says of that service.
    #[serde(skip)]
    pub service_spec: ComponentServiceSpec,
    /// The group that it is for; none where there are no groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<ResourceGroup>,
    /// Number of pods; the fewest where their number follows the load.
    pub replicas: u16,
    /// How their number follows the load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// Whether an autoscaler of the user's own sets their number.
    #[serde(skip)]
    pub external_autoscaler: bool,
    /// Whether its replicas run active-standby (coordinators with two or more).
    pub active_standby: bool,
    /// Requests and limits of each pod.
    pub resources: Resources,
    /// Whether it works on a local disk that should be sized: caches, disk indexes, the log.
    pub local_disk: bool,
    /// What the user says of that disk.
    #[serde(skip)]
    pub disk: Disk,
    /// What the user says of its pods: of all of them, and of this role.
    #[serde(skip)]
    pub pod: PodSettings,
}

/// A named port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Port {
    /// Its name.
    pub name: &'static str,
    /// Its number.
    pub number: u16,
}

/// The service of one component, for other components and for metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ComponentService {
    /// Whether it has no address of its own.
    pub headless: bool,
    /// Its ports.
    pub ports: Vec<Port>,
}

impl Component {
    /// Whether its number of pods is not ours to write.
    pub const fn is_scaled(&self) -> bool {
        self.autoscaling.is_some() || self.external_autoscaler
    }

    /// `shared` holds for the pods of all roles.
    pub(super) fn new(role: Role, line: &Line, spec: &ComponentSpec, shared: &PodSettings) -> Self {
        let fewest = spec.autoscaling.map(|scaling| scaling.min);
        let replicas = spec.replicas.or(fewest);
        let replicas = replicas.map_or(1, std::num::NonZeroU16::get);
        Self {
            role,
            name: role.component_name(),
            args: role.args(),
            environment: environment(role),
            container_ports: role.port().into_iter().chain([METRICS]).collect(),
            service: service(role),
            service_spec: spec.service.clone(),
            resource_group: None,
            replicas,
            autoscaling: spec.autoscaling,
            external_autoscaler: spec.external_autoscaler,
            active_standby: role.is_coordinator() && replicas > 1,
            resources: spec.resources.unwrap_or_else(|| default_resources(role)),
            local_disk: line.local_disk.contains(&role),
            disk: spec.disk,
            pod: shared.with_role(&spec.pod),
        }
    }

    pub(super) fn standalone(line: &Line, standalone: &Standalone, shared: &PodSettings) -> Self {
        let spec = ComponentSpec {
            resources: Some(standalone.resources),
            disk: standalone.disk,
            pod: standalone.pod.clone(),
            ..ComponentSpec::default()
        };
        Self::new(Role::Standalone, line, &spec, shared)
    }

    /// One deployment for each group; itself where there are no groups, or its role has none. The service is one for
    /// all groups and goes with the first.
    pub(super) fn grouped(self, groups: &[ResourceGroup]) -> Vec<Self> {
        if !self.role.is_grouped() || groups.is_empty() {
            return vec![self];
        }
        let of_group = |(index, group): (usize, &ResourceGroup)| {
            let mut one = self.clone();
            one.resource_group = Some(group.clone());
            one.service = one.service.filter(|_| index == 0);
            one
        };
        groups.iter().enumerate().map(of_group).collect()
    }
}

/// How the process learns whether it is alone, and where its metrics are.
fn environment(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        Role::Standalone => &[("DEPLOY_MODE", "STANDALONE"), ("METRICS_PORT", "9091")],
        _ => &[("DEPLOY_MODE", "DISTRIBUTED"), ("METRICS_PORT", "9091")],
    }
}

/// As the official chart has it: separate coordinators are called by name, everything else registers its address itself.
fn service(role: Role) -> Option<ComponentService> {
    match role {
        Role::Standalone | Role::Proxy => None,
        Role::RootCoordinator
        | Role::DataCoordinator
        | Role::QueryCoordinator
        | Role::IndexCoordinator => Some(ComponentService {
            headless: false,
            ports: role.port().into_iter().chain([METRICS]).collect(),
        }),
        // The chart gives a mixture's service an address, which an adopted service cannot lose.
        role => Some(ComponentService {
            headless: role != Role::MixCoordinator,
            ports: vec![METRICS],
        }),
    }
}

/// Limits are those of Milvus's sizing tool for a million vectors of 1024 dimensions; processors are not limited, so
/// that an idle node's are used.
fn default_resources(role: Role) -> Resources {
    let (millis, request_mib, limit_mib) = match role {
        Role::RootCoordinator => (250, 512, 2048),
        Role::DataCoordinator | Role::QueryCoordinator | Role::IndexCoordinator => (250, 256, 1024),
        Role::MixCoordinator | Role::Proxy => (500, 1024, 4096),
        Role::Standalone | Role::QueryNode | Role::IndexNode => (1000, 4096, 8192),
        Role::DataNode | Role::StreamingNode => (500, 2048, 8192),
        Role::Cdc => (250, 512, 4096),
    };
    Resources {
        requests: Amounts {
            cpu: Some(Cpu::from_millis(millis)),
            memory: Some(Memory::from_mib(request_mib)),
            ephemeral_storage: None,
        },
        limits: Amounts {
            cpu: None,
            memory: Some(Memory::from_mib(limit_mib)),
            ephemeral_storage: None,
        },
    }
}
