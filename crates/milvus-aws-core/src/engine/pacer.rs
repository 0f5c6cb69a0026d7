//! Throttling slows everyone down, once.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::clock::Clock;

/// The first space between calls after a throttled one.
const FIRST_SPACE: Duration = Duration::from_millis(50);
/// The widest space between calls: no service of AWS that we call is slower for long.
const WIDEST_SPACE: Duration = Duration::from_secs(2);
/// Below this the space closes.
const NARROWEST_SPACE: Duration = Duration::from_millis(5);

/// The pace of all calls of a run: none until a call is throttled, then a space between calls that doubles with
/// each further throttling and narrows with each success.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    space: Duration,
    next_free: Duration,
    slowed_at: Option<Duration>,
    /// Counts the slowings-down.
    pace: u64,
}

impl Pacer {
    /// Waits for this call's turn. Whoever waits while the pace slows down gets a new turn at the new pace.
    pub(super) async fn pass(&self, clock: &dyn Clock) {
        loop {
            let now = clock.now();
            let (turn, pace) = self.take_turn(now);
            if turn > now {
                clock.sleep(turn.saturating_sub(now)).await;
            }
            if self.state().pace == pace {
                return;
            }
        }
    }

    fn take_turn(&self, now: Duration) -> (Duration, u64) {
        let mut state = self.state();
        let turn = state.next_free.max(now);
        state.next_free = turn + state.space;
        (turn, state.pace)
    }

    /// A call that began at `began` was throttled. Calls that began before the last slowing-down tell nothing new.
    pub(super) fn slow_down(&self, began: Duration, now: Duration, retry_after: Option<Duration>) {
        let mut state = self.state();
        let asked = now + retry_after.unwrap_or_default();
        if state.slowed_at.is_some_and(|slowed_at| began < slowed_at) {
            state.next_free = state.next_free.max(asked);
            return;
        }
        state.space = (state.space * 2).clamp(FIRST_SPACE, WIDEST_SPACE);
        state.slowed_at = Some(now);
        state.pace += 1;
        state.next_free = asked.max(now + state.space);
    }

    /// A call was accepted.
    pub(super) fn speed_up(&self) {
        let mut state = self.state();
        state.space = state.space * 15 / 16;
        if state.space < NARROWEST_SPACE {
            state.space = Duration::ZERO;
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
