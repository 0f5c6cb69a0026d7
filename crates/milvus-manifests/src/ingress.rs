//! Ingresses in front of a service of ours.

use k8s_openapi::{
    api::networking::v1::{
        HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
        IngressServiceBackend, IngressSpec, IngressTLS, ServiceBackendPort,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use milvus_aws_core::{
    Installation,
    installation::{self, BACKEND_PROTOCOL, PathType, protocol_of_nginx},
    topology::{Component, Topology},
};

use crate::{
    labels::{self, Part},
    names::Names,
    service::{is_front, texts},
};

/// The ingress in front of the service for clients, where the user wants one. It leads to the gRPC port alone.
pub(crate) fn for_clients(installation: &Installation, topology: &Topology) -> Option<Ingress> {
    let wanted = installation.ingress.as_ref()?;
    let front: &Component = topology.components.iter().find(|one| is_front(one))?;
    let name = Names::of(installation).full();
    let mut metadata = labels::metadata(installation, Part::Component(front.name), name);
    if wanted.is_of_nginx() {
        let protocol = protocol_of_nginx(installation.speaks_tls());
        let usual = [(BACKEND_PROTOCOL.to_owned(), protocol.to_owned())];
        // What the user says of it wins.
        metadata.annotations.get_or_insert_default().extend(usual);
    }
    Some(in_front_of(
        metadata,
        installation.service.port.get(),
        wanted,
    ))
}

/// An ingress to the service of the same name.
pub(crate) fn in_front_of(
    mut metadata: ObjectMeta,
    port: u16,
    wanted: &installation::Ingress,
) -> Ingress {
    labels::decorate(&mut metadata, &wanted.labels, &wanted.annotations);
    let backend = IngressBackend {
        service: Some(IngressServiceBackend {
            name: metadata.name.clone().unwrap_or_default(),
            port: Some(ServiceBackendPort {
                number: Some(i32::from(port)),
                name: None,
            }),
        }),
        resource: None,
    };
    let rules = wanted.rules.iter().map(|rule| of_rule(rule, &backend));
    let certificates = wanted.tls.iter().map(|tls| IngressTLS {
        hosts: texts(&tls.hosts),
        secret_name: tls.secret_name.as_ref().map(ToString::to_string),
    });
    let catches_all = wanted.rules.is_empty() || !wanted.tls.is_empty();
    Ingress {
        metadata,
        spec: Some(IngressSpec {
            ingress_class_name: wanted.class_name.as_ref().map(ToString::to_string),
            rules: (!wanted.rules.is_empty()).then(|| rules.collect()),
            tls: (!wanted.tls.is_empty()).then(|| certificates.collect()),
            default_backend: catches_all.then(|| backend.clone()),
        }),
        status: None,
    }
}

fn of_rule(rule: &installation::IngressRule, backend: &IngressBackend) -> IngressRule {
    let path_type = match rule.path_type {
        PathType::Prefix => "Prefix",
        PathType::Exact => "Exact",
        PathType::ImplementationSpecific => "ImplementationSpecific",
    };
    IngressRule {
        host: rule.host.as_ref().map(ToString::to_string),
        http: Some(HTTPIngressRuleValue {
            paths: vec![HTTPIngressPath {
                backend: backend.clone(),
                path: Some(rule.path.to_string()),
                path_type: path_type.to_owned(),
            }],
        }),
    }
}
