//! From one version to another: orders of every line, and what is refused with what to do first.

use std::collections::BTreeSet;

use milvus_aws_core::{
    Installation, Topology,
    installation::MilvusVersion,
    topology::{Action, Role, Running, Undoing, Upgrade, UpgradeRefusal, edges, lines},
};

const KAFKA_AND_S3: &str = "  kafka: {brokers: ['b-1:9096']}
  s3: {endpoint: 's3.us-west-2.amazonaws.com:443', bucket: demo, region: us-west-2, access: iam}
  serviceAccount: {name: s3}
";

/// The coordinators that a file names.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Coordinators {
    Separate,
    Mixed,
}

use Coordinators::{Mixed, Separate};

fn version(text: &str) -> MilvusVersion {
    text.parse().unwrap()
}

fn cluster(at: &str, coordinators: Coordinators) -> Installation {
    let named = match coordinators {
        Separate => "{rootCoordinator: {replicas: 2}}",
        Mixed => "{mixCoordinator: {replicas: 2}}",
    };
    let head = format!("apiVersion: kubectl-milvus/v1\nname: demo\nversion: {at}\nmode: cluster\n");
    read(&format!(
        "{head}cluster:\n  components: {named}\n{KAFKA_AND_S3}"
    ))
}

fn standalone(at: &str, more: &str) -> Installation {
    read(&format!(
        "apiVersion: kubectl-milvus/v1\nname: demo\nversion: {at}\n{more}"
    ))
}

fn read(text: &str) -> Installation {
    match Installation::from_yaml("milvus.yaml", text) {
        Ok(installation) => installation,
        Err(error) => panic!("{error}"),
    }
}

/// That installation, as it runs.
fn running(installation: &Installation) -> Running {
    Running::of(installation)
}

/// The same, with some components of another version.
fn mixed(installation: &Installation, roles: &[Role], other: &str) -> Running {
    let topology = Topology::of(installation);
    let mut all: std::collections::BTreeMap<Role, MilvusVersion> = topology
        .components
        .iter()
        .map(|it| (it.role, installation.version.clone()))
        .collect();
    all.extend(roles.iter().map(|role| (*role, version(other))));
    Running::new(all, Some(topology.message_queue.setting().to_owned()))
}

/// What is done, in order: `+` starts, `-` removes, `=` is done.
fn order(upgrade: &Upgrade) -> String {
    let stage = |stage: &milvus_aws_core::topology::Stage| {
        let mark = match stage.action {
            Action::Done => "=",
            Action::Replace => "",
            Action::Start => "+",
            Action::Remove => "-",
        };
        format!("{mark}{}", stage.role.component_name())
    };
    upgrade
        .stages
        .iter()
        .map(stage)
        .collect::<Vec<_>>()
        .join(" ")
}

fn from_to(from: &str, to: &str, coordinators: Coordinators) -> Result<Upgrade, UpgradeRefusal> {
    Upgrade::plan(
        &running(&cluster(from, coordinators)),
        &cluster(to, coordinators),
    )
}

