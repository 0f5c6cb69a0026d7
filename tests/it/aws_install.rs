//! From an empty AWS account to a verified Milvus, on the stage's account, Kubernetes, Kafka and S3.

use std::{collections::BTreeMap, fs, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use milvus_stage::{aws, cache::Cache};
use serde_json::Value;

use crate::{
    aws_eks,
    plugin::{Ran, kubectl, run},
};

pub(crate) const FILE: &str = "stage/aws/demo.yaml";
const NAMESPACE: &str = "milvus";

/// The plugin on the stage's time, as somebody who works in the account runs it.
pub(crate) fn plugin(cache: &Cache, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plugin-on-stage"));
    command.args(args).envs(aws::environment(cache));
    command
}

/// The same, to its end.
pub(crate) fn milvus(cache: &Cache, args: &[&str]) -> Ran {
    run(&mut plugin(cache, args))
}

#[test]
fn an_empty_account_becomes_a_verified_milvus_and_is_empty_again() {
    let cache = Cache::open().expect("the cache");
    let account = aws::joined_by_eks(&cache).expect("the account").aws;
    account.reset().expect("an empty account");
    let empty = account.inventory().expect("an inventory");

    let plan = ["plan", "-f", FILE, "-o", "json"];
    let plan = milvus(&cache, &plan).exits(0);
    let planned = plan.result_of("plan");
    let writes = |calls: &[aws::Call]| calls.iter().filter(|call| call.write).count();
    assert_eq!(writes(&account.calls().expect("calls")), 0, "a plan writes");

    let timeline = cache.run_dir().join("aws/test.html");
    let timeline = timeline.to_str().expect("a path");
    let install = ["install", "-f", FILE, "--yes", "-o", "json", "-vv"];
    let install = milvus(&cache, &[&install[..], &["--timeline", timeline]].concat()).exits(0);
    let installed = install.result_of("install");
    assert_eq!(installed["verified"], true, "{installed}");
    let (took, path) = (
        &installed["tookMillis"],
        &planned["longestPath"]["totalMillis"],
    );
    let [took, path] = [took, path].map(|millis| millis.as_f64().expect("milliseconds"));
    assert!(
        took <= 1.05 * path,
        "{took} ms of virtual time, the longest path takes {path} ms"
    );

    nothing_moves(&cache);
    kubectl_works_at_once(&cache);
    let verify = milvus(&cache, &["verify", "-n", NAMESPACE, "-o", "json"]).exits(0);
    let steps = verify.result_of("verify");
    let strangers = |step: &Value| step["step"] == "authorization" && step["outcome"] == "passed";
    assert!(
        steps["steps"]
            .as_array()
            .expect("steps")
            .iter()
            .any(strangers),
        "{steps}"
    );

    let drawn = fs::read_to_string(timeline).expect("a time line");
    let told = [plan, install, verify].map(|ran| ran.stdout + &ran.stderr);
    nothing_tells_a_secret(&account, &[&told[..], &[drawn]].concat());

    aws_eks::a_second_one_shares_cluster_and_brokers(&cache, &account);

    what_would_be_lost_is_told(&cache);
    let words = [
        "uninstall",
        "-f",
        FILE,
        "--delete-data",
        "--confirm",
        "demo",
    ];
    milvus(&cache, &words).exits(0);
    kubectl_has_forgotten_it(&cache);
    let left = account.inventory().expect("an inventory");
    assert_eq!(left["present"], empty["present"], "{left}");
    // KMS keeps a key for some days after it was given up.
    let leaving = left["leaving"].as_array().expect("a list");
    assert!(leaving.iter().all(|one| one["service"] == "kms"), "{left}");
    let objects = of_cluster().into_keys();
    let ours: Vec<_> = objects.filter(|name| name.contains("demo")).collect();
    assert_eq!(ours, Vec::<String>::new());
}

/// The part in the cluster does not go alone, and `root`'s password is worth saving where etcd's volumes stay.
fn what_would_be_lost_is_told(cache: &Cache) {
    let half = milvus(cache, &["uninstall", "demo", "-n", NAMESPACE]).exits(2);
    assert!(
        half.stderr.contains("`-f` names that file"),
        "{}",
        half.stderr
    );
    let kept = milvus(cache, &["uninstall", "-f", FILE, "--dry-run=server"]).exits(0);
    let save = "kubectl get secret demo-milvus-root -n milvus";
    assert!(kept.stderr.contains(save), "{}", kept.stderr);
}

/// A second install makes no write call, few reads, and moves no object's version.
fn nothing_moves(cache: &Cache) {
    let before = of_cluster();
    let again = ["install", "-f", FILE, "--yes", "-o", "json"];
    let again = milvus(cache, &again).exits(0).result_of("install");
    assert_eq!(again["changed"], false, "{again}");
    let calls = again["calls"].as_array().expect("calls");
    let times = |writes: bool| -> u64 {
        let of_kind = calls.iter().filter(|call| call["writes"] == writes);
        of_kind.filter_map(|call| call["times"].as_u64()).sum()
    };
    assert_eq!(times(true), 0, "{calls:?}");
    assert!(times(false) <= 60, "{calls:?}");
    let moved: Vec<_> = of_cluster()
        .into_iter()
        .filter(|(name, object)| version(before.get(name)) != version(Some(object)))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(moved, Vec::<String>::new());
}

fn version(object: Option<&Value>) -> Option<&Value> {
    object.map(|object| &object["metadata"]["resourceVersion"])
}

/// Every object but those that move by themselves.
pub(crate) fn of_cluster() -> BTreeMap<String, Value> {
    let kinds = "deployments,statefulsets,daemonsets,services,configmaps,secrets,serviceaccounts,persistentvolumeclaims,\
                 persistentvolumes,poddisruptionbudgets,pods,ingresses,roles,rolebindings,clusterroles,clusterrolebindings,\
                 storageclasses,customresourcedefinitions,namespaces,ingressclasses,mutatingwebhookconfigurations,\
                 validatingwebhookconfigurations,events";
    let list = kubectl(&["get", kinds, "-A", "-o", "json"], "")
        .exits(0)
        .json();
    let items = list["items"].as_array().expect("a list has items");
    let named = items.iter().map(|object| {
        let part = |path: &str| {
            object
                .pointer(path)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let [kind, namespace, name] = ["/kind", "/metadata/namespace", "/metadata/name"].map(part);
        (format!("{kind}/{namespace}/{name}"), object.clone())
    });
    // The stage's CA, which pods with a role need, is the stage's own.
    let is_stages = |name: &String| name.ends_with("/stage-trust");
    named.filter(|(name, _)| !is_stages(name)).collect()
}

/// The kubeconfig that the install wrote leads to the cluster, by a token that the plugin makes.
fn kubectl_works_at_once(cache: &Cache) {
    let mut command = Command::new("kubectl");
    command.args(["get", "pods", "-o", "name"]);
    let pods = run(command.envs(aws::environment(cache))).exits(0).stdout;
    assert!(pods.contains("pod/demo-milvus-proxy-"), "{pods}");
}

/// Stage fault 4: the context of a cluster that is gone goes too.
fn kubectl_has_forgotten_it(cache: &Cache) {
    let mut command = Command::new("kubectl");
    command.args(["config", "get-contexts", "-o", "name"]);
    let contexts = run(command.envs(aws::environment(cache))).exits(0).stdout;
    assert!(!contexts.contains("cluster/demo-milvus"), "{contexts}");
}

/// Passwords and keys stand in Secrets, and nowhere else of ours. (Milvus 2.3 itself logs its Kafka settings whole.)
fn nothing_tells_a_secret(account: &aws::AwsStage, told: &[String]) {
    let objects = of_cluster();
    let of_secret = |name: &str, key: &str| {
        let data = &objects[&format!("Secret/{name}")]["data"][key];
        let bytes = BASE64_STANDARD
            .decode(data.as_str().expect("data"))
            .expect("base64");
        String::from_utf8(bytes).expect("text")
    };
    let root = of_secret("milvus/demo-milvus-root", "password");
    let kafka = of_secret("milvus/demo-milvus-kafka", "password");
    let logins = account.logins().expect("logins");
    assert!(
        logins
            .iter()
            .any(|login| login["password"] == kafka.as_str()),
        "the pods' login is another one"
    );
    let key = of_secret("kube-system/aws-load-balancer-tls", "tls.key");
    let key = key.lines().nth(1).expect("a line of the key").to_owned();

    let outside = objects
        .iter()
        .filter(|(name, _)| !name.starts_with("Secret/"));
    let outside = outside.map(|(name, object)| (name.clone(), object.to_string()));
    let told = told.iter().map(|text| ("output".to_owned(), text.clone()));
    let everything: Vec<_> = outside.chain(told).collect();
    for secret in [root, kafka, key] {
        for form in [secret.clone(), BASE64_STANDARD.encode(&secret)] {
            let tells = everything.iter().find(|(_, text)| text.contains(&form));
            assert!(
                tells.is_none(),
                "{:?} tells a secret",
                tells.map(|(name, _)| name)
            );
        }
    }
}
