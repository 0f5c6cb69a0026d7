//! Prune: what is ours and no longer wanted.

use std::{collections::BTreeSet, time::Duration};

use kube::Client;
use milvus_aws_core::{
    engine::{
        After, Change, Context, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
    },
    installation::InstallationName,
};
use serde_json::Value;

use super::{
    api::{Objects, name_of, uid_of},
    object::PATIENCE,
};
use crate::{Kind, ObjectRef, labels::INSTALLATION};

/// Objects that carry our mark and that nothing produces any more. Claims are not among them: they hold data.
pub(super) struct Obsolete {
    pub(super) client: Client,
    pub(super) namespace: String,
    pub(super) installation: InstallationName,
    pub(super) wanted: BTreeSet<ObjectRef>,
    pub(super) needs: After,
}

/// One object that goes.
struct Leftover {
    objects: Objects,
    reference: ObjectRef,
    uid: Option<String>,
}

impl Obsolete {
    async fn leftovers(&self) -> Result<Vec<Leftover>, ResourceError> {
        let mut leftovers = Vec::new();
        let ours = format!("{INSTALLATION}={}", self.installation);
        // Workloads first: what they use goes after them.
        for kind in Kind::ALL
            .iter()
            .rev()
            .copied()
            .filter(|kind| is_pruned(*kind))
        {
            let objects = Objects::new(&self.client, kind, &self.namespace);
            let found = objects.list(&ours).await?;
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
        if owned || leaving || self.wanted.contains(&reference) {
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

fn is_pruned(kind: Kind) -> bool {
    kind != Kind::Namespace && !kind.holds_data()
}

impl Resource for Obsolete {
    type Needs = After;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new("obsolete objects")
    }

    fn needs(&self) -> &After {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<()>, ResourceError> {
        let leftovers = self.leftovers().await?;
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

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<()>, ResourceError> {
        for leftover in self.leftovers().await? {
            leftover
                .objects
                .delete(&leftover.reference.name, leftover.uid)
                .await?;
        }
        Ok(Readiness::Ready(()))
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }

    async fn wait_gone(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
