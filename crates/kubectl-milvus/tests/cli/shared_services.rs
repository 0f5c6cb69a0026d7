//! A new installation on services that others may use says which part is its own; one that exists keeps its part.

use serde_json::json;

use crate::{
    api_server::ApiServer,
    plugin::{Folder, kubeconfig},
};

const FILE: &str = "apiVersion: kubectl-milvus/v1
name: demo
namespace: vectors
version: 2.6.15
mode: cluster
cluster:
  kafka: {brokers: ['kafka:9092']}
  etcd: {endpoints: ['etcd:2379']}
  s3: {endpoint: 'store:9000', bucket: abc, access: {keys: {existingSecret: s3}}}
";
const MAP: &str = "/api/v1/namespaces/vectors/configmaps/demo-milvus";

/// A folder with that file, and a server that the commands in it talk to.
fn place(file: &str) -> (Folder, ApiServer) {
    let (folder, server) = (Folder::new(), ApiServer::start());
    folder.write("kubeconfig", kubeconfig(&server.address));
    folder.write("milvus.yaml", file);
    (folder, server)
}

fn settings(user: &str) -> serde_json::Value {
    json!({
        "metadata": {"namespace": "vectors", "labels": {"kubectl-milvus/installation": "demo"}},
        "data": {"default.yaml": "metastore: {type: etcd}\n", "user.yaml": user},
    })
}

#[test]
fn discovery_15_a_new_installation_has_to_say_which_part_is_its_own() {
    let root_path = format!("{FILE}config: {{etcd: {{rootPath: second}}}}\n");
    for (file, named) in [
        (
            FILE,
            "etcd (etcd.rootPath) and Kafka (msgChannel.chanNamePrefix.cluster)",
        ),
        (&root_path, "Kafka (msgChannel.chanNamePrefix.cluster)"),
    ] {
        let (folder, server) = place(file);
        for command in ["plan", "install"] {
            let ran = folder.run(&[command, "-f", "milvus.yaml"]).exits(5);
            ran.says(&["demo is new", named, "names: {inSharedServices: own}"]);
        }
        assert_eq!(server.writes(), Vec::<String>::new());
    }
    // An etcd of its own holds no metadata of others.
    let (folder, _server) = place(&FILE.replace("  etcd: {endpoints: ['etcd:2379']}\n", ""));
    let ran = folder.run(&["plan", "-f", "milvus.yaml"]).exits(0);
    let note = "note: cluster.kafka: other installations may use this Kafka";
    assert!(ran.stderr.contains(note), "{ran:#?}");
    for decided in ["own", "usual"] {
        let (folder, _server) = place(&format!("{FILE}names: {{inSharedServices: {decided}}}\n"));
        folder.run(&["plan", "-f", "milvus.yaml"]).exits(0);
    }
}

#[test]
fn discovery_15_an_installation_that_exists_keeps_its_part() {
    let (folder, server) = place(FILE);
    server.put(MAP, settings("{}\n"));
    folder.run(&["plan", "-f", "milvus.yaml"]).exits(0);
    // As it is not new, nothing has to be said; another part would be another Milvus.
    folder.write(
        "milvus.yaml",
        format!("{FILE}names: {{inSharedServices: own}}\n"),
    );
    for command in ["plan", "install"] {
        let ran = folder.run(&[command, "-f", "milvus.yaml"]).exits(5);
        ran.says(&["etcd.rootPath `by-dev`", "`vectors.demo-milvus`", "hint: "]);
    }
    server.put(MAP, settings("etcd: {rootPath: second}\n"));
    folder.write("milvus.yaml", FILE);
    let ran = folder.run(&["plan", "-f", "milvus.yaml"]).exits(5);
    ran.says(&["etcd.rootPath `second`", "set `etcd.rootPath` to `second`"]);
    assert_eq!(server.writes(), Vec::<String>::new());
}

#[test]
fn discovery_15_render_says_it_and_stays_as_it_was() {
    let folder = Folder::new();
    folder.write("milvus.yaml", FILE);
    let ran = folder.run(&["render", "-f", "milvus.yaml"]).exits(0);
    for key in ["cluster.etcd.endpoints", "cluster.kafka"] {
        let line = format!("note: {key}: ");
        assert!(ran.stderr.contains(&line), "{}", ran.stderr);
    }
    assert!(!ran.stdout.contains("chanNamePrefix"));
    folder.write(
        "milvus.yaml",
        format!("{FILE}names: {{inSharedServices: own}}\n"),
    );
    let ran = folder.run(&["render", "-f", "milvus.yaml"]).exits(0);
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.contains("rootPath: vectors.demo-milvus"));
    assert!(ran.stdout.contains("cluster: vectors.demo-milvus"));
    // The chart has no word for it: its values say what follows from it.
    let args = ["render", "-f", "milvus.yaml", "--to", "helm-values"];
    let values = folder.run(&args).exits(0).stdout;
    assert_eq!(values.matches("vectors.demo-milvus").count(), 2, "{values}");
}

#[test]
fn discovery_9_init_writes_a_file_with_names_of_its_own() {
    let folder = Folder::new();
    let args = [
        "init",
        "--vectors",
        "20M",
        "--dim",
        "768",
        "--mode",
        "cluster",
    ];
    let file = folder.run(&args).exits(0).stdout;
    assert!(file.contains("inSharedServices: own"), "{file}");
}

#[test]
fn discovery_17_an_endpoint_without_effect_is_a_note() {
    let folder = Folder::new();
    let file = FILE.replace(
        "bucket: abc",
        "bucket: abc, iamEndpoint: 'https://sts.example.com'",
    );
    folder.write(
        "milvus.yaml",
        format!("{file}names: {{inSharedServices: usual}}\n"),
    );
    let ran = folder.run(&["render", "-f", "milvus.yaml"]).exits(0);
    assert!(
        ran.stderr
            .starts_with("note: cluster.s3.iamEndpoint: has no effect"),
        "{}",
        ran.stderr
    );
}
