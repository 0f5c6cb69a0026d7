//! An installation's AWS resources, on the stage and on its time: `on-virtual-time install|uninstall|plan FILE`.
//!
//! A process of its own, so that tests can kill it at any call. Credentials, region and endpoint come from the
//! environment, as for the plugin. What happened goes to stdout as one JSON document; failures end it with 1, refusals
//! with 5.

#![expect(clippy::print_stdout, reason = "the result is the output")]

mod clock;
mod control;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use milvus_aws_core::Installation;
use milvus_aws_core::aws::{self, Cloud, Connection, Orphan};
use milvus_aws_core::engine::{DataPolicy, Engine, Graph, Outcome, Report};
use serde_json::json;

use clock::VirtualClock;
use control::Control;

/// Beyond this a run has lost its way.
const LONGEST: Duration = Duration::from_hours(3);

fn main() -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [verb, file] = arguments.as_slice() else {
        bail!("say: on-virtual-time install|uninstall|wipe|plan|orphans FILE");
    };
    let text = std::fs::read(file).with_context(|| format!("reading {file}"))?;
    let installation = Installation::from_yaml(file, text)?;
    let stage = Control::from_environment()?;
    let clock = VirtualClock::starting_at(stage.now()?);
    let cloud = Cloud::connect(&Connection::default(), installation.name.clone()).await?;
    let mut builder = Graph::builder();
    aws::add(&mut builder, &cloud, &installation)?;
    let graph = builder.build();
    let engine = Engine::new().clock(clock.clone()).timeout(LONGEST);
    let moved = |now| stage.move_to(now);
    let work = async {
        Ok::<_, anyhow::Error>(match verb.as_str() {
            "install" => told(&engine.apply(&graph).await, &graph, &cloud),
            "uninstall" => remove(&engine, DataPolicy::Keep, &graph, &cloud).await?,
            "wipe" => remove(&engine, DataPolicy::Delete, &graph, &cloud).await?,
            "plan" => {
                let plan = engine.plan(&graph).await?;
                println!("{}", json!({"plan": plan, "calls": cloud.calls.counts()}));
                ExitCode::SUCCESS
            }
            "orphans" => orphans(&cloud, &installation).await?,
            other => bail!("{other} is no verb"),
        })
    };
    tokio::select! {
        code = work => code,
        () = clock.drive(cloud.calls.clone(), moved) => bail!("time ended"),
    }
}

/// Not while others have something in the cluster that keeps it.
async fn remove(
    engine: &Engine,
    data: DataPolicy,
    graph: &Graph,
    cloud: &Cloud,
) -> Result<ExitCode> {
    let plan = engine.plan_deletion(graph, data).await?;
    let keepers = cloud.keepers_of_cluster(&plan).await?;
    if keepers.is_empty() {
        return Ok(told(&engine.delete(graph, data).await, graph, cloud));
    }
    println!("{}", json!({"error": keepers}));
    Ok(ExitCode::from(5))
}

/// What a cluster that was only used has left: whether it is data, and its ARN.
async fn orphans(cloud: &Cloud, installation: &Installation) -> Result<ExitCode> {
    let on_aws = installation.on_aws();
    let cluster = on_aws.and_then(|on_aws| on_aws.aws.existing.eks_cluster.as_ref());
    let cluster = cluster.context("the file names no cluster")?;
    let orphans = cloud.orphans(installation, cluster).await?;
    let pair = |orphan: &Orphan| json!([orphan.holds_data, orphan.arn]);
    let orphans: Vec<_> = orphans.iter().map(pair).collect();
    println!(
        "{}",
        json!({"orphans": orphans, "calls": cloud.calls.counts()})
    );
    Ok(ExitCode::SUCCESS)
}

fn told(report: &Report, graph: &Graph, cloud: &Cloud) -> ExitCode {
    let result = json!({
        "report": report,
        "usual": graph.critical_path(),
        "path": report.critical_path(),
        "calls": cloud.calls.counts(),
        "error": report.result().err().map(|error| error.to_string()),
    });
    println!("{result}");
    let refused = report
        .entries
        .iter()
        .any(|entry| matches!(entry.outcome, Outcome::Refused { .. }));
    match report.result() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if refused => ExitCode::from(5),
        Err(_) => ExitCode::FAILURE,
    }
}
