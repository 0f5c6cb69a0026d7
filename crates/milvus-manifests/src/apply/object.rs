//! One object as a resource of the engine.

use std::{sync::Arc, time::Duration};

use kube::Client;
use milvus_aws_core::engine::{
    After, Change, Context, Foreign, Handle, Inputs, Late, Observed, Readiness, Resource,
    ResourceError, ResourceId, Retention, Step,
};
use serde_json::Value;

use super::{
    adapt::{Live, VolumePolicy, adapted},
    api::{Objects, Write, leaving, uid_of},
    both_settings,
    difference::{changes, changes_from_helm},
    former_coordinators::make_room,
    kept_data::{Judgement, judge},
    owner::{Ownership, is_released, owner_of},
    placed::Placed,
    readiness::{self, Watched},
    scaled_by::OthersAutoscalers,
    takeover::takeover,
};
use crate::{Kind, Manifests, Object, ObjectRef, labels::Owner};

/// How long failing requests about one object are tried again.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// What comes first, the cluster, what holds the wanted object, and the Secrets that its pods read.
pub(super) type ObjectNeeds = (
    After,
    Late<Client>,
    Late<Arc<Manifests>>,
    Vec<Handle<Placed>>,
);

/// One object that shall exist.
pub(super) struct KubernetesObject {
    pub(super) reference: ObjectRef,
    /// Where it lives; unused for objects of the whole cluster.
    pub(super) namespace: String,
    pub(super) owner: Owner,
    pub(super) needs: ObjectNeeds,
    /// Whether one of the Helm release of the same name is taken over.
    pub(super) adopts: bool,
    /// Whether it is waited for; else its existence is enough.
    pub(super) waits: bool,
    pub(super) usual: Duration,
    /// How long it is waited for; as long as the run takes when absent.
    pub(super) limit: Option<Duration>,
    /// Whose settings a ConfigMap holds.
    pub(super) settings: SettingsOf,
    /// Whose word it is when files of a deployment's volumes change hands.
    pub(super) volume_policy: VolumePolicy,
    /// Who else chooses how many pods a deployment has.
    pub(super) autoscalers: OthersAutoscalers,
}

/// Whose settings a ConfigMap holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SettingsOf {
    /// The version that is wanted.
    Wanted,
    /// That one and the one that is live, while components of both run.
    Both,
    /// The version that is wanted alone, once no other one runs any more.
    WantedAlone,
}

/// What a look at an object found.
enum Found {
    Absent,
    Leaving(String),
    Foreign(Foreign),
    Ours(Value),
    /// Of the Helm release that is taken over.
    Released(Value),
}

impl KubernetesObject {
    fn objects(&self, client: &Client) -> Objects {
        Objects::new(client, self.reference.kind, &self.namespace)
    }

    async fn find(&self, objects: &Objects) -> Result<Found, ResourceError> {
        let Some(live) = objects.get(&self.reference.name).await? else {
            return Ok(Found::Absent);
        };
        let released = self.adopts && is_released(&live, &self.owner);
        Ok(match (leaving(&live), owner_of(&live, &self.owner)) {
            (_, Ownership::Foreign(owner)) if !released => Found::Foreign(owner),
            (Some(reason), _) => Found::Leaving(reason),
            (None, _) if released => Found::Released(live),
            (None, _) => Found::Ours(live),
        })
    }

    /// The object among those that were rendered.
    fn rendered<'a>(&self, manifests: &'a Manifests) -> Result<&'a Object, ResourceError> {
        let ObjectRef { kind, name } = &self.reference;
        let missing = || {
            let object = &self.reference;
            ResourceError::fatal(format!("{object} is not among the rendered objects"))
        };
        manifests.get(*kind, name).ok_or_else(missing)
    }

    async fn wanted(
        &self,
        client: &Client,
        manifests: &Manifests,
        live: Live<'_>,
        secrets: &[Placed],
    ) -> Result<Value, ResourceError> {
        let wanted = self.rendered(manifests)?.to_value();
        let wanted = wanted.map_err(|error| {
            ResourceError::fatal(format!("render {}", self.reference)).caused_by(error)
        })?;
        let mut wanted = adapted(
            self.reference.kind,
            &wanted,
            live,
            secrets,
            self.volume_policy,
        );
        if let (SettingsOf::Both, Some(live)) = (self.settings, live.object()) {
            both_settings::with_live(&mut wanted, live)?;
        }
        if let (Kind::Deployment, Some(live)) = (self.reference.kind, live.object()) {
            let whose = (self.namespace.as_str(), &self.owner.installation);
            let autoscalers = &self.autoscalers;
            autoscalers
                .leave_replicas(client, whose, &mut wanted, live)
                .await?;
        }
        Ok(wanted)
    }

    /// Refuses a change that would leave data behind.
    fn refused(&self, live: &Value, wanted: &Value) -> Result<(), ResourceError> {
        match judge(self.reference.kind, live, wanted) {
            Judgement::LeftBehind(reason) => Err(ResourceError::foreign(reason)),
            Judgement::Harmless | Judgement::Unknown(_) => Ok(()),
        }
    }

    fn readiness_of(&self, live: &Value) -> Readiness<Placed> {
        let placed = Placed::of(&self.reference, live);
        if self.waits {
            readiness::of(&self.reference, live).map(|()| placed)
        } else {
            Readiness::Ready(placed)
        }
    }

    /// What a write would make of what is there, and what that changes.
    async fn compared(
        &self,
        objects: &Objects,
        live: Live<'_>,
        wanted: Value,
    ) -> Result<(Value, Vec<Change>), ResourceError> {
        let ObjectRef { kind, name } = &self.reference;
        if let Live::Released(live) = live {
            let (_, applied) = takeover(objects, name, live, &wanted).await?;
            let changes = changes_from_helm(*kind, live, &applied);
            return Ok((applied, changes));
        }
        let uid = live.object().and_then(uid_of);
        let applied = objects.apply(name, wanted, uid, Write::DryRun).await?;
        let changes = live
            .object()
            .map(|live| changes(*kind, live, &applied))
            .unwrap_or_default();
        Ok((applied, changes))
    }

    async fn write(&self, inputs: &Inputs<Self>) -> Result<Value, ResourceError> {
        let ((), client, manifests, secrets) = inputs;
        let objects = self.objects(client);
        let name = &self.reference.name;
        match self.find(&objects).await? {
            Found::Absent => {
                let wanted = self
                    .wanted(client, manifests, Live::Absent, secrets)
                    .await?;
                if self.reference.kind == Kind::Deployment {
                    make_room(&objects, &self.owner, self.adopts, &wanted).await?;
                }
                objects.apply(name, wanted, None, Write::Create).await
            }
            Found::Ours(live) => {
                let wanted = self
                    .wanted(client, manifests, Live::Ours(&live), secrets)
                    .await?;
                self.refused(&live, &wanted)?;
                objects
                    .apply(name, wanted, uid_of(&live), Write::Update)
                    .await
            }
            Found::Released(live) => {
                let wanted = self
                    .wanted(client, manifests, Live::Released(&live), secrets)
                    .await?;
                self.refused(&live, &wanted)?;
                let (owners, _) = takeover(&objects, name, &live, &wanted).await?;
                // Whoever dies between the two is found as before: Helm's mark goes with the second.
                if let Some(fields) = owners.managed_fields() {
                    objects.own(name, &live, fields).await?;
                }
                objects
                    .apply(name, wanted, uid_of(&live), Write::Update)
                    .await
            }
            Found::Leaving(reason) => Err(ResourceError::transient(reason)),
            Found::Foreign(owner) => Err(ResourceError::foreign(owner)),
        }
    }
}

