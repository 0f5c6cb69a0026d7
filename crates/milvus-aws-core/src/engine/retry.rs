//! Trying again, within a resource's patience.

use std::time::Duration;

use super::{
    backoff::{Backoff, mix},
    context::Context,
    error::{ErrorKind, ResourceError},
    event::EventKind,
    run::{Halt, Run},
};

/// How long a resource is at least let alone with throttling: the pacer sets the pace of all, and among many, in a queue,
/// a few refusals in a row take minutes and say nothing of this one.
const THROTTLED: Duration = Duration::from_mins(10);

/// Failures in a row of one resource.
pub(super) struct Retry<'a> {
    run: &'a Run<'a>,
    context: &'a Context,
    patience: Duration,
    backoff: Backoff,
    failing_since: Option<Duration>,
}

impl<'a> Retry<'a> {
    pub(super) fn new(run: &'a Run<'a>, context: &'a Context, patience: Duration) -> Self {
        let id = context.resource().as_str();
        let seed = id
            .bytes()
            .fold(run.shared.seed, |seed, byte| mix(seed ^ u64::from(byte)));
        Self {
            run,
            context,
            patience,
            backoff: Backoff::new(seed),
            failing_since: None,
        }
    }

    /// Something went well: failures are counted anew.
    pub(super) fn went_well(&mut self) {
        self.failing_since = None;
        self.backoff.reset();
    }

    /// Pauses after a failure that may pass; gives any other one back, and one that has lasted too long.
    pub(super) async fn pause_after(&mut self, halt: Halt) -> Result<(), Halt> {
        let Halt::Error(error) = halt else {
            return Err(halt);
        };
        // In a wait of half an hour some polls fail: those are no failures in a row.
        if self.context.take_polled_well() {
            self.went_well();
        }
        let now = self.run.elapsed();
        let since = *self.failing_since.get_or_insert(now);
        let (after, patience) = match error.kind() {
            ErrorKind::Transient => (self.backoff.next_pause(), self.patience),
            // The pacer slows everybody down: a pause of one's own besides would slow this one down twice.
            ErrorKind::Throttled { retry_after } => {
                let after = retry_after.unwrap_or_default();
                (after, self.patience.max(THROTTLED))
            }
            ErrorKind::Fatal | ErrorKind::Foreign(_) => return Err(Halt::Error(error)),
        };
        if now.saturating_sub(since) + after > patience {
            return Err(Halt::Error(error));
        }
        self.context.tell(EventKind::Retrying {
            reason: error.in_full(),
            after,
        });
        self.context.note(error.in_full());
        let pause = async {
            self.context.sleep(after).await;
            Ok::<_, ResourceError>(())
        };
        self.run.unless_stopped(pause).await
    }
}
