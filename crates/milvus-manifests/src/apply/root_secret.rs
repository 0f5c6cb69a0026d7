//! The password of Milvus's first user: the one that exists, or a new one.

use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use milvus_aws_core::{
    Installation,
    engine::{
        After, Change, Context, Inputs, Late, Observed, Readiness, Resource, ResourceError,
        ResourceId, Step,
    },
};
use secrecy::SecretString;
use serde_json::Value;

use super::{
    api::{Objects, Write, leaving, uid_of},
    object::PATIENCE,
    owner::{Ownership, owner_of},
};
use crate::{
    Kind, ObjectRef,
    labels::Owner,
    root_login::{new_password, password_in, root_secret, root_secret_name},
};

/// The Secret with that password; its output is the password. What is there stays: the server's metadata knows it.
pub(super) struct RootSecret {
    pub(super) installation: Installation,
    /// What comes first, and the cluster.
    pub(super) needs: (After, Late<Client>),
}

impl RootSecret {
    fn name(&self) -> String {
        root_secret_name(&self.installation.name)
    }

    fn reference(&self) -> ObjectRef {
        ObjectRef {
            kind: Kind::Secret,
            name: self.name(),
        }
    }

    fn objects(&self, client: &Client) -> Objects {
        Objects::new(client, Kind::Secret, self.installation.namespace.as_str())
    }

    fn owner_of(&self, live: &Value) -> Ownership {
        owner_of(live, &Owner::of(&self.installation))
    }

    async fn write(&self, client: &Client) -> Result<SecretString, ResourceError> {
        let objects = self.objects(client);
        let live = objects.get(&self.name()).await?;
        if let Some(Ownership::Foreign(owner)) = live.as_ref().map(|live| self.owner_of(live)) {
            return Err(ResourceError::foreign(owner));
        }
        // Another run may have made it meanwhile.
        if let Some(password) = live.as_ref().and_then(password_of) {
            return Ok(password);
        }
        let password = new_password();
        let wanted = serde_json::to_value(root_secret(&self.installation, &password));
        let wanted = wanted.map_err(|error| {
            ResourceError::fatal(format!("write {} as JSON", self.reference())).caused_by(error)
        })?;
        let (uid, write) = match &live {
            Some(live) => (uid_of(live), Write::Update),
            None => (None, Write::Create),
        };
        objects.apply(&self.name(), wanted, uid, write).await?;
        Ok(password)
    }
}

fn password_of(live: &Value) -> Option<SecretString> {
    let secret: Secret = serde_json::from_value(live.clone()).ok()?;
    password_in(&secret)
}

impl Resource for RootSecret {
    type Needs = (After, Late<Client>);
    type Output = SecretString;

    fn id(&self) -> ResourceId {
        ResourceId::new(self.reference().to_string())
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
    ) -> Result<Observed<SecretString>, ResourceError> {
        let client = inputs.map(|((), client)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(Observed::Unknown);
        };
        let Some(live) = self.objects(client).get(&self.name()).await? else {
            return Ok(Observed::Absent);
        };
        if let Ownership::Foreign(owner) = self.owner_of(&live) {
            return Ok(Observed::Foreign { owner });
        }
        if let Some(reason) = leaving(&live) {
            return Ok(Observed::Leaving { reason });
        }
        Ok(match password_of(&live) {
            Some(password) => Observed::Current {
                output: Some(password),
            },
            None => Observed::Differs {
                changes: vec![Change {
                    field: "data.password".to_owned(),
                    from: None,
                    to: Some("a new password".to_owned()),
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
    ) -> Result<Readiness<SecretString>, ResourceError> {
        self.write(client).await.map(Readiness::Ready)
    }

    async fn readiness(
        &self,
        ((), client): &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<SecretString>, ResourceError> {
        let live = self.objects(client).get(&self.name()).await?;
        match live.as_ref().and_then(password_of) {
            Some(password) => Ok(Readiness::Ready(password)),
            None => Err(ResourceError::transient("it was taken away meanwhile")),
        }
    }

    /// An installation is taken away by what exists, not by this.
    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
