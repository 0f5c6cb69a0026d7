//! Taking an installation away, from what exists alone: no file is needed.

mod existing;
mod found;
mod silent_controller;

use kube::Client;
use milvus_aws_core::{
    engine::{Graph, GraphBuilder, Need},
    installation::{InstallationName, Namespace},
};

use self::{
    existing::Existing,
    found::{Found, Place},
};
use super::{
    api::Objects,
    owner::{Ownership, owner_of},
    strangers::{others_balanced, strangers},
};
use crate::{Error, Kind, ObjectRef, labels::Owner, load_balancer_controller::CONTROLLER_NAME};

/// The resources of an installation that exists, for the engine's `delete`.
#[derive(Debug)]
pub struct Uninstall {
    /// Everything that carries our mark. Claims hold data: the engine keeps them, and the namespace, unless told to
    /// delete data too.
    pub graph: Graph,
    /// What we leave whatever the engine is told, and why.
    pub kept: Vec<Kept>,
    /// Whether it has a part in an AWS account, which nothing here takes away.
    pub in_account: bool,
}

/// Something that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which object.
    pub object: ObjectRef,
    /// Why it stays, in words for the user.
    pub because: String,
}

/// Finds what an installation has in a cluster: in its namespace, beside the load balancer controller, and in the
/// cluster as a whole. An empty graph means that there is none.
///
/// What makes load balancers, and the class of volumes, go only after what uses them is gone.
pub async fn uninstall(
    client: &Client,
    name: &InstallationName,
    namespace: &Namespace,
) -> Result<Uninstall, Error> {
    let owner = Owner {
        installation: name.clone(),
        namespace: namespace.clone(),
    };
    let place = Place { client, owner };
    let mut kept = Vec::new();
    let fate = namespace_fate(&place).await?;
    let found = Found::look(&place).await.map_err(Error::Request)?;
    let mut going = Going::default();
    let others = if found.controller.is_empty() {
        Vec::new()
    } else {
        others_balanced(client, namespace)
            .await
            .map_err(Error::Request)?
    };
    if others.is_empty() {
        going.add_controller(found.controller)?;
    } else {
        kept.push(Kept {
            object: ObjectRef {
                kind: Kind::Deployment,
                name: CONTROLLER_NAME.to_owned(),
            },
            because: others_use_it(&others),
        });
    }
    going.add_classes(found.classes)?;
    match fate {
        Fate::Goes(existing) => going.namespace.push(going.builder.add(*existing)?.need()),
        Fate::Stays(reason) => kept.extend(reason),
    }
    let in_account = found.home.iter().any(|existing| existing.in_account);
    going.add_home(found.home)?;
    Ok(Uninstall {
        graph: going.builder.build(),
        kept,
        in_account,
    })
}

/// The graph, and what the rest of it may need.
struct Going {
    builder: GraphBuilder,
    /// Everything of the load balancer controller.
    controller: Vec<Need>,
    classes: Vec<Need>,
    namespace: Vec<Need>,
}

impl Default for Going {
    fn default() -> Self {
        Self {
            builder: Graph::builder(),
            controller: Vec::new(),
            classes: Vec::new(),
            namespace: Vec::new(),
        }
    }
}

impl Going {
    /// Its webhooks go before its pods, which would not answer any more; what its pods use goes after them.
    fn add_controller(&mut self, found: Vec<Existing>) -> Result<(), Error> {
        let mut for_pods: Vec<Need> = Vec::new();
        // In the order in which objects are made.
        for mut existing in found {
            let kind = existing.reference.kind;
            existing.needs.0 = match kind {
                Kind::Deployment => for_pods.clone(),
                _ if kind > Kind::Deployment => self.controller.clone(),
                _ => Vec::new(),
            };
            let need = self.builder.add(existing)?.need();
            if kind < Kind::Deployment {
                for_pods.push(need.clone());
            }
            self.controller.push(need);
        }
        Ok(())
    }

    fn add_classes(&mut self, found: Vec<Existing>) -> Result<(), Error> {
        for existing in found {
            self.classes.push(self.builder.add(existing)?.need());
        }
        Ok(())
    }

    /// What has a load balancer goes first, while its controller lives. Pods go before what they use.
    fn add_home(&mut self, found: Vec<Existing>) -> Result<(), Error> {
        let mut before_workloads: Vec<Need> = Vec::new();
        let mut etcd: Vec<Need> = Vec::new();
        for mut existing in found {
            let kind = existing.reference.kind;
            let balanced = existing.balancer.is_some();
            let mut needs = self.namespace.clone();
            match kind {
                _ if balanced => needs.extend(self.controller.iter().cloned()),
                Kind::StatefulSet => needs.extend(before_workloads.iter().cloned()),
                Kind::Deployment => needs.extend(before_workloads.iter().chain(&etcd).cloned()),
                // Its volume is of a class.
                Kind::PersistentVolumeClaim => needs.extend(self.classes.iter().cloned()),
                _ => {}
            }
            existing.needs.0 = needs;
            let need = self.builder.add(existing)?.need();
            match kind {
                _ if balanced => {}
                Kind::Deployment => {}
                Kind::StatefulSet => etcd.push(need),
                _ => before_workloads.push(need),
            }
        }
        Ok(())
    }
}

/// What happens to the namespace.
enum Fate {
    Goes(Box<Existing>),
    Stays(Option<Kept>),
}

/// The namespace goes when we have made it and nothing else lives in it.
async fn namespace_fate(place: &Place<'_>) -> Result<Fate, Error> {
    let namespace = &place.owner.namespace;
    let objects = Objects::new(place.client, Kind::Namespace, "");
    // Who may not read namespaces has made none.
    let Ok(Some(live)) = objects.get(namespace.as_str()).await else {
        return Ok(Fate::Stays(None));
    };
    if owner_of(&live, &place.owner) != Ownership::Ours {
        return Ok(Fate::Stays(None));
    }
    let strangers = strangers(place.client, &place.owner.installation, namespace)
        .await
        .map_err(Error::Request)?;
    if strangers.is_empty() {
        return Ok(Fate::Goes(Box::new(Existing::new(&objects, place, &live))));
    }
    Ok(Fate::Stays(Some(Kept {
        object: ObjectRef {
            kind: Kind::Namespace,
            name: namespace.to_string(),
        },
        because: others_use_it(&strangers),
    })))
}

fn others_use_it(others: &[String]) -> String {
    let names: Vec<_> = others.iter().take(3).cloned().collect();
    let more = if others.len() > 3 { " and more" } else { "" };
    format!("others use it too: {}{more}", names.join(", "))
}
