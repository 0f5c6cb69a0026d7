//! The `kubectl-milvus` binary: reads arguments, calls the library, chooses the exit code.

use std::{env, io, process::ExitCode as ProcessExitCode};

use clap::Parser;
use kubectl_milvus::{Error, ExitCode, cli::Cli, printer::Printer};
use tracing_subscriber::EnvFilter;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ProcessExitCode {
    let cli = Cli::parse();
    if cli.verbose > 0 || env::var_os(EnvFilter::DEFAULT_ENV).is_some() {
        log_to_stderr(cli.verbose);
    }
    let printer = Printer::new(cli.output);
    let done = match kubectl_milvus::run_here(&cli, printer) {
        Some(done) => done,
        None => on_a_runtime(cli, printer),
    };
    let code = done.unwrap_or_else(|error| {
        let _shown = printer.error(&error, error.hint().as_deref());
        error.exit_code()
    });
    code.into()
}

/// Not a part of `main`, whose frame would have room for all that commands do on a runtime.
#[inline(never)]
fn on_a_runtime(cli: Cli, printer: Printer) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(kubectl_milvus::run(cli, printer));
    // A forwarded connection must not hold up the end of the command.
    runtime.shutdown_background();
    done
}

/// `-v` shows our own steps, `-vv` those of the libraries; `RUST_LOG` says it finer.
fn log_to_stderr(verbose: u8) {
    let default = match verbose {
        0 => "off",
        1 => "kubectl_milvus=debug,milvus_manifests=debug,milvus_probe=debug,milvus_aws_core=debug",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never)
        .init();
}
