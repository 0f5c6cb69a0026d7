//! Another number of pods for components that run.

use std::{collections::BTreeMap, num::NonZeroU16, time::Duration};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use milvus_aws_core::{
    engine::{
        After, Change, Context, Graph, Observed, Readiness, Resource, ResourceError, ResourceId,
        Step,
    },
    installation::{InstallationName, Namespace},
    topology::{Partner, Role, line_of},
};
use serde_json::{Map, Value, json};

use super::{
    api::{Objects, name_of},
    both_settings::parsed,
    object::PATIENCE,
    readiness::{self, Watched},
    running::{RunningComponent, RunningMilvus},
    scaled_by::Autoscaler,
};
use crate::{
    Error, Kind, ObjectRef,
    config_map::{DEFAULT_FILE, checksum},
    labels::{HOME, INSTALLATION},
    yaml,
};

/// The setting of a coordinator that lets another one stand by.
const STANDBY: &str = "enableActiveStandby";
const CHECKSUM: &str = "checksum/config";

/// Why a component cannot have that many pods.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unscalable {
    /// There is no such component, or no second one of it.
    #[error("{} {why}", .role.key())]
    NotThere {
        /// What was asked for.
        role: Role,
        /// What to do instead.
        why: String,
    },
    /// Only one can work on its volume.
    #[error(
        "standalone cannot have {0} pods: one alone may write to its volume; `mode: cluster` is what grows, in an installation of its own"
    )]
    OneVolume(NonZeroU16),
    /// An autoscaler would take it back within seconds.
    #[error(
        "{} has as many pods as horizontalpodautoscaler/{} chooses, which would take any other number back; {}",
        .role.key(), .autoscaler.name, other_bounds(.autoscaler)
    )]
    Autoscaled {
        /// What was asked for.
        role: Role,
        /// The autoscaler.
        autoscaler: Autoscaler,
    },
}

fn other_bounds(autoscaler: &Autoscaler) -> &'static str {
    if autoscaler.ours {
        "change its bounds, in the file `autoscaling: { min, max }` of the component"
    } else {
        "somebody made it beside the installation: change its bounds there, or delete it"
    }
}

/// Brings components to a number of pods. What they are called and where they are is looked up by our mark.
pub fn scale(
    client: &Client,
    name: &InstallationName,
    namespace: &Namespace,
    running: &RunningMilvus,
    targets: &BTreeMap<Role, NonZeroU16>,
) -> Result<Result<Graph, Unscalable>, Error> {
    let mut components = Vec::new();
    for (role, replicas) in targets {
        match find(running, *role, *replicas) {
            Ok(found) => components.extend(found.into_iter().map(|one| (one, *replicas))),
            Err(unscalable) => return Ok(Err(unscalable)),
        }
    }
    let place = Place {
        client: client.clone(),
        name: name.clone(),
        namespace: namespace.clone(),
    };
    let mut builder = Graph::builder();
    let paired = components.iter();
    let paired = paired.filter(|(it, replicas)| it.role.is_coordinator() && replicas.get() > 1);
    let sections: Vec<&str> = paired.flat_map(|(it, _)| sections(it)).collect();
    let mut first = After::default();
    if !sections.is_empty() {
        let standby = Standby {
            place: place.clone(),
            sections,
            needs: (),
        };
        first.0.push(builder.add(standby)?.need());
    }
    for (component, replicas) in components {
        builder.add(Replicas {
            place: place.clone(),
            deployment: component.deployment.clone(),
            role: component.role,
            count: replicas,
            needs: first.clone(),
        })?;
    }
    Ok(Ok(builder.build()))
}

fn find(
    running: &RunningMilvus,
    role: Role,
    replicas: NonZeroU16,
) -> Result<Vec<&RunningComponent>, Unscalable> {
    let found = running.components.iter().filter(|it| it.role == role);
    let found: Vec<_> = found.collect();
    if found.is_empty() {
        let why = why_absent(running, role);
        return Err(Unscalable::NotThere { role, why });
    }
    if role == Role::Standalone && replicas.get() > 1 {
        return Err(Unscalable::OneVolume(replicas));
    }
    for component in found
        .iter()
        .filter(|_| role.is_coordinator() && replicas.get() > 1)
    {
        let version = &component.version;
        if let Some(pair) = line_of(version).bad_pair(Partner::SecondCoordinator, version) {
            return Err(Unscalable::NotThere {
                role,
                why: format!("stays alone: with Milvus {version} {}", pair.because),
            });
        }
    }
    if let Some(autoscaler) = found.iter().find_map(|it| it.autoscaler.clone()) {
        return Err(Unscalable::Autoscaled { role, autoscaler });
    }
    Ok(found)
}

