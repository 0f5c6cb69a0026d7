//! What the canary has stored, written down in the cluster: a run that goes on misses what the one before it stored.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams},
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
        if self.ours().await?.is_none() {
            return Ok(());
        }
        match self.api.delete(&self.name, &DeleteParams::default()).await {
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
