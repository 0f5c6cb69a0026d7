//! `verify` against servers outside of Kubernetes: it passes on sound ones, and names the step that an unsound one fails.

use std::io::Write;

use milvus_stage::{
    cache::Cache,
    data_plane::{Fault, FaultProxy, Login, Server, Shape, Variant},
};
use serde_json::Value;

use crate::plugin::{Ran, milvus};

fn cache() -> Cache {
    Cache::open().expect("the stage's cache")
}

/// Verifies a server, with a short patience for each step.
fn verify(endpoint: &str, more: &[&str]) -> Ran {
    let args = [
        "verify",
        "--endpoint",
        endpoint,
        "-o",
        "json",
        "--step-timeout",
        "20s",
    ];
    milvus(&[&args[..], more].concat(), "")
}

/// The step that failed, and what was found.
#[track_caller]
fn failed_step(ran: Ran) -> (String, String) {
    let ran = ran.exits(3);
    let report = ran.result_of("verify");
    assert_eq!(report["passed"], false, "{report}");
    let steps = report["steps"].as_array().expect("steps");
    let failed = steps.iter().find(|step| step["outcome"] == "failed");
    let failed = failed.unwrap_or_else(|| panic!("no step failed: {report}"));
    let title = failed["title"].as_str().expect("a title");
    assert!(
        ran.stderr.contains(title),
        "stderr does not name {title}:\n{}",
        ran.stderr
    );
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&failed["step"]), text(&failed["found"]))
}

#[test]
fn a_cluster_of_role_processes_passes_and_every_fault_in_front_of_it_is_found() {
    let cache = cache();
    let server = Server::start(&cache, Shape::Cluster).expect("the cluster starts");
    let health = server.health_endpoint().expect("a health endpoint");
    let report = verify(&server.endpoint(), &["--health-endpoint", &health])
        .exits(0)
        .json();
    assert_eq!(report["recall"]["thorough"], 1.0, "{report}");

    for (fault, step) in [
        (Fault::Nothing, None),
        (Fault::WrongNeighbours, Some("search")),
        (Fault::MissNearest, Some("search")),
        (Fault::WrongCount, Some("load")),
        (Fault::KeepDeleted, Some("delete")),
        (Fault::Hang("Search"), Some("search")),
        (Fault::Hang("Flush"), Some("flush")),
        (Fault::DropAfter("Insert"), Some("insert")),
    ] {
        let proxy = FaultProxy::start(&cache, &server.endpoint(), fault).expect("the proxy starts");
        let ran = verify(&proxy.endpoint(), &[]);
        match step {
            None => drop(ran.exits(0)),
            Some(step) => assert_eq!(failed_step(ran).0, step, "{fault:?}"),
        }
    }
    let left = verify(&server.endpoint(), &["--rows", "200", "--index", "HNSW"])
        .exits(0)
        .json();
    assert_eq!(left["index"], "HNSW", "{left}");
}

#[test]
fn a_newer_server_passes() {
    let server = Server::start(&cache(), Shape::Lite).expect("the server starts");
    let report = verify(&server.endpoint(), &[]).exits(0).json();
    assert_eq!(report["rows"], 3000, "{report}");
}

#[test]
fn a_server_that_cannot_log_in_to_kafka_fails_although_its_health_is_ok() {
    let server = Server::start_with(&cache(), Shape::Standalone, Variant::WrongKafkaPassword)
        .expect("the server starts");
    let health = server.health_endpoint().expect("a health endpoint");
    let ran = verify(&server.endpoint(), &["--health-endpoint", &health]);
    assert_eq!(failed_step(ran).0, "create");
}

#[test]
fn a_user_without_rights_fails_and_a_wrong_password_does_too() {
    let server = Server::start_with(&cache(), Shape::Standalone, Variant::Authorization)
        .expect("the server starts");
    let users = server.users().expect("users");
    let as_user = |login: Login, password: &str| {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        writeln!(file, "{password}").expect("it can be written");
        let path = file.path().to_str().expect("a text").to_owned();
        let ran = verify(
            &server.endpoint(),
            &["--username", login.user, "--password-file", &path],
        );
        assert!(
            !ran.stdout.contains(password) && !ran.stderr.contains(password),
            "a password"
        );
        ran
    };

    let report = as_user(users.root, users.root.password).exits(0).json();
    let refusal = report["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .find(|s| s["step"] == "authorization");
    assert_eq!(refusal.expect("a step")["outcome"], "passed", "{report}");
    let (step, found) = failed_step(as_user(users.without_rights, users.without_rights.password));
    assert_eq!(step, "create");
    assert!(found.contains("right"), "{found}");
    let (step, found) = failed_step(as_user(users.root, "not-the-password"));
    assert_eq!(step, "connect");
    assert!(found.contains("login"), "{found}");
    let (step, _) = failed_step(verify(&server.endpoint(), &[]));
    assert_eq!(step, "connect");
}
