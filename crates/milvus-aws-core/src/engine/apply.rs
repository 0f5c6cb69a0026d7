//! Bringing a graph about.

use std::time::Duration;

use super::{
    context::Context,
    error::ResourceError,
    event::Operation,
    needs::{AnyOutput, Outputs},
    observe::{self, Sight, outputs_of_needs},
    report::{Outcome, Report, Stopped},
    resource::{Observed, Readiness, Step},
    retry::Retry,
    run::{Halt, Run},
    settle::{self, Beginning, Settled, outcome_of},
    walk::{Direction, Turn, walk},
};

/// For how long what was seen before the agreement counts as seen just now.
const FRESH: Duration = Duration::from_secs(30);

/// Brings every resource about, each the moment that its inputs are there.
pub(super) async fn apply(run: &Run<'_>) -> Report {
    let sights = match observe::look(run).await {
        Ok(sights) => sights,
        Err(error) => return settle::blind(run, error),
    };
    if sights
        .iter()
        .any(|sight| matches!(sight.seen, Observed::Foreign { .. }))
    {
        return refuse(run, &sights);
    }
    let looked = run.elapsed();
    if !run.agreed(|| observe::plan_after(run, &sights)).await {
        return settle::nothing_done(run, Some(Stopped::Declined), |_| Outcome::NotStarted);
    }
    // Who thinks about it for long may agree to what has changed since.
    let fresh = run.elapsed().saturating_sub(looked) < FRESH;
    let mut sights: Vec<_> = sights
        .into_iter()
        .map(|sight| fresh.then_some(sight))
        .collect();
    let settled = walk(
        run.graph,
        Direction::Forward,
        |index, before: &[Option<Settled>]| {
            let vertex = &run.graph.vertices[index];
            let needs = || {
                vertex
                    .needs
                    .iter()
                    .filter_map(|need| Some((*need, before[*need].as_ref()?)))
            };
            if let Some((need, settled)) = needs().find(|(_, settled)| !settled.reached_its_end()) {
                let outcome = settled.passed_on(&run.graph.vertices[need].id);
                return Turn::Done(Settled::at_once(run, index, outcome));
            }
            if run.stopped().is_some() {
                return Turn::Done(Settled::at_once(run, index, Outcome::NotStarted));
            }
            // What was seen at the beginning still holds where nothing before it was touched; else it is looked at anew.
            let untouched = needs().all(|(_, settled)| settled.outcome == Outcome::Unchanged);
            let sight = sights[index]
                .take()
                .filter(|sight| untouched && sight.compared);
            let outputs =
                outputs_of_needs(run, index, |need| before[need].as_ref()?.output.clone());
            Turn::Begin(bring_about(
                run,
                index,
                outputs,
                sight.map(|sight| sight.seen),
            ))
        },
    )
    .await;
    settle::report(run, settled)
}

/// Nothing is written when something carries no mark of ours.
fn refuse(run: &Run<'_>, sights: &[Sight]) -> Report {
    settle::nothing_done(run, Some(Stopped::Refused), |index| {
        match &sights[index].seen {
            Observed::Foreign { owner } => Outcome::Refused {
                owner: owner.clone(),
            },
            _ => Outcome::NotStarted,
        }
    })
}

async fn bring_about(
    run: &Run<'_>,
    index: usize,
    outputs: Outputs,
    seen: Option<Observed<AnyOutput>>,
) -> Settled {
    let context = run.context(index);
    let node = &run.graph.vertices[index].node;
    let started = run.elapsed();
    let mut work = Work {
        run,
        index,
        outputs,
        context: &context,
        seen,
        beginning: Beginning::new(&context, node.usual_duration()),
        written: None,
    };
    let mut retry = Retry::new(run, &context, node.patience());
    let (outcome, output) = loop {
        let halt = match work.attempt(&mut retry).await {
            Ok(output) => break (work.written.unwrap_or(Outcome::Unchanged), Some(output)),
            Err(halt) => halt,
        };
        if let Err(halt) = retry.pause_after(halt).await {
            break (outcome_of(&halt, &context, work.beginning.told), None);
        }
    };
    Settled::ended(run, &context, started, outcome, output)
}

/// The work on one resource, over all its attempts.
struct Work<'a> {
    run: &'a Run<'a>,
    index: usize,
    outputs: Outputs,
    context: &'a Context,
    /// What was seen before, for the first attempt.
    seen: Option<Observed<AnyOutput>>,
    beginning: Beginning<'a>,
    /// What was written, even where the answer to the write got lost.
    written: Option<Outcome>,
}

impl Work<'_> {
    /// From what exists to what is wanted. After a failure the next attempt looks anew: the failed call may have worked.
    async fn attempt(&mut self, retry: &mut Retry<'_>) -> Result<AnyOutput, Halt> {
        let node = &self.run.graph.vertices[self.index].node;
        loop {
            let seen = match self.seen.take() {
                Some(seen) => seen,
                None => self.look().await?,
            };
            let step = match seen {
                Observed::Current {
                    output: Some(output),
                } => return Ok(output),
                Observed::Current { output: None } => {
                    self.beginning.tell(Operation::Wait);
                    return self.wait_ready().await;
                }
                Observed::Leaving { reason } => {
                    self.beginning.tell(Operation::Create);
                    self.context.progress(reason);
                    let gone = node.wait_gone(&self.outputs, self.context);
                    self.run.unless_stopped(gone).await?;
                    continue;
                }
                Observed::Absent => Step::Create,
                Observed::Differs { changes, .. } => Step::Update(changes),
                Observed::Foreign { owner } => return Err(ResourceError::foreign(owner).into()),
                Observed::Unknown => {
                    let message = "cannot be observed although its inputs are there";
                    return Err(ResourceError::fatal(message).into());
                }
            };
            let readiness = self.write(&step).await?;
            retry.went_well();
            match readiness {
                Readiness::Ready(output) => return Ok(output),
                Readiness::Failed { reason } => return Err(ResourceError::fatal(reason).into()),
                Readiness::Waiting { reason } => {
                    self.context.progress(reason);
                    return self.wait_ready().await;
                }
            }
        }
    }

    async fn look(&self) -> Result<Observed<AnyOutput>, Halt> {
        let node = &self.run.graph.vertices[self.index].node;
        let look = self.context.call(node.observe(&self.outputs, self.context));
        self.run.unless_stopped(look).await
    }

    async fn write(&mut self, step: &Step) -> Result<Readiness<AnyOutput>, Halt> {
        let (operation, outcome) = match step {
            Step::Create => (Operation::Create, Outcome::Created),
            Step::Update(_) => (Operation::Update, Outcome::Updated),
        };
        let node = &self.run.graph.vertices[self.index].node;
        let begin = || {
            self.beginning.tell(operation);
            // What was created and then corrected was still created.
            self.written.get_or_insert(outcome);
        };
        let apply = node.apply(&self.outputs, step, self.context);
        self.run.write(self.context, begin, apply).await
    }

    async fn wait_ready(&self) -> Result<AnyOutput, Halt> {
        let node = &self.run.graph.vertices[self.index].node;
        let wait = node.wait_ready(&self.outputs, self.context);
        self.run.unless_stopped(wait).await
    }
}
