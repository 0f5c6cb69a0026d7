//! Waiting until an object can be used, and saying what it waits for.

mod cause;
mod evidence;
mod not_executable;
mod pods;
mod rollout;

use std::{collections::BTreeMap, pin::pin, time::Duration};

use futures::{Stream, StreamExt, stream};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Service};
use kube::{
    Api, Client, ResourceExt,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watch_object, watcher},
    },
};
use milvus_aws_core::engine::{Context, Readiness, ResourceError};
use secrecy::SecretString;
use serde_json::Value;

use self::pods::Trouble;
pub(super) use self::pods::is_ready;
use super::{api::Objects, placed::Placed};
use crate::{Kind, Manifests, Object, ObjectRef};

/// How often events and logs are looked at again while nothing moves.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What to look at while one object is waited for.
pub(super) struct Watched {
    pub(super) client: Client,
    pub(super) namespace: String,
    /// Selects its pods; none when it has no pods.
    pub(super) pods: Option<String>,
    /// What must not appear in a reason.
    pub(super) passwords: Vec<SecretString>,
}

/// Whether an object can be used, as far as itself tells.
pub(super) fn of(object: &ObjectRef, live: &Value) -> Readiness<()> {
    match object.kind {
        Kind::Deployment => parsed(live, rollout::of_deployment),
        Kind::StatefulSet => parsed(live, rollout::of_stateful_set),
        Kind::PersistentVolumeClaim => parsed(live, of_claim),
        Kind::Service => parsed(live, of_service),
        Kind::Ingress if Placed::of(object, live).addresses.is_empty() => {
            waiting("no load balancer has an address for it yet")
        }
        Kind::CustomResourceDefinition => of_definition(live),
        _ => Readiness::Ready(()),
    }
}

fn parsed<K: serde::de::DeserializeOwned>(
    live: &Value,
    of: impl Fn(&K) -> Readiness<()>,
) -> Readiness<()> {
    match serde_json::from_value(live.clone()) {
        Ok(object) => of(&object),
        Err(_) => waiting("the API server's answer is not understood"),
    }
}

/// A claim may stay pending until a pod uses it, so that waiting for it would be waiting for ever.
fn of_claim(claim: &PersistentVolumeClaim) -> Readiness<()> {
    let phase = claim
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    match phase {
        Some("Lost") => Readiness::Failed {
            reason: "its volume is lost".to_owned(),
        },
        _ => Readiness::Ready(()),
    }
}

fn of_service(service: &Service) -> Readiness<()> {
    let kind = service.spec.as_ref().and_then(|spec| spec.type_.as_deref());
    let balancer = service
        .status
        .as_ref()
        .and_then(|status| status.load_balancer.as_ref());
    let ingress = balancer.and_then(|balancer| balancer.ingress.as_ref());
    match (kind, ingress) {
        (Some("LoadBalancer"), None) => waiting("no load balancer has an address for it yet"),
        _ => Readiness::Ready(()),
    }
}

/// Objects of a new kind are accepted once its definition is established.
fn of_definition(live: &Value) -> Readiness<()> {
    let conditions = live["status"]["conditions"].as_array();
    let established = conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
    if established {
        Readiness::Ready(())
    } else {
        waiting("the API server does not serve it yet")
    }
}

fn waiting(reason: &str) -> Readiness<()> {
    Readiness::Waiting {
        reason: reason.to_owned(),
    }
}

/// How long a load balancer usually takes from the request until it answers, and to go.
const BALANCER: Duration = Duration::from_secs(150);
const BALANCER_END: Duration = Duration::from_mins(1);

/// How long an object usually takes to become ready.
pub(super) fn usual_duration(object: &Object, waits: bool) -> Duration {
    match object.kind() {
        Kind::Deployment if waits => Duration::from_secs(30),
        Kind::StatefulSet if waits => Duration::from_secs(45),
        _ if waits && is_balanced(object) => BALANCER,
        _ => Duration::from_secs(1),
    }
}

/// How long objects of that kind usually take to go.
pub(super) fn usual_end(kind: Kind, balanced: bool) -> Duration {
    match kind {
        _ if balanced => BALANCER_END,
        Kind::Deployment | Kind::StatefulSet => Duration::from_secs(10),
        Kind::PersistentVolumeClaim | Kind::Namespace => Duration::from_secs(5),
        _ => Duration::from_secs(1),
    }
}

/// Whether a load balancer is made for it.
pub(super) fn is_balanced(object: &Object) -> bool {
    match object {
        Object::Service(service) => {
            let kind = service.spec.as_ref().and_then(|spec| spec.type_.as_deref());
            kind == Some("LoadBalancer")
        }
        Object::Ingress(_) => true,
        _ => false,
    }
}

/// Whether more than its existence is waited for.
pub(super) fn is_watched(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CustomResourceDefinition
            | Kind::PersistentVolumeClaim
            | Kind::Service
            | Kind::StatefulSet
            | Kind::Deployment
            | Kind::Ingress
    )
}

