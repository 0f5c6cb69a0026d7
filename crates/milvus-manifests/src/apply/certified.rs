//! The certificate of the load balancer controller's webhooks: the one that exists, or a new one.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use milvus_aws_core::engine::{
    After, Change, Context, Inputs, Late, Observed, Readiness, Resource, ResourceError, ResourceId,
    Step,
};
use serde_json::Value;

use super::{
    api::{Objects, Write, leaving, uid_of},
    object::PATIENCE,
    owner::{Ownership, owner_of},
};
use crate::{
    Kind, Manifests, ObjectRef,
    load_balancer_controller::{
        CERTIFICATE_SECRET, CONTROLLER_NAMESPACE, Certificate, LoadBalancerController,
    },
};

/// The Secret with the certificate; its output are the controller's objects, which trust it.
pub(super) struct Certified {
    pub(super) controller: Arc<LoadBalancerController>,
    /// What comes first, and the cluster.
    pub(super) needs: (After, Late<Client>),
}

impl Certified {
    fn reference() -> ObjectRef {
        ObjectRef {
            kind: Kind::Secret,
            name: CERTIFICATE_SECRET.to_owned(),
        }
    }

    fn objects(client: &Client) -> Objects {
        Objects::new(client, Kind::Secret, CONTROLLER_NAMESPACE)
    }

    fn rendered(&self, certificate: &Certificate) -> Result<Arc<Manifests>, ResourceError> {
        let manifests = self.controller.objects(certificate);
        manifests.map(Arc::new).map_err(|error| {
            ResourceError::fatal("render the load balancer controller").caused_by(error)
        })
    }

    async fn write(&self, client: &Client) -> Result<Arc<Manifests>, ResourceError> {
        let objects = Self::objects(client);
        let live = objects.get(CERTIFICATE_SECRET).await?;
        let ownership = live
            .as_ref()
            .map(|live| owner_of(live, &self.controller.owner));
        if let Some(Ownership::Foreign(owner)) = ownership {
            return Err(ResourceError::foreign(owner));
        }
        // Another run may have made it meanwhile, and what trusts it may be there already.
        if let Some(certificate) = live.as_ref().and_then(certificate_of) {
            return self.rendered(&certificate);
        }
        let failed = |error| ResourceError::fatal("make a certificate").caused_by(error);
        let certificate = Certificate::generate(SystemTime::now()).map_err(failed)?;
        let secret = self.controller.certificate_secret(&certificate);
        let wanted = serde_json::to_value(secret).map_err(|error| {
            ResourceError::fatal(format!("write {} as JSON", Self::reference())).caused_by(error)
        })?;
        let (uid, write) = match &live {
            Some(live) => (uid_of(live), Write::Update),
            None => (None, Write::Create),
        };
        objects
            .apply(CERTIFICATE_SECRET, wanted, uid, write)
            .await?;
        self.rendered(&certificate)
    }
}

fn certificate_of(live: &Value) -> Option<Certificate> {
    let secret: Secret = serde_json::from_value(live.clone()).ok()?;
    Certificate::of_secret(&secret)
}

impl Resource for Certified {
    type Needs = (After, Late<Client>);
    type Output = Arc<Manifests>;

    fn id(&self) -> ResourceId {
        ResourceId::new(Self::reference().to_string())
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
    ) -> Result<Observed<Arc<Manifests>>, ResourceError> {
        let client = inputs.map(|((), client)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(Observed::Unknown);
        };
        let Some(live) = Self::objects(client).get(CERTIFICATE_SECRET).await? else {
            return Ok(Observed::Absent);
        };
        if let Ownership::Foreign(owner) = owner_of(&live, &self.controller.owner) {
            return Ok(Observed::Foreign { owner });
        }
        if let Some(reason) = leaving(&live) {
            return Ok(Observed::Leaving { reason });
        }
        Ok(match certificate_of(&live) {
            Some(certificate) => Observed::Current {
                output: Some(self.rendered(&certificate)?),
            },
            None => Observed::Differs {
                changes: vec![Change {
                    field: "data".to_owned(),
                    from: Some("no whole certificate".to_owned()),
                    to: Some("a new certificate".to_owned()),
                    ..Change::default()
                }],
                output: None,
            },
        })
    }

    async fn apply(
        &self,
        ((), client): &Inputs<Self>,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<Arc<Manifests>>, ResourceError> {
        self.write(client).await.map(Readiness::Ready)
    }

    async fn readiness(
        &self,
        ((), client): &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<Arc<Manifests>>, ResourceError> {
        let live = Self::objects(client).get(CERTIFICATE_SECRET).await?;
        match live.as_ref().and_then(certificate_of) {
            Some(certificate) => Ok(Readiness::Ready(self.rendered(&certificate)?)),
            None => Err(ResourceError::transient("it was taken away meanwhile")),
        }
    }

    async fn delete(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        let client = inputs.map(|((), client)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(());
        };
        let objects = Self::objects(client);
        match objects.get(CERTIFICATE_SECRET).await? {
            Some(live) if owner_of(&live, &self.controller.owner) == Ownership::Ours => {
                let uid = uid_of(&live).map(str::to_owned);
                objects.delete(CERTIFICATE_SECRET, uid).await
            }
            _ => Ok(()),
        }
    }
}
