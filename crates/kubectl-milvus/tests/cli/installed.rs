//! An installation in the API server of a test: what `render` says, with pods that run.

use serde_json::{Value, json};

use crate::{
    api_server::ApiServer,
    plugin::{Folder, Ran, kubeconfig},
};

pub(crate) const HOME: &str = "/api/v1/namespaces/vectors";
pub(crate) const APPS: &str = "/apis/apps/v1/namespaces/vectors";

/// A cluster by roles, of which the user need not keep anything.
pub(crate) const CLUSTER: &str = "\
apiVersion: kubectl-milvus/v1
name: demo
namespace: vectors
version: 2.5.16
mode: cluster
cluster:
  kafka: {brokers: ['kafka-1:9092']}
  s3: {endpoint: 's3.us-west-2.amazonaws.com:443', bucket: vectors, region: us-west-2, access: iam}
  serviceAccount: {name: milvus}
";

/// An installation, and a folder with its file and with a way to it.
pub(crate) struct Installation {
    pub(crate) server: ApiServer,
    pub(crate) folder: Folder,
}

impl Installation {
    /// All of it is there, and every pod is ready.
    pub(crate) fn new(file: &str) -> Self {
        let server = ApiServer::start();
        let folder = Folder::new();
        folder.write("kubeconfig", kubeconfig(&server.address));
        folder.write("milvus.yaml", file);
        let rendered = folder.run(&["render", "-f", "milvus.yaml", "-o", "json"]);
        for object in rendered.exits(0).json()["items"].as_array().unwrap() {
            server.put(&path(object), running(object.clone()));
        }
        let installation = Self { server, folder };
        installation.pod("demo-milvus-proxy-1", &json!({"component": "proxy"}));
        installation
    }

    /// Puts a ready pod there.
    pub(crate) fn pod(&self, name: &str, labels: &Value) {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "vectors", "labels": {
                "app.kubernetes.io/name": "milvus", "app.kubernetes.io/instance": "demo",
                "kubectl-milvus/installation": "demo",
            }},
            "spec": {"nodeName": "worker-1", "containers": [{"name": "proxy"}]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        });
        for (key, value) in labels.as_object().unwrap() {
            pod["metadata"]["labels"][key] = value.clone();
        }
        self.server.put(&format!("{HOME}/pods/{name}"), pod);
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let ran = self.folder.run(args);
        assert_eq!(self.server.writes(), Vec::<String>::new(), "{ran:?}");
        ran
    }
}

fn path(object: &Value) -> String {
    let version = object["apiVersion"].as_str().unwrap();
    let root = if version.contains('/') { "apis" } else { "api" };
    let kind = object["kind"].as_str().unwrap().to_lowercase();
    let name = object["metadata"]["name"].as_str().unwrap();
    format!("/{root}/{version}/namespaces/vectors/{kind}s/{name}")
}

/// The object as its controllers leave it.
fn running(mut object: Value) -> Value {
    if object["kind"] == "Deployment" || object["kind"] == "StatefulSet" {
        let replicas = object["spec"]["replicas"].clone();
        object["status"] = json!({
            "replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas,
            "updatedReplicas": replicas,
        });
    }
    object
}
