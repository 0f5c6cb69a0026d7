//! Deployments of the Milvus processes.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
        core::v1::{
            ConfigMap, ConfigMapEnvSource, Container, ContainerPort, EnvFromSource, EnvVar,
            Lifecycle, LifecycleHandler, PodSpec, PodTemplateSpec, SleepAction, Volume,
            VolumeMount,
        },
    },
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use milvus_aws_core::{
    Installation,
    topology::{Component, ConfigLoader, Role, Topology},
};

use crate::{
    config_map::{DEFAULT_FILE, USER_FILE, checksum},
    labels::{self, Part},
    names::Names,
    pod::{
        self, probes, resources,
        security::{self, RootFileSystem},
        spread::{self, Revisions},
        volumes,
    },
    secret::Login,
    service::{self, is_front},
    service_account,
};

/// The user that the processes run as; any but root will do.
const USER: i64 = 1000;
/// Where the server keeps data, caches and its log.
const DATA_FOLDER: &str = "/var/lib/milvus";
const DATA: &str = "milvus-data-disk";
/// Where the server looks for its settings.
const CONFIG_FOLDER: &str = "/milvus/configs";
const CONFIG: &str = "milvus-config";
const SCRATCH: &str = "tmp";
/// How long a stopped process may take to hand over its work.
const GRACE_SECONDS: i64 = 30;
/// How long a proxy goes on serving after it was told to stop, so that load balancers notice.
const DRAIN_SECONDS: i64 = 10;

/// What the pods of all components share.
pub(crate) struct Pods<'a> {
    installation: &'a Installation,
    names: Names,
    loader: ConfigLoader,
    config_name: String,
    annotations: BTreeMap<String, String>,
    logins: &'a [Login<'a>],
}

