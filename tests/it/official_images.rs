//! The stage's images against what is known of the official ones. Expected is what the official build files say, row by row:
//! who can start which image. The rows are pods on the real kubelet; nothing of the product is asked.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::plugin::{Namespace, kubectl};

/// A user and a group, as a container's security context names them.
type Account = (i64, i64);

/// The columns of the table; the fourth is any user of group 0, as OpenShift gives one, the last is root without capabilities.
const ACCOUNTS: [Account; 5] = [(1000, 1000), (1000, 0), (999, 999), (1_234_567, 0), (0, 0)];
const LIMIT: Duration = Duration::from_mins(3);

/// An image, how it is started here, and which of [`ACCOUNTS`] can start it.
struct Row {
    name: &'static str,
    image: &'static str,
    /// Starts as the image does, and ends at once: `milvus` alone tells its usage, `--version` its version.
    args: &'static [&'static str],
    with_writable_root: [bool; 5],
    with_read_only_root: [bool; 5],
    /// Whether 1000:1000 can with the supplementary groups 0 and 999.
    with_both_groups: bool,
}

const fn milvus(name: &'static str, image: &'static str, can: [bool; 5]) -> Row {
    Row {
        name,
        image,
        args: &["milvus"],
        with_writable_root: can,
        with_read_only_root: can,
        with_both_groups: true,
    }
}

const ROWS: [Row; 6] = [
    milvus("v2-3-10", "milvusdb/milvus:v2.3.10", [true; 5]),
    milvus(
        "v2-3-13",
        "milvusdb/milvus:v2.3.13",
        [false, true, false, true, true],
    ),
    milvus(
        "v2-6-20",
        "milvusdb/milvus:v2.6.20",
        [false, true, false, true, true],
    ),
    // milvus#46897: OpenShift's users cannot.
    milvus(
        "v3-0-0",
        "milvusdb/milvus:v3.0.0",
        [false, false, true, false, false],
    ),
    Row {
        name: "etcd",
        image: "milvusdb/etcd:3.5.25-r1",
        args: &["/opt/bitnami/scripts/etcd/run.sh", "--version"],
        // Root is to become another user by `gosu`, which is not there.
        with_writable_root: [true, true, true, true, false],
        with_read_only_root: [true, true, true, true, false],
        with_both_groups: true,
    },
    Row {
        name: "attu",
        image: "zilliz/attu:v2.5.3",
        args: &[
            "/bin/bash",
            "-c",
            "/app/build/env.sh && grep -q MILVUS_URL build/env-config.js",
        ],
        with_writable_root: [false, true, false, true, true],
        with_read_only_root: [false; 5],
        with_both_groups: true,
    },
];

/// What the product mounts wherever an image writes.
const FOLDERS: [(&str, &str); 3] = [
    ("tmp", "/tmp"),
    ("data", "/var/lib/milvus"),
    ("etcd", "/bitnami/etcd"),
];

fn container(row: &Row, name: &str, (user, group): Account, read_only: bool) -> Value {
    let mounts: Vec<_> = FOLDERS
        .iter()
        .map(|(name, path)| json!({"name": name, "mountPath": path}))
        .collect();
    json!({
        "name": name, "image": row.image, "args": row.args, "volumeMounts": mounts,
        "env": [{"name": "ALLOW_NONE_AUTHENTICATION", "value": "yes"}],
        "securityContext": {
            "runAsUser": user, "runAsGroup": group, "readOnlyRootFilesystem": read_only,
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
        },
    })
}

fn pod(name: &str, groups: &[i64], containers: &[Value]) -> Value {
    let volumes: Vec<_> = FOLDERS
        .iter()
        .map(|(name, _)| json!({"name": name, "emptyDir": {}}))
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "volumes": volumes, "containers": containers,
            "securityContext": {"supplementalGroups": groups},
        },
    })
}

