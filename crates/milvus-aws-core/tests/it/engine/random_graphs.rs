//! What holds for every graph.

use std::{collections::BTreeSet, num::NonZeroUsize, time::Duration};

use milvus_aws_core::engine::{CancellationToken, DataPolicy, Engine, Outcome, Report};
use proptest::prelude::*;

use super::world::{Node, State, World, Write, graph};

/// A graph, with seconds for each thing and milliseconds for each call.
#[derive(Debug, Clone)]
struct Shape {
    needs: Vec<Vec<usize>>,
    seconds: Vec<u64>,
    call: u64,
}

impl Shape {
    fn node(&self, node: Node) -> Node {
        let seconds = self.seconds[node.number];
        node.taking(seconds).call_of(self.call)
    }

    fn graph(&self, world: &World) -> milvus_aws_core::engine::Graph {
        graph(world, &self.needs, |node| self.node(node))
    }

    fn all(&self) -> BTreeSet<usize> {
        (0..self.needs.len()).collect()
    }

    /// The longest path, by another way than the engine's: the finishing time of each thing.
    fn longest(&self) -> Duration {
        let mut finished: Vec<Duration> = Vec::new();
        for (number, needs) in self.needs.iter().enumerate() {
            let started = needs
                .iter()
                .map(|need| finished[*need])
                .max()
                .unwrap_or_default();
            finished.push(started + Duration::from_secs(self.seconds[number]));
        }
        finished.into_iter().max().unwrap_or_default()
    }
}

fn shape(call: impl Strategy<Value = u64>) -> impl Strategy<Value = Shape> {
    let vertex = (
        prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        0_u64..1500,
    );
    (prop::collection::vec(vertex, 0..14), call).prop_map(|(vertices, call)| {
        let needs = vertices.iter().enumerate().map(|(number, (needs, _))| {
            let needs = needs
                .iter()
                .filter(|_| number > 0)
                .map(|need| need.index(number));
            needs.collect::<BTreeSet<_>>().into_iter().collect()
        });
        Shape {
            needs: needs.collect(),
            seconds: vertices.iter().map(|(_, seconds)| *seconds).collect(),
            call,
        }
    })
}

/// Runs in virtual time: 25 minutes take milliseconds.
fn virtually<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(test)
}

fn engine() -> Engine {
    Engine::new().seed(7)
}

fn check_consistent(state: &State) -> Result<(), TestCaseError> {
    prop_assert!(state.violations.is_empty(), "{:?}", state.violations);
    Ok(())
}

/// No dependent was deleted after what it needs.
fn check_reverse_order(shape: &Shape, state: &State) -> Result<(), TestCaseError> {
    let deleted: Vec<usize> = state
        .writes
        .iter()
        .filter_map(|write| match write {
            Write::Delete(number) => Some(*number),
            _ => None,
        })
        .collect();
    let place = |number: usize| deleted.iter().position(|other| *other == number);
    for (number, needs) in shape.needs.iter().enumerate() {
        for need in needs {
            if let (Some(dependent), Some(need)) = (place(number), place(*need)) {
                prop_assert!(dependent < need, "{number} after {need}: {deleted:?}");
            }
        }
    }
    Ok(())
}