/// Watches an object and its pods until it is ready; gives it back as it is then. After the limit it has failed.
pub(super) async fn wait(
    reference: &ObjectRef,
    objects: &Objects,
    watched: &Watched,
    limit: Option<Duration>,
    context: &Context,
) -> Result<Value, ResourceError> {
    let mut object = pin!(watch_object(objects.api.clone(), &reference.name).default_backoff());
    let mut pod_events = pin!(watched.pod_events().default_backoff());
    let mut pods: BTreeMap<String, Pod> = BTreeMap::new();
    let mut state = "it is being made".to_owned();
    let mut lasting = Lasting::default();
    let began = context.elapsed();
    loop {
        tokio::select! {
            seen = object.next() => match seen {
                Some(Ok(Some(live))) => {
                    let live = serde_json::to_value(&live).unwrap_or_default();
                    match of(reference, &live) {
                        Readiness::Ready(()) => return Ok(live),
                        Readiness::Waiting { reason } => state = reason,
                        Readiness::Failed { reason } => return Err(ResourceError::fatal(reason)),
                    }
                }
                Some(Err(error)) => state = format!("it cannot be watched: {error}"),
                Some(Ok(None)) | None => {
                    return Err(ResourceError::transient("it was taken away meanwhile"));
                }
            },
            Some(event) = pod_events.next() => remember(&mut pods, event),
            () = context.sleep(LOOK_AGAIN) => {}
        }
        let troubles = pods.values().filter_map(pods::trouble_of);
        let over = limit.filter(|limit| context.elapsed().saturating_sub(began) >= *limit);
        let Some(trouble) = troubles.max_by_key(Trouble::severity) else {
            if let Some(limit) = over {
                return Err(too_late(limit, &state));
            }
            context.progress(state.clone());
            continue;
        };
        let age = lasting.age(&trouble, context.elapsed());
        let reason = watched.told(&trouble, age).await;
        if trouble.hopeless_after().is_some_and(|limit| age >= limit) {
            return Err(ResourceError::fatal(reason));
        }
        if let Some(limit) = over {
            return Err(too_late(limit, &reason));
        }
        context.progress(reason);
    }
}

fn too_late(limit: Duration, state: &str) -> ResourceError {
    ResourceError::fatal(format!("not ready within {} s: {state}", limit.as_secs()))
}

impl Watched {
    /// What to look at for one of those objects.
    pub(super) fn of(client: &Client, namespace: &str, object: &Object, all: &Manifests) -> Self {
        let selector = match object {
            Object::Deployment(deployment) => deployment.spec.as_ref().map(|spec| &spec.selector),
            Object::StatefulSet(set) => set.spec.as_ref().map(|spec| &spec.selector),
            _ => None,
        };
        let pairs = selector.and_then(|selector| selector.match_labels.as_ref());
        let pods = pairs.map(|labels| {
            let pairs: Vec<_> = labels
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            pairs.join(",")
        });
        Self {
            client: client.clone(),
            namespace: namespace.to_owned(),
            pods,
            passwords: all.passwords(),
        }
    }

    fn pod_events(&self) -> impl Stream<Item = watcher::Result<Event<Pod>>> + use<> {
        match &self.pods {
            Some(selector) => {
                let pods = Api::namespaced(self.client.clone(), &self.namespace);
                watcher(pods, watcher::Config::default().labels(selector)).left_stream()
            }
            None => stream::pending().right_stream(),
        }
    }
}

/// The worst of what keeps those pods from being ready, in words for the user.
pub(super) async fn worst_trouble(client: &Client, pods: &[Pod]) -> Option<String> {
    let troubles = pods
        .iter()
        .filter_map(|pod| Some((pod, pods::trouble_of(pod)?)));
    let (pod, trouble) = troubles.max_by_key(|(_, trouble)| trouble.severity())?;
    let watched = Watched {
        client: client.clone(),
        namespace: pod.namespace().unwrap_or_default(),
        pods: None,
        passwords: Vec::new(),
    };
    Some(watched.told(&trouble, Duration::MAX).await)
}

/// Why a pod is not ready, in words for the user; none when it is, or when it is on its way out.
pub async fn why_not_ready(client: &Client, pod: &Pod) -> Option<String> {
    let trouble = pods::trouble_of(pod)?;
    let watched = Watched {
        client: client.clone(),
        namespace: pod.namespace().unwrap_or_default(),
        pods: None,
        passwords: Vec::new(),
    };
    Some(watched.told_briefly(&trouble).await)
}

fn remember(pods: &mut BTreeMap<String, Pod>, event: watcher::Result<Event<Pod>>) {
    match event {
        Ok(Event::Apply(pod) | Event::InitApply(pod)) => {
            pods.insert(pod.name_any(), pod);
        }
        Ok(Event::Delete(pod)) => {
            pods.remove(&pod.name_any());
        }
        Ok(Event::Init) => pods.clear(),
        // The watch begins anew by itself.
        Ok(Event::InitDone) | Err(_) => {}
    }
}

/// How long the same trouble has lasted.
#[derive(Default)]
struct Lasting {
    since: Option<(Trouble, Duration)>,
}

impl Lasting {
    fn age(&mut self, trouble: &Trouble, now: Duration) -> Duration {
        match &self.since {
            Some((before, since)) if before.is_like(trouble) => now.saturating_sub(*since),
            _ => {
                self.since = Some((trouble.clone(), now));
                Duration::ZERO
            }
        }
    }
}
