//! What we make of values, beside what the chart makes of them. Whatever differs is in the list of intended differences,
//! with its reason; an entry that nothing needs fails as well.

use std::collections::BTreeSet;

use milvus_manifests::helm::Values;

use super::{facts, release};
use crate::fixtures::{golden, values};

struct Case {
    golden: &'static str,
    values: &'static str,
    release: &'static str,
    version: &'static str,
    /// Prefix of every Milvus object's name.
    whole: &'static str,
}

const CASES: [Case; 5] = [
    Case {
        golden: "a-guide-4.1.34",
        values: "a-guide",
        release: "demo-milvus",
        version: "2.4.5",
        whole: "demo-milvus",
    },
    Case {
        golden: "a-guide-4.1.34-reldemo",
        values: "a-guide",
        release: "demo",
        version: "2.4.5",
        whole: "demo-milvus",
    },
    Case {
        golden: "c-standalone-4.1.34",
        values: "c-standalone",
        release: "demo-milvus",
        version: "2.4.5",
        whole: "demo-milvus",
    },
    Case {
        golden: "c-standalone-head",
        values: "c-standalone",
        release: "demo-milvus",
        version: "2.6.15",
        whole: "demo-milvus",
    },
    Case {
        golden: "e-head-woodpecker",
        values: "e-head-woodpecker",
        release: "demo-milvus",
        version: "2.6.15",
        whole: "demo-milvus",
    },
];

/// Who has it: the chart alone, we alone, or both in different ways.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Is {
    Theirs,
    Ours,
    Other,
}

use Is::{Other, Ours, Theirs};

/// Intended differences: which case, which fact (`*` stands for anything), who has it, and why.
const INTENDED: &[(&str, &str, Is, &str)] = &[
    // Out of scope.
    (
        "*",
        "*/demo-milvus-minio*",
        Theirs,
        "MinIO is not made here; Milvus is led to where it is",
    ),
    // More than the chart has.
    (
        "*",
        "PodDisruptionBudget/*",
        Ours,
        "a node that is drained takes not all replicas at once",
    ),
    (
        "*",
        "Secret/*",
        Ours,
        "logins stand in Secrets instead of the ConfigMap",
    ),
    (
        "a-*",
        "Service/demo-milvus-metrics *",
        Ours,
        "metrics have no login, and stay inside of the cluster",
    ),
    (
        "a-*",
        "Service/demo-milvus port metrics",
        Theirs,
        "metrics have no login, and stay inside of the cluster",
    ),
    (
        "a-*",
        "Service/demo-milvus target of port metrics",
        Theirs,
        "as above",
    ),
    // How settings reach the server.
    (
        "*4.1.34*",
        "*init container*",
        Theirs,
        "no tool writes the image's own file: the root file system is read-only",
    ),
    (
        "*4.1.34*",
        "Deployment/* args",
        Other,
        "the server is started without that tool's script",
    ),
    (
        "*4.1.34*",
        "ConfigMap/demo-milvus exists",
        Theirs,
        "before 2.4.6 the image reads no file but its own",
    ),
    (
        "*4.1.34*",
        "ConfigMap/demo-milvus-env exists",
        Ours,
        "so that settings go in as environment",
    ),
    (
        "*",
        "Deployment/* env MILVUSCONF",
        Ours,
        "settings are found whatever the image's working directory is",
    ),
    // etcd.
    (
        "*4.1.34*",
        "StatefulSet/*etcd etcd env MY_STS_NAME",
        Ours,
        "newer images ask for it, and older ones pass it over",
    ),
    (
        "c-standalone-4.1.34",
        "StatefulSet/*etcd etcd env ETCD_CLUSTER_DOMAIN",
        Ours,
        "as the chart has it with several members",
    ),
    (
        "*head*",
        "StatefulSet/*etcd etcd env ETCD_ADVERTISE_CLIENT_URLS",
        Other,
        "a member answers for itself alone",
    ),
    (
        "*head*",
        "setting etcdendpoints",
        Other,
        "the service leads to members that are ready; a list by name must change with their number",
    ),
    (
        "*",
        "Service/*etcd-headless annotations",
        Theirs,
        "`publishNotReadyAddresses` has taken its place",
    ),
    // What the server assumes by itself, said out loud.
    (
        "*",
        "setting commonsecurityauthorizationenabled",
        Ours,
        "the server's default",
    ),
    (
        "*",
        "setting commonstoragetype",
        Ours,
        "the server's default",
    ),
    ("*", "setting etcduseembed", Ours, "the server's default"),
    (
        "*",
        "setting localstoragepath",
        Ours,
        "the volume that is writable, and that the chart mounts for it",
    ),
    (
        "*",
        "setting miniocloudprovider",
        Ours,
        "the server's default",
    ),
    (
        "c-standalone-4.1.34",
        "setting rocksmqpath",
        Ours,
        "the server's default",
    ),
    (
        "e-*",
        "setting streamingnodeport",
        Ours,
        "the server's default",
    ),
    (
        "e-*",
        "setting mixcoordenableactivestandby",
        Ours,
        "the name that 2.6 has for it",
    ),
    (
        "a-*",
        "setting minioregion",
        Ours,
        "follows from the host, and roles of AWS need it",
    ),
    // What nobody reads.
    (
        "*",
        "setting messagequeue",
        Theirs,
        "the old name of `mq.type`, which is set",
    ),
    (
        "c-*",
        "setting *coordaddress",
        Theirs,
        "one process calls itself without an address",
    ),
    (
        "c-*",
        "setting *coordport",
        Theirs,
        "as above; the server's default",
    ),
    (
        "c-*",
        "setting *nodeport",
        Theirs,
        "as above; the server's default",
    ),
    (
        "c-*",
        "setting *coordenableactivestandby",
        Theirs,
        "one pod has nobody to stand by; the server's default",
    ),
    (
        "e-*",
        "setting *coordaddress",
        Theirs,
        "names services that neither rendering has",
    ),
    ("e-*", "setting *coordport", Theirs, "as above"),
    (
        "e-*",
        "setting indexnodeport",
        Theirs,
        "2.6 has no index node",
    ),
];

