//! Taking over a Helm release: what is refused before anything is written.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    api_server::ApiServer,
    plugin::{Folder, Ran, kubeconfig},
};

const HOME: &str = "/api/v1/namespaces/vectors";
const APPS: &str = "/apis/apps/v1/namespaces/vectors";
/// A record as Helm writes it: a release of chart 4.1.34, of Milvus 2.4.5.
const RECORD: &str = include_str!("../../../milvus-manifests/tests/golden/helm/record.txt");
/// The same while `helm upgrade` is at work, or was stopped at it.
const PENDING: &str =
    include_str!("../../../milvus-manifests/tests/golden/helm/record-pending.txt");
/// An upgrade to a chart of Milvus 2.4.6 that failed.
const FAILED: &str = include_str!("../../../milvus-manifests/tests/golden/helm/record-failed.txt");
/// Values that do not name the Milvus version.
const VALUES: &str = "\
cluster: {enabled: false}
minio: {enabled: false}
externalS3: {enabled: true, host: s3.example.com, port: 443, accessKey: key, secretKey: secret, bucketName: vectors}
";

/// A release of one pod, and a folder with a way to it.
struct Release {
    server: ApiServer,
    folder: Folder,
}

/// An object as Helm makes it.
fn helms(mut object: Value, labels: &[(&str, &str)]) -> Value {
    object["metadata"] = json!({
        "labels": {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "demo"},
        "annotations": {"meta.helm.sh/release-name": "demo", "meta.helm.sh/release-namespace": "vectors"},
    });
    for (key, value) in labels {
        object["metadata"]["labels"][key] = json!(value);
    }
    object
}

impl Release {
    /// One that runs that image, and whose settings are these.
    fn new(image: &str, settings: &str, record: &str) -> Self {
        let server = ApiServer::start();
        let folder = Folder::new();
        folder.write("kubeconfig", kubeconfig(&server.address));
        let service = json!({"apiVersion": "v1", "kind": "Service", "spec": {}});
        server.put(&format!("{HOME}/services/demo-milvus"), helms(service, &[]));
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"user.yaml": settings}});
        server.put(&format!("{HOME}/configmaps/demo-milvus"), helms(map, &[]));
        let pod = json!({"spec": {"containers": [{"name": "standalone", "image": image}]}});
        let deployment =
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": pod}});
        let labels = [
            ("component", "standalone"),
            ("app.kubernetes.io/version", "2.6.20"),
        ];
        let path = format!("{APPS}/deployments/demo-milvus-standalone");
        server.put(&path, helms(deployment, &labels));
        let release = Self { server, folder };
        release.remember(1, record);
        release
    }

    /// What Helm keeps of one revision.
    fn remember(&self, revision: u8, record: &str) {
        let labels = json!({"owner": "helm", "name": "demo", "version": revision.to_string()});
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": {"labels": labels}, "data": {"release": record.trim()},
        });
        let path = format!("{HOME}/secrets/sh.helm.release.v1.demo.v{revision}");
        self.server.put(&path, secret);
    }

    fn file(&self, lines: &str) -> PathBuf {
        let text =
            format!("apiVersion: kubectl-milvus/v1\nname: demo\nnamespace: vectors\n{lines}");
        self.folder.write("milvus.yaml", text)
    }

    fn run(&self, args: &[&str]) -> Ran {
        let ran = self.folder.run(args);
        assert_eq!(self.server.writes(), Vec::<String>::new(), "{ran:?}");
        ran
    }

    /// The run of a file that says so, by each command that may write.
    #[track_caller]
    fn refuses(&self, lines: &str, words: &[&str]) {
        self.file(lines);
        let install = ["install", "--adopt", "--yes", "-f", "milvus.yaml"];
        self.run(&install).exits(5).says(words);
        let plan = self.run(&["plan", "--adopt", "-f", "milvus.yaml"]).exits(5);
        for word in words {
            assert!(plan.stderr.contains(word), "no `{word}` in {plan:#?}");
        }
    }
}

#[test]
fn another_version_than_the_one_that_runs_is_refused() {
    let release = Release::new("milvusdb/milvus:v2.4.5", "", RECORD);
    let words = [
        "Milvus 2.4.5 runs there, and 2.6.20 is to be installed",
        "hint: ",
        "`version: 2.4.5`",
        "--milvus-version 2.4.5",
        "upgrade",
    ];
    // A file that names none means the usual one.
    release.refuses("", &words);
    release.refuses("version: 2.6.20\n", &words);
    // A patch release is another version too.
    release.refuses("version: 2.4.17\n", &["2.4.5 runs there, and 2.4.17"]);
    release.file("version: 2.4.5\n");
    release
        .run(&["plan", "--adopt", "-f", "milvus.yaml"])
        .exits(0);
}

