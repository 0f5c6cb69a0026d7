//! Bringing a graph about, in small.

use std::time::Duration;

use milvus_aws_core::engine::{Engine, EventKind, Graph, InvalidGraph, Operation, Outcome};

use super::world::{Heard, Node, World, Write, graph};

#[tokio::test(start_paused = true)]
async fn what_differs_is_changed_and_the_rest_is_kept() {
    let world = World::new();
    let needs = [vec![], vec![0], vec![1]];
    Engine::new()
        .apply(&graph(&world, &needs, |node| node))
        .await;
    let changed = graph(&world, &needs, |node| {
        if node.number == 1 {
            node.wanting(2)
        } else {
            node
        }
    });
    let report = Engine::new().apply(&changed).await;
    let outcomes: Vec<_> = report
        .entries
        .iter()
        .map(|entry| entry.outcome.clone())
        .collect();
    assert_eq!(
        outcomes,
        [Outcome::Unchanged, Outcome::Updated, Outcome::Unchanged]
    );
    assert_eq!(world.state().writes.last(), Some(&Write::Update(1)));
}

/// The look at the beginning is old once something before a resource took its time.
#[tokio::test(start_paused = true)]
async fn what_changes_meanwhile_is_seen() {
    let world = World::new();
    let needs = [vec![], vec![0]];
    Engine::new()
        .apply(&graph(&world, &needs, |node| node))
        .await;
    let changed = graph(&world, &needs, |node| {
        if node.number == 0 {
            node.wanting(2).taking(60)
        } else {
            node
        }
    });
    let by_hand = async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        world.state().things.get_mut(&1).unwrap().wanted = 99;
    };
    let engine = Engine::new();
    let (report, ()) = tokio::join!(engine.apply(&changed), by_hand);
    assert_eq!(report.entries[1].outcome, Outcome::Updated);
    assert_eq!(world.state().things[&1].wanted, 1);
}

/// A creation whose answer is lost, on a service that shows it only later: the retry carries the same token.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_nothing_twice() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![]], |node| node.taking(60));
    world.state().lagging.extend([0, 1]);
    let report = Engine::new().apply(&graph).await;
    assert_eq!(report.result(), Ok(()));
    assert!(
        report
            .entries
            .iter()
            .all(|entry| entry.outcome == Outcome::Created)
    );
    assert_eq!(world.state().creations, [(0, 1), (1, 1)].into());
}

#[tokio::test(start_paused = true)]
async fn outputs_are_read_by_handle() {
    let world = World::new();
    let mut builder = Graph::builder();
    let first = builder.add(Node::new(&world, 0, vec![])).unwrap();
    let second = builder
        .add(Node::new(&world, 1, vec![first.clone()]))
        .unwrap();
    let graph = builder.build();
    let report = Engine::new().apply(&graph).await;
    assert_eq!(
        (report.output(&first), report.output(&second)),
        (Some(0), Some(1))
    );
    let other = Graph::builder().add(Node::new(&world, 0, vec![])).unwrap();
    assert_eq!(report.output(&other), None, "a handle of another graph");
}

#[tokio::test(start_paused = true)]
async fn a_graph_refuses_two_of_a_name_and_strangers() {
    let world = World::new();
    let mut builder = Graph::builder();
    let first = builder.add(Node::new(&world, 0, vec![])).unwrap();
    let twice = builder.add(Node::new(&world, 0, vec![])).unwrap_err();
    assert_eq!(twice, InvalidGraph::Duplicate(first.id().clone()));
    let stranger = Graph::builder()
        .add(Node::new(&world, 1, vec![first]))
        .unwrap_err();
    assert_eq!(
        stranger.to_string(),
        "thing/1 needs thing/0, which belongs to another graph"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_being_deleted_is_made_anew_afterwards() {
    let world = World::new();
    let graph = graph(&world, &[vec![]], |node| node.taking(60));
    Engine::new().apply(&graph).await;
    let deletion = Engine::new();
    let deletion = deletion.delete(&graph, milvus_aws_core::engine::DataPolicy::Keep);
    let _ = tokio::time::timeout(Duration::from_secs(10), deletion).await;
    let report = Engine::new().apply(&graph).await;
    assert_eq!(report.entries[0].outcome, Outcome::Created);
    assert_eq!(world.state().creations[&0], 2);
    assert!(
        report.took >= Duration::from_secs(50 + 60),
        "{:?}",
        report.took
    );
}

#[tokio::test(start_paused = true)]
async fn events_tell_the_story_in_order() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0]], |node| node.taking(10));
    world.state().flaky.insert(1, 2);
    let heard = Heard::default();
    Engine::new()
        .seed(1)
        .listener(heard.listener())
        .apply(&graph)
        .await;
    let lines: Vec<String> = heard
        .events()
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    let started = heard.events().into_iter().filter(|event| {
        matches!(
            event.kind,
            EventKind::Started {
                operation: Operation::Create,
                ..
            }
        )
    });
    assert_eq!(started.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_report_knows_what_the_run_waited_for() {
    let world = World::new();
    let seconds = [100, 20, 10, 5];
    let graph = graph(&world, &[vec![], vec![], vec![0, 1], vec![1]], |node| {
        let takes = seconds[node.number];
        node.taking(takes)
    });
    let report = Engine::new().apply(&graph).await;
    let path = report.critical_path();
    let names: Vec<_> = path
        .resources
        .iter()
        .map(milvus_aws_core::engine::ResourceId::as_str)
        .collect();
    assert_eq!(names, ["thing/0", "thing/2"]);
    assert_eq!(path.total.as_secs(), 110);
    assert_eq!(report.took.as_secs(), 110);
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_at_once_than_allowed_and_waiting_is_no_call() {
    let world = World::new();
    let needs: Vec<Vec<usize>> = (0..40).map(|_| vec![]).collect();
    let graph = graph(&world, &needs, |node| node.taking(600).call_of(100));
    let two = std::num::NonZeroUsize::new(2).unwrap();
    let report = Engine::new().max_calls(two).apply(&graph).await;
    // 40 looks of 0.1 s and 40 writes of 0.2 s by twos are 6 s; the waits of 600 s overlap.
    let seconds = report.took.as_secs_f64();
    assert!((605.9..607.0).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn an_empty_graph_is_done() {
    let graph = Graph::builder().build();
    assert_eq!(Engine::new().apply(&graph).await.result(), Ok(()));
    assert!(graph.is_empty() && graph.critical_path().resources.is_empty());
}

/// A long chain: no recursion anywhere.
#[tokio::test(start_paused = true)]
async fn a_chain_of_thousands() {
    let world = World::new();
    let needs: Vec<Vec<usize>> = (0..3000)
        .map(|number: usize| number.checked_sub(1).into_iter().collect())
        .collect();
    let graph = graph(&world, &needs, |node| node);
    assert_eq!(Engine::new().apply(&graph).await.result(), Ok(()));
}

/// A run can be given to another thread.
#[test]
fn runs_are_send() {
    fn is_send<T: Send>(_: &T) {}
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (graph, engine) = (Graph::builder().build(), Engine::new());
        is_send(&engine.apply(&graph));
        is_send(&engine.delete(&graph, milvus_aws_core::engine::DataPolicy::Keep));
        is_send(&engine.plan(&graph));
    });
}
