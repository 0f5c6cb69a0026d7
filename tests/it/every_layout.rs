//! One pod on the official images of every layout, where nothing but what `restricted` allows is admitted: installed, restarted
//! and upgraded with its data, from the oldest layout to the newest.

use serde_json::{Value, json};

use crate::{
    guide::timed,
    plugin::{Namespace, Ran, kubectl},
    vectors::Vectors,
};

/// The steps that the product's own table of upgrades allows, one release for each image of the stage.
const RELEASES: [&str; 6] = ["2.3.10", "2.3.13", "2.4.17", "2.5.26", "2.6.20", "3.0.0"];

/// What the stage's server logs to, whatever the line.
fn file(version: &str) -> Value {
    json!({
        "apiVersion": "kubectl-milvus/v1", "name": "demo", "version": version, "mode": "standalone",
        "config": {"mq": {"type": "rocksmq"}}, "attu": {},
        "standalone": {
            "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}},
            "storage": {"size": "1Gi"},
        },
    })
}

fn run(namespace: &Namespace, words: &[&str], file: &Value) -> Ran {
    namespace.milvus(words, &file.to_string())
}

fn vectors(namespace: &Namespace) -> Vectors {
    let ip = [
        "get",
        "service",
        "demo-milvus",
        "-o",
        "jsonpath={.spec.clusterIP}",
    ];
    Vectors::at(&format!("{}:19530", namespace.kubectl(&ip).exits(0).stdout))
}

/// Replaces every pod, and waits until the new ones are ready.
fn restart(namespace: &Namespace) {
    for deployment in ["demo-milvus-standalone", "demo-milvus-attu"] {
        let name = format!("deployment/{deployment}");
        namespace.kubectl(&["rollout", "restart", &name]).exits(0);
        namespace
            .kubectl(&["rollout", "status", &name, "--timeout=120s"])
            .exits(0);
    }
}

fn upgrade(namespace: &Namespace, file: &Value, releases: &[&str]) {
    for release in releases {
        let words = ["upgrade", "-f", "-", "--to", release, "--yes", "-o", "json"];
        let done = timed(release, || run(namespace, &words, file).exits(0));
        assert_eq!(done.result_of("upgrade")["changed"], true);
        vectors(namespace).are_found();
    }
}

#[test]
fn one_pod_of_every_layout_runs_where_restricted_is_enforced_and_keeps_its_vectors() {
    let namespace = Namespace::restricted("layouts");
    let (first, rest) = RELEASES.split_first().expect("releases");
    let file = file(first);
    let install = ["install", "-f", "-", "-o", "json"];
    let installed = timed("install", || run(&namespace, &install, &file).exits(0));
    assert_eq!(installed.result_of("install")["verified"], true);
    vectors(&namespace).keep();
    timed("restart", || restart(&namespace));
    vectors(&namespace).are_found();
    upgrade(&namespace, &file, rest);
    restart(&namespace);
    vectors(&namespace).are_found();
    namespace.milvus(&["verify"], "").exits(0);
    let page = [
        "exec",
        "deployment/demo-milvus-attu",
        "--",
        "cat",
        "build/env-config.js",
    ];
    let page = namespace.kubectl(&page).exits(0).stdout;
    assert!(
        page.contains("MILVUS_URL: \"http://demo-milvus:19530\""),
        "{page}"
    );
}

/// OpenShift: users are its own, and no pod may say another one.
#[test]
fn one_pod_runs_on_openshifts_terms_and_is_upgraded_to_another_layout() {
    let namespace = Namespace::of_openshift("openshift");
    let (from, to) = ("2.6.20", "3.0.0");
    let mut file = file(from);
    file["platform"] = json!("kubernetes");
    let fixed = run(&namespace, &["render", "-f", "-"], &file)
        .exits(0)
        .stdout;
    let made = ["-n", &namespace.name, "apply", "-f", "-"];
    kubectl(&made, &fixed).exits(0);
    let refused = namespace.wait_for_event("must be in the ranges: [1000680000, 1000689999]");
    assert!(refused.contains("restricted-v2"), "{refused}");
    kubectl(
        &["-n", &namespace.name, "delete", "--wait", "-f", "-"],
        &fixed,
    )
    .exits(0);

    file["platform"] = json!("openshift");
    let install = ["install", "-f", "-", "-o", "json"];
    let installed = timed("install", || run(&namespace, &install, &file).exits(0));
    assert_eq!(installed.result_of("install")["verified"], true);
    vectors(&namespace).keep();
    restart(&namespace);
    vectors(&namespace).are_found();
    upgrade(&namespace, &file, &[to]);
}
