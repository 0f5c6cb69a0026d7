//! `uninstall` of the targets `aws` and `eks`: first what is in the cluster, then the account's part.
//!
//! The order matters: load balancers, their target groups and security groups go while the controller that made them
//! still lives, and volumes while their driver does (pains rows 56 and 57).

use std::{sync::Arc, time::Duration};

use milvus_aws_core::{
    Installation,
    aws::{self as core, Cloud, Orphan},
    engine::{
        Action, DataPolicy, Engine, Graph, Outcome, Plan, PlannedStep, Report, ResourceError,
        ResourceId, RunError,
    },
    installation::{Deployment, EksClusterName},
};
use milvus_manifests::{Kind, ROOT, apply, root_secret_name};

use super::{
    account::{self, AwsAccount},
    cluster,
    kubeconfig::{GoneCluster, forget_cluster},
};
use crate::{
    ExitCode,
    cli::UninstallArgs,
    cluster::ClusterFlags,
    confirm::agreed,
    error::Error,
    host::Host,
    interrupt, plan_text,
    printer::Printer,
    progress::Progress,
    timeline_file::Record,
    uninstall::{Kept, Uninstalled, confirm, kept},
};

/// How long each half may take to go, unless the user says otherwise.
const PATIENCE: Duration = Duration::from_hours(1);

/// Why what a cluster left stays.
const ORPHANED: &str = "its cluster is gone, and nobody takes it away";

/// What is to go.
struct Parts {
    /// What is in the cluster; none where there is no cluster any more.
    kubernetes: Option<apply::Uninstall>,
    account: Graph,
    /// The cluster, as kubectl will have known it.
    cluster: GoneCluster,
    /// The bucket.
    bucket: String,
    /// Whether the cluster is ours, and goes too.
    cluster_goes: bool,
    /// What a load balancer controller that stays, as others use it, needs of the account.
    of_controller: Vec<String>,
    /// What the cluster made that was used, and is gone; a failure to look holds nothing up, and is told at the end.
    orphans: Result<Vec<Orphan>, ResourceError>,
    /// The Secret with `root`'s password.
    root_secret: String,
    /// Which account and region, for messages.
    place: String,
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

    /// What is lost with what goes, or cannot be used afterwards, each with what to do about it before.
    fn losses(&self, installation: &Installation, plan: &Plan, data: DataPolicy) -> Vec<String> {
        if data == DataPolicy::Delete {
            return Vec::new();
        }
        let steps = |kind: &'static str| {
            let of_kind = move |step: &&PlannedStep| step.resource.as_str().starts_with(kind);
            plan.steps.iter().filter(of_kind)
        };
        let stays = |step: &PlannedStep| matches!(step.action, Action::Retain { .. });
        let mut losses = Vec::new();
        if let Some(secret) = self.lost_password(data) {
            losses.push(format!(
                "`{ROOT}`'s password goes with the cluster, and etcd's volumes, which stay, know no other: save it first, by `kubectl get secret {secret} -n {} -o yaml`",
                installation.namespace
            ));
        }
        if steps("msk-cluster/").any(|step| step.action == Action::Delete) {
            losses.push("rows that Milvus has not yet written to the bucket go with the brokers: flush the collections first".to_owned());
        }
        if self.cluster_goes && steps("bucket/").chain(steps("existing-bucket/")).any(stays) {
            losses.push(format!(
                "the bucket {} stays with its vectors, and a later installation cannot use them: etcd, which knows what they are, begins anew. `install` is refused while they are there; `--delete-data` deletes them, another `name` or another bucket leaves them",
                self.bucket
            ));
        }
        losses
    }

    /// What would be done: first in the cluster, then in the account.
    async fn plan(&self, engine: &Engine, data: DataPolicy) -> Result<Plan, Error> {
        let mut plan = engine.plan_deletion(&self.account, data).await?;
        if let Some(found) = &self.kubernetes {
            let mut first = engine.plan_deletion(&found.graph, data).await?;
            first.steps.append(&mut plan.steps);
            plan = first;
        }
        Ok(plan)
    }
}