/// Who does the work of a component that does not run.
fn why_absent(running: &RunningMilvus, role: Role) -> String {
    let Some(first) = running.components.first() else {
        return "does not run: nothing does".to_owned();
    };
    if first.role == Role::Standalone {
        return "does not run: `standalone`, one pod, does all the work here".to_owned();
    }
    let coordinators = running
        .components
        .iter()
        .filter(|it| it.role.is_coordinator());
    let coordinators: Vec<_> = coordinators
        .map(|it| format!("`{}`", it.role.key()))
        .collect();
    let line = line_of(&first.version);
    let known = line.cluster.contains(&role) || line.other_coordinators.contains(&role);
    match role.is_coordinator() {
        true if known => format!(
            "does not run: {} does its work here",
            coordinators.join(", ")
        ),
        _ if known => "does not run: `install` makes it".to_owned(),
        _ => line.why_not(role, &first.version),
    }
}

/// The sections of the settings that say whether a coordinator stands by.
fn sections(component: &RunningComponent) -> Vec<&'static str> {
    match component.role.settings_section() {
        Some(section) => vec![section],
        None => line_of(&component.version).mixture_sections.to_vec(),
    }
}

#[derive(Clone)]
struct Place {
    client: Client,
    name: InstallationName,
    namespace: Namespace,
}

impl Place {
    fn objects(&self, kind: Kind) -> Objects {
        Objects::new(&self.client, kind, self.namespace.as_str())
    }

    /// The settings that the pods read.
    async fn settings(&self) -> Result<Value, ResourceError> {
        let ours = format!("{INSTALLATION}={}", self.name);
        let found = self.objects(Kind::ConfigMap).list(&ours).await?;
        let mut here = found.into_iter().filter(|live| {
            let data = &live["data"];
            let read = data.get(DEFAULT_FILE).is_some() || data.get("MQ_TYPE").is_some();
            read && live["metadata"]["labels"].get(HOME).is_none()
        });
        here.next()
            .ok_or_else(|| ResourceError::fatal(format!("{} has no settings", self.name)))
    }
}

/// The setting that lets a second coordinator stand by instead of failing (pains row 44).
struct Standby {
    place: Place,
    sections: Vec<&'static str>,
    needs: (),
}

impl Standby {
    /// The entries of the settings with the flag on, where that is another text.
    fn changed(&self, live: &Value) -> Result<Map<String, Value>, ResourceError> {
        let mut changed = Map::new();
        let Some(file) = live["data"][DEFAULT_FILE].as_str() else {
            for section in &self.sections {
                let variable = format!("{section}_{STANDBY}").to_uppercase();
                if live["data"][&variable] != "true" {
                    changed.insert(variable, json!("true"));
                }
            }
            return Ok(changed);
        };
        let settings = parsed(file);
        let before = settings
            .ok_or_else(|| ResourceError::fatal("the settings that are there are no YAML"))?;
        let mut after = before.clone();
        for section in &self.sections {
            let same = |known: &&String| known.eq_ignore_ascii_case(section);
            let name = after.keys().find(same).cloned();
            let entry = after.entry(name.unwrap_or_else(|| (*section).to_owned()));
            entry.or_insert_with(|| json!({}))[STANDBY] = json!(true);
        }
        if after != before {
            let text = yaml::document(&Value::Object(after), DEFAULT_FILE);
            let text =
                text.map_err(|error| ResourceError::fatal("write settings").caused_by(error))?;
            changed.insert(DEFAULT_FILE.to_owned(), json!(text));
        }
        Ok(changed)
    }
}

