//! `status`: how an installation is, on one screen.

use std::fmt::Write as _;

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::Pod,
};
use kube::{Api, ResourceExt, api::ListParams};
use milvus_manifests::labels::{INSTALLATION, INSTANCE};
use owo_colors::OwoColorize;
use serde::Serialize;

use crate::{
    ExitCode, cli::NameArgs, cluster::ClusterFlags, error::Error, host::Host, installed::Installed,
    printer::Printer, wanted::Named,
};

/// How an installation is. Its JSON form is a contract (docs/schema).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    name: String,
    namespace: String,
    /// Whether every pod that is wanted is ready.
    ready: bool,
    workloads: Vec<Workload>,
    pods: Vec<PodStatus>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Workload {
    name: String,
    image: String,
    ready: i32,
    wanted: i32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PodStatus {
    name: String,
    ready: bool,
    restarts: i32,
    node: Option<String>,
    /// What it waits for, in Kubernetes' words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Shows the state; exits with 3 when something is not ready.
pub(crate) async fn run(
    args: &NameArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let named = Named::read(args, flags)?;
    let cluster = named.connect(flags, host, printer).await?;
    let namespace = named.namespace(cluster.context_namespace.as_ref());
    let installed = Installed::find(&cluster.client, &namespace, named.name.as_ref()).await?;
    let status = look(&cluster.client, &installed).await?;
    printer.result(&status, || text(&status))?;
    Ok(if status.ready {
        ExitCode::Done
    } else {
        ExitCode::CheckFailed
    })
}

async fn look(client: &kube::Client, installed: &Installed) -> Result<Status, Error> {
    let namespace = installed.namespace.as_str();
    let ours = ListParams::default().labels(&format!("{INSTALLATION}={}", installed.name));
    let failed = |source| Error::Look {
        name: installed.name.to_string(),
        source: Box::new(source),
    };
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    let sets: Api<StatefulSet> = Api::namespaced(client.clone(), namespace);
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let instance = ListParams::default().labels(&format!("{INSTANCE}={}", installed.name));
    let (deployments, sets, mut pods) = tokio::try_join!(
        deployments.list(&ours),
        sets.list(&ours),
        pods.list(&instance)
    )
    .map_err(failed)?;
    // Pods of a set that Helm made carry no mark of ours: they were not restarted for it.
    pods.items.retain(|pod| {
        let mark = pod.labels().get(INSTALLATION).map(String::as_str);
        let mut owners = pod.owner_references().iter();
        mark == Some(installed.name.as_str())
            || owners.any(|owner| {
                sets.iter()
                    .any(|set| set.metadata.uid.as_ref() == Some(&owner.uid))
            })
    });
    let mut workloads: Vec<_> = sets.iter().map(of_set).collect();
    workloads.extend(deployments.iter().map(of_deployment));
    Ok(Status {
        name: installed.name.to_string(),
        namespace: namespace.to_owned(),
        // A service without its pods is no Milvus.
        ready: !workloads.is_empty()
            && workloads
                .iter()
                .all(|workload| workload.ready >= workload.wanted),
        workloads,
        pods: pods.iter().map(of_pod).collect(),
    })
}

fn of_deployment(deployment: &Deployment) -> Workload {
    let template = deployment.spec.as_ref().map(|spec| &spec.template);
    let status = deployment.status.as_ref();
    Workload {
        name: deployment.name_any(),
        image: template.and_then(image).unwrap_or_default(),
        ready: status
            .and_then(|status| status.ready_replicas)
            .unwrap_or_default(),
        wanted: deployment
            .spec
            .as_ref()
            .and_then(|spec| spec.replicas)
            .unwrap_or(1),
    }
}

fn of_set(set: &StatefulSet) -> Workload {
    let template = set.spec.as_ref().map(|spec| &spec.template);
    let status = set.status.as_ref();
    Workload {
        name: set.name_any(),
        image: template.and_then(image).unwrap_or_default(),
        ready: status
            .and_then(|status| status.ready_replicas)
            .unwrap_or_default(),
        wanted: set
            .spec
            .as_ref()
            .and_then(|spec| spec.replicas)
            .unwrap_or(1),
    }
}

fn image(template: &k8s_openapi::api::core::v1::PodTemplateSpec) -> Option<String> {
    template.spec.as_ref()?.containers.first()?.image.clone()
}

fn of_pod(pod: &Pod) -> PodStatus {
    let status = pod.status.clone().unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let ready = conditions
        .iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let containers = status.container_statuses.unwrap_or_default();
    let waiting = containers.iter().find_map(|container| {
        let waiting = container.state.as_ref()?.waiting.as_ref()?;
        let reason = waiting.reason.clone().unwrap_or_default();
        Some(match &waiting.message {
            Some(message) => format!("{reason}: {message}"),
            None => reason,
        })
    });
    let unscheduled = || {
        let unscheduled = conditions
            .iter()
            .find(|condition| condition.type_ == "PodScheduled" && condition.status == "False");
        unscheduled.and_then(|condition| condition.message.clone())
    };
    PodStatus {
        name: pod.name_any(),
        ready,
        restarts: containers
            .iter()
            .map(|container| container.restart_count)
            .sum(),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        reason: if ready {
            None
        } else {
            waiting.or_else(unscheduled)
        },
    }
}

fn text(status: &Status) -> String {
    let mut text = String::new();
    let state = if status.ready {
        "ready".green().to_string()
    } else {
        "not ready".red().to_string()
    };
    let _infallible = writeln!(
        text,
        "{} in namespace {}: {state}\n",
        status.name, status.namespace
    );
    let width = status
        .workloads
        .iter()
        .map(|workload| workload.name.len())
        .chain([4])
        .max()
        .unwrap_or(4);
    let _infallible = writeln!(text, "{:width$}  READY  IMAGE", "NAME");
    for Workload {
        name,
        image,
        ready,
        wanted,
    } in &status.workloads
    {
        let _infallible = writeln!(
            text,
            "{name:width$}  {:5}  {image}",
            format!("{ready}/{wanted}")
        );
    }
    for pod in status
        .pods
        .iter()
        .filter(|pod| !pod.ready || pod.restarts > 0)
    {
        let reason = pod
            .reason
            .as_deref()
            .unwrap_or(if pod.ready { "ready" } else { "starting" });
        let _infallible = writeln!(
            text,
            "pod {}: {reason}, restarted {} times",
            pod.name, pod.restarts
        );
    }
    text
}
