//! The stage's control routes, as far as a process on its time needs them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// The stage's clock, seen from a process that runs on it.
pub(crate) struct Control {
    address: String,
}

impl Control {
    /// The stage that `MILVUS_STAGE_AWS` names, else `AWS_ENDPOINT_URL`: calls may go another way.
    pub(crate) fn from_environment() -> Result<Self> {
        let url = std::env::var("MILVUS_STAGE_AWS").or_else(|_| std::env::var("AWS_ENDPOINT_URL"));
        let url = url.context("AWS_ENDPOINT_URL names the stage")?;
        let address = url
            .strip_prefix("http://")
            .context("the stage speaks plain HTTP")?;
        Ok(Self {
            address: address.trim_end_matches('/').to_owned(),
        })
    }

    /// The stage's time.
    pub(crate) fn now(&self) -> Result<Duration> {
        let answer = self.ask("GET", "clock", &json!({}))?;
        let seconds = answer["now"].as_f64().context("the clock says no time")?;
        Ok(Duration::from_secs_f64(seconds))
    }

    /// Moves the stage's time. Without the stage the run cannot go on: the next call fails and tells so.
    pub(crate) fn move_to(&self, now: Duration) {
        let _ = self.ask("POST", "clock", &json!({"to": now.as_secs_f64()}));
    }

    fn ask(&self, method: &str, route: &str, body: &Value) -> Result<Value> {
        let mut stream = TcpStream::connect(&self.address)?;
        let body = body.to_string();
        write!(
            stream,
            "{method} /moto-api/stage/{route} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let Some((head, body)) = answer.split_once("\r\n\r\n") else {
            bail!("the stage does not answer");
        };
        if !head.starts_with("HTTP/1.1 200") {
            bail!("the stage says {body}");
        }
        Ok(serde_json::from_str(body)?)
    }
}
