//! From one version to another, by roles and in pairs, while a client writes and searches; whatever fails stops it there,
//! and the same command goes on. The server is the same under both names: what is tested is the way.

use std::{
    thread,
    time::{Duration, Instant},
};

use milvus_probe::{CANARY_COLLECTION, Client};
use milvus_stage::{cache::Cache, data_plane::Services};
use serde_json::{Value, json};

use crate::{
    guide::{Guide, SERVICE_ACCOUNT, small, timed},
    plugin::{KAFKA_PASSWORD, Namespace, Ran, kubectl, stderr_lines},
    writer::Writer,
};

const NAME: &str = "demo";
const FROM: &str = "2.3.5";
const TO: &str = "2.3.13";
/// The documented order of separate coordinators before 2.6.
const ORDER: [(&str, &str); 8] = [
    ("indexNode", "indexnode"),
    ("rootCoordinator", "rootcoord"),
    ("dataCoordinator", "datacoord"),
    ("indexCoordinator", "indexcoord"),
    ("queryCoordinator", "querycoord"),
    ("queryNode", "querynode"),
    ("dataNode", "datanode"),
    ("proxy", "proxy"),
];
/// How long a step is waited for that shall fail.
const SHORT: &str = "90s";
const LIMIT: Duration = Duration::from_mins(1);

fn installed(label: &str) -> (Guide, Value) {
    let guide = Guide::new(label, KAFKA_PASSWORD);
    guide.namespace.enforce_restricted();
    let file = file(&guide);
    let install = ["install", "-f", "-", "--verify=false"];
    timed("install", || milvus(&guide, &install, &file).exits(0));
    (guide, file)
}

/// The guide's cluster: coordinators and proxies in pairs, on the stage's Kafka and S3.
fn file(guide: &Guide) -> Value {
    let cache = Cache::open().expect("the cache");
    let services = Services::start(&cache).expect("Kafka");
    let namespace = &guide.namespace.name;
    let pair = json!({"replicas": 2, "resources": small()});
    let one = json!({"replicas": 1, "resources": small()});
    json!({
        "apiVersion": "kubectl-milvus/v1", "name": NAME, "version": FROM, "mode": "cluster",
        "cluster": {
            "components": {
                "rootCoordinator": pair, "queryCoordinator": pair, "indexCoordinator": pair, "dataCoordinator": pair,
                "proxy": pair, "queryNode": one, "dataNode": one, "indexNode": one,
            },
            "etcd": {"inCluster": {"replicas": 1, "resources": small(), "storage": {"class": "local-path"}}},
            "kafka": {
                "brokers": [services.kafka_bootstrap()],
                "security": {"scramSha512": {"username": format!("user-{namespace}"), "password": {"env": "KAFKA_PASSWORD"}}},
            },
            "s3": {
                "endpoint": "s3.us-west-2.amazonaws.com:443", "bucket": "milvus-demo-bucket", "rootPath": "demo",
                "region": "us-west-2", "access": "iam",
            },
            "serviceAccount": {"name": SERVICE_ACCOUNT, "create": false},
        },
        "config": {"common": {"chanNamePrefix": {"cluster": namespace}}},
    })
}

fn milvus(guide: &Guide, args: &[&str], file: &Value) -> Ran {
    guide.namespace.milvus(args, &file.to_string())
}

fn upgrade(guide: &Guide, file: &Value, more: &[&str]) -> Ran {
    milvus(
        guide,
        &[&["upgrade", "-f", "-", "-o", "json"], more].concat(),
        file,
    )
}

/// The version of each component's deployment, in the order of the upgrade.
fn versions(document: &Value) -> Vec<String> {
    let components = document["components"].as_array().expect("components");
    let version = |(key, _): (&str, &str)| {
        let mut of_role = components.iter().filter(|it| it["role"] == key);
        let version = &of_role
            .next()
            .unwrap_or_else(|| panic!("no {key}: {document}"))["version"];
        version.as_str().expect("a version").to_owned()
    };
    ORDER.map(version).to_vec()
}

/// So many components are of the new version, the rest of the old one.
#[track_caller]
fn is_at(document: &Value, reached: usize) {
    let expected: Vec<&str> = (0..ORDER.len())
        .map(|at| if at < reached { TO } else { FROM })
        .collect();
    assert_eq!(versions(document), expected, "{document}");
}

/// The component and the image's tag of every pod that is not on its way out.
fn pods(namespace: &Namespace) -> Vec<(String, String)> {
    let list = namespace
        .kubectl(&["get", "pods", "-o", "json"])
        .exits(0)
        .json();
    let items = list["items"].as_array().expect("a list");
    let pod = |pod: &Value| {
        if pod["metadata"].get("deletionTimestamp").is_some() {
            return None;
        }
        let component = pod["metadata"]["labels"]["component"].as_str()?.to_owned();
        let image = pod["spec"]["containers"][0]["image"].as_str()?;
        Some((component, image.rsplit(':').next()?.to_owned()))
    };
    items.iter().filter_map(pod).collect()
}

