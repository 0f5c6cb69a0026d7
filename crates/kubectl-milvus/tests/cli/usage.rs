//! Wrong usage: exit code 2, and what to write instead.

use crate::plugin::Folder;

#[track_caller]
fn wrong(args: &[&str], words: &[&str]) {
    let folder = Folder::new();
    folder.run(args).exits(2).says(words);
}

#[test]
fn the_plugin_is_called_through_kubectl() {
    let folder = Folder::new();
    let ran = folder.run(&["install", "--help"]).exits(0);
    assert!(
        ran.stdout.contains("Usage: kubectl milvus install"),
        "{ran:?}"
    );
}

#[test]
fn no_command() {
    wrong(&[], &["Usage: kubectl milvus"]);
}

#[test]
fn unknown_flag() {
    wrong(&["install", "--tiemout", "5m"], &["--tiemout", "--timeout"]);
}

#[test]
fn unknown_command() {
    wrong(&["instal"], &["instal", "install"]);
}

#[test]
fn a_file_and_flags_in_its_place() {
    wrong(
        &["install", "-f", "a.yaml", "--name", "a"],
        &["--name", "--file"],
    );
}

#[test]
fn names_that_are_none() {
    wrong(&["install", "--name", "My_Milvus"], &["My_Milvus"]);
    wrong(&["render", "-n", "My Space"], &["My Space"]);
    wrong(&["status", "My_Milvus"], &["My_Milvus"]);
    wrong(&["render", "--milvus-version", "newest"], &["newest"]);
}

#[test]
fn a_duration_that_is_none() {
    wrong(&["install", "--timeout", "soon"], &["soon", "--timeout"]);
}

#[test]
fn an_endpoint_that_is_none() {
    let words = ["nonsense", "http://localhost:19530"];
    wrong(&["verify", "--endpoint", "nonsense"], &words);
    let health = [
        "verify",
        "--endpoint",
        "http://127.0.0.1:1",
        "--health-endpoint",
        "nonsense",
    ];
    wrong(&health, &["nonsense"]);
}

#[test]
fn a_password_is_no_part_of_an_endpoint() {
    let folder = Folder::new();
    let ran = folder.run(&["verify", "--endpoint", "http://root:hunter2@localhost"]);
    assert!(!ran.exits(2).stderr.contains("hunter2"));
}

#[test]
fn an_index_that_is_none() {
    wrong(&["verify", "--index", "BTREE"], &["BTREE", "IVF_FLAT"]);
}

#[test]
fn a_password_file_that_is_missing() {
    let login = ["--username", "root", "--password-file", "absent"];
    let args = [&["verify", "--endpoint", "http://127.0.0.1:1"], &login[..]].concat();
    wrong(&args, &["absent", "No such file"]);
}

#[test]
fn an_authority_file_that_is_missing() {
    let args = [
        "verify",
        "--endpoint",
        "https://127.0.0.1:1",
        "--ca-file",
        "absent",
    ];
    wrong(&args, &["absent", "No such file"]);
}

#[test]
fn no_rows() {
    wrong(&["verify", "--rows", "0"], &["--rows"]);
}

#[test]
fn a_picture_of_no_known_kind() {
    for command in ["install", "uninstall"] {
        for path in ["run.png", "run", "-"] {
            let args = [command, "--timeline", path];
            wrong(&args, &[path, "ends in neither .svg nor .html"]);
        }
    }
    wrong(
        &["graph", "--format", "png"],
        &["png", "mermaid", "dot", "svg"],
    );
}

#[test]
fn nothing_happens_in_a_dry_run() {
    for command in ["install", "uninstall"] {
        let args = [command, "--timeline", "run.svg", "--dry-run=server"];
        wrong(&args, &["--timeline", "--dry-run"]);
    }
}

#[test]
fn a_picture_is_no_document() {
    let args = ["graph", "--format", "svg", "-o", "json"];
    wrong(&args, &["--format", "-o", "leave one of them out"]);
}

#[test]
fn a_release_is_adopted_in_a_cluster_and_forgotten_after_that() {
    wrong(&["install", "--remove-helm-record"], &["--adopt"]);
    let folder = Folder::new();
    let file = "apiVersion: kubectl-milvus/v1\nversion: 2.4.5\ntarget: aws\n";
    folder.write("aws.yaml", file);
    let args = ["plan", "--adopt", "-f", "aws.yaml"];
    folder
        .run(&args)
        .exits(2)
        .says(&["Helm release", "target: kubernetes"]);
}

#[test]
fn a_server_that_everybody_can_log_in_to_is_not_left_behind() {
    let folder = Folder::new();
    let head = "apiVersion: kubectl-milvus/v1\nversion: 2.4.5\n";
    folder.write("aws.yaml", format!("{head}target: aws\n"));
    folder.write("login.yaml", format!("{head}authorization: true\n"));
    folder.write("open.yaml", head);
    for file in ["aws.yaml", "login.yaml"] {
        let ran = folder.run(&["install", "-f", file, "--wait=false"]);
        ran.exits(2)
            .says(&["--wait=false", "`root`", "`authorization: false`"]);
    }
    // Where nobody logs in there is no password to replace: this one looks for its cluster.
    let ran = folder.run(&["install", "-f", "open.yaml", "--wait=false"]);
    ran.exits(1).says(&["127.0.0.1:1"]);
}
