//! `render`, and `install --dry-run=client`, which is the same.

use std::fs;

use crate::plugin::Folder;

#[test]
fn the_same_bytes_every_time() {
    let folder = Folder::new();
    let first = folder.run(&["render"]).exits(0);
    let second = folder.run(&["render"]).exits(0);
    assert_eq!(first.stdout, second.stdout);
    assert_eq!(first.stderr, "");
    assert!(first.stdout.starts_with("---\napiVersion: "), "{first:?}");
}

#[test]
fn a_dry_run_on_the_client_is_the_same() {
    let folder = Folder::new();
    for output in ["text", "json", "yaml"] {
        let rendered = folder.run(&["render", "-o", output]).exits(0);
        let dry = folder.run(&["install", "--dry-run=client", "-o", output]);
        assert_eq!(rendered.stdout, dry.exits(0).stdout);
    }
}

#[test]
fn json_is_one_document() {
    let folder = Folder::new();
    let list = folder.run(&["render", "-o", "json"]).exits(0).json();
    assert_eq!(list["kind"], "List");
    assert!(!list["items"].as_array().unwrap().is_empty());
}

#[test]
fn flags_stand_in_for_a_file() {
    let folder = Folder::new();
    let args = [
        "--name",
        "vectors",
        "--milvus-version",
        "2.4.23",
        "-n",
        "search",
    ];
    let rendered = folder.run(&[&["render"], &args[..]].concat()).exits(0);
    assert!(
        rendered.stdout.contains("namespace: search"),
        "{rendered:?}"
    );
    assert!(
        rendered.stdout.contains("milvusdb/milvus:v2.4.23"),
        "{rendered:?}"
    );
}

#[test]
fn the_flag_decides_over_the_namespace_of_the_file() {
    let folder = Folder::new();
    folder.write(
        "milvus.yaml",
        "apiVersion: kubectl-milvus/v1\nnamespace: file\n",
    );
    let own = folder.run(&["render", "-f", "milvus.yaml"]).exits(0);
    assert!(own.stdout.contains("namespace: file"), "{own:?}");
    let moved = folder
        .run(&["render", "-f", "milvus.yaml", "-n", "flag"])
        .exits(0);
    assert!(!moved.stdout.contains("namespace: file"), "{moved:?}");
}

#[test]
fn one_numbered_file_per_object() {
    let folder = Folder::new();
    let ran = folder
        .run(&["render", "--output-dir", "deep/objects"])
        .exits(0);
    assert_eq!(ran.stdout, "");
    let mut names: Vec<_> = fs::read_dir(folder.path().join("deep/objects"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for (number, name) in names.iter().enumerate() {
        assert!(name.starts_with(&format!("{number:02}-")), "{names:?}");
        assert!(ran.stderr.contains(name.as_str()), "{ran:?}");
    }
    let content = |name: &String| fs::read_to_string(folder.path().join("deep/objects").join(name));
    let joined: Vec<_> = names.iter().map(|name| content(name).unwrap()).collect();
    let whole = folder.run(&["render"]).exits(0).stdout;
    for document in &joined {
        assert!(
            whole.contains(document.trim_start_matches("---\n").trim_end()),
            "{document}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_made() {
    let folder = Folder::new();
    folder.write("taken", "");
    let ran = folder.run(&["render", "--output-dir", "taken"]).exits(1);
    ran.says(&["error: write taken"]);
}
