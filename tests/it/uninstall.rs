//! `uninstall` keeps the data unless its deletion is confirmed by name.

use crate::plugin::{Namespace, STANDALONE};

#[test]
fn uninstall_keeps_the_volume_and_a_new_install_finds_it() {
    let namespace = Namespace::new("uninstall");
    namespace
        .milvus(&["install", "-f", "-"], STANDALONE)
        .exits(0);
    let volume = volume(&namespace);

    let gone = namespace.milvus(&["uninstall", "-o", "json"], "").exits(0);
    let kept = &gone.result_of("uninstall")["kept"];
    assert_eq!(
        kept[0]["resource"], "persistentvolumeclaim/demo-milvus",
        "{kept}"
    );

    assert_eq!(namespace.names(), ["PersistentVolumeClaim/demo-milvus"]);
    assert!(
        gone.stdout.contains("demo-milvus"),
        "it says what it kept:\n{}",
        gone.stdout
    );
    namespace
        .milvus(&["install", "-f", "-"], STANDALONE)
        .exits(0);
    assert_eq!(
        self::volume(&namespace),
        volume,
        "the kept volume is used again"
    );

    let unconfirmed = namespace
        .milvus(&["uninstall", "--delete-data"], "")
        .exits(5);
    assert!(
        unconfirmed.stderr.contains("--confirm demo"),
        "{}",
        unconfirmed.stderr
    );
    namespace
        .milvus(&["uninstall", "--delete-data", "--confirm", "other"], "")
        .exits(5);
    assert!(
        namespace
            .names()
            .contains(&"Deployment/demo-milvus-standalone".to_owned())
    );

    namespace
        .milvus(&["uninstall", "--delete-data", "--confirm", "demo"], "")
        .exits(0);
    assert_eq!(namespace.names(), Vec::<String>::new());
    // What is gone already is no error.
    namespace.milvus(&["uninstall", "demo"], "").exits(0);
}

fn volume(namespace: &Namespace) -> String {
    let volume = [
        "get",
        "pvc",
        "demo-milvus",
        "-o",
        "jsonpath={.spec.volumeName}",
    ];
    namespace.kubectl(&volume).exits(0).stdout
}
