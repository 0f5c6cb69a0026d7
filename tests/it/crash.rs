//! `kill -9` at every event, and before and after every write, and again the same command: the same end state.

use std::{fs, process::Output};

use serde_json::Value;

use crate::{
    plugin::{Namespace, STANDALONE, stderr_lines},
    render::CLUSTER,
    write_gate::{Hold, WriteGate, deaths, spared},
};

const INSTALL: [&str; 4] = ["install", "-f", "-", "--verify=false"];
const UNINSTALL: [&str; 4] = ["uninstall", "--delete-data", "--confirm", "demo"];

#[test]
fn an_install_killed_at_any_event_ends_the_same_when_run_again() {
    let namespace = Namespace::new("crash");
    let run = namespace.milvus(&INSTALL, STANDALONE).exits(0);
    let events = run.stderr.lines().filter(|line| has_ended(line)).count();
    let wanted = end_state(&namespace);
    assert!(
        events > wanted.len(),
        "{events} events for {} objects",
        wanted.len()
    );

    for kill_at in 1..=events {
        namespace.milvus(&UNINSTALL, "").exits(0);
        kill(&namespace, &INSTALL, kill_at, has_ended);
        namespace.milvus(&INSTALL, STANDALONE).exits(0);
        assert_eq!(
            end_state(&namespace),
            wanted,
            "after a kill at event {kill_at}"
        );
    }
    for kill_at in 1..=2 {
        namespace.milvus(&UNINSTALL, "").exits(0);
        kill(&namespace, &INSTALL, kill_at, |line| line.contains('…'));
        namespace.milvus(&INSTALL, STANDALONE).exits(0);
        assert_eq!(
            end_state(&namespace),
            wanted,
            "after a kill while waiting, {kill_at}"
        );
    }
}

#[test]
fn an_uninstall_killed_at_any_event_leaves_nothing_when_run_again() {
    let namespace = Namespace::new("crash-uninstall");
    namespace.milvus(&INSTALL, STANDALONE).exits(0);
    let run = namespace.milvus(&UNINSTALL, "").exits(0);
    let events = run.stderr.lines().filter(|line| has_ended(line)).count();
    assert!(events > 2, "{}", run.stderr);

    for kill_at in 1..=events {
        namespace
            .milvus(&["install", "-f", "-", "--wait=false"], STANDALONE)
            .exits(0);
        kill(&namespace, &UNINSTALL, kill_at, has_ended);
        // After the last event there may be nothing left to find.
        let again = namespace.milvus(&UNINSTALL, "");
        assert!(
            again.code == 0 || again.stderr.contains("no installation"),
            "{}",
            again.stderr
        );
        assert_eq!(
            namespace.names(),
            Vec::<String>::new(),
            "after a kill at event {kill_at}"
        );
    }
}

#[test]
fn an_install_by_roles_and_its_removal_may_die_before_and_after_every_write() {
    let namespace = Namespace::new("crash-write");
    let gate = WriteGate::new();
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    fs::write(&kubeconfig, gate.kubeconfig()).expect("a kubeconfig");
    let kubeconfig = kubeconfig.to_str().expect("a path");
    // No node is like that: pods that never start need no time to end.
    let file = CLUSTER.replace("VERSION", "2.4.5") + "scheduling: {nodeSelector: {is: nowhere}}\n";
    let through = |args: &[&str]| {
        let words = [args, &["--kubeconfig", kubeconfig]].concat();
        namespace.spawn(&words, &file)
    };
    let install: &[&str] = &["install", "-f", "-", "--wait=false"];
    let undisturbed = |args: &[&str]| {
        gate.open();
        let ended = through(args).wait_with_output().expect("it ends");
        assert!(ended.status.success(), "{ended:?}");
        gate.written()
    };

    let installs = undisturbed(install);
    let wanted = end_state(&namespace);
    let removals = undisturbed(&UNINSTALL);
    assert_eq!(namespace.names(), Vec::<String>::new());
    let claims = |(name, _): &&(String, Value)| name.starts_with("PersistentVolumeClaim/");
    let by_controllers = wanted.iter().filter(claims).count();
    assert!(
        installs.len() + by_controllers >= wanted.len(),
        "{installs:?}"
    );
    assert!(removals.len() >= installs.len(), "{removals:?}");
    for hold in [Hold::Before, Hold::After] {
        let ends_well = |ended: &Output| ended.status.success();
        let points = deaths(&gate, hold, || through(install), ends_well);
        println!("install: {} points, {hold:?} each", points.len());
        assert_eq!(spared(&installs, &points), Vec::<String>::new());
        assert_eq!(end_state(&namespace), wanted, "{hold:?} {points:?}");
        assert_eq!(undisturbed(install), Vec::<String>::new());

        // After the last write there may be nothing left to find.
        let ends_well = |ended: &Output| {
            let said = String::from_utf8_lossy(&ended.stderr);
            ended.status.success() || said.contains("no installation")
        };
        let points = deaths(&gate, hold, || through(&UNINSTALL), ends_well);
        println!("uninstall: {} points, {hold:?} each", points.len());
        assert_eq!(spared(&removals, &points), Vec::<String>::new());
        assert_eq!(namespace.names(), Vec::<String>::new(), "{hold:?}");
    }
}

/// Whether a line says that something ended.
fn has_ended(line: &str) -> bool {
    line.starts_with(['✓', '✗'])
}

/// Runs a command and kills it when it has written that many lines of that kind.
fn kill(namespace: &Namespace, args: &[&str], lines: usize, counts: impl Fn(&str) -> bool) {
    let mut command = namespace.spawn(args, STANDALONE);
    let seen = stderr_lines(&mut command)
        .filter(|line| counts(line))
        .take(lines)
        .count();
    command.kill().expect("it can be killed");
    command.wait().expect("it ends");
    assert_eq!(seen, lines, "the command ended before");
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
