//! Files that say something impossible: found out before any cluster is asked.

use std::fmt::Write as _;

use crate::plugin::{Folder, Ran};

/// Runs every command that reads a file, and gives what `install` did.
#[track_caller]
fn refused(content: impl AsRef<[u8]>, words: &[&str]) -> Ran {
    let folder = Folder::new();
    folder.write("milvus.yaml", content);
    // Had a cluster been asked, the message were about the kubeconfig that is missing.
    let mut last = None;
    for command in [
        "status",
        "verify",
        "connect",
        "uninstall",
        "render",
        "plan",
        "install",
    ] {
        let args = [command, "-f", "milvus.yaml", "--kubeconfig", "missing"];
        last = Some(folder.run(&args).exits(2).says(words));
    }
    last.unwrap()
}

#[test]
fn wrong_key() {
    let file = "apiVersion: kubectl-milvus/v1\nnamspace: here\n";
    refused(file, &["milvus.yaml:2:1:", "namspace", "`namespace`"]);
}

#[test]
fn wrong_key_deep_in_the_file() {
    let file = "apiVersion: kubectl-milvus/v1\nstandalone:\n  storage:\n    sise: 10Gi\n";
    refused(file, &["milvus.yaml:4:5:", "sise", "`size`"]);
}

#[test]
fn wrong_type() {
    let file = "apiVersion: kubectl-milvus/v1\nservice:\n  port: many\n";
    refused(file, &["milvus.yaml:3:9:", "service.port"]);
}

#[test]
fn limits_below_requests() {
    let file = "apiVersion: kubectl-milvus/v1\nstandalone:\n  resources:\n    \
                requests: {memory: 4Gi}\n    limits: {memory: 1Gi}\n";
    refused(
        file,
        &["milvus.yaml:5:", "standalone.resources.limits.memory"],
    );
}

#[test]
fn a_volume_of_nothing() {
    let file = "apiVersion: kubectl-milvus/v1\nstandalone:\n  storage: {size: 0}\n";
    refused(file, &["milvus.yaml:3:", "standalone.storage.size"]);
}

#[test]
fn a_name_that_is_no_label() {
    let file = "apiVersion: kubectl-milvus/v1\nname: My_Milvus\n";
    refused(file, &["milvus.yaml:2:7:", "name", "My_Milvus"]);
}

#[test]
fn a_name_too_long_for_the_names_made_of_it() {
    let file = format!("apiVersion: kubectl-milvus/v1\nname: {}\n", "a".repeat(64));
    refused(file, &["milvus.yaml:2:7:", "name"]);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let file = "apiVersion: kubectl-milvus/v1\nnam: a\nversion: two\n";
    refused(file, &["milvus.yaml:2:1:", "milvus.yaml:3:10:"]);
}

#[test]
fn a_file_of_another_version() {
    let file = "apiVersion: kubectl-milvus/v9\nfuture: yes\n";
    refused(file, &["milvus.yaml:1:13:", "kubectl-milvus/v1"]);
}

#[test]
fn empty() {
    refused(
        "",
        &["milvus.yaml", "is empty", "apiVersion: kubectl-milvus/v1"],
    );
}

#[test]
fn binary() {
    refused(b"\x7fELF\x02\x01\x01\0\0\xff\xfe", &["milvus.yaml"]);
}

#[test]
fn no_yaml() {
    refused("apiVersion: [kubectl-milvus/v1\n", &["milvus.yaml:"]);
}

#[test]
fn a_yaml_bomb() {
    let mut file = String::from("apiVersion: kubectl-milvus/v1\na: &a [x, x, x, x, x, x, x, x]\n");
    for (before, name) in ('a'..'i').zip('b'..='i') {
        let again = vec![format!("*{before}"); 8].join(", ");
        writeln!(file, "{name}: &{name} [{again}]").unwrap();
    }
    refused(file, &["milvus.yaml:"]);
}

#[test]
fn deep_nesting() {
    refused("[".repeat(100_000), &["milvus.yaml"]);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let ran = refused("apiVersion: \"\\e[31mred\"\n", &["milvus.yaml:1:13:"]);
    assert!(!ran.stderr.contains('\x1b'), "{ran:?}");
}

#[test]
fn missing() {
    let folder = Folder::new();
    let args = ["install", "-f", "absent.yaml", "--kubeconfig", "missing"];
    let ran = folder.run(&args).exits(2);
    ran.says(&["absent.yaml", "No such file"]);
}

#[test]
fn a_folder() {
    let folder = Folder::new();
    let ran = folder.run(&["render", "-f", "."]).exits(2);
    ran.says(&["error: read .", "directory"]);
}

#[test]
fn standard_input_is_named() {
    let folder = Folder::new();
    let mut command = folder.command(&["install", "-f", "-"]);
    let ran = Ran::of(command.write_stdin("apiVersion: kubectl-milvus/v1\nname: A\n"));
    ran.exits(2).says(&["standard input:2:7:"]);
}

/// A cluster whose two passwords come from there.
fn cluster(password: &str) -> String {
    format!(
        "apiVersion: kubectl-milvus/v1
version: 2.4.23
mode: cluster
cluster:
  kafka:
    brokers: [kafka.example.com:9096]
    security:
      scramSha512: {{username: milvus, password: {password}}}
  s3:
    endpoint: s3.us-west-2.amazonaws.com:443
    bucket: vectors
    region: us-west-2
    access: iam
  serviceAccount:
    name: milvus
    annotations: {{eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/milvus\"}}
"
    )
}

/// Runs the commands that need the passwords.
#[track_caller]
fn unreadable(folder: &Folder, password: &str, words: &[&str]) {
    folder.write("milvus.yaml", cluster(password));
    for command in ["render", "plan", "install"] {
        let args = [command, "-f", "milvus.yaml", "--kubeconfig", "missing"];
        folder.run(&args).exits(2).says(words);
    }
}

#[test]
fn a_password_file_that_is_missing() {
    let words = ["cluster.kafka.security", "kafka.password", "No such file"];
    unreadable(&Folder::new(), "{file: kafka.password}", &words);
}

#[test]
fn a_password_file_that_is_empty() {
    let folder = Folder::new();
    folder.write("kafka.password", "\n");
    let words = ["cluster.kafka.security", "kafka.password"];
    unreadable(&folder, "{file: kafka.password}", &words);
}

#[test]
fn a_variable_that_is_not_set() {
    let words = ["cluster.kafka.security", "KAFKA_PASSWORD"];
    unreadable(&Folder::new(), "{env: KAFKA_PASSWORD}", &words);
}

#[test]
fn a_password_is_never_told() {
    let folder = Folder::new();
    folder.write("kafka.password", "se\u{7}cret\n");
    folder.write("milvus.yaml", cluster("{file: kafka.password}"));
    let ran = folder.run(&["render", "-f", "milvus.yaml", "-vv"]).exits(2);
    assert!(!ran.stderr.contains("cret"), "{ran:?}");
}

#[test]
fn a_password_in_the_file_itself() {
    let file = cluster("hunter2");
    let ran = refused(file, &["milvus.yaml:8:", "cluster.kafka.security"]);
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
}
