//! Time that moves when nothing else does: the moment that every task waits for time alone, it is the next moment that
//! one of them waits for. The stage's clock goes along.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use milvus_aws_core::aws::CallLog;
use milvus_aws_core::engine::Clock;
use tokio::sync::oneshot;

/// How often every other task is let go on before time may move.
const TURNS: usize = 64;
/// How long a call under way is left alone between two looks at it.
const LOOK: Duration = Duration::from_micros(200);

/// The engine's clock on the stage.
#[derive(Clone)]
pub(crate) struct VirtualClock(Arc<Inner>);

struct Inner {
    now: AtomicU64,
    /// Grows with every sleep that begins.
    sleeps: AtomicU64,
    sleepers: Mutex<BinaryHeap<Reverse<Sleeper>>>,
}

/// Who is woken at a moment, in microseconds; of two at one moment the one that lay down first.
struct Sleeper {
    at: u64,
    number: u64,
    wake: oneshot::Sender<()>,
}

impl VirtualClock {
    /// A clock that begins at the stage's time. Its time moves by [`Self::drive`].
    pub(crate) fn starting_at(now: Duration) -> Self {
        Self(Arc::new(Inner {
            now: AtomicU64::new(micros(now)),
            sleeps: AtomicU64::new(0),
            sleepers: Mutex::default(),
        }))
    }

    /// Moves time whenever nothing else happens, and tells `moved` before anybody wakes. Never ends.
    pub(crate) async fn drive(&self, calls: CallLog, moved: impl Fn(Duration)) {
        loop {
            self.idle(&calls).await;
            let next = self.sleepers().pop();
            let Some(Reverse(sleeper)) = next else {
                tokio::time::sleep(LOOK).await;
                continue;
            };
            if sleeper.wake.is_closed() {
                continue;
            }
            let before = self.0.now.fetch_max(sleeper.at, Ordering::SeqCst);
            if sleeper.at > before {
                moved(Duration::from_micros(sleeper.at));
            }
            // Who waited may have gone meanwhile.
            let _ = sleeper.wake.send(());
        }
    }

    fn sleepers(&self) -> MutexGuard<'_, BinaryHeap<Reverse<Sleeper>>> {
        self.0
            .sleepers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Until no call is under way and no task has anything left to do. This runtime has one thread and a fair queue.
    async fn idle(&self, calls: &CallLog) {
        let mut quiet = 0;
        while quiet < TURNS {
            let before = self.0.sleeps.load(Ordering::SeqCst);
            if calls.under_way() > 0 {
                tokio::time::sleep(LOOK).await;
                quiet = 0;
                continue;
            }
            tokio::task::yield_now().await;
            let unchanged =
                self.0.sleeps.load(Ordering::SeqCst) == before && calls.under_way() == 0;
            quiet = if unchanged { quiet + 1 } else { 0 };
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        Duration::from_micros(self.0.now.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let number = self.0.sleeps.fetch_add(1, Ordering::SeqCst);
        let (wake, woken) = oneshot::channel();
        let at = micros(self.now() + duration);
        self.sleepers().push(Reverse(Sleeper { at, number, wake }));
        Box::pin(async move {
            // The clock outlives whoever sleeps by it.
            let _ = woken.await;
        })
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl PartialEq for Sleeper {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Sleeper {}

impl PartialOrd for Sleeper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleeper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