#[test]
fn the_order_of_every_line() {
    const SEPARATE: &str =
        "indexnode rootcoord datacoord indexcoord querycoord querynode datanode proxy";
    const MIXED: &str = "indexnode mixcoord querynode datanode proxy";
    const STREAMING: &str = "mixcoord streamingnode querynode datanode proxy";
    const TO_STREAMING: &str = "+streamingnode mixcoord querynode datanode proxy -indexnode";
    const BACK_SEPARATE: &str =
        "proxy datanode querynode querycoord indexcoord datacoord rootcoord indexnode";
    const BACK_MIXED: &str = "proxy datanode querynode mixcoord indexnode";
    const BACK_STREAMING: &str = "proxy datanode querynode streamingnode mixcoord";
    let table = [
        ("2.3.5", "2.3.13", Separate, SEPARATE),
        ("2.3.13", "2.4.5", Separate, SEPARATE),
        ("2.3.13", "2.4.17", Separate, SEPARATE),
        ("2.4.5", "2.4.17", Separate, SEPARATE),
        ("2.4.17", "2.5.26", Separate, SEPARATE),
        ("2.5.4", "2.5.16", Separate, SEPARATE),
        ("2.3.5", "2.3.13", Mixed, MIXED),
        ("2.3.13", "2.4.17", Mixed, MIXED),
        ("2.4.6", "2.4.7", Mixed, MIXED),
        ("2.4.17", "2.5.0", Mixed, MIXED),
        ("2.5.0", "2.5.26", Mixed, MIXED),
        ("2.5.16", "2.6.0", Mixed, TO_STREAMING),
        ("2.5.26", "2.6.20", Mixed, TO_STREAMING),
        ("2.6.0", "2.6.20", Mixed, STREAMING),
        ("2.6.20", "3.0.0", Mixed, STREAMING),
        ("3.0.0", "3.0.1", Mixed, STREAMING),
        ("2.3.13", "2.3.5", Separate, BACK_SEPARATE),
        ("2.4.17", "2.4.5", Separate, BACK_SEPARATE),
        ("2.5.26", "2.5.16", Mixed, BACK_MIXED),
        ("2.6.20", "2.6.15", Mixed, BACK_STREAMING),
        ("3.0.1", "3.0.0", Mixed, BACK_STREAMING),
    ];
    for (from, to, coordinators, expected) in table {
        let upgrade = from_to(from, to, coordinators).unwrap();
        assert_eq!(order(&upgrade), expected, "{from} {to} {coordinators:?}");
        assert_eq!(upgrade.is_backwards(), version(to) < version(from));
        assert_eq!(
            upgrade.can_go_back,
            version(from).line() == version(to).line()
        );
        assert_eq!(
            upgrade.pauses.len(),
            if coordinators == Separate { 3 } else { 0 }
        );
    }
    let one_pod = [
        ("2.3.5", "2.3.13"),
        ("2.3.13", "2.4.17"),
        ("2.4.17", "2.5.26"),
        ("2.6.20", "3.0.0"),
        ("2.6.20", "2.6.15"),
    ];
    for (from, to) in one_pod {
        let live = running(&standalone(from, ""));
        let upgrade = Upgrade::plan(&live, &standalone(to, "")).unwrap();
        assert_eq!(order(&upgrade), "standalone", "{from} {to}");
        assert_eq!(upgrade.pauses, [Role::Standalone]);
    }
}

/// What is done so far is told first, and the rest goes on in the same order.
#[test]
fn an_upgrade_that_was_begun_goes_on_or_back() {
    let from = cluster("2.3.5", Separate);
    let begun = [
        Role::IndexNode,
        Role::RootCoordinator,
        Role::DataCoordinator,
    ];
    let live = mixed(&from, &begun, "2.3.13");
    let on = Upgrade::plan(&live, &cluster("2.3.13", Separate)).unwrap();
    assert_eq!(
        order(&on),
        "=indexnode =rootcoord =datacoord indexcoord querycoord querynode datanode proxy"
    );
    assert!(!on.is_done() && on.from == version("2.3.5"));
    let back = Upgrade::plan(&live, &from).unwrap();
    assert_eq!(
        order(&back),
        "=proxy =datanode =querynode =querycoord =indexcoord datacoord rootcoord indexnode"
    );
    assert!(back.is_backwards() && !back.undoes);
    let third = Upgrade::plan(&live, &cluster("2.3.10", Separate)).unwrap_err();
    assert_eq!(
        third.to_string(),
        "components of 2.3.5 and 2.3.13 run side by side: go on to one of these first"
    );
    let reached = Upgrade::plan(&running(&from), &from).unwrap();
    assert!(reached.is_done());
}

/// To another line there is a way back until the first component that writes what the old one cannot read.
#[test]
fn a_step_to_another_line_is_undone_only_at_its_very_beginning() {
    let old = cluster("2.5.26", Mixed);
    let live = mixed(&old, &[Role::StreamingNode], "2.6.20");
    let back = Upgrade::plan(&live, &old).unwrap();
    assert_eq!(
        order(&back),
        "=indexnode =proxy =datanode =querynode =mixcoord -streamingnode"
    );
    assert!(back.undoes);
    let on = Upgrade::plan(&live, &cluster("2.6.20", Mixed)).unwrap();
    assert_eq!(
        order(&on),
        "=streamingnode mixcoord querynode datanode proxy -indexnode"
    );
    let live = mixed(&old, &[Role::StreamingNode, Role::MixCoordinator], "2.6.20");
    let late = Upgrade::plan(&live, &old).unwrap_err();
    assert_eq!(
        late.to_string(),
        "mixcoord of 2.6.20 has run already, and there is no way back to 2.5.26: go on to 2.6.20"
    );

    let old = cluster("2.4.17", Separate);
    let live = mixed(&old, &[Role::IndexNode], "2.5.26");
    assert!(Upgrade::plan(&live, &old).is_ok());
    let live = mixed(&old, &[Role::IndexNode, Role::RootCoordinator], "2.5.26");
    assert!(matches!(
        Upgrade::plan(&live, &old),
        Err(UpgradeRefusal::TooLate { .. })
    ));
}

