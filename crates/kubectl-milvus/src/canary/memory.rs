//! What the canary has stored, written down in the cluster: a run that goes on misses what the one before it stored.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
};
use milvus_aws_core::installation::{InstallationName, Namespace};
use milvus_manifests::{apply::FIELD_MANAGER, labels::INSTALLATION};
use milvus_probe::Stored;
use serde_json::json;

use super::in_full;

/// The entry with the rows.
const ROWS: &str = "canaryRows";

/// A ConfigMap of an upgrade that is under way. It goes with the upgrade's end.
pub(super) struct Memory {
    api: Api<ConfigMap>,
    name: String,
    installation: InstallationName,
}

/// The ConfigMap's name.
pub(super) fn name_of(installation: &InstallationName) -> String {
    format!("{installation}-upgrade")
}

impl Memory {
    pub(super) fn new(
        client: &kube::Client,
        installation: &InstallationName,
        namespace: &Namespace,
    ) -> Self {
        Self {
            api: Api::namespaced(client.clone(), namespace.as_str()),
            name: name_of(installation),
            installation: installation.clone(),
        }
    }

    /// Nothing where nothing was written down.
    pub(super) async fn read(&self) -> Result<Stored, String> {
        let rows = self
            .ours()
            .await?
            .and_then(|found| found.data?.remove(ROWS));
        let rows = rows.unwrap_or_default();
        rows.parse()
            .map_err(|error| format!("understand configmap/{}: {error}", self.name))
    }

    /// One of that name that carries no mark of ours is neither changed nor deleted.
    async fn ours(&self) -> Result<Option<ConfigMap>, String> {
        let found = self.api.get_opt(&self.name).await;
        let found = found.map_err(|error| self.failed("read", &error))?;
        let is_ours = |found: &ConfigMap| {
            let labels = found.metadata.labels.as_ref();
            labels
                .and_then(|all| all.get(INSTALLATION))
                .map(String::as_str)
                == Some(self.installation.as_str())
        };
        match found {
            Some(found) if !is_ours(&found) => Err(format!(
                "configmap/{} is not of {}, and the upgrade needs that name: rename it, or delete it",
                self.name, self.installation
            )),
            found => Ok(found),
        }
    }

    pub(super) async fn write(&self, stored: &Stored) -> Result<(), String> {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": self.name, "labels": {INSTALLATION: self.installation}},
            "data": {ROWS: stored.to_string()},
        });
        let params = PatchParams::apply(FIELD_MANAGER);
        let object = Patch::Apply(object);
        let written = self.api.patch(&self.name, &params, &object).await;
        written.map_err(|error| self.failed("write", &error))?;
        Ok(())
    }

    pub(super) async fn forget(&self) -> Result<(), String> {
        let Some(found) = self.ours().await? else {
            return Ok(());
        };
        // Not another one that took its place meanwhile.
        let this_one = Preconditions {
            uid: found.metadata.uid,
            ..Preconditions::default()
        };
        let params = DeleteParams::default().preconditions(this_one);
        match self.api.delete(&self.name, &params).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            gone => gone
                .map(|_| ())
                .map_err(|error| self.failed("delete", &error)),
        }
    }

    fn failed(&self, attempt: &str, error: &kube::Error) -> String {
        format!("{attempt} configmap/{}: {}", self.name, in_full(error))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{Arc, Mutex},
    };

    use http::{Method, Request, Response};
    use kube::client::Body;
    use serde_json::Value;

    use super::*;

    const PATH: &str = "/api/v1/namespaces/vectors/configmaps/demo-upgrade";

    /// A server that has one ConfigMap, and what was asked of it.
    fn memory_of(found: Value) -> (Memory, Arc<Mutex<Vec<String>>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&asked);
        let service = tower::service_fn(move |request: Request<Body>| {
            let (found, told) = (found.clone(), Arc::clone(&told));
            async move { Ok::<_, Infallible>(answer(request, found, &told).await) }
        });
        let client = kube::Client::new(service, "vectors");
        let memory = Memory::new(
            &client,
            &"demo".parse().unwrap(),
            &"vectors".parse().unwrap(),
        );
        (memory, asked)
    }

    async fn answer(
        request: Request<Body>,
        found: Value,
        told: &Mutex<Vec<String>>,
    ) -> Response<Body> {
        let line = format!("{} {}", request.method(), request.uri().path());
        let method = request.method().clone();
        let body = request.into_body().collect_bytes().await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let uid = body["preconditions"]["uid"].as_str().unwrap_or_default();
        told.lock().unwrap().push(format!("{line} {uid}"));
        let answer = match method {
            Method::GET => found,
            _ => json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}),
        };
        Response::new(Body::from(answer.to_string().into_bytes()))
    }

    fn config_map(labels: &Value) -> Value {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "demo-upgrade", "uid": "of-this-one", "labels": labels},
            "data": {ROWS: "0-9 20-24"},
        })
    }

    #[tokio::test]
    async fn what_was_written_down_is_read_and_forgotten() {
        let (memory, asked) = memory_of(config_map(&json!({INSTALLATION: "demo"})));
        assert_eq!(memory.read().await.unwrap().to_string(), "0-9 20-24");
        memory.forget().await.unwrap();
        let read = format!("GET {PATH} ");
        let gone = format!("DELETE {PATH} of-this-one");
        assert_eq!(*asked.lock().unwrap(), [&*read, &*read, &*gone]);
    }

    #[tokio::test]
    async fn one_that_is_not_ours_is_neither_read_nor_deleted() {
        for labels in [json!({INSTALLATION: "other"}), json!({})] {
            let (memory, asked) = memory_of(config_map(&labels));
            for refused in [memory.read().await.map(drop), memory.forget().await] {
                let said = refused.unwrap_err();
                assert!(
                    said.starts_with("configmap/demo-upgrade is not of demo"),
                    "{said}"
                );
            }
            let asked = asked.lock().unwrap();
            assert!(
                asked.iter().all(|line| line.starts_with("GET ")),
                "{asked:?}"
            );
        }
    }
}
