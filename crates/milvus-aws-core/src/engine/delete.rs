//! Taking a graph away.

use super::{
    error::PlanError,
    event::Operation,
    needs::{AnyOutput, Outputs},
    observe::{self, Sight, outputs_of_needs, plan_of},
    plan::{Action, Plan},
    report::{Outcome, Report},
    resource::{Observed, Retention},
    retry::Retry,
    run::{DataPolicy, Halt, Run},
    settle::{self, Beginning, Settled, outcome_of},
    walk::{Direction, Turn, walk},
};

/// What a deletion would do.
pub(super) async fn plan(run: &Run<'_>, data: DataPolicy) -> Result<Plan, PlanError> {
    let sights = observe::look(run).await?;
    let kept = kept(run, &sights, data);
    let actions = sights
        .iter()
        .zip(kept)
        .map(|(sight, kept)| match (&sight.seen, kept) {
            (Observed::Absent | Observed::Unknown, _) => Action::Absent,
            (Observed::Foreign { owner }, _) => Action::Refuse {
                owner: owner.clone(),
            },
            (_, Some(because)) => Action::Retain { because },
            (_, None) => Action::Delete,
        });
    Ok(plan_of(run, actions))
}

/// Deletes every resource once nothing that needs it is left.
pub(super) async fn delete(run: &Run<'_>, data: DataPolicy) -> Report {
    let sights = match observe::look(run).await {
        Ok(sights) => sights,
        Err(error) => return settle::blind(run, error),
    };
    let kept = kept(run, &sights, data);
    let settled = walk(
        run.graph,
        Direction::Backward,
        |index, before: &[Option<Settled>]| {
            let dependents = run.graph.vertices[index].dependents.iter();
            let mut settled = dependents.filter_map(|i| Some((*i, before[*i].as_ref()?)));
            if let Some((dependent, settled)) =
                settled.find(|(_, settled)| !settled.reached_its_end())
            {
                let outcome = settled.passed_on(&run.graph.vertices[dependent].id);
                return Turn::Done(Settled::at_once(run, index, outcome));
            }
            let done = match (&sights[index].seen, &kept[index]) {
                (Observed::Absent | Observed::Unknown, _) => Some(Outcome::Absent),
                (_, Some(because)) => Some(Outcome::Retained {
                    because: because.clone(),
                }),
                _ if run.stopped().is_some() => Some(Outcome::NotStarted),
                _ => None,
            };
            if let Some(outcome) = done {
                return Turn::Done(Settled::at_once(run, index, outcome));
            }
            let outputs = outputs_of_needs(run, index, |need| sights[need].seen.output().cloned());
            Turn::Begin(take_away(run, index, outputs, sights[index].seen.clone()))
        },
    )
    .await;
    settle::report(run, settled)
}

/// Why each resource stays, for those that do: data, what is somebody else's, and what either of them needs; and what is
/// only used, which others than us keep alive.
fn kept(run: &Run<'_>, sights: &[Sight], data: DataPolicy) -> Vec<Option<String>> {
    let vertices = &run.graph.vertices;
    let mut kept: Vec<Option<String>> = vec![None; vertices.len()];
    // Backwards, so that what a kept resource needs is marked before it is its turn to mark.
    for (index, vertex) in vertices.iter().enumerate().rev() {
        let retention = vertex.node.retention();
        let holds_data = retention == Retention::Data && data == DataPolicy::Keep;
        match &sights[index].seen {
            Observed::Absent | Observed::Unknown => continue,
            Observed::Foreign { owner } => kept[index] = Some(format!("is not ours: {owner}")),
            _ if retention == Retention::External => {
                kept[index] = Some("is only used".to_owned());
                continue;
            }
            _ if holds_data => kept[index] = Some("holds data".to_owned()),
            _ => {}
        }
        if kept[index].is_some() {
            for need in &vertex.needs {
                kept[*need].get_or_insert_with(|| format!("{} needs it", vertex.id));
            }
        }
    }
    kept
}

async fn take_away(
    run: &Run<'_>,
    index: usize,
    outputs: Outputs,
    seen: Observed<AnyOutput>,
) -> Settled {
    let context = run.context(index);
    let node = &run.graph.vertices[index].node;
    let started = run.elapsed();
    let mut retry = Retry::new(run, &context, node.patience());
    let mut beginning = Beginning::new(&context, node.usual_duration());
    let mut seen = Some(seen);
    let outcome = loop {
        let halt = match attempt(run, index, &outputs, &mut beginning, seen.take()).await {
            Ok(()) => break Outcome::Deleted,
            Err(halt) => halt,
        };
        if let Err(halt) = retry.pause_after(halt).await {
            break outcome_of(&halt, &context, beginning.told);
        }
    };
    Settled::ended(run, &context, started, outcome, None)
}

async fn attempt(
    run: &Run<'_>,
    index: usize,
    outputs: &Outputs,
    beginning: &mut Beginning<'_>,
    seen: Option<Observed<AnyOutput>>,
) -> Result<(), Halt> {
    let node = &run.graph.vertices[index].node;
    let context = beginning.context;
    let seen = if let Some(seen) = seen {
        seen
    } else {
        let look = context.call(node.observe(outputs, context));
        run.unless_stopped(look).await?
    };
    match seen {
        // Ours is gone: a failed call may have worked, and somebody else may have taken the name.
        Observed::Absent | Observed::Unknown | Observed::Foreign { .. } => return Ok(()),
        Observed::Leaving { reason } => {
            beginning.tell(Operation::Delete);
            context.progress(reason);
        }
        Observed::Current { .. } | Observed::Differs { .. } => {
            let begin = || beginning.tell(Operation::Delete);
            run.write(context, begin, node.delete(outputs, context))
                .await?;
        }
    }
    run.unless_stopped(node.wait_gone(outputs, context)).await
}