impl Resource for KubernetesObject {
    type Needs = ObjectNeeds;
    type Output = Placed;

    fn id(&self) -> ResourceId {
        match self.settings {
            SettingsOf::WantedAlone => {
                ResourceId::new(format!("{} without old settings", self.reference))
            }
            _ => ResourceId::new(self.reference.to_string()),
        }
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        self.usual
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
        inputs: Option<&Inputs<Self>>,
        context: &Context,
    ) -> Result<Observed<Placed>, ResourceError> {
        let client = inputs.map(|((), client, ..)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(Observed::Unknown);
        };
        let objects = self.objects(client);
        let found = self.find(&objects).await?;
        let live = match &found {
            Found::Absent => return Ok(Observed::Absent),
            Found::Leaving(reason) => {
                let reason = reason.clone();
                return Ok(Observed::Leaving { reason });
            }
            Found::Foreign(owner) => {
                let owner = owner.clone();
                return Ok(Observed::Foreign { owner });
            }
            Found::Ours(live) => Live::Ours(live),
            Found::Released(live) => Live::Released(live),
        };
        let manifests = inputs.map(|((), _, manifests, _)| manifests);
        let Some(manifests) = manifests.or(self.needs.2.known()) else {
            return Ok(Observed::Unknown);
        };
        let secrets = inputs
            .map(|(.., secrets)| secrets.as_slice())
            .unwrap_or_default();
        let wanted = self.wanted(client, manifests, live, secrets).await?;
        // What goes may be of any kind.
        let there = live.object().filter(|_| !context.is_removal());
        match there.map(|there| judge(self.reference.kind, there, &wanted)) {
            Some(Judgement::LeftBehind(owner)) => return Ok(Observed::Foreign { owner }),
            Some(Judgement::Unknown(reason)) => context.progress(reason),
            Some(Judgement::Harmless) | None => {}
        }
        let (applied, changes) = self.compared(&objects, live, wanted).await?;
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
        inputs: &Inputs<Self>,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<Placed>, ResourceError> {
        let live = self.write(inputs).await?;
        Ok(self.readiness_of(&live))
    }

    async fn readiness(
        &self,
        ((), client, ..): &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<Placed>, ResourceError> {
        match self.find(&self.objects(client)).await? {
            Found::Ours(live) | Found::Released(live) => Ok(self.readiness_of(&live)),
            _ => Err(ResourceError::transient("it was taken away meanwhile")),
        }
    }

    async fn wait_ready(
        &self,
        ((), client, manifests, _): &Inputs<Self>,
        context: &Context,
    ) -> Result<Placed, ResourceError> {
        let objects = self.objects(client);
        let live = if self.waits {
            let object = self.rendered(manifests)?;
            let watched = Watched::of(client, &self.namespace, object, manifests);
            readiness::wait(&self.reference, &objects, &watched, self.limit, context).await?
        } else {
            let gone = || ResourceError::transient("it was taken away meanwhile");
            let found = objects.get(&self.reference.name).await?;
            found.ok_or_else(gone)?
        };
        Ok(Placed::of(&self.reference, &live))
    }

    async fn delete(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        let client = inputs.map(|((), client, ..)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(());
        };
        let objects = self.objects(client);
        match self.find(&objects).await? {
            Found::Ours(live) => {
                let uid = uid_of(&live).map(str::to_owned);
                objects.delete(&self.reference.name, uid).await
            }
            _ => Ok(()),
        }
    }
}
