//! What a command runs on: its clock, and who else hears of it. Tests give their own.

use std::{fmt, sync::Arc};

use milvus_aws_core::{
    aws::CallLog,
    engine::{Engine, Event},
};

/// What a command runs on.
#[derive(Clone)]
pub struct Host {
    /// The engine that runs are made of: with another clock, time is another.
    pub engine: Engine,
    /// Counts what is called in AWS.
    pub calls: CallLog,
    /// Hears of every event, besides the terminal.
    pub heard: Heard,
}

/// Whoever hears of events.
pub type Heard = Arc<dyn Fn(&Event) + Send + Sync>;

impl Default for Host {
    /// Real time, and nobody else. Must be made inside of a tokio runtime.
    fn default() -> Self {
        Self {
            engine: Engine::new(),
            calls: CallLog::default(),
            heard: Arc::new(|_| ()),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}
