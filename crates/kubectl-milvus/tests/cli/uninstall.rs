//! What is removed without a file, and what is not.

use serde_json::json;

use crate::{
    api_server::ApiServer,
    plugin::{Folder, kubeconfig},
};

/// An installation with a load balancer whose tags in AWS are these, and a folder with a way to it.
fn behind_a_load_balancer(tags: &str) -> (ApiServer, Folder) {
    let server = ApiServer::start();
    let folder = Folder::new();
    folder.write("kubeconfig", kubeconfig(&server.address));
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer"},
        "metadata": {
            "labels": {"kubectl-milvus/installation": "demo"},
            "annotations": {"service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags": tags},
        },
    });
    server.put("/api/v1/namespaces/vectors/services/demo-milvus", service);
    (server, folder)
}

#[test]
fn the_cluster_half_of_an_installation_in_an_account_does_not_go_alone() {
    let (server, folder) = behind_a_load_balancer("kubectl-milvus/installation=demo");
    for more in [
        &["--dry-run=server"][..],
        &["--delete-data", "--confirm", "demo"],
        &[],
    ] {
        let args = [&["uninstall", "demo", "-n", "vectors"][..], more].concat();
        let ran = folder.run(&args).exits(2);
        ran.says(&[
            "a part in an AWS account",
            "`-f` names that file",
            "`name: demo`",
        ]);
    }
    assert_eq!(server.writes(), Vec::<String>::new());
}

#[test]
fn a_load_balancer_with_tags_of_its_owner_goes_with_the_rest() {
    let (_server, folder) = behind_a_load_balancer("team=search");
    let ran = folder.run(&["uninstall", "demo", "-n", "vectors", "--dry-run=server"]);
    assert!(ran.exits(0).stdout.contains("service/demo-milvus"));
}