#[test]
fn an_image_whose_tag_says_nothing_has_to_be_named() {
    let release = Release::new("registry:5000/milvus:nightly", "", RECORD);
    let words = [
        "deployment/demo-milvus-standalone runs registry:5000/milvus:nightly",
        "milvusdb/milvus:v2.4.5 is to be installed",
        "hint: ",
        "image.tag",
    ];
    release.refuses("version: 2.4.5\n", &words);
    release.file("version: 2.4.5\nimage: {repository: registry:5000/milvus, tag: nightly}\n");
    release
        .run(&["plan", "--adopt", "-f", "milvus.yaml"])
        .exits(0);
}

/// Values mean the chart that goes with them, unless they or a flag name a version.
#[test]
fn values_without_a_version_are_those_of_the_chart_that_helm_remembers() {
    let release = Release::new("milvusdb/milvus:v2.4.5", "", RECORD);
    release.folder.write("values.yaml", VALUES);
    let plan = |more: &[&str]| {
        let args = [
            "plan",
            "--adopt",
            "--helm-values",
            "values.yaml",
            "--release",
            "demo",
            "-n",
            "vectors",
        ];
        release.run(&[&args, more].concat())
    };
    plan(&[]).exits(0);
    let other = plan(&["--milvus-version", "2.6.20"]).exits(5).stderr;
    assert!(other.contains("2.4.5 runs there"), "{other}");
    let tag = "image: {all: {tag: v2.5.16}}\n";
    release
        .folder
        .write("values.yaml", format!("{VALUES}{tag}"));
    let other = plan(&[]).exits(5).stderr;
    assert!(other.contains("2.4.5 runs there, and 2.5.16"), "{other}");
    // An empty tag names none.
    let tag = "image: {all: {tag: ''}}\n";
    release
        .folder
        .write("values.yaml", format!("{VALUES}{tag}"));
    plan(&[]).exits(0);
}

/// An upgrade that fails leaves the revision before it deployed.
#[test]
fn stage_fault_10_the_deployed_revision_counts_and_a_newer_one_is_told() {
    let release = Release::new("milvusdb/milvus:v2.4.5", "", RECORD);
    release.folder.write("values.yaml", VALUES);
    let plan = |words: &str| {
        let values = ["--helm-values", "values.yaml", "--release", "demo"];
        let plan = ["plan", "--adopt", "-n", "vectors"];
        let said = release.run(&[&plan[..], &values].concat()).stderr;
        assert_eq!(
            said.contains("note: the Milvus version"),
            !words.is_empty(),
            "{said}"
        );
        assert!(said.contains(words), "{said}");
        said
    };
    plan("");
    release.remember(2, FAILED);
    let words = "revision 1 of the release demo, which is deployed, not from revision 2, which is newer and failed";
    let said = plan(words);
    assert!(!said.contains("2.4.6"), "{said}");
    release.remember(3, PENDING);
    release.remember(1, FAILED);
    let said = plan("revision 3");
    assert!(said.contains("no revision is deployed"), "{said}");
}

#[test]
fn a_release_that_helm_has_not_finished_with_is_refused() {
    let release = Release::new("milvusdb/milvus:v2.4.5", "", PENDING);
    let words = [
        "release demo: it is pending-upgrade",
        "hint: ",
        "helm rollback",
    ];
    release.file("version: 2.4.5\n");
    for command in [&["install", "--yes"][..], &["plan"]] {
        let args = [command, &["--adopt", "-f", "milvus.yaml"]].concat();
        release.run(&args).exits(5).says(&words);
    }
}

impl Release {
    /// The claim of its pod, on a volume of that kind.
    fn claim(&self, volume: &Value) {
        let path = format!("{APPS}/deployments/demo-milvus-standalone");
        self.server.edit(&path, |deployment| {
            deployment["spec"]["selector"] = json!({});
            deployment["spec"]["template"]["spec"]["volumes"] =
                json!([{"name": "data", "persistentVolumeClaim": {"claimName": "demo-milvus"}}]);
        });
        let claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": {"volumeName": "pv-1"},
        });
        let path = format!("{HOME}/persistentvolumeclaims/demo-milvus");
        self.server.put(&path, helms(claim, &[]));
        let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "spec": volume});
        self.server.put("/api/v1/persistentvolumes/pv-1", volume);
    }
}

