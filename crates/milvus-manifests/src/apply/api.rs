//! The few requests that we make about objects of any kind.

use kube::{
    Api, Client,
    api::{
        DeleteParams, DynamicObject, ListParams, ObjectList, Patch, PatchParams, PostParams,
        Preconditions,
    },
    core::{ApiResource, GroupVersionKind, Status, response::StatusCause},
};
use milvus_aws_core::engine::ResourceError;
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::{FIELD_MANAGER, failure::resource_error};
use crate::{Kind, ObjectRef, Scope};

/// Requests about objects of one kind in one namespace.
#[derive(Clone)]
pub(super) struct Objects {
    pub(super) kind: Kind,
    pub(super) api: Api<DynamicObject>,
}

/// How a patch is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    /// Nothing is changed; the answer says what would be.
    DryRun,
    /// The object does not exist: if one appears meanwhile, fields that others have set are not taken over.
    Create,
    /// The object is ours: fields that others have set are taken over.
    Update,
}

/// Whether there is an object.
pub(super) enum Existence {
    /// You cannot see it.
    Hidden,
    /// There is none.
    Absent,
    /// There is one: its kind and its metadata.
    There(Value),
}

impl Objects {
    pub(super) fn new(client: &Client, kind: Kind, namespace: &str) -> Self {
        let (group, version) = kind
            .api_version()
            .rsplit_once('/')
            .unwrap_or(("", kind.api_version()));
        let gvk = GroupVersionKind::gvk(group, version, kind.as_str());
        let resource = ApiResource::from_gvk_with_plural(&gvk, kind.plural());
        let api = match kind.scope() {
            Scope::Cluster => Api::all_with(client.clone(), &resource),
            Scope::Namespaced => Api::namespaced_with(client.clone(), namespace, &resource),
        };
        Self { kind, api }
    }

    /// The object as it is; none when there is none.
    pub(super) async fn get(&self, name: &str) -> Result<Option<Value>, ResourceError> {
        match self.api.get(name).await {
            Ok(object) => self.value(name, &object).map(Some),
            // Also of a kind that the cluster does not know, where the answer is no object at all.
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(self.failed("read", name, error)),
        }
    }

    /// Whether there is such an object, with its metadata and without its content.
    pub(super) async fn look_up(&self, name: &str) -> Result<Existence, ResourceError> {
        match self.api.get_metadata(name).await {
            Ok(found) => {
                let metadata = serde_json::to_value(&found.metadata).unwrap_or_default();
                let kind = self.kind.as_str();
                Ok(Existence::There(
                    json!({"kind": kind, "metadata": metadata}),
                ))
            }
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(Existence::Absent),
            Err(kube::Error::Api(status)) if status.code == 403 => Ok(Existence::Hidden),
            Err(error) => Err(self.failed("read", name, error)),
        }
    }

    /// Applies what is wanted; with `uid` only to the very object that was looked at.
    pub(super) async fn apply(
        &self,
        name: &str,
        mut wanted: Value,
        uid: Option<&str>,
        write: Write,
    ) -> Result<Value, ResourceError> {
        if let Some(uid) = uid {
            wanted["metadata"]["uid"] = json!(uid);
        }
        let params = PatchParams {
            dry_run: write == Write::DryRun,
            force: write != Write::Create,
            ..PatchParams::apply(FIELD_MANAGER)
        };
        let attempt = if write == Write::DryRun {
            "compare"
        } else {
            "apply"
        };
        let answer = self.api.patch(name, &params, &Patch::Apply(&wanted)).await;
        let object = answer.map_err(|error| self.failed(attempt, name, error))?;
        self.value(name, &object)
    }

    /// Changes fields of an object that exists, and takes over no others.
    pub(super) async fn change(&self, name: &str, change: &Value) -> Result<Value, ResourceError> {
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let answer = self.api.patch(name, &params, &Patch::Merge(change)).await;
        let object = answer.map_err(|error| self.failed("change", name, error))?;
        self.value(name, &object)
    }

    /// Makes those the owners of its fields, unless it was written meanwhile. Nothing else changes.
    pub(super) async fn own(
        &self,
        name: &str,
        live: &Value,
        managed_fields: Value,
    ) -> Result<(), ResourceError> {
        let patch = json!({"metadata": {
            "managedFields": managed_fields,
            "uid": live["metadata"]["uid"],
            "resourceVersion": live["metadata"]["resourceVersion"],
        }});
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let answer = self.api.patch(name, &params, &Patch::Merge(&patch)).await;
        let failed = |error| self.failed("take over", name, error);
        answer.map(drop).map_err(failed)
    }

