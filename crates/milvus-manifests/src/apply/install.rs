//! The graph of an installation's objects.

use std::{collections::BTreeSet, sync::Arc};

use kube::Client;
use milvus_aws_core::{
    Installation,
    engine::{After, Graph, GraphBuilder, Handle, Need},
};

use super::{
    api::Objects, namespace::MilvusNamespace, object::KubernetesObject, obsolete::Obsolete,
    placed::Placed, readiness::Watched,
};
use crate::{Error, Kind, Manifests, Object};

/// Brings an installation's objects about.
#[derive(Clone)]
pub struct Install<'a> {
    client: Client,
    installation: &'a Installation,
    manifests: &'a Manifests,
    wait: bool,
}

/// The resources of an installation, and those whose outputs are of use.
#[derive(Debug)]
pub struct InstallGraph {
    /// Every resource.
    pub graph: Graph,
    /// The service for clients; its output has the load balancer's address, where there is one.
    pub service: Option<Handle<Placed>>,
}

impl<'a> Install<'a> {
    /// Brings those objects about in that cluster.
    pub fn new(client: Client, installation: &'a Installation, manifests: &'a Manifests) -> Self {
        Self {
            client,
            installation,
            manifests,
            wait: true,
        }
    }

    /// Whether pods are waited for; they are, unless said otherwise. Without, what exists counts as ready.
    #[must_use]
    pub fn wait(mut self, wait: bool) -> Self {
        self.wait = wait;
        self
    }

    /// The objects alone.
    pub fn graph(&self) -> Result<InstallGraph, Error> {
        let mut builder = Graph::builder();
        let service = self.add_to(&mut builder, &[])?;
        Ok(InstallGraph {
            graph: builder.build(),
            service,
        })
    }

    /// Adds the objects to a graph of more, to come after `first`; gives the service for clients back.
    pub fn add_to(
        &self,
        builder: &mut GraphBuilder,
        first: &[Need],
    ) -> Result<Option<Handle<Placed>>, Error> {
        let namespace = builder.add(self.namespace()?)?;
        let base: Vec<Need> = first.iter().cloned().chain([namespace.need()]).collect();
        let mut added = Added {
            all: base.clone(),
            base,
            ..Added::default()
        };
        for object in self.manifests.objects() {
            self.add(builder, object, &mut added)?;
        }
        builder.add(Obsolete {
            client: self.client.clone(),
            namespace: self.installation.namespace.to_string(),
            installation: self.installation.name.clone(),
            wanted: self.manifests.references().collect::<BTreeSet<_>>(),
            needs: After(added.all),
        })?;
        Ok(added.service)
    }

    fn namespace(&self) -> Result<MilvusNamespace, Error> {
        let object = Object::from(crate::namespace(self.installation));
        Ok(MilvusNamespace {
            name: object.name().to_owned(),
            objects: Objects::new(&self.client, Kind::Namespace, ""),
            installation: self.installation.name.clone(),
            wanted: object.to_value()?,
        })
    }

    fn add(
        &self,
        builder: &mut GraphBuilder,
        object: &Object,
        added: &mut Added,
    ) -> Result<(), Error> {
        let reference = object.reference();
        let (needs, secrets) = added.needs_of(reference.kind);
        let handle = builder.add(KubernetesObject {
            objects: Objects::new(
                &self.client,
                reference.kind,
                self.installation.namespace.as_str(),
            ),
            installation: self.installation.name.clone(),
            wanted: object.to_value()?,
            needs: (After(needs), secrets),
            watched: self
                .wait
                .then(|| self.watched(object))
                .flatten()
                .map(Arc::new),
            reference,
        })?;
        added.add(object.kind(), &handle);
        if object.kind() == Kind::Service && object.name() == self.installation.name.full_name() {
            added.service = Some(handle);
        }
        Ok(())
    }

    fn watched(&self, object: &Object) -> Option<Watched> {
        let passwords = self.manifests.passwords();
        let client = self.client.clone();
        let namespace = self.installation.namespace.to_string();
        let selector = match object {
            Object::Deployment(deployment) => Some(&deployment.spec.as_ref()?.selector),
            Object::StatefulSet(set) => Some(&set.spec.as_ref()?.selector),
            Object::PersistentVolumeClaim(_) | Object::Service(_) => None,
            _ => return None,
        };
        let pairs = selector.and_then(|selector| selector.match_labels.as_ref());
        let pods = pairs.map(|labels| {
            let pairs: Vec<_> = labels
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            pairs.join(",")
        });
        Some(Watched {
            client,
            namespace,
            pods,
            passwords,
        })
    }
}

/// What was added so far.
#[derive(Default)]
struct Added {
    /// The namespace, and what comes before everything.
    base: Vec<Need>,
    /// What pods cannot start without: accounts, settings, logins, claims.
    for_pods: Vec<Need>,
    secrets: Vec<Handle<Placed>>,
    /// Our etcd, without which Milvus does not start.
    etcd: Vec<Need>,
    all: Vec<Need>,
    service: Option<Handle<Placed>>,
}

impl Added {
    fn needs_of(&self, kind: Kind) -> (Vec<Need>, Vec<Handle<Placed>>) {
        let mut needs = self.base.clone();
        let mut secrets = Vec::new();
        match kind {
            Kind::StatefulSet => needs.extend(self.for_pods.iter().cloned()),
            Kind::Deployment => {
                needs.extend(self.for_pods.iter().chain(&self.etcd).cloned());
                secrets.clone_from(&self.secrets);
            }
            _ => {}
        }
        (needs, secrets)
    }

    fn add(&mut self, kind: Kind, handle: &Handle<Placed>) {
        let need = handle.need();
        match kind {
            Kind::ServiceAccount | Kind::ConfigMap | Kind::PersistentVolumeClaim => {
                self.for_pods.push(need.clone());
            }
            Kind::Secret => self.secrets.push(handle.clone()),
            Kind::StatefulSet => self.etcd.push(need.clone()),
            _ => {}
        }
        self.all.push(need);
    }
}
