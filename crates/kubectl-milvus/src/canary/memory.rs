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
        let found = self.api.get_opt(&self.name).await;
        let found = found.map_err(|error| self.failed("read", &error))?;
        let rows = found.and_then(|found| found.data?.remove(ROWS));
        let rows = rows.unwrap_or_default();
        rows.parse()
            .map_err(|error| format!("understand configmap/{}: {error}", self.name))
    }

    pub(super) async fn write(&self, stored: &Stored) -> Result<(), String> {
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": self.name, "labels": {INSTALLATION: self.installation}},
            "data": {ROWS: stored.to_string()},
        });
        // Without force: what somebody else has made by that name is refused.
        let params = PatchParams::apply(FIELD_MANAGER);
        let object = Patch::Apply(object);
        let written = self.api.patch(&self.name, &params, &object).await;
        written.map_err(|error| self.failed("write", &error))?;
        Ok(())
    }

    pub(super) async fn forget(&self) -> Result<(), String> {
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
