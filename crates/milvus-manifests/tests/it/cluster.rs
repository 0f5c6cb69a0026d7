//! An API server in memory: objects by path, applied by merging, with resource versions.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::{Value, json};

/// The objects of a cluster, and how often they were written.
#[derive(Clone, Default)]
pub(crate) struct Cluster(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    written: Vec<String>,
    version: u64,
}

impl Cluster {
    /// A client that talks to it.
    pub(crate) fn client(&self) -> kube::Client {
        let cluster = self.clone();
        let service = tower::service_fn(move |request| {
            let cluster = cluster.clone();
            async move { Ok::<_, Infallible>(cluster.answer(request).await) }
        });
        kube::Client::new(service, "default")
    }

    /// Puts an object there, as somebody else would.
    pub(crate) fn put(&self, path: &str, mut object: Value) {
        object["metadata"]["name"] = json!(path.rsplit('/').next());
        object["metadata"]["uid"] = json!(path);
        self.0
            .lock()
            .unwrap()
            .objects
            .insert(path.to_owned(), object);
    }

    /// Changes an object, as somebody else would.
    pub(crate) fn edit(&self, path: &str, edit: impl FnOnce(&mut Value)) {
        edit(self.0.lock().unwrap().objects.get_mut(path).unwrap());
    }

    /// The object at that path.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        self.0.lock().unwrap().objects.get(path).cloned()
    }

    /// Every path.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.0.lock().unwrap().objects.keys().cloned().collect()
    }

    /// What was written since the last call: method and path.
    pub(crate) fn written(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().written)
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await.unwrap();
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default();
        let mut state = self.0.lock().unwrap();
        let (status, value) = match parts.method {
            Method::GET if path.matches('/').count() <= 2 => kinds(&path),
            Method::GET if is_list(&path) => (200, state.list(&path, query)),
            Method::GET => state
                .objects
                .get(&path)
                .cloned()
                .map_or_else(not_found, |o| (200, o)),
            Method::PATCH => {
                let wanted: Value = serde_json::from_slice(&body).unwrap();
                state.apply(&path, &wanted, query.contains("dryRun=All"))
            }
            Method::DELETE => {
                state.written.push(format!("DELETE {path}"));
                state
                    .objects
                    .remove(&path)
                    .map_or_else(not_found, |object| (200, object))
            }
            _ => (405, json!({"kind": "Status", "code": 405})),
        };
        let body = Body::from(serde_json::to_vec(&value).unwrap());
        Response::builder().status(status).body(body).unwrap()
    }
}

impl State {
    fn list(&self, path: &str, query: &str) -> Value {
        let marked = query.contains("labelSelector=");
        let items = self.objects.iter().filter(|(key, object)| {
            let inside = key
                .rsplit_once('/')
                .is_some_and(|(folder, _)| folder == path);
            let mark = &object["metadata"]["labels"]["kubectl-milvus/installation"];
            inside && (!marked || *mark == "demo")
        });
        let items: Vec<&Value> = items.map(|(_, object)| object).collect();
        json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items})
    }

    fn apply(&mut self, path: &str, wanted: &Value, dry_run: bool) -> (u16, Value) {
        let before = self.objects.get(path).cloned();
        let mut after = before
            .clone()
            .unwrap_or_else(|| json!({"metadata": {"uid": path}}));
        merge(&mut after, wanted);
        if dry_run || before.as_ref() == Some(&after) {
            return (200, after);
        }
        self.version += 1;
        after["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.written.push(format!("APPLY {path}"));
        self.objects.insert(path.to_owned(), after.clone());
        (200, after)
    }
}

fn merge(into: &mut Value, wanted: &Value) {
    match (into, wanted) {
        (Value::Object(into), Value::Object(wanted)) => {
            for (key, value) in wanted {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, wanted) => *into = wanted.clone(),
    }
}

/// A path that ends with a plural names no object.
fn is_list(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    milvus_manifests::Kind::ALL
        .iter()
        .any(|kind| kind.plural() == last)
}

/// The kinds that it knows of: enough to look for somebody else's objects.
fn kinds(path: &str) -> (u16, Value) {
    let answer = match path {
        "/api" => {
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        }
        "/apis" => json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []}),
        "/api/v1" => json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1",
            "resources": [{
                "name": "configmaps", "singularName": "configmap", "kind": "ConfigMap",
                "namespaced": true, "verbs": ["get", "list"],
            }],
        }),
        _ => return not_found(),
    };
    (200, answer)
}

fn not_found() -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
        "message": "not found", "code": 404,
    });
    (404, status)
}
