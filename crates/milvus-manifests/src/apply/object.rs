//! One object as a resource of the engine.

use std::{sync::Arc, time::Duration};

use milvus_aws_core::{
    engine::{
        After, Context, Handle, Observed, Readiness, Resource, ResourceError, ResourceId,
        Retention, Step,
    },
    installation::InstallationName,
};
use serde_json::Value;

use super::{
    adapt::adapted,
    api::{Objects, Write, leaving, uid_of},
    difference::changes,
    owner::{Owner, owner_of},
    placed::Placed,
    readiness::{self, Watched},
};
use crate::{Kind, ObjectRef};

/// How long failing requests about one object are tried again.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// One object that shall exist.
pub(super) struct KubernetesObject {
    pub(super) reference: ObjectRef,
    pub(super) objects: Objects,
    pub(super) installation: InstallationName,
    pub(super) wanted: Value,
    /// What comes first, and the Secrets that its pods read.
    pub(super) needs: (After, Vec<Handle<Placed>>),
    /// How it is waited for; none when its existence is enough.
    pub(super) watched: Option<Arc<Watched>>,
}

/// What a look at an object found.
enum Found {
    Absent,
    Leaving(String),
    Foreign(String),
    Ours(Value),
}

impl KubernetesObject {
    async fn find(&self) -> Result<Found, ResourceError> {
        let Some(live) = self.objects.get(&self.reference.name).await? else {
            return Ok(Found::Absent);
        };
        Ok(
            match (leaving(&live), owner_of(&live, &self.installation)) {
                (_, Owner::Foreign(owner)) => Found::Foreign(owner),
                (Some(reason), Owner::Ours) => Found::Leaving(reason),
                (None, Owner::Ours) => Found::Ours(live),
            },
        )
    }

    fn wanted(&self, live: Option<&Value>, secrets: &[Placed]) -> Value {
        adapted(self.reference.kind, &self.wanted, live, secrets)
    }

    fn readiness_of(&self, live: &Value) -> Readiness<Placed> {
        let placed = Placed::of(&self.reference, live);
        match &self.watched {
            Some(_) => readiness::of(&self.reference, live).map(|()| placed),
            None => Readiness::Ready(placed),
        }
    }

    async fn write(&self, secrets: &[Placed]) -> Result<Value, ResourceError> {
        let name = &self.reference.name;
        match self.find().await? {
            Found::Absent => {
                let wanted = self.wanted(None, secrets);
                self.objects.apply(name, wanted, None, Write::Create).await
            }
            Found::Ours(live) => {
                let wanted = self.wanted(Some(&live), secrets);
                self.objects
                    .apply(name, wanted, uid_of(&live), Write::Update)
                    .await
            }
            Found::Leaving(reason) => Err(ResourceError::transient(reason)),
            Found::Foreign(owner) => Err(ResourceError::foreign(owner)),
        }
    }
}

impl Resource for KubernetesObject {
    type Needs = (After, Vec<Handle<Placed>>);
    type Output = Placed;

    fn id(&self) -> ResourceId {
        ResourceId::new(self.reference.to_string())
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        readiness::usual_duration(self.reference.kind, self.watched.is_some())
    }

    fn retention(&self) -> Retention {
        if self.reference.kind.holds_data() {
            Retention::Data
        } else {
            Retention::Disposable
        }
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(
        &self,
        inputs: Option<&((), Vec<Placed>)>,
        _: &Context,
    ) -> Result<Observed<Placed>, ResourceError> {
        let live = match self.find().await? {
            Found::Absent => return Ok(Observed::Absent),
            Found::Leaving(reason) => return Ok(Observed::Leaving { reason }),
            Found::Foreign(owner) => return Ok(Observed::Foreign { owner }),
            Found::Ours(live) => live,
        };
        let secrets = inputs
            .map(|((), secrets)| secrets.as_slice())
            .unwrap_or_default();
        let wanted = self.wanted(Some(&live), secrets);
        let name = &self.reference.name;
        let applied = self
            .objects
            .apply(name, wanted, uid_of(&live), Write::DryRun)
            .await?;
        let changes = changes(self.reference.kind, &live, &applied);
        let ready = match self.readiness_of(&applied) {
            Readiness::Ready(placed) => Some(placed),
            _ => None,
        };
        Ok(match (changes.is_empty(), self.reference.kind) {
            (true, _) => Observed::Current { output: ready },
            // What its pods must repeat is known beforehand.
            (false, Kind::Secret) => Observed::Differs {
                changes,
                output: ready,
            },
            (false, _) => Observed::Differs {
                changes,
                output: None,
            },
        })
    }

    async fn apply(
        &self,
        ((), secrets): &((), Vec<Placed>),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<Placed>, ResourceError> {
        let live = self.write(secrets).await?;
        Ok(self.readiness_of(&live))
    }

    async fn readiness(
        &self,
        _: &((), Vec<Placed>),
        _: &Context,
    ) -> Result<Readiness<Placed>, ResourceError> {
        match self.find().await? {
            Found::Ours(live) => Ok(self.readiness_of(&live)),
            _ => Err(ResourceError::transient("it was taken away meanwhile")),
        }
    }

    async fn wait_ready(
        &self,
        _: &((), Vec<Placed>),
        context: &Context,
    ) -> Result<Placed, ResourceError> {
        let live = if let Some(watched) = &self.watched {
            readiness::wait(&self.reference, &self.objects, watched, context).await?
        } else {
            let gone = || ResourceError::transient("it was taken away meanwhile");
            let found = self.objects.get(&self.reference.name).await?;
            found.ok_or_else(gone)?
        };
        Ok(Placed::of(&self.reference, &live))
    }

    async fn delete(
        &self,
        _: Option<&((), Vec<Placed>)>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        match self.find().await? {
            Found::Ours(live) => {
                let uid = uid_of(&live).map(str::to_owned);
                self.objects.delete(&self.reference.name, uid).await
            }
            _ => Ok(()),
        }
    }
}
