//! What is not ours is refused by name.

use crate::plugin::{Namespace, STANDALONE};

#[test]
fn an_object_of_the_same_name_that_is_not_ours_is_refused_before_anything_is_made() {
    let namespace = Namespace::new("foreign");
    namespace
        .kubectl(&["create", "service", "clusterip", "demo-milvus", "--tcp=80"])
        .exits(0);
    let before = namespace.names();

    let refused = namespace
        .milvus(&["install", "-f", "-"], STANDALONE)
        .exits(5);

    assert!(refused.stderr.contains("demo-milvus"), "{}", refused.stderr);
    assert!(
        refused.stderr.to_lowercase().contains("service"),
        "{}",
        refused.stderr
    );
    assert_eq!(
        namespace.names(),
        before,
        "something was made although the install was refused"
    );
}

#[test]
fn an_uninstall_leaves_what_is_not_ours() {
    let namespace = Namespace::new("foreign-uninstall");
    namespace
        .milvus(&["install", "-f", "-"], STANDALONE)
        .exits(0);
    namespace
        .kubectl(&["create", "configmap", "mine", "--from-literal=a=b"])
        .exits(0);

    namespace
        .milvus(&["uninstall", "--delete-data", "--confirm", "demo"], "")
        .exits(0);

    assert_eq!(namespace.names(), ["ConfigMap/mine"]);
}
