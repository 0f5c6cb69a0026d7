//! `completion`: the completion script of a shell.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionArgs};

/// The script, for `source <(kubectl-milvus completion bash)` and its like.
pub(crate) fn run(args: &CompletionArgs) -> Vec<u8> {
    let mut script = Vec::new();
    // The script completes the binary; kubectl asks `kubectl_complete-milvus` for its own.
    let mut command = Cli::command().bin_name("kubectl-milvus");
    clap_complete::generate(args.shell, &mut command, "kubectl-milvus", &mut script);
    script
}
