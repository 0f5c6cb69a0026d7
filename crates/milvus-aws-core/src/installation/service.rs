//! The service that clients use, and what leads to it.

use std::{net::IpAddr, num::NonZeroU16};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Annotations, Labels, ObjectName,
    text_type::{length, only, text_type},
};

text_type!(
    /// A range of addresses: `10.0.0.0/8`, `::/0`.
    IpRange, "range of addresses", ip_range,
    {"type": "string", "pattern": "^[0-9a-fA-F.:]+/[0-9]{1,3}$"}
);
text_type!(
    /// The class of a load balancer: who makes it, for example `service.k8s.aws/nlb`.
    LoadBalancerClass, "class of load balancers", load_balancer_class,
    {"type": "string", "pattern": "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$", "maxLength": 317}
);
text_type!(
    /// A host name in an ingress; its first part may be `*`.
    HostName, "host name", host_name,
    {"type": "string", "pattern": "^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", "maxLength": 253}
);
text_type!(
    /// Path of a URL.
    UrlPath, "path", url_path,
    {"type": "string", "pattern": "^/[!-~]*$", "maxLength": 1024}
);

/// The annotation that says which protocol ingress-nginx speaks to a service.
pub const BACKEND_PROTOCOL: &str = "nginx.ingress.kubernetes.io/backend-protocol";

/// What ingress-nginx is to speak to Milvus, which has TLS or has not.
pub const fn protocol_of_nginx(tls: bool) -> &'static str {
    if tls { "GRPCS" } else { "GRPC" }
}

/// The service that clients use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Service {
    /// `ClusterIP`, `NodePort` or `LoadBalancer`.
    #[serde(rename = "type")]
    pub kind: ServiceKind,
    /// Port of the gRPC API; 19530 unless said otherwise.
    pub port: NonZeroU16,
    /// Annotations, for example those of a load balancer controller.
    #[serde(skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// Further labels.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The port on each node; only with `type: NodePort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port: Option<NonZeroU16>,
    /// The address inside the cluster; one is chosen when absent.
    #[serde(rename = "clusterIP", skip_serializing_if = "Option::is_none")]
    pub cluster_ip: Option<IpAddr>,
    /// Who makes the load balancer; the cluster's usual controller when absent. It stays as it is once there is a load
    /// balancer; only with `type: LoadBalancer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_class: Option<LoadBalancerClass>,
    /// The load balancer's address, where the provider lets one choose it; only with `type: LoadBalancer`.
    #[serde(rename = "loadBalancerIP", skip_serializing_if = "Option::is_none")]
    pub load_balancer_ip: Option<IpAddr>,
    /// From where the load balancer may be reached; only with `type: LoadBalancer`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load_balancer_source_ranges: Vec<IpRange>,
    /// Further addresses that lead to it.
    #[serde(rename = "externalIPs", skip_serializing_if = "Vec::is_empty")]
    pub external_ips: Vec<IpAddr>,
}

/// Kinds of Kubernetes services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServiceKind {
    /// Reached inside the cluster alone.
    #[default]
    #[serde(rename = "ClusterIP")]
    ClusterIp,
    /// A port on each node.
    NodePort,
    /// A load balancer of the cloud.
    LoadBalancer,
}

/// An ingress in front of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Ingress {
    /// The class; the cluster's default class when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_name: Option<ObjectName>,
    /// Further labels.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Annotations for its controller; gRPC mostly needs some.
    #[serde(skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// Which requests lead to the service; every one when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<IngressRule>,
    /// Certificates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tls: Vec<IngressTls>,
}

/// Requests that lead to the service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct IngressRule {
    /// The host that is asked for; every one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// The path that is asked for.
    pub path: UrlPath,
    /// How the path is compared.
    pub path_type: PathType,
}

/// How paths are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PathType {
    /// What begins with it.
    #[default]
    Prefix,
    /// This and nothing else.
    Exact,
    /// As the controller has it.
    ImplementationSpecific,
}

/// A certificate of an ingress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressTls {
    /// The hosts that it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostName>,
    /// A Secret that exists, with `tls.crt` and `tls.key`; the controller's own certificate when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<ObjectName>,
}

/// Milvus's gRPC port.
const DEFAULT_PORT: NonZeroU16 = match NonZeroU16::new(19530) {
    Some(port) => port,
    None => unreachable!(),
};

impl Ingress {
    /// Whether its controller is ingress-nginx, as far as its class tells. Without [`BACKEND_PROTOCOL`] that one speaks
    /// HTTP/1.1 to the gRPC port.
    pub fn is_of_nginx(&self) -> bool {
        let class = self.class_name.as_ref();
        class.is_some_and(|class| class.as_str().contains("nginx"))
    }
}

impl Service {
    /// A service of its own, at that port.
    pub(super) fn at(port: NonZeroU16) -> Self {
        Self {
            kind: ServiceKind::default(),
            port,
            annotations: Annotations::default(),
            labels: Labels::default(),
            node_port: None,
            cluster_ip: None,
            load_balancer_class: None,
            load_balancer_ip: None,
            load_balancer_source_ranges: Vec::new(),
            external_ips: Vec::new(),
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Self::at(DEFAULT_PORT)
    }
}

impl Default for UrlPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

fn ip_range(text: &str) -> Option<String> {
    const WRITE: &str = "write it like `10.0.0.0/8`";
    let Some((address, bits)) = text.split_once('/') else {
        return Some(WRITE.to_owned());
    };
    let digits = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let (Ok(address), Ok(bits), true) = (address.parse::<IpAddr>(), bits.parse::<u8>(), digits)
    else {
        return Some(WRITE.to_owned());
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits > most).then(|| format!("at most {most} bits are possible"))
}

/// As Kubernetes has it: a name like those of labels, after a prefix.
fn load_balancer_class(text: &str) -> Option<String> {
    let (prefix, name) = text.split_once('/').unwrap_or(("", text));
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    length(name, 63)
        .or_else(|| {
            only(
                name,
                allowed,
                "letters, digits, `-`, `_` and `.`, after a prefix and `/`",
            )
        })
        .or_else(|| {
            let good = ends_well(name.chars().next()) && ends_well(name.chars().next_back());
            (!good).then(|| "it must start and end with a letter or a digit".to_owned())
        })
        .or_else(|| {
            let has_prefix = text.contains('/');
            has_prefix.then(|| super::names::dns_subdomain(prefix))?
        })
}

fn host_name(text: &str) -> Option<String> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    super::names::dns_subdomain(name)
}

fn url_path(text: &str) -> Option<String> {
    length(text, 1024)
        .or_else(|| only(text, |c| c.is_ascii_graphic(), "printable ASCII"))
        .or_else(|| (!text.starts_with('/')).then(|| "it must start with `/`".to_owned()))
}
