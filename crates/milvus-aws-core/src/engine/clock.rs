//! Time as a parameter.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

/// What the engine knows of time.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;

    /// Ends after that time.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// Tokio's time: the real one, or the virtual one of a test whose time is paused.
#[derive(Debug, Clone)]
pub struct TokioClock {
    origin: Instant,
}

impl Default for TokioClock {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Time that runs faster than tokio's, for stages whose services have shortened times.
#[derive(Debug, Clone)]
pub struct ScaledClock {
    inner: TokioClock,
    factor: u32,
}

impl ScaledClock {
    /// Runs `factor` times as fast; a factor of zero counts as one.
    pub fn new(factor: u32) -> Self {
        Self {
            inner: TokioClock::default(),
            factor: factor.max(1),
        }
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Duration {
        self.inner.now().saturating_mul(self.factor)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration / self.factor)
    }
}
