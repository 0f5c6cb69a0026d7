//! The plugin on the stage: the same library and command line, on a clock that leaps while AWS alone is waited for.
//! `AWS_ENDPOINT_URL` names the stage.

mod control;
mod leaping_clock;

use std::process::ExitCode as ProcessExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::Parser as _;
use kubectl_milvus::cli::Cli;
use kubectl_milvus::printer::Printer;
use kubectl_milvus::{Host, run_on};
use milvus_aws_core::aws::CallLog;
use milvus_aws_core::engine::Engine;

use control::Control;
use leaping_clock::LeapingClock;

fn main() -> Result<ProcessExitCode> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(run(cli));
    runtime.shutdown_background();
    code
}

async fn run(cli: Cli) -> Result<ProcessExitCode> {
    let stage = Control::from_environment()?;
    let clock = LeapingClock::starting_at(stage.now()?);
    let calls = CallLog::default();
    let heard = clock.clone();
    let host = Host {
        engine: Engine::new().clock(clock.clone()),
        calls: calls.clone(),
        heard: Arc::new(move |event| heard.hear(event)),
    };
    let printer = Printer::new(cli.output);
    let work = async {
        match run_on(cli, &host, printer).await {
            Ok(code) => code,
            Err(error) => {
                let _shown = printer.error(&error, error.hint().as_deref());
                error.exit_code()
            }
        }
    };
    tokio::select! {
        code = work => Ok(code.into()),
        () = clock.drive(calls, |now| stage.move_to(now)) => unreachable!("the clock never ends"),
    }
}
