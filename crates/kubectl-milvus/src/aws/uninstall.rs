//! `uninstall` of the targets `aws` and `eks`: first what is in the cluster, then the account's part.
//!
//! The order matters: load balancers, their target groups and security groups go while the controller that made them
//! still lives, and volumes while their driver does (pains rows 56 and 57).

use std::{sync::Arc, time::Duration};

use milvus_aws_core::{
    Installation,
    aws::{self as core, CallLog},
    engine::{DataPolicy, Engine, Graph, Outcome, Report},
    installation::Namespace,
};
use milvus_manifests::{
    ROOT,
    apply::{self, Kept},
    root_secret_name,
};

use super::{account, kubernetes_access};
use crate::{
    ExitCode,
    cli::UninstallArgs,
    error::Error,
    host::Host,
    interrupt, plan_text,
    printer::Printer,
    progress::Progress,
    timeline_file::Record,
    uninstall::{Uninstalled, confirm, kept},
};

/// How long each half may take to go, unless the user says otherwise.
const PATIENCE: Duration = Duration::from_hours(1);

/// What is to go.
struct Parts {
    /// What is in the cluster; none where there is no cluster any more.
    kubernetes: Option<apply::Uninstall>,
    account: Graph,
    /// Whether the cluster is ours, and goes too.
    cluster_goes: bool,
    /// The Secret with `root`'s password.
    root_secret: String,
}

impl Parts {
    /// The Secret with `root`'s password, where it goes while etcd's volumes, which know it, stay.
    fn lost_password(&self, data: DataPolicy) -> Option<&str> {
        let goes = self.cluster_goes && data == DataPolicy::Keep;
        let found = self.kubernetes.as_ref().filter(|_| goes)?;
        let secret = format!("secret/{}", self.root_secret);
        let mut ids = found.graph.ids();
        ids.any(|id| id.as_str() == secret)
            .then_some(&self.root_secret)
    }
}

/// What to do before the cluster is gone, which takes some minutes.
fn save_first(secret: &str, namespace: &Namespace) -> String {
    format!(
        "`{ROOT}`'s password goes with the cluster, and etcd's volumes, which stay, know no other: whoever may restore them saves it now, by `kubectl get secret {secret} -n {namespace} -o yaml`"
    )
}

/// Removes the installation, or shows what it would remove.
pub(crate) async fn run(
    installation: &Installation,
    args: &UninstallArgs,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let record = Arc::new(Record::begin(args.timeline.as_ref())?);
    let parts = find(installation, host.calls.clone(), printer).await?;
    let data = if args.delete_data {
        DataPolicy::Delete
    } else {
        DataPolicy::Keep
    };
    if let Some(secret) = parts.lost_password(data) {
        printer.tell(&save_first(secret, &installation.namespace));
    }
    if args.dry_run.is_some() {
        let mut plan = host.engine.plan_deletion(&parts.account, data).await?;
        if let Some(found) = &parts.kubernetes {
            let mut first = host.engine.plan_deletion(&found.graph, data).await?;
            first.steps.append(&mut plan.steps);
            plan = first;
        }
        printer.result(&plan, || plan_text::text(&plan))?;
        return Ok(ExitCode::Done);
    }
    if args.delete_data {
        confirm(args, &installation.name, printer)?;
    }
    let report = remove(&parts, args, data, (host, &record), printer).await;
    let drawn = record.end(
        &format!("uninstall {}", installation.name),
        &report,
        printer,
    );
    // Of what was left in a cluster that went, nothing is left.
    let left = parts.kubernetes.as_ref().filter(|_| !parts.cluster_goes);
    let others: &[Kept] = left.map_or(&[], |found| &found.kept);
    let result = Uninstalled {
        name: installation.name.as_str(),
        namespace: installation.namespace.as_str(),
        kept: kept(&report, others),
        report: &report,
    };
    printer.result(&result, || result.text())?;
    report.result().map_err(|source| Error::Run {
        doing: "uninstall",
        name: installation.name.to_string(),
        source,
    })?;
    drawn?;
    Ok(ExitCode::Done)
}

async fn find(
    installation: &Installation,
    calls: CallLog,
    printer: Printer,
) -> Result<Parts, Error> {
    let account = account::connect(installation, calls, printer).await?;
    let settings = &installation.on_aws().ok_or(Error::NotOnAws)?.aws;
    let mut builder = Graph::builder();
    core::add(&mut builder, &account.cloud, installation)?;
    let kubernetes = match account.cloud.cluster_of(settings).await? {
        Some(cluster) => {
            let client = kubernetes_access::client(&cluster, &account.login).await?;
            Some(apply::uninstall(&client, &installation.name, &installation.namespace).await?)
        }
        None => None,
    };
    Ok(Parts {
        kubernetes,
        account: builder.build(),
        cluster_goes: account.cluster.is_none(),
        root_secret: root_secret_name(&installation.name),
    })
}

/// What is in the cluster goes first; if it does not, the cluster stays, and with it whoever can take it away.
async fn remove(
    parts: &Parts,
    args: &UninstallArgs,
    data: DataPolicy,
    (host, record): (&Host, &Arc<Record>),
    printer: Printer,
) -> Report {
    let progress = Arc::new(Progress::new(printer));
    let told = Arc::clone(&progress);
    let token = interrupt::token(move |line| told.note(line));
    let timeout = args.timeout.unwrap_or(PATIENCE);
    let engine = || -> Engine {
        let (progress, record, heard) = (
            Arc::clone(&progress),
            Arc::clone(record),
            Arc::clone(&host.heard),
        );
        host.engine
            .clone()
            .timeout(timeout)
            .cancellation(token.clone())
            .listener(move |event| {
                progress.engine_event(event);
                record.hear(event);
                heard(event);
            })
    };
    let Some(found) = &parts.kubernetes else {
        return engine().delete(&parts.account, data).await;
    };
    let mut first = engine().delete(&found.graph, data).await;
    if first.result().is_err() {
        return first;
    }
    let second = engine().delete(&parts.account, data).await;
    if parts.cluster_goes && second.result().is_ok() {
        gone_with_the_cluster(&mut first);
    }
    one_after_the_other(first, second)
}

/// What was left for its data stays on its volumes, without the objects.
fn gone_with_the_cluster(report: &mut Report) {
    for entry in &mut report.entries {
        if matches!(entry.outcome, Outcome::Retained { .. }) {
            entry.outcome = Outcome::Deleted;
        }
    }
}

fn one_after_the_other(first: Report, second: Report) -> Report {
    let later = second.entries.into_iter().map(|mut entry| {
        entry.started += first.took;
        entry
    });
    Report {
        entries: first.entries.into_iter().chain(later).collect(),
        took: first.took + second.took,
        ..second
    }
}
