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
    requests: u32,
    /// What a trial of a service is answered with; none when it is accepted.
    refusal: Option<String>,
    /// Kinds, by their plural, that may not be seen.
    hidden: Vec<String>,
    /// How often something was listed, by path.
    lists: BTreeMap<String, u32>,
    /// How often something that is being deleted was looked at.
    lingered: BTreeMap<String, u32>,
}

/// The load balancer controller, which alone takes its finalizers away.
const CONTROLLER: &str =
    "/apis/apps/v1/namespaces/kube-system/deployments/aws-load-balancer-controller";
/// Its pod, where a test says how that is.
pub(crate) const CONTROLLER_POD: &str =
    "/api/v1/namespaces/kube-system/pods/aws-load-balancer-controller-1";
/// The group of its own kinds.
const BALANCERS: &str = "/apis/elbv2.k8s.aws/v1beta1";
/// How often something with a finalizer is seen on its way out.
const LINGERS: u32 = 3;
/// Lists of kinds that we never write.
const OTHER_LISTS: [&str; 6] = [
    "endpointslices",
    "events",
    "milvuses",
    "nodes",
    "pods",
    "targetgroupbindings",
];

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

    /// How many requests were made so far.
    pub(crate) fn requests(&self) -> u32 {
        self.0.lock().unwrap().requests
    }

    /// Takes an object away, as somebody else would.
    pub(crate) fn remove(&self, path: &str) -> Value {
        self.0.lock().unwrap().objects.remove(path).unwrap()
    }

    /// Lets nobody see objects of that kind any more.
    pub(crate) fn hide(&self, plural: &str) {
        self.0.lock().unwrap().hidden.push(plural.to_owned());
    }

    /// How often that was listed so far.
    pub(crate) fn lists(&self, path: &str) -> u32 {
        let state = self.0.lock().unwrap();
        state.lists.get(path).copied().unwrap_or_default()
    }

    /// Lets trials of services fail with that message, or succeed.
    pub(crate) fn refuse_trials(&self, message: Option<&str>) {
        self.0.lock().unwrap().refusal = message.map(str::to_owned);
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await.unwrap();
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default();
        let mut state = self.0.lock().unwrap();
        state.requests += 1;
        let (status, value) = match parts.method {
            Method::GET if state.objects.contains_key("/apis") && path == "/apis" => {
                (200, state.objects["/apis"].clone())
            }
            Method::GET if path.matches('/').count() <= 2 || path == BALANCERS => kinds(&path),
            _ if path.starts_with(BALANCERS) && !state.defines_balancers() => unknown_path(),
            Method::GET if state.hides(&path) => forbidden(),
            Method::GET if is_list(&path) => {
                *state.lists.entry(path.clone()).or_default() += 1;
                (200, state.list(&path, query))
            }
            Method::GET => {
                let found = state.objects.get(&path).cloned();
                state.linger(&path);
                found.map_or_else(not_found, |o| (200, o))
            }
            Method::POST if query.contains("dryRun=All") => state.trial(),
            Method::PATCH => {
                let wanted: Value = serde_json::from_slice(&body).unwrap();
                let kind = &parts.headers[http::header::CONTENT_TYPE];
                let verb = if kind == "application/merge-patch+json" {
                    "MERGE"
                } else {
                    "APPLY"
                };
                state.write(verb, &path, &wanted, query.contains("dryRun=All"))
            }
            Method::PUT if query.contains("dryRun=All") => {
                let object: Value = serde_json::from_slice(&body).unwrap();
                match complaints(&object) {
                    causes if causes.is_empty() => (200, object),
                    causes => (422, invalid(&causes)),
                }
            }
            Method::DELETE => {
                state.written.push(format!("DELETE {path}"));
                state.delete(&path).map_or_else(not_found, |o| (200, o))
            }
            _ => (405, json!({"kind": "Status", "code": 405})),
        };
        let text = match &value {
            Value::String(text) => text.clone().into_bytes(),
            value => serde_json::to_vec(value).unwrap(),
        };
        let body = Body::from(text);
        Response::builder().status(status).body(body).unwrap()
    }
}

