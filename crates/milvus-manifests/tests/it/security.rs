//! Who the pods run as: the official images start, `restricted` accepts the pods, and users and platforms can say
//! otherwise. The numbers are those of the images (the table of image facts in `xtask`).

use milvus_aws_core::Installation;
use milvus_manifests::helm::export;
use serde_json::{Value, json};

use crate::{
    features::lay_over,
    fixtures::{VERSIONS, cluster, installation, object, rendered, standalone, values},
    helm::{
        keys::SERVICES,
        release::{imported, objects},
    },
};

fn with(mut file: Value, patch: &Value) -> Value {
    lay_over(&mut file, patch);
    file
}

/// The same where `null` is a value, not a removal.
fn with_at(mut file: Value, pointer: &str, value: Value) -> Value {
    let mut place = &mut file;
    for key in pointer.split('.') {
        place = &mut place[key];
    }
    *place = value;
    file
}

fn pod(file: &Value, kind: &str, name: &str) -> Value {
    object(&rendered(file), kind, name)["spec"]["template"]["spec"].clone()
}

fn proxy(file: &Value) -> Value {
    pod(file, "Deployment", "demo-milvus-proxy")
}

fn seccomp() -> Value {
    json!({"type": "RuntimeDefault"})
}

#[test]
fn image_groups_0_and_999_start_every_line() {
    for version in VERSIONS {
        let context = json!({
            "runAsNonRoot": true, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000,
            "fsGroupChangePolicy": "OnRootMismatch", "supplementalGroups": [0, 999], "seccompProfile": seccomp(),
        });
        let one = pod(&standalone(version), "Deployment", "demo-milvus-standalone");
        assert_eq!(one["securityContext"], context, "{version}");
        let all = values(&rendered(&cluster(version)));
        let milvus = all.iter().filter(|it| it["kind"] == "Deployment");
        for deployment in milvus {
            let pod = &deployment["spec"]["template"]["spec"];
            assert_eq!(pod["securityContext"], context, "{version}");
            assert_eq!(pod["enableServiceLinks"], false, "discovery_19: {version}");
        }
        let etcd = pod(&cluster(version), "StatefulSet", "demo-etcd");
        let context = &etcd["securityContext"];
        assert_eq!(context["runAsUser"], 1001, "{version}");
        assert_eq!(context["supplementalGroups"], json!(null), "{version}");
    }
}