    /// What the API server would make of an object in place of the one that exists. Nothing is changed.
    pub(super) async fn try_replace(
        &self,
        name: &str,
        object: &Value,
    ) -> Result<Trial, ResourceError> {
        let object = DynamicObject::deserialize(object).map_err(|error| {
            let object = self.reference(name);
            ResourceError::fatal(format!("understand {object}")).caused_by(error)
        })?;
        let params = PostParams {
            dry_run: true,
            field_manager: Some(FIELD_MANAGER.to_owned()),
        };
        match self.api.replace(name, &params, &object).await {
            Ok(object) => self.value(name, &object).map(Trial::Accepted),
            Err(kube::Error::Api(status)) if is_invalid(&status) => Ok(Trial::Invalid(status)),
            Err(error) => Err(self.failed("compare", name, error)),
        }
    }

    /// Deletes that very object; what is gone already is no error. Workloads go after their pods.
    pub(super) async fn delete(
        &self,
        name: &str,
        uid: Option<String>,
    ) -> Result<(), ResourceError> {
        let params = match self.kind {
            Kind::Deployment | Kind::StatefulSet => DeleteParams::foreground(),
            _ => DeleteParams::background(),
        };
        let same = Preconditions {
            uid,
            resource_version: None,
        };
        match self.api.delete(name, &params.preconditions(same)).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(self.failed("delete", name, error)),
        }
    }

    /// Objects with those labels, where they may be seen: who may not look has made none, and a kind that the cluster
    /// does not know has no objects.
    pub(super) async fn list_visible(&self, labels: &str) -> Result<Vec<Value>, ResourceError> {
        match self.api.list(&ListParams::default().labels(labels)).await {
            Err(kube::Error::Api(status)) if matches!(status.code, 403 | 404) => Ok(Vec::new()),
            list => self.listed(list),
        }
    }

    /// Objects with those labels.
    pub(super) async fn list(&self, labels: &str) -> Result<Vec<Value>, ResourceError> {
        let list = self.api.list(&ListParams::default().labels(labels)).await;
        self.listed(list)
    }

    fn listed(
        &self,
        list: kube::Result<ObjectList<DynamicObject>>,
    ) -> Result<Vec<Value>, ResourceError> {
        let list = list.map_err(|error| {
            resource_error(format!("list {}", self.kind.plural()), self.kind, error)
        })?;
        list.items
            .iter()
            .map(|object| self.value("", object))
            .collect()
    }

    pub(super) fn failed(&self, attempt: &str, name: &str, error: kube::Error) -> ResourceError {
        let object = self.reference(name);
        resource_error(format!("{attempt} {object}"), self.kind, error)
    }

    fn value(&self, name: &str, object: &DynamicObject) -> Result<Value, ResourceError> {
        serde_json::to_value(object).map_err(|error| {
            let object = self.reference(name);
            ResourceError::fatal(format!("understand {object}")).caused_by(error)
        })
    }

    fn reference(&self, name: &str) -> ObjectRef {
        ObjectRef {
            kind: self.kind,
            name: name.to_owned(),
        }
    }
}

/// What the API server said of an object that was tried.
pub(super) enum Trial {
    /// That is what it would be.
    Accepted(Value),
    /// Fields of it are not valid, each with its path.
    Invalid(Box<Status>),
}

/// Whether fields are complained of.
fn is_invalid(status: &Status) -> bool {
    status.code == 422 && !complaints(status).is_empty()
}

/// The fields that are complained of.
pub(super) fn complaints(status: &Status) -> &[StatusCause] {
    status
        .details
        .as_ref()
        .map_or(&[], |details| &details.causes)
}

/// The identity of an object, which another one of the same name does not have.
pub(super) fn uid_of(live: &Value) -> Option<&str> {
    live["metadata"]["uid"].as_str()
}

/// The name of an object.
pub(super) fn name_of(live: &Value) -> &str {
    live["metadata"]["name"].as_str().unwrap_or_default()
}

/// Why an object is on its way out; none when it is not.
pub(super) fn leaving(live: &Value) -> Option<String> {
    live["metadata"].get("deletionTimestamp")?;
    let finalizers = live["metadata"]["finalizers"].as_array();
    let names: Vec<&str> = finalizers
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    Some(match names.as_slice() {
        [] => "is being deleted".to_owned(),
        ["foregroundDeletion"] => "its pods are being ended".to_owned(),
        ["service.k8s.aws/resources" | "ingress.k8s.aws/resources"] => {
            "its load balancer is being deleted".to_owned()
        }
        ["kubernetes.io/pvc-protection"] => "a pod still uses the volume".to_owned(),
        names => format!("is being deleted, waits for {}", names.join(", ")),
    })
}
