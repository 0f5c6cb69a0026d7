//! The engine: a graph of resources, each started the moment that its inputs are there.
//!
//! A [`Resource`] says what it needs, how to observe itself, what differs from what is wanted, how to apply that,
//! when it is ready, and how to delete itself. The [`Engine`] does the rest: order, concurrency, retries, pacing,
//! deadlines, cancellation and events. There is no state file: what exists is observed, so a run may die anywhere and
//! the next one goes on from what it sees.

mod apply;
mod backoff;
mod clock;
mod context;
mod critical_path;
mod delete;
mod error;
mod event;
mod existing;
mod foreign;
mod graph;
mod needs;
mod node;
mod observe;
mod pacer;
mod plan;
mod report;
mod resource;
mod retry;
mod run;
mod settle;
mod wait;
mod walk;

use crate::cost;

pub use clock::{Clock, ScaledClock, TokioClock};
pub use context::Context;
pub use cost::{Cents, Cost, MonthlyCost};
pub use critical_path::CriticalPath;
pub use error::{ErrorKind, PlanError, ResourceError, RunError};
pub use event::{Event, EventKind, Operation};
pub use existing::{Existing, Used};
pub use foreign::{Foreign, ForeignKind};
pub use graph::{Graph, GraphBuilder, InvalidGraph};
pub use needs::{After, Computed, Handle, Late, Need, Needs, Outputs};
pub use plan::{Action, Plan, PlannedStep};
pub use report::{Entry, Outcome, Report, Stopped};
pub use resource::{Change, Inputs, Observed, Readiness, Resource, ResourceId, Retention, Step};
pub use run::{DataPolicy, Engine};
pub use tokio_util::sync::CancellationToken;
pub use wait::until_gone;
