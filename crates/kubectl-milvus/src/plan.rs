//! `plan`: what `install` would change. Writes nothing.

use milvus_aws_core::engine::{Engine, Plan, RunError};
use milvus_manifests::apply::Install;

use crate::{
    ExitCode,
    cli::PlanArgs,
    cluster::{Cluster, ClusterFlags},
    error::Error,
    interrupt, plan_text,
    printer::Printer,
    render::manifests,
    wanted::Wanted,
};

/// Shows the plan; with `--exit-code` 4 says that something would change.
pub(crate) async fn run(
    args: &PlanArgs,
    flags: &ClusterFlags,
    printer: Printer,
) -> Result<ExitCode, Error> {
    // The file first: what it says wrong needs no cluster to be found out.
    let mut wanted = Wanted::read(&args.file, flags)?;
    let cluster = flags.connect().await?;
    wanted.settle_namespace(cluster.context_namespace.as_ref());
    let plan = show(&wanted, &cluster, printer).await?;
    Ok(if args.exit_code && plan.has_changes() {
        ExitCode::ChangesPending
    } else {
        ExitCode::Done
    })
}

/// Shows what an installation would change; refused when something in its way is not ours.
pub(crate) async fn show(
    wanted: &Wanted,
    cluster: &Cluster,
    printer: Printer,
) -> Result<Plan, Error> {
    let plan = of(wanted, cluster, printer).await?;
    printer.result(&plan, || plan_text::text(&plan))?;
    refuse(wanted, &plan)?;
    Ok(plan)
}

/// What an installation would change.
pub(crate) async fn of(
    wanted: &Wanted,
    cluster: &Cluster,
    printer: Printer,
) -> Result<Plan, Error> {
    let manifests = manifests(wanted)?;
    let install = Install::new(cluster.client.clone(), &wanted.installation, &manifests).graph()?;
    let engine = Engine::new().cancellation(interrupt::token(move |line| printer.tell(line)));
    Ok(engine.plan(&install.graph).await?)
}

/// An error when something in the way is not ours.
pub(crate) fn refuse(wanted: &Wanted, plan: &Plan) -> Result<(), Error> {
    let refused = plan.refused();
    if !refused.is_empty() {
        return Err(Error::Run {
            doing: "install",
            name: wanted.installation.name.to_string(),
            source: RunError::Refused(refused),
        });
    }
    Ok(())
}
