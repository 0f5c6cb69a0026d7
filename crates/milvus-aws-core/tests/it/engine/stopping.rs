//! Cancelling, and deadlines.

use std::{num::NonZeroUsize, time::Duration};

use milvus_aws_core::engine::{
    Action, CancellationToken, Engine, Outcome, PlanError, RunError, Stopped,
};

use super::world::{World, graph};

#[tokio::test(start_paused = true)]
async fn a_deadline_reports_what_was_waited_for() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0], vec![1]], |node| node.taking(60));
    world.state().stuck.insert(1);
    let report = Engine::new()
        .timeout(Duration::from_mins(10))
        .apply(&graph)
        .await;
    assert_eq!(report.stopped, Some(Stopped::TimedOut));
    assert_eq!(report.took.as_secs(), 600);
    assert_eq!(
        report.entries[1].outcome,
        Outcome::Interrupted {
            reason: "never becomes ready".to_owned()
        }
    );
    assert_eq!(report.entries[2].outcome, Outcome::NotStarted);
    let message = report.result().unwrap_err().to_string();
    assert_eq!(
        message,
        "the time was up, not ready: thing/1: never becomes ready"
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_under_way_is_finished() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0]], |node| node.call_of(1000));
    let token = CancellationToken::new();
    let engine = Engine::new().cancellation(token.clone());
    // Looks at 0 and 1 take 2 s; the write to 0 goes from 2 s to 4 s.
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        token.cancel();
    };
    let (report, ()) = tokio::join!(engine.apply(&graph), cancel);
    assert_eq!(report.entries[0].outcome, Outcome::Created);
    assert_eq!(report.entries[1].outcome, Outcome::NotStarted);
    assert_eq!(report.took.as_secs(), 4);
    assert_eq!(report.result(), Err(RunError::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_waits_for_its_turn_is_not_begun() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![], vec![]], |node| node.call_of(1000));
    let token = CancellationToken::new();
    let one_by_one = Engine::new()
        .max_calls(NonZeroUsize::MIN)
        .cancellation(token.clone());
    // Looks take 3 s; the first write goes from 3 s to 5 s, and the others wait.
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(3500)).await;
        token.cancel();
    };
    let (report, ()) = tokio::join!(one_by_one.apply(&graph), cancel);
    assert_eq!(report.took.as_secs(), 5);
    assert_eq!(world.existing().len(), 1);
    let not_started = report
        .entries
        .iter()
        .filter(|entry| entry.outcome == Outcome::NotStarted);
    assert_eq!(not_started.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_hangs_is_left_after_the_grace() {
    let world = World::new();
    let graph = graph(&world, &[vec![]], |node| node.call_of(3_600_000));
    let engine = Engine::new()
        .grace(Duration::from_secs(5))
        .timeout(Duration::from_mins(61));
    let report = engine.apply(&graph).await;
    assert_eq!(report.took.as_secs(), 3600 + 65);
    let reason = "its last call was not answered".to_owned();
    assert_eq!(report.entries[0].outcome, Outcome::Interrupted { reason });
}

#[tokio::test(start_paused = true)]
async fn stopped_before_anything_was_written() {
    let world = World::new();
    let graph = graph(&world, &[vec![]], |node| node.call_of(1000));
    let token = CancellationToken::new();
    token.cancel();
    let cancelled = Engine::new().cancellation(token);
    assert_eq!(cancelled.plan(&graph).await, Err(PlanError::Cancelled));
    assert_eq!(
        cancelled.apply(&graph).await.result(),
        Err(RunError::Cancelled)
    );
    let late = Engine::new().timeout(Duration::from_millis(500));
    assert_eq!(late.plan(&graph).await, Err(PlanError::TimedOut));
    assert!(world.state().writes.is_empty());
}

/// Nothing is waited for yet: what was not begun is named, in place of an empty list.
#[tokio::test(start_paused = true)]
async fn stage_fault_15_the_time_is_up_while_nothing_is_waited_for() {
    let world = World::new();
    let alone = vec![Vec::new(); 7];
    let graph = graph(&world, &alone, |node| node.call_of(1000));
    let late = Engine::new().timeout(Duration::from_millis(500));
    let error = late.apply(&graph).await.result().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the time was up; not begun: thing/0, thing/1, thing/2, thing/3, thing/4 and 2 more"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_reached_its_end_was_not_stopped() {
    let world = World::new();
    let graph = graph(&world, &[vec![]], |node| node.call_of(1000));
    let token = CancellationToken::new();
    let engine = Engine::new().cancellation(token.clone());
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        token.cancel();
    };
    let (report, ()) = tokio::join!(engine.apply(&graph), cancel);
    assert_eq!(report.result(), Ok(()));
    assert_eq!(report.stopped, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_when_nobody_agrees() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0]], |node| node);
    let asked = Engine::new().agreement(|plan| async move {
        assert_eq!(plan.steps.len(), 2);
        false
    });
    let report = asked.apply(&graph).await;
    assert_eq!(report.stopped, Some(Stopped::Declined));
    assert!(!report.changed());
    assert_eq!(report.result(), Err(RunError::Declined));
    let plan = Engine::new().plan(&graph).await.unwrap();
    assert!(
        plan.steps.iter().all(|step| step.action == Action::Create),
        "{plan:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_where_nothing_is_to_be_done_and_a_long_thought_is_followed_by_a_new_look()
{
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0]], |node| node);
    let meanwhile = world.clone();
    let thoughtful = Engine::new().agreement(move |_| {
        let meanwhile = meanwhile.clone();
        async move {
            tokio::time::sleep(Duration::from_mins(5)).await;
            let other = super::world::graph(&meanwhile, &[vec![], vec![0]], |node| node);
            Engine::new().apply(&other).await.result().unwrap();
            true
        }
    });
    // Another run made everything while this one waited for an answer: nothing is made twice.
    assert!(!thoughtful.apply(&graph).await.changed());
    let nobody = Engine::new().agreement(|plan| async move { panic!("asked for {plan:?}") });
    assert_eq!(nobody.apply(&graph).await.result(), Ok(()));
}
