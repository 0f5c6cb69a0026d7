//! Our etcd: a StatefulSet with a volume for each member, and its services.

use k8s_openapi::{
    api::{
        apps::v1::{StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy},
        core::v1::{
            Container, ContainerPort, EnvVar, EnvVarSource, ObjectFieldSelector,
            PersistentVolumeClaim, PodSpec, PodTemplateSpec, Probe, Service,
        },
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use milvus_aws_core::{
    Installation,
    installation::{InClusterEtcd, PodSettings},
};

use crate::{
    Object, disruption_budget,
    labels::{self, Identity, Part},
    names::Names,
    pod::{
        self, probes, resources,
        security::{self, RootFileSystem, RunAs},
        spread::{self, Revisions},
        volumes,
    },
    pvc,
    service::{internal, service_port},
};

/// The variable that tells a member whether the cluster is new. A StatefulSet that exists keeps the value that it has.
pub(crate) const INITIAL_STATE: &str = "ETCD_INITIAL_CLUSTER_STATE";

const CLIENT: (&str, u16) = ("client", 2379);
const PEER: (&str, u16) = ("peer", 2380);
/// The image's user. Data that exists is this user's alone (0700), so that no other number would do.
const RUN_AS: RunAs<'_> = RunAs {
    user: 1001,
    group: 1001,
    owns_volumes: true,
    groups: &[],
    assigned_on_openshift: &security::USER_AND_GROUPS,
};
const DATA: &str = "data";
const MIB: u64 = 1024 * 1024;
const DATA_FOLDER: &str = "/bitnami/etcd";

/// Every object of our etcd.
pub(crate) fn objects(
    installation: &Installation,
    etcd: &InClusterEtcd,
    image: &str,
) -> Vec<Object> {
    let mut objects = vec![
        headless_service(installation).into(),
        client_service(installation).into(),
        stateful_set(installation, etcd, image).into(),
    ];
    let budget = disruption_budget::of_etcd(installation, etcd.replicas.into());
    objects.extend(budget.map(Object::from));
    objects
}

fn client_service(installation: &Installation) -> Service {
    let name = Names::of(installation).etcd();
    internal(installation, Part::Etcd, name, service_ports(), false)
}

/// Members must find each other before they are ready.
fn headless_service(installation: &Installation) -> Service {
    let name = Names::of(installation).etcd_headless();
    let mut service = internal(installation, Part::Etcd, name, service_ports(), true);
    if let Some(spec) = &mut service.spec {
        spec.publish_not_ready_addresses = Some(true);
    }
    service
}

fn service_ports() -> Vec<k8s_openapi::api::core::v1::ServicePort> {
    [CLIENT, PEER]
        .map(|(name, number)| service_port(name, number, name))
        .to_vec()
}

fn stateful_set(installation: &Installation, etcd: &InClusterEtcd, image: &str) -> StatefulSet {
    let names = Names::of(installation);
    let members: u8 = etcd.replicas.into();
    let claim = PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some(DATA.to_owned()),
            labels: Some(labels::of_pods(Identity::of(installation), Part::Etcd)),
            ..ObjectMeta::default()
        },
        spec: Some(pvc::spec(&etcd.storage)),
        status: None,
    };
    StatefulSet {
        metadata: labels::metadata(installation, Part::Etcd, names.etcd()),
        spec: Some(StatefulSetSpec {
            replicas: Some(i32::from(members)),
            selector: labels::label_selector(Identity::of(installation), Part::Etcd),
            service_name: Some(names.etcd_headless()),
            // The first member waits for a majority: one after the other none would become ready.
            pod_management_policy: Some("Parallel".to_owned()),
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: None,
            }),
            template: PodTemplateSpec {
                metadata: Some(template(installation, etcd)),
                spec: Some(pod(installation, etcd, image)),
            },
            volume_claim_templates: Some(vec![claim]),
            ..StatefulSetSpec::default()
        }),
        status: None,
    }
}

fn template(installation: &Installation, etcd: &InClusterEtcd) -> ObjectMeta {
    let mut metadata = ObjectMeta {
        labels: Some(labels::of_pods(Identity::of(installation), Part::Etcd)),
        ..ObjectMeta::default()
    };
    if let Some(said) = &etcd.pod {
        labels::decorate(&mut metadata, &said.labels, &said.annotations);
    }
    metadata
}

/// What holds for the pods: what is said of them, else where all of the installation's pods may be.
fn settings(installation: &Installation, etcd: &InClusterEtcd) -> PodSettings {
    let shared = &installation.scheduling;
    let mut settings = etcd.pod.clone().unwrap_or_else(|| PodSettings {
        node_selector: shared.node_selector.clone(),
        tolerations: shared.tolerations.clone(),
        priority_class: shared.priority_class.clone(),
        ..PodSettings::default()
    });
    if settings.image_pull_secrets.is_none() {
        settings
            .image_pull_secrets
            .clone_from(&shared.image_pull_secrets);
    }
    settings
}

fn pod(installation: &Installation, etcd: &InClusterEtcd, image: &str) -> PodSpec {
    let members: u8 = etcd.replicas.into();
    let selector = labels::label_selector(Identity::of(installation), Part::Etcd);
    let ours = (members > 1).then(|| spread::constraints(&selector, Revisions::Together));
    let said = settings(installation, etcd);
    let platform = installation.platform.unwrap_or_default();
    // The image's start script writes its configuration beside the volume.
    let (pod_context, container_context) =
        security::contexts(RUN_AS, RootFileSystem::Writable, platform, &said);
    let containers = vec![Container {
        security_context: Some(container_context),
        ..container(installation, etcd, image, &said)
    }];
    let volumes = vec![volumes::empty("tmp")];
    PodSpec {
        containers: pod::joined(containers, &said.sidecars, |one| &one.name),
        volumes: Some(pod::joined(volumes, &said.volumes, |volume| &volume.name)),
        security_context: Some(pod_context),
        topology_spread_constraints: pod::spread(&said, ours),
        ..pod::base(&said)
    }
}

