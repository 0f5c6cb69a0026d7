//! Attu, the web interface, beside a Milvus in a cluster that exists.

use std::{net::IpAddr, num::NonZeroU16};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Annotations, ImageRepository, ImageTag, Ingress, IpRange, Labels, LoadBalancerClass,
    PodSettings, PullPolicy, Resources, ServiceKind,
};

/// Attu, the web interface. It has no login of its own: whoever reaches it can try to log in to Milvus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Attu {
    /// Number of pods.
    pub replicas: NonZeroU16,
    /// The image; the one that fits the Milvus version when absent.
    #[serde(skip_serializing_if = "AttuImage::is_default")]
    pub image: AttuImage,
    /// Its service.
    pub service: AttuService,
    /// An ingress in front of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Ingress>,
    /// Requests and limits; 256Mi and 1Gi of memory when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// What holds for its pods.
    #[serde(skip_serializing_if = "PodSettings::is_default")]
    pub pod: PodSettings,
}

/// Attu's image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AttuImage {
    /// Registry and repository; `zilliz/attu` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<ImageRepository>,
    /// Tag; the one that fits the Milvus version when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<ImageTag>,
    /// When the kubelet pulls.
    pub pull_policy: PullPolicy,
}

/// Attu's service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AttuService {
    /// `ClusterIP`, `NodePort` or `LoadBalancer`.
    #[serde(rename = "type")]
    pub kind: ServiceKind,
    /// Its port; 3000 unless said otherwise.
    pub port: NonZeroU16,
    /// Annotations.
    #[serde(skip_serializing_if = "Annotations::is_empty")]
    pub annotations: Annotations,
    /// Further labels.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Who makes the load balancer; the cluster's usual controller when absent; only with `type: LoadBalancer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_class: Option<LoadBalancerClass>,
    /// The load balancer's address, where the provider lets one choose it; only with `type: LoadBalancer`.
    #[serde(rename = "loadBalancerIP", skip_serializing_if = "Option::is_none")]
    pub load_balancer_ip: Option<IpAddr>,
    /// From where the load balancer may be reached; only with `type: LoadBalancer`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load_balancer_source_ranges: Vec<IpRange>,
}

/// The port that Attu listens on.
const PORT: NonZeroU16 = match NonZeroU16::new(3000) {
    Some(port) => port,
    None => unreachable!(),
};

impl Default for Attu {
    fn default() -> Self {
        Self {
            replicas: NonZeroU16::MIN,
            image: AttuImage::default(),
            service: AttuService::default(),
            ingress: None,
            resources: None,
            pod: PodSettings::default(),
        }
    }
}

impl Default for AttuService {
    fn default() -> Self {
        Self {
            kind: ServiceKind::default(),
            port: PORT,
            annotations: Annotations::default(),
            labels: Labels::default(),
            load_balancer_class: None,
            load_balancer_ip: None,
            load_balancer_source_ranges: Vec::new(),
        }
    }
}

impl AttuImage {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
