//! The namespace, made when it is missing and used as it is otherwise.

use std::time::Duration;

use kube::Client;
use milvus_aws_core::engine::{
    Context, Late, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};
use serde_json::Value;

use super::{
    api::{Objects, Write, leaving, uid_of},
    object::PATIENCE,
    owner::{Ownership, owner_of},
    placed::Placed,
};
use crate::{Kind, ObjectRef, labels};

/// The namespace that holds everything else.
pub(super) struct MilvusNamespace {
    pub(super) name: String,
    pub(super) client: Late<Client>,
    pub(super) owner: labels::Owner,
    pub(super) wanted: Value,
}

impl MilvusNamespace {
    fn objects(client: &Client) -> Objects {
        Objects::new(client, Kind::Namespace, "")
    }

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
    type Needs = Late<Client>;
    type Output = Placed;

    fn id(&self) -> ResourceId {
        ResourceId::new(self.placed().object.to_string())
    }

    fn needs(&self) -> &Late<Client> {
        &self.client
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(
        &self,
        client: Option<&Client>,
        _: &Context,
    ) -> Result<Observed<Placed>, ResourceError> {
        let Some(client) = client else {
            return Ok(Observed::Unknown);
        };
        let objects = Self::objects(client);
        let there = Observed::Current {
            output: Some(self.placed()),
        };
        match objects.api.get_opt(&self.name).await {
            // Who may not read namespaces works within one that exists.
            Err(kube::Error::Api(status)) if status.code == 403 => return Ok(there),
            _ => {}
        }
        Ok(match objects.get(&self.name).await? {
            None => Observed::Absent,
            Some(live) => match leaving(&live) {
                Some(reason) => Observed::Leaving { reason },
                None => there,
            },
        })
    }

    async fn apply(
        &self,
        client: &Client,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<Placed>, ResourceError> {
        Self::objects(client)
            .apply(&self.name, self.wanted.clone(), None, Write::Create)
            .await?;
        Ok(Readiness::Ready(self.placed()))
    }

    async fn readiness(&self, _: &Client, _: &Context) -> Result<Readiness<Placed>, ResourceError> {
        Ok(Readiness::Ready(self.placed()))
    }

    /// Only one that we have made.
    async fn delete(&self, client: Option<&Client>, _: &Context) -> Result<(), ResourceError> {
        let Some(client) = client else {
            return Ok(());
        };
        let objects = Self::objects(client);
        let Some(live) = objects.get(&self.name).await? else {
            return Ok(());
        };
        match owner_of(&live, &self.owner) {
            Ownership::Ours => {
                objects
                    .delete(&self.name, uid_of(&live).map(str::to_owned))
                    .await
            }
            Ownership::Foreign(_) => Ok(()),
        }
    }
}
