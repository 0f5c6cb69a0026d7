//! A release that Helm made is taken over in place, with the vectors in it.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

use crate::{
    guide::{Guide, timed},
    helm_chart::{self, RELEASE},
    plugin::{Namespace, Ran, run},
    vectors::Vectors,
};

const PASSWORD: &str = "kafka-of-the-guide";

/// Helm 3.
pub(crate) fn helm(namespace: &Namespace, args: &[&str]) -> Ran {
    helm_of("helm", namespace, args)
}

/// Helm 3 as `helm`, and Helm 4 as `helm4`.
fn helm_of(program: &str, namespace: &Namespace, args: &[&str]) -> Ran {
    run(Command::new(program)
        .args(args)
        .args(["-n", &namespace.name]))
}

/// Installs the guide's chart as users of that Helm do, and waits for its pods.
fn install_by_helm(program: &str, guide: &Guide, values: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let chart = helm_chart::write(folder.path());
    let chart = chart.to_str().expect("a text");
    let namespace = &guide.namespace;
    let install = ["install", RELEASE, chart, "-f", values];
    helm_of(program, namespace, &install).exits(0);
    // Nobody makes load balancers here: their addresses are written by hand.
    let address = r#"{"status": {"loadBalancer": {"ingress": [{"hostname": "balancer.test"}]}}}"#;
    for object in ["service/demo-milvus", "ingress/demo-milvus-attu"] {
        let patch = [
            "patch",
            object,
            "--subresource=status",
            "--type=merge",
            "-p",
            address,
        ];
        namespace.kubectl(&patch).exits(0);
    }
    let set = ["rollout", "status", "statefulset", "--timeout=120s"];
    namespace.kubectl(&set).exits(0);
    let deployments = [
        "wait",
        "--for=condition=Available",
        "deployment",
        "--all",
        "--timeout=150s",
    ];
    namespace.kubectl(&deployments).exits(0);
}

/// Who etcd's pods are, and how often they were restarted.
fn etcd(namespace: &Namespace) -> Vec<String> {
    let selector = "app.kubernetes.io/name=etcd";
    let pods = ["get", "pods", "-l", selector, "-o", "json"];
    let pods = namespace.kubectl(&pods).exits(0).json();
    let pods = pods["items"].as_array().expect("a list");
    let identity = |pod: &Value| {
        let restarts = &pod["status"]["containerStatuses"][0]["restartCount"];
        format!("{} restarted {restarts} times", pod["metadata"]["uid"])
    };
    pods.iter().map(identity).collect()
}

/// How often each deployment rolled: it has a replica set for each time.
fn rolls(namespace: &Namespace) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (name, object) in namespace.objects() {
        if name.starts_with("ReplicaSet/") {
            let owner = &object["metadata"]["ownerReferences"][0]["name"];
            let owner = owner.as_str().expect("an owner").to_owned();
            *counts.entry(owner).or_insert(0) += 1;
        }
    }
    counts
}

/// What a service keeps: its address, and its ports on the nodes.
fn places(namespace: &Namespace) -> BTreeMap<String, String> {
    let services = namespace.objects().into_iter();
    let services = services.filter(|(name, _)| name.starts_with("Service/"));
    let place = |(name, service): (String, Value)| {
        let ports = service["spec"]["ports"].as_array().expect("ports");
        let client = ports.iter().find(|port| port["name"] == "milvus");
        let node_port = client.map(|port| port["nodePort"].to_string());
        (
            name,
            format!("{} {node_port:?}", service["spec"]["clusterIP"]),
        )
    };
    services.map(place).collect()
}

/// Versions of everything but pods, whose own move by themselves.
fn versions(namespace: &Namespace) -> BTreeMap<String, Value> {
    let objects = namespace.objects().into_iter();
    let objects = objects.filter(|(name, _)| !name.starts_with("Pod/"));
    let version = |(name, object): (String, Value)| {
        let version = object["metadata"]["resourceVersion"].clone();
        (name, version)
    };
    objects.map(version).collect()
}