impl<'a> Pods<'a> {
    pub(crate) fn new(
        installation: &'a Installation,
        topology: &Topology,
        config_map: &ConfigMap,
        logins: &'a [Login<'a>],
    ) -> Self {
        let checksum = ("checksum/config".to_owned(), checksum(config_map));
        let revisions = logins.iter().filter_map(Login::pod_annotation);
        Self {
            installation,
            names: Names::of(installation),
            loader: topology.config_loader,
            config_name: config_map.metadata.name.clone().unwrap_or_default(),
            annotations: revisions.chain([checksum]).collect(),
            logins,
        }
    }

    /// The deployment of one component.
    pub(crate) fn deployment(&self, component: &Component) -> Deployment {
        let part = Part::Component(component.name);
        let name = self.names.component(component.name);
        // Two servers must not write to one volume, and a coordinator without standby must be alone.
        let alone = component.role == Role::Standalone
            || component.role.is_coordinator() && !component.active_standby;
        Deployment {
            metadata: labels::metadata(self.installation, part, name),
            spec: Some(DeploymentSpec {
                replicas: Some(i32::from(component.replicas)),
                selector: labels::label_selector(&self.installation.name, part),
                strategy: Some(if alone { recreate() } else { rolling() }),
                template: PodTemplateSpec {
                    metadata: Some(ObjectMeta {
                        labels: Some(labels::of_pods(&self.installation.name, part)),
                        annotations: Some(self.annotations.clone()),
                        ..ObjectMeta::default()
                    }),
                    spec: Some(self.pod(component, part)),
                },
                ..DeploymentSpec::default()
            }),
            status: None,
        }
    }

    fn pod(&self, component: &Component, part: Part) -> PodSpec {
        let account = service_account::wanted(self.installation);
        let selector = labels::label_selector(&self.installation.name, part);
        let spread =
            (component.replicas > 1).then(|| spread::constraints(&selector, Revisions::Apart));
        PodSpec {
            containers: vec![self.container(component)],
            volumes: Some(self.volumes(component)),
            service_account_name: account.map(|account| account.name.to_string()),
            security_context: Some(security::of_pod(USER)),
            topology_spread_constraints: spread,
            termination_grace_period_seconds: Some(GRACE_SECONDS),
            ..pod::base(self.installation)
        }
    }

    fn container(&self, component: &Component) -> Container {
        let is_front = is_front(component);
        Container {
            name: component.name.to_owned(),
            image: Some(
                self.installation
                    .image
                    .reference(&self.installation.version),
            ),
            image_pull_policy: Some(pod::pull_policy(self.installation)),
            args: Some(component.args.iter().map(ToString::to_string).collect()),
            ports: Some(container_ports(component)),
            env: Some(self.environment()),
            env_from: self.environment_from(),
            resources: Some(resources::requirements(&component.resources)),
            volume_mounts: Some(self.mounts()),
            startup_probe: Some(probes::startup()),
            readiness_probe: Some(probes::readiness(is_front)),
            liveness_probe: Some(probes::liveness()),
            lifecycle: (component.role == Role::Proxy).then(drain),
            security_context: Some(security::of_container(RootFileSystem::ReadOnly)),
            ..Container::default()
        }
    }

    /// The logins, and where settings are, whatever the image's working directory is.
    fn environment(&self) -> Vec<EnvVar> {
        let folder = EnvVar {
            name: "MILVUSCONF".to_owned(),
            value: Some(CONFIG_FOLDER.to_owned()),
            value_from: None,
        };
        let logins = self.logins.iter().flat_map(Login::environment);
        [folder].into_iter().chain(logins).collect()
    }

    fn environment_from(&self) -> Option<Vec<EnvFromSource>> {
        let source = EnvFromSource {
            config_map_ref: Some(ConfigMapEnvSource {
                name: self.config_name.clone(),
                optional: None,
            }),
            ..EnvFromSource::default()
        };
        (self.loader == ConfigLoader::Environment).then(|| vec![source])
    }

    /// The root file system is read-only: what the server writes is here.
    fn volumes(&self, component: &Component) -> Vec<Volume> {
        let data = match component.role {
            Role::Standalone => volumes::claim(DATA, self.names.full()),
            _ => volumes::empty(DATA),
        };
        let mut all = vec![data, volumes::empty(SCRATCH)];
        if self.loader == ConfigLoader::Layered {
            all.push(volumes::config_map(CONFIG, self.config_name.clone()));
        }
        all
    }

    fn mounts(&self) -> Vec<VolumeMount> {
        let mut all = vec![
            volumes::mount(DATA, DATA_FOLDER),
            volumes::mount(SCRATCH, "/tmp"),
        ];
        if self.loader == ConfigLoader::Layered {
            let file = |name| volumes::mount_file(CONFIG, CONFIG_FOLDER, name);
            all.extend([file(DEFAULT_FILE), file(USER_FILE)]);
        }
        all
    }
}

/// The old pods end before new ones start.
fn recreate() -> DeploymentStrategy {
    DeploymentStrategy {
        type_: Some("Recreate".to_owned()),
        rolling_update: None,
    }
}

/// New pods take over from old ones. The amounts are Kubernetes' own, but written out: only what we own goes away when
/// the strategy changes to [`recreate`], which allows none.
fn rolling() -> DeploymentStrategy {
    let quarter = || Some(IntOrString::String("25%".to_owned()));
    DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: quarter(),
            max_unavailable: quarter(),
        }),
    }
}

fn container_ports(component: &Component) -> Vec<ContainerPort> {
    let port = |port: &milvus_aws_core::topology::Port| ContainerPort {
        name: Some(port.name.to_owned()),
        container_port: i32::from(port.number),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    debug_assert!(
        component
            .container_ports
            .iter()
            .any(|port| port.name == service::METRICS_PORT),
        "probes name the metrics port"
    );
    component.container_ports.iter().map(port).collect()
}

/// Waits before the process is told to stop; the kubelet does it, so that the image needs no shell.
fn drain() -> Lifecycle {
    Lifecycle {
        pre_stop: Some(LifecycleHandler {
            sleep: Some(SleepAction {
                seconds: DRAIN_SECONDS,
            }),
            ..LifecycleHandler::default()
        }),
        ..Lifecycle::default()
    }
}
