//! Prune: what is ours and no longer wanted.

use std::{collections::BTreeSet, time::Duration};

use kube::Client;
use milvus_aws_core::{
    engine::{
        After, Change, Context, Late, Observed, Readiness, Resource, ResourceError, ResourceId,
        Step,
    },
    installation::InstallationName,
};
use serde_json::Value;

use super::{
    api::{Objects, name_of, uid_of},
    object::PATIENCE,
    owner::kept_with_data,
};
use crate::{
    Kind, ObjectRef,
    labels::{HOME, INSTALLATION},
};

/// Objects that carry our mark and that nothing produces any more. Claims are not among them: they hold data.
pub(super) struct Obsolete {
    pub(super) namespace: String,
    pub(super) installation: InstallationName,
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
        let ours = format!("{INSTALLATION}={}", self.installation);
        // Workloads first: what they use goes after them.
        for kind in PRUNED {
            let objects = Objects::new(client, kind, &self.namespace);
            let found = if kind.is_everywhere() {
                objects.list(&ours).await?
            } else {
                objects.list_visible(&ours).await?
            };
            leftovers.extend(
                found
                    .iter()
                    .filter_map(|live| self.leftover(&objects, live)),
            );
        }
        Ok(leftovers)
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
        let Some(((), client)) = inputs else {
            return Ok(Observed::Unknown);
        };
        let leftovers = self.leftovers(client).await?;
        let change = |leftover: &Leftover| Change {
            field: leftover.reference.to_string(),
            from: Some("no longer wanted".to_owned()),
            to: None,
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