impl State {
    fn list(&self, path: &str, query: &str) -> Value {
        let wanted = selector(query);
        let items = self.objects.iter().filter(|(key, object)| {
            let folder = key.rsplit_once('/').map(|(folder, _)| folder);
            let inside = folder.is_some_and(|folder| folder == path || everywhere(folder) == path);
            let labels = &object["metadata"]["labels"];
            let carries = |(key, value): &(String, Option<String>)| match value {
                Some(value) => labels[key] == **value,
                None => labels[key].is_string(),
            };
            inside && wanted.iter().all(carries)
        });
        let items: Vec<&Value> = items.map(|(_, object)| object).collect();
        json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items})
    }

    fn hides(&self, path: &str) -> bool {
        let mut hidden = self.hidden.iter();
        hidden.any(|plural| path.split('/').any(|part| part == plural))
    }

    /// Whether the kinds of that group are known.
    fn defines_balancers(&self) -> bool {
        let folder = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let name = format!("{folder}/ingressclassparams.elbv2.k8s.aws");
        self.objects.contains_key(&name)
    }

    /// What has a finalizer goes a while later, when the controller that put it there still lives.
    fn delete(&mut self, path: &str) -> Option<Value> {
        let object = self.objects.get_mut(path)?;
        if object["metadata"]["finalizers"].is_null() {
            return self.objects.remove(path);
        }
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        Some(object.clone())
    }

    fn linger(&mut self, path: &str) {
        let leaving = self.objects.get(path);
        let leaving = leaving.is_some_and(|o| !o["metadata"]["deletionTimestamp"].is_null());
        // Volumes have a driver of their own, which always lives.
        let lives = path.contains("/persistentvolumes/") || self.controller_lives();
        if leaving && lives {
            let seen = self.lingered.entry(path.to_owned()).or_default();
            *seen += 1;
            if *seen > LINGERS {
                self.objects.remove(path);
            }
        }
    }

    fn controller_lives(&self) -> bool {
        let pod = self.objects.get(CONTROLLER_POD);
        let runs = pod.is_none_or(|pod| pod["status"]["conditions"][0]["status"] == "True");
        runs && self.objects.contains_key(CONTROLLER)
    }

    fn trial(&self) -> (u16, Value) {
        match &self.refusal {
            None => (201, json!({"metadata": {}})),
            Some(message) => {
                let status = json!({
                    "kind": "Status", "apiVersion": "v1", "status": "Failure",
                    "reason": "InternalError", "message": message, "code": 500,
                });
                (500, status)
            }
        }
    }

    fn write(&mut self, verb: &str, path: &str, wanted: &Value, dry_run: bool) -> (u16, Value) {
        let before = self.objects.get(path).cloned();
        let mut after = before
            .clone()
            .unwrap_or_else(|| json!({"metadata": {"uid": path}}));
        merge(&mut after, wanted);
        if verb == "APPLY" {
            own(&mut after, wanted);
        }
        settle(path, &mut after);
        if dry_run || before.as_ref() == Some(&after) {
            return (200, after);
        }
        self.version += 1;
        after["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.written.push(format!("{verb} {path}"));
        self.objects.insert(path.to_owned(), after.clone());
        (200, after)
    }
}

/// Who applies owns what he wrote, and what he owned before and does not write any more goes. Lists are one field here.
fn own(object: &mut Value, wanted: &Value) {
    let fields = fields_of(wanted);
    let mut entries = object["metadata"]["managedFields"].take();
    let entries = match &mut entries {
        Value::Array(entries) => std::mem::take(entries),
        _ => Vec::new(),
    };
    let is_ours =
        |entry: &&Value| entry["manager"] == "kubectl-milvus" && entry["operation"] == "Apply";
    if let Some(before) = entries.iter().find(is_ours) {
        prune(object, &before["fieldsV1"], &fields);
    }
    let ours = json!({"manager": "kubectl-milvus", "operation": "Apply", "fieldsV1": fields});
    let others = entries.iter().filter(|entry| !is_ours(entry)).cloned();
    object["metadata"]["managedFields"] = others.chain([ours]).collect();
}

fn fields_of(value: &Value) -> Value {
    let fields = value.as_object().into_iter().flatten();
    let field = |(key, value): (&String, &Value)| (format!("f:{key}"), fields_of(value));
    Value::Object(fields.map(field).collect())
}

