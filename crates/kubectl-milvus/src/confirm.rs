//! What costs money, or takes over what is somebody else's, is shown first, and somebody agrees.

use std::io::{self, IsTerminal, Write};

use milvus_aws_core::engine::{Engine, Plan};

use crate::{plan_text, printer::Printer};

/// An engine that shows what it would do and asks; with `yes` it only shows.
pub(crate) fn asking(engine: Engine, yes: bool, printer: Printer) -> Engine {
    engine.agreement(move |plan: Plan| async move {
        printer.tell(&plan_text::text(&plan));
        let asked = move || agreed("make that?", printer).unwrap_or(false);
        yes || tokio::task::spawn_blocking(asked).await.unwrap_or(false)
    })
}

/// Asks on a terminal; elsewhere nobody can agree.
pub(crate) fn agreed(question: &str, printer: Printer) -> io::Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    printer.tell(&format!("{question} [y/N]"));
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