/// Shows what goes and what is lost with it, and has somebody agree: on a terminal, or by a flag.
async fn agree(
    installation: &Installation,
    (args, data): (&UninstallArgs, DataPolicy),
    parts: &Parts,
    host: &Host,
    printer: Printer,
) -> Result<(), Error> {
    let plan = parts.plan(&host.engine, data).await?;
    if plan.has_changes() {
        printer.tell(&plan_text::text(&plan));
    }
    for loss in parts.losses(installation, &plan, data) {
        printer.tell(&loss);
    }
    if args.delete_data {
        // Typing the name agrees to all of it.
        return confirm(args, &installation.name, printer);
    }
    if args.yes || !plan.has_changes() {
        return Ok(());
    }
    let question = format!("remove that from {}, with what is lost?", parts.place);
    let asked = tokio::task::spawn_blocking(move || agreed(&question, printer).unwrap_or(false));
    if asked.await.unwrap_or(false) {
        return Ok(());
    }
    Err(Error::Run {
        doing: "uninstall",
        name: installation.name.to_string(),
        source: RunError::Declined,
    })
}

/// Removes the installation, or shows what it would remove.
pub(crate) async fn run(
    installation: &Installation,
    args: &UninstallArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    let record = Arc::new(Record::begin(args.timeline.as_ref())?);
    let data = if args.delete_data {
        DataPolicy::Delete
    } else {
        DataPolicy::Keep
    };
    let account = account::connect(installation, flags, host.calls.clone(), printer).await?;
    cluster::check_context(&account, installation, flags).await?;
    let parts = find(installation, &account, (host, data)).await?;
    if args.dry_run.is_some() {
        for orphan in parts.orphans.iter().flatten() {
            printer.tell(&format!("{} stays: {ORPHANED}", orphan.arn));
        }
        let plan = parts.plan(&host.engine, data).await?;
        for loss in parts.losses(installation, &plan, data) {
            printer.tell(&loss);
        }
        printer.result(&plan, || plan_text::text(&plan))?;
        parts.orphans?;
        return Ok(ExitCode::Done);
    }
    agree(installation, (args, data), &parts, host, printer).await?;
    let report = remove(&parts, args, data, (host, &record), printer).await;
    let drawn = record.end(
        &format!("uninstall {}", installation.name),
        &report,
        printer,
    );
    // Of what was left in a cluster that went, nothing is left.
    let went = parts.cluster_goes && cluster_went(&report);
    if went {
        forget_cluster(&account.kubeconfig, &parts.cluster, &account.login, printer);
    }
    let left = parts.kubernetes.as_ref().filter(|_| !went);
    let others: &[apply::Kept] = left.map_or(&[], |found| &found.kept);
    let mut kept = kept(&report, others);
    kept.extend(parts.of_controller.iter().map(|resource| Kept {
        resource: resource.clone(),
        because: "the load balancer controller, which stays, needs it".to_owned(),
    }));
    kept.extend(parts.orphans.iter().flatten().map(|orphan| Kept {
        resource: orphan.arn.clone(),
        because: ORPHANED.to_owned(),
    }));
    let result = Uninstalled {
        name: installation.name.as_str(),
        namespace: installation.namespace.as_str(),
        kept,
        report: &report,
    };
    printer.result(&result, || {
        let mut entries = report.entries.iter();
        let none_left = parts.orphans.as_ref().is_ok_and(Vec::is_empty);
        if none_left && entries.all(|entry| entry.outcome == Outcome::Absent) {
            return format!("nothing of {} is in {}\n", installation.name, parts.place);
        }
        result.text()
    })?;
    report.result().map_err(|source| {
        let error = Error::Run {
            doing: "uninstall",
            name: installation.name.to_string(),
            source,
        };
        if is_untouched(parts.account.ids(), &report) {
            return Error::AccountUntouched {
                place: parts.place.clone(),
                source: Box::new(error),
            };
        }
        error
    })?;
    drawn?;
    refuse_orphans(installation, &parts.orphans?, data)?;
    Ok(ExitCode::Done)
}

