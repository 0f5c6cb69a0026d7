//! The graph of an installation's objects.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kube::Client;
use milvus_aws_core::{
    Installation, Topology,
    engine::{After, Graph, GraphBuilder, Handle, Late, Need},
};
use secrecy::SecretString;

use super::{
    adapt::VolumePolicy,
    adopted_claims::AdoptedClaims,
    helm_release::HelmRecord,
    namespace::MilvusNamespace,
    object::{KubernetesObject, SettingsOf},
    obsolete::Obsolete,
    one_by_one::{OneByOne, Turn},
    placed::Placed,
    readiness::{is_balanced, is_watched, usual_duration},
    root_secret::RootSecret,
    scaled_by::OthersAutoscalers,
};
use crate::{
    Error, Kind, Manifests, Object, ObjectRef,
    labels::{COMPONENT, Owner},
};

/// Brings an installation's objects about.
#[derive(Clone)]
pub struct Install<'a> {
    client: Late<Client>,
    installation: &'a Installation,
    manifests: &'a Manifests,
    rendered: Option<Late<Arc<Manifests>>>,
    balancers_rendered: Option<Late<Arc<Manifests>>>,
    after: BTreeMap<Kind, Vec<Need>>,
    balancers_after: Vec<Need>,
    adopts: bool,
    forgets_helm: bool,
    wait: bool,
    one_by_one: Option<OneByOne<'a>>,
    volume_policy: VolumePolicy,
}

/// The resources of an installation, and those whose outputs are of use.
#[derive(Debug)]
pub struct InstallGraph {
    /// Every resource.
    pub graph: Graph,
    /// The service for clients; its output has the load balancer's address, where there is one.
    pub service: Option<Handle<Placed>>,
}

/// The resources of an installation within a graph of more.
#[derive(Debug)]
pub struct Installed {
    /// The namespace.
    pub namespace: Handle<Placed>,
    /// The service for clients; its output has the load balancer's address, where there is one.
    pub service: Option<Handle<Placed>>,
    /// The password of `root`, where clients must log in.
    pub root: Option<Handle<SecretString>>,
    /// Every object.
    pub objects: BTreeMap<ObjectRef, Handle<Placed>>,
    /// Ready once everything else is, and what nobody wants any more is gone.
    pub complete: Handle<()>,
}

impl<'a> Install<'a> {
    /// Brings those objects about in that cluster: a client, or the handle of what makes one.
    pub fn new(
        client: impl Into<Late<Client>>,
        installation: &'a Installation,
        manifests: &'a Manifests,
    ) -> Self {
        Self {
            client: client.into(),
            installation,
            manifests,
            rendered: None,
            balancers_rendered: None,
            after: BTreeMap::new(),
            balancers_after: Vec::new(),
            adopts: false,
            forgets_helm: false,
            wait: true,
            one_by_one: None,
            volume_policy: volume_policy(installation),
        }
    }

    /// Settings, logins and deployments come from what is rendered later, and wait for it; the manifests given to
    /// [`Self::new`] say which there will be. Everything else is as given, and waits for nothing.
    #[must_use]
    pub fn rendered_by(mut self, rendered: impl Into<Late<Arc<Manifests>>>) -> Self {
        self.rendered = Some(rendered.into());
        self
    }

    /// The same for services and ingresses with a load balancer.
    #[must_use]
    pub fn load_balancers_rendered_by(mut self, rendered: impl Into<Late<Arc<Manifests>>>) -> Self {
        self.balancers_rendered = Some(rendered.into());
        self
    }

    /// Objects of that kind come after these too.
    #[must_use]
    pub fn after(mut self, kind: Kind, needs: impl IntoIterator<Item = Need>) -> Self {
        self.after.entry(kind).or_default().extend(needs);
        self
    }

    /// Services and ingresses with a load balancer come after these too: the controller that makes it.
    #[must_use]
    pub fn load_balancers_after(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        self.balancers_after.extend(needs);
        self
    }

