//! Runs the plugin and kubectl as a user does, each test in a namespace of its own.

use std::{
    env,
    io::{Read, Write},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use milvus_stage::{cache::Cache, kubernetes::openshift};
use serde_json::Value;

/// A small standalone Milvus of the version whose real server the stage has.
pub(crate) const STANDALONE: &str = "\
apiVersion: kubectl-milvus/v1
name: demo
version: 2.3.5
mode: standalone
standalone:
  resources:
    requests: {cpu: 100m, memory: 256Mi}
    limits: {memory: 2Gi}
  storage: {size: 1Gi}
";

/// Passwords with every character that a careless writer trips over; they may appear in Secrets alone.
pub(crate) const KAFKA_PASSWORD: &str = "ka: {f}ka #\"'\\ yes é";
/// As [`KAFKA_PASSWORD`].
pub(crate) const S3_SECRET: &str = "*s3/+secret=%";

/// What a command printed, and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn new(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, once its exit code is the expected one.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Standard output as the document that docs/schema says the command writes.
    #[track_caller]
    pub(crate) fn result_of(&self, command: &str) -> Value {
        let document = self.json();
        let path = format!(
            "{}/../docs/schema/{command}.v1.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let schema =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let schema = serde_json::from_str(&schema).expect("a schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("a schema is one");
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .map(|fault| fault.to_string())
            .collect();
        assert!(
            faults.is_empty(),
            "not as {path} says: {faults:?}\n{document}"
        );
        document
    }

    /// Standard output, read as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON on stdout: {error}\n{}", self.stdout))
    }
}

/// A namespace that goes when the test ends.
pub(crate) struct Namespace {
    pub(crate) name: String,
}

impl Namespace {
    /// A new one; `label` tells whose it is when something is left over.
    pub(crate) fn new(label: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("it-{label}-{}-{count}", std::process::id());
        kubectl(&["create", "namespace", &name], "").exits(0);
        Self { name }
    }

    /// A new one that admits only pods of the Pod Security Standard `restricted`.
    pub(crate) fn restricted(label: &str) -> Self {
        let namespace = Self::new(label);
        namespace.enforce_restricted();
        namespace
    }

    /// Pods that are not of the Pod Security Standard `restricted` are not admitted from now on.
    pub(crate) fn enforce_restricted(&self) {
        let enforce = "pod-security.kubernetes.io/enforce=restricted";
        kubectl(&["label", "namespace", &self.name, enforce], "").exits(0);
    }

    /// The same, with OpenShift's own admission as well.
    pub(crate) fn of_openshift(label: &str) -> Self {
        let cache = Cache::open().expect("the cache");
        openshift::start(&cache).expect("OpenShift's admission");
        let namespace = Self::restricted(label);
        let metadata = serde_json::json!({"metadata": openshift::namespace()}).to_string();
        let patch = [
            "patch",
            "namespace",
            &namespace.name,
            "--type=merge",
            "-p",
            &metadata,
        ];
        kubectl(&patch, "").exits(0);
        namespace
    }

    /// The first event with that text in its message.
    pub(crate) fn wait_for_event(&self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let events = self
                .kubectl(&["get", "events", "-o", "json"])
                .exits(0)
                .json();
            let items = events["items"].as_array().expect("a list");
            let messages = items.iter().filter_map(|event| event["message"].as_str());
            if let Some(message) = messages.clone().find(|message| message.contains(text)) {
                return message.to_owned();
            }
            let all: Vec<_> = messages.collect();
            assert!(
                Instant::now() < deadline,
                "no event says `{text}`: {all:#?}"
            );
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// Runs the plugin in this namespace, with `file` as its `-f -`.
    pub(crate) fn milvus(&self, args: &[&str], file: &str) -> Ran {
        let child = self.spawn(args, file);
        Ran::new(&child.wait_with_output().expect("the plugin ends"))
    }

    /// Starts the plugin in this namespace, with `file` on its standard input.
    pub(crate) fn spawn(&self, args: &[&str], file: &str) -> Child {
        let mut command = plugin();
        command.args(args).args(["-n", &self.name]);
        command
            .env("KAFKA_PASSWORD", KAFKA_PASSWORD)
            .env("S3_SECRET", S3_SECRET);
        start(&mut command, file)
    }

    /// Runs kubectl in this namespace.
    pub(crate) fn kubectl(&self, args: &[&str]) -> Ran {
        kubectl(&[&["-n", self.name.as_str()], args].concat(), "")
    }

    /// Every object of the kinds that an installation may hold, by kind and name, with what the server says of it.
    pub(crate) fn objects(&self) -> Vec<(String, Value)> {
        let kinds = "deployment,statefulset,service,configmap,secret,serviceaccount,pvc,poddisruptionbudget,pod,ingress,\
                     networkpolicy,job,role,rolebinding,replicaset";
        let list = self.kubectl(&["get", kinds, "-o", "json"]).exits(0).json();
        let items = list["items"].as_array().expect("a list has items");
        let mut objects: Vec<_> = items
            .iter()
            .map(|item| (identity(item), item.clone()))
            .collect();
        // Every namespace has the first two, those with a role in them the stage's CA too.
        let others = [
            "ConfigMap/kube-root-ca.crt",
            "ServiceAccount/default",
            "ConfigMap/stage-trust",
        ];
        objects.retain(|(name, _)| !others.contains(&name.as_str()));
        objects.sort_by(|a, b| a.0.cmp(&b.0));
        objects
    }

    /// The names of [`Self::objects`].
    pub(crate) fn names(&self) -> Vec<String> {
        self.objects().into_iter().map(|(name, _)| name).collect()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        kubectl(&["delete", "namespace", &self.name, "--wait=false"], "");
    }
}

fn identity(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!(
        "{}/{}",
        text(&object["kind"]),
        text(&object["metadata"]["name"])
    )
}

/// Runs the plugin outside of any namespace.
pub(crate) fn milvus(args: &[&str], file: &str) -> Ran {
    let child = start(plugin().args(args), file);
    Ran::new(&child.wait_with_output().expect("the plugin ends"))
}

/// Starts the plugin outside of any namespace.
pub(crate) fn spawn(args: &[&str]) -> Child {
    start(plugin().args(args), "")
}

fn plugin() -> Command {
    Command::new(env::var("KUBECTL_MILVUS").expect("KUBECTL_MILVUS names the plugin"))
}

/// Runs the stage's kubectl, with `input` on its standard input.
pub(crate) fn kubectl(args: &[&str], input: &str) -> Ran {
    let child = start(Command::new("kubectl").args(args), input);
    Ran::new(&child.wait_with_output().expect("kubectl ends"))
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    Ran::new(&start(command, "").wait_with_output().expect("it ends"))
}

fn start(command: &mut Command, input: &str) -> Child {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("start {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("it was asked for");
    // A command that does not read its input closes it early, which is its right.
    let _read = stdin.write_all(input.as_bytes());
    child
}

/// The lines of a running command's stderr, as they come.
pub(crate) fn stderr_lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let mut stderr = child.stderr.take().expect("it was asked for");
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        let mut byte = [0];
        // Byte by byte: a reader that buffers would hold back the line that the test waits for.
        while stderr.read(&mut byte).is_ok_and(|read| read == 1) {
            if byte[0] == b'\n' {
                return Some(String::from_utf8_lossy(&line).into_owned());
            }
            line.push(byte[0]);
        }
        (!line.is_empty()).then(|| String::from_utf8_lossy(&line).into_owned())
    })
}
