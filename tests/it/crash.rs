//! `kill -9` at every event of an install, and again `install`: the same end state.

use serde_json::Value;

use crate::plugin::{Namespace, STANDALONE, stderr_lines};

#[test]
fn an_install_killed_at_any_event_ends_the_same_when_run_again() {
    let namespace = Namespace::new("crash");
    let events = events(&namespace);
    let wanted = end_state(&namespace);
    assert!(
        events >= wanted.len(),
        "{events} events for {} objects",
        wanted.len()
    );

    for kill_at in 1..=events {
        namespace
            .milvus(&["uninstall", "--delete-data", "--confirm", "demo"], "")
            .exits(0);
        let mut install = namespace.spawn(&["install", "-f", "-"], STANDALONE);
        let seen = stderr_lines(&mut install).take(kill_at).count();
        install.kill().expect("it can be killed");
        install.wait().expect("it ends");
        assert_eq!(seen, kill_at, "the install ended before event {kill_at}");

        namespace
            .milvus(&["install", "-f", "-"], STANDALONE)
            .exits(0);
        assert_eq!(
            end_state(&namespace),
            wanted,
            "after a kill at event {kill_at}"
        );
    }
    println!("{events} kill points");
}

/// Installs once, undisturbed; the number of events that it told.
fn events(namespace: &Namespace) -> usize {
    let run = namespace
        .milvus(&["install", "-f", "-"], STANDALONE)
        .exits(0);
    run.stderr
        .lines()
        .filter(|line| line.starts_with(['✓', '✗']))
        .count()
}

/// What was asked of the server, without what it counts and names by itself.
fn end_state(namespace: &Namespace) -> Vec<(String, Value)> {
    let wanted = |(name, mut object): (String, Value)| {
        let made_by_controllers = name.starts_with("Pod/") || name.starts_with("ReplicaSet/");
        if made_by_controllers {
            return None;
        }
        object.as_object_mut()?.remove("status");
        let metadata = object["metadata"].as_object_mut()?;
        metadata.retain(|key, _| matches!(key.as_str(), "name" | "labels"));
        if let Some(spec) = object["spec"].as_object_mut() {
            spec.retain(|key, _| {
                !matches!(key.as_str(), "clusterIP" | "clusterIPs" | "volumeName")
            });
        }
        Some((name, object))
    };
    namespace.objects().into_iter().filter_map(wanted).collect()
}
