//! Pauses between tries.

use std::time::Duration;

/// The first pause after a failure.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause after failures.
const LONGEST: Duration = Duration::from_secs(30);

/// Growing pauses after failures, each shortened at random by up to a half so that tries do not meet.
#[derive(Debug)]
pub(super) struct Backoff {
    pause: Duration,
    random: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            pause: FIRST,
            random: seed,
        }
    }

    /// Starts over.
    pub(super) fn reset(&mut self) {
        self.pause = FIRST;
    }

    /// The next pause.
    pub(super) fn next_pause(&mut self) -> Duration {
        self.random = mix(self.random);
        let thousandths = u32::try_from(500 + self.random % 500).unwrap_or(1000);
        let pause = self.pause * thousandths / 1000;
        self.pause = (self.pause * 2).min(LONGEST);
        pause
    }
}

/// How long to wait before looking again at something that became awaited `elapsed` ago and usually takes `usual`: at
/// first more and more seldom, around the usual time often, long after it seldom again.
pub(super) fn poll_pause(elapsed: Duration, usual: Duration) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(100);
    if elapsed < usual / 2 {
        let growing = (elapsed / 4).clamp(SHORTEST, Duration::from_mins(1));
        return growing.min((usual / 2).saturating_sub(elapsed).max(SHORTEST));
    }
    if elapsed < usual * 2 {
        return (usual / 50).clamp(SHORTEST, Duration::from_secs(10));
    }
    (elapsed / 10).clamp(SHORTEST, LONGEST)
}

/// One step of splitmix64: spreads bits well enough for pauses and tokens.
pub(super) fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
