//! Nothing is made in an account before its price was shown and somebody agreed.

use std::io::{IsTerminal, Write};

use crate::{error::Error, printer::Printer};

/// Asks on a terminal; elsewhere only `--yes` agrees.
pub(crate) fn confirm(yes: bool, question: &str, printer: Printer) -> Result<(), Error> {
    if yes {
        return Ok(());
    }
    let unconfirmed = || Error::NotAgreed;
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(unconfirmed());
    }
    printer.tell(&format!("{question} [y/N]"));
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(unconfirmed()),
    }
}