    /// Whether objects of the Helm release of the same name and namespace are taken over, and what it has beyond what is
    /// wanted goes. They are refused, unless said otherwise.
    #[must_use]
    pub fn adopt(mut self, adopts: bool) -> Self {
        self.adopts = adopts;
        self
    }

    /// Whether Helm's own record of that release goes once everything is in place. It stays, unless said otherwise.
    #[must_use]
    pub fn remove_helm_record(mut self, removes: bool) -> Self {
        self.forgets_helm = removes;
        self
    }

    /// Whether pods are waited for; they are, unless said otherwise. Without, what exists counts as ready.
    #[must_use]
    pub fn wait(mut self, wait: bool) -> Self {
        self.wait = wait;
        self
    }

    /// Deployments are brought about one after the other, and waited for. Meanwhile settings hold what the live ones
    /// hold, too.
    #[must_use]
    pub fn one_by_one(mut self, order: Option<OneByOne<'a>>) -> Self {
        self.one_by_one = order;
        self
    }

    /// The objects alone.
    pub fn graph(&self) -> Result<InstallGraph, Error> {
        let mut builder = Graph::builder();
        let installed = self.add_to(&mut builder, &[])?;
        Ok(InstallGraph {
            graph: builder.build(),
            service: installed.service,
        })
    }

    /// Adds the objects to a graph of more; all but the namespace come after `first`.
    pub fn add_to(&self, builder: &mut GraphBuilder, first: &[Need]) -> Result<Installed, Error> {
        let namespace = builder.add(self.namespace()?)?;
        let mut base: Vec<Need> = first.iter().cloned().chain([namespace.need()]).collect();
        if let Some((order, Turn::Proof(at))) = self.first_turn() {
            base.push(order.proofs.add(builder, at, base.clone())?);
        }
        let mut added = Added {
            base,
            ..Added::default()
        };
        // Settings that demand a login, and no password of ours, are how a server is told that knows others already.
        let root = self.root(builder, &added)?;
        added.root = root.as_ref().map(Handle::need);
        let known = Arc::new(self.manifests.clone());
        for object in self.manifests.objects() {
            if self.has_turn(object) {
                continue;
            }
            let resource = self.resource(object, &known, &added);
            let reference = resource.reference.clone();
            let handle = builder.add(resource)?;
            added.add(reference, handle);
        }
        if let Some(order) = &self.one_by_one {
            self.add_in_turn(builder, order, &known, &mut added)?;
        }
        let all = added.objects.values().map(Handle::need);
        let claims = self.claims(builder, &added)?;
        let all = all.chain(root.iter().map(Handle::need));
        let all = all.chain(claims.iter().map(Handle::need));
        let mut complete = builder.add(Obsolete {
            owner: Owner::of(self.installation),
            full_name: self.installation.full_name(),
            adopts: self.adopts,
            wanted: self.manifests.references().collect::<BTreeSet<_>>(),
            needs: (
                After(added.base.iter().cloned().chain(all).collect()),
                self.client.clone(),
            ),
        })?;
        if self.forgets_helm {
            complete = builder.add(HelmRecord {
                namespace: self.installation.namespace.to_string(),
                release: self.installation.name.to_string(),
                needs: (After(vec![complete.need()]), self.client.clone()),
            })?;
        }
        let service = ObjectRef {
            kind: Kind::Service,
            name: self.installation.full_name(),
        };
        Ok(Installed {
            namespace,
            service: added.objects.get(&service).cloned(),
            root,
            objects: added.objects,
            complete,
        })
    }

    /// Whether it comes in the order of an upgrade: deployments do, and a StatefulSet that the order names.
    fn has_turn(&self, object: &Object) -> bool {
        let Some(order) = &self.one_by_one else {
            return false;
        };
        let named = |turn: &Turn| matches!(turn, Turn::Component(name) if is_of(object, name));
        object.kind() == Kind::Deployment || order.turns.iter().any(named)
    }