/// How each container ended, by pod and container: its exit code, or why the kubelet does not make it.
fn outcomes(namespace: &Namespace, pods: &[Value]) -> BTreeMap<String, String> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": pods});
    let made = ["-n", &namespace.name, "create", "-f", "-"];
    kubectl(&made, &list.to_string()).exits(0);
    let deadline = Instant::now() + LIMIT;
    loop {
        let found = namespace
            .kubectl(&["get", "pods", "-o", "json"])
            .exits(0)
            .json();
        let items = found["items"].as_array().expect("a list");
        let ended: Option<BTreeMap<_, _>> = items.iter().flat_map(of_pod).collect();
        let expected: usize = pods
            .iter()
            .filter_map(|pod| pod["spec"]["containers"].as_array().map(Vec::len))
            .sum();
        match ended {
            Some(ended) if ended.len() == expected => return ended,
            _ => assert!(Instant::now() < deadline, "not all have ended: {found}"),
        }
        thread::sleep(Duration::from_millis(500));
    }
}

/// Every container's end; none for one that has not ended.
fn of_pod(pod: &Value) -> Vec<Option<(String, String)>> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let statuses = pod["status"]["containerStatuses"].as_array();
    let one = |status: &Value| {
        let key = format!("{name}/{}", status["name"].as_str()?);
        let state = &status["state"];
        if let Some(code) = state["terminated"]["exitCode"].as_i64() {
            return Some((key, code.to_string()));
        }
        let waiting = &state["waiting"];
        let is_final = waiting["reason"] == "CreateContainerConfigError";
        let message = waiting["message"].as_str()?.to_owned();
        is_final.then_some((key, message))
    };
    match statuses {
        Some(statuses) => statuses.iter().map(one).collect(),
        None => vec![None],
    }
}

#[test]
fn whoever_can_start_an_official_image_can_start_the_stages_and_nobody_else() {
    let namespace = Namespace::new("official-images");
    let (mut pods, mut expected) = (Vec::new(), BTreeMap::new());
    for row in &ROWS {
        let mut containers = Vec::new();
        for (read_only, can) in [
            (false, row.with_writable_root),
            (true, row.with_read_only_root),
        ] {
            for ((user, group), can) in ACCOUNTS.into_iter().zip(can) {
                let root = if read_only { "ro" } else { "rw" };
                let name = format!("u{user}-g{group}-{root}");
                containers.push(container(row, &name, (user, group), read_only));
                expected.insert(format!("{}/{name}", row.name), can);
            }
        }
        pods.push(pod(row.name, &[], &containers));
        let name = format!("{}-groups", row.name);
        let both = [container(row, "both", (1000, 1000), false)];
        expected.insert(format!("{name}/both"), row.with_both_groups);
        pods.push(pod(&name, &[0, 999], &both));
    }
    let outcomes = outcomes(&namespace, &pods);
    let found: BTreeMap<_, _> = outcomes
        .iter()
        .map(|(name, code)| (name.clone(), code == "0"))
        .collect();
    assert_eq!(found, expected, "{outcomes:#?}");

    // In the words that users of the real ones report.
    let logs = namespace.kubectl(&["logs", "v2-3-13", "-c", "u1000-g1000-rw"]);
    let logs = logs.exits(0).stdout;
    assert_eq!(outcomes["v2-3-13/u1000-g1000-rw"], "126");
    assert!(
        logs.contains("exec milvus failed: Permission denied"),
        "{logs}"
    );
    assert!(
        logs.contains("'/milvus/lib/libjemalloc.so' from LD_PRELOAD cannot be preloaded"),
        "{logs}"
    );
    assert_eq!(outcomes["etcd/u0-g0-rw"], "127");
    let logs = namespace
        .kubectl(&["logs", "etcd", "-c", "u0-g0-rw"])
        .exits(0);
    assert!(logs.stdout.contains("gosu"), "{}", logs.stdout);
}

