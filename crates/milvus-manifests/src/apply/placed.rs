//! What others may use of an object that exists.

use serde_json::Value;

use crate::{Kind, ObjectRef, labels::REVISION};

/// An object that exists and is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Which object.
    pub object: ObjectRef,
    /// How often the passwords in it have changed, for a Secret.
    pub revision: Option<u64>,
    /// Host names or addresses from outside, for a service or ingress with a load balancer.
    pub addresses: Vec<String>,
}

impl Placed {
    /// Reads it off the object.
    pub(super) fn of(object: &ObjectRef, live: &Value) -> Self {
        let addresses = match object.kind {
            Kind::Service | Kind::Ingress => addresses(live),
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
    let entries = live["status"]["loadBalancer"]["ingress"].as_array();
    let address = |entry: &Value| {
        let named = entry["hostname"].as_str().or(entry["ip"].as_str());
        named.map(str::to_owned)
    };
    entries.into_iter().flatten().filter_map(address).collect()
}
