//! What of an installation runs, by our mark on it.

use k8s_openapi::api::apps::v1::Deployment;
use kube::Client;
use milvus_aws_core::{
    engine::ResourceError,
    installation::{InstallationName, MilvusVersion, Namespace},
    topology::{Role, Running, queue_of},
};
use serde_json::Value;

use super::{
    api::{Objects, name_of},
    both_settings::parsed,
    readiness,
    scaled_by::{Autoscaler, autoscalers},
};
use crate::{
    Error, Kind, ObjectRef,
    config_map::{DEFAULT_FILE, USER_FILE},
    labels::{COMPONENT, HOME, INSTALLATION, VERSION},
};

/// One deployment of a component that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningComponent {
    /// The deployment's name.
    pub deployment: String,
    /// What it does.
    pub role: Role,
    /// The version that its deployment asks for.
    pub version: MilvusVersion,
    /// The image that its deployment asks for.
    pub image: String,
    /// How many pods it asks for.
    pub replicas: i32,
    /// The HorizontalPodAutoscaler that chooses that number, whoever made it.
    pub autoscaler: Option<Autoscaler>,
    /// Whether all of them run, and are of that version.
    pub ready: bool,
}

/// The components of an installation, in the order of roles, and what they log to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunningMilvus {
    /// Each deployment.
    pub components: Vec<RunningComponent>,
    /// `mq.type` of the settings; none where it could not be told.
    pub queue: Option<String>,
}

impl RunningMilvus {
    /// The same without what only people want to know.
    pub fn versions(&self) -> Running {
        let component = |it: &RunningComponent| (it.role, it.version.clone());
        Running::new(self.components.iter().map(component), self.queue.clone())
    }
}

/// Looks at an installation's components. Nothing runs where there is none.
pub async fn running(
    client: &Client,
    name: &InstallationName,
    namespace: &Namespace,
) -> Result<RunningMilvus, Error> {
    let look = look(client, name, namespace).await;
    look.map_err(Error::Request)
}

async fn look(
    client: &Client,
    name: &InstallationName,
    namespace: &Namespace,
) -> Result<RunningMilvus, ResourceError> {
    let ours = format!("{INSTALLATION}={name}");
    let list = async |kind| {
        let objects = Objects::new(client, kind, namespace.as_str());
        let mut found = objects.list(&ours).await?;
        // What lives here for an installation elsewhere says so.
        found.retain(|live| live["metadata"]["labels"].get(HOME).is_none());
        Ok::<_, ResourceError>(found)
    };
    let deployments = list(Kind::Deployment).await?;
    let settings = list(Kind::ConfigMap).await?;
    let components = deployments
        .iter()
        .filter_map(|live| component(live).transpose());
    let mut components: Vec<_> = components.collect::<Result<_, _>>()?;
    let mut autoscalers = autoscalers(client, namespace.as_str(), name).await?;
    for component in &mut components {
        component.autoscaler = autoscalers.remove(&component.deployment);
    }
    components.sort_by(|a, b| (a.role, &a.deployment).cmp(&(b.role, &b.deployment)));
    Ok(RunningMilvus {
        components,
        queue: settings.iter().find_map(queue),
    })
}

/// A component of Milvus; none where the deployment is of something else of ours.
fn component(live: &Value) -> Result<Option<RunningComponent>, ResourceError> {
    let label = |key: &str| live["metadata"]["labels"][key].as_str().unwrap_or_default();
    let Some(role) = Role::of_component(label(COMPONENT)) else {
        return Ok(None);
    };
    let reference = ObjectRef {
        kind: Kind::Deployment,
        name: name_of(live).to_owned(),
    };
    let deployment: Deployment = serde_json::from_value(live.clone()).map_err(|error| {
        ResourceError::fatal(format!("understand {reference}")).caused_by(error)
    })?;
    let spec = deployment.spec.unwrap_or_default();
    let pod = spec.template.spec.unwrap_or_default();
    let image = pod
        .containers
        .into_iter()
        .find_map(|container| container.image);
    let image = image.unwrap_or_default();
    let tag = image
        .rsplit_once(':')
        .map(|(_, tag)| tag)
        .unwrap_or_default();
    // The label says what was rendered; what was made otherwise says it by its image.
    let version = label(VERSION).parse().or_else(|_| tag.parse());
    let version = version.map_err(|error| {
        ResourceError::fatal(format!("tell the version of {reference}")).caused_by(error)
    })?;
    let ready = readiness::of(&reference, live);
    Ok(Some(RunningComponent {
        deployment: reference.name,
        role,
        version,
        image,
        replicas: spec.replicas.unwrap_or(1),
        autoscaler: None,
        ready: ready == milvus_aws_core::engine::Readiness::Ready(()),
    }))
}

/// What the settings in a ConfigMap log to: the user's file is read last.
fn queue(live: &Value) -> Option<String> {
    let entry = |name: &str| live["data"][name].as_str();
    if let Some(variable) = entry("MQ_TYPE") {
        return Some(variable.to_owned());
    }
    let files = [USER_FILE, DEFAULT_FILE].into_iter().filter_map(entry);
    files
        .filter_map(parsed)
        .find_map(|settings| queue_of(&settings).map(str::to_owned))
}