/// `USER` and files of each image, as whoever looks around in it sees them.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of facts")]
fn files_belong_to_whom_they_belong_in_the_official_images() {
    let namespace = Namespace::new("official-files");
    let look = "stat -c '%u:%g %a %n' /milvus/bin /milvus/lib /milvus/configs /milvus/bin/milvus-2.3.5 \
                /milvus/lib/libjemalloc.so /milvus/configs/milvus.yaml /tini; \
                stat -c '%u:%g %a %n' /milvus/logs /var/lib/milvus 2>/dev/null; echo PATH=$PATH; echo LD_LIBRARY_PATH=$LD_LIBRARY_PATH; echo LD_PRELOAD=$LD_PRELOAD; pwd";
    let plain = "0:0 755 /milvus/bin\n0:0 755 /milvus/lib\n0:0 755 /milvus/configs\n0:0 755 /milvus/bin/milvus-2.3.5\n\
                 0:0 644 /milvus/lib/libjemalloc.so\n0:0 644 /milvus/configs/milvus.yaml\n";
    let closed = |owner: &str| {
        let paths = [
            "bin",
            "lib",
            "configs",
            "bin/milvus-2.3.5",
            "lib/libjemalloc.so",
            "configs/milvus.yaml",
        ];
        paths
            .map(|path| format!("{owner} 774 /milvus/{path}\n"))
            .concat()
    };
    let environment = |preload: &str| {
        format!(
            "PATH=/milvus/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
             LD_LIBRARY_PATH=/milvus/lib::/usr/lib\nLD_PRELOAD={preload}/milvus/lib/libjemalloc.so\n/milvus\n"
        )
    };
    let tini = "0:0 755 /tini\n";
    let expected = [
        (
            "milvusdb/milvus:v2.3.5",
            format!("{plain}{tini}{}", environment("")),
        ),
        (
            "milvusdb/milvus:v2.4.17",
            format!("{}{tini}{}", closed("0:0"), environment("")),
        ),
        (
            "milvusdb/milvus:v3.0.0",
            format!(
                "{}{tini}999:999 755 /var/lib/milvus\n{}",
                closed("999:999"),
                environment(":")
            ),
        ),
    ];
    // Root with all capabilities sees everything.
    let containers: Vec<_> = expected
        .iter()
        .enumerate()
        .map(|(index, (image, _))| {
            let command = ["/bin/sh", "-c", look];
            let root = json!({"runAsUser": 0});
            json!({"name": format!("look{index}"), "image": image, "command": command, "securityContext": root})
        })
        .collect();
    let as_image = |name: &str, image: &str, args: &[&str], said: Value| json!({"name": name, "image": image, "args": args, "securityContext": said});
    let id = ["sh", "-c", "id -u; id -g"];
    let users = [
        as_image("root", "milvusdb/milvus:v2.6.20", &id, json!({})),
        as_image("named", "milvusdb/milvus:v3.0.0", &id, json!({})),
        // A name is no number: the kubelet cannot tell that it is not root's.
        as_image(
            "unverified",
            "milvusdb/milvus:v3.0.0",
            &id,
            json!({"runAsNonRoot": true}),
        ),
        as_image(
            "etcd",
            "milvusdb/etcd:3.5.5-r4",
            &id,
            json!({"runAsNonRoot": true}),
        ),
        as_image("attu", "zilliz/attu:v2.3.10", &id, json!({})),
        as_image("controller", CONTROLLER, &[], json!({"runAsNonRoot": true})),
        as_image(
            "controller-as-root",
            CONTROLLER,
            &[],
            json!({"runAsNonRoot": true, "runAsUser": 0}),
        ),
    ];
    let pods = [pod("files", &[], &containers), pod("users", &[], &users)];
    let ended = outcomes(&namespace, &pods);
    let logs = |pod: &str, container: &str| {
        namespace
            .kubectl(&["logs", pod, "-c", container])
            .exits(0)
            .stdout
    };
    for (index, (image, expected)) in expected.iter().enumerate() {
        assert_eq!(logs("files", &format!("look{index}")), *expected, "{image}");
    }
    assert_eq!(logs("users", "root"), "0\n0\n");
    assert_eq!(logs("users", "named"), "999\n999\n");
    assert_eq!(logs("users", "etcd"), "1001\n0\n");
    assert_eq!(logs("users", "attu"), "0\n0\n");
    let refused = |container: &str, why: &str| {
        let message = &ended[&format!("users/{container}")];
        assert!(message.contains(why), "{message}");
    };
    refused("unverified", "non-numeric user (milvus)");
    refused("controller-as-root", "breaks non-root policy");
    // It starts, and misses its settings.
    assert!(logs("users", "controller").contains("--cluster-name is required"));
}