impl Resource for Standby {
    type Needs = ();
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new("setting of coordinators that stand by")
    }

    fn needs(&self) -> &() {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<()>, ResourceError> {
        let live = self.place.settings().await?;
        if self.changed(&live)?.is_empty() {
            return Ok(Observed::Current { output: Some(()) });
        }
        let change = |section: &&str| Change {
            field: format!("{section}.{STANDBY}"),
            from: Some("false".to_owned()),
            to: Some("true".to_owned()),
            ..Change::default()
        };
        Ok(Observed::Differs {
            changes: self.sections.iter().map(change).collect(),
            output: Some(()),
        })
    }

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<()>, ResourceError> {
        let live = self.place.settings().await?;
        let changed = self.changed(&live)?;
        let objects = self.place.objects(Kind::ConfigMap);
        objects
            .change(name_of(&live), &json!({"data": changed}))
            .await?;
        Ok(Readiness::Ready(()))
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

/// The number of pods of one deployment.
struct Replicas {
    place: Place,
    deployment: String,
    role: Role,
    count: NonZeroU16,
    needs: After,
}

impl Replicas {
    fn reference(&self) -> ObjectRef {
        ObjectRef {
            kind: Kind::Deployment,
            name: self.deployment.clone(),
        }
    }

    async fn live(&self) -> Result<Value, ResourceError> {
        let reference = self.reference();
        let live = self
            .place
            .objects(Kind::Deployment)
            .get(&reference.name)
            .await?;
        let gone = || ResourceError::fatal(format!("{reference} was taken away meanwhile"));
        live.ok_or_else(gone)
    }

    /// A coordinator that may have to stand by restarts with the settings that say so; nobody else has to.
    async fn checksum(&self) -> Result<Option<String>, ResourceError> {
        if !self.role.is_coordinator() || self.count.get() == 1 {
            return Ok(None);
        }
        let live = self.place.settings().await?;
        let settings: ConfigMap = serde_json::from_value(live)
            .map_err(|error| ResourceError::fatal("understand the settings").caused_by(error))?;
        Ok(Some(checksum(&settings)))
    }

    async fn changes(&self, live: &Value) -> Result<Vec<Change>, ResourceError> {
        let mut changes = Vec::new();
        let mut compare = |field: &str, from: &Value, to: Value| {
            if *from != to {
                let text = |value: &Value| {
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                };
                changes.push(Change {
                    field: field.to_owned(),
                    from: Some(text(from)),
                    to: Some(text(&to)),
                    ..Change::default()
                });
            }
        };
        compare(
            "spec.replicas",
            &live["spec"]["replicas"],
            json!(self.count),
        );
        if let Some(checksum) = self.checksum().await? {
            let annotations = &live["spec"]["template"]["metadata"]["annotations"];
            compare(CHECKSUM, &annotations[CHECKSUM], json!(checksum));
        }
        Ok(changes)
    }
}

impl Resource for Replicas {
    type Needs = After;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("replicas of {}", self.reference()))
    }

    fn needs(&self) -> &After {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<()>, ResourceError> {
        let live = self.live().await?;
        let changes = self.changes(&live).await?;
        if !changes.is_empty() {
            return Ok(Observed::Differs {
                changes,
                output: None,
            });
        }
        let ready = readiness::of(&self.reference(), &live) == Readiness::Ready(());
        Ok(Observed::Current {
            output: ready.then_some(()),
        })
    }

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<()>, ResourceError> {
        let reference = self.reference();
        let mut change = json!({"spec": {"replicas": self.count}});
        if let Some(checksum) = self.checksum().await? {
            change["spec"]["template"] = json!({"metadata": {"annotations": {CHECKSUM: checksum}}});
        }
        let objects = self.place.objects(Kind::Deployment);
        let live = objects.change(&reference.name, &change).await?;
        Ok(readiness::of(&reference, &live))
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(readiness::of(&self.reference(), &self.live().await?))
    }

    async fn wait_ready(&self, (): &(), context: &Context) -> Result<(), ResourceError> {
        let live = self.live().await?;
        let labels = live["spec"]["selector"]["matchLabels"].as_object();
        let pair = |(key, value): (&String, &Value)| Some(format!("{key}={}", value.as_str()?));
        let pairs: Vec<_> = labels.into_iter().flatten().filter_map(pair).collect();
        let watched = Watched {
            client: self.place.client.clone(),
            namespace: self.place.namespace.to_string(),
            pods: Some(pairs.join(",")),
            passwords: Vec::new(),
        };
        let objects = self.place.objects(Kind::Deployment);
        readiness::wait(&self.reference(), &objects, &watched, None, context).await?;
        Ok(())
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
