//! Taking a graph away, in small.

use milvus_aws_core::engine::{Action, DataPolicy, Engine, Outcome};

use super::world::{World, Write, graph};

fn retained(because: &str) -> Outcome {
    Outcome::Retained {
        because: because.to_owned(),
    }
}

/// Namespace, claim with data in it, pod on the claim, service.
const NEEDS: [&[usize]; 4] = [&[], &[0], &[1], &[0]];

fn needs() -> Vec<Vec<usize>> {
    NEEDS.iter().map(|needs| needs.to_vec()).collect()
}

#[tokio::test(start_paused = true)]
async fn data_stays_with_what_it_needs() {
    let world = World::new();
    let graph = graph(&world, &needs(), |node| {
        if node.number == 1 {
            node.holding_data()
        } else {
            node
        }
    });
    Engine::new().apply(&graph).await;
    let plan = Engine::new()
        .plan_deletion(&graph, DataPolicy::Keep)
        .await
        .unwrap();
    let report = Engine::new().delete(&graph, DataPolicy::Keep).await;
    let outcomes: Vec<_> = report
        .entries
        .iter()
        .map(|entry| entry.outcome.clone())
        .collect();
    assert_eq!(
        outcomes,
        [
            retained("thing/1 needs it"),
            retained("holds data"),
            Outcome::Deleted,
            Outcome::Deleted
        ]
    );
    assert_eq!(report.result(), Ok(()));
    assert_eq!(plan.steps[2].action, Action::Delete);
    assert!(matches!(plan.steps[0].action, Action::Retain { .. }));
}

#[tokio::test(start_paused = true)]
async fn data_goes_when_asked_for() {
    let world = World::new();
    let graph = graph(&world, &needs(), |node| {
        if node.number == 1 {
            node.holding_data()
        } else {
            node
        }
    });
    Engine::new().apply(&graph).await;
    let report = Engine::new().delete(&graph, DataPolicy::Delete).await;
    assert_eq!(report.result(), Ok(()));
    assert!(world.existing().is_empty());
    let deletions: Vec<_> = world
        .state()
        .writes
        .iter()
        .filter(|it| matches!(it, Write::Delete(_)))
        .copied()
        .collect();
    assert_eq!(deletions.last(), Some(&Write::Delete(0)));
}

#[tokio::test(start_paused = true)]
async fn data_that_does_not_exist_keeps_nothing() {
    let world = World::new();
    let graph = graph(&world, &needs(), |node| {
        if node.number == 1 {
            node.holding_data()
        } else {
            node
        }
    });
    world.state().broken.insert(1);
    Engine::new().apply(&graph).await;
    world.state().broken.clear();
    let report = Engine::new().delete(&graph, DataPolicy::Keep).await;
    assert_eq!(report.entries[0].outcome, Outcome::Deleted);
    assert_eq!(report.entries[1].outcome, Outcome::Absent);
    assert!(world.existing().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_foreign_stays_with_what_it_needs() {
    let world = World::new();
    let graph = graph(&world, &needs(), |node| node);
    Engine::new().apply(&graph).await;
    world.state().foreign.insert(3);
    let report = Engine::new().delete(&graph, DataPolicy::Delete).await;
    assert_eq!(report.entries[0].outcome, retained("thing/3 needs it"));
    assert_eq!(
        report.entries[3].outcome,
        retained("is not ours: somebody else")
    );
    assert_eq!(world.existing().into_iter().collect::<Vec<_>>(), [0, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_deleted_stops_what_it_needs() {
    let world = World::new();
    let graph = graph(&world, &needs(), |node| node);
    Engine::new().apply(&graph).await;
    world.state().broken.insert(2);
    let report = Engine::new().delete(&graph, DataPolicy::Keep).await;
    let because = report.entries[2].resource.clone();
    assert_eq!(
        report.entries[0].outcome,
        Outcome::Skipped {
            because: because.clone()
        }
    );
    assert_eq!(report.entries[1].outcome, Outcome::Skipped { because });
    assert_eq!(report.entries[3].outcome, Outcome::Deleted);
    assert!(report.result().is_err());
}

#[tokio::test(start_paused = true)]
async fn deleting_nothing_is_done() {
    let world = World::new();
    let graph = graph(&world, &needs(), |node| node);
    let report = Engine::new().delete(&graph, DataPolicy::Keep).await;
    assert!(
        report
            .entries
            .iter()
            .all(|entry| entry.outcome == Outcome::Absent)
    );
    assert!(!report.changed());
}

#[tokio::test(start_paused = true)]
async fn what_is_only_used_stays_whatever_goes() {
    let world = World::new();
    let graph = graph(&world, &needs(), |node| {
        if node.number == 0 {
            node.only_used()
        } else {
            node
        }
    });
    Engine::new().apply(&graph).await;
    let report = Engine::new().delete(&graph, DataPolicy::Delete).await;
    assert_eq!(report.entries[0].outcome, retained("is only used"));
    assert!(
        report.entries[1..]
            .iter()
            .all(|entry| entry.outcome == Outcome::Deleted)
    );
    assert_eq!(world.existing().into_iter().collect::<Vec<_>>(), [0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_only_looked_at_keeps_nothing_of_ours() {
    let world = World::new();
    let graph = graph(&world, &needs(), |node| {
        if node.number == 3 {
            node.only_used()
        } else {
            node
        }
    });
    Engine::new().apply(&graph).await;
    let report = Engine::new().delete(&graph, DataPolicy::Delete).await;
    assert_eq!(report.entries[3].outcome, retained("is only used"));
    assert_eq!(world.existing().into_iter().collect::<Vec<_>>(), [3]);
}
