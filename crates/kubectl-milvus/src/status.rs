//! `status`: how an installation is, on one screen.

use std::{fmt::Write as _, path::Path};

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::Pod,
};
use kube::{Api, ResourceExt, api::ListParams};
use milvus_aws_core::{
    Installation,
    engine::ForeignKind,
    installation::{InstallationName, SecretReader},
};
use milvus_manifests::{
    Manifests,
    apply::{Lack, Lacking, lacking, why_not_ready},
    labels::{INSTALLATION, INSTANCE},
};
use owo_colors::OwoColorize;
use secrecy::SecretString;
use serde::Serialize;

use crate::{
    ExitCode, cli::NameArgs, cluster::ClusterFlags, error::Error, host::Host, installed::Installed,
    printer::Printer, wanted::Named,
};

/// How an installation is. Its JSON form is a contract (docs/schema).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    name: InstallationName,
    namespace: String,
    /// Whether nothing is lacking and every pod that is wanted is ready.
    ready: bool,
    /// Parts that are gone, that are to have no pods, or that have lost our mark.
    lacking: Vec<Lacking>,
    workloads: Vec<Workload>,
    pods: Vec<PodStatus>,
    /// The file that was named.
    #[serde(skip)]
    file: Option<String>,
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
    /// What it waits for, in Kubernetes' words, and what lies beneath.
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
    let wanted = wanted(named.file.as_deref())?;
    let cluster = named.connect(flags, host, printer).await?;
    let namespace = named.namespace(cluster.context_namespace.as_ref());
    let installed = Installed::find(&cluster.client, &namespace, named.name.as_ref()).await?;
    let mut status = look(&cluster.client, &installed, wanted.as_ref()).await?;
    status.file = args.file.as_ref().map(|path| path.display().to_string());
    printer.result(&status, || text(&status))?;
    Ok(if status.ready {
        ExitCode::Done
    } else {
        ExitCode::CheckFailed
    })
}

/// The objects that a file asks for; none without one, and none of AWS, where they depend on the account. Names alone are
/// compared, so that no password is read.
fn wanted(file: Option<&Installation>) -> Result<Option<Manifests>, Error> {
    let Some(installation) = file.filter(|file| file.on_aws().is_none()) else {
        return Ok(None);
    };
    let secrets = installation.resolve_secrets(&NoPasswords)?;
    Ok(Some(milvus_manifests::render(installation, &secrets)?))
}

/// Gives no password away where none matters.
struct NoPasswords;

impl SecretReader for NoPasswords {
    fn file(&self, _: &Path) -> std::io::Result<SecretString> {
        Ok("-".into())
    }

    fn variable(&self, _: &str) -> Option<SecretString> {
        Some("-".into())
    }
}

async fn look(
    client: &kube::Client,
    installed: &Installed,
    wanted: Option<&Manifests>,
) -> Result<Status, Error> {
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
    let lacking = lacking(client, &installed.name, &installed.namespace, wanted).await?;
    let mut workloads: Vec<_> = sets.iter().map(of_set).collect();
    workloads.extend(deployments.iter().map(of_deployment));
    let pods = pods.iter().map(|pod| of_pod(client, pod));
    let pods = futures::future::join_all(pods).await;
    Ok(Status {
        name: installed.name.clone(),
        file: None,
        namespace: namespace.to_owned(),
        // A service without its pods is no Milvus.
        ready: lacking.is_empty()
            && !workloads.is_empty()
            && workloads
                .iter()
                .all(|workload| workload.ready >= workload.wanted),
        lacking,
        workloads,
        pods,
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

async fn of_pod(client: &kube::Client, pod: &Pod) -> PodStatus {
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let ready = conditions
        .into_iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let containers = status.and_then(|status| status.container_statuses.as_ref());
    PodStatus {
        name: pod.name_any(),
        ready,
        restarts: containers
            .into_iter()
            .flatten()
            .map(|container| container.restart_count)
            .sum(),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
        reason: why_not_ready(client, pod).await,
    }
}

/// What is lacking and what to do about it, one kind after the other.
pub(crate) fn lacking_text(lacking: &[Lacking], name: &InstallationName, file: &str) -> String {
    let of = |is: fn(&Lack) -> bool| {
        let those = lacking.iter().filter(|it| is(&it.lack));
        let names: Vec<_> = those.map(|it| it.object.to_string()).collect();
        names.join(", ")
    };
    let mut text = String::new();
    let absent = of(|lack| matches!(lack, Lack::Absent));
    if !absent.is_empty() {
        let _infallible = writeln!(
            text,
            "missing: {absent}; `kubectl milvus install -f {file}` makes what is missing of {name}"
        );
    }
    let no_pods = of(|lack| matches!(lack, Lack::NoPods));
    if !no_pods.is_empty() {
        let _infallible = writeln!(
            text,
            "scaled to 0 pods: {no_pods}; `kubectl milvus install -f {file}` or `kubectl scale` brings them back"
        );
    }
    for Lacking { object, lack } in lacking {
        let Lack::NotOurs(foreign) = lack else {
            continue;
        };
        let _infallible = match foreign.kind() {
            ForeignKind::Unmarked { command } => {
                writeln!(text, "{object}: {foreign}; `{command}` puts it back")
            }
            _ => writeln!(text, "{object} is in the way: {foreign}"),
        };
    }
    text
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
        "{} in namespace {}: {state}",
        status.name, status.namespace
    );
    let file = status.file.as_deref().unwrap_or("FILE");
    text += &lacking_text(&status.lacking, &status.name, file);
    let width = status
        .workloads
        .iter()
        .map(|workload| workload.name.len())
        .chain([4])
        .max()
        .unwrap_or(4);
    let _infallible = writeln!(text, "\n{:width$}  READY  IMAGE", "NAME");
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