fn outcomes(report: &Report) -> Vec<&Outcome> {
    report.entries.iter().map(|entry| &entry.outcome).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Everything is made once what it needs is ready, nothing before (the world checks that), and the run takes as
    /// long as the longest path.
    #[test]
    fn everything_runs_as_soon_as_its_inputs_are_there(shape in shape(Just(0))) {
        virtually(async {
            let world = World::new();
            let graph = shape.graph(&world);
            let report = engine().apply(&graph).await;
            prop_assert_eq!(report.result(), Ok(()));
            check_consistent(&world.state())?;
            prop_assert_eq!(world.existing(), shape.all());
            prop_assert_eq!(graph.critical_path().total, shape.longest());
            // Tokio's timer is exact to a millisecond for each link of a path.
            let slack = Duration::from_millis(shape.needs.len() as u64);
            prop_assert!(report.took >= shape.longest(), "{:?} {:?}", report.took, shape.longest());
            prop_assert!(report.took <= shape.longest() + slack, "{:?} {:?}", report.took, shape.longest());
            prop_assert!(outcomes(&report).iter().all(|outcome| **outcome == Outcome::Created));
            Ok(())
        })?;
    }

    /// The second run changes nothing and looks at everything just once.
    #[test]
    fn the_second_run_changes_nothing(shape in shape(0_u64..50)) {
        virtually(async {
            let world = World::new();
            let graph = shape.graph(&world);
            engine().apply(&graph).await;
            let writes = world.state().writes.clone();
            let calls = world.state().calls.len();
            let report = engine().apply(&graph).await;
            prop_assert!(outcomes(&report).iter().all(|outcome| **outcome == Outcome::Unchanged));
            prop_assert!(!report.changed());
            prop_assert_eq!(&world.state().writes, &writes);
            prop_assert_eq!(world.state().calls.len(), calls + shape.needs.len());
            prop_assert!(!engine().plan(&graph).await.unwrap().has_changes());
            Ok(())
        })?;
    }

    /// A run that is dropped at any moment (in the middle of a call, before or after it took effect) is gone on with
    /// by the next one: same end, nothing made twice.
    #[test]
    fn any_crash_is_resumed(shape in shape(1_u64..5000), crashes in prop::collection::vec(0_u64..3_000_000, 1..4)) {
        virtually(async {
            let world = World::new();
            let graph = shape.graph(&world);
            for crash in crashes {
                let run = engine();
                let _ = tokio::time::timeout(Duration::from_millis(crash), run.apply(&graph)).await;
            }
            let report = Engine::new().seed(8).apply(&graph).await;
            prop_assert_eq!(report.result(), Ok(()));
            check_consistent(&world.state())?;
            prop_assert_eq!(world.existing(), shape.all());
            let creations = world.state().creations.clone();
            prop_assert!(creations.values().all(|count| *count == 1), "{creations:?}");
            Ok(())
        })?;
    }

    /// Deletion is the reverse, also when it is dropped and begun again, and also of half a graph.
    #[test]
    fn deletion_is_the_reverse(shape in shape(1_u64..5000), made in 0_u64..3_000_000, crash in 0_u64..3_000_000) {
        virtually(async {
            let world = World::new();
            let graph = shape.graph(&world);
            let _ = tokio::time::timeout(Duration::from_millis(made), engine().apply(&graph)).await;
            let _ = tokio::time::timeout(Duration::from_millis(crash), engine().delete(&graph, DataPolicy::Keep)).await;
            let report = engine().delete(&graph, DataPolicy::Keep).await;
            prop_assert_eq!(report.result(), Ok(()));
            check_consistent(&world.state())?;
            check_reverse_order(&shape, &world.state())?;
            prop_assert_eq!(world.existing(), BTreeSet::new());
            Ok(())
        })?;
    }

    /// Failures that pass are retried until all is well, however many they are.
    #[test]
    fn passing_failures_pass(shape in shape(0_u64..50), failures in prop::collection::btree_map(0_usize..14, 1_u32..5, 0..8)) {
        virtually(async {
            let world = World::new();
            let graph = shape.graph(&world);
            world.state().flaky = failures;
            let report = engine().apply(&graph).await;
            prop_assert_eq!(report.result(), Ok(()));
            check_consistent(&world.state())?;
            prop_assert_eq!(world.existing(), shape.all());
            Ok(())
        })?;
    }

    /// What cannot be made stops what needs it, directly or not, and nothing else; the reason is reported.
    #[test]
    fn failures_stop_dependents_only(shape in shape(0_u64..50), broken in prop::collection::btree_set(0_usize..14, 0..4)) {
        virtually(async {
            let world = World::new();
            let graph = shape.graph(&world);
            world.state().broken = broken.clone();
            let report = engine().apply(&graph).await;
            let mut stopped: BTreeSet<usize> = BTreeSet::new();
            for (number, needs) in shape.needs.iter().enumerate() {
                let behind = needs.iter().any(|need| stopped.contains(need));
                let expected = if behind {
                    stopped.insert(number);
                    matches!(report.entries[number].outcome, Outcome::Skipped { .. })
                } else if broken.contains(&number) {
                    stopped.insert(number);
                    let reason = format!("thing {number} cannot be made");
                    report.entries[number].outcome == Outcome::Failed { reason }
                } else {
                    report.entries[number].outcome == Outcome::Created
                };
                prop_assert!(expected, "{number}: {:?}", report.entries[number]);
            }
            prop_assert_eq!(report.result().is_err(), !stopped.is_empty());
            check_consistent(&world.state())?;
            Ok(())
        })?;
    }

    /// A run that is cancelled at any moment finishes the calls under way and begins nothing new; what it reports as
    /// made exists, and the next run goes on.
    #[test]
    fn cancelling_leaves_what_it_reports(shape in shape(1_u64..5000), after in 0_u64..3_000_000, calls in 1_usize..20) {
        virtually(async {
            let world = World::new();
            let graph = shape.graph(&world);
            let token = CancellationToken::new();
            let calls = NonZeroUsize::new(calls).unwrap();
            let run = engine().max_calls(calls).cancellation(token.clone());
            let cancel = async {
                tokio::time::sleep(Duration::from_millis(after)).await;
                token.cancel();
            };
            let (report, ()) = tokio::join!(run.apply(&graph), cancel);
            for (number, entry) in report.entries.iter().enumerate() {
                let exists = world.state().things.contains_key(&number);
                match entry.outcome {
                    Outcome::Created => prop_assert!(exists),
                    Outcome::NotStarted => prop_assert!(!exists),
                    Outcome::Interrupted { .. } => {}
                    ref other => prop_assert!(false, "{other:?}"),
                }
            }
            // A write takes two calls' time: nothing goes on for longer than that.
            let limit = Duration::from_millis(after + 2 * shape.call + 10);
            prop_assert!(report.took <= limit, "{:?} {limit:?}", report.took);
            let report = engine().apply(&graph).await;
            prop_assert_eq!(report.result(), Ok(()));
            check_consistent(&world.state())?;
            prop_assert!(world.state().creations.values().all(|count| *count == 1));
            Ok(())
        })?;
    }

    /// Something of somebody else's, anywhere: nothing is written at all.
    #[test]
    fn nothing_is_written_when_something_is_foreign(shape in shape(0_u64..50), foreign in 0_usize..14) {
        virtually(async {
            let world = World::new();
            let graph = shape.graph(&world);
            prop_assume!(foreign < shape.needs.len());
            world.state().foreign.insert(foreign);
            let report = engine().apply(&graph).await;
            let refused = matches!(report.entries[foreign].outcome, Outcome::Refused { .. });
            prop_assert!(refused);
            prop_assert!(world.state().writes.is_empty());
            let report = engine().delete(&graph, DataPolicy::Delete).await;
            prop_assert_eq!(report.result(), Ok(()));
            check_consistent(&world.state())?;
            Ok(())
        })?;
    }
}
