//! The namespace, made when it is missing and used as it is otherwise.

use std::time::Duration;

use milvus_aws_core::{
    engine::{Context, Observed, Readiness, Resource, ResourceError, ResourceId, Step},
    installation::InstallationName,
};
use serde_json::Value;

use super::{
    api::{Objects, Write, leaving, uid_of},
    object::PATIENCE,
    owner::{Owner, owner_of},
    placed::Placed,
};
use crate::{Kind, ObjectRef};

/// The namespace that holds everything else.
pub(super) struct MilvusNamespace {
    pub(super) name: String,
    pub(super) objects: Objects,
    pub(super) installation: InstallationName,
    pub(super) wanted: Value,
}

impl MilvusNamespace {
    fn placed(&self) -> Placed {
        let object = ObjectRef {
            kind: Kind::Namespace,
            name: self.name.clone(),
        };
        Placed {
            object,
            revision: None,
            addresses: Vec::new(),
        }
    }
}

impl Resource for MilvusNamespace {
    type Needs = ();
    type Output = Placed;

    fn id(&self) -> ResourceId {
        ResourceId::new(self.placed().object.to_string())
    }

    fn needs(&self) -> &() {
        &()
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(
        &self,
        _: Option<&()>,
        _: &Context,
    ) -> Result<Observed<Placed>, ResourceError> {
        let there = Observed::Current {
            output: Some(self.placed()),
        };
        match self.objects.api.get_opt(&self.name).await {
            // Who may not read namespaces works within one that exists.
            Err(kube::Error::Api(status)) if status.code == 403 => return Ok(there),
            _ => {}
        }
        Ok(match self.objects.get(&self.name).await? {
            None => Observed::Absent,
            Some(live) => match leaving(&live) {
                Some(reason) => Observed::Leaving { reason },
                None => there,
            },
        })
    }

    async fn apply(
        &self,
        (): &(),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<Placed>, ResourceError> {
        self.objects
            .apply(&self.name, self.wanted.clone(), None, Write::Create)
            .await?;
        Ok(Readiness::Ready(self.placed()))
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<Placed>, ResourceError> {
        Ok(Readiness::Ready(self.placed()))
    }

    /// Only one that we have made.
    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        let Some(live) = self.objects.get(&self.name).await? else {
            return Ok(());
        };
        match owner_of(&live, &self.installation) {
            Owner::Ours => {
                self.objects
                    .delete(&self.name, uid_of(&live).map(str::to_owned))
                    .await
            }
            Owner::Foreign(_) => Ok(()),
        }
    }
}
