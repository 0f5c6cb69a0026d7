//! One object that exists and shall not.

use std::time::Duration;

use k8s_openapi::api::core::v1::PersistentVolume;
use kube::{Api, Client};
use milvus_aws_core::engine::{
    After, Context, Observed, Readiness, Resource, ResourceError, ResourceId, Retention, Step,
    until_gone,
};
use serde_json::Value;

use super::{
    super::{
        api::{Objects, leaving, name_of, uid_of},
        failure::resource_error,
        object::PATIENCE,
        owner::{Ownership, kept_with_data, owner_of},
        readiness,
        strangers::strangers,
    },
    found::Place,
    silent_controller,
};
use crate::{
    Kind, ObjectRef,
    labels::{INSTALLATION, Owner},
    load_balancer::has_tag,
};

/// Who takes away the load balancer of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Balancer {
    /// The load balancer controller, which alone can let the object go.
    Controller,
    /// Whoever it is, the cluster tells.
    Other,
}

/// One object that exists and shall not.
pub(super) struct Existing {
    pub(super) reference: ObjectRef,
    /// Who takes away the load balancer that goes with it; none where none does.
    pub(super) balancer: Option<Balancer>,
    /// Whether that load balancer carries our mark in AWS: only an installation in an account asks for that.
    pub(super) in_account: bool,
    /// Whether it goes only when data does.
    holds_data: bool,
    pub(super) needs: After,
    objects: Objects,
    client: Client,
    owner: Owner,
    /// A claim's own identity and its volume's name.
    volume: Option<(String, String)>,
}

impl Existing {
    pub(super) fn new(objects: &Objects, place: &Place<'_>, live: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let volume = match objects.kind {
            Kind::PersistentVolumeClaim => {
                let uid = text(&live["metadata"]["uid"]);
                uid.zip(text(&live["spec"]["volumeName"]))
            }
            _ => None,
        };
        let balancer = match objects.kind {
            _ if silent_controller::holds(live) => Some(Balancer::Controller),
            Kind::Ingress => Some(Balancer::Other),
            Kind::Service if live["spec"]["type"] == "LoadBalancer" => Some(Balancer::Other),
            _ => None,
        };
        let is_marked = has_tag(live, INSTALLATION, place.owner.installation.as_str());
        Self {
            reference: ObjectRef {
                kind: objects.kind,
                name: name_of(live).to_owned(),
            },
            balancer,
            in_account: balancer.is_some() && is_marked,
            holds_data: objects.kind.holds_data() || kept_with_data(live),
            needs: After::default(),
            objects: objects.clone(),
            client: place.client.clone(),
            owner: place.owner.clone(),
            volume,
        }
    }

    /// A claim's volume outlives it by some seconds; nobody would delete it once its driver is gone.
    async fn volume_left(&self) -> Result<Option<String>, ResourceError> {
        let Some((claim, name)) = &self.volume else {
            return Ok(None);
        };
        let volumes: Api<PersistentVolume> = Api::all(self.client.clone());
        let volume = match volumes.get_opt(name).await {
            Ok(volume) => volume.and_then(|volume| volume.spec),
            // Who may not see volumes cannot wait for them.
            Err(kube::Error::Api(status)) if status.code == 403 => None,
            Err(error) => {
                let attempt = format!("read persistentvolume/{name}");
                return Err(resource_error(attempt, Kind::PersistentVolumeClaim, error));
            }
        };
        let goes = |policy: Option<&str>| policy == Some("Delete");
        let is_ours = volume.is_some_and(|spec| {
            goes(spec.persistent_volume_reclaim_policy.as_deref())
                && spec.claim_ref.and_then(|claim| claim.uid).as_ref() == Some(claim)
        });
        Ok(is_ours.then(|| format!("its volume {name} is being deleted")))
    }
}

impl Resource for Existing {
    type Needs = After;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(self.reference.to_string())
    }

    fn needs(&self) -> &After {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        readiness::usual_end(self.reference.kind, self.balancer.is_some())
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn retention(&self) -> Retention {
        if self.holds_data {
            Retention::Data
        } else {
            Retention::Disposable
        }
    }

    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<()>, ResourceError> {
        let Some(live) = self.objects.get(&self.reference.name).await? else {
            return Ok(match self.volume_left().await? {
                Some(reason) => Observed::Leaving { reason },
                None => Observed::Absent,
            });
        };
        Ok(match (owner_of(&live, &self.owner), leaving(&live)) {
            (Ownership::Foreign(owner), _) => Observed::Foreign { owner },
            (Ownership::Ours, Some(reason)) => Observed::Leaving { reason },
            (Ownership::Ours, None) => Observed::Current { output: Some(()) },
        })
    }

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<()>, ResourceError> {
        Err(ResourceError::fatal("this graph only takes away"))
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        if self.reference.kind == Kind::Namespace {
            // Others may have come since the plan was made, and they would go with it.
            let Owner {
                installation,
                namespace,
            } = &self.owner;
            let others = strangers(&self.client, installation, namespace).await?;
            if !others.is_empty() {
                let names = others.join(", ");
                return Err(ResourceError::foreign(format!(
                    "others use it too: {names}"
                )));
            }
        }
        // Looked at once more: a name may have changed hands since.
        match self.objects.get(&self.reference.name).await? {
            Some(live) if owner_of(&live, &self.owner) == Ownership::Ours => {
                let uid = uid_of(&live).map(str::to_owned);
                self.objects.delete(&self.reference.name, uid).await
            }
            _ => Ok(()),
        }
    }

    async fn wait_gone(&self, _: Option<&()>, context: &Context) -> Result<(), ResourceError> {
        let gone = until_gone(self, None, context);
        if self.balancer != Some(Balancer::Controller) {
            return gone.await;
        }
        tokio::select! {
            gone = gone => gone,
            silent = silent_controller::silent(&self.client, context) => Err(silent),
        }
    }
}
