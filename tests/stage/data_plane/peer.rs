//! pymilvus doing what we do, for comparison: `peer_hello.py` and `peer_insert.py`.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::{Login, python, require_inside};
use crate::cache::Cache;
use crate::lifecycle;

const HELLO: &str = include_str!("peer_hello.py");
const INSERT: &str = include_str!("peer_insert.py");

/// Limit of every call, unless told otherwise.
const LIMIT: Duration = Duration::from_mins(1);

/// The life of a collection: `{"rows", "dim", "steps": {name: seconds}, "total"}`; fails if an answer is wrong.
pub fn hello(cache: &Cache, endpoint: &str, login: Option<Login>) -> Result<Value> {
    hello_within(cache, endpoint, login, LIMIT)
}

/// The same, with a limit for every call.
pub fn hello_within(
    cache: &Cache,
    endpoint: &str,
    login: Option<Login>,
    limit: Duration,
) -> Result<Value> {
    let mut env = vec![("PEER_TIMEOUT", limit.as_secs_f64().to_string())];
    if let Some(login) = login {
        env.push(("MILVUS_USER", login.user.to_owned()));
        env.push(("MILVUS_PASSWORD", login.password.to_owned()));
    }
    run(cache, "peer_hello.py", HELLO, &[endpoint.to_owned()], env)
}

/// Insert of so many rows: `{"rows", "dim", "batch", "seconds", "rowsPerSecond"}`.
pub fn insert(cache: &Cache, endpoint: &str, rows: usize, dim: usize) -> Result<Value> {
    let args = [endpoint.to_owned(), rows.to_string(), dim.to_string()];
    run(cache, "peer_insert.py", INSERT, &args, Vec::new())
}

fn run(
    cache: &Cache,
    name: &str,
    text: &str,
    args: &[String],
    env: Vec<(&str, String)>,
) -> Result<Value> {
    require_inside(cache)?;
    let parts = lifecycle::build(cache)?;
    let output = python::command(parts.dir("pymilvus")?)
        .arg(python::script(cache, name, text)?)
        .args(args)
        .envs(env)
        .output()
        .with_context(|| format!("starting {name}"))?;
    if !output.status.success() {
        bail!(
            "{name} against {} ended with {}: {}",
            args[0],
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("reading what {name} wrote"))
}
