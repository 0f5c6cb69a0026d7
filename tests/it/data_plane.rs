//! `verify` against servers outside of Kubernetes: it passes on sound ones, and names the step that an unsound one fails.

use std::{
    io::Write,
    thread,
    time::{Duration, Instant},
};

use milvus_stage::{
    cache::Cache,
    data_plane::{Fault, FaultProxy, Login, Server, Shape, Variant},
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::plugin::{Ran, milvus, spawn, stderr_lines};

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
    let failed = failure(ran);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&failed["step"]), text(&failed["found"]))
}

/// What the report says of the step that failed. Its title and its hint are on stderr.
#[track_caller]
fn failure(ran: Ran) -> Value {
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
    if let Some(hint) = failed["hint"].as_str() {
        assert!(ran.stderr.contains(hint), "no hint:\n{}", ran.stderr);
    }
    failed.clone()
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

    // A lie points at no part; what hangs or breaks does.
    for (fault, step, suspect) in [
        (Fault::WrongNeighbours, "search", None),
        (Fault::MissNearest, "search", None),
        (Fault::WrongCount, "load", None),
        (Fault::KeepDeleted, "delete", None),
        (Fault::Hang("Connect"), "connect", Some("coordinators")),
        (Fault::Hang("Insert"), "insert", Some("messageQueue")),
        (Fault::Hang("Flush"), "flush", Some("objectStorage")),
        (Fault::Hang("LoadCollection"), "load", Some("queryNodes")),
        (Fault::Hang("Search"), "search", Some("queryNodes")),
        (Fault::DropAfter("Insert"), "insert", Some("messageQueue")),
    ] {
        let proxy = FaultProxy::start(&cache, &server.endpoint(), fault).expect("the proxy starts");
        let failed = failure(verify(&proxy.endpoint(), &[]));
        assert_eq!(failed["step"], step, "{fault:?}");
        assert_eq!(failed["suspects"][0].as_str(), suspect, "{fault:?}");
    }
    let honest = FaultProxy::start(&cache, &server.endpoint(), Fault::Nothing);
    let honest = honest.expect("the proxy starts");
    verify(&honest.endpoint(), &[]).exits(0);
    let left = verify(&server.endpoint(), &["--rows", "200", "--index", "HNSW"])
        .exits(0)
        .json();
    assert_eq!(left["index"], "HNSW", "{left}");
}

#[test]
fn a_newer_server_passes() {
    let server = Server::start(&cache(), Shape::Lite).expect("the server starts");
    let ran = verify(&server.endpoint(), &[]).exits(0);
    let report = ran.result_of("verify");
    assert_eq!(report["rows"], 3000, "{report}");
    // Discovery 7: what one Python process cannot show is said.
    let open = report["notProven"].to_string();
    assert!(
        open.contains("nlist") && open.contains("GetMetrics"),
        "{open}"
    );
}

#[test]
fn stage_fault_13_a_verification_that_was_killed_is_cleaned_up_by_a_later_one() {
    let cache = cache();
    let server = Server::start(&cache, Shape::Standalone).expect("the server starts");
    let hang = FaultProxy::start(&cache, &server.endpoint(), Fault::Hang("Insert"));
    let hang = hang.expect("the proxy starts");
    let endpoint = hang.endpoint();
    let mut killed = spawn(&["verify", "--endpoint", &endpoint, "--timeout", "20s"]);
    let mut lines = stderr_lines(&mut killed);
    // It ends while its insert hangs, with its collection made.
    assert!(lines.any(|line| line.contains("create collection")));
    killed.kill().expect("it runs");
    killed.wait().expect("it ends");

    let runtime = Runtime::new().expect("a runtime");
    let left = || -> Vec<String> {
        let address = server.endpoint().parse().expect("an address");
        let all = async {
            let client = milvus_probe::Client::builder(address).connect().await?;
            client.collections().await
        };
        let all = runtime.block_on(all).expect("collections");
        let ours = |name: &String| name.starts_with("kubectl_milvus_verify_");
        all.into_iter().filter(ours).collect()
    };
    let [collection] = <[String; 1]>::try_from(left()).expect("one is left behind");
    // Somebody else's may still run: it stays.
    let report = verify(&server.endpoint(), &[]).exits(0).json();
    assert_eq!(report["leftovers"], serde_json::json!([]), "{report}");
    assert_eq!(left(), [collection.as_str()]);
    // Its own deadline, what the removal may take, and some grace: it runs no more.
    thread::sleep(Duration::from_secs(20 + 8 + 30));
    let ran = verify(&server.endpoint(), &[]).exits(0);
    let report = ran.result_of("verify");
    assert_eq!(report["leftovers"][0]["collection"], collection, "{report}");
    assert_eq!(left(), Vec::<String>::new());
}

#[test]
fn field_5_4_a_server_that_cannot_log_in_to_kafka_is_found_out_within_a_minute() {
    let server = Server::start_with(&cache(), Shape::Standalone, Variant::WrongKafkaPassword)
        .expect("the server starts");
    // Its health is OK all the same.
    let health = server.health_endpoint().expect("a health endpoint");
    let endpoint = server.endpoint();
    let args = [
        "verify",
        "--endpoint",
        &endpoint,
        "--health-endpoint",
        &health,
        "-o",
        "json",
    ];
    let began = Instant::now();
    let ran = milvus(&args, "");
    let took = began.elapsed();
    assert!(took < Duration::from_mins(1), "{took:?}");
    let failed = failure(ran);
    assert_eq!(failed["step"], "create");
    assert_eq!(failed["suspects"][0], "messageQueue");
    let hint = failed["hint"].as_str().expect("a hint");
    assert!(hint.contains("Kafka") && hint.contains("login"), "{hint}");
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
