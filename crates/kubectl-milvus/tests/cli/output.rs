//! What goes where: data to stdout, no escape codes where nobody looks, no complaint when the reader leaves.

use std::{
    io::Read,
    process::{Command, Stdio},
};

use crate::plugin::Folder;

#[test]
fn version_needs_nothing() {
    let folder = Folder::new();
    let mut command = folder.command(&["version", "-o", "json"]);
    let ran = crate::plugin::Ran::of(command.env("KUBECONFIG", "missing")).exits(0);
    assert_eq!(ran.json()["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(ran.stderr, "");
}

#[test]
fn completion_of_every_shell_needs_nothing() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let mut command = folder.command(&["completion", shell]);
        let ran = crate::plugin::Ran::of(command.env("KUBECONFIG", "missing")).exits(0);
        assert!(ran.stdout.contains("kubectl-milvus"), "{ran:?}");
        assert!(ran.stdout.contains("uninstall"), "{ran:?}");
    }
}

#[test]
fn no_escape_codes_in_a_pipe() {
    let folder = Folder::new();
    folder.write("milvus.yaml", "apiVersion: kubectl-milvus/v1\nnam: x\n");
    let commands: [&[&str]; 6] = [
        &["--help"],
        &["render", "--no-such-flag"],
        &["install", "-f", "milvus.yaml"],
        &["install", "-v"],
        &["status", "-vv"],
        &["verify", "--endpoint", crate::plugin::NOWHERE, "-vv"],
    ];
    for args in commands {
        let ran = folder.run(args);
        assert!(!ran.stdout.contains('\x1b'), "{ran:?}");
        assert!(!ran.stderr.contains('\x1b'), "{ran:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = Folder::new();
    for args in [
        &["render"][..],
        &["completion", "bash"],
        &["version"],
        &["--help"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kubectl-milvus"))
            .args(args)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Closed before anything is read, as `| true` does.
        drop(child.stdout.take());
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}: {stderr}");
        assert_eq!(stderr, "", "{args:?}");
    }
}

#[test]
fn what_failed_has_failed_although_nobody_reads_it() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kubectl-milvus"))
        .args(["verify", "--endpoint", crate::plugin::NOWHERE, "-o", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(3));
}