#[test]
fn a_helm_release_is_adopted_with_the_vectors_in_it() {
    let guide = Guide::new("adopt", PASSWORD);
    let namespace = &guide.namespace;
    let values = guide.write(&guide.values());
    let plain = [
        "install",
        "--helm-values",
        &values,
        "--release",
        RELEASE,
        "-o",
        "json",
    ];
    timed("helm install", || install_by_helm("helm", &guide, &values));
    let vectors = Vectors::at(&guide.address("demo-milvus"));
    timed("vectors are stored", || vectors.keep());
    let (members, served) = (etcd(namespace), places(namespace));
    let before = versions(namespace);

    let refused = namespace.milvus(&plain, "").exits(5).stderr;
    assert!(
        refused.contains("the Helm release demo-milvus") && refused.contains("--adopt"),
        "{refused}"
    );
    // Nothing is named: Helm remembers what its user gave.
    let unasked = namespace
        .milvus(&["install", "--adopt"], "")
        .exits(5)
        .stderr;
    assert!(unasked.contains("--yes"), "{unasked}");
    let shown = timed("plan --adopt", || {
        namespace
            .milvus(&["plan", "--adopt", "-o", "json"], "")
            .exits(0)
    });
    let newer = ["install", "--adopt", "--yes", "--milvus-version", "2.4.5"];
    let newer = namespace.milvus(&newer, "").exits(5).stderr;
    assert!(
        newer.contains("Milvus 2.3.5 runs there, and 2.4.5 is to be installed")
            && newer.contains("--milvus-version 2.3.5"),
        "{newer}"
    );
    for said in [&refused, &unasked, &newer, &shown.stdout, &shown.stderr] {
        assert!(!said.contains(PASSWORD), "a password is shown: {said}");
    }
    let shown = shown.result_of("plan");
    assert_eq!(
        versions(namespace),
        before,
        "a plan or a refusal has written"
    );

    let adopt = ["install", "--adopt", "--yes", "-o", "json"];
    let adopted = timed("install --adopt", || namespace.milvus(&adopt, "").exits(0));
    let told = adopted.stderr.clone();
    assert!(
        told.contains("Helm still knows the release demo-milvus"),
        "{told}"
    );
    let adopted = adopted.result_of("install");
    assert_eq!(
        (&adopted["changed"], &adopted["verified"]),
        (&true.into(), &true.into())
    );

    timed("the vectors are found", || vectors.are_found());
    assert_eq!(etcd(namespace), members, "etcd was touched");
    for (name, place) in places(namespace) {
        let before = served.get(&name);
        assert!(
            before.is_none_or(|before| *before == place),
            "{name}: {before:?} became {place}"
        );
    }
    for (deployment, count) in rolls(namespace) {
        assert!(count <= 2, "{deployment} has had {count} sets of pods");
    }
    nothing_is_left_of_helm(namespace);
    the_plan_was_right(&shown, &before, namespace);

    let settled = versions(namespace);
    for again in [&adopt[..], &plain] {
        let again = namespace.milvus(again, "").exits(0).result_of("install");
        assert_eq!(again["changed"], false, "{again}");
    }
    assert_eq!(versions(namespace), settled);

    helm_forgets(namespace, &values);
    let gone = ["uninstall", "--delete-data", "--confirm", RELEASE];
    namespace.milvus(&gone, "").exits(0);
    assert_eq!(namespace.names(), ["ServiceAccount/milvus-s3-access-sa"]);
}

/// No field is Helm's any more, and nothing of its config tool runs.
fn nothing_is_left_of_helm(namespace: &Namespace) {
    for (name, object) in namespace.objects() {
        let metadata = &object["metadata"];
        let is_record = name.starts_with("Secret/sh.helm.release");
        // Replica sets and pods are of what was before, and claims were never Helm's.
        let ours = ["Deployment/", "StatefulSet/", "Service/", "ConfigMap/"];
        if is_record || !ours.iter().any(|kind| name.starts_with(kind)) {
            continue;
        }
        let managers = metadata["managedFields"].as_array();
        let managers = managers
            .into_iter()
            .flatten()
            .map(|entry| &entry["manager"]);
        assert!(managers.clone().all(|manager| manager != "helm"), "{name}");
        assert_eq!(
            metadata["labels"]["app.kubernetes.io/managed-by"], "kubectl-milvus",
            "{name}"
        );
        assert!(metadata["labels"].get("helm.sh/chart").is_none(), "{name}");
        let annotations = metadata["annotations"].to_string();
        assert!(
            !annotations.contains("meta.helm.sh"),
            "{name}: {annotations}"
        );
        let template = object["spec"]["template"].to_string();
        assert!(!template.contains("run-helm.sh"), "{name}: {template}");
        assert!(!template.contains("config-tool"), "{name}: {template}");
    }
    let names = namespace.names();
    assert!(
        !names.contains(&"ConfigMap/demo-milvus".to_owned()),
        "{names:?}"
    );
}