/// The last thing that goes may be all that is left to do.
#[test]
fn what_the_new_line_has_not_goes_last() {
    let to = cluster("2.6.20", Mixed);
    let live = mixed(&to, &[Role::IndexNode], "2.5.26");
    let upgrade = Upgrade::plan(&live, &to).unwrap();
    assert!(
        order(&upgrade).ends_with("=proxy -indexnode"),
        "{}",
        order(&upgrade)
    );
    assert!(!upgrade.is_done());
}

/// A role with a deployment for each resource group is done when all of them are.
#[test]
fn a_role_is_done_with_its_last_deployment() {
    let to = cluster("2.6.20", Mixed);
    let components = Topology::of(&to).components;
    let components = components.iter().map(|it| (it.role, version("2.6.20")));
    let other = [(Role::QueryNode, version("2.6.15"))];
    let live = Running::new(components.chain(other), Some("kafka".to_owned()));
    let upgrade = Upgrade::plan(&live, &to).unwrap();
    assert_eq!(
        order(&upgrade),
        "=mixcoord =streamingnode =datanode =proxy querynode"
    );
}

#[test]
fn what_is_refused_says_why_and_what_to_do_first() {
    let words = [
        (
            "2.3.13",
            "2.5.26",
            Separate,
            "a line would be skipped: upgrade to 2.4.17 first",
        ),
        (
            "2.3.13",
            "3.0.0",
            Mixed,
            "a line would be skipped: upgrade to 2.4.17 first",
        ),
        (
            "2.5.26",
            "3.0.0",
            Mixed,
            "a line would be skipped: upgrade to 2.6.20 first",
        ),
        (
            "2.5.15",
            "2.6.20",
            Mixed,
            "from 2.5.15 to 2.6.20 is supported from 2.5.16 on: upgrade to 2.5.26 first",
        ),
        (
            "2.6.15",
            "3.0.0",
            Mixed,
            "is supported from 2.6.20 on: upgrade to 2.6.20 first",
        ),
        ("3.0.0", "2.6.20", Mixed, "no way back from 3.0.0 to 2.6.20"),
        (
            "2.6.20",
            "2.5.26",
            Mixed,
            "no way back from 2.6.20 to 2.5.26",
        ),
        (
            "2.4.17",
            "2.3.13",
            Separate,
            "no way back from 2.4.17 to 2.3.13",
        ),
        ("3.0.0", "2.5.26", Mixed, "no way back"),
    ];
    for (from, to, coordinators, words) in words {
        let refusal = from_to(from, to, coordinators).unwrap_err().to_string();
        assert!(refusal.contains(words), "{from} {to}: {refusal}");
    }
    let separate = running(&cluster("2.5.26", Separate));
    let refusal = Upgrade::plan(&separate, &cluster("2.6.20", Mixed)).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "Milvus 2.6.20 has one mixture of coordinators, and separate ones run: name `mixCoordinator` in the file and \
         `install` it at 2.5.26 first"
    );
    // 2.4.7 deploys a mixture unless separate ones are named.
    let refusal = Upgrade::plan(
        &running(&cluster("2.4.5", Separate)),
        &cluster("2.4.17", Mixed),
    );
    let refusal = refusal.unwrap_err().to_string();
    let words = "the file has `mixCoordinator`, and `rootCoordinator`, `dataCoordinator`, `queryCoordinator`, \
                 `indexCoordinator` runs instead; `install` that at 2.4.5 first";
    assert!(refusal.ends_with(words), "{refusal}");
    let refusal = Upgrade::plan(
        &running(&standalone("2.4.5", "")),
        &cluster("2.4.17", Mixed),
    );
    assert!(matches!(refusal, Err(UpgradeRefusal::OtherRoles { .. })));
    let nothing = Upgrade::plan(&Running::default(), &standalone("2.4.5", ""));
    assert_eq!(nothing, Err(UpgradeRefusal::NothingRuns));
}

#[test]
fn release_candidates_are_neither_reached_nor_left() {
    let candidate = Installation {
        version: version("2.6.0-rc1"),
        ..standalone("2.6.0", "")
    };
    let old = running(&standalone("2.5.26", "config: {mq: {type: woodpecker}}\n"));
    let refusal = Upgrade::plan(&old, &candidate).unwrap_err().to_string();
    assert_eq!(
        refusal,
        "2.6.0-rc1 is no release to upgrade to: no later release can read what it has written"
    );
    let refusal = Upgrade::plan(&running(&candidate), &standalone("2.6.20", ""));
    assert!(matches!(refusal, Err(UpgradeRefusal::DeadEnd { .. })));
    let bad = Installation {
        version: version("2.3.0"),
        ..standalone("2.3.5", "")
    };
    let refusal = Upgrade::plan(&running(&standalone("2.3.5", "")), &bad);
    assert!(matches!(refusal, Err(UpgradeRefusal::BadRelease { .. })));
    // A build of a release is one.
    assert!(!version("2.4.5-gpu").is_candidate());
}