#[test]
fn differences_are_intended() {
    let mut used = BTreeSet::new();
    let mut strange = Vec::new();
    for case in &CASES {
        let theirs = facts::of(&golden(&format!("helm/{}.yaml", case.golden)), case.whole);
        let ours = facts::of(&ours(case), case.whole);
        let names: BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
        for name in names {
            let (is, text) = match (theirs.get(name), ours.get(name)) {
                (Some(theirs), Some(ours)) if theirs == ours => continue,
                (Some(theirs), Some(ours)) => (Other, format!("theirs {theirs}, ours {ours}")),
                (Some(theirs), None) => (Theirs, theirs.clone()),
                (None, ours) => (Ours, ours.cloned().unwrap_or_default()),
            };
            let matching = |(which, fact, who, _): &&(&str, &str, Is, &str)| {
                matches(which, case.golden) && matches(fact, name) && *who == is
            };
            match INTENDED.iter().position(|entry| matching(&entry)) {
                Some(index) => {
                    used.insert(index);
                }
                None => strange.push(format!("{}: {name} ({is:?}): {text}", case.golden)),
            }
        }
    }
    assert!(strange.is_empty(), "{}", strange.join("\n"));
    for (index, (which, fact, ..)) in INTENDED.iter().enumerate() {
        assert!(
            used.contains(&index),
            "nothing differs any more in {which}: {fact}"
        );
    }
}

fn ours(case: &Case) -> Vec<serde_json::Value> {
    let path = format!(
        "{}/tests/golden/helm/values/{}.yaml",
        env!("CARGO_MANIFEST_DIR"),
        case.values
    );
    let text = std::fs::read_to_string(path).unwrap();
    let values_file = Values::from_yaml(case.values, text).unwrap();
    let imported = values_file.import(&release::release(case.release, Some(case.version)));
    let imported = match imported {
        Ok(imported) => imported,
        Err(invalid) => panic!("{invalid}"),
    };
    values(&release::objects(&imported))
}

/// Whether a text is as a pattern says; `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len())
                .filter(|at| text.is_char_boundary(*at))
                .any(|at| matches(rest, &text[at..]))
        }),
    }
}
