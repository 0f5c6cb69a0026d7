//! What an installation lacks: parts that are gone, that have no pods, or that have lost our mark.
//!
//! What there should be is what was rendered, where a file says it. Without one it follows from what is left: the
//! topology of the version that is on all labels, the services, budgets and autoscalers of each component, the
//! settings, and what pods refer to.

use std::collections::{BTreeMap, BTreeSet};

use kube::Client;
use milvus_aws_core::{
    engine::{Foreign, ForeignKind, ResourceError},
    installation::{InstallationName, MilvusVersion, Namespace},
    topology::{Role, line_of},
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{
    api::{Existence, Objects, name_of},
    both_settings::parsed,
    owner::{Ownership, owner_of},
};
use crate::{
    Error, Kind, Manifests, ObjectRef, attu,
    config_map::{DEFAULT_FILE, USER_FILE},
    labels::{COMPONENT, HOME, INSTALLATION, Owner, RESOURCE_GROUP, VERSION},
    service::CLIENT_PORT,
};

/// A part that an installation lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lacking {
    /// Which object.
    #[serde(serialize_with = "reference")]
    pub object: ObjectRef,
    /// What is wrong with it.
    #[serde(rename = "why")]
    pub lack: Lack,
}

/// What is wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It does not exist.
    Absent,
    /// It is to have no pods.
    NoPods,
    /// It exists without our mark.
    NotOurs(Foreign),
}

impl Serialize for Lack {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(match self {
            Self::Absent => "absent",
            Self::NoPods => "noPods",
            Self::NotOurs(foreign) => match foreign.kind() {
                ForeignKind::Unmarked { .. } => "unmarked",
                _ => "foreign",
            },
        })
    }
}

fn reference<S: Serializer>(object: &ObjectRef, output: S) -> Result<S::Ok, S::Error> {
    output.collect_str(object)
}

impl Lacking {
    /// Whether Milvus does not work without it: pods of etcd or of a component. Attu and CDC only use Milvus.
    pub fn stops_milvus(&self) -> bool {
        let only_uses = [attu::COMPONENT, Role::Cdc.component_name()];
        let uses = |name: &str| {
            only_uses
                .iter()
                .any(|part| name.ends_with(&format!("-{part}")))
        };
        let has_no_pods = matches!(self.lack, Lack::Absent | Lack::NoPods);
        has_no_pods
            && match self.object.kind {
                Kind::StatefulSet => true,
                Kind::Deployment => !uses(&self.object.name),
                _ => false,
            }
    }
}

/// The kinds whose objects tell what there should be.
const LOOKED_AT: [Kind; 7] = [
    Kind::ConfigMap,
    Kind::PersistentVolumeClaim,
    Kind::Service,
    Kind::PodDisruptionBudget,
    Kind::StatefulSet,
    Kind::Deployment,
    Kind::HorizontalPodAutoscaler,
];

/// What an installation lacks; of all that was rendered, where `wanted` says what. What you cannot see is not told.
pub async fn lacking(
    client: &Client,
    name: &InstallationName,
    namespace: &Namespace,
    wanted: Option<&Manifests>,
) -> Result<Vec<Lacking>, Error> {
    let look = Look {
        client,
        owner: Owner {
            installation: name.clone(),
            namespace: namespace.clone(),
        },
    };
    look.lacking(wanted).await.map_err(Error::Request)
}

/// The installations of a namespace whose settings or workloads are there, whatever else they lack.
pub async fn survivors(
    client: &Client,
    namespace: &Namespace,
) -> Result<BTreeSet<InstallationName>, Error> {
    let mut names = BTreeSet::new();
    for kind in [Kind::ConfigMap, Kind::StatefulSet, Kind::Deployment] {
        let objects = Objects::new(client, kind, namespace.as_str());
        let marked = objects.list_visible(INSTALLATION).await;
        for live in marked.map_err(Error::Request)? {
            let labels = &live["metadata"]["labels"];
            let mark = labels[INSTALLATION].as_str();
            let mark = mark.filter(|_| labels.get(HOME).is_none());
            // A mark that is no name is none of ours.
            names.extend(mark.and_then(|mark| mark.parse().ok()));
        }
    }
    Ok(names)
}

struct Look<'a> {
    client: &'a Client,
    owner: Owner,
}