#[test]
fn a_users_groups_are_added_to_those_of_the_image() {
    let groups = |patch: Value| {
        let file = with(
            cluster("2.6.15"),
            &json!({"scheduling": {"securityContext": patch}}),
        );
        proxy(&file)["securityContext"]["supplementalGroups"].clone()
    };
    assert_eq!(
        groups(json!({"supplementalGroups": [2000, 0]})),
        json!([0, 999, 2000])
    );
    // The chart's own sample keeps Milvus from starting; ours stay beside it.
    assert_eq!(
        groups(json!({"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000})),
        json!([0, 999])
    );
}

#[test]
fn a_policy_may_forbid_the_group_of_other_lines() {
    let groups = |version: &str, image: Value, said: Value| {
        let file = with(cluster(version), &json!({"image": image}));
        let file = with_at(file, "scheduling", json!({"securityContext": said}));
        proxy(&file)["securityContext"]["supplementalGroups"].clone()
    };
    let this = || json!({"groups": "thisVersion"});
    for version in VERSIONS {
        let own = if version.starts_with('3') { 999 } else { 0 };
        assert_eq!(
            groups(version, this(), json!({})),
            json!([own]),
            "{version}"
        );
    }
    let more = json!({"supplementalGroups": [7]});
    assert_eq!(groups("3.0.0", this(), more.clone()), json!([7, 999]));
    let none = json!({"groups": "none"});
    assert_eq!(groups("2.6.15", none.clone(), json!({})), json!(null));
    assert_eq!(groups("2.6.15", none, more), json!([7]));
    let null = json!({"supplementalGroups": null});
    assert_eq!(groups("2.6.15", json!({}), null), json!(null));
}

#[test]
fn null_takes_any_field_of_ours_out() {
    let usual = proxy(&cluster("2.6.15"));
    let fields = usual["securityContext"].as_object().unwrap();
    assert_eq!(fields.len(), 7);
    for field in fields.keys() {
        let path = format!("scheduling.securityContext.{field}");
        let pod = proxy(&with_at(cluster("2.6.15"), &path, json!(null)));
        let mut left = fields.clone();
        left.shift_remove(field);
        assert_eq!(pod["securityContext"], Value::Object(left), "{field}");
        assert_eq!(pod["containers"], usual["containers"], "{field}");
    }
    let container = usual["containers"][0]["securityContext"].as_object();
    for field in container.unwrap().keys() {
        let path = format!("scheduling.containerSecurityContext.{field}");
        let pod = proxy(&with_at(cluster("2.6.15"), &path, json!(null)));
        let context = &pod["containers"][0]["securityContext"];
        assert_eq!(context.get(field), None, "{field}");
        assert_eq!(context.as_object().unwrap().len(), 2, "{field}");
    }
}

#[test]
fn null_for_a_container_is_not_answered_by_its_pod() {
    let path = "scheduling.containerSecurityContext.runAsUser";
    let pod = proxy(&with_at(cluster("2.6.15"), path, json!(null)));
    assert_eq!(pod["securityContext"].get("runAsUser"), None);
    assert_eq!(pod["securityContext"]["runAsGroup"], 1000);
    // What the user says of the pod is no default of ours.
    let file = with_at(
        with_at(cluster("2.6.15"), path, json!(null)),
        "scheduling.securityContext.runAsUser",
        json!(2000),
    );
    assert_eq!(proxy(&file)["securityContext"]["runAsUser"], 2000);
}

#[test]
fn null_of_a_role_of_etcd_and_of_attu_is_theirs_alone() {
    let file = with(cluster("2.6.15"), &json!({"attu": {}}));
    let file = with_at(
        file,
        "cluster.components.proxy.pod.securityContext",
        json!({"runAsUser": null}),
    );
    let file = with_at(
        file,
        "cluster.etcd.inCluster.pod.securityContext",
        json!({"fsGroup": null}),
    );
    let file = with_at(
        file,
        "attu.pod.securityContext",
        json!({"runAsGroup": null}),
    );
    let user = |kind: &str, name: &str, field: &str| {
        pod(&file, kind, name)["securityContext"][field].clone()
    };
    assert_eq!(
        user("Deployment", "demo-milvus-proxy", "runAsUser"),
        json!(null)
    );
    assert_eq!(
        user("Deployment", "demo-milvus-querynode", "runAsUser"),
        1000
    );
    assert_eq!(user("StatefulSet", "demo-etcd", "fsGroup"), json!(null));
    assert_eq!(user("StatefulSet", "demo-etcd", "runAsUser"), 1001);
    assert_eq!(
        user("Deployment", "demo-milvus-attu", "runAsGroup"),
        json!(null)
    );
    assert_eq!(user("Deployment", "demo-milvus-attu", "runAsUser"), 1000);
}

#[test]
fn null_survives_the_file_and_the_charts_values() {
    let file = with_at(
        cluster("2.6.15"),
        "scheduling.securityContext",
        json!({"runAsUser": null, "fsGroup": 7}),
    );
    let first = installation(&file);
    let again = Installation::from_yaml("again", first.to_yaml()).unwrap();
    assert_eq!(again, first);
    assert_eq!(again.to_json(), first.to_json());
    let exported = export(&first).unwrap();
    assert_eq!(
        exported.values["securityContext"],
        json!({"fsGroup": 7, "runAsUser": null})
    );
}

#[test]
fn null_in_the_charts_values_takes_our_field_out_too() {
    let more = "\
securityContext: {runAsUser: null}
proxy: {containerSecurityContext: {readOnlyRootFilesystem: null}}
etcd:
  podSecurityContext: {enabled: true, fsGroup: null}
  containerSecurityContext: {enabled: true, runAsUser: null}
";
    let imported = imported("2.6.15", &format!("{SERVICES}{more}"));
    let said: Vec<_> = imported.unsupported.iter().collect();
    assert!(said.is_empty(), "{said:?}");
    let manifests = objects(&imported);
    let pod =
        |kind: &str, name: &str| object(&manifests, kind, name)["spec"]["template"]["spec"].clone();
    let query = pod("Deployment", "demo-milvus-querynode");
    assert_eq!(query["securityContext"].get("runAsUser"), None);
    let proxy = pod("Deployment", "demo-milvus-proxy");
    let context = &proxy["containers"][0]["securityContext"];
    assert_eq!(context.get("readOnlyRootFilesystem"), None);
    let etcd = pod("StatefulSet", "demo-etcd");
    assert_eq!(etcd["securityContext"].get("fsGroup"), None);
    assert_eq!(etcd["securityContext"].get("runAsUser"), None);
    assert_eq!(etcd["securityContext"]["runAsGroup"], 1001);
}

#[test]
fn openshift_assigns_users_and_groups() {
    let file = with(
        cluster("3.0.0"),
        &json!({"platform": "openshift", "attu": {}}),
    );
    let contexts = |kind: &str, name: &str| {
        let pod = pod(&file, kind, name);
        (
            pod["securityContext"].clone(),
            pod["containers"][0]["securityContext"].clone(),
        )
    };
    let (pod, container) = contexts("Deployment", "demo-milvus-proxy");
    assert_eq!(
        pod,
        json!({"runAsNonRoot": true, "supplementalGroups": [0, 999], "seccompProfile": seccomp(),
               "fsGroupChangePolicy": "OnRootMismatch"})
    );
    assert_eq!(container["capabilities"]["drop"], json!(["ALL"]));
    let (pod, container) = contexts("StatefulSet", "demo-etcd");
    assert_eq!(
        pod,
        json!({"runAsNonRoot": true, "seccompProfile": seccomp(), "fsGroupChangePolicy": "OnRootMismatch"})
    );
    assert_eq!(container["capabilities"]["drop"], json!(["ALL"]));
    let (pod, _) = contexts("Deployment", "demo-milvus-attu");
    assert_eq!(
        pod,
        json!({"runAsNonRoot": true, "supplementalGroups": [0], "seccompProfile": seccomp()})
    );
    // What the user says is theirs to be right.
    let said = with(
        file.clone(),
        &json!({"scheduling": {"securityContext": {"runAsUser": 1_000_660_000, "fsGroup": 1_000_660_000}}}),
    );
    let context = proxy(&said)["securityContext"].clone();
    assert_eq!(context["runAsUser"], 1_000_660_000);
    assert_eq!(context["runAsGroup"], json!(null));
}

fn attu(patch: &Value) -> Value {
    let file = with(with(cluster("2.5.16"), &json!({"attu": {}})), patch);
    pod(&file, "Deployment", "demo-milvus-attu")
}

#[test]
fn attu_passes_restricted_and_may_write_its_own_files() {
    let pod = attu(&json!({}));
    assert_eq!(
        pod["securityContext"],
        json!({"runAsNonRoot": true, "runAsUser": 1000, "runAsGroup": 0, "supplementalGroups": [0],
               "seccompProfile": seccomp()})
    );
    let container = &pod["containers"][0];
    assert_eq!(
        container["securityContext"],
        json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": false})
    );
    // Its files are 0:0 and writable for the group: a user's own group leaves ours.
    let said =
        json!({"attu": {"pod": {"securityContext": {"runAsUser": 1000, "runAsGroup": 1000}}}});
    let context = &attu(&said)["securityContext"];
    assert_eq!(context["runAsGroup"], 1000);
    assert_eq!(context["supplementalGroups"], json!([0]));
}

#[test]
fn discovery_21_attu_is_watched_and_limited() {
    let pod = attu(&json!({}));
    let container = &pod["containers"][0];
    assert_eq!(container["livenessProbe"]["tcpSocket"]["port"], "attu");
    assert_eq!(container["startupProbe"]["tcpSocket"]["port"], "attu");
    assert_eq!(container["resources"]["limits"], json!({"memory": "1Gi"}));
    let none = attu(&json!({"attu": {"resources": {"limits": {"cpu": "1"}}}}));
    let limits = &none["containers"][0]["resources"]["limits"];
    assert_eq!(*limits, json!({"cpu": "1"}));
}

#[test]
fn discovery_21_etcd_asks_for_memory_and_is_limited() {
    let etcd = pod(&cluster("2.6.15"), "StatefulSet", "demo-etcd");
    let resources = &etcd["containers"][0]["resources"];
    assert!(resources["requests"]["memory"].is_string(), "{resources}");
    assert!(resources["limits"]["memory"].is_string(), "{resources}");
}

#[test]
fn attu_of_version_3_is_told_by_its_tag() {
    let of = |tag: &str| {
        let pod = attu(&json!({"attu": {"image": {"tag": tag}}}));
        let container = pod["containers"][0].clone();
        let variables = container["env"].as_array().unwrap();
        let names = variables.iter().map(|it| it["name"].as_str().unwrap());
        let data = container["volumeMounts"][0]["mountPath"].clone();
        assert_eq!(data.is_null(), pod["volumes"].is_null(), "{tag}");
        (names.map(str::to_owned).collect::<Vec<_>>(), data)
    };
    for tag in ["v2.3.10", "2.6", "v2.5.3-rc.1"] {
        assert_eq!(
            of(tag),
            (vec!["MILVUS_URL".to_owned()], json!(null)),
            "{tag}"
        );
    }
    for tag in ["v3", "v3.0.0", "3.1.0-beta.2", "v4.0.0"] {
        let three = (vec!["MILVUS_ADDRESS".to_owned()], json!("/data"));
        assert_eq!(of(tag), three, "{tag}");
    }
    let (names, data) = of("latest");
    assert_eq!(names, ["MILVUS_URL", "MILVUS_ADDRESS"]);
    assert_eq!(data, "/data");
}
