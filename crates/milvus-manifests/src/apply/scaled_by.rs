//! Who else chooses how many pods a deployment has.

use std::{collections::BTreeMap, sync::Arc};

use kube::Client;
use milvus_aws_core::{engine::ResourceError, installation::InstallationName};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::api::{Objects, name_of};
use crate::{Kind, labels::INSTALLATION};

/// A HorizontalPodAutoscaler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autoscaler {
    /// Its name.
    pub name: String,
    /// Whether it is the installation's own; else somebody made it beside the installation, KEDA for example.
    pub ours: bool,
}

/// The autoscalers of deployments in a namespace, by the deployments' names. Whoever cannot list autoscalers has none.
pub(super) async fn autoscalers(
    client: &Client,
    namespace: &str,
    installation: &InstallationName,
) -> Result<BTreeMap<String, Autoscaler>, ResourceError> {
    let objects = Objects::new(client, Kind::HorizontalPodAutoscaler, namespace);
    let found = objects.list_visible("").await?;
    let of = |live: &Value| {
        let target = &live["spec"]["scaleTargetRef"];
        let is_deployment = target["kind"] == "Deployment";
        let deployment = target["name"].as_str().filter(|_| is_deployment)?;
        let autoscaler = Autoscaler {
            name: name_of(live).to_owned(),
            ours: live["metadata"]["labels"][INSTALLATION] == installation.as_str(),
        };
        Some((deployment.to_owned(), autoscaler))
    };
    Ok(found.iter().filter_map(of).collect())
}

/// The autoscalers that others have made for our deployments: listed once, for all deployments of a graph.
#[derive(Clone, Default)]
pub(super) struct OthersAutoscalers(Arc<OnceCell<BTreeMap<String, Autoscaler>>>);

impl OthersAutoscalers {
    /// Leaves the number of pods as it is where somebody else's autoscaler chooses it. At 0 pods an autoscaler rests, and
    /// the wanted number starts it again.
    pub(super) async fn leave_replicas(
        &self,
        client: &Client,
        (namespace, installation): (&str, &InstallationName),
        wanted: &mut Value,
        live: &Value,
    ) -> Result<(), ResourceError> {
        let Some(chosen) = live["spec"]["replicas"].as_i64().filter(|it| *it > 0) else {
            return Ok(());
        };
        if wanted["spec"]["replicas"].is_null() {
            return Ok(());
        }
        let look = || autoscalers(client, namespace, installation);
        let known = self.0.get_or_try_init(look).await?;
        let scaler = known.get(name_of(live)).filter(|it| !it.ours);
        if scaler.is_some() {
            wanted["spec"]["replicas"] = chosen.into();
        }
        Ok(())
    }
}