/// What nobody takes away is not removed; volumes are what stays anyway, unless data was to go.
fn refuse_orphans(
    installation: &Installation,
    orphans: &[Orphan],
    data: DataPolicy,
) -> Result<(), Error> {
    let unwanted = |orphan: &&Orphan| !orphan.holds_data || data == DataPolicy::Delete;
    let left: Vec<String> = orphans
        .iter()
        .filter(unwanted)
        .map(|orphan| orphan.arn.clone())
        .collect();
    let cluster = existing_cluster(installation).filter(|_| !left.is_empty());
    cluster.map_or(Ok(()), |cluster| {
        Err(Error::Orphans {
            name: installation.name.to_string(),
            cluster: cluster.to_string(),
            left,
        })
    })
}

/// The cluster that is only used.
fn existing_cluster(installation: &Installation) -> Option<&EksClusterName> {
    let on_aws = installation.on_aws()?;
    on_aws.aws.existing.eks_cluster.as_ref()
}

async fn find(
    installation: &Installation,
    account: &AwsAccount,
    (host, data): (&Host, DataPolicy),
) -> Result<Parts, Error> {
    let settings = &installation.on_aws().ok_or(Error::NotOnAws)?.aws;
    let cluster_goes = account.cluster.is_none();
    let mut others = Vec::new();
    let was = account.cloud.cluster_of(settings).await?;
    let kubernetes = match &was {
        Some(cluster) => {
            let client = cluster::client(cluster, account).await?;
            if cluster_goes {
                others = apply::neighbours(&client, &installation.namespace).await?;
            }
            Some(apply::uninstall(&client, &installation.name, &installation.namespace).await?)
        }
        None => None,
    };
    let mut graph = graph_of(&account.cloud, installation)?;
    // Whatever others have in a cluster ends with it, or keeps it.
    if cluster_goes && kubernetes.is_some() {
        let plan = host.engine.plan_deletion(&graph, data).await?;
        others.extend(account.cloud.keepers_of_cluster(&plan).await?);
    }
    if !others.is_empty() {
        return Err(Error::Neighbours {
            name: installation.name.to_string(),
            others,
        });
    }
    let mut of_controller = Vec::new();
    if !cluster_goes && kubernetes.as_ref().is_some_and(keeps_controller) {
        let all = graph;
        graph = graph_of(&account.cloud, &with_controller(installation))?;
        let stays = |id: &&ResourceId| graph.ids().all(|other| other != *id);
        of_controller = all.ids().filter(stays).map(ToString::to_string).collect();
    }
    let orphans = match existing_cluster(installation) {
        Some(cluster) if kubernetes.is_none() => account.cloud.orphans(installation, cluster).await,
        _ => Ok(Vec::new()),
    };
    let id = &account.cloud.account;
    Ok(Parts {
        kubernetes,
        orphans,
        account: graph,
        cluster: GoneCluster {
            name: account.cloud.cluster_name_of(settings),
            arn: account.cloud.cluster_arn_of(settings),
            was,
        },
        bucket: account.cloud.bucket_of(settings)?.to_string(),
        cluster_goes,
        of_controller,
        root_secret: root_secret_name(&installation.name),
        place: format!("the account {}, region {}", id.id, id.region),
    })
}

fn graph_of(cloud: &Cloud, installation: &Installation) -> Result<Graph, Error> {
    let mut builder = Graph::builder();
    core::add(&mut builder, cloud, installation)?;
    Ok(builder.build())
}

/// Whether the load balancer controller, which is ours, stays for others.
fn keeps_controller(found: &apply::Uninstall) -> bool {
    let mut kept = found.kept.iter();
    kept.any(|kept| kept.object.kind == Kind::Deployment)
}