/// What the plan would touch is what was touched.
fn the_plan_was_right(plan: &Value, before: &BTreeMap<String, Value>, namespace: &Namespace) {
    let steps = plan["steps"].as_array().expect("steps");
    let touches = |step: &&Value| step["action"] == "create" || step["action"] == "update";
    let planned: Vec<String> = steps
        .iter()
        .filter(touches)
        .filter_map(|step| step["resource"].as_str().map(str::to_owned))
        .collect();
    let lower = |name: &String| {
        let (kind, name) = name.split_once('/').expect("a kind");
        format!("{}/{name}", kind.to_lowercase())
    };
    let after = versions(namespace);
    let kinds = ["ReplicaSet/", "PersistentVolumeClaim/", "Secret/sh.helm"];
    for (name, version) in after {
        if before.get(&name) != Some(&version) && !kinds.iter().any(|kind| name.starts_with(kind)) {
            assert!(
                planned.contains(&lower(&name)),
                "{name} was not planned: {planned:?}"
            );
        }
    }
    let of_etcd = steps
        .iter()
        .find(|step| step["resource"] == "statefulset/demo-milvus-etcd");
    let of_etcd = of_etcd.expect("etcd")["changes"].to_string();
    assert!(!of_etcd.contains("spec."), "{of_etcd}");
}

/// Helm's record is there and good until it is asked to go.
fn helm_forgets(namespace: &Namespace, values: &str) {
    let remembered = ["get", "values", RELEASE, "-o", "json"];
    let remembered = helm(namespace, &remembered).exits(0).json();
    assert_eq!(remembered["externalS3"]["rootPath"], "demo", "{remembered}");
    let before = versions(namespace);
    let forget = [
        "install",
        "--adopt",
        "--remove-helm-record",
        "--yes",
        "-o",
        "json",
    ];
    let forgotten = namespace.milvus(&forget, "").exits(0).result_of("install");
    assert_eq!(forgotten["changed"], true, "{forgotten}");
    let mut expected = before.clone();
    expected.retain(|name, _| !name.starts_with("Secret/sh.helm.release"));
    assert_eq!(expected.len() + 1, before.len());
    assert_eq!(versions(namespace), expected);
    helm(namespace, &["status", RELEASE]).exits(1);
    let of_values = ["--helm-values", values, "--release", RELEASE];
    let again = [&forget[..], &of_values].concat();
    let again = namespace.milvus(&again, "").exits(0).result_of("install");
    assert_eq!(again["changed"], false, "{again}");
}

/// What Helm calls the newest revision, and what it says of the upgrade that made it.
fn upgrade_fails(program: &str, namespace: &Namespace, values: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let chart = helm_chart::write(folder.path());
    let chart = chart.to_str().expect("a text");
    let upgrade = ["upgrade", RELEASE, chart, "-f", values];
    let failed = helm_of(program, namespace, &[&upgrade[..], more].concat()).exits(1);
    let history = ["history", RELEASE, "-o", "json", "--max", "1"];
    let newest = helm_of(program, namespace, &history).exits(0).json();
    assert_eq!(newest[0]["status"], "failed", "{newest}");
    failed.stderr
}

/// Whose each object says that it is, by its label.
fn keepers(namespace: &Namespace) -> BTreeMap<String, String> {
    let label = |object: &Value| {
        let label = object["metadata"]["labels"]["app.kubernetes.io/managed-by"].as_str();
        label.unwrap_or_default().to_owned()
    };
    let objects = namespace.objects().into_iter();
    objects
        .map(|(name, object)| (name, label(&object)))
        .collect()
}