const CONTROLLER: &str = "public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0";

/// What etcd's start script asks for before there is an etcd.
#[test]
fn the_etcd_image_checks_its_settings_and_waits_for_its_members() {
    let namespace = Namespace::new("official-etcd");
    let start = |name: &str, env: Value| {
        let mount = json!({"name": "etcd", "mountPath": "/bitnami/etcd"});
        json!({
            "name": name, "image": "milvusdb/etcd:3.5.25-r1", "env": env, "volumeMounts": [mount],
            "args": ["/opt/bitnami/scripts/etcd/run.sh", "--version"],
        })
    };
    let variable = |name: &str, value: &str| json!({"name": name, "value": value});
    let nothing = start("nothing", json!([]));
    let password = start(
        "password",
        json!([variable("ETCD_ROOT_PASSWORD", "secret")]),
    );
    let setting = json!([
        variable("ALLOW_NONE_AUTHENTICATION", "yes"),
        variable("ETCD_CFG_MAX_TXN_OPS", "1"),
    ]);
    // The folder for it does not exist.
    let setting = start("setting", setting);
    // As many addresses as members: this name has two.
    let two = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "two"}, "spec": {"clusterIP": "None", "ports": [{"port": 2380}]}},
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "ports": [{"port": 2380}],
            "metadata": {"name": "two", "labels": {"kubernetes.io/service-name": "two"}},
            "endpoints": [{"addresses": ["10.244.9.1"]}, {"addresses": ["10.244.9.2"]}],
        },
    ]});
    let made = ["-n", &namespace.name, "create", "-f", "-"];
    kubectl(&made, &two.to_string()).exits(0);
    let domain = format!("two.{}.svc.cluster.local", namespace.name);
    let members = |name: &str, members: &str| {
        let env = json!([
            variable("ALLOW_NONE_AUTHENTICATION", "yes"),
            variable("ETCD_ON_K8S", "yes"),
            variable("ETCD_NAME", "a"),
            variable("ETCD_CLUSTER_DOMAIN", &domain),
            variable("ETCD_INITIAL_CLUSTER_STATE", "new"),
            variable("ETCD_INITIAL_CLUSTER", members),
            variable("ETCD_INITIAL_ADVERTISE_PEER_URLS", "http://a:2380"),
        ]);
        start(name, env)
    };
    let both = members("both", "a=http://a:2380,b=http://b:2380");
    let never = members("never", "a=http://a:2380,b=http://b:2380,c=http://c:2380");
    let pods = [pod(
        "checks",
        &[],
        &[nothing, password, setting, both, never],
    )];
    let ended = outcomes(&namespace, &pods);
    let ended: Vec<_> = ["nothing", "password", "setting", "both", "never"]
        .map(|name| (name, ended[&format!("checks/{name}")] == "0"))
        .to_vec();
    let expected = [
        ("nothing", false),
        ("password", true),
        ("setting", false),
        ("both", true),
        ("never", false),
    ];
    let logs = |name: &str| {
        let logs = namespace.kubectl(&["logs", "checks", "-c", name]);
        logs.exits(0).stdout
    };
    assert_eq!(ended, expected, "{}", logs("both"));
    let waited = logs("never");
    assert!(
        waited.contains("does not have an IP per initial member"),
        "{waited}"
    );
}
