//! A local AWS for tests of the engine: moto, our MSK and EKS, on virtual time. `README.md` beside this file says what
//! it does not do.

mod http;
mod joined;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

pub use self::joined::{Joined, check, environment, guide_account, joined, joined_by_eks};
use crate::cache::Cache;
use crate::{data_plane, parts};

const PART: &str = "moto";
const REGION: &str = "us-west-2";
const DURATIONS: &str = include_str!("durations.json");
/// How long a look at the gate may take beyond what was asked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running AWS of its own: an empty account at virtual time zero. It ends when this is dropped.
#[derive(Debug)]
pub struct AwsStage {
    // Its stdin is a pipe that we hold: the process ends with us even if nothing of ours runs any more.
    // None for the one that the stage runs, which stays.
    child: Option<Child>,
    port: u16,
    endpoint: String,
}

/// What answers point to, where the real parts of the stage run beside it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `host:port` that every MSK cluster gives as its brokers.
    pub kafka_bootstrap: Option<String>,
    /// URL that every EKS cluster gives as its endpoint.
    pub kubernetes_endpoint: Option<String>,
    /// PEM file of that endpoint's CA.
    pub kubernetes_ca: Option<PathBuf>,
    /// TLS beside plain HTTP.
    pub tls: Option<Tls>,
}

/// A second port, which speaks TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// Where it listens; nobody else may.
    pub port: u16,
    /// PEM file of its certificate.
    pub certificate: PathBuf,
    /// PEM file of its key.
    pub key: PathBuf,
}

/// One call that AWS got.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Call {
    /// Counts from 1 since the calls were last cleared.
    pub n: u64,
    /// As boto3 calls it: `ec2`, `elbv2`, `resourcegroupstaggingapi` …
    pub service: String,
    /// `CreateVpc`.
    pub operation: String,
    /// Whether it may change something.
    pub write: bool,
    /// HTTP status, 0 if there was no answer.
    pub status: u16,
    /// The error's code; `dropped` and `lost` are faults without an answer.
    pub error: Option<String>,
    /// When, in virtual seconds.
    pub at: f64,
}

/// Where a write is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is never executed.
    Before,
    /// It is executed, and never answered.
    After,
}

/// A write that is held.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Held {
    /// Which service.
    pub service: String,
    /// Which operation.
    pub operation: String,
}

/// Keys of a user or a role that a test made for itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Principal {
    /// ARN of the user or role.
    pub arn: String,
    /// The access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// Roles have one.
    pub session_token: Option<String>,
}

impl AwsStage {
    /// Starts one on a free port of loopback; builds the Python packages that it needs, if they are not in the cache.
    pub fn start(cache: &Cache) -> Result<Self> {
        Self::start_with(cache, &Options::default())
    }

    /// The same beside real parts of the stage.
    pub fn start_with(cache: &Cache, options: &Options) -> Result<Self> {
        let mut command = python(cache)?;
        command.args(["-m", "stage_aws", "--port", "0"]);
        let texts = [
            ("--kafka-bootstrap", options.kafka_bootstrap.as_deref()),
            (
                "--kubernetes-endpoint",
                options.kubernetes_endpoint.as_deref(),
            ),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                command.args([name, text]);
            }
        }
        if let Some(path) = &options.kubernetes_ca {
            command.arg("--kubernetes-ca").arg(path);
        }
        if let Some(tls) = &options.tls {
            command.args(["--tls-port", &tls.port.to_string()]);
            command.arg("--tls-cert").arg(&tls.certificate);
            command.arg("--tls-key").arg(&tls.key);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting the stage's AWS")?;
        let port = listening(&mut child);
        if port.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let port = port?;
        Ok(Self {
            child: Some(child),
            port,
            endpoint: format!("http://127.0.0.1:{port}"),
        })
    }

    /// What `AWS_ENDPOINT_URL` is to be.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The region that is emulated.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// Virtual time since the start or the last reset.
    pub fn clock(&self) -> Result<Duration> {
        now(&self.call("GET", "clock", None)?)
    }

