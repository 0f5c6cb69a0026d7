//! What the tests of pictures share: plans and runs to draw, and files to hold the pictures against.

use std::{collections::BTreeSet, path::Path, time::Duration};

use milvus_aws_core::engine::{
    Action, Cents, Change, Cost, Entry, Event, EventKind, Outcome, Outputs, Plan, PlannedStep,
    Report, ResourceId, Stopped,
};
use xmlparser::{ElementEnd, Token, Tokenizer};

/// Names that would break out of a format that pastes them.
const AWKWARD: [&str; 6] = [
    "deployment/\"><script>alert(1)</script>",
    "ends-with\\",
    "b&lt;\n]--> x; \"] --> n0",
    "\u{1b}[31mred\u{202e}der",
    "`md` #quot; %% end {} ()",
    "service/向量-数据库",
];

/// Compares with a file of tests/golden; `UPDATE_GOLDEN=1 cargo test -p kubectl-milvus` writes it anew.
#[track_caller]
pub(crate) fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == text,
        "tests/golden/{name} is not current: set UPDATE_GOLDEN=1, test again, and look at it\n{text}"
    );
}

/// Reads a document as XML, every element closed and every entity known; its elements' names.
#[track_caller]
pub(super) fn well_formed(document: &str) -> BTreeSet<String> {
    let (mut open, mut names) = (Vec::new(), BTreeSet::new());
    for token in Tokenizer::from(document) {
        match token.unwrap_or_else(|error| panic!("{error}:\n{document}")) {
            Token::ElementStart { local, .. } => {
                open.push(local.to_string());
                names.insert(local.to_string());
            }
            Token::ElementEnd { end, .. } => match end {
                ElementEnd::Open => {}
                ElementEnd::Close(_, local) => {
                    assert_eq!(open.pop().as_deref(), Some(local.as_str()));
                }
                ElementEnd::Empty => drop(open.pop()),
            },
            Token::Text { text: value } | Token::Attribute { value, .. } => {
                for entity in value.split('&').skip(1) {
                    let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
                    assert!(
                        known.iter().any(|known| entity.starts_with(known)),
                        "&{entity}"
                    );
                }
            }
            _ => {}
        }
    }
    assert_eq!(open, Vec::<String>::new(), "not closed:\n{document}");
    names
}

/// What a schema of docs/schema finds wrong with a document.
pub(super) fn schema_faults(name: &str, document: &serde_json::Value) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(format!("../../docs/schema/{name}.v1.json"));
    let schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults = validator.iter_errors(document);
    faults.map(|fault| fault.to_string()).collect()
}

fn step(name: &str, seconds: u64, cost: Cost, needs: &[&str]) -> PlannedStep {
    PlannedStep {
        resource: ResourceId::new(name),
        action: Action::Create,
        needs: needs.iter().map(ResourceId::new).collect(),
        usual: Duration::from_secs(seconds),
        cost,
    }
}

/// A plan like the guide's, in an account where something exists.
pub(crate) fn guide_plan() -> Plan {
    let monthly = |cents| Cost::Monthly(Cents(cents));
    let gateways = Cost::MonthlyAndUse(Cents(9855), "0.045 USD per GB");
    let objects = Cost::PerUse("0.023 USD per GB and month");
    let balancer = Cost::MonthlyAndUse(Cents(1643), "0.006 USD per capacity unit and hour");
    let mut steps = vec![
        step("network/demo", 150, gateways, &[]),
        step("bucket/demo-111122223333", 2, objects, &[]),
        step("key/demo", 2, monthly(100), &[]),
        step("secret/AmazonMSK_demo", 5, monthly(40), &["key/demo"]),
        step(
            "msk-cluster/demo",
            1500,
            monthly(48990),
            &["network/demo", "key/demo"],
        ),
        step(
            "scram-association/demo",
            5,
            Cost::Free,
            &["msk-cluster/demo", "secret/AmazonMSK_demo", "key/demo"],
        ),
        step("eks-cluster/demo", 600, monthly(7300), &["network/demo"]),
        step(
            "node-group/demo",
            120,
            Cost::Unknown,
            &["eks-cluster/demo", "network/demo"],
        ),
        step("storage-class/ebs-sc", 1, Cost::Free, &["eks-cluster/demo"]),
        step("namespace/milvus", 1, Cost::Free, &["eks-cluster/demo"]),
        step(
            "statefulset/demo-etcd",
            45,
            Cost::Free,
            &[
                "namespace/milvus",
                "storage-class/ebs-sc",
                "node-group/demo",
            ],
        ),
        step(
            "deployment/demo-milvus-proxy",
            30,
            Cost::Free,
            &[
                "namespace/milvus",
                "statefulset/demo-etcd",
                "scram-association/demo",
                "bucket/demo-111122223333",
            ],
        ),
        step("service/demo-milvus", 150, balancer, &["namespace/milvus"]),
    ];
    steps[1].action = Action::Keep { ready: true };
    steps[8].action = Action::Update {
        changes: vec![Change {
            field: "parameters.type".to_owned(),
            from: Some("gp2".to_owned()),
            to: Some("gp3".to_owned()),
            ..Change::default()
        }],
    };
    steps[12].action = Action::Refuse {
        owner: "somebody else".into(),
    };
    Plan { steps }
}

