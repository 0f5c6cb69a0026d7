//! `install`: brings an installation about, or changes it, until it is as the file says.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use milvus_aws_core::{
    Installation,
    aws::CallCount,
    engine::{Engine, Graph, MonthlyCost, Needs as _, Outcome, Report},
    topology::Topology,
};
use milvus_manifests::{apply::RunningMilvus, root_secret_name};
use milvus_probe::Report as Proof;
use serde::Serialize;

use crate::{
    ExitCode, adoption,
    cli::{DryRun, InstallArgs},
    cluster::ClusterFlags,
    confirm::asking,
    error::Error,
    host::Host,
    installed, interrupt,
    place::{Place, Placed},
    plan, plan_text,
    printer::{Output, Printer},
    progress::{Progress, seconds},
    render::manifests,
    root_password::{login_text, no_login_text, root_login},
    timeline_file::Record,
    verify,
    wanted::Wanted,
};

/// What an install did. Its JSON form is a contract (docs/schema).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Installed<'a> {
    name: &'a str,
    namespace: &'a str,
    version: String,
    /// Whether anything was written.
    changed: bool,
    /// Whether every pod was waited for.
    waited: bool,
    /// What was called in AWS.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<CallCount>,
    /// Whether Milvus was proved to work; absent where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    /// What it costs a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    monthly_cost: Option<MonthlyCost>,
    /// The Secret with the login of Milvus's first user.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_secret: Option<String>,
    /// Host name of the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(flatten)]
    report: &'a Report,
}

/// Installs, or shows what it would do.
pub(crate) async fn run(
    args: &InstallArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    // The file first: what it says wrong needs no cluster to be found out.
    let mut wanted = adoption::wanted(&args.file, args.adopt, flags, printer).await?;
    if args.dry_run == Some(DryRun::Client) {
        let manifests = manifests(&wanted)?;
        wanted.tell_remarks(printer);
        let json = printer.output() == Output::Json;
        printer.data(&if json {
            manifests.to_json()?
        } else {
            manifests.to_yaml()?
        })?;
        return Ok(ExitCode::Done);
    }
    refuse_first_password(&wanted.installation, args.wait)?;
    let record = Arc::new(Record::begin(args.timeline.as_ref())?);
    let place = Place::reach(&mut wanted, flags, host, printer).await?;
    if args.dry_run == Some(DryRun::Server) {
        plan::show(&wanted, &place, host, printer).await?;
    }
    same_version(&wanted, &place, args.file.file.as_deref(), printer).await?;
    if args.dry_run.is_some() {
        return Ok(ExitCode::Done);
    }
    install(&wanted, &place, args, (host, record), printer).await
}

/// Another version than the one that runs is `upgrade`'s to bring: everything at once would be replaced here.
pub(crate) async fn same_version(
    wanted: &Wanted,
    place: &Place,
    file: Option<&Path>,
    printer: Printer,
) -> Result<(), Error> {
    let installation = &wanted.installation;
    let live = match place.running(installation).await {
        // A cluster that does not let us in yet is looked at once it does, in the graph.
        Err(_) if matches!(place, Place::Aws(_)) => RunningMilvus::default(),
        live => live?,
    };
    tell_autoscalers(&live, printer);
    let ours = live.components.into_iter().map(|it| it.version);
    let ours: BTreeSet<_> = ours.filter(|it| *it != installation.version).collect();
    let helms = match place {
        Place::Kubernetes(cluster) if wanted.adopt.adopt => {
            adoption::other_versions(&cluster.client, installation).await?
        }
        _ => BTreeSet::new(),
    };
    let is_helms = !helms.is_empty();
    let live: BTreeSet<_> = ours.into_iter().chain(helms).collect();
    if live.is_empty() {
        return Ok(());
    }
    Err(Error::OtherVersion {
        live: live.into_iter().collect(),
        wanted: installation.version.clone(),
        file: file.map(Path::to_owned),
        is_helms,
    })
}

/// Says where somebody else's autoscaler is left to choose the number of pods.
fn tell_autoscalers(live: &RunningMilvus, printer: Printer) {
    for component in &live.components {
        let others = component.autoscaler.as_ref().filter(|it| !it.ours);
        if let Some(autoscaler) = others {
            printer.tell(&format!(
                "horizontalpodautoscaler/{}, which is not of this installation, chooses how many pods deployment/{} has; that stays so: {} now",
                autoscaler.name, component.deployment, component.replicas
            ));
        }
    }
}