fn prune(object: &mut Value, before: &Value, now: &Value) {
    for (key, inner) in before.as_object().into_iter().flatten() {
        let Some(name) = key.strip_prefix("f:") else {
            continue;
        };
        match (now.get(key), object.as_object_mut()) {
            (Some(now), Some(object)) => prune(&mut object[name], inner, now),
            (None, Some(object)) => drop(object.remove(name)),
            (_, None) => {}
        }
    }
}

/// Controllers that are at once done: definitions are served, and the load balancer controller runs.
fn settle(path: &str, object: &mut Value) {
    if path.contains("/customresourcedefinitions/") {
        object["status"] = json!({"conditions": [{"type": "Established", "status": "True"}]});
    }
    if path == CONTROLLER {
        object["status"] = json!({
            "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
            "conditions": [{"type": "Available", "status": "True"}],
        });
    }
}

/// A folder without its namespace: where all of a kind are listed.
fn everywhere(folder: &str) -> String {
    match folder.split_once("/namespaces/") {
        Some((group, rest)) => match rest.split_once('/') {
            Some((_, plural)) => format!("{group}/{plural}"),
            None => folder.to_owned(),
        },
        None => folder.to_owned(),
    }
}

/// The labels that are asked for, with their values where those matter.
fn selector(query: &str) -> Vec<(String, Option<String>)> {
    let found = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("labelSelector="));
    let text = found.unwrap_or_default();
    let text = text
        .replace("%2F", "/")
        .replace("%3D", "=")
        .replace("%2C", ",");
    let one = |requirement: &str| match requirement.split_once('=') {
        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
        None => (requirement.to_owned(), None),
    };
    text.split(',').filter(|r| !r.is_empty()).map(one).collect()
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
    let ours = milvus_manifests::Kind::ALL;
    ours.iter().any(|kind| kind.plural() == last) || OTHER_LISTS.contains(&last)
}

/// The kinds that it knows of: enough to look for somebody else's objects.
fn kinds(path: &str) -> (u16, Value) {
    let answer = match path {
        "/api" => {
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        }
        "/apis" => {
            let version = json!({"groupVersion": "elbv2.k8s.aws/v1beta1", "version": "v1beta1"});
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [{
                "name": "elbv2.k8s.aws", "versions": [version], "preferredVersion": version,
            }]})
        }
        BALANCERS => json!({
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "elbv2.k8s.aws/v1beta1",
            "resources": [{
                "name": "targetgroupbindings", "singularName": "targetgroupbinding",
                "kind": "TargetGroupBinding", "namespaced": true, "verbs": ["get", "list"],
            }],
        }),
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

/// What is wrong with the pods of an object: enough of what the API server asks for.
fn complaints(object: &Value) -> Vec<Value> {
    let pod = &object["spec"]["template"]["spec"];
    let volumes = pod["volumes"].as_array().cloned().unwrap_or_default();
    let mut causes = Vec::new();
    for list in ["initContainers", "containers"] {
        for (index, container) in pod[list].as_array().into_iter().flatten().enumerate() {
            let at = format!("spec.template.spec.{list}[{index}]");
            let mut complain = |field: &str, reason: &str| {
                causes.push(
                    json!({"reason": reason, "message": reason, "field": format!("{at}.{field}")}),
                );
            };
            if container.get("image").is_none() {
                complain("image", "FieldValueRequired");
            }
            let probe = &container["livenessProbe"];
            if probe
                .get("httpGet")
                .is_some_and(|it| it.get("port").is_none())
            {
                complain("livenessProbe.httpGet.port", "FieldValueRequired");
            }
            if probe.get("httpGet").is_some() && probe.get("tcpSocket").is_some() {
                complain("livenessProbe.tcpSocket", "FieldValueForbidden");
            }
            for (place, mount) in container["volumeMounts"]
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
            {
                if volumes.iter().all(|volume| volume["name"] != mount["name"]) {
                    complain(&format!("volumeMounts[{place}].name"), "FieldValueNotFound");
                }
            }
        }
    }
    causes
}

fn invalid(causes: &[Value]) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "message": "it is invalid",
        "code": 422, "details": {"causes": causes},
    })
}

/// What the API server says of a kind that it does not know: no status at all.
fn unknown_path() -> (u16, Value) {
    (404, json!("404 page not found\n"))
}

fn forbidden() -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
        "message": "forbidden: User \"viewer\" cannot do that", "code": 403,
    });
    (403, status)
}

fn not_found() -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
        "message": "not found", "code": 404,
    });
    (404, status)
}
