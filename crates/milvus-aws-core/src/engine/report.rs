//! What a run did.

use std::time::Duration;

use serde::Serialize;

use super::{
    critical_path::{self, CriticalPath},
    error::RunError,
    event::millis,
    foreign::Foreign,
    needs::{Handle, Outputs},
    resource::ResourceId,
};

/// What a run did, and what exists now.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// One entry for each resource, in the order of the graph.
    pub entries: Vec<Entry>,
    /// What stopped the run before its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// How long the run took; milliseconds in JSON.
    #[serde(rename = "tookMillis", serialize_with = "millis")]
    pub took: Duration,
    /// The outputs that are known.
    #[serde(skip)]
    pub outputs: Outputs,
}

/// What happened to one resource, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Which resource.
    pub resource: ResourceId,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// When its work began, since the run began; milliseconds in JSON.
    #[serde(rename = "startedMillis", serialize_with = "millis")]
    pub started: Duration,
    /// How long it took; milliseconds in JSON.
    #[serde(rename = "tookMillis", serialize_with = "millis")]
    pub took: Duration,
    /// What it needs.
    pub needs: Vec<ResourceId>,
}

/// How a resource ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum Outcome {
    /// It was made, and is ready.
    Created,
    /// It was changed, and is ready.
    Updated,
    /// It was as wanted, and is ready.
    Unchanged,
    /// It was deleted, and is gone.
    Deleted,
    /// There was nothing to delete.
    Absent,
    /// The deletion left it.
    Retained {
        /// Why it stays.
        because: String,
    },
    /// It is somebody else's.
    Refused {
        /// Whose it is, or what it would collide with.
        owner: Foreign,
    },
    /// It failed.
    Failed {
        /// Why, with its causes.
        reason: String,
    },
    /// It was not begun, because something that it needs (or, in a deletion, that needs it) did not reach its end.
    Skipped {
        /// What did not reach its end.
        because: ResourceId,
    },
    /// It was not begun when the run was stopped.
    NotStarted,
    /// It was begun, and not at its end when the run was stopped.
    Interrupted {
        /// What was last known of it.
        reason: String,
    },
}

/// What stopped a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stopped {
    /// The user did.
    Cancelled,
    /// The time was up.
    TimedOut,
    /// Something carries no mark of ours; nothing was changed.
    Refused,
    /// Who was asked did not agree; nothing was changed.
    Declined,
}

impl Report {
    /// The output of one resource, when it is known.
    pub fn output<Output: Clone + 'static>(&self, handle: &Handle<Output>) -> Option<Output> {
        self.outputs.get(handle)
    }

    /// Whether the run reached its end, and what to say if not.
    pub fn result(&self) -> Result<(), RunError> {
        let refused = self.of(|outcome| match outcome {
            Outcome::Refused { owner } => Some(owner),
            _ => None,
        });
        let failed = self.of(|outcome| match outcome {
            Outcome::Failed { reason } => Some(reason),
            _ => None,
        });
        let interrupted = self.of(|outcome| match outcome {
            Outcome::Interrupted { reason } => Some(reason),
            _ => None,
        });
        if !refused.is_empty() {
            return Err(RunError::Refused(refused));
        }
        if !failed.is_empty() {
            return Err(RunError::Failed(failed));
        }
        match self.stopped {
            Some(Stopped::TimedOut) if interrupted.is_empty() => {
                Err(RunError::NotBegun(self.not_begun()))
            }
            Some(Stopped::TimedOut) => Err(RunError::TimedOut(interrupted)),
            Some(Stopped::Declined) => Err(RunError::Declined),
            Some(Stopped::Cancelled | Stopped::Refused) => Err(RunError::Cancelled),
            None => Ok(()),
        }
    }

    /// What the run waited for in the end: the longest path, by the times that it took.
    pub fn critical_path(&self) -> CriticalPath {
        critical_path::of_entries(&self.entries)
    }

    /// Whether anything was written.
    pub fn changed(&self) -> bool {
        let written = |entry: &Entry| {
            matches!(
                entry.outcome,
                Outcome::Created | Outcome::Updated | Outcome::Deleted
            )
        };
        self.entries.iter().any(written)
    }

    fn not_begun(&self) -> Vec<ResourceId> {
        let waits = |entry: &&Entry| entry.outcome == Outcome::NotStarted;
        let entries = self.entries.iter().filter(waits);
        entries.map(|entry| entry.resource.clone()).collect()
    }

    fn of<Reason: Clone>(
        &self,
        reason: impl Fn(&Outcome) -> Option<&Reason>,
    ) -> Vec<(ResourceId, Reason)> {
        let matching =
            |entry: &Entry| Some((entry.resource.clone(), reason(&entry.outcome)?.clone()));
        self.entries.iter().filter_map(matching).collect()
    }
}