async fn install(
    wanted: &Wanted,
    place: &Place,
    args: &InstallArgs,
    (host, record): (&Host, Arc<Record>),
    printer: Printer,
) -> Result<ExitCode, Error> {
    let installation = &wanted.installation;
    printer.tell(&format!(
        "installing {} (Milvus {}) into namespace {} of {}",
        installation.name,
        installation.version,
        installation.namespace,
        place.name()
    ));
    let placed = place.graph(wanted, args.wait)?;
    let timeout = args.timeout.unwrap_or(place.patience());
    let mut engine = host.engine.clone().timeout(timeout);
    if matches!(place, Place::Aws(_)) || wanted.adopt.adopt {
        // What is made in an account costs; what is taken over was somebody else's.
        engine = asking(engine, args.yes, printer);
    }
    let report = bring_about(&placed.graph, engine, (host, &record), printer).await;
    let drawn = record.end(&format!("install {}", installation.name), &report, printer);
    let context = place.use_cluster(&placed, &report, &installation.namespace, printer);
    let verification = verify_after(&placed, installation, args, &report, printer).await;
    let verified = verification.as_ref().ok().and_then(Option::as_ref);
    let result = Installed {
        name: installation.name.as_str(),
        namespace: installation.namespace.as_str(),
        version: installation.version.to_string(),
        changed: report.changed(),
        waited: args.wait,
        calls: host.calls.counts(),
        verified: verified.map(|proof| proof.passed),
        monthly_cost: Some(placed.graph.monthly_cost()).filter(|cost| !cost.is_free()),
        login_secret: (placed.login.as_ref()).map(|_| root_secret_name(&installation.name)),
        address: placed.address.and_then(|address| report.output(&address)),
        report: &report,
    };
    printer.result(&result, || text(&result))?;
    report.result().map_err(|source| {
        printer.tell(&so_far(&report));
        printer.tell_failure(&drawn);
        Error::Run {
            doing: "install",
            name: installation.name.to_string(),
            source,
        }
    })?;
    context?;
    drawn?;
    if let (true, Some(client)) = (wanted.adopt.adopt, placed.client.values(&report.outputs)) {
        adoption::tell_what_is_helms(&client, wanted, printer).await;
    }
    let Some(proof) = verification? else {
        return Ok(ExitCode::Done);
    };
    printer.tell(verify::text(&proof).trim_end());
    Ok(verify::tell(&proof, printer))
}

/// Whoever does not wait for pods leaves `root` the password that everybody knows.
fn refuse_first_password(installation: &Installation, wait: bool) -> Result<(), Error> {
    if installation.authorization && !wait {
        return Err(Error::Usage("without `--wait` `root` would keep the password that every Milvus begins with, as it is replaced once pods are ready; leave `--wait=false` out, or write `authorization: false`".to_owned()));
    }
    Ok(())
}

/// What was changed and waited for has to prove itself.
async fn verify_after(
    placed: &Placed,
    installation: &Installation,
    args: &InstallArgs,
    report: &Report,
    printer: Printer,
) -> Result<Option<Proof>, Error> {
    let ready = report.result().is_ok() && report.changed();
    if !(args.wait && args.verify && ready) {
        return Ok(None);
    }
    let Some(client) = placed.client.values(&report.outputs) else {
        return Ok(None);
    };
    let (namespace, name) = (&installation.namespace, Some(&installation.name));
    let installed = installed::Installed::find(&client, namespace, name).await?;
    let mut login = placed.login.as_ref().and_then(|login| report.output(login));
    if login.is_none() && Topology::of(installation).settings.demand_login() {
        login = root_login(&client, &installed).await?;
        if login.is_none() {
            printer.tell(&no_login_text(installation));
            return Ok(None);
        }
    }
    let proof = verify::installed(&client, &installed, login, printer);
    proof.await.map(Some)
}

pub(crate) async fn bring_about(
    graph: &Graph,
    engine: Engine,
    (host, record): (&Host, &Arc<Record>),
    printer: Printer,
) -> Report {
    let progress = Arc::new(Progress::new(printer));
    let told = Arc::clone(&progress);
    let ended = Arc::clone(&progress);
    let (heard, record) = (Arc::clone(&host.heard), Arc::clone(record));
    let engine = engine
        .cancellation(interrupt::token(move |line| told.note(line)))
        .listener(move |event| {
            progress.engine_event(event);
            record.hear(event);
            heard(event);
        });
    let report = engine.apply(graph).await;
    ended.end();
    report
}

/// What exists after a run that did not reach its end.
fn so_far(report: &Report) -> String {
    let in_place = report.entries.iter().filter(|entry| {
        matches!(
            entry.outcome,
            Outcome::Created | Outcome::Updated | Outcome::Unchanged
        )
    });
    let begun: Vec<_> = report
        .entries
        .iter()
        .filter(|entry| matches!(entry.outcome, Outcome::Interrupted { .. }))
        .map(|entry| entry.resource.as_str())
        .collect();
    let begun = match begun.as_slice() {
        [] => String::new(),
        begun => format!("; begun: {}", begun.join(", ")),
    };
    format!(
        "{} of {} resources are in place{begun}; nothing was rolled back",
        in_place.count(),
        report.entries.len()
    )
}

/// What a person wants to know after it ended well; what went wrong is the error's to say.
fn text(installed: &Installed<'_>) -> String {
    let Installed {
        name,
        namespace,
        version,
        ..
    } = installed;
    if installed.report.result().is_err() {
        return String::new();
    }
    let state = match (installed.changed, installed.waited) {
        (false, _) => "is as the file says, nothing was changed",
        (true, true) => "is ready",
        (true, false) => "is under way",
    };
    let address = match &installed.address {
        Some(address) => format!("load balancer: {address}:19530\n"),
        None => String::new(),
    };
    let mut cost = String::new();
    plan_text::write_cost(&mut cost, installed.monthly_cost.unwrap_or_default());
    let login = login_text(installed.login_secret.as_deref());
    format!(
        "{name} (Milvus {version}) {state}, after {}\n\
         {address}\
         {cost}\
         prove it:  kubectl milvus verify {name} -n {namespace}\n\
         use it:    kubectl milvus connect {name} -n {namespace}\n\
         {login}",
        seconds(installed.report.took)
    )
}
