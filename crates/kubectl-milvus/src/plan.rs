//! `plan`: what `install` would change. Writes nothing.

use milvus_aws_core::engine::{Plan, RunError};

use crate::{
    ExitCode, adoption, cli::PlanArgs, cluster::ClusterFlags, error::Error, host::Host,
    install::same_version, interrupt, place::Place, plan_text, printer::Printer, wanted::Wanted,
};

/// Shows the plan; with `--exit-code` 4 says that something would change.
pub(crate) async fn run(
    args: &PlanArgs,
    flags: &ClusterFlags,
    host: &Host,
    printer: Printer,
) -> Result<ExitCode, Error> {
    // The file first: what it says wrong needs no cluster to be found out.
    let mut wanted = adoption::wanted(&args.file, args.adopt, flags, printer).await?;
    let place = Place::reach(&mut wanted, flags, host, printer).await?;
    let plan = show(&wanted, &place, host, printer).await?;
    same_version(&wanted, &place, args.file.file.as_deref(), printer).await?;
    Ok(if args.exit_code && plan.has_changes() {
        ExitCode::ChangesPending
    } else {
        ExitCode::Done
    })
}

/// Shows what an installation would change; refused when something in its way is not ours.
pub(crate) async fn show(
    wanted: &Wanted,
    place: &Place,
    host: &Host,
    printer: Printer,
) -> Result<Plan, Error> {
    let plan = of(wanted, place, host, printer).await?;
    printer.result(&plan, || plan_text::text(&plan))?;
    refuse(wanted, &plan)?;
    Ok(plan)
}

/// What an installation would change.
pub(crate) async fn of(
    wanted: &Wanted,
    place: &Place,
    host: &Host,
    printer: Printer,
) -> Result<Plan, Error> {
    let placed = place.graph(wanted, true)?;
    let token = interrupt::token(move |line| printer.tell(line));
    Ok(host
        .engine
        .clone()
        .cancellation(token)
        .plan(&placed.graph)
        .await?)
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
