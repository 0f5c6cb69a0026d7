//! Real time that leaps over what AWS alone is waited for: a stage whose Kubernetes is real and whose AWS is not.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use milvus_aws_core::aws::CallLog;
use milvus_aws_core::engine::{Clock, Event, EventKind};
use tokio::sync::watch;

/// How long nothing must have happened before time leaps: calls of Kubernetes take milliseconds, and are not counted.
const QUIET: Duration = Duration::from_millis(150);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How far a leap goes at most: pauses between looks are shorter, and deadlines, which nobody waits for, are longer.
const LEAP: Duration = Duration::from_mins(2);
/// The stage's only region.
const REGION: &str = "us-west-2";
/// Kinds of AWS, which take the stage's time. All others take real time.
const OF_AWS: &[&str] = &[
    "addon/",
    "bucket/",
    "controller-resources/",
    "eks-cluster/",
    "internet-gateway/",
    "key/",
    "kubernetes-access/",
    "load-balancer/",
    "msk-",
    "nat-gateway/",
    "node-group/",
    "oidc-provider/",
    "route-tables/",
    "scram-association/",
    "secret/AmazonMSK_",
    "security-group",
    "subnets/",
    "volumes/",
    "vpc",
];

/// The engine's clock on a stage with both halves.
#[derive(Clone)]
pub(crate) struct LeapingClock(Arc<Inner>);

struct Inner {
    began: Instant,
    base: Duration,
    leapt: watch::Sender<Duration>,
    state: Mutex<State>,
}

struct State {
    /// When sleepers want to wake.
    wakes: BTreeSet<(Duration, u64)>,
    number: u64,
    /// What of Kubernetes is under way.
    real: BTreeSet<String>,
    /// When anything happened last.
    last: Instant,
}

impl LeapingClock {
    /// A clock that begins at the stage's time. It leaps by [`Self::drive`].
    pub(crate) fn starting_at(base: Duration) -> Self {
        let state = State {
            wakes: BTreeSet::new(),
            number: 0,
            real: BTreeSet::new(),
            last: Instant::now(),
        };
        Self(Arc::new(Inner {
            began: Instant::now(),
            base,
            leapt: watch::Sender::new(Duration::ZERO),
            state: Mutex::new(state),
        }))
    }

    /// Takes note of what is under way.
    pub(crate) fn hear(&self, event: &Event) {
        let mut state = self.state();
        state.last = Instant::now();
        let id = event.resource.as_str();
        // Roles are of both; those of AWS name the region.
        if OF_AWS.iter().any(|kind| id.starts_with(kind)) || id.contains(REGION) {
            return;
        }
        match event.kind {
            EventKind::Started { .. } => {
                state.real.insert(id.to_owned());
            }
            EventKind::Finished { .. } => {
                state.real.remove(id);
            }
            _ => {}
        }
    }

    /// Leaps whenever AWS alone is waited for, and tells `moved` the time, also while it merely passes. Never ends.
    pub(crate) async fn drive(&self, calls: CallLog, moved: impl Fn(Duration)) {
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.now();
            let next = {
                let mut state = self.state();
                if calls.under_way() > 0 {
                    state.last = Instant::now();
                }
                let idle = state.real.is_empty() && state.last.elapsed() >= QUIET;
                state.wakes.first().filter(|_| idle).map(|(at, _)| *at)
            };
            match next.filter(|next| (now..now + LEAP).contains(next)) {
                Some(next) => {
                    moved(next);
                    self.0
                        .leapt
                        .send_modify(|leapt| *leapt += next.saturating_sub(now));
                    self.state().last = Instant::now();
                }
                None => moved(now),
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for LeapingClock {
    fn now(&self) -> Duration {
        self.0.base + self.0.began.elapsed() + *self.0.leapt.borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clone();
        let until = self.now() + duration;
        let entry = {
            let mut state = self.state();
            state.number += 1;
            let entry = (until, state.number);
            state.wakes.insert(entry);
            state.last = Instant::now();
            entry
        };
        Box::pin(async move {
            let _forgotten = Forgotten {
                clock: clock.clone(),
                entry,
            };
            let mut leaps = clock.0.leapt.subscribe();
            while let Some(left) = until
                .checked_sub(clock.now())
                .filter(|left| !left.is_zero())
            {
                tokio::select! {
                    () = tokio::time::sleep(left) => {}
                    // The clock lives as long as this.
                    _ = leaps.changed() => {}
                }
            }
        })
    }
}

/// A sleeper who woke, or was dropped, is not waited for.
struct Forgotten {
    clock: LeapingClock,
    entry: (Duration, u64),
}

impl Drop for Forgotten {
    fn drop(&mut self) {
        let mut state = self.clock.state();
        state.wakes.remove(&self.entry);
        state.last = Instant::now();
    }
}