#[test]
#[ignore = "takes ten minutes: cargo xtask test --only guide_upgrade"]
fn an_upgrade_keeps_every_row_while_a_client_writes_and_searches() {
    let (guide, file) = installed("upgrade");
    let mut newer = file.clone();
    newer["version"] = json!(TO);
    let refused = milvus(&guide, &["install", "-f", "-"], &newer).exits(5);
    let hint = format!("kubectl milvus upgrade --to {TO}");
    assert!(refused.stderr.contains(&hint), "{}", refused.stderr);
    milvus(&guide, &["plan", "-f", "-"], &newer).exits(5);

    let dry = upgrade(&guide, &file, &["--to", TO, "--dry-run=server"]).exits(0);
    let dry = dry.result_of("upgrade");
    is_at(&dry, 0);
    let stages = dry["stages"].as_array().expect("stages");
    let roles: Vec<_> = stages
        .iter()
        .map(|stage| stage["role"].as_str().expect("a role"))
        .collect();
    assert_eq!(roles, ORDER.map(|(key, _)| key));
    let client = upgrade(&guide, &file, &["--to", "2.4.5", "--dry-run=client"]).exits(0);
    client.result_of("upgrade");

    let writer = Writer::start(&guide.address("demo-milvus"));
    a_version_that_no_registry_has_is_gone_back_from(&guide, &file);
    the_canary_stops_it(&guide, &file);
    let done = timed("the rest of the upgrade", || {
        upgrade(&guide, &file, &["--to", TO]).exits(0)
    });
    let done = done.result_of("upgrade");
    is_at(&done, ORDER.len());
    assert_eq!(done["changed"], true);
    writer.goes_on();
    let again = upgrade(&guide, &newer, &["--to", TO])
        .exits(0)
        .result_of("upgrade");
    assert_eq!(again["changed"], false, "{again}");
    // What is installed from a file that follows is as wanted.
    let follows = milvus(&guide, &["plan", "-f", "-", "--exit-code"], &newer);
    follows.exits(0);
    assert!(
        pods(&guide.namespace)
            .iter()
            .all(|(_, tag)| tag == &format!("v{TO}"))
    );
    assert!(!has_canary(&guide), "the canary's collection stays");
    let memory = ["get", "configmap", &format!("{NAME}-upgrade")];
    assert_ne!(guide.namespace.kubectl(&memory).code, 0);

    let written = writer.stop();
    println!(
        "{} rows were acknowledged and are there, {} rounds of searches, {} calls failed, longest pause {:.1} s",
        written.rows(),
        written.searches,
        written.failures,
        written.longest_pause.as_secs_f64()
    );
    assert!(written.rows() > 100, "{written:?}");
    assert!(
        written.longest_pause < 2 * LIMIT,
        "{:?}",
        written.longest_pause
    );
}

/// An image that nobody has stops at the first component, and nothing else is touched.
fn a_version_that_no_registry_has_is_gone_back_from(guide: &Guide, file: &Value) {
    let args = ["--to", "2.3.12", "--gate-timeout", SHORT];
    let stopped = timed("no such image", || upgrade(guide, file, &args).exits(1));
    let words = [
        "demo-milvus-indexnode",
        "not ready within 90 s",
        "go back:  kubectl milvus upgrade --to 2.3.5",
    ];
    for words in words {
        assert!(
            stopped.stderr.contains(words),
            "no `{words}`:\n{}",
            stopped.stderr
        );
    }
    let versions = versions(&stopped.result_of("upgrade"));
    assert_eq!(
        (versions[0].as_str(), versions[1].as_str()),
        ("2.3.12", FROM)
    );
    let third = upgrade(guide, file, &["--to", TO]).exits(5);
    assert!(third.stderr.contains("side by side"), "{}", third.stderr);
    let back = timed("back again", || {
        upgrade(guide, file, &["--to", FROM]).exits(0)
    });
    is_at(&back.result_of("upgrade"), 0);
}

/// Rows that are gone after a component was replaced stop the upgrade behind it.
fn the_canary_stops_it(guide: &Guide, file: &Value) {
    let args = ["upgrade", "-f", "-", "--to", TO, "--gate-timeout", SHORT];
    let mut child = guide.namespace.spawn(&args, &file.to_string());
    let mut lines = stderr_lines(&mut child);
    let proved = |line: &String| line.starts_with('✓') && line.contains("canary after indexnode");
    assert!(
        lines.by_ref().any(|line| proved(&line)),
        "the first component is proved"
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let endpoint = format!("http://{}", guide.address("demo-milvus"));
        let client = Client::builder(endpoint.parse().expect("an address")).connect();
        let client = client.await.expect("a connection");
        let deleted = client.delete(CANARY_COLLECTION, "id in [0]").await;
        deleted.expect("a row is deleted");
    });
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{said:#?}");
    let said = said.join("\n");
    assert!(
        said.contains("canary after rootcoord") && said.contains("and not row 0"),
        "{said}"
    );
    assert!(
        said.contains(&format!("go on:    kubectl milvus upgrade --to {TO}")),
        "{said}"
    );
    // Another run misses them as well, until somebody says that it need not.
    let memory = format!(
        "kubectl delete configmap {NAME}-upgrade -n {}",
        guide.namespace.name
    );
    let still = upgrade(guide, file, &["--to", TO, "--gate-timeout", "20s"]).exits(1);
    assert!(still.stderr.contains(&memory), "{}", still.stderr);
    is_at(&still.result_of("upgrade"), 2);
    let forget = ["delete", "configmap", &format!("{NAME}-upgrade")];
    guide.namespace.kubectl(&forget).exits(0);
}

