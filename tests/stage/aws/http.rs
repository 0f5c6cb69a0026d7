//! One request to a control route of the stage's AWS.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The answer, or an error with what the stage says.
pub(super) fn call(
    port: u16,
    method: &str,
    route: &str,
    body: Option<&Value>,
    limit: Duration,
) -> Result<Value> {
    let what = || format!("asking the stage's AWS for {method} {route}");
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).with_context(what)?;
    stream.set_read_timeout(Some(limit))?;
    let head = format!(
        "{method} /moto-api/stage/{route} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut answer = Vec::new();
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .and_then(|()| stream.read_to_end(&mut answer))
        .with_context(what)?;
    let answer = String::from_utf8(answer).with_context(what)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("half an answer")
        .with_context(what)?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("{}: {}", what(), body);
    }
    serde_json::from_str(body).with_context(what)
}
