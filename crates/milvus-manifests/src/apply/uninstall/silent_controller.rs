//! A load balancer controller that does not run: what it put its finalizer on stays for ever, however long it is waited for.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::ListParams};
use milvus_aws_core::engine::{Context, ResourceError};
use serde_json::Value;

use super::super::readiness::{is_ready, worst_trouble};
use crate::{labels::NAME, load_balancer_controller::CONTROLLER_NAME};

/// How long it may have no ready pod: one is moved to another node, or its image is pulled anew.
const GRACE: Duration = Duration::from_mins(3);
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// What all of its finalizers hold: `service.k8s.aws/resources`, `group.ingress.k8s.aws/shop` (source: AWS Load Balancer
/// Controller, pkg/k8s/finalizer.go and pkg/ingress/finalizer.go).
const FINALIZERS: &str = "k8s.aws/";

/// Whether that controller alone can let the object go.
pub(super) fn holds(live: &Value) -> bool {
    let finalizers = live["metadata"]["finalizers"].as_array();
    let mut finalizers = finalizers.into_iter().flatten().filter_map(Value::as_str);
    finalizers.any(|finalizer| finalizer.contains(FINALIZERS))
}

/// Ends, with what is to be done, once no pod of the controller was ready for a while.
pub(super) async fn silent(client: &Client, context: &Context) -> ResourceError {
    let mut heard = context.elapsed();
    loop {
        let pods = pods(client).await;
        // Where none is seen one may run for all that: by another label, or out of sight of this user.
        if pods.is_empty() || pods.iter().any(is_ready) {
            heard = context.elapsed();
        }
        if context.elapsed().saturating_sub(heard) >= GRACE {
            let why = worst_trouble(client, &pods).await;
            let why = why.unwrap_or_else(|| "they do not say why".to_owned());
            return ResourceError::fatal(format!(
                "its load balancer stays: no pod of {CONTROLLER_NAME}, which alone takes it away, was ready for {} s ({why}); make one run, or delete the load balancer in AWS yourself and then the finalizers of this object",
                GRACE.as_secs()
            ));
        }
        context.sleep(LOOK_AGAIN).await;
    }
}

/// Its pods, in whatever namespace.
async fn pods(client: &Client) -> Vec<Pod> {
    let labels = format!("{NAME}={CONTROLLER_NAME}");
    let pods: Api<Pod> = Api::all(client.clone());
    let list = pods.list(&ListParams::default().labels(&labels)).await;
    list.map(|list| list.items).unwrap_or_default()
}
