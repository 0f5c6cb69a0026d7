//! What a verification found.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use super::{
    Options,
    step::Step,
    suspect::{self, Suspect},
};
use crate::{Error, IndexKind, Metric};

/// What a verification found. Its JSON form is a contract (docs/schema).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether every step held, and nothing was left behind.
    pub passed: bool,
    /// The server's version, as it spells it.
    pub server_version: Option<String>,
    /// Name of the collection that was used.
    pub collection: String,
    /// Rows that were stored.
    pub rows: u32,
    /// Numbers in each vector.
    pub dimension: u32,
    /// Kind of index.
    pub index: IndexKind,
    /// How near was measured.
    pub metric: Metric,
    /// Seed of the rows.
    pub seed: u64,
    /// Every step, in order.
    pub steps: Vec<StepReport>,
    /// How many of the true neighbours were found.
    pub recall: Recall,
    /// Whether the collection is gone.
    pub cleanup: Cleanup,
    /// What earlier verifications had left behind.
    pub leftovers: Vec<Leftover>,
    /// What a server of this kind cannot show, or would not show truly; empty for Milvus itself.
    pub not_proven: Vec<&'static str>,
    /// How long everything took; milliseconds in JSON.
    #[serde(rename = "tookMillis", serialize_with = "millis")]
    pub took: Duration,
}

/// The share of true neighbours that searches found, 0 to 1; absent where no search was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recall {
    /// When the server looks as hard as it can.
    pub thorough: Option<f64>,
    /// With the parameters that applications use.
    pub usual: Option<f64>,
}

/// What one step found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// Its name in documents: `filteredSearch`.
    pub step: &'static str,
    /// What it does.
    pub title: &'static str,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took; milliseconds in JSON.
    #[serde(rename = "tookMillis", serialize_with = "millis")]
    pub took: Duration,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum Outcome {
    /// Everything that it asserts holds.
    Passed {
        /// What was asserted, with numbers.
        asserted: String,
    },
    /// It does not hold.
    Failed(Failure),
    /// The server does not know the calls that it needs.
    Unsupported {
        /// What the server does not know.
        reason: String,
    },
    /// It was not begun, because an earlier step did not hold.
    Skipped,
    /// The user stopped it.
    Cancelled,
}

/// Why a step does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found, or what the server said.
    pub found: String,
    /// In which way it does not hold.
    pub kind: FailureKind,
    /// The parts of the installation to look at, the likeliest first; empty where the step points at none.
    pub suspects: Vec<Suspect>,
    /// What to look for there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
}

/// In which way a step does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// It did not end in time.
    Hung,
    /// The server said that it failed.
    ServerFailed,
    /// The connection could not be made, or broke.
    Unreachable,
    /// The server refused the login, or the user lacks a right.
    Refused,
    /// The server answered, and the answer is not the true one.
    Wrong,
}

/// A collection that a verification had left behind because it was killed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leftover {
    /// Its name.
    pub collection: String,
    /// How old it was, by the server's clock; seconds in JSON.
    #[serde(rename = "ageSeconds", serialize_with = "seconds")]
    pub age: Duration,
    /// Why it could not be dropped; absent where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_because: Option<String>,
}

/// What became of the collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum Cleanup {
    /// It is gone.
    Done,
    /// It could not be removed.
    Failed {
        /// Its name.
        collection: String,
        /// Why.
        reason: String,
    },
}

impl Report {
    pub(super) fn new(options: &Options, collection: &str) -> Self {
        Self {
            passed: true,
            server_version: None,
            collection: collection.to_owned(),
            rows: options.rows,
            dimension: options.dimension,
            index: options.index,
            metric: options.metric,
            seed: options.seed,
            steps: Vec::new(),
            recall: Recall::default(),
            cleanup: Cleanup::Done,
            leftovers: Vec::new(),
            not_proven: Vec::new(),
            took: Duration::ZERO,
        }
    }

    /// The report about a server that could not even be connected to.
    pub fn unreachable(options: &Options, error: Error) -> Self {
        let mut report = Self::new(options, "");
        for step in Step::ALL {
            report.push(StepReport::skipped(step));
        }
        if let Some(connect) = report.steps.first_mut() {
            let failure = Failure::from(error).at(Step::Connect, false);
            connect.outcome = Outcome::Failed(failure);
        }
        report
    }

    pub(super) fn push(&mut self, step: StepReport) {
        self.passed &= matches!(
            step.outcome,
            Outcome::Passed { .. } | Outcome::Unsupported { .. }
        );
        self.steps.push(step);
    }

    /// The step that did not hold.
    pub fn failed_step(&self) -> Option<(&StepReport, &Failure)> {
        self.steps.iter().find_map(|step| match &step.outcome {
            Outcome::Failed(failure) => Some((step, failure)),
            _ => None,
        })
    }

    /// Whether the user stopped it.
    pub fn was_cancelled(&self) -> bool {
        self.steps
            .iter()
            .any(|step| step.outcome == Outcome::Cancelled)
    }
}

impl StepReport {
    pub(super) fn skipped(step: Step) -> Self {
        Self {
            step: step.id(),
            title: step.title(),
            outcome: Outcome::Skipped,
            took: Duration::ZERO,
        }
    }
}

impl Failure {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            expected: Some(expected.into()),
            ..Self::of(FailureKind::Wrong, found.into())
        }
    }

    pub(super) fn hung(limit: Duration, waiting_for: Option<&str>) -> Self {
        let found = match waiting_for {
            Some(what) => format!("no end within {limit:.0?}, still {what}"),
            None => format!("no answer within {limit:.0?}"),
        };
        Self::of(FailureKind::Hung, found)
    }

    fn of(kind: FailureKind, found: String) -> Self {
        Self {
            expected: None,
            found,
            kind,
            suspects: Vec::new(),
            hint: None,
        }
    }

    /// The same failure with what the step points at; `answers`: whether the server has answered anything at all.
    pub(super) fn at(mut self, step: Step, answers: bool) -> Self {
        let pointer = match self.kind {
            FailureKind::Wrong | FailureKind::Refused => return self,
            FailureKind::Hung | FailureKind::ServerFailed | FailureKind::Unreachable => {
                suspect::known_reason(&self.found)
                    .unwrap_or_else(|| suspect::of_step(step, answers))
            }
        };
        self.suspects = pointer.suspects.to_vec();
        self.hint = Some(pointer.hint);
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::of(FailureKind::from(&error), super::chain(&error))
    }
}

impl From<&Error> for FailureKind {
    fn from(error: &Error) -> Self {
        match error {
            Error::Unsure { cause, .. } => Self::from(&**cause),
            Error::Deadline { .. } => Self::Hung,
            Error::Server { .. } => Self::ServerFailed,
            Error::Connect { .. } | Error::Transport { .. } | Error::Http { .. } => {
                Self::Unreachable
            }
            Error::Unauthenticated { .. } | Error::PermissionDenied { .. } => Self::Refused,
            Error::InvalidEndpoint { .. }
            | Error::Unsupported { .. }
            | Error::TooOld { .. }
            | Error::InvalidRows { .. }
            | Error::Protocol { .. } => Self::Wrong,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.expected {
            Some(expected) => write!(f, "expected {expected}, found {}", self.found),
            None => f.write_str(&self.found),
        }
    }
}

fn millis<S: Serializer>(duration: &Duration, output: S) -> Result<S::Ok, S::Error> {
    output.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

fn seconds<S: Serializer>(duration: &Duration, output: S) -> Result<S::Ok, S::Error> {
    output.serialize_u64(duration.as_secs())
}
