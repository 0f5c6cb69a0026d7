//! What the engine gives to a resource's methods.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    clock::Clock,
    error::{ErrorKind, ResourceError},
    event::{Event, EventKind},
    pacer::Pacer,
    resource::ResourceId,
};

/// Who hears of events.
pub(super) type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// What all resources of a run share.
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) origin: Duration,
    pub(super) listener: Listener,
    pub(super) pacer: Pacer,
    pub(super) calls: Semaphore,
    pub(super) seed: u64,
    pub(super) removes: bool,
}

/// The right to make one call now.
pub(super) struct Admission<'a> {
    _permit: Option<SemaphorePermit<'a>>,
}

/// Time, progress and pacing for one resource of a run.
#[derive(Clone)]
pub struct Context {
    shared: Arc<Shared>,
    resource: ResourceId,
    last_reason: Arc<Mutex<Option<String>>>,
    polled: Arc<AtomicBool>,
}

impl Context {
    pub(super) fn new(shared: Arc<Shared>, resource: ResourceId) -> Self {
        Self {
            shared,
            resource,
            last_reason: Arc::default(),
            polled: Arc::default(),
        }
    }

    /// Which resource this is for.
    pub fn resource(&self) -> &ResourceId {
        &self.resource
    }

    /// Whether the run takes the graph away: what is only used need not be fit for use then, nor be there.
    pub fn is_removal(&self) -> bool {
        self.shared.removes
    }

    /// Tells what is being waited for. The same reason twice in a row is told once.
    pub fn progress(&self, reason: impl Into<String>) {
        let reason = reason.into();
        let mut last = self
            .last_reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() == Some(&reason) {
            return;
        }
        *last = Some(reason.clone());
        drop(last);
        self.tell(EventKind::Progress { reason });
    }

    /// Time since the run began.
    pub fn elapsed(&self) -> Duration {
        self.shared.clock.now().saturating_sub(self.shared.origin)
    }

    /// Ends after that time of the run's clock.
    pub async fn sleep(&self, duration: Duration) {
        self.shared.clock.sleep(duration).await;
    }

    /// Makes one call to a service: waits for a free slot and for the pace that throttling has set. The engine does so
    /// around `observe`, `apply`, `readiness` and `delete`; a `wait_ready` of one's own does it around its calls.
    pub async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, ResourceError>>,
    ) -> Result<T, ResourceError> {
        let admission = self.admission().await;
        self.admitted(admission, call).await
    }

    /// Waits for a free slot, and for the pace.
    pub(super) async fn admission(&self) -> Admission<'_> {
        // The semaphore is never closed, so that an error here cannot happen; without a permit the call is merely not limited.
        let permit = self.shared.calls.acquire().await.ok();
        self.shared.pacer.pass(&*self.shared.clock).await;
        Admission { _permit: permit }
    }

    /// Makes the call that was waited for.
    pub(super) async fn admitted<T>(
        &self,
        _admission: Admission<'_>,
        call: impl Future<Output = Result<T, ResourceError>>,
    ) -> Result<T, ResourceError> {
        let began = self.shared.clock.now();
        let result = call.await;
        match &result {
            Ok(_) => self.shared.pacer.speed_up(),
            Err(error) => {
                if let ErrorKind::Throttled { retry_after } = error.kind() {
                    let now = self.shared.clock.now();
                    self.shared.pacer.slow_down(began, now, *retry_after);
                }
            }
        }
        result
    }

    /// A client token for calls that take one: the same for every retry of this resource within a run, another one in
    /// the next run (which finds by observing what this one made).
    pub fn token(&self) -> String {
        let bytes = self.resource.as_str().bytes();
        let hash = bytes.fold(self.shared.seed, |hash, byte| {
            super::backoff::mix(hash ^ u64::from(byte))
        });
        format!(
            "{:016x}{:016x}",
            super::backoff::mix(self.shared.seed),
            hash
        )
    }

    pub(super) fn tell(&self, kind: EventKind) {
        let event = Event {
            at: self.elapsed(),
            resource: self.resource.clone(),
            kind,
        };
        (self.shared.listener)(&event);
    }

    /// A poll of a wait got its answer.
    pub(crate) fn polled_well(&self) {
        self.polled.store(true, Ordering::Relaxed);
    }

    /// Whether one did since this was asked last.
    pub(super) fn take_polled_well(&self) -> bool {
        self.polled.swap(false, Ordering::Relaxed)
    }

    /// Remembers a reason for the report without telling it.
    pub(super) fn note(&self, reason: String) {
        *self
            .last_reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    pub(super) fn last_reason(&self) -> Option<String> {
        let last = self.last_reason.lock();
        last.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.resource).finish()
    }
}
