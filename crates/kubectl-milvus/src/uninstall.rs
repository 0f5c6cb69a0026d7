//! `uninstall`: removes an installation; its data stays unless asked for by name.

use std::{fmt::Write as _, io::IsTerminal, sync::Arc, time::Duration};

use milvus_aws_core::{
    Installation,
    engine::{DataPolicy, Engine, Outcome, Report},
    installation::{InstallationName, Namespace, Standing},
};
use milvus_manifests::apply::{self, Uninstall};
use serde::Serialize;

use crate::{
    ExitCode, aws,
    cli::{FileArgs, UninstallArgs},
    cluster::{Cluster, ClusterFlags},
    error::Error,
    host::Host,
    installed::InstalledError,
    interrupt, plan_text,
    printer::Printer,
    progress::{Progress, seconds},
    timeline_file::Record,
    wanted::{Described, Named},
};

/// How long everything may take to go, unless the user says otherwise.
const PATIENCE: Duration = Duration::from_mins(5);

/// What an uninstall did. Its JSON form is a contract (docs/schema).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Uninstalled<'a> {
    pub(crate) name: &'a str,
    pub(crate) namespace: &'a str,
    /// What stays, and why.
    pub(crate) kept: Vec<Kept>,
    #[serde(flatten)]
    pub(crate) report: &'a Report,
}

#[derive(Debug, Serialize)]
pub(crate) struct Kept {
    pub(crate) resource: String,
    pub(crate) because: String,
}

/// Removes an installation, or shows what it would remove.
pub(crate) async fn run(
    args: &UninstallArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    if let Some(installation) = on_aws(args, flags, printer)? {
        return aws::uninstall::run(&installation, args, flags, host, printer).await;
    }
    let named = Named::read(&args.installation, flags)?;
    let record = Arc::new(Record::begin(args.timeline.as_ref())?);
    let cluster = flags.connect().await?;
    let namespace = named.namespace(cluster.context_namespace.as_ref());
    let name = match named.name {
        Some(name) => name,
        None => only_one(&cluster, &namespace).await?,
    };
    let found = apply::uninstall(&cluster.client, &name, &namespace).await?;
    if found.in_account {
        return Err(Error::Usage(format!(
            "{name} has a part in an AWS account (cluster, brokers, network), which costs until it goes too, and which only its file tells of: `-f` names that file; one that says `name: {name}` and what it said of `target` and `aws` will do"
        )));
    }
    let data = if args.delete_data {
        DataPolicy::Delete
    } else {
        DataPolicy::Keep
    };
    if args.dry_run.is_some() {
        let plan = Engine::new().plan_deletion(&found.graph, data).await?;
        printer.result(&plan, || plan_text::text(&plan))?;
        return Ok(ExitCode::Done);
    }
    if args.delete_data {
        confirm(args, &name, printer)?;
    }
    remove(
        &Target {
            cluster,
            name,
            namespace,
            found,
            data,
        },
        args,
        record,
        printer,
    )
    .await
}

/// The installation of the file, where its target is `aws`.
fn on_aws(
    args: &UninstallArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<Option<Installation>, Error> {
    let Some(file) = &args.installation.file else {
        return Ok(None);
    };
    let file = FileArgs {
        file: Some(file.clone()),
        ..FileArgs::default()
    };
    // Its passwords are not needed for that.
    let installation = Described::read(&file, flags, Standing::Runs, printer)?.installation;
    Ok(installation.on_aws().is_some().then_some(installation))
}

/// The only installation of a namespace, or what is left of it.
async fn only_one(cluster: &Cluster, namespace: &Namespace) -> Result<InstallationName, Error> {
    let found = apply::installations(&cluster.client, namespace).await?;
    let namespace = namespace.clone();
    match <[InstallationName; 1]>::try_from(found) {
        Ok([name]) => Ok(name),
        Err(none) if none.is_empty() => Err(InstalledError::None {
            namespace,
            named: None,
        }
        .into()),
        Err(several) => {
            let names = several.iter().map(ToString::to_string).collect();
            Err(InstalledError::Several { namespace, names }.into())
        }
    }
}

struct Target {
    cluster: Cluster,
    name: InstallationName,
    namespace: Namespace,
    found: Uninstall,
    data: DataPolicy,
}

async fn remove(
    target: &Target,
    args: &UninstallArgs,
    record: Arc<Record>,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let Target {
        name, namespace, ..
    } = target;
    printer.tell(&format!(
        "removing {name} from namespace {namespace} of {}",
        target.cluster.server
    ));
    let progress = Arc::new(Progress::new(printer));
    let (told, heard) = (Arc::clone(&progress), Arc::clone(&record));
    let engine = Engine::new()
        .timeout(args.timeout.unwrap_or(PATIENCE))
        .cancellation(interrupt::token(move |line| told.note(line)))
        .listener(move |event| {
            progress.engine_event(event);
            heard.hear(event);
        });
    let report = engine.delete(&target.found.graph, target.data).await;
    let drawn = record.end(&format!("uninstall {name}"), &report, printer);
    let result = Uninstalled {
        name: name.as_str(),
        namespace: namespace.as_str(),
        kept: kept(&report, &target.found.kept),
        report: &report,
    };
    printer.result(&result, || text(&result))?;
    report.result().map_err(|source| {
        printer.tell_failure(&drawn);
        Error::Run {
            doing: "uninstall",
            name: name.to_string(),
            source,
        }
    })?;
    drawn?;
    Ok(ExitCode::Done)
}

/// A terminal is asked to type the name; elsewhere `--confirm` must hold it.
pub(crate) fn confirm(
    args: &UninstallArgs,
    name: &InstallationName,
    printer: Printer,
) -> Result<(), Error> {
    let typed = match &args.confirm {
        Some(typed) => typed.clone(),
        None if std::io::stdin().is_terminal() && printer.is_interactive() => {
            printer.tell(&format!(
                "this deletes the vectors of {name} for good; type its name to go on:"
            ));
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            line.trim().to_owned()
        }
        None => String::new(),
    };
    if typed == name.as_str() {
        return Ok(());
    }
    Err(Error::Unconfirmed {
        name: name.to_string(),
    })
}

pub(crate) fn kept(report: &Report, others: &[apply::Kept]) -> Vec<Kept> {
    let retained = report
        .entries
        .iter()
        .filter_map(|entry| match &entry.outcome {
            Outcome::Retained { because } => Some(Kept {
                resource: entry.resource.to_string(),
                because: because.clone(),
            }),
            _ => None,
        });
    let others = others.iter().map(|kept| Kept {
        resource: kept.object.to_string(),
        because: kept.because.clone(),
    });
    retained.chain(others).collect()
}

fn text(uninstalled: &Uninstalled<'_>) -> String {
    if uninstalled.report.entries.is_empty() {
        return format!(
            "namespace {} holds nothing of {}\n",
            uninstalled.namespace, uninstalled.name
        );
    }
    uninstalled.text()
}

impl Uninstalled<'_> {
    /// What was removed, and what stays.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if self.report.result().is_ok() {
            text = format!(
                "{} is removed, after {}\n",
                self.name,
                seconds(self.report.took)
            );
        }
        for Kept { resource, because } in &self.kept {
            let _infallible = writeln!(text, "kept {resource}: {because}");
        }
        text
    }
}
