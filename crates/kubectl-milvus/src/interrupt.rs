//! Ctrl-C: the first asks the run to stop in good order, the second ends it at once.

use tokio_util::sync::CancellationToken;

use crate::ExitCode;

/// A token that Ctrl-C (and SIGTERM, where there is one) cancels; `tell` shows the user that it was heard.
pub(crate) fn token(tell: impl FnOnce(&str) + Send + 'static) -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        if signal().await.is_err() {
            return;
        }
        cancelled.cancel();
        tell("stopping after the call under way; once more to stop at once");
        if signal().await.is_ok() {
            #[expect(clippy::exit, reason = "the user asked twice to stop at once")]
            std::process::exit(ExitCode::Interrupted as i32);
        }
    });
    token
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
