//! What a run tells its listeners.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{report::Outcome, resource::ResourceId};

/// Something happened to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Time since the run began; milliseconds in JSON.
    #[serde(rename = "atMillis", serialize_with = "millis")]
    pub at: Duration,
    /// Which resource.
    pub resource: ResourceId,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "event")]
pub enum EventKind {
    /// Work on it began: its inputs are there, and it is not as wanted.
    Started {
        /// What is being done.
        operation: Operation,
        /// How long that usually takes; milliseconds in JSON.
        #[serde(rename = "usualMillis", serialize_with = "millis")]
        usual: Duration,
    },
    /// It is still being waited for; told when the reason changes.
    Progress {
        /// What it waits for.
        reason: String,
    },
    /// A call failed and is tried again.
    Retrying {
        /// Why the call failed.
        reason: String,
        /// When it is tried again; milliseconds in JSON.
        #[serde(rename = "afterMillis", serialize_with = "millis")]
        after: Duration,
    },
    /// It reached its end, well or not.
    Finished {
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
    },
}

/// What is being done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// It is being made.
    Create,
    /// It is being changed.
    Update,
    /// It is as wanted, and being waited for.
    Wait,
    /// It is being deleted.
    Delete,
}

pub(super) fn millis<S: Serializer>(duration: &Duration, output: S) -> Result<S::Ok, S::Error> {
    output.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