    /// Moves virtual time on to that moment; one in the past is no move. Returns what it is then.
    pub fn advance_to(&self, moment: Duration) -> Result<Duration> {
        let body = json!({ "to": moment.as_secs_f64() });
        now(&self.call("POST", "clock", Some(&body))?)
    }

    /// Moves virtual time on. Returns what it is then.
    pub fn advance(&self, by: Duration) -> Result<Duration> {
        let body = json!({ "advance": by.as_secs_f64() });
        now(&self.call("POST", "clock", Some(&body))?)
    }

    /// An empty account at virtual time zero, without faults, gate, records and enforcement.
    pub fn reset(&self) -> Result<()> {
        self.call("POST", "reset", None).map(drop)
    }

    /// All calls since the start, the last reset or [`Self::clear_calls`].
    pub fn calls(&self) -> Result<Vec<Call>> {
        Ok(serde_json::from_value(self.call("GET", "calls", None)?)?)
    }

    /// Forgets the calls.
    pub fn clear_calls(&self) -> Result<()> {
        self.call("DELETE", "calls", None).map(drop)
    }

    /// Adds a rule of what goes wrong; README.md has its keys.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers write json!({…}) here"
    )]
    pub fn fault(&self, rule: Value) -> Result<()> {
        self.call("POST", "faults", Some(&rule)).map(drop)
    }

    /// The rules, with how many calls each has seen and how often it struck.
    pub fn faults(&self) -> Result<Vec<Value>> {
        self.list("faults")
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&self) -> Result<()> {
        self.call("DELETE", "faults", None).map(drop)
    }

    /// Holds the `n`th write from now on; 1 is the next one. No later one is executed: who dies there writes no more.
    pub fn gate(&self, n: usize, hold: Hold) -> Result<()> {
        let when = match hold {
            Hold::Before => "before",
            Hold::After => "after",
        };
        let body = json!({ "n": n, "when": when, "later": true });
        self.call("POST", "gate", Some(&body)).map(drop)
    }

    /// Waits until a write is held, at most a minute; none if none was for that long.
    pub fn held(&self, limit: Duration) -> Result<Option<Held>> {
        let route = format!("gate?seconds={}", limit.as_secs_f64());
        let answer = http::call(self.port, "GET", &route, None, limit + PATIENCE)?;
        Ok(serde_json::from_value(answer["held"].clone())?)
    }

    /// Drops the connection of the write that is held, and holds none any more.
    pub fn open_gate(&self) -> Result<()> {
        self.call("DELETE", "gate", None).map(drop)
    }

    /// Everything in the account: `present`, and `leaving` for keys and secrets that AWS will remove by itself.
    pub fn inventory(&self) -> Result<Value> {
        self.call("GET", "inventory", None)
    }

    /// What the API server of a cluster makes of a token: a `TokenReview`, answered.
    pub fn review_token(&self, review: &Value) -> Result<Value> {
        self.call("POST", "kubernetes/token-review", Some(review))
    }

    /// From now on the region offers every version of Kafka but those.
    pub fn without_kafka(&self, versions: &[&str]) -> Result<()> {
        let body = json!({ "without": versions });
        self.call("POST", "kafka/versions", Some(&body)).map(drop)
    }

    /// Turns IAM enforcement on or off.
    pub fn enforce(&self, enforce: bool) -> Result<()> {
        let body = json!({ "enforce": enforce });
        self.call("POST", "auth", Some(&body)).map(drop)
    }

    /// Makes a user with that policy, or gives an existing one that policy. It does not count in the inventory.
    pub fn user(&self, name: &str, policy: &Value) -> Result<Principal> {
        self.principal("user", name, policy)
    }

    /// Makes a role with that policy, and assumes it. It does not count in the inventory.
    pub fn role(&self, name: &str, policy: &Value) -> Result<Principal> {
        self.principal("role", name, policy)
    }

    fn principal(&self, kind: &str, name: &str, policy: &Value) -> Result<Principal> {
        let body = json!({ "kind": kind, "name": name, "policy": policy });
        let made = self.call("POST", "principals", Some(&body))?;
        Ok(serde_json::from_value(made)?)
    }

    /// What enforcement denied: `action`, `resource`, `principal`, `operation`.
    pub fn denied(&self) -> Result<Vec<Value>> {
        self.list("denied")
    }

    /// What enforcement asked for and allowed: `action`, `operation`.
    pub fn used(&self) -> Result<Vec<Value>> {
        self.list("used")
    }

    /// Requests and answers that break AWS's service model, and faults of the stage itself; tests assert that there are none.
    pub fn invalid(&self) -> Result<Vec<Value>> {
        self.list("invalid")
    }

    /// Every login that is associated with an MSK cluster, and whether it `works` by now.
    pub fn logins(&self) -> Result<Vec<Value>> {
        self.list("logins")
    }

    /// Clusters say from now on that their API servers are there. Returns where they said so before.
    pub fn kubernetes_at(&self, endpoint: &Value) -> Result<Value> {
        let body = json!({ "endpoint": endpoint });
        let before = self.call("POST", "kubernetes/endpoint", Some(&body))?;
        Ok(before["endpoint"].clone())
    }

    /// `issuer`, `discovery`, `jwks` and `private_key` of an EKS cluster.
    pub fn oidc(&self, cluster: &str) -> Result<Value> {
        self.call("GET", &format!("oidc?cluster={cluster}"), None)
    }

    /// A service account's token of an EKS cluster, as its pods would have it for STS.
    pub fn service_account_token(&self, cluster: &str, subject: &str) -> Result<String> {
        let body = json!({ "cluster": cluster, "subject": subject });
        let answer = self.call("POST", "oidc/token", Some(&body))?;
        let token = answer["token"].as_str();
        Ok(token.context("the stage's AWS gave no token")?.to_owned())
    }

    fn list(&self, route: &str) -> Result<Vec<Value>> {
        Ok(serde_json::from_value(self.call("GET", route, None)?)?)
    }

    fn call(&self, method: &str, route: &str, body: Option<&Value>) -> Result<Value> {
        http::call(self.port, method, route, body, PATIENCE)
    }
}