fn has_canary(guide: &Guide) -> bool {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let endpoint = format!("http://{}", guide.address("demo-milvus"));
        let client = Client::builder(endpoint.parse().expect("an address")).connect();
        let client = client.await.expect("a connection");
        client
            .has_collection(CANARY_COLLECTION)
            .await
            .expect("an answer")
    })
}

/// Every gate in turn: the component's new pods are refused, the upgrade stops there, and goes on from there.
#[test]
#[ignore = "takes ten minutes: cargo xtask test --only guide_upgrade"]
fn an_upgrade_stops_at_every_gate_and_goes_on() {
    let (guide, file) = installed("gates");
    let writer = Writer::start(&guide.address("demo-milvus"));
    for (reached, (_, component)) in ORDER.iter().enumerate() {
        let refusal = Refusal::new(&guide.namespace, component);
        let args = ["--to", TO, "--gate-timeout", SHORT];
        let stopped = timed(component, || upgrade(&guide, &file, &args).exits(1));
        // Its deployment asks for the new version already; its pods are the old ones.
        is_at(&stopped.result_of("upgrade"), reached + 1);
        let failed = format!("deployment/demo-milvus-{component}");
        assert!(stopped.stderr.contains(&failed), "{}", stopped.stderr);
        let new = pods(&guide.namespace)
            .into_iter()
            .filter(|(_, tag)| tag == &format!("v{TO}"));
        let new: std::collections::BTreeSet<_> = new.map(|(component, _)| component).collect();
        let before: std::collections::BTreeSet<_> = ORDER[..reached]
            .iter()
            .map(|(_, component)| (*component).to_owned())
            .collect();
        assert_eq!(new, before, "after {component} was refused");
        writer.goes_on();
        refusal.end();
    }
    let done = upgrade(&guide, &file, &["--to", TO]).exits(0);
    is_at(&done.result_of("upgrade"), ORDER.len());
    let written = writer.stop();
    assert!(written.rows() > 100, "{written:?}");
}

/// New pods of one component are not let in.
struct Refusal<'a> {
    namespace: &'a Namespace,
    component: &'a str,
    name: String,
}

impl<'a> Refusal<'a> {
    fn new(namespace: &'a Namespace, component: &'a str) -> Self {
        let name = format!("{}-{component}", namespace.name);
        let expression = format!(
            "!(has(object.metadata.labels) && 'component' in object.metadata.labels \
             && object.metadata.labels['component'] == '{component}' \
             && object.spec.containers[0].image.endsWith(':v{TO}'))"
        );
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}},
                    "resourceRules": [{
                        "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
                    }],
                },
                "validations": [{"expression": expression, "message": "not let in by the test"}],
            },
        });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        });
        for object in [policy, binding] {
            kubectl(&["apply", "-f", "-"], &object.to_string()).exits(0);
        }
        let refusal = Self {
            namespace,
            component,
            name,
        };
        refusal.takes_hold(true);
        refusal
    }

    /// Waits until pods are refused, or are not any more.
    fn takes_hold(&self, wanted: bool) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "trial", "labels": {"component": self.component}},
            "spec": {"containers": [{"name": "trial", "image": format!("milvusdb/milvus:v{TO}")}]},
        });
        let trial = [
            "-n",
            &self.namespace.name,
            "create",
            "--dry-run=server",
            "-f",
            "-",
        ];
        let deadline = Instant::now() + LIMIT;
        while (kubectl(&trial, &pod.to_string()).code != 0) != wanted {
            assert!(Instant::now() < deadline, "the policy takes no hold");
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Lets them in again; who was refused before is asked to try again at once.
    fn end(self) {
        for kind in [
            "validatingadmissionpolicybinding",
            "validatingadmissionpolicy",
        ] {
            kubectl(&["delete", kind, &self.name], "").exits(0);
        }
        self.takes_hold(false);
        let label = format!("component={}", self.component);
        let annotate = [
            "annotate",
            "replicaset",
            "-l",
            &label,
            "tests/again=now",
            "--overwrite",
        ];
        self.namespace.kubectl(&annotate).exits(0);
    }
}