impl Look<'_> {
    async fn lacking(&self, wanted: Option<&Manifests>) -> Result<Vec<Lacking>, ResourceError> {
        let seen = self.seen().await?;
        let ours: BTreeSet<ObjectRef> = match wanted {
            Some(wanted) => wanted.references().collect(),
            None => seen.expected(&self.owner.installation),
        };
        let mut lacking: Vec<_> = seen.without_pods().collect();
        for object in ours.iter().filter(|object| !seen.0.contains_key(object)) {
            let lack = match self.look_up(object).await? {
                Existence::Hidden => continue,
                Existence::Absent => Lack::Absent,
                Existence::There(live) => match owner_of(&live, &self.owner) {
                    Ownership::Ours => continue,
                    Ownership::Foreign(foreign) => Lack::NotOurs(foreign),
                },
            };
            let object = object.clone();
            lacking.push(Lacking { object, lack });
        }
        // What users have made for the pods is theirs, and has to be there.
        for object in seen.referred_to().difference(&ours) {
            let known = seen.0.contains_key(object);
            if !known && matches!(self.look_up(object).await?, Existence::Absent) {
                let object = object.clone();
                let lack = Lack::Absent;
                lacking.push(Lacking { object, lack });
            }
        }
        lacking.sort_by(|a, b| a.object.cmp(&b.object));
        Ok(lacking)
    }

    /// What carries our mark, as far as it may be seen.
    async fn seen(&self) -> Result<Seen, ResourceError> {
        let ours = format!("{INSTALLATION}={}", self.owner.installation);
        let mut seen = BTreeMap::new();
        for kind in LOOKED_AT {
            let objects = Objects::new(self.client, kind, self.owner.namespace.as_str());
            let found = match kind {
                // Without these nothing can be told.
                Kind::Deployment | Kind::StatefulSet => objects.list(&ours).await?,
                _ => objects.list_visible(&ours).await?,
            };
            let here = found
                .into_iter()
                .filter(|live| live["metadata"]["labels"].get(HOME).is_none());
            seen.extend(here.map(|live| {
                let name = name_of(&live).to_owned();
                (ObjectRef { kind, name }, live)
            }));
        }
        Ok(Seen(seen))
    }

    async fn look_up(&self, object: &ObjectRef) -> Result<Existence, ResourceError> {
        let namespace = self.owner.namespace.as_str();
        let objects = Objects::new(self.client, object.kind, namespace);
        objects.look_up(&object.name).await
    }
}

/// Objects with our mark.
struct Seen(BTreeMap<ObjectRef, Value>);

impl Seen {
    fn of(&self, kind: Kind) -> impl Iterator<Item = &Value> {
        let all = self.0.iter();
        all.filter(move |(object, _)| object.kind == kind)
            .map(|(_, live)| live)
    }

    /// Workloads that are to have no pods.
    fn without_pods(&self) -> impl Iterator<Item = Lacking> {
        let workload =
            |object: &ObjectRef| matches!(object.kind, Kind::Deployment | Kind::StatefulSet);
        let all = self.0.iter();
        let empty =
            all.filter(move |(object, live)| workload(object) && live["spec"]["replicas"] == 0);
        empty.map(|(object, _)| Lacking {
            object: object.clone(),
            lack: Lack::NoPods,
        })
    }

    /// What there should be, by what is left.
    fn expected(&self, name: &InstallationName) -> BTreeSet<ObjectRef> {
        let object = |kind, name: String| ObjectRef { kind, name };
        let mut expected = BTreeSet::new();
        if let Some(full) = self.full_name() {
            expected.insert(object(Kind::Service, full.clone()));
            if self.is_reached_from_outside(&full) {
                expected.insert(object(Kind::Service, format!("{full}-metrics")));
            }
            for role in self.roles(&full) {
                let part = format!("{full}-{}", role.component_name());
                if !matches!(role, Role::Standalone | Role::Proxy) {
                    expected.insert(object(Kind::Service, part.clone()));
                }
                // A role of resource groups has deployments of other names.
                if !self
                    .of(Kind::Deployment)
                    .any(|live| role_of(live) == Some(role))
                {
                    expected.insert(object(Kind::Deployment, part));
                }
            }
        }
        expected.extend(self.of_budgets_and_autoscalers());
        expected.extend(self.of_attu());
        let etcd = name.etcd_name();
        if self.uses_etcd(&etcd) {
            expected.insert(object(Kind::Service, etcd.clone()));
            expected.insert(object(Kind::StatefulSet, etcd));
        }
        let governing = self
            .of(Kind::StatefulSet)
            .filter_map(|live| live["spec"]["serviceName"].as_str());
        expected.extend(governing.map(|name| object(Kind::Service, name.to_owned())));
        expected
    }

