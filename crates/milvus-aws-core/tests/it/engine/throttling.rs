//! A service that takes only so many calls a second.

use super::world::{World, graph};
use milvus_aws_core::engine::Engine;

/// Many at once against few a second: all is made, in not much more time than the rate allows, and without hammering.
#[tokio::test(start_paused = true)]
async fn everybody_slows_down_until_the_service_keeps_up() {
    let world = World::new();
    let needs: Vec<Vec<usize>> = (0..60).map(|_| vec![]).collect();
    let graph = graph(&world, &needs, |node| node.call_of(10));
    world.state().rate = Some(10);
    let heard = super::world::Heard::default();
    let report = Engine::new()
        .seed(3)
        .listener(heard.listener())
        .apply(&graph)
        .await;
    assert_eq!(report.result(), Ok(()));
    assert!(world.state().violations.is_empty());
    // 120 calls at 10 a second are 12 s at best.
    let seconds = report.took.as_secs();
    assert!((11..60).contains(&seconds), "{seconds}");
    let retries = heard.events().len() - 2 * needs.len();
    assert!(retries < 3 * needs.len(), "{retries} retries");
}

/// Looking at many things takes as long as the service needs: it is slow, and nothing is wrong.
#[tokio::test(start_paused = true)]
async fn a_slow_service_is_looked_at_to_the_end() {
    let world = World::new();
    let needs: Vec<Vec<usize>> = (0..120).map(|_| vec![]).collect();
    let graph = graph(&world, &needs, |node| node.call_of(10));
    world.state().rate = Some(1);
    let plan = Engine::new().seed(3).plan(&graph).await;
    assert_eq!(plan.unwrap().steps.len(), needs.len());
}