/// Milvus would start, and fail at its own data.
#[test]
fn files_that_would_stay_roots_are_told_before_anything_is_written() {
    let release = Release::new("milvusdb/milvus:v2.4.5", "", RECORD);
    release.claim(&json!({"hostPath": {"path": "/data"}}));
    let words = [
        "files on the claim demo-milvus belong to user 0",
        "kind hostPath",
        "hint: ",
        "runAsUser: 0, runAsNonRoot: false",
        "chown -R 1000:1000",
    ];
    release.refuses("version: 2.4.5\n", &words);
    release.file(
        "version: 2.4.5\nscheduling: {securityContext: {runAsUser: 0, runAsNonRoot: false}}\n",
    );
    release
        .run(&["plan", "--adopt", "-f", "milvus.yaml"])
        .exits(0);
}

#[test]
fn files_that_change_hands_are_not_spoken_of_but_the_policy_is_always() {
    let release = Release::new("milvusdb/milvus:v2.4.5", "", RECORD);
    release.claim(&json!({"local": {"path": "/data"}}));
    release.file("version: 2.4.5\n");
    let plan = release.run(&["plan", "--adopt", "-f", "milvus.yaml", "-o", "json"]);
    let plan = plan.exits(0);
    assert!(plan.stdout.contains("Always"), "{plan:#?}");
    assert!(!plan.stdout.contains("OnRootMismatch"), "{plan:#?}");
}

/// What is assigned there is not named by us.
#[test]
fn an_openshift_is_recognized() {
    let release = Release::new("milvusdb/milvus:v2.4.5", "", RECORD);
    release.file("version: 2.4.5\n");
    let plan = || {
        let args = ["plan", "--adopt", "-f", "milvus.yaml", "-o", "json"];
        release.run(&args).exits(0)
    };
    let before = plan();
    assert!(before.stdout.contains("runAsUser"), "{before:#?}");
    let version = json!({"groupVersion": "security.openshift.io/v1", "version": "v1"});
    let group = json!({"name": "security.openshift.io", "versions": [version]});
    let groups = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group]});
    release.server.put("/apis", groups);
    let openshift = plan();
    assert!(!openshift.stdout.contains("runAsUser"), "{openshift:#?}");
    assert!(
        openshift.stdout.contains("supplementalGroups"),
        "{openshift:#?}"
    );
    assert!(openshift.stderr.contains("is OpenShift"), "{openshift:#?}");
}

#[test]
fn nothing_is_written_until_somebody_agrees() {
    let release = Release::new("milvusdb/milvus:v2.4.5", "", RECORD);
    release.file("version: 2.4.5\n");
    let words = ["service/demo-milvus", "hint: ", "--yes"];
    let install = ["install", "--adopt", "-f", "milvus.yaml"];
    let asked = release.run(&install).exits(5);
    for word in words {
        assert!(asked.stderr.contains(word), "no `{word}` in {asked:#?}");
    }
    // Who agrees gets as far as the first write.
    let agreed = [&install[..], &["--yes", "--timeout", "1s"]].concat();
    release.folder.run(&agreed).exits(1);
    assert_ne!(release.server.writes(), Vec::<String>::new());
}

/// `authorization: true` would give `root` another password.
#[test]
fn passwords_that_the_server_knows_stay() {
    let on = "common: {security: {authorizationEnabled: true}}";
    let steps = |settings: &str| {
        let release = Release::new("milvusdb/milvus:v2.4.5", settings, RECORD);
        release.file("version: 2.4.5\nauthorization: true\n");
        let plan = release.run(&["plan", "--adopt", "-f", "milvus.yaml", "-o", "json"]);
        let plan = plan.exits(0);
        let steps = plan.json()["steps"].as_array().unwrap().clone();
        let steps = steps
            .iter()
            .map(|step| step["resource"].as_str().unwrap().to_owned());
        (steps.collect::<Vec<_>>(), plan.stderr)
    };
    let made = ["secret/demo-milvus-root", "password of root"];
    let (stay, told) = steps(on);
    assert!(
        made.iter().all(|it| !stay.iter().any(|step| step == it)),
        "{stay:?}"
    );
    assert!(told.contains("passwords that they have"), "{told}");
    // Nobody had to log in so far: everybody knows the password of `root`.
    let (replaced, told) = steps("");
    assert!(
        made.iter().all(|it| replaced.iter().any(|step| step == it)),
        "{replaced:?}"
    );
    assert!(!told.contains("passwords that they have"), "{told}");
}
