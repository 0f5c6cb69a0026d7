//! The components of a Milvus version: roles, ports, arguments, and what goes with them.

pub(crate) mod broker_properties;
mod component;
mod edges;
mod etcd_step;
mod line;
mod role;
mod service_names;
mod settings;
mod upgrade;

use serde::Serialize;

use crate::installation::{Deployment, Installation, Queue};

pub use component::{Component, ComponentService, Port};
pub use edges::{Edge, Undoing, edges};
pub use etcd_step::EtcdStep;
pub(crate) use line::{KAFKA_FOUR, row_of};
pub use line::{KnownBad, KnownBadPair, Line, MessageQueue, Partner, image_groups, line_of, lines};
pub use role::Role;
pub use service_names::ServiceNames;
pub use settings::{CERTIFICATES, REST_PORT, Settings, demands_login, demands_tls, queue_of};
pub(crate) use settings::{merge_maps, value_of};
pub use upgrade::{Action, Running, Stage, Upgrade, UpgradeRefusal};

/// How the server learns its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ConfigLoader {
    /// Only the image's own `milvus.yaml`; settings go in as environment variables, which outrank it (before 2.4.6).
    Environment,
    /// `default.yaml` and `user.yaml` are read after the image's `milvus.yaml` (2.4.6 and later).
    Layered,
}

/// The components of one installation, in the order in which they start.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Topology {
    /// One entry per deployment.
    pub components: Vec<Component>,
    /// How the server learns its settings.
    pub config_loader: ConfigLoader,
    /// What the server logs to.
    pub message_queue: MessageQueue,
    /// Image of our etcd, as the chart of that line has it.
    pub etcd_image: &'static str,
    /// Image of Attu that fits the line.
    pub attu_image: &'static str,
    /// The server's settings, without secrets.
    pub settings: Settings,
}

impl Topology {
    /// What has to run for that installation.
    pub fn of(installation: &Installation) -> Self {
        let line = line_of(&installation.version);
        let shared = &installation.scheduling;
        let components: Vec<Component> = match &installation.deployment {
            Deployment::Standalone(standalone) => {
                vec![Component::standalone(line, standalone, shared)]
            }
            Deployment::Cluster(cluster) => {
                let role = |role| {
                    let spec = cluster.components.get(&role).cloned().unwrap_or_default();
                    let component = Component::new(role, line, &spec, shared);
                    component.grouped(&cluster.resource_groups)
                };
                let named = |role: &Role| cluster.components.contains_key(role);
                line.roles(named).into_iter().flat_map(role).collect()
            }
            Deployment::Aws(on_aws) => {
                let role = |role| Component::new(role, line, &on_aws.component(role), shared);
                let named = |role: &Role| on_aws.components.contains_key(role);
                line.roles(named).into_iter().map(role).collect()
            }
        };
        let given = installation.deployment.queue().map(Queue::kind);
        let message_queue = given.unwrap_or(match installation.deployment {
            Deployment::Standalone(_) => line.standalone_queue,
            Deployment::Cluster(_) | Deployment::Aws(_) => MessageQueue::Kafka,
        });
        Self {
            settings: Settings::of(installation, line, &components, message_queue),
            components,
            config_loader: line.config_loader,
            message_queue,
            etcd_image: line.etcd_image,
            attu_image: line.attu_image,
        }
    }
}
