//! Looking at everything before anything is written.

use std::time::Duration;

use super::{
    error::PlanError,
    needs::{AnyOutput, Outputs},
    plan::{Action, Plan, PlannedStep},
    report::Stopped,
    resource::{Observed, ResourceId},
    retry::Retry,
    run::{Halt, Run},
    walk::{Direction, Turn, walk},
};

/// How long failing reads are tried again before a plan gives up: nothing has been started yet, so that the user had
/// better hear of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was seen of one resource.
pub(super) struct Sight {
    pub(super) seen: Observed<AnyOutput>,
    /// Whether its inputs were known, so that it was compared with what is wanted.
    pub(super) compared: bool,
}

/// Looks at every resource, each with the outputs of what it needs as far as those exist.
pub(super) async fn look(run: &Run<'_>) -> Result<Vec<Sight>, PlanError> {
    let sights = walk(run.graph, Direction::Forward, |index, before| {
        let outputs = outputs_of_needs(run, index, |need| match &before[need] {
            Some(Ok(Sight { seen, .. })) => seen.output().cloned(),
            _ => None,
        });
        Turn::Begin(look_at(run, index, outputs))
    })
    .await;
    let mut faults: Vec<(ResourceId, String)> = Vec::new();
    let mut seen = Vec::with_capacity(sights.len());
    for (sight, vertex) in sights.into_iter().zip(&run.graph.vertices) {
        match sight {
            Ok(sight) => seen.push(sight),
            Err(Halt::Error(error)) => faults.push((vertex.id.clone(), error.in_full())),
            Err(Halt::Stopped) => {}
        }
    }
    match run.stopped() {
        Some(Stopped::TimedOut) if seen.len() < run.graph.len() => Err(PlanError::TimedOut),
        Some(_) if seen.len() < run.graph.len() => Err(PlanError::Cancelled),
        _ if faults.is_empty() => Ok(seen),
        _ => Err(PlanError::Unobservable(faults)),
    }
}

async fn look_at(run: &Run<'_>, index: usize, outputs: Outputs) -> Result<Sight, Halt> {
    let node = &run.graph.vertices[index].node;
    let context = run.context(index);
    let mut retry = Retry::new(run, &context, PATIENCE);
    loop {
        let look = context.call(node.observe(&outputs, &context));
        match run.unless_stopped(look).await {
            Ok(seen) => {
                let compared = node.knows_inputs(&outputs);
                return Ok(Sight { seen, compared });
            }
            Err(halt) => retry.pause_after(halt).await?,
        }
    }
}

/// The outputs of what a resource needs, and of nothing else.
pub(super) fn outputs_of_needs(
    run: &Run<'_>,
    index: usize,
    output: impl Fn(usize) -> Option<AnyOutput>,
) -> Outputs {
    let mut outputs = run.graph.no_outputs();
    for need in &run.graph.vertices[index].needs {
        outputs.known[*need] = output(*need);
    }
    outputs
}

/// What an application would do.
pub(super) async fn plan(run: &Run<'_>) -> Result<Plan, PlanError> {
    let sights = look(run).await?;
    Ok(plan_after(run, &sights))
}

/// What an application would do about what was seen.
pub(super) fn plan_after(run: &Run<'_>, sights: &[Sight]) -> Plan {
    let actions = sights.iter().map(|sight| match &sight.seen {
        Observed::Absent | Observed::Unknown | Observed::Leaving { .. } => Action::Create,
        Observed::Current { output } => Action::Keep {
            ready: output.is_some(),
        },
        Observed::Differs { changes, .. } => Action::Update {
            changes: changes.clone(),
        },
        Observed::Foreign { owner } => Action::Refuse {
            owner: owner.clone(),
        },
    });
    plan_of(run, actions)
}

/// A plan with one action for each resource.
pub(super) fn plan_of(run: &Run<'_>, actions: impl Iterator<Item = Action>) -> Plan {
    let step = |(index, action): (usize, Action)| PlannedStep {
        resource: run.graph.vertices[index].id.clone(),
        action,
        needs: run.graph.need_ids(index),
        usual: run.graph.vertices[index].node.usual_duration(),
        cost: run.graph.vertices[index].node.monthly_cost(),
    };
    Plan {
        steps: actions.enumerate().map(step).collect(),
    }
}
