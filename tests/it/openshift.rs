//! The stand-in for OpenShift's `restricted-v2` against OpenShift's own rules: what is filled in, and what is refused.

use milvus_stage::kubernetes::openshift::FIRST_USER;
use serde_json::{Value, json};

use crate::plugin::{Namespace, Ran, kubectl};

/// A pod with these security contexts, as far as admission takes it.
fn admitted(namespace: &Namespace, of_pod: &Value, of_container: &Value, more: &Value) -> Ran {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trial"},
        "spec": {
            "securityContext": of_pod,
            "containers": [{"name": "one", "image": "busybox", "securityContext": of_container}],
        },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        pod["spec"][key] = value.clone();
    }
    let create = [
        "-n",
        &namespace.name,
        "create",
        "--dry-run=server",
        "-o",
        "json",
        "-f",
        "-",
    ];
    kubectl(&create, &pod.to_string())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of pods")]
fn restricted_v2_fills_in_what_openshift_assigns_and_refuses_what_it_forbids() {
    let namespace = Namespace::of_openshift("scc");
    let nothing = json!({});
    let made = admitted(&namespace, &nothing, &nothing, &nothing)
        .exits(0)
        .json();
    assert_eq!(
        made["metadata"]["annotations"]["openshift.io/scc"],
        "restricted-v2"
    );
    assert_eq!(
        made["spec"]["securityContext"],
        json!({
            "fsGroup": FIRST_USER, "seLinuxOptions": {"level": "s0:c26,c15"}, "seccompProfile": {"type": "RuntimeDefault"},
        })
    );
    assert_eq!(
        made["spec"]["containers"][0]["securityContext"],
        json!({
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": true, "runAsUser": FIRST_USER,
        })
    );
    // Neither the group nor further groups have a rule, and any user of the range will do.
    let free =
        json!({"runAsGroup": 0, "supplementalGroups": [0, 999], "runAsUser": FIRST_USER + 9999});
    let made = admitted(&namespace, &free, &nothing, &nothing)
        .exits(0)
        .json();
    assert_eq!(
        made["spec"]["securityContext"]["supplementalGroups"],
        json!([0, 999])
    );
    assert_eq!(made["spec"]["securityContext"]["runAsGroup"], 0);

    let host_path = json!({"volumes": [{"name": "host", "hostPath": {"path": "/"}}]});
    let refused = [
        (
            json!({"runAsUser": 1000}),
            nothing.clone(),
            nothing.clone(),
            "runAsUser",
        ),
        (
            json!({"runAsUser": FIRST_USER + 10_000}),
            nothing.clone(),
            nothing.clone(),
            "runAsUser",
        ),
        // The allotted block has more groups, of which the first alone is fsGroup's.
        (
            json!({"fsGroup": FIRST_USER + 1}),
            nothing.clone(),
            nothing.clone(),
            "fsGroup",
        ),
        (
            json!({"fsGroup": 1000}),
            nothing.clone(),
            nothing.clone(),
            "fsGroup",
        ),
        (
            json!({"seLinuxOptions": {"level": "s0:c1,c2"}}),
            nothing.clone(),
            nothing.clone(),
            "seLinuxOptions",
        ),
        (
            json!({"seccompProfile": {"type": "Unconfined"}}),
            nothing.clone(),
            nothing.clone(),
            "seccomp",
        ),
        (
            nothing.clone(),
            json!({"runAsUser": 0}),
            nothing.clone(),
            "runAsUser",
        ),
        (
            nothing.clone(),
            json!({"allowPrivilegeEscalation": true}),
            nothing.clone(),
            "allowPrivilegeEscalation",
        ),
        (
            nothing.clone(),
            json!({"capabilities": {"add": ["CHOWN"]}}),
            nothing.clone(),
            "capabilities",
        ),
        (
            nothing.clone(),
            nothing.clone(),
            json!({"hostNetwork": true}),
            "hostNetwork",
        ),
        (nothing.clone(), nothing.clone(), host_path, "hostPath"),
    ];
    for (of_pod, of_container, more, field) in refused {
        let ran = admitted(&namespace, &of_pod, &of_container, &more);
        let said = format!("{of_pod} {of_container} {more}: {}", ran.stderr);
        assert_ne!(ran.code, 0, "{said}");
        assert!(
            ran.stderr.contains("security context constraint") && ran.stderr.contains(field),
            "{said}"
        );
    }
    // Other namespaces are none of its business.
    let elsewhere = Namespace::new("no-scc");
    let made = admitted(&elsewhere, &json!({"runAsUser": 1000}), &nothing, &nothing)
        .exits(0)
        .json();
    assert_eq!(made["spec"]["securityContext"], json!({"runAsUser": 1000}));
}
