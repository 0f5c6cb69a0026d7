//! Proof, with pymilvus in place of our own client, that every shape of server works and that every fault shows.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::Value;

use super::{Fault, FaultProxy, Login, Server, Services, Shape, Variant, peer};
use crate::cache::Cache;
use crate::report;

/// Limit of a call to a server that is expected to fail: no shorter, or a busy machine would look like a fault.
const LIMIT: Duration = Duration::from_secs(30);

/// Faults, and what pymilvus' script says of each.
const FAULTS: [(Fault, &str); 6] = [
    (Fault::WrongNeighbours, "nearest of stored vectors"),
    (Fault::MissNearest, "nearest of stored vectors"),
    (Fault::WrongCount, "count: found 2999"),
    (Fault::KeepDeleted, "deleted rows"),
    (Fault::Hang("Search"), "[search]"),
    (Fault::DropAfter("CreateCollection"), "[create_collection]"),
];

/// Runs all of it, and writes how long each took.
pub fn run(cache: &Cache) -> Result<()> {
    timed("etcd, Kafka and S3", || Services::start(cache))?;
    for shape in [Shape::Lite, Shape::Standalone] {
        let server = timed(&format!("{shape:?}"), || Server::start(cache, shape))?;
        passes(
            &format!("{shape:?}"),
            &peer::hello(cache, &server.endpoint(), None)?,
        );
    }
    let cluster = timed("Cluster", || Server::start(cache, Shape::Cluster))?;
    passes("Cluster", &peer::hello(cache, &cluster.endpoint(), None)?);
    faults(cache, &cluster.endpoint())?;
    drop(cluster);
    variants(cache)
}

fn faults(cache: &Cache, upstream: &str) -> Result<()> {
    let sound = FaultProxy::start(cache, upstream, Fault::Nothing)?;
    passes(
        "proxy without a fault",
        &peer::hello(cache, &sound.endpoint(), None)?,
    );
    for (fault, wanted) in FAULTS {
        let proxy = timed(&format!("{fault:?}"), || {
            FaultProxy::start(cache, upstream, fault)
        })?;
        fails(
            &format!("{fault:?}"),
            cache,
            &proxy.endpoint(),
            None,
            wanted,
        )?;
    }
    Ok(())
}

fn variants(cache: &Cache) -> Result<()> {
    let start = |variant| {
        timed(&format!("{variant:?}"), || {
            Server::start_with(cache, Shape::Standalone, variant)
        })
    };
    let server = start(Variant::WrongKafkaPassword)?;
    fails("WrongKafkaPassword", cache, &server.endpoint(), None, "")?;
    drop(server);
    let server = start(Variant::Authorization)?;
    let Some(users) = server.users() else {
        bail!("a server with authorization names no users");
    };
    passes(
        "root",
        &peer::hello(cache, &server.endpoint(), Some(users.root))?,
    );
    fails("nobody", cache, &server.endpoint(), None, "")?;
    fails(
        "without rights",
        cache,
        &server.endpoint(),
        Some(users.without_rights),
        "permission deny",
    )
}

fn timed<T>(what: &str, action: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let value = action()?;
    report::line(format!(
        "{what}: ready after {}",
        report::seconds(start.elapsed())
    ));
    Ok(value)
}

fn passes(what: &str, result: &Value) {
    report::line(format!(
        "{what}: passes in {} s: {}",
        result["total"], result["steps"]
    ));
}

fn fails(
    what: &str,
    cache: &Cache,
    endpoint: &str,
    login: Option<Login>,
    wanted: &str,
) -> Result<()> {
    let start = Instant::now();
    let Err(error) = peer::hello_within(cache, endpoint, login, LIMIT) else {
        bail!("{what}: pymilvus noticed nothing");
    };
    let text = format!("{error:#}");
    if !text.contains(wanted) {
        bail!("{what}: pymilvus failed otherwise than by {wanted:?}: {text}");
    }
    let took = report::seconds(start.elapsed());
    let first: String = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    report::line(format!("{what}: fails after {took}: {first}"));
    Ok(())
}
