//! What others may use of an object that exists.

use k8s_openapi::api::core::v1::Service;
use serde_json::Value;

use crate::{Kind, ObjectRef, labels::REVISION};

/// An object that exists and is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Which object.
    pub object: ObjectRef,
    /// How often the passwords in it have changed, for a Secret.
    pub revision: Option<u64>,
    /// Host names or addresses from outside, for a service with a load balancer.
    pub addresses: Vec<String>,
}

impl Placed {
    /// Reads it off the object.
    pub(super) fn of(object: &ObjectRef, live: &Value) -> Self {
        let addresses = match object.kind {
            Kind::Service => addresses(live),
            _ => Vec::new(),
        };
        Self {
            object: object.clone(),
            revision: revision(live),
            addresses,
        }
    }
}

/// A Secret's revision.
pub(super) fn revision(live: &Value) -> Option<u64> {
    live["metadata"]["annotations"][REVISION]
        .as_str()?
        .parse()
        .ok()
}

fn addresses(live: &Value) -> Vec<String> {
    let service: Option<Service> = serde_json::from_value(live.clone()).ok();
    let balancer = service.and_then(|service| service.status?.load_balancer);
    let ingress = balancer
        .and_then(|balancer| balancer.ingress)
        .unwrap_or_default();
    ingress
        .into_iter()
        .filter_map(|ingress| ingress.hostname.or(ingress.ip))
        .collect()
}
