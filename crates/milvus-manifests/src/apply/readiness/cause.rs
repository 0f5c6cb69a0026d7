//! What lies beneath a trouble: a node that is gone, or a volume that nobody makes.

use std::time::Duration;

use k8s_openapi::api::{
    core::v1::{Node, PersistentVolumeClaim},
    storage::v1::StorageClass,
};
use kube::{Api, ResourceExt, api::ListParams};

use super::{
    Watched,
    pods::{Trouble, UNSCHEDULABLE},
};
use crate::IS_DEFAULT_CLASS;

/// How long a pod may be in trouble before nodes are asked.
const STUCK: Duration = Duration::from_secs(10);
/// Makes a volume as soon as it is claimed; the other mode waits for a pod.
const IMMEDIATE: &str = "Immediate";

/// What lies beneath a trouble.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) words: String,
    /// What the user can do, where that is known.
    pub(super) advice: Option<String>,
}

impl Cause {
    fn new(words: String) -> Self {
        Self {
            words,
            advice: None,
        }
    }

    fn advice(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }
}

/// Asks the cluster. What it does not say is left out: reasons must not fail.
impl Watched {
    /// What lies beneath that trouble, which lasts for so long; none where it explains itself.
    pub(super) async fn cause(&self, trouble: &Trouble, lasting: Duration) -> Option<Cause> {
        if trouble.reason == UNSCHEDULABLE {
            for claim in &trouble.claims {
                if let Some(cause) = self.unbound(claim).await {
                    return Some(cause);
                }
            }
        }
        if lasting < STUCK {
            return None;
        }
        match &trouble.node {
            Some(node) if trouble.may_be_its_node() => self.node(node, trouble).await,
            None if trouble.reason == UNSCHEDULABLE => self.unready_nodes().await,
            _ => None,
        }
    }

    /// Why the node of a pod does not run it.
    async fn node(&self, name: &str, trouble: &Trouble) -> Option<Cause> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let words = match nodes.get(name).await {
            Ok(node) => format!("its node {}", unready(&node)?),
            Err(kube::Error::Api(status)) if status.code == 404 => {
                format!("its node {name} does not exist any more")
            }
            // Who runs a container reports something.
            Err(kube::Error::Api(status)) if status.code == 403 && !trouble.runs() => {
                let words = format!("its node is {name}, and you cannot read its state");
                return Some(Cause::new(words));
            }
            Err(_) => return None,
        };
        let advice = format!("`kubectl describe node {name}` says more");
        Some(Cause::new(words).advice(advice))
    }

    /// The nodes that take no pod, as they are not ready.
    async fn unready_nodes(&self) -> Option<Cause> {
        let nodes: Api<Node> = Api::all(self.client.clone());
        let nodes = nodes.list(&ListParams::default()).await.ok()?;
        let unready: Vec<_> = nodes.iter().filter_map(unready).collect();
        if unready.is_empty() {
            return None;
        }
        let words = format!("node {}", unready.join("; node "));
        Some(Cause::new(words))
    }

    /// Why a claim gets no volume; none where it has one, or gets it with the pod.
    async fn unbound(&self, name: &str) -> Option<Cause> {
        let claims: Api<PersistentVolumeClaim> =
            Api::namespaced(self.client.clone(), &self.namespace);
        let claim = match claims.get(name).await {
            Ok(claim) => claim,
            Err(kube::Error::Api(status)) if status.code == 404 => {
                return Some(Cause::new(format!("volume claim {name} does not exist")));
            }
            Err(_) => return None,
        };
        let phase = claim.status.as_ref()?.phase.as_deref();
        if phase != Some("Pending") {
            return None;
        }
        let class = claim.spec.as_ref()?.storage_class_name.as_deref();
        match class {
            // Without a class at all only volumes that exist are bound: an event says what is wrong.
            Some("") => None,
            Some(class) => self.of_class(name, class).await,
            None => self.without_class(name).await,
        }
    }

    async fn of_class(&self, claim: &str, name: &str) -> Option<Cause> {
        let classes: Api<StorageClass> = Api::all(self.client.clone());
        let class = match classes.get(name).await {
            Ok(class) => class,
            Err(kube::Error::Api(status)) if status.code == 404 => {
                let words = format!(
                    "volume claim {claim} asks for the storage class {name}, which does not exist"
                );
                let advice = format!(
                    "make that class; or name another one in the file (`kubectl get storageclass`) and delete the claim, which is still empty: `kubectl delete pvc {claim} -n {}`",
                    self.namespace
                );
                return Some(Cause::new(words).advice(advice));
            }
            Err(_) => return None,
        };
        // The other mode makes the volume where the pod fits, so that the scheduler says why it does not.
        let mode = class.volume_binding_mode.as_deref().unwrap_or(IMMEDIATE);
        if mode != IMMEDIATE {
            return None;
        }
        let event = self.newest("PersistentVolumeClaim", claim, false).await;
        let event = event.map(|event| format!(": {event}"));
        let words = format!(
            "volume claim {claim} has no volume of the storage class {name} yet{}",
            event.unwrap_or_default()
        );
        let advice = format!("is the provisioner {} at work?", class.provisioner);
        Some(Cause::new(words).advice(advice))
    }

    async fn without_class(&self, claim: &str) -> Option<Cause> {
        let classes: Api<StorageClass> = Api::all(self.client.clone());
        let classes = classes.list(&ListParams::default()).await.ok()?;
        let is_default = |class: &StorageClass| {
            let marked = class.annotations().get(IS_DEFAULT_CLASS);
            marked.is_some_and(|value| value == "true")
        };
        if classes.iter().any(is_default) {
            return None;
        }
        let words = format!(
            "volume claim {claim} names no storage class, and the cluster has no default one"
        );
        let advice = format!(
            "make a class the default, by the annotation {IS_DEFAULT_CLASS}; or name one in the file (`kubectl get storageclass`) and delete the claim, which is still empty: `kubectl delete pvc {claim} -n {}`",
            self.namespace
        );
        Some(Cause::new(words).advice(advice))
    }
}

/// Name, and why it is not ready; none when it is.
fn unready(node: &Node) -> Option<String> {
    let status = node.status.iter();
    let mut conditions = status.flat_map(|status| status.conditions.iter().flatten());
    let name = node.name_any();
    let Some(ready) = conditions.find(|condition| condition.type_ == "Ready") else {
        return Some(format!("{name} is not ready: it has never reported"));
    };
    if ready.status == "True" {
        return None;
    }
    let since = ready.last_transition_time.as_ref();
    let since = since.map(|time| format!(" since {}", time.0));
    let why = ready.message.as_deref().or(ready.reason.as_deref());
    let why = why.filter(|why| !why.is_empty());
    let why = why.map(|why| format!(": {}", why.trim_end_matches('.')));
    Some(format!(
        "{name} is not ready{}{}",
        since.unwrap_or_default(),
        why.unwrap_or_default()
    ))
}
