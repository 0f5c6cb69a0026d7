//! How the work on a resource ended, on its way into the report.

use std::time::Duration;

use super::{
    context::Context,
    error::PlanError,
    event::{EventKind, Operation},
    needs::AnyOutput,
    report::{Entry, Outcome, Report, Stopped},
    resource::ResourceId,
    run::{Halt, Run},
};

/// How one resource ended.
pub(super) struct Settled {
    pub(super) outcome: Outcome,
    pub(super) output: Option<AnyOutput>,
    started: Duration,
    ended: Duration,
}

impl Settled {
    /// It had no work.
    pub(super) fn at_once(run: &Run<'_>, index: usize, outcome: Outcome) -> Self {
        let now = run.elapsed();
        Self::ended(run, &run.context(index), now, outcome, None)
    }

    /// Its work ended.
    pub(super) fn ended(
        run: &Run<'_>,
        context: &Context,
        started: Duration,
        outcome: Outcome,
        output: Option<AnyOutput>,
    ) -> Self {
        if outcome != Outcome::NotStarted {
            context.tell(EventKind::Finished {
                outcome: outcome.clone(),
            });
        }
        Self {
            outcome,
            output,
            started,
            ended: run.elapsed(),
        }
    }

    /// Whether what comes after it may go on.
    pub(super) fn reached_its_end(&self) -> bool {
        matches!(
            self.outcome,
            Outcome::Created
                | Outcome::Updated
                | Outcome::Unchanged
                | Outcome::Deleted
                | Outcome::Absent
                | Outcome::Retained { .. }
        )
    }

    /// What becomes of a resource that comes after this one, which did not reach its end.
    pub(super) fn passed_on(&self, id: &ResourceId) -> Outcome {
        match &self.outcome {
            Outcome::NotStarted | Outcome::Interrupted { .. } => Outcome::NotStarted,
            Outcome::Skipped { because } => Outcome::Skipped {
                because: because.clone(),
            },
            _ => Outcome::Skipped {
                because: id.clone(),
            },
        }
    }
}

/// Tells, once, that work on a resource began.
pub(super) struct Beginning<'a> {
    pub(super) context: &'a Context,
    usual: Duration,
    pub(super) told: bool,
}

impl<'a> Beginning<'a> {
    pub(super) fn new(context: &'a Context, usual: Duration) -> Self {
        Self {
            context,
            usual,
            told: false,
        }
    }

    pub(super) fn tell(&mut self, operation: Operation) {
        if !self.told {
            self.told = true;
            let usual = self.usual;
            self.context.tell(EventKind::Started { operation, usual });
        }
    }
}

/// The outcome of work that ended early.
pub(super) fn outcome_of(halt: &Halt, context: &Context, begun: bool) -> Outcome {
    match halt {
        Halt::Stopped if begun => Outcome::Interrupted {
            reason: context
                .last_reason()
                .unwrap_or_else(|| "its last call was not answered".to_owned()),
        },
        Halt::Stopped => Outcome::NotStarted,
        Halt::Error(error) => match error.as_foreign() {
            Some(owner) => Outcome::Refused { owner },
            None => Outcome::Failed {
                reason: error.in_full(),
            },
        },
    }
}

/// The report of a run whose resources all had their turn.
pub(super) fn report(run: &Run<'_>, settled: Vec<Settled>) -> Report {
    let mut outputs = run.graph.no_outputs();
    let mut entries = Vec::with_capacity(settled.len());
    for (index, settled) in settled.into_iter().enumerate() {
        outputs.known[index] = settled.output;
        entries.push(Entry {
            resource: run.graph.vertices[index].id.clone(),
            outcome: settled.outcome,
            started: settled.started,
            took: settled.ended.saturating_sub(settled.started),
            needs: run.graph.need_ids(index),
        });
    }
    let incomplete = |entry: &Entry| {
        matches!(
            entry.outcome,
            Outcome::NotStarted | Outcome::Interrupted { .. }
        )
    };
    let stopped = run.stopped().filter(|_| entries.iter().any(incomplete));
    Report {
        entries,
        stopped,
        took: run.elapsed(),
        outputs,
    }
}

/// The report of a run that wrote nothing: `outcome` says for each resource why.
pub(super) fn nothing_done(
    run: &Run<'_>,
    stopped: Option<Stopped>,
    outcome: impl Fn(usize) -> Outcome,
) -> Report {
    let settled = (0..run.graph.len()).map(|index| Settled::at_once(run, index, outcome(index)));
    Report {
        stopped,
        ..report(run, settled.collect())
    }
}

/// The report of a run that could not see what exists.
pub(super) fn blind(run: &Run<'_>, error: PlanError) -> Report {
    let (stopped, faults) = match error {
        PlanError::Unobservable(faults) => (None, faults),
        PlanError::Cancelled => (Some(Stopped::Cancelled), Vec::new()),
        PlanError::TimedOut => (Some(Stopped::TimedOut), Vec::new()),
    };
    nothing_done(run, stopped, |index| {
        let id = &run.graph.vertices[index].id;
        match faults.iter().find(|(faulty, _)| faulty == id) {
            Some((_, reason)) => Outcome::Failed {
                reason: reason.clone(),
            },
            None => Outcome::NotStarted,
        }
    })
}