impl Drop for AwsStage {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// How long things take, in virtual time: the table that the stage itself goes by.
pub fn durations() -> Result<BTreeMap<String, Duration>> {
    let table: BTreeMap<String, u64> = serde_json::from_str(DURATIONS).context("durations.json")?;
    Ok(table
        .into_iter()
        .map(|(name, seconds)| (name, Duration::from_secs(seconds)))
        .collect())
}

/// Python with the packages of the part (boto3 is among them), in the folder of the stage's sources.
pub fn python(cache: &Cache) -> Result<Command> {
    let table = data_plane::parts();
    let part = table.into_iter().filter(|part| part.name == PART).collect();
    let parts = parts::ensure(cache, part)?;
    let part = parts.dir(PART)?;
    let mut command = Command::new(part.join("python"));
    command
        .current_dir(folder())
        .env("PYTHONPATH", part.join("site"))
        // The checkout stays as it is.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("AWS_PROFILE");
    Ok(command)
}

/// Folder of the Python sources.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stage/aws")
}

/// The port that the process says it listens on.
fn listening(child: &mut Child) -> Result<u16> {
    let stdout = child.stdout.take().context("no pipe to the stage's AWS")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let Some(port) = line.trim().strip_prefix("listening on ") else {
        bail!("the stage's AWS did not start; it says {line:?}, and more on stderr");
    };
    port.parse()
        .with_context(|| format!("reading the port {port:?}"))
}

fn now(answer: &Value) -> Result<Duration> {
    let seconds = answer["now"].as_f64();
    let seconds = seconds.context("the stage's AWS did not say what time it is")?;
    Ok(Duration::try_from_secs_f64(seconds)?)
}
