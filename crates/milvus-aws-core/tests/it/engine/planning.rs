//! What a run would do.

use milvus_aws_core::engine::{Action, Change, Engine};

use super::world::{World, graph};

#[tokio::test(start_paused = true)]
async fn a_plan_says_what_a_run_would_do_and_writes_nothing() {
    let world = World::new();
    let needs = [vec![], vec![0], vec![0], vec![1, 2]];
    Engine::new()
        .apply(&graph(&world, &needs[..2], |node| node))
        .await;
    let writes = world.state().writes.len();
    let graph = graph(&world, &needs, |node| {
        let seconds = [5, 10, 20, 40][node.number];
        if node.number == 1 {
            node.wanting(2).taking(seconds)
        } else {
            node.taking(seconds)
        }
    });
    let plan = Engine::new().plan(&graph).await.unwrap();
    let change = Change {
        field: "wanted".to_owned(),
        from: Some("1".to_owned()),
        to: Some("2".to_owned()),
    };
    let actions: Vec<_> = plan.steps.iter().map(|step| step.action.clone()).collect();
    assert_eq!(
        actions,
        [
            Action::Keep { ready: true },
            Action::Update {
                changes: vec![change]
            },
            Action::Create,
            Action::Create
        ]
    );
    assert_eq!(plan.critical_path().total.as_secs(), 60);
    assert_eq!(world.state().writes.len(), writes);
    insta::assert_json_snapshot!(plan);
}

#[tokio::test(start_paused = true)]
async fn what_exists_is_seen_although_what_it_needs_is_gone() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0]], |node| node);
    Engine::new().apply(&graph).await;
    world.state().things.remove(&0);
    let plan = Engine::new().plan(&graph).await.unwrap();
    assert_eq!(plan.steps[0].action, Action::Create);
    assert_eq!(plan.steps[1].action, Action::Keep { ready: true });
}

#[tokio::test(start_paused = true)]
async fn what_is_foreign_is_refused_by_name() {
    let world = World::new();
    let graph = graph(&world, &[vec![], vec![0]], |node| node);
    world.state().foreign.insert(1);
    let plan = Engine::new().plan(&graph).await.unwrap();
    let refused: Vec<_> = plan
        .refused()
        .into_iter()
        .map(|(id, owner)| format!("{id}: {owner}"))
        .collect();
    assert_eq!(refused, ["thing/1: somebody else"]);
    let report = Engine::new().apply(&graph).await;
    assert_eq!(
        report.result().unwrap_err().to_string(),
        "refused: thing/1: somebody else"
    );
}
