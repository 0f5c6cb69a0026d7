//! Deployments of the Milvus processes.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
        core::v1::{
            ConfigMap, ConfigMapEnvSource, Container, ContainerPort, EnvFromSource, EnvVar,
            Lifecycle, LifecycleHandler, PodSecurityContext, PodSpec, PodTemplateSpec,
            SecurityContext, SleepAction, Volume, VolumeMount,
        },
    },
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use milvus_aws_core::{
    Installation,
    installation::{self, Memory, Persistence, PodSettings},
    topology::{CERTIFICATES, Component, ConfigLoader, Role, Topology},
};

use crate::{
    config_map::{DEFAULT_FILE, USER_FILE, checksum},
    labels::{self, Identity, Part},
    names::Names,
    pod::{
        self, probes, resources,
        security::{self, RootFileSystem, RunAs},
        spread::{self, Revisions},
        volumes,
    },
    secret::Login,
    secret_settings::SecretSettings,
    server_certificate,
    service::{self, is_front},
    service_account,
};

/// The user and group of the processes on every line: files on existing claims are theirs. The image's own files are
/// reached by further groups.
pub(crate) const USER: i64 = 1000;
/// Where the server keeps data, caches and its log.
const DATA_FOLDER: &str = "/var/lib/milvus";
const DATA: &str = "milvus-data-disk";
/// Where the server looks for its settings.
const CONFIG_FOLDER: &str = "/milvus/configs";
const CONFIG: &str = "milvus-config";
const SCRATCH: &str = "tmp";
const LOGS: &str = "milvus-logs-disk";
/// The local disk of the one pod, where it is limited.
const DISK: &str = "disk";
const DISK_FOLDER: &str = "/var/lib/milvus/data";
/// The variable that tells the server how large its local disk is, in GiB.
const DISK_SIZE: &str = "LOCAL_STORAGE_SIZE";
/// The variable that tells the server which resource group it belongs to.
const GROUP: &str = "MILVUS_SERVER_LABEL_RESOURCE_GROUP";
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
    settings: Option<&'a SecretSettings>,
}