    fn first_turn(&self) -> Option<(&OneByOne<'a>, &Turn)> {
        let order = self.one_by_one.as_ref()?;
        Some((order, order.turns.first()?))
    }

    /// Adds the deployments, each after the turn before, and at the end the settings of the wanted version alone.
    fn add_in_turn(
        &self,
        builder: &mut GraphBuilder,
        order: &OneByOne<'_>,
        known: &Arc<Manifests>,
        added: &mut Added,
    ) -> Result<(), Error> {
        for (place, turn) in order.turns.iter().enumerate() {
            match turn {
                // What comes before everything was added before everything.
                Turn::Proof(_) if place == 0 => {}
                Turn::Proof(at) => {
                    let mut after = added.base.clone();
                    after.extend(added.before.take());
                    added.before = Some(order.proofs.add(builder, at, after)?);
                }
                Turn::Component(component) => {
                    for object in self.workloads_of(component) {
                        self.add_next(builder, object, known, added)?;
                    }
                }
            }
        }
        for object in self.manifests.objects() {
            let reference = object.reference();
            if reference.kind == Kind::Deployment && !added.objects.contains_key(&reference) {
                self.add_next(builder, object, known, added)?;
            }
        }
        let settings = self.manifests.objects().iter();
        for object in settings.filter(|object| object.kind() == Kind::ConfigMap) {
            let mut resource = self.resource(object, known, added);
            resource.settings = SettingsOf::WantedAlone;
            resource.needs.0.0.extend(added.before.clone());
            // What is no longer wanted goes after this too.
            added.base.push(builder.add(resource)?.need());
        }
        Ok(())
    }

    /// One, or one for each resource group.
    fn workloads_of(&self, component: &str) -> impl Iterator<Item = &'a Object> {
        let objects = self.manifests.objects().iter();
        objects.filter(move |object| is_of(object, component))
    }

    fn add_next(
        &self,
        builder: &mut GraphBuilder,
        object: &Object,
        known: &Arc<Manifests>,
        added: &mut Added,
    ) -> Result<(), Error> {
        let resource = self.resource(object, known, added);
        let handle = builder.add(resource)?;
        added.before = Some(handle.need());
        added.add(object.reference(), handle);
        Ok(())
    }

    fn root(
        &self,
        builder: &mut GraphBuilder,
        added: &Added,
    ) -> Result<Option<Handle<SecretString>>, Error> {
        if !self.installation.authorization {
            return Ok(None);
        }
        let secret = RootSecret {
            installation: self.installation.clone(),
            needs: (After(added.base.clone()), self.client.clone()),
        };
        Ok(Some(builder.add(secret)?))
    }

    /// Claims of a StatefulSet carry no mark of Helm's, and none of ours unless it was made by us.
    fn claims(
        &self,
        builder: &mut GraphBuilder,
        added: &Added,
    ) -> Result<Option<Handle<()>>, Error> {
        let mut sets = self.manifests.references();
        let set = sets.find(|object| self.adopts && object.kind == Kind::StatefulSet);
        let Some(set) = set else {
            return Ok(None);
        };
        let claims = AdoptedClaims {
            owner: Owner::of(self.installation),
            set: set.name,
            needs: (After(added.etcd.clone()), self.client.clone()),
        };
        Ok(Some(builder.add(claims)?))
    }

    fn namespace(&self) -> Result<MilvusNamespace, Error> {
        let object = Object::from(crate::namespace(self.installation));
        Ok(MilvusNamespace {
            name: object.name().to_owned(),
            client: self.client.clone(),
            owner: Owner::of(self.installation),
            wanted: object.to_value()?,
        })
    }

    fn resource(&self, object: &Object, known: &Arc<Manifests>, added: &Added) -> KubernetesObject {
        let kind = object.kind();
        let (mut needs, secrets) = added.needs_of(kind);
        needs.extend(self.after.get(&kind).into_iter().flatten().cloned());
        if is_balanced(object) {
            needs.extend(self.balancers_after.iter().cloned());
        }
        let rendered = match kind {
            _ if is_balanced(object) => self.balancers_rendered.clone(),
            kind if is_late(kind) => self.rendered.clone(),
            _ => None,
        };
        let manifests = rendered.unwrap_or_else(|| Late::Known(known.clone()));
        let (limit, settings) = match (&self.one_by_one, kind) {
            (Some(order), Kind::Deployment) => (Some(order.patience), SettingsOf::Wanted),
            (Some(_), Kind::ConfigMap) => (None, SettingsOf::Both),
            _ => (None, SettingsOf::Wanted),
        };
        KubernetesObject {
            reference: object.reference(),
            namespace: self.installation.namespace.to_string(),
            owner: Owner::of(self.installation),
            needs: (After(needs), self.client.clone(), manifests, secrets),
            adopts: self.adopts,
            waits: self.wait && is_watched(kind),
            usual: usual_duration(object, self.wait),
            limit,
            settings,
            volume_policy: self.volume_policy,
            autoscalers: added.autoscalers.clone(),
        }
    }
}

