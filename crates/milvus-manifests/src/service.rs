//! Services: one for clients, one for each component that has one of its own, and one for metrics.

use k8s_openapi::{
    api::core::v1::{Service, ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};
use milvus_aws_core::{
    Installation,
    installation::ServiceKind,
    topology::{Component, ComponentService, Port, Role, Topology},
};

use crate::{
    labels::{self, Identity, Part},
    names::Names,
};

/// The name of the port that clients use, in services and containers.
pub(crate) const CLIENT_PORT: &str = "milvus";
/// The name of the port of health and metrics, in services and containers.
pub(crate) const METRICS_PORT: &str = "metrics";
const METRICS: u16 = 9091;

/// Every service of the Milvus pods.
pub(crate) fn services(installation: &Installation, topology: &Topology) -> Vec<Service> {
    let mut services = Vec::new();
    let front = topology.components.iter().find(|c| is_front(c));
    if let Some(front) = front {
        services.push(for_clients(installation, front));
        if !is_internal(installation) {
            services.push(for_metrics(installation, front));
        }
    }
    for component in &topology.components {
        if let Some(service) = &component.service {
            services.push(of_component(installation, component, service));
        }
    }
    services
}

/// The services that a load balancer in front changes: the one for clients, and the one for metrics beside it.
pub(crate) fn with_load_balancer(installation: &Installation, topology: &Topology) -> Vec<Service> {
    let front = topology.components.iter().find(|c| is_front(c));
    let both = |front| {
        [
            for_clients(installation, front),
            for_metrics(installation, front),
        ]
    };
    front.map(both).into_iter().flatten().collect()
}

/// Whether clients talk to this component.
pub(crate) fn is_front(component: &Component) -> bool {
    matches!(component.role, Role::Standalone | Role::Proxy)
}

fn is_internal(installation: &Installation) -> bool {
    let service = &installation.service;
    service.kind == ServiceKind::ClusterIp && service.external_ips.is_empty()
}

/// From outside only the gRPC port is reached: 9091 has metrics, profiles and management without any login.
fn for_clients(installation: &Installation, front: &Component) -> Service {
    let said = &installation.service;
    let part = Part::Component(front.name);
    let mut ports = vec![ServicePort {
        node_port: said.node_port.map(|port| i32::from(port.get())),
        ..service_port(CLIENT_PORT, said.port.get(), CLIENT_PORT)
    }];
    if is_internal(installation) {
        ports.push(service_port(METRICS_PORT, METRICS, METRICS_PORT));
    }
    let mut metadata = labels::metadata(installation, part, Names::of(installation).full());
    labels::decorate(&mut metadata, &said.labels, &said.annotations);
    let external = texts(&said.external_ips);
    Service {
        metadata,
        spec: Some(ServiceSpec {
            type_: Some(kind(said.kind).to_owned()),
            cluster_ip: said.cluster_ip.map(|address| address.to_string()),
            load_balancer_class: said.load_balancer_class.as_ref().map(ToString::to_string),
            load_balancer_ip: said.load_balancer_ip.map(|address| address.to_string()),
            load_balancer_source_ranges: texts(&said.load_balancer_source_ranges),
            external_ips: external,
            ports: Some(ports),
            selector: Some(labels::selector(Identity::of(installation), part)),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// The kind of a service, as Kubernetes spells it.
pub(crate) const fn kind(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::ClusterIp => "ClusterIP",
        ServiceKind::NodePort => "NodePort",
        ServiceKind::LoadBalancer => "LoadBalancer",
    }
}

/// A list as texts; none for an empty one.
pub(crate) fn texts<T: ToString>(items: &[T]) -> Option<Vec<String>> {
    let texts = items.iter().map(ToString::to_string);
    (!items.is_empty()).then(|| texts.collect())
}

fn for_metrics(installation: &Installation, front: &Component) -> Service {
    let part = Part::Component(front.name);
    let ports = vec![service_port(METRICS_PORT, METRICS, METRICS_PORT)];
    let name = Names::of(installation).metrics();
    internal(installation, part, name, ports, false)
}

fn of_component(
    installation: &Installation,
    component: &Component,
    service: &ComponentService,
) -> Service {
    let part = Part::Component(component.name);
    let name = Names::of(installation).component(component);
    let of_port = |port: &Port| service_port(port.name, port.number, port.name);
    let ports = service.ports.iter().map(of_port).collect();
    let mut object = internal(installation, part, name, ports, service.headless);
    let said = &component.service_spec;
    labels::decorate(&mut object.metadata, &said.labels, &said.annotations);
    object
}

/// A service that is reached inside the cluster alone.
pub(crate) fn internal(
    installation: &Installation,
    part: Part<'_>,
    name: String,
    ports: Vec<ServicePort>,
    headless: bool,
) -> Service {
    Service {
        metadata: labels::metadata(installation, part, name),
        spec: Some(ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            cluster_ip: headless.then(|| "None".to_owned()),
            ports: Some(ports),
            selector: Some(labels::selector(Identity::of(installation), part)),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// A port that leads to a container's port of that name.
pub(crate) fn service_port(name: &str, number: u16, target: &str) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: i32::from(number),
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::String(target.to_owned())),
        ..ServicePort::default()
    }
}
