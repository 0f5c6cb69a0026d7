//! Proof that a server works: rows go in, and every answer is checked against what the client computed itself.

mod canary;
mod check;
mod dataset;
mod leftovers;
mod poll;
mod report;
mod step;
mod suspect;

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::{Client, Index, IndexKind, Metric, health::HealthEndpoint};

pub use canary::{CANARY_COLLECTION, Canary, InvalidStored, Stored};
use dataset::Dataset;
pub use report::{Cleanup, Failure, FailureKind, Leftover, Outcome, Recall, Report, StepReport};
use step::{Scenario, Step};
pub use suspect::Suspect;

/// Prefix of the collections that verifications make; a random number follows.
pub const COLLECTION_PREFIX: &str = "kubectl_milvus_verify_";

/// How long the collection's removal may take when the verification itself ended badly.
const CLEANUP_LIMIT: Duration = Duration::from_secs(8);

/// What is verified, and how long it may take.
#[derive(Debug, Clone)]
pub struct Options {
    /// Rows to store.
    pub rows: u32,
    /// Numbers in each vector.
    pub dimension: u32,
    /// Kind of index.
    pub index: IndexKind,
    /// How near is measured.
    pub metric: Metric,
    /// Seed of the rows; the same seed makes the same rows.
    pub seed: u64,
    /// Deadline of each step.
    pub step_limit: Duration,
    /// Deadline of the whole.
    pub limit: Duration,
    /// Whether the server must refuse callers without a login, and the default password of `root`.
    pub expect_authorization: bool,
    /// Where the server answers for its health; not asked when absent.
    pub health: Option<HealthEndpoint>,
}

/// Fewest rows: some are deleted, others are searched for.
pub const MIN_ROWS: u32 = 100;

impl Default for Options {
    fn default() -> Self {
        Self {
            rows: 3000,
            dimension: 8,
            index: IndexKind::IvfFlat,
            metric: Metric::L2,
            // Readers of JSON that know only 64-bit floats keep it exact.
            seed: rand::random::<u32>().into(),
            // A server whose brokers know no topics says so after 30 s; one whose brokers refuse it hangs for minutes. A
            // step that hangs, the steps before it and the removal together take less than a minute.
            step_limit: Duration::from_secs(40),
            limit: Duration::from_mins(5),
            expect_authorization: false,
            health: None,
        }
    }
}

/// Tells what goes on while a verification runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step began.
    Started {
        /// What it does.
        title: &'static str,
    },
    /// A step ended.
    Finished {
        /// What it did.
        title: &'static str,
        /// How it ended.
        outcome: Outcome,
        /// How long it took.
        took: Duration,
    },
}

/// Stores, indexes and finds vectors in a collection of its own, and checks every answer. The collection is removed in
/// the end, also after a failure and after a cancellation. Never fails: what went wrong is in the report.
pub async fn verify(
    client: &Client,
    options: &Options,
    mut listener: impl FnMut(&Event),
    cancellation: &CancellationToken,
) -> Report {
    let began = Instant::now();
    let collection = format!("{COLLECTION_PREFIX}{:016x}", rand::random::<u64>());
    let options = Options {
        rows: options.rows.max(MIN_ROWS),
        ..options.clone()
    };
    let mut scenario = Scenario::new(client, &options, &collection);
    let mut report = Report::new(&options, &collection);
    let mut ended = false;
    for step in Step::ALL {
        if ended {
            report.push(StepReport::skipped(step));
            continue;
        }
        let title = step.title();
        listener(&Event::Started { title });
        let started = Instant::now();
        let limit = options
            .step_limit
            .min(options.limit.saturating_sub(began.elapsed()));
        let outcome = tokio::select! {
            biased;
            () = cancellation.cancelled() => Outcome::Cancelled,
            result = tokio::time::timeout(limit, scenario.run(step)) => match result {
                Ok(Ok(asserted)) => asserted,
                Ok(Err(failure)) => Outcome::Failed(failure.at(step, scenario.answers())),
                Err(_) => {
                    let hung = Failure::hung(limit, scenario.last_wait());
                    Outcome::Failed(hung.at(step, scenario.answers()))
                }
            },
        };
        let took = started.elapsed();
        ended = matches!(outcome, Outcome::Failed(_) | Outcome::Cancelled);
        listener(&Event::Finished {
            title,
            outcome: outcome.clone(),
            took,
        });
        report.push(StepReport {
            step: step.id(),
            title,
            outcome,
            took,
        });
        if step == Step::Create && !ended {
            let dropping = leftovers::drop_old(client, &collection);
            let dropped = cancellation.run_until_cancelled(dropping).await;
            report.leftovers = dropped.unwrap_or_default();
        }
    }
    report.not_proven = scenario.not_proven();
    report.server_version = scenario.server_version.take();
    report.recall = scenario.recall;
    report.cleanup = if scenario.may_exist {
        remove(client, &collection).await
    } else {
        Cleanup::Done
    };
    report.took = began.elapsed();
    report
}

/// Drops what a verification that ended early has left.
async fn remove(client: &Client, collection: &str) -> Cleanup {
    let client = client.with_deadline(CLEANUP_LIMIT);
    match client.drop_collection(collection).await {
        Ok(()) => Cleanup::Done,
        Err(error) => Cleanup::Failed {
            collection: collection.to_owned(),
            reason: chain(&error),
        },
    }
}

/// An error and its causes in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

impl Options {
    fn index(&self) -> Index {
        Index {
            kind: self.index,
            metric: self.metric,
        }
    }
}