/// Whether the user says of any pods when files of their volumes change hands.
fn volume_policy(installation: &Installation) -> VolumePolicy {
    let topology = Topology::of(installation);
    let mut contexts = topology
        .components
        .iter()
        .filter_map(|component| component.pod.security_context.as_deref());
    let is_said = contexts.any(|context| {
        context.set.fs_group_change_policy.is_some() || context.takes_out("fsGroupChangePolicy")
    });
    if is_said {
        VolumePolicy::Said
    } else {
        VolumePolicy::Ours
    }
}

/// Whether what is in objects of that kind may come out of other resources: addresses and passwords.
fn is_late(kind: Kind) -> bool {
    matches!(kind, Kind::ConfigMap | Kind::Secret | Kind::Deployment)
}

/// Whether it is a workload of that component.
fn is_of(object: &Object, component: &str) -> bool {
    let labels = object.metadata().labels.as_ref();
    let label = labels.and_then(|all| all.get(COMPONENT));
    matches!(object.kind(), Kind::Deployment | Kind::StatefulSet)
        && label.is_some_and(|label| label == component)
}

/// What was added so far.
#[derive(Default)]
struct Added {
    /// The namespace, and what comes before everything.
    base: Vec<Need>,
    /// What pods cannot start without: accounts, claims.
    for_pods: Vec<Need>,
    /// Settings, which etcd's pods do not read.
    settings: Vec<Need>,
    secrets: Vec<Handle<Placed>>,
    /// Our etcd, without which Milvus does not start.
    etcd: Vec<Need>,
    /// What the next deployment comes after, where they come one after the other.
    before: Option<Need>,
    /// The password of `root`.
    root: Option<Need>,
    /// Who else chooses how many pods deployments have.
    autoscalers: OthersAutoscalers,
    objects: BTreeMap<ObjectRef, Handle<Placed>>,
}

impl Added {
    fn needs_of(&self, kind: Kind) -> (Vec<Need>, Vec<Handle<Placed>>) {
        let mut needs = self.base.clone();
        let mut secrets = Vec::new();
        match kind {
            Kind::ConfigMap => needs.extend(self.root.clone()),
            Kind::StatefulSet => needs.extend(self.for_pods.iter().cloned()),
            Kind::Deployment => {
                let pods = self.for_pods.iter().chain(&self.settings);
                needs.extend(pods.chain(&self.etcd).chain(&self.before).cloned());
                secrets.clone_from(&self.secrets);
            }
            _ => {}
        }
        (needs, secrets)
    }

    fn add(&mut self, object: ObjectRef, handle: Handle<Placed>) {
        let need = handle.need();
        match object.kind {
            Kind::ServiceAccount | Kind::PersistentVolumeClaim => self.for_pods.push(need),
            Kind::ConfigMap => self.settings.push(need),
            Kind::Secret => self.secrets.push(handle.clone()),
            Kind::StatefulSet => self.etcd.push(need),
            _ => {}
        }
        self.objects.insert(object, handle);
    }
}
