//! Taking an installation away, from what exists alone: no file is needed.

use std::time::Duration;

use kube::Client;
use milvus_aws_core::{
    engine::{
        After, Context, Graph, Need, Observed, Readiness, Resource, ResourceError, ResourceId,
        Retention, Step,
    },
    installation::{InstallationName, Namespace},
};
use serde_json::Value;

use super::{
    api::{Objects, leaving, name_of, uid_of},
    object::PATIENCE,
    owner::{Owner, owner_of},
    readiness,
    strangers::strangers,
};
use crate::{Error, Kind, ObjectRef, labels::INSTALLATION};

/// The resources of an installation that exists, for the engine's `delete`.
#[derive(Debug)]
pub struct Uninstall {
    /// Everything that carries our mark. Claims hold data: the engine keeps them, and the namespace, unless told to
    /// delete data too.
    pub graph: Graph,
    /// What we leave whatever the engine is told, and why.
    pub kept: Vec<Kept>,
}

/// Something that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which object.
    pub object: ObjectRef,
    /// Why it stays, in words for the user.
    pub because: String,
}

/// Finds what an installation has in a cluster. An empty graph means that there is none.
pub async fn uninstall(
    client: &Client,
    name: &InstallationName,
    namespace: &Namespace,
) -> Result<Uninstall, Error> {
    let mut builder = Graph::builder();
    let mut kept = Vec::new();
    let mut base: Vec<Need> = Vec::new();
    let mut before_workloads: Vec<Need> = Vec::new();
    let mut etcd: Vec<Need> = Vec::new();
    match namespace_fate(client, name, namespace).await? {
        Fate::Goes(existing) => base.push(builder.add(*existing)?.need()),
        Fate::Stays(reason) => kept.extend(reason),
    }
    let place = Place {
        client,
        name,
        namespace,
    };
    let ours = format!("{INSTALLATION}={name}");
    for kind in Kind::ALL
        .iter()
        .copied()
        .filter(|kind| *kind != Kind::Namespace)
    {
        let objects = Objects::new(client, kind, namespace.as_str());
        for live in objects.list(&ours).await.map_err(Error::Request)? {
            if is_owned(&live) {
                continue;
            }
            let mut needs = base.clone();
            match kind {
                Kind::StatefulSet => needs.extend(before_workloads.iter().cloned()),
                Kind::Deployment => needs.extend(before_workloads.iter().chain(&etcd).cloned()),
                _ => {}
            }
            let handle = builder.add(Existing::new(&objects, &place, &live, needs))?;
            match kind {
                Kind::Deployment => {}
                Kind::StatefulSet => etcd.push(handle.need()),
                _ => before_workloads.push(handle.need()),
            }
        }
    }
    Ok(Uninstall {
        graph: builder.build(),
        kept,
    })
}

/// What happens to the namespace.
enum Fate {
    Goes(Box<Existing>),
    Stays(Option<Kept>),
}

/// The namespace goes when we have made it and nothing else lives in it.
async fn namespace_fate(
    client: &Client,
    name: &InstallationName,
    namespace: &Namespace,
) -> Result<Fate, Error> {
    let objects = Objects::new(client, Kind::Namespace, "");
    // Who may not read namespaces has made none.
    let Ok(Some(live)) = objects.get(namespace.as_str()).await else {
        return Ok(Fate::Stays(None));
    };
    if owner_of(&live, name) != Owner::Ours {
        return Ok(Fate::Stays(None));
    }
    let strangers = strangers(client, name, namespace)
        .await
        .map_err(Error::Request)?;
    if strangers.is_empty() {
        let place = Place {
            client,
            name,
            namespace,
        };
        let existing = Existing::new(&objects, &place, &live, Vec::new());
        return Ok(Fate::Goes(Box::new(existing)));
    }
    let names: Vec<_> = strangers.iter().take(3).cloned().collect();
    let more = if strangers.len() > 3 { " and more" } else { "" };
    Ok(Fate::Stays(Some(Kept {
        object: ObjectRef {
            kind: Kind::Namespace,
            name: namespace.to_string(),
        },
        because: format!("others use it too: {}{more}", names.join(", ")),
    })))
}

fn is_owned(live: &Value) -> bool {
    live["metadata"]["ownerReferences"]
        .as_array()
        .is_some_and(|owners| !owners.is_empty())
}

/// Whose objects are taken away, and where.
struct Place<'a> {
    client: &'a Client,
    name: &'a InstallationName,
    namespace: &'a Namespace,
}

/// One object that exists and shall not.
struct Existing {
    reference: ObjectRef,
    objects: Objects,
    client: Client,
    namespace: Namespace,
    installation: InstallationName,
    needs: After,
}

impl Existing {
    fn new(objects: &Objects, place: &Place<'_>, live: &Value, needs: Vec<Need>) -> Self {
        Self {
            reference: ObjectRef {
                kind: objects.kind,
                name: name_of(live).to_owned(),
            },
            objects: objects.clone(),
            client: place.client.clone(),
            namespace: place.namespace.clone(),
            installation: place.name.clone(),
            needs: After(needs),
        }
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
        readiness::usual_end(self.reference.kind)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    fn retention(&self) -> Retention {
        if self.reference.kind.holds_data() {
            Retention::Data
        } else {
            Retention::Disposable
        }
    }

    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<()>, ResourceError> {
        let Some(live) = self.objects.get(&self.reference.name).await? else {
            return Ok(Observed::Absent);
        };
        Ok(
            match (owner_of(&live, &self.installation), leaving(&live)) {
                (Owner::Foreign(owner), _) => Observed::Foreign { owner },
                (Owner::Ours, Some(reason)) => Observed::Leaving { reason },
                (Owner::Ours, None) => Observed::Current { output: Some(()) },
            },
        )
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
            let others = strangers(&self.client, &self.installation, &self.namespace).await?;
            if !others.is_empty() {
                let names = others.join(", ");
                return Err(ResourceError::foreign(format!(
                    "others use it too: {names}"
                )));
            }
        }
        // Looked at once more: a name may have changed hands since.
        match self.objects.get(&self.reference.name).await? {
            Some(live) if owner_of(&live, &self.installation) == Owner::Ours => {
                let uid = uid_of(&live).map(str::to_owned);
                self.objects.delete(&self.reference.name, uid).await
            }
            _ => Ok(()),
        }
    }
}