fn container(
    installation: &Installation,
    etcd: &InClusterEtcd,
    image: &str,
    said: &PodSettings,
) -> Container {
    let policy = etcd
        .image
        .pull_policy
        .unwrap_or(installation.image.pull_policy);
    let mounts = vec![
        volumes::mount(DATA, DATA_FOLDER),
        volumes::mount("tmp", "/tmp"),
    ];
    let port = |(name, number): (&str, u16)| ContainerPort {
        name: Some(name.to_owned()),
        container_port: i32::from(number),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    Container {
        name: "etcd".to_owned(),
        image: Some(etcd.image.reference(image)),
        image_pull_policy: Some(pod::pull_policy(policy)),
        ports: Some(vec![port(CLIENT), port(PEER)]),
        env: Some(pod::joined(
            environment(installation, etcd),
            &said.env,
            |variable| &variable.name,
        )),
        resources: Some(resources::requirements(&etcd.resources)),
        volume_mounts: Some(pod::joined(mounts, &said.volume_mounts, |mount| {
            &mount.mount_path
        })),
        startup_probe: Some(Probe {
            period_seconds: Some(1),
            timeout_seconds: Some(5),
            failure_threshold: Some(300),
            ..probes::tcp(CLIENT.0)
        }),
        // Asks for a leader: a member without a majority answers no client.
        readiness_probe: Some(Probe {
            period_seconds: Some(5),
            timeout_seconds: Some(5),
            failure_threshold: Some(3),
            ..probes::http("/health", CLIENT.0)
        }),
        // Does not: members that wait for a majority must not be restarted for it.
        liveness_probe: Some(Probe {
            period_seconds: Some(15),
            timeout_seconds: Some(5),
            failure_threshold: Some(5),
            ..probes::tcp(CLIENT.0)
        }),
        // No preStop of the image's: it removes the member, which has left clusters that could not start again.
        ..Container::default()
    }
}

fn environment(installation: &Installation, etcd: &InClusterEtcd) -> Vec<EnvVar> {
    let members: u8 = etcd.replicas.into();
    let names = Names::of(installation);
    let (name, headless) = (names.etcd(), names.etcd_headless());
    let domain = format!("{headless}.{}.svc.cluster.local", installation.namespace);
    let url = |host: &str, (_, port): (&str, u16)| format!("http://{host}:{port}");
    let this = format!("$(MY_POD_NAME).{domain}");
    let mut variables = vec![
        from_field("MY_POD_IP", "status.podIP"),
        from_field("MY_POD_NAME", "metadata.name"),
    ];
    let mut set = |name: &str, value: String| {
        variables.push(EnvVar {
            name: name.to_owned(),
            value: Some(value),
            value_from: None,
        });
    };
    set("MY_STS_NAME", name.clone());
    for (name, value) in CONSTANTS {
        set(name, (*value).to_owned());
    }
    // Quota and compaction keep etcd from filling up, which stops all writes.
    let compaction = &etcd.auto_compaction;
    set(
        "ETCD_AUTO_COMPACTION_MODE",
        compaction.mode.as_str().to_owned(),
    );
    set(
        "ETCD_AUTO_COMPACTION_RETENTION",
        compaction.retention.to_string(),
    );
    set(
        "ETCD_QUOTA_BACKEND_BYTES",
        (etcd.quota.mib() * MIB).to_string(),
    );
    for (name, value) in TIMES {
        set(name, (*value).to_owned());
    }
    set("ETCD_ADVERTISE_CLIENT_URLS", url(&this, CLIENT));
    set("ETCD_LISTEN_CLIENT_URLS", url("0.0.0.0", CLIENT));
    set("ETCD_INITIAL_ADVERTISE_PEER_URLS", url(&this, PEER));
    set("ETCD_LISTEN_PEER_URLS", url("0.0.0.0", PEER));
    set("ETCD_CLUSTER_DOMAIN", domain.clone());
    if members > 1 {
        let member = |index| {
            let member = format!("{name}-{index}");
            let host = format!("{member}.{domain}");
            format!("{member}={}", url(&host, PEER))
        };
        let all: Vec<_> = (0..members).map(member).collect();
        set("ETCD_INITIAL_CLUSTER_TOKEN", "etcd-cluster-k8s".to_owned());
        set(INITIAL_STATE, "new".to_owned());
        set("ETCD_INITIAL_CLUSTER", all.join(","));
    }
    variables
}

/// Settings that are the same everywhere.
const CONSTANTS: &[(&str, &str)] = &[
    ("BITNAMI_DEBUG", "false"),
    ("ETCDCTL_API", "3"),
    ("ETCD_ON_K8S", "yes"),
    ("ETCD_START_FROM_SNAPSHOT", "no"),
    ("ETCD_DISASTER_RECOVERY", "no"),
    ("ETCD_NAME", "$(MY_POD_NAME)"),
    ("ETCD_DATA_DIR", "/bitnami/etcd/data"),
    ("ETCD_LOG_LEVEL", "info"),
    ("ALLOW_NONE_AUTHENTICATION", "yes"),
];
/// How long members wait for each other: disks of clouds may be slow.
const TIMES: &[(&str, &str)] = &[
    ("ETCD_HEARTBEAT_INTERVAL", "500"),
    ("ETCD_ELECTION_TIMEOUT", "2500"),
];

fn from_field(name: &str, path: &str) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector {
                field_path: path.to_owned(),
                api_version: None,
            }),
            ..EnvVarSource::default()
        }),
    }
}
