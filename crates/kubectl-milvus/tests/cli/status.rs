//! `status` and `verify` of installations that lack something (faults 1, 9, 12 and 15 of the stage).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    installed::{APPS, CLUSTER, HOME, Installation},
    plugin::Ran,
};

fn deployment(name: &str) -> String {
    format!("{APPS}/deployments/demo-milvus-{name}")
}

fn status(of: &Installation, args: &[&str]) -> Ran {
    let args = [&["status"][..], args, &["-n", "vectors"]].concat();
    let ran = of.run(&[&args[..], &["-o", "json"]].concat());
    let schema = include_str!("../../../../docs/schema/status.v1.json");
    let schema = serde_json::from_str(schema).unwrap();
    let document = ran.json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults = validator.iter_errors(&document);
    let faults: Vec<_> = faults.map(|fault| fault.to_string()).collect();
    assert_eq!(faults, Vec::<String>::new());
    // What people read says the same.
    let text = of.run(&args);
    assert_eq!(text.code, ran.code);
    Ran {
        stderr: text.stdout,
        ..ran
    }
}

fn lacking(ran: &Ran) -> Value {
    ran.json()["lacking"].clone()
}

#[test]
fn stage_fault_1_a_whole_installation_is_ready() {
    let whole = Installation::new(CLUSTER);
    for args in [&[][..], &["demo"], &["-f", "milvus.yaml"]] {
        let ran = status(&whole, args).exits(0);
        assert_eq!(ran.json()["ready"], true);
        assert_eq!(lacking(&ran), json!([]));
    }
}

#[test]
fn stage_fault_1_parts_that_are_missing_are_named() {
    let broken = Installation::new(CLUSTER);
    broken.server.remove(&deployment("querynode"));
    broken.server.remove(&deployment("indexnode"));
    broken
        .server
        .remove(&format!("{HOME}/services/demo-milvus"));
    for args in [&[][..], &["demo"], &["-f", "milvus.yaml"]] {
        let ran = status(&broken, args).exits(3);
        assert_eq!(ran.json()["ready"], false);
        assert_eq!(
            lacking(&ran),
            json!([
                {"object": "service/demo-milvus", "why": "absent"},
                {"object": "deployment/demo-milvus-indexnode", "why": "absent"},
                {"object": "deployment/demo-milvus-querynode", "why": "absent"},
            ])
        );
        let line = "missing: service/demo-milvus, deployment/demo-milvus-indexnode, deployment/demo-milvus-querynode; `kubectl milvus install -f ";
        assert!(ran.stderr.contains(line), "{ran:#?}");
    }
}

/// With the file all that it asks for is compared: a budget is no part without which Milvus stops.
#[test]
fn stage_fault_1_with_the_file_every_object_is_compared() {
    let file = CLUSTER.replace(
        "cluster:\n",
        "cluster:\n  components: {proxy: {replicas: 2}}\n",
    );
    let broken = Installation::new(&file);
    let budget = "/apis/policy/v1/namespaces/vectors/poddisruptionbudgets/demo-milvus-proxy";
    broken.server.remove(budget);
    status(&broken, &[]).exits(0);
    let ran = status(&broken, &["-f", "milvus.yaml"]).exits(3);
    let told = json!([{"object": "poddisruptionbudget/demo-milvus-proxy", "why": "absent"}]);
    assert_eq!(lacking(&ran), told);
}

/// The file's passwords are not needed to compare names.
#[test]
fn stage_fault_1_no_password_is_read_for_a_status() {
    let installation = Installation::new(CLUSTER);
    let security = "security: {scramSha512: {username: milvus, password: {env: ABSENT}}}";
    let file = CLUSTER.replace("'kafka-1:9092']", &format!("'kafka-1:9092'], {security}"));
    installation.folder.write("milvus.yaml", file);
    let ran = status(&installation, &["-f", "milvus.yaml"]).exits(3);
    let told = json!([{"object": "secret/demo-milvus-kafka", "why": "absent"}]);
    assert_eq!(lacking(&ran), told);
}

#[test]
fn stage_fault_1_standard_input_is_read_once() {
    let whole = Installation::new(CLUSTER);
    let mut command = whole.folder.command(&["status", "-f", "-"]);
    command.write_stdin(CLUSTER);
    Ran::of(&mut command).exits(0);
}