/// Row 20 of the pains: another queue is another history.
#[test]
fn the_queue_stays_what_it_is() {
    let live = running(&standalone("2.5.26", ""));
    let refusal = Upgrade::plan(&live, &standalone("2.6.20", "")).unwrap_err();
    assert!(
        refusal
            .to_string()
            .starts_with("Milvus logs to rocksmq there, and the file says woodpecker"),
        "{refusal}"
    );
    let kept = standalone("2.6.20", "config: {MQ: {Type: rocksmq}}\n");
    assert_eq!(order(&Upgrade::plan(&live, &kept).unwrap()), "standalone");
    // Who cannot read what it is does not guess.
    let unknown = Running::new([(Role::Standalone, version("2.5.26"))], None);
    assert!(Upgrade::plan(&unknown, &standalone("2.6.20", "")).is_ok());
}

/// What holds for every step, so that a new one cannot forget it.
#[test]
fn the_steps_are_in_order() {
    let known: BTreeSet<(u64, u64)> = lines()
        .iter()
        .map(|line| (line.from.0, line.from.1))
        .collect();
    let known: Vec<_> = known.into_iter().collect();
    for (at, line) in known.iter().enumerate() {
        let of_line = |to: &(u64, u64)| {
            edges()
                .iter()
                .find(|edge| edge.from == *line && edge.to == *to)
        };
        assert_eq!(of_line(line).unwrap().undoing, Undoing::Always, "{line:?}");
        let next = known.get(at + 1);
        assert_eq!(next.is_some(), next.and_then(of_line).is_some(), "{line:?}");
        let skipping = known.iter().skip(at + 2).filter_map(of_line);
        assert_eq!(skipping.count(), 0, "{line:?}");
    }
    for edge in edges() {
        assert_eq!((edge.least.0, edge.least.1), edge.from, "{edge:?}");
        let newest = lines()
            .iter()
            .filter(|line| (line.from.0, line.from.1) == edge.from);
        assert!(
            newest.map(|line| line.newest).max().unwrap() >= edge.least,
            "{edge:?}"
        );
        let roles: BTreeSet<Role> = edge.order.iter().copied().collect();
        assert_eq!(roles.len(), edge.order.len(), "{edge:?}");
        let of_lines = lines()
            .iter()
            .filter(|line| (line.from.0, line.from.1) == edge.to);
        for role in of_lines.flat_map(|line| {
            line.cluster
                .iter()
                .chain(line.other_coordinators)
                .chain(line.optional)
        }) {
            assert!(roles.contains(role), "{edge:?} passes over {role:?}");
        }
        assert!(edge.starts.iter().all(|role| roles.contains(role)));
        assert!(edge.removes.iter().all(|role| !roles.contains(role)));
        assert_eq!(edge.order.last(), Some(&Role::Proxy), "clients meet it");
        if let Undoing::While(harmless) = edge.undoing {
            assert!(
                harmless.iter().all(|role| !role.is_coordinator()),
                "{edge:?}"
            );
            let passed = [Role::Standalone, Role::Cdc];
            let first = edge.order.iter().filter(|role| !passed.contains(role));
            assert!(
                first
                    .zip(harmless)
                    .all(|(first, harmless)| first == harmless)
            );
        }
    }
}

/// A file of the old line is read as one of the new line, and told what it must say there.
#[test]
fn a_file_is_read_at_the_version_that_is_reached() {
    let text = |components: &str| {
        let head = "apiVersion: kubectl-milvus/v1\nname: demo\nversion: 2.5.26\nmode: cluster\n";
        format!("{head}cluster:\n  components: {components}\n{KAFKA_AND_S3}")
    };
    let to = version("2.6.20");
    let read =
        Installation::from_yaml_at("milvus.yaml", text("{proxy: {replicas: 2}}"), &to).unwrap();
    assert_eq!(read.version, to);
    let wrong =
        Installation::from_yaml_at("milvus.yaml", text("{indexNode: {}}"), &to).unwrap_err();
    assert!(
        wrong
            .to_string()
            .contains("is no role of Milvus 2.6.20: `dataNode` builds indexes now"),
        "{wrong}"
    );
}
