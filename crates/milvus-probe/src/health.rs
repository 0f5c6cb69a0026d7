//! Port 9091: `/healthz` and `/metrics`. A server that says OK there may still be unable to log in to Kafka; only
//! [`verify`](crate::verify()) tells.

mod http;
mod metrics;

use std::time::Duration;

use crate::Error;

pub use http::HealthEndpoint;
pub use metrics::{InvalidMetrics, Sample, parse};

/// Longest time for one request.
const LIMIT: Duration = Duration::from_secs(10);

/// Whether `/healthz` says OK, and what it says otherwise.
pub async fn healthz(endpoint: &HealthEndpoint) -> Result<Result<(), String>, Error> {
    let answer = http::get(endpoint, "/healthz", LIMIT).await?;
    Ok(if answer.status == 200 {
        Ok(())
    } else {
        Err(answer.body.trim().to_owned())
    })
}

/// All samples of `/metrics`.
pub async fn metrics(endpoint: &HealthEndpoint) -> Result<Vec<Sample>, Error> {
    let answer = http::get(endpoint, "/metrics", LIMIT).await?;
    if answer.status != 200 {
        return Err(endpoint.nonsense("/metrics", format!("status {}", answer.status)));
    }
    parse(&answer.body).map_err(|error| endpoint.nonsense("/metrics", error.to_string()))
}
