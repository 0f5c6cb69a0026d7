//! Claims of a StatefulSet that Helm made: our mark on them, so that they are found when the installation goes.

use std::time::Duration;

use kube::Client;
use milvus_aws_core::engine::{
    After, Change, Context, Inputs, Late, Observed, Readiness, Resource, ResourceError, ResourceId,
    Step,
};
use serde_json::{Value, json};

use super::{
    api::{Objects, Write, name_of, uid_of},
    object::PATIENCE,
};
use crate::{
    Kind, ObjectRef,
    labels::{INSTALLATION, INSTANCE, Owner},
};

/// Marks the claims of one StatefulSet. Nothing else of them changes.
pub(super) struct AdoptedClaims {
    pub(super) owner: Owner,
    /// The StatefulSet's name.
    pub(super) set: String,
    /// What comes first, and the cluster.
    pub(super) needs: (After, Late<Client>),
}

impl AdoptedClaims {
    fn objects(&self, client: &Client) -> Objects {
        let namespace = self.owner.namespace.as_str();
        Objects::new(client, Kind::PersistentVolumeClaim, namespace)
    }

    /// Claims without a mark: named by the claim in the set's template, the set, and the member's number.
    async fn unmarked(&self, client: &Client) -> Result<Vec<Value>, ResourceError> {
        let instance = format!("{INSTANCE}={}", self.owner.installation);
        let mut claims = self.objects(client).list(&instance).await?;
        claims.retain(|claim| {
            let member = name_of(claim)
                .rsplit_once('-')
                .filter(|(_, number)| number.parse::<u16>().is_ok());
            let of_set = member.and_then(|(rest, _)| rest.strip_suffix(&self.set));
            of_set.is_some_and(|template| template.ends_with('-'))
                && claim["metadata"]["labels"].get(INSTALLATION).is_none()
        });
        Ok(claims)
    }
}

impl Resource for AdoptedClaims {
    type Needs = (After, Late<Client>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("claims of statefulset/{}", self.set))
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
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let client = inputs.map(|((), client)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(Observed::Unknown);
        };
        let unmarked = self.unmarked(client).await?;
        let change = |claim: &Value| {
            let claim = ObjectRef {
                kind: Kind::PersistentVolumeClaim,
                name: name_of(claim).to_owned(),
            };
            Change {
                field: format!("{claim}: metadata.labels[{INSTALLATION}]"),
                from: None,
                to: Some(self.owner.installation.to_string()),
                ..Change::default()
            }
        };
        Ok(if unmarked.is_empty() {
            Observed::Current { output: Some(()) }
        } else {
            Observed::Differs {
                changes: unmarked.iter().map(change).collect(),
                output: None,
            }
        })
    }

    async fn apply(
        &self,
        ((), client): &Inputs<Self>,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let objects = self.objects(client);
        for claim in self.unmarked(client).await? {
            let name = name_of(&claim);
            let marked = json!({
                "apiVersion": objects.kind.api_version(), "kind": objects.kind.as_str(),
                "metadata": {"name": name, "labels": {INSTALLATION: self.owner.installation.as_str()}},
            });
            objects
                .apply(name, marked, uid_of(&claim), Write::Update)
                .await?;
        }
        Ok(Readiness::Ready(()))
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    /// An installation is taken away by what exists, not by this.
    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
