//! When a component can be used: seen from the stage's network, and given up at once if it has ended.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::control::Stage;
use crate::wait::{self, Look};

const LIMIT: Duration = Duration::from_secs(90);
/// For one attempt.
const ATTEMPT: Duration = Duration::from_secs(2);

/// Waits until the component accepts connections at the port.
pub(super) fn listens(stage: &Stage, name: &str, port: u16) -> Result<()> {
    wait::until(name, LIMIT, || {
        stage.still_runs(name)?;
        Ok(look(connect(port).map(drop)))
    })
}

/// Waits until the component's `/healthz` says OK.
pub(super) fn healthy(stage: &Stage, name: &str, port: u16) -> Result<()> {
    wait::until(name, LIMIT, || {
        stage.still_runs(name)?;
        Ok(look(says_ok(port)))
    })
}

fn look(outcome: Result<()>) -> Look<()> {
    match outcome {
        Ok(()) => Look::Done(()),
        Err(error) => Look::NotYet(format!("{error:#}")),
    }
}

fn connect(port: u16) -> Result<TcpStream> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpStream::connect_timeout(&address, ATTEMPT)
        .with_context(|| format!("connecting to {address}"))
}

fn says_ok(port: u16) -> Result<()> {
    let mut stream = connect(port)?;
    stream.set_read_timeout(Some(ATTEMPT))?;
    write!(stream, "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .with_context(|| format!("reading /healthz on port {port}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) != Some("200") || body.trim() != "OK" {
        let status = head.lines().next().unwrap_or_default();
        bail!("/healthz on port {port} says {status:?}, {:?}", body.trim());
    }
    Ok(())
}
