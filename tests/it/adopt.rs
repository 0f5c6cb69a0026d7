//! What is not there to be adopted, and what is somebody else's to run. Releases with pods in them: `guide_adopt`.

use serde_json::json;

use crate::plugin::{Namespace, STANDALONE, kubectl};

/// The operator's kind, without its operator.
fn know_the_operators_kind() {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version = json!({"name": "v1beta1", "served": true, "storage": true, "schema": schema});
    let names = json!({"kind": "Milvus", "plural": "milvuses", "singular": "milvus"});
    let kind = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "milvuses.milvus.io"},
        "spec": {"group": "milvus.io", "scope": "Namespaced", "names": names, "versions": [version]},
    });
    kubectl(&["apply", "-f", "-"], &kind.to_string()).exits(0);
    let established = [
        "wait",
        "--for=condition=Established",
        "crd/milvuses.milvus.io",
        "--timeout=30s",
    ];
    kubectl(&established, "").exits(0);
}

#[test]
fn what_cannot_be_adopted_is_told_and_the_operators_milvus_is_named() {
    let namespace = Namespace::new("adopt-nothing");
    let unknown = namespace.milvus(&["plan", "--adopt"], "").exits(1).stderr;
    assert!(unknown.contains("no record of Helm"), "{unknown}");
    let missing = namespace.milvus(&["plan", "--adopt", "-f", "-"], STANDALONE);
    let missing = missing.exits(1).stderr;
    assert!(missing.contains("no Helm release demo"), "{missing}");

    know_the_operators_kind();
    let theirs = |name: &str| {
        let milvus = json!({
            "apiVersion": "milvus.io/v1beta1", "kind": "Milvus",
            "metadata": {"name": name, "namespace": namespace.name}, "spec": {"mode": "standalone"},
        });
        kubectl(&["apply", "-f", "-"], &milvus.to_string()).exits(0);
    };
    theirs("theirs");
    let refused = namespace.milvus(&["install", "--adopt", "--yes", "-f", "-"], STANDALONE);
    let refused = refused.exits(5).stderr;
    assert!(
        refused.contains("milvus/theirs") && refused.contains("milvus-operator"),
        "{refused}"
    );
    // One of another name is no concern of a new installation; one of the same name is.
    namespace.milvus(&["plan", "-f", "-"], STANDALONE).exits(0);
    theirs("demo");
    let refused = namespace
        .milvus(&["plan", "-f", "-"], STANDALONE)
        .exits(5)
        .stderr;
    assert!(
        refused.contains("milvus/demo") && !refused.contains("milvus/theirs"),
        "{refused}"
    );
}

/// A server whose users have passwords of their own, as every release that demands a login is.
#[test]
fn a_server_whose_passwords_are_not_ours_is_installed_and_says_how_to_verify_it() {
    let namespace = Namespace::new("adopt-users");
    let file =
        format!("{STANDALONE}config: {{common: {{security: {{authorizationEnabled: true}}}}}}\n");
    let installed = namespace.milvus(&["install", "-f", "-", "-o", "json"], &file);
    let installed = installed.exits(0);
    let told = &installed.stderr;
    assert!(
        told.contains("not verified, as clients must log in") && told.contains("--password-file"),
        "{told}"
    );
    assert_eq!(installed.result_of("install").get("verified"), None);
    // The same by the other way to say it: nobody's password is replaced.
    let file = format!("{STANDALONE}authorization: true\n");
    let again = namespace
        .milvus(&["install", "-f", "-"], &file)
        .exits(0)
        .stderr;
    assert!(again.contains("passwords that they have"), "{again}");
    let root = "Secret/demo-milvus-root".to_owned();
    assert!(!namespace.names().contains(&root));

    let folder = tempfile::tempdir().expect("a folder");
    let password = folder.path().join("password");
    std::fs::write(&password, "Milvus").expect("a file");
    let password = password.to_str().expect("a text");
    let login = [
        "verify",
        "demo",
        "--username",
        "root",
        "--password-file",
        password,
    ];
    // It lets `root` in as before, which `verify` finds fault with.
    let known = "expected root with the default password to be refused";
    let verified = namespace.milvus(&login, "").exits(3).stderr;
    assert!(verified.contains(known), "{verified}");
    // Who puts it there has `verify` log in by itself, and is not in the way of `install`.
    let content = format!("--from-file=password={password}");
    let secret = ["create", "secret", "generic", "demo-milvus-root", &content];
    namespace.kubectl(&secret).exits(0);
    let verified = namespace.milvus(&["verify", "demo"], "").exits(3).stderr;
    assert!(verified.contains(known), "{verified}");
    namespace.milvus(&["install", "-f", "-"], &file).exits(0);
    namespace
        .milvus(
            &["uninstall", "demo", "--delete-data", "--confirm", "demo"],
            "",
        )
        .exits(0);
    assert_eq!(namespace.names(), [root]);
}
