//! `upgrade`: brings Milvus to another version, one component at a time, each proved before the next.

mod order;
mod text;

use std::sync::Arc;

use milvus_aws_core::{
    engine::{self, Engine, Report, RunError},
    installation::MilvusVersion,
    topology::{Running, Upgrade},
};
use milvus_manifests::apply::RunningMilvus;
use serde::Serialize;

pub(crate) use order::Order;

use crate::{
    ExitCode,
    cli::{DryRun, FileArgs, UpgradeArgs},
    cluster::ClusterFlags,
    confirm::{agreed, asking},
    error::Error,
    host::Host,
    install::bring_about,
    interrupt,
    place::Place,
    printer::Printer,
    timeline_file::Record,
    wanted::Wanted,
};

/// What an upgrade did, or would do. Its JSON form is a contract (docs/schema).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Upgraded<'a> {
    name: &'a str,
    namespace: &'a str,
    #[serde(flatten)]
    upgrade: &'a Upgrade,
    /// The components as they are now, where a cluster was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Vec<Component<'a>>>,
    /// Whether anything was written; absent in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
    /// What would be done to each resource, in a dry run on the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a engine::Plan>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    report: Option<&'a Report>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    role: &'static str,
    version: &'a MilvusVersion,
    image: &'a str,
    replicas: i32,
    ready: bool,
}

/// Upgrades, or shows what it would do.
pub(crate) async fn run(
    args: &UpgradeArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let to: MilvusVersion = args.to.parse()?;
    if args.dry_run == Some(DryRun::Client) {
        return without_cluster(args, &to, flags, printer);
    }
    let mut wanted = read(args, &to, flags, printer)?;
    let record = Arc::new(Record::begin(args.timeline.as_ref())?);
    let place = Place::reach(&mut wanted, flags, host, printer).await?;
    let live = place.running(&wanted.installation).await?;
    let upgrade = Upgrade::plan(&live.versions(), &wanted.installation)?;
    let order = Order::of(&upgrade, args.gate_timeout);
    let work = Work {
        wanted: &wanted,
        place: &place,
        upgrade: &upgrade,
        order: &order,
    };
    if args.dry_run == Some(DryRun::Server) {
        work.show(&live, host, printer).await?;
        return Ok(ExitCode::Done);
    }
    printer.tell(text::plan(&upgrade).trim_end());
    if !upgrade.can_go_back && !upgrade.undoes && !upgrade.is_done() && !args.yes {
        let question = "that cannot be undone; go on?";
        if !agreed(question, printer).unwrap_or(false) {
            return Err(work.error(RunError::Declined));
        }
    }
    work.go(args, (host, record), printer).await
}

/// The file, or the flags in its place, as an installation of the version that is reached.
fn read(
    args: &UpgradeArgs,
    to: &MilvusVersion,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<Wanted, Error> {
    let wanted = Wanted::read_at(&file(args), flags, to, printer)?;
    match &wanted.installation.image.tag {
        Some(tag) if tag.as_str() != to.tag() && tag.as_str().parse::<MilvusVersion>().is_ok() => {
            Err(Error::Usage(format!(
                "the file's `image.tag` is {tag}: leave it out, or write the tag of {to}"
            )))
        }
        _ => Ok(wanted),
    }
}

fn file(args: &UpgradeArgs) -> FileArgs {
    FileArgs {
        file: args.file.clone(),
        name: args.name.clone(),
        helm: args.helm.clone(),
        ..FileArgs::default()
    }
}

/// From the file's own version to the one that is asked for.
fn without_cluster(
    args: &UpgradeArgs,
    to: &MilvusVersion,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let wanted = read(args, to, flags, printer)?;
    let invalid = || {
        let message = "the file is not valid at the version that it names itself; `--dry-run=server` tells the order from what runs";
        Error::Usage(message.to_owned())
    };
    let from = wanted.as_written.as_deref().ok_or_else(invalid)?;
    let upgrade = Upgrade::plan(&Running::of(from), &wanted.installation)?;
    let result = Upgraded::new(&wanted, &upgrade);
    printer.result(&result, || text::plan(&upgrade))?;
    Ok(ExitCode::Done)
}

impl<'a> Upgraded<'a> {
    fn new(wanted: &'a Wanted, upgrade: &'a Upgrade) -> Self {
        Self {
            name: wanted.installation.name.as_str(),
            namespace: wanted.installation.namespace.as_str(),
            upgrade,
            components: None,
            changed: None,
            plan: None,
            report: None,
        }
    }
}

fn components(live: &RunningMilvus) -> Vec<Component<'_>> {
    let components = live.components.iter().map(|it| Component {
        role: it.role.key(),
        version: &it.version,
        image: &it.image,
        replicas: it.replicas,
        ready: it.ready,
    });
    components.collect()
}

/// One upgrade.
struct Work<'a> {
    wanted: &'a Wanted,
    place: &'a Place,
    upgrade: &'a Upgrade,
    order: &'a Order,
}

impl Work<'_> {
    async fn show(&self, live: &RunningMilvus, host: &Host, printer: Printer) -> Result<(), Error> {
        let placed = self
            .place
            .graph_in_order(self.wanted, true, Some(self.order))?;
        let token = interrupt::token(move |line| printer.tell(line));
        let engine = host.engine.clone().cancellation(token);
        let plan = engine.plan(&placed.graph).await?;
        let result = Upgraded {
            components: Some(components(live)),
            plan: Some(&plan),
            ..Upgraded::new(self.wanted, self.upgrade)
        };
        printer.result(&result, || {
            format!(
                "{}\n{}",
                text::plan(self.upgrade),
                crate::plan_text::text(&plan)
            )
        })?;
        Ok(())
    }

    async fn go(
        &self,
        args: &UpgradeArgs,
        (host, record): (&Host, Arc<Record>),
        printer: Printer,
    ) -> Result<ExitCode, Error> {
        let installation = &self.wanted.installation;
        let placed = self
            .place
            .graph_in_order(self.wanted, true, Some(self.order))?;
        let mut engine: Engine = host.engine.clone().timeout(args.timeout);
        if let Place::Aws(_) = self.place {
            // What is made in an account costs.
            engine = asking(engine, args.yes, printer);
        }
        let report = bring_about(&placed.graph, engine, (host, &record), printer).await;
        let drawn = record.end(&format!("upgrade {}", installation.name), &report, printer);
        // What runs now decides what is said, not what was meant to run.
        let live = self.place.running(installation).await;
        let result = Upgraded {
            components: live.as_ref().ok().map(components),
            changed: Some(report.changed()),
            report: Some(&report),
            ..Upgraded::new(self.wanted, self.upgrade)
        };
        printer.result(&result, || {
            text::done(self.wanted, self.upgrade, &report, args)
        })?;
        if let Err(source) = report.result() {
            if let Ok(live) = &live {
                printer.tell(text::stopped(self.wanted, self.upgrade, live, args).trim_end());
            }
            printer.tell_failure(&drawn);
            return Err(self.error(source));
        }
        drawn?;
        Ok(ExitCode::Done)
    }

    fn error(&self, source: RunError) -> Error {
        Error::Run {
            doing: "upgrade",
            name: self.wanted.installation.name.to_string(),
            source,
        }
    }
}
