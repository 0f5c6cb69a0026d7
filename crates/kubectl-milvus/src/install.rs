//! `install`: brings an installation about, or changes it, until it is as the file says.

use std::sync::Arc;

use milvus_aws_core::engine::{Engine, Outcome, Report};
use milvus_manifests::apply::Install;
use serde::Serialize;

use crate::{
    ExitCode,
    cli::{DryRun, InstallArgs},
    cluster::{Cluster, ClusterFlags},
    error::Error,
    interrupt, plan,
    printer::{Output, Printer},
    progress::{Progress, seconds},
    render::manifests,
    timeline_file::Record,
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
    #[serde(flatten)]
    report: &'a Report,
}

/// Installs, or shows what it would do.
pub(crate) async fn run(
    args: &InstallArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<ExitCode, Error> {
    if args.dry_run == Some(DryRun::Client) {
        let wanted = Wanted::read(&args.file, flags)?;
        let manifests = manifests(&wanted)?;
        let json = printer.output() == Output::Json;
        printer.data(&if json {
            manifests.to_json()?
        } else {
            manifests.to_yaml()?
        })?;
        return Ok(ExitCode::Done);
    }
    // The file first: what it says wrong needs no cluster to be found out.
    let mut wanted = Wanted::read(&args.file, flags)?;
    let record = Arc::new(Record::begin(args.timeline.as_ref())?);
    let cluster = flags.connect().await?;
    wanted.settle_namespace(cluster.context_namespace.as_ref());
    if args.dry_run == Some(DryRun::Server) {
        plan::show(&wanted, &cluster, printer).await?;
        return Ok(ExitCode::Done);
    }
    install(&wanted, &cluster, args, record, printer).await
}

async fn install(
    wanted: &Wanted,
    cluster: &Cluster,
    args: &InstallArgs,
    record: Arc<Record>,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let wait = args.wait;
    let installation = &wanted.installation;
    let manifests = manifests(wanted)?;
    printer.tell(&format!(
        "installing {} (Milvus {}) into namespace {} of {}",
        installation.name, installation.version, installation.namespace, cluster.server
    ));
    let install = Install::new(cluster.client.clone(), installation, &manifests)
        .wait(wait)
        .graph()?;
    let progress = Arc::new(Progress::new(printer));
    let (told, heard) = (Arc::clone(&progress), Arc::clone(&record));
    let engine = Engine::new()
        .timeout(args.timeout)
        .cancellation(interrupt::token(move |line| told.note(line)))
        .listener(move |event| {
            progress.engine_event(event);
            heard.hear(event);
        });
    let report = engine.apply(&install.graph).await;
    let drawn = record.end(&format!("install {}", installation.name), &report, printer);
    let result = Installed {
        name: installation.name.as_str(),
        namespace: installation.namespace.as_str(),
        version: installation.version.to_string(),
        changed: report.changed(),
        waited: wait,
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
    drawn?;
    Ok(ExitCode::Done)
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
    format!(
        "{name} (Milvus {version}) {state}, after {}\n\
         prove it:  kubectl milvus verify {name} -n {namespace}\n\
         use it:    kubectl milvus connect {name} -n {namespace}\n",
        seconds(installed.report.took)
    )
}
