//! What can go wrong with a resource, and with a run.

use std::{error::Error, fmt, time::Duration};

use super::{
    foreign::{Foreign, ForeignKind},
    resource::ResourceId,
};

/// Why a call of a resource failed. Messages name what was attempted and never hold a secret.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ResourceError {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What the engine does about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// May pass by itself: tried again with growing pauses, within the resource's patience.
    Transient,
    /// We ask too often: everybody slows down, once.
    Throttled {
        /// How long the other side asks us to wait.
        retry_after: Option<Duration>,
    },
    /// Trying again would change nothing.
    Fatal,
    /// It turned out to be somebody else's: refused.
    Foreign(ForeignKind),
}

impl ResourceError {
    /// May pass by itself.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transient, message)
    }

    /// We ask too often.
    pub fn throttled(message: impl Into<String>, retry_after: Option<Duration>) -> Self {
        Self::new(ErrorKind::Throttled { retry_after }, message)
    }

    /// Trying again would change nothing.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Fatal, message)
    }

    /// It is somebody else's.
    pub fn foreign(foreign: impl Into<Foreign>) -> Self {
        let foreign = foreign.into();
        let kind = ErrorKind::Foreign(foreign.kind().clone());
        Self::new(kind, foreign.to_string())
    }

    /// The same with its cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Why it is refused, with its causes; none where it is not.
    pub(super) fn as_foreign(&self) -> Option<Foreign> {
        match &self.kind {
            ErrorKind::Foreign(kind) => Some(Foreign::new(kind.clone(), self.in_full())),
            _ => None,
        }
    }

    /// What the engine does about it.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The message and its causes in one line.
    pub(super) fn in_full(&self) -> String {
        let mut text = self.message.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// Why there is no plan: something could not be observed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Observations failed.
    #[error("cannot see what exists: {}", list(.0))]
    Unobservable(Vec<(ResourceId, String)>),
    /// Cancelled before everything was observed.
    #[error("interrupted before everything was looked at; nothing was changed")]
    Cancelled,
    /// The time was up before everything was observed.
    #[error("the time was up before everything was looked at; nothing was changed")]
    TimedOut,
}

/// Why a run did not reach its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Something carries no mark of ours. Unless it could only be seen during the run, nothing was changed.
    #[error("refused: {}", list(.0))]
    Refused(Vec<(ResourceId, Foreign)>),
    /// Resources failed; what does not need them was done.
    #[error("failed: {}", list(.0))]
    Failed(Vec<(ResourceId, String)>),
    /// Who was asked did not agree; nothing was changed.
    #[error("not agreed to; nothing was changed")]
    Declined,
    /// Cancelled. The same command goes on from what exists.
    #[error("interrupted; the same command goes on from here")]
    Cancelled,
    /// The time was up. The same command goes on from what exists.
    #[error("the time was up, not ready: {}", list(.0))]
    TimedOut(Vec<(ResourceId, String)>),
    /// The time was up while nothing was being waited for. The same command goes on from what exists.
    #[error("the time was up; not begun: {}", listed(.0))]
    NotBegun(Vec<ResourceId>),
}

fn list(items: &[(ResourceId, impl fmt::Display)]) -> String {
    let lines: Vec<_> = items
        .iter()
        .map(|(id, reason)| format!("{id}: {reason}"))
        .collect();
    lines.join("; ")
}

/// The first few, and how many more there are.
fn listed(ids: &[ResourceId]) -> String {
    const MOST: usize = 5;
    let first: Vec<_> = ids.iter().take(MOST).map(ResourceId::as_str).collect();
    let first = first.join(", ");
    match ids.len().saturating_sub(MOST) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