impl<'a> Pods<'a> {
    pub(crate) fn new(
        installation: &'a Installation,
        topology: &Topology,
        config_map: &ConfigMap,
        logins: &'a [Login<'a>],
        settings: Option<&'a SecretSettings>,
    ) -> Self {
        let checksum = ("checksum/config".to_owned(), checksum(config_map));
        let revisions = logins.iter().filter_map(Login::pod_annotation);
        Self {
            installation,
            names: Names::of(installation),
            loader: topology.config_loader,
            config_name: config_map.metadata.name.clone().unwrap_or_default(),
            annotations: revisions
                .chain(settings.map(SecretSettings::pod_annotation))
                .chain([checksum])
                .collect(),
            logins,
            settings,
        }
    }

    /// The deployment of one component.
    pub(crate) fn deployment(&self, component: &Component) -> Deployment {
        let part = Part::of(component);
        let identity = Identity::of(self.installation);
        let said = &component.pod;
        let mut metadata =
            labels::metadata(self.installation, part, self.names.deployment(component));
        let none = installation::Labels::default();
        labels::decorate(&mut metadata, &none, &self.installation.annotations);
        let mut template = ObjectMeta {
            labels: Some(labels::of_pods(identity, part)),
            annotations: Some(self.annotations.clone()),
            ..ObjectMeta::default()
        };
        labels::decorate(
            &mut template,
            &self.installation.labels.with(&said.labels),
            &self.installation.annotations.with(&said.annotations),
        );
        Deployment {
            metadata,
            spec: Some(DeploymentSpec {
                // An autoscaler's number is its own.
                replicas: (!component.is_scaled()).then(|| i32::from(component.replicas)),
                selector: labels::label_selector(identity, part),
                strategy: Some(strategy(component)),
                template: PodTemplateSpec {
                    metadata: Some(template),
                    spec: Some(self.pod(component, part)),
                },
                ..DeploymentSpec::default()
            }),
            status: None,
        }
    }

    fn pod(&self, component: &Component, part: Part<'_>) -> PodSpec {
        let account = service_account::wanted(self.installation);
        let said = &component.pod;
        let selector = labels::label_selector(Identity::of(self.installation), part);
        let several = component.replicas > 1 || component.is_scaled();
        let ours = several.then(|| spread::constraints(&selector, Revisions::Apart));
        let (pod_context, container_context) = self.security(said);
        let containers = vec![self.container(component, container_context)];
        PodSpec {
            containers: pod::joined(containers, &said.sidecars, |one| &one.name),
            volumes: Some(self.volumes(component)),
            service_account_name: account.map(|account| account.name.to_string()),
            security_context: Some(pod_context),
            topology_spread_constraints: pod::spread(said, ours),
            termination_grace_period_seconds: Some(GRACE_SECONDS),
            ..pod::base(said)
        }
    }

    fn security(&self, said: &PodSettings) -> (PodSecurityContext, SecurityContext) {
        let Installation {
            image,
            version,
            platform,
            ..
        } = self.installation;
        let run_as = RunAs {
            user: USER,
            group: USER,
            owns_volumes: true,
            groups: &image.supplemental_groups(version),
            assigned_on_openshift: &security::USER_AND_GROUPS,
        };
        let platform = platform.unwrap_or_default();
        security::contexts(run_as, RootFileSystem::ReadOnly, platform, said)
    }

    fn container(&self, component: &Component, security: SecurityContext) -> Container {
        let is_front = is_front(component);
        let image = &self.installation.image;
        Container {
            name: component.name.to_owned(),
            image: Some(image.reference(&self.installation.version)),
            image_pull_policy: Some(pod::pull_policy(image.pull_policy)),
            args: Some(component.args.iter().map(ToString::to_string).collect()),
            ports: Some(container_ports(component)),
            env: Some(self.environment(component)),
            env_from: self.environment_from(),
            resources: Some(resources::requirements(&component.resources)),
            volume_mounts: Some(self.mounts(component)),
            startup_probe: Some(probes::startup()),
            readiness_probe: Some(probes::readiness(is_front)),
            liveness_probe: Some(probes::liveness()),
            lifecycle: (component.role == Role::Proxy).then(drain),
            security_context: Some(security),
            ..Container::default()
        }
    }

    /// The logins, and where settings are, whatever the image's working directory is; then what the user says.
    fn environment(&self, component: &Component) -> Vec<EnvVar> {
        let literal = |name: &str, value: String| EnvVar {
            name: name.to_owned(),
            value: Some(value),
            value_from: None,
        };
        let folder = literal("MILVUSCONF", CONFIG_FOLDER.to_owned());
        let logins = self.logins.iter().flat_map(Login::environment);
        let size = component.disk.size_limit;
        let size = size.map(|size| literal(DISK_SIZE, whole_gib(size)));
        let group = component.resource_group.as_ref();
        let group = group.map(|group| literal(GROUP, group.to_string()));
        let settings = self
            .settings
            .into_iter()
            .flat_map(SecretSettings::environment);
        let ours = [folder]
            .into_iter()
            .chain(logins)
            .chain(settings)
            .chain(size)
            .chain(group);
        pod::joined(ours.collect(), &component.pod.env, |variable| {
            &variable.name
        })
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
        let mut all = vec![self.data(component), volumes::empty(SCRATCH)];
        if self.loader == ConfigLoader::Layered {
            all.push(volumes::config_map(CONFIG, self.config_name.clone()));
        }
        if is_apart(component) {
            all.push(volumes::limited(DISK, component.disk.size_limit));
        }
        if let Some(logs) = &self.installation.log.persistence {
            let existing = logs.existing_claim.as_ref().map(ToString::to_string);
            let claim = existing.unwrap_or_else(|| self.names.logs());
            all.push(volumes::claim(LOGS, claim));
        }
        if let Some(tls) = self
            .installation
            .tls
            .as_ref()
            .filter(|_| is_front(component))
        {
            all.push(volumes::secret(
                server_certificate::VOLUME,
                tls.secret.to_string(),
            ));
        }
        pod::joined(all, &component.pod.volumes, |volume| &volume.name)
    }

    fn data(&self, component: &Component) -> Volume {
        let persistence = match &self.installation.deployment {
            installation::Deployment::Standalone(standalone) => Some(&standalone.persistence),
            _ => None,
        };
        match persistence {
            Some(Persistence::Claim) => volumes::claim(DATA, self.names.full()),
            Some(Persistence::ExistingClaim(name)) => volumes::claim(DATA, name.to_string()),
            Some(Persistence::Ephemeral) => volumes::empty(DATA),
            None => volumes::limited(DATA, component.disk.size_limit),
        }
    }

    fn mounts(&self, component: &Component) -> Vec<VolumeMount> {
        let mut all = vec![
            volumes::mount(DATA, DATA_FOLDER),
            volumes::mount(SCRATCH, "/tmp"),
        ];
        if self.loader == ConfigLoader::Layered {
            let file = |name| volumes::mount_file(CONFIG, CONFIG_FOLDER, name);
            all.extend([file(DEFAULT_FILE), file(USER_FILE)]);
        }
        if is_apart(component) {
            all.push(volumes::mount(DISK, DISK_FOLDER));
        }
        if let Some(logs) = &self.installation.log.persistence {
            all.push(VolumeMount {
                sub_path: logs.sub_path.clone(),
                ..volumes::mount(LOGS, logs.mount_path.as_str())
            });
        }
        if self.installation.tls.is_some() && is_front(component) {
            all.push(VolumeMount {
                read_only: Some(true),
                ..volumes::mount(server_certificate::VOLUME, CERTIFICATES)
            });
        }
        pod::joined(all, &component.pod.volume_mounts, |mount| &mount.mount_path)
    }
}

/// Whether caches have a limited folder of their own beside the claim: the one pod's claim has other limits.
fn is_apart(component: &Component) -> bool {
    component.role == Role::Standalone && component.disk.size_limit.is_some()
}

/// The server counts its disk in whole GiB.
fn whole_gib(size: Memory) -> String {
    (size.mib() / 1024).max(1).to_string()
}

/// As the user says, but for pods that must be alone: two servers must not write to one volume, nor two coordinators
/// work without standing by.
fn strategy(component: &Component) -> DeploymentStrategy {
    let alone = component.role == Role::Standalone
        || component.role.is_coordinator() && !component.active_standby;
    if alone {
        return recreate();
    }
    component.pod.strategy.clone().unwrap_or_else(rolling)
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
