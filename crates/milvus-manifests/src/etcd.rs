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
use milvus_aws_core::{Installation, installation::InClusterEtcd};

use crate::{
    Object, disruption_budget,
    labels::{self, Part},
    names::Names,
    pod::{
        self, probes, resources,
        security::{self, RootFileSystem},
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
/// The user that the image is made for.
const USER: i64 = 1001;
const DATA: &str = "data";
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
            labels: Some(labels::of_pods(&installation.name, Part::Etcd)),
            ..ObjectMeta::default()
        },
        spec: Some(pvc::spec(&etcd.storage)),
        status: None,
    };
    StatefulSet {
        metadata: labels::metadata(installation, Part::Etcd, names.etcd()),
        spec: Some(StatefulSetSpec {
            replicas: Some(i32::from(members)),
            selector: labels::label_selector(&installation.name, Part::Etcd),
            service_name: Some(names.etcd_headless()),
            // The first member waits for a majority: one after the other none would become ready.
            pod_management_policy: Some("Parallel".to_owned()),
            update_strategy: Some(StatefulSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: None,
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels::of_pods(&installation.name, Part::Etcd)),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(installation, etcd, image)),
            },
            volume_claim_templates: Some(vec![claim]),
            ..StatefulSetSpec::default()
        }),
        status: None,
    }
}

fn pod(installation: &Installation, etcd: &InClusterEtcd, image: &str) -> PodSpec {
    let members: u8 = etcd.replicas.into();
    let selector = labels::label_selector(&installation.name, Part::Etcd);
    let spread = (members > 1).then(|| spread::constraints(&selector, Revisions::Together));
    PodSpec {
        containers: vec![container(installation, etcd, image)],
        volumes: Some(vec![volumes::empty("tmp")]),
        security_context: Some(security::of_pod(USER)),
        topology_spread_constraints: spread,
        ..pod::base(installation)
    }
}

fn container(installation: &Installation, etcd: &InClusterEtcd, image: &str) -> Container {
    let port = |(name, number): (&str, u16)| ContainerPort {
        name: Some(name.to_owned()),
        container_port: i32::from(number),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    Container {
        name: "etcd".to_owned(),
        image: Some(image.to_owned()),
        image_pull_policy: Some(pod::pull_policy(installation)),
        ports: Some(vec![port(CLIENT), port(PEER)]),
        env: Some(environment(installation, etcd.replicas.into())),
        resources: Some(resources::requirements(&etcd.resources)),
        volume_mounts: Some(vec![
            volumes::mount(DATA, DATA_FOLDER),
            volumes::mount("tmp", "/tmp"),
        ]),
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
        // The image's start script writes its configuration beside the volume.
        security_context: Some(security::of_container(RootFileSystem::Writable)),
        ..Container::default()
    }
}

fn environment(installation: &Installation, members: u8) -> Vec<EnvVar> {
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

/// Settings that are the same everywhere. Quota and compaction keep etcd from filling up, which stops all writes.
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
    ("ETCD_AUTO_COMPACTION_MODE", "revision"),
    ("ETCD_AUTO_COMPACTION_RETENTION", "1000"),
    ("ETCD_QUOTA_BACKEND_BYTES", "4294967296"),
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
