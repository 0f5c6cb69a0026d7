//! `completion`: the completion script of a shell.

use clap::CommandFactory;

use crate::{
    ExitCode,
    cli::{Cli, CompletionArgs},
    error::Error,
    printer::Printer,
};

/// Writes the script, for `source <(kubectl-milvus completion bash)` and its like.
pub(crate) fn run(args: &CompletionArgs, printer: Printer) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    // The script completes the binary; kubectl asks `kubectl_complete-milvus` for its own.
    let mut command = Cli::command().bin_name("kubectl-milvus");
    clap_complete::generate(args.shell, &mut command, "kubectl-milvus", &mut script);
    printer.data(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Done)
}