    /// What names of Milvus's objects begin with: the name of the service for clients, else of the settings, else what
    /// is before the component in a deployment's.
    fn full_name(&self) -> Option<String> {
        let ports = |live: &Value| live["spec"]["ports"].as_array().cloned();
        let mut services = self.of(Kind::Service);
        let for_clients = services.find(|live| {
            let front = matches!(role_of(live), Some(Role::Standalone | Role::Proxy));
            let mut ports = ports(live).into_iter().flatten();
            front && ports.any(|port| port["name"] == CLIENT_PORT)
        });
        if let Some(service) = for_clients {
            return Some(name_of(service).to_owned());
        }
        if let Some(settings) = self.settings() {
            let name = name_of(settings);
            let is_file = settings["data"].get(DEFAULT_FILE).is_some();
            let full = if is_file {
                Some(name)
            } else {
                name.strip_suffix("-env")
            };
            return full.map(str::to_owned);
        }
        let mut deployments = self.of(Kind::Deployment);
        deployments.find_map(|live| {
            let component = role_of(live)?.component_name();
            let group = live["metadata"]["labels"][RESOURCE_GROUP].as_str();
            let group = group.map(|group| format!("-{group}"));
            let name = name_of(live).strip_suffix(group.as_deref().unwrap_or_default())?;
            let full = name.strip_suffix(component)?.strip_suffix('-')?;
            Some(full.to_owned())
        })
    }

    /// The settings that the pods read.
    fn settings(&self) -> Option<&Value> {
        self.of(Kind::ConfigMap).find(|live| {
            let data = &live["data"];
            data.get(DEFAULT_FILE).is_some() || data.get("MQ_TYPE").is_some()
        })
    }

    /// The value of a setting: of the user's file, else of ours, else of the environment.
    fn setting(&self, path: [&str; 2]) -> Option<Value> {
        let data = &self.settings()?["data"];
        let in_file = |file: &str| {
            let settings = parsed(data[file].as_str()?)?;
            settings.get(path[0])?.get(path[1]).cloned()
        };
        let variable = || data.get(path.join("_").to_uppercase()).cloned();
        in_file(USER_FILE)
            .or_else(|| in_file(DEFAULT_FILE))
            .or_else(variable)
    }

    /// Whether clients come from outside of the cluster, for whom metrics have a service of their own.
    fn is_reached_from_outside(&self, full: &str) -> bool {
        let service = self.0.get(&ObjectRef {
            kind: Kind::Service,
            name: full.to_owned(),
        });
        service.is_some_and(|live| {
            let spec = &live["spec"];
            spec["type"] != "ClusterIP" || spec["externalIPs"].is_array()
        })
    }

    /// The roles that there should be: those of the topology of every version that runs.
    fn roles(&self, full: &str) -> BTreeSet<Role> {
        let left: BTreeSet<Role> = self.0.values().filter_map(role_of).collect();
        let claim = ObjectRef {
            kind: Kind::PersistentVolumeClaim,
            name: full.to_owned(),
        };
        let is_standalone = match left.first() {
            Some(_) => left.contains(&Role::Standalone),
            None => self.0.contains_key(&claim) || !self.names_an_etcd(),
        };
        if is_standalone {
            return BTreeSet::from([Role::Standalone]);
        }
        let of_version = |version: &MilvusVersion| -> BTreeSet<Role> {
            let roles = line_of(version).roles(|role| left.contains(role));
            roles.into_iter().collect()
        };
        let topologies = self.versions();
        let topologies = topologies.iter().map(of_version);
        topologies
            .reduce(|a, b| a.intersection(&b).copied().collect())
            .unwrap_or(left)
    }

    /// The versions on the labels of deployments, else of anything else that is left.
    fn versions(&self) -> BTreeSet<MilvusVersion> {
        let version = |live: &Value| {
            let label = live["metadata"]["labels"][VERSION].as_str()?;
            label.parse().ok()
        };
        let run: BTreeSet<_> = self.of(Kind::Deployment).filter_map(version).collect();
        if run.is_empty() {
            return self.0.values().filter_map(version).collect();
        }
        run
    }

