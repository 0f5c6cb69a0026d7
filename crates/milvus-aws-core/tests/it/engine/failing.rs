//! What goes wrong, and what is said of it.

use std::time::Duration;

use milvus_aws_core::engine::{Engine, ErrorKind, Outcome, PlanError, ResourceError};

use super::world::{World, graph};

#[tokio::test(start_paused = true)]
async fn failures_that_do_not_pass_count_after_the_resources_patience() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0]], |node| node.call_of(10));
    // The looks at the beginning take 10 ms each and are answered; everything after that fails.
    let spoil = async {
        tokio::time::sleep(Duration::from_millis(21)).await;
        world.state().flaky.insert(1, 1_000_000);
    };
    let engine = Engine::new();
    let (report, ()) = tokio::join!(engine.apply(&graph), spoil);
    assert_eq!(
        report.entries[1].outcome,
        Outcome::Failed {
            reason: "the service is busy".to_owned()
        }
    );
    let took = report.entries[1].took;
    assert!(
        (Duration::from_mins(9)..Duration::from_mins(11)).contains(&took),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_seen_stops_the_run_before_it_writes() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0], vec![]], |node| node);
    world.state().flaky.insert(1, 1_000_000);
    let error = Engine::new().plan(&graph).await.unwrap_err();
    assert!(matches!(&error, PlanError::Unobservable(faults) if faults.len() == 1));
    assert_eq!(
        error.to_string(),
        "cannot see what exists: thing/1: the service is busy"
    );
    let report = Engine::new().apply(&graph).await;
    assert!(world.state().writes.is_empty());
    assert_eq!(
        report.result().unwrap_err().to_string(),
        "failed: thing/1: the service is busy"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_names_its_root() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0], vec![1], vec![]], |node| node);
    world.state().broken.insert(0);
    let report = Engine::new().apply(&graph).await;
    let root = report.entries[0].resource.clone();
    assert_eq!(
        report.entries[2].outcome,
        Outcome::Skipped { because: root }
    );
    assert_eq!(report.entries[3].outcome, Outcome::Created);
    assert_eq!(
        report.result().unwrap_err().to_string(),
        "failed: thing/0: thing 0 cannot be made"
    );
}

#[test]
fn errors_keep_their_kind_and_cause() {
    let error = ResourceError::throttled(
        "cannot create the bucket demo",
        Some(Duration::from_secs(3)),
    )
    .caused_by(std::io::Error::other("slow down"));
    assert_eq!(
        *error.kind(),
        ErrorKind::Throttled {
            retry_after: Some(Duration::from_secs(3))
        }
    );
    assert_eq!(error.to_string(), "cannot create the bucket demo");
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "slow down"
    );
}
