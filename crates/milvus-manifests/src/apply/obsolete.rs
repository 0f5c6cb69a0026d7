//! Prune: what is ours and no longer wanted.

use std::{collections::BTreeSet, time::Duration};

use kube::Client;
use milvus_aws_core::engine::{
    After, Change, Context, Late, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};
use serde_json::Value;

use super::{
    api::{Objects, name_of, uid_of},
    object::PATIENCE,
    owner::{is_released, kept_with_data},
};
use crate::{
    Kind, ObjectRef,
    labels::{HOME, INSTALLATION, MANAGED_BY, Owner},
};

/// Objects that carry our mark and that nothing produces any more; of a Helm release that is taken over, what its chart
/// made for Milvus itself. Claims are not among them: they hold data.
pub(super) struct Obsolete {
    pub(super) owner: Owner,
    /// What names of the chart's objects begin with.
    pub(super) full_name: String,
    /// Whether the Helm release of the same name is taken over.
    pub(super) adopts: bool,
    pub(super) wanted: BTreeSet<ObjectRef>,
    /// What comes first, and the cluster.
    pub(super) needs: (After, Late<Client>),
}

/// The kinds that an installation has in its namespace, without those that hold data.
const PRUNED: [Kind; 10] = [
    Kind::ServiceMonitor,
    Kind::Ingress,
    Kind::HorizontalPodAutoscaler,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::PodDisruptionBudget,
    Kind::Service,
    Kind::Secret,
    Kind::ConfigMap,
    Kind::ServiceAccount,
];

/// One object that goes.
struct Leftover {
    objects: Objects,
    reference: ObjectRef,
    uid: Option<String>,
}

impl Obsolete {
    async fn leftovers(&self, client: &Client) -> Result<Vec<Leftover>, ResourceError> {
        let mut leftovers = Vec::new();
        let ours = format!("{INSTALLATION}={}", self.owner.installation);
        let helms = format!("{MANAGED_BY}=Helm");
        // Workloads first: what they use goes after them.
        for kind in PRUNED {
            let objects = Objects::new(client, kind, self.owner.namespace.as_str());
            let mut found = if kind.is_everywhere() {
                objects.list(&ours).await?
            } else {
                objects.list_visible(&ours).await?
            };
            if self.adopts {
                let released = objects.list_visible(&helms).await?;
                found.extend(
                    released
                        .into_iter()
                        .filter(|live| self.is_left_by_chart(kind, live)),
                );
            }
            leftovers.extend(
                found
                    .iter()
                    .filter_map(|live| self.leftover(&objects, live)),
            );
        }
        Ok(leftovers)
    }

    /// What the release has of Milvus itself and holds no data. Charts inside the chart (`MinIO`, Pulsar, Kafka) have
    /// labels of their own, and what they run may be in use.
    fn is_left_by_chart(&self, kind: Kind, live: &Value) -> bool {
        let label = |key: &str| live["metadata"]["labels"][key].as_str();
        let is_of_milvus = match (label("helm.sh/chart"), label("chart")) {
            (Some(chart), _) => chart.starts_with("milvus-"),
            (None, Some(_)) => false,
            // The chart's settings carry no label of it.
            (None, None) => name_of(live).starts_with(&self.full_name),
        };
        let is_ours = live["metadata"]["labels"].get(INSTALLATION).is_some();
        kind != Kind::StatefulSet && is_of_milvus && !is_ours && is_released(live, &self.owner)
    }

    fn leftover(&self, objects: &Objects, live: &Value) -> Option<Leftover> {
        let metadata = &live["metadata"];
        // What a controller made for its own object has copied our labels, and goes with its owner.
        let owned = metadata["ownerReferences"]
            .as_array()
            .is_some_and(|owners| !owners.is_empty());
        let leaving = metadata.get("deletionTimestamp").is_some();
        let reference = ObjectRef {
            kind: objects.kind,
            name: name_of(live).to_owned(),
        };
        // What lives here for an installation elsewhere says so.
        let outside = metadata["labels"].get(HOME).is_some();
        if owned || leaving || outside || kept_with_data(live) || self.wanted.contains(&reference) {
            return None;
        }
        let uid = uid_of(live).map(str::to_owned);
        Some(Leftover {
            objects: objects.clone(),
            reference,
            uid,
        })
    }
}

impl Resource for Obsolete {
    type Needs = (After, Late<Client>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new("obsolete objects")
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(
        &self,
        inputs: Option<&((), Client)>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        // What goes is told beforehand, also while what comes first is not there yet.
        let client = inputs.map(|((), client)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(Observed::Unknown);
        };
        let leftovers = self.leftovers(client).await?;
        let change = |leftover: &Leftover| Change {
            field: leftover.reference.to_string(),
            from: Some("no longer wanted".to_owned()),
            to: None,
            ..Change::default()
        };
        Ok(if leftovers.is_empty() {
            Observed::Current { output: Some(()) }
        } else {
            Observed::Differs {
                changes: leftovers.iter().map(change).collect(),
                output: Some(()),
            }
        })
    }

    async fn apply(
        &self,
        ((), client): &((), Client),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        for leftover in self.leftovers(client).await? {
            leftover
                .objects
                .delete(&leftover.reference.name, leftover.uid)
                .await?;
        }
        Ok(Readiness::Ready(()))
    }

    async fn readiness(
        &self,
        _: &((), Client),
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(&self, _: Option<&((), Client)>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }

    async fn wait_gone(&self, _: Option<&((), Client)>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