/// A plan whose names are none that a cloud would take; each needs all before it.
pub(crate) fn awkward_plan() -> Plan {
    let steps = (0..AWKWARD.len()).map(|i| step(AWKWARD[i], 60, Cost::Free, &AWKWARD[..i]));
    Plan {
        steps: steps.collect(),
    }
}

fn entry(name: &str, outcome: Outcome, from: u64, to: u64, needs: &[&str]) -> Entry {
    Entry {
        resource: ResourceId::new(name),
        outcome,
        started: Duration::from_secs(from),
        took: Duration::from_secs(to - from),
        needs: needs.iter().map(ResourceId::new).collect(),
    }
}

fn event(at: u64, name: &str, kind: EventKind) -> Event {
    Event {
        at: Duration::from_secs(at),
        resource: ResourceId::new(name),
        kind,
    }
}

fn waiting(reason: &str) -> EventKind {
    EventKind::Progress {
        reason: reason.to_owned(),
    }
}

fn retrying(reason: &str, after: u64) -> EventKind {
    EventKind::Retrying {
        reason: reason.to_owned(),
        after: Duration::from_secs(after),
    }
}

fn report(entries: Vec<Entry>, took: u64, stopped: Option<Stopped>) -> Report {
    Report {
        entries,
        stopped,
        took: Duration::from_secs(took),
        outputs: Outputs::default(),
    }
}

/// An install like the guide's, that went well.
pub(super) fn guide_run() -> (Report, Vec<Event>) {
    use Outcome::{Created, Unchanged};
    let (network, eks, msk) = ("network/demo", "eks-cluster/demo", "msk-cluster/demo");
    let (key, secret) = ("key/demo", "secret/AmazonMSK_demo");
    let (scram, etcd) = ("scram-association/demo", "statefulset/demo-etcd");
    let entries = vec![
        entry(network, Created, 0, 150, &[]),
        entry(key, Created, 0, 2, &[]),
        entry(secret, Created, 2, 122, &[key]),
        entry(msk, Created, 150, 1645, &[network, key]),
        entry(scram, Created, 1645, 1650, &[msk, secret]),
        entry(eks, Created, 150, 750, &[network]),
        entry("node-group/demo", Created, 750, 880, &[eks]),
        entry("storage-class/ebs-sc", Unchanged, 750, 750, &[eks]),
        entry(etcd, Created, 880, 925, &["node-group/demo"]),
        entry(
            "deployment/demo-milvus-proxy",
            Created,
            1650,
            1660,
            &[scram, etcd],
        ),
    ];
    let late = "the key is not visible yet";
    let events = vec![
        event(12, secret, retrying(late, 30)),
        event(60, secret, retrying(late, 50)),
        event(10, network, waiting("NAT gateways are pending")),
        event(153, msk, waiting("is CREATING")),
        event(1600, msk, waiting("has no bootstrap brokers yet")),
        event(152, eks, waiting("is CREATING")),
        event(760, "node-group/demo", waiting("3 nodes are to join")),
        event(881, etcd, waiting("1 of 3 pods are ready")),
    ];
    (report(entries, 1660, None), events)
}

/// An install that failed, and ran out of time.
pub(super) fn failed_run() -> (Report, Vec<Event>) {
    let (network, nodes) = ("network/demo", "node-group/demo");
    let failed = Outcome::Failed {
        reason: "no capacity for m6i.2xlarge in us-west-2a".to_owned(),
    };
    let interrupted = Outcome::Interrupted {
        reason: "is CREATING".to_owned(),
    };
    let skipped = Outcome::Skipped {
        because: ResourceId::new(nodes),
    };
    let entries = vec![
        entry(network, Outcome::Created, 0, 150, &[]),
        entry("key/demo", Outcome::Created, 0, 2, &[]),
        entry("msk-cluster/demo", interrupted, 150, 720, &[network]),
        entry(nodes, failed, 150, 350, &[network]),
        entry(
            "scram-association/demo",
            Outcome::NotStarted,
            720,
            720,
            &["msk-cluster/demo"],
        ),
        entry("deployment/demo-milvus-proxy", skipped, 350, 350, &[nodes]),
    ];
    let events = vec![
        event(155, "msk-cluster/demo", waiting("is CREATING")),
        event(170, nodes, retrying("too many requests", 20)),
    ];
    (report(entries, 720, Some(Stopped::TimedOut)), events)
}

/// A run whose names and reasons are none that a cloud would give.
pub(super) fn awkward_run() -> (Report, Vec<Event>) {
    let failed = |reason: &str| Outcome::Failed {
        reason: reason.to_owned(),
    };
    let entries = AWKWARD.map(|name| entry(name, failed(name), 0, 60, &[]));
    let events = AWKWARD.iter().flat_map(|name| {
        [
            event(10, name, waiting(name)),
            event(20, name, retrying(name, 5)),
        ]
    });
    (report(entries.to_vec(), 60, None), events.collect())
}