/// Helm 4 applies on the server. Others change objects, an upgrade fails, and the release is adopted; what either Helm does to
/// it afterwards is what README says, and the same command puts it right.
#[test]
#[ignore = "not yet seen to its end: cargo xtask test --only guide_adopt"]
fn stage_fault_11_a_release_of_helm_4_is_adopted_after_others_and_a_failed_upgrade_touched_it() {
    let guide = Guide::new("adopt4", PASSWORD);
    let namespace = &guide.namespace;
    let values = guide.write(&guide.values());
    timed("helm4 install", || {
        install_by_helm("helm4", &guide, &values);
    });
    let vectors = Vectors::at(&guide.address("demo-milvus"));
    timed("vectors are stored", || vectors.keep());
    // Stage fault 8: every container gets the variable, the init container too.
    let proxy = "deployment/demo-milvus-proxy";
    namespace
        .kubectl(&["set", "env", proxy, "FOO=bar"])
        .exits(0);
    let scale = ["scale", "deployment/demo-milvus-querynode", "--replicas=2"];
    namespace.kubectl(&scale).exits(0);
    // Stage fault 10: settings of the new revision are there, and its deployments are refused.
    let wrong = [
        "--set",
        "externalS3.bucketName=another,serviceAccount.name=Not-A-Name",
    ];
    upgrade_fails("helm4", namespace, &values, &wrong);

    let shown = namespace
        .milvus(&["plan", "--adopt", "-o", "json"], "")
        .exits(0);
    let note = "revision 1 of the release demo-milvus, which is deployed, not from revision 2, which is newer and failed";
    assert!(shown.stderr.contains(note), "{}", shown.stderr);
    let shown = shown.result_of("plan").to_string();
    assert!(!shown.contains("another"), "{shown}");
    assert!(
        shown.contains("initContainers[config].env[FOO]")
            && shown.contains(r#""setBy":["kubectl-set"]"#),
        "{shown}"
    );
    let adopt = ["install", "--adopt", "--yes", "-o", "json"];
    let adopts = |what: &str| {
        let adopted = timed(what, || namespace.milvus(&adopt, "").exits(0));
        let adopted = adopted.result_of("install");
        assert_eq!(
            (&adopted["changed"], &adopted["verified"]),
            (&true.into(), &true.into()),
            "{what}"
        );
        nothing_is_left_of_helm(namespace);
        timed("the vectors are found", || vectors.are_found());
    };
    adopts("install --adopt");
    let variable = [
        "get",
        proxy,
        "-o",
        "jsonpath={.spec.template.spec.containers[0].env[?(@.name==\"FOO\")].value}",
    ];
    assert_eq!(namespace.kubectl(&variable).exits(0).stdout, "bar");
    let again = namespace.milvus(&adopt, "").exits(0).result_of("install");
    assert_eq!(again["changed"], false, "{again}");

    let (service, settings) = ("Service/demo-milvus", "ConfigMap/demo-milvus");
    let deployment = "Deployment/demo-milvus-proxy";
    let said = upgrade_fails("helm4", namespace, &values, &[]);
    assert!(said.contains("conflict with \"kubectl-milvus\""), "{said}");
    let kept = keepers(namespace);
    assert_eq!(kept[service], "kubectl-milvus");
    assert_eq!(kept[settings], "Helm");
    for (program, more) in [("helm4", &["--force-conflicts"][..]), ("helm", &[][..])] {
        let said = upgrade_fails(program, namespace, &values, more);
        assert!(
            said.contains("may not specify more than 1 handler type"),
            "{said}"
        );
        let kept = keepers(namespace);
        assert_eq!(
            (&*kept[service], &*kept[settings]),
            ("Helm", "Helm"),
            "{program}"
        );
        assert_eq!(kept[deployment], "kubectl-milvus", "{program}");
        adopts(&format!("install --adopt after {program} upgrade"));
    }
    // Helm 4 deletes nothing that is not its own any more.
    let before = namespace.names();
    helm_of("helm4", namespace, &["uninstall", RELEASE]).exits(0);
    let mut expected = before;
    expected.retain(|name| !name.starts_with("Secret/sh.helm.release"));
    assert_eq!(namespace.names(), expected);
    vectors.are_found();
}