#[test]
fn stage_fault_1_a_component_at_zero_is_named() {
    let scaled = Installation::new(CLUSTER);
    scaled.server.edit(&deployment("querynode"), |live| {
        live["spec"]["replicas"] = json!(0);
        live["status"] = json!({});
    });
    let ran = status(&scaled, &[]).exits(3);
    let told = json!([{"object": "deployment/demo-milvus-querynode", "why": "noPods"}]);
    assert_eq!(lacking(&ran), told);
    let line = "scaled to 0 pods: deployment/demo-milvus-querynode";
    assert!(ran.stderr.contains(line), "{ran:#?}");

    let began = Instant::now();
    let ran = scaled.run(&["verify", "-n", "vectors"]).exits(3);
    assert!(began.elapsed() < Duration::from_secs(20), "{ran:#?}");
    ran.says(&[
        "Milvus of demo cannot work: deployment/demo-milvus-querynode is scaled to 0 pods",
        "hint: `kubectl milvus status demo`",
    ]);
}

#[test]
fn stage_fault_1_without_its_service_an_installation_is_found() {
    let broken = Installation::new(CLUSTER);
    broken
        .server
        .remove(&format!("{HOME}/services/demo-milvus"));
    let told = json!([{"object": "service/demo-milvus", "why": "absent"}]);
    assert_eq!(lacking(&status(&broken, &[]).exits(3)), told);
    // What an uninstall keeps is no installation.
    for path in broken.server.paths() {
        if !path.contains("/secrets/") && !path.contains("/persistentvolumeclaims/") {
            broken.server.remove(&path);
        }
    }
    let ran = broken.run(&["status", "-n", "vectors"]).exits(1);
    ran.says(&["namespace vectors holds no installation"]);
}

#[test]
fn stage_fault_15_a_deployment_without_its_label_is_named() {
    let unmarked = Installation::new(CLUSTER);
    unmarked.server.edit(&deployment("proxy"), |live| {
        let labels = live["metadata"]["labels"].as_object_mut().unwrap();
        labels.remove("kubectl-milvus/installation").unwrap();
    });
    let ran = status(&unmarked, &[]).exits(3);
    let told = json!([{"object": "deployment/demo-milvus-proxy", "why": "unmarked"}]);
    assert_eq!(lacking(&ran), told);
    let command =
        "`kubectl label deployment/demo-milvus-proxy -n vectors kubectl-milvus/installation=demo`";
    assert!(ran.stderr.contains(command), "{ran:#?}");
}

#[test]
fn stage_fault_12_the_node_of_a_pod_is_named() {
    let lost = Installation::new(CLUSTER);
    lost.server
        .edit(&format!("{HOME}/pods/demo-milvus-proxy-1"), |pod| {
            pod["status"]["conditions"][0]["status"] = json!("False");
        });
    lost.server.edit(&deployment("proxy"), |live| {
        live["status"]["readyReplicas"] = json!(0);
    });
    let ready = json!({"type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status."});
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {}, "status": {"conditions": [ready]}});
    lost.server.put("/api/v1/nodes/worker-1", node);
    let line = "pod demo-milvus-proxy-1: Starting; its node worker-1 is not ready: Kubelet stopped posting node status; ";
    let ran = status(&lost, &[]).exits(3);
    assert!(ran.stderr.contains(line), "{ran:#?}");
    lost.server.forbid("worker-1");
    let line =
        "pod demo-milvus-proxy-1: Starting; its node is worker-1, and you cannot read its state, ";
    let ran = status(&lost, &[]).exits(3);
    assert!(ran.stderr.contains(line), "{ran:#?}");
}

#[test]
fn stage_fault_9_somebody_elses_autoscaler_is_told_and_left_alone() {
    let scaled = Installation::new(CLUSTER);
    scaled.server.edit(&deployment("querynode"), |live| {
        live["spec"]["replicas"] = json!(5);
    });
    let autoscaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "demo-milvus-querynode"}},
    });
    let path = "/apis/autoscaling/v2/namespaces/vectors/horizontalpodautoscalers/keda-hpa";
    scaled.server.put(path, autoscaler);
    let ran = scaled.run(&["plan", "-f", "milvus.yaml"]).exits(0);
    assert!(!ran.stdout.contains("spec.replicas"), "{ran:#?}");
    let line = "horizontalpodautoscaler/keda-hpa, which is not of this installation, chooses how many pods deployment/demo-milvus-querynode has; that stays so: 5 now\n";
    assert!(ran.stderr.contains(line), "{ran:#?}");
    let dry = ["install", "-f", "milvus.yaml", "--dry-run=server"];
    let ran = scaled.run(&dry).exits(0);
    assert!(ran.stderr.contains(line), "{ran:#?}");
    let ran = scaled
        .run(&["scale", "queryNode=3", "-n", "vectors"])
        .exits(2);
    ran.says(&[
        "horizontalpodautoscaler/keda-hpa",
        "beside the installation",
    ]);
}
