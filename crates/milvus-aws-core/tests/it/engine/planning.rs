//! What a run would do.

use milvus_aws_core::engine::{Action, Cents, Change, Cost, DataPolicy, Engine};

use super::world::{Node, World, graph};

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
        ..Change::default()
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

/// As many resources as there are kinds of cost; the last one holds data.
fn costs(node: Node) -> Node {
    match node.number {
        0 => node.costing(Cost::Monthly(Cents(7300))),
        1 => node.costing(Cost::MonthlyAndUse(Cents(3285), "0.045 USD per GB")),
        2 => node.costing(Cost::Unknown),
        3 => node,
        _ => node.costing(Cost::Monthly(Cents(1000))).holding_data(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_tells_what_the_run_will_have_cost_a_month() {
    let world = World::new();
    let needs = [vec![], vec![0], vec![], vec![], vec![]];
    let graph = graph(&world, &needs, costs);
    let plan = Engine::new().plan(&graph).await.unwrap();
    let cost = plan.monthly_cost();
    assert_eq!((cost.known, cost.lower_bound), (Cents(11585), true));
    Engine::new().apply(&graph).await;
    // What exists costs as much as what is to be made, and what a deletion leaves goes on costing.
    let kept = Engine::new().plan(&graph).await.unwrap();
    assert_eq!(kept.monthly_cost(), cost);
    let deletion = Engine::new().plan_deletion(&graph, DataPolicy::Keep).await;
    let left = deletion.unwrap().monthly_cost();
    assert_eq!((left.known, left.lower_bound), (Cents(1000), false));
    world.state().foreign.insert(0);
    let others = Engine::new().plan(&graph).await.unwrap().monthly_cost();
    assert_eq!(others.known, Cents(4285));
}

#[tokio::test(start_paused = true)]
async fn a_plan_in_json_is_as_its_schema_says() {
    let world = World::new();
    let needs = [vec![], vec![0], vec![0], vec![], vec![]];
    let graph = graph(&world, &needs, |node| costs(node.taking(20)));
    let plan = Engine::new().plan(&graph).await.unwrap();
    let document = serde_json::to_value(&plan).unwrap();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/schema/plan.v1.json"
    );
    let schema = std::fs::read_to_string(path).unwrap();
    let schema = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator.iter_errors(&document).collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(document["monthlyCost"]["usCents"], 11585);
    assert_eq!(document["longestPath"]["totalMillis"], 40000);
    assert_eq!(document["steps"][2]["monthlyCost"]["unknown"], true);
    assert!(document["steps"][3].get("monthlyCost").is_none());
}
