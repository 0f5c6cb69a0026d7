//! The guide's cluster, rendered by us: coordinators in pairs, Kafka with a login that careless writers spoil, S3 by a role.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    guide::{Guide, timed},
    plugin::Namespace,
    vectors::Vectors,
};

const NAME: &str = "demo";
/// Every sign that means something to YAML, shells, Java's properties or Kafka's tools. It does not begin with a space: librdkafka, by which
/// Milvus talks to Kafka, drops those.
const PASSWORD: &str = "a\"b\\'c #d{e: \"yes\", [f]=$g%h!*&i|j>k`~@^é漢😀 ";
/// A coordinator that dies leaves a session of half a minute behind.
const LIMIT: Duration = Duration::from_secs(75);

#[test]
fn the_guides_cluster_is_verified_and_a_standby_takes_over() {
    let guide = Guide::new("failover", PASSWORD);
    let namespace = &guide.namespace;
    namespace.enforce_restricted();
    let mut values = guide.values();
    // Nobody makes load balancers here.
    values["service"]["type"] = json!("ClusterIP");
    values["attu"]["ingress"]["enabled"] = json!(false);
    let values = guide.write(&values);
    let install = [
        "install",
        "--helm-values",
        &values,
        "--release",
        NAME,
        "-o",
        "json",
    ];
    let installed = timed("install", || namespace.milvus(&install, "").exits(0));
    let said = format!("{}{}", installed.stdout, installed.stderr);
    assert!(!said.contains(PASSWORD), "the password is shown");
    let installed = installed.result_of("install");
    assert_eq!(installed["verified"], true, "{installed}");

    let vectors = Vectors::at(&guide.address("demo-milvus"));
    timed("vectors are stored", || vectors.keep());
    let active = active(namespace);
    let began = Instant::now();
    let kill = ["delete", "pod", &active, "--grace-period=0", "--force"];
    namespace.kubectl(&kill).exits(0);
    let took = timed("the standby takes over", || vectors.time_to_change(began));
    assert!(took < LIMIT, "the standby took {took:?}");
    assert_ne!(self::active(namespace), active);
    vectors.are_found();
}

/// The pod of the root coordinator that is at work: the one whose address its session tells.
fn active(namespace: &Namespace) -> String {
    let ask = "etcdctl get --prefix --print-value-only by-dev/meta/session/rootcoord";
    let session = ["exec", "demo-etcd-0", "--", "sh", "-c", ask];
    let session = namespace.kubectl(&session).exits(0).stdout;
    let session: Value = serde_json::from_str(session.lines().next().unwrap_or_default())
        .unwrap_or_else(|error| panic!("no session: {error}: {session}"));
    let address = session["Address"].as_str().expect("an address");
    let pods = ["get", "pods", "-l", "component=rootcoord", "-o", "json"];
    let pods = namespace.kubectl(&pods).exits(0).json();
    let pods = pods["items"].as_array().expect("a list");
    assert_eq!(pods.len(), 2, "a pair");
    let is_it = |pod: &&Value| {
        let ip = pod["status"]["podIP"].as_str().unwrap_or_default();
        address.starts_with(&format!("{ip}:"))
    };
    let pod = pods
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("{address} is of no pod"));
    pod["metadata"]["name"].as_str().expect("a name").to_owned()
}