    /// A budget has the name of its deployment, and an autoscaler names it.
    fn of_budgets_and_autoscalers(&self) -> impl Iterator<Item = ObjectRef> {
        let budgets = self.of(Kind::PodDisruptionBudget);
        let budgets = budgets.filter(|live| role_of(live).is_some());
        let autoscalers = self.of(Kind::HorizontalPodAutoscaler);
        let targets =
            autoscalers.filter_map(|live| live["spec"]["scaleTargetRef"]["name"].as_str());
        let names = budgets.map(name_of).chain(targets);
        names.map(|name| ObjectRef {
            kind: Kind::Deployment,
            name: name.to_owned(),
        })
    }

    /// Attu's deployment and its service have one name.
    fn of_attu(&self) -> impl Iterator<Item = ObjectRef> {
        let pair = [Kind::Deployment, Kind::Service];
        let all = self.0.iter();
        let of_attu = all.filter(move |(object, live)| {
            pair.contains(&object.kind) && live["metadata"]["labels"][COMPONENT] == attu::COMPONENT
        });
        of_attu.flat_map(move |(object, _)| {
            pair.map(|kind| ObjectRef {
                kind,
                name: object.name.clone(),
            })
        })
    }

    /// Whether the settings name an etcd at all: a standalone server may have its own inside.
    fn names_an_etcd(&self) -> bool {
        self.setting(["etcd", "endpoints"]).is_some()
    }

    /// Whether our own etcd is used.
    fn uses_etcd(&self, name: &str) -> bool {
        let Some(endpoints) = self.setting(["etcd", "endpoints"]) else {
            return self.of(Kind::StatefulSet).any(|live| name_of(live) == name);
        };
        let texts = match &endpoints {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            Value::String(text) => text.split(',').collect(),
            _ => Vec::new(),
        };
        let host = |endpoint: &str| endpoint.trim().split([':', '.']).next() == Some(name);
        texts.into_iter().any(host)
    }

    /// What pods cannot start without: accounts, settings, Secrets and claims that templates name.
    fn referred_to(&self) -> BTreeSet<ObjectRef> {
        let workloads = self.of(Kind::Deployment).chain(self.of(Kind::StatefulSet));
        workloads.flat_map(references).collect()
    }
}

/// What a component's object is for; none where it is of the whole, or of something else.
fn role_of(live: &Value) -> Option<Role> {
    let labels = &live["metadata"]["labels"];
    Role::of_component(labels[COMPONENT].as_str()?)
}

/// Where a pod's template names objects of its namespace, and of which kind those are.
const REFERENCES: [(Kind, &str, &str); 7] = [
    (Kind::ConfigMap, "/configMap", "name"),
    (Kind::Secret, "/secret", "secretName"),
    (
        Kind::PersistentVolumeClaim,
        "/persistentVolumeClaim",
        "claimName",
    ),
    (Kind::ConfigMap, "/configMapRef", "name"),
    (Kind::Secret, "/secretRef", "name"),
    (Kind::ConfigMap, "/valueFrom/configMapKeyRef", "name"),
    (Kind::Secret, "/valueFrom/secretKeyRef", "name"),
];

fn references(workload: &Value) -> Vec<ObjectRef> {
    let pod = &workload["spec"]["template"]["spec"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut places = list(&pod["volumes"]);
    for container in [list(&pod["initContainers"]), list(&pod["containers"])].concat() {
        places.extend(list(&container["envFrom"]));
        places.extend(list(&container["env"]));
    }
    let mut found = Vec::new();
    for place in &places {
        for (kind, pointer, key) in REFERENCES {
            let Some(reference) = place.pointer(pointer) else {
                continue;
            };
            // A pod starts without what is optional.
            let name = reference[key].as_str();
            if let Some(name) = name.filter(|_| reference["optional"] != true) {
                let name = name.to_owned();
                found.push(ObjectRef { kind, name });
            }
        }
    }
    let account = pod["serviceAccountName"].as_str();
    found.extend(account.map(|name| ObjectRef {
        kind: Kind::ServiceAccount,
        name: name.to_owned(),
    }));
    found
}