/// The same installation, as if the cluster had a controller of its own: its role is nothing of ours then.
fn with_controller(installation: &Installation) -> Installation {
    let mut installation = installation.clone();
    if let Deployment::Aws(on_aws) = &mut installation.deployment {
        on_aws.aws.existing.load_balancer_controller = true;
    }
    installation
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
    if parts.cluster_goes && cluster_went(&second) {
        gone_with_the_cluster(&mut first);
    }
    one_after_the_other(first, second)
}

/// Whether the run ended before the account's turn came.
fn is_untouched<'a>(mut account: impl Iterator<Item = &'a ResourceId>, report: &Report) -> bool {
    let had_its_turn = |id: &ResourceId| report.entries.iter().any(|it| it.resource == *id);
    !account.any(had_its_turn)
}

fn cluster_went(report: &Report) -> bool {
    let mut entries = report.entries.iter();
    entries.any(|entry| {
        entry.resource.as_str().starts_with("eks-cluster/")
            && matches!(entry.outcome, Outcome::Deleted | Outcome::Absent)
    })
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

#[cfg(test)]
mod tests {
    use milvus_aws_core::engine::Entry;

    use super::*;

    fn entry(resource: &ResourceId) -> Entry {
        Entry {
            resource: resource.clone(),
            outcome: Outcome::Failed {
                reason: "its load balancer stays".to_owned(),
            },
            started: Duration::ZERO,
            took: Duration::ZERO,
            needs: Vec::new(),
        }
    }

    #[tokio::test]
    async fn an_account_is_untouched_until_something_of_it_had_its_turn() {
        let nothing = Graph::builder().build();
        let mut report = Engine::new().delete(&nothing, DataPolicy::Keep).await;
        let service = ResourceId::new("service/demo-milvus");
        let account = ["bucket/demo", "eks-cluster/demo"].map(ResourceId::new);
        report.entries.push(entry(&service));
        assert!(is_untouched(account.iter(), &report));
        report.entries.push(entry(&account[1]));
        assert!(!is_untouched(account.iter(), &report));
    }

    #[test]
    fn what_a_cluster_left_is_a_failure_unless_it_is_data_that_stays() {
        let file = "apiVersion: kubectl-milvus/v1\nname: demo\ntarget: eks\naws: {existing: {eksCluster: shared}}\n";
        let installation = Installation::from_yaml("test", file).unwrap();
        let orphan = |arn: &str, holds_data| Orphan {
            arn: arn.to_owned(),
            holds_data,
        };
        let both = [
            orphan("volume/vol-1", true),
            orphan("loadbalancer/net/demo/1", false),
        ];
        let said = |orphans, data| {
            let told = refuse_orphans(&installation, orphans, data);
            told.err()
                .map(|error| (error.exit_code(), error.to_string()))
        };
        assert_eq!(said(&both[..1], DataPolicy::Keep), None);
        for (data, named) in [
            (DataPolicy::Keep, ": loadbalancer/net/demo/1"),
            (
                DataPolicy::Delete,
                ": volume/vol-1, loadbalancer/net/demo/1",
            ),
        ] {
            let (code, text) = said(&both, data).unwrap();
            assert_eq!(code, ExitCode::Failed);
            assert!(text.contains("shared") && text.ends_with(named), "{text}");
        }
    }

    #[test]
    fn an_untouched_account_is_told_and_the_cause_decides_the_rest() {
        let cause = || Error::Run {
            doing: "uninstall",
            name: "demo".to_owned(),
            source: RunError::TimedOut(Vec::new()),
        };
        let error = Error::AccountUntouched {
            place: "the account 123456789012, region us-west-2".to_owned(),
            source: Box::new(cause()),
        };
        let said = error.to_string();
        assert!(
            said.contains("123456789012") && said.contains("billed"),
            "{said}"
        );
        assert_eq!(error.exit_code(), cause().exit_code());
        assert_eq!(error.hint(), cause().hint());
    }
}
