//! The AWS half beside the stage's Kubernetes and Kafka: started when something asks for it, ended with the stage.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{AwsStage, PART, folder};
use crate::cache::Cache;
use crate::control::{Component, State};
use crate::data_plane::Services;
use crate::kubernetes::{API_ADDRESS, NODE_ADDRESS, OIDC_ID};
use crate::wait::{self, Look};

const NAME: &str = "aws";
/// Where it answers without TLS; on 443 it answers with it.
const PORT: u16 = 4566;
const LIMIT: Duration = Duration::from_mins(1);
/// How pods get a role's credentials.
const POD_IDENTITY: &str = include_str!("pod_identity.yaml");
/// Volumes and their classes.
const EKS: &str = include_str!("eks.yaml");

/// The AWS half on a stage, with all that it stands on.
#[derive(Debug)]
pub struct Joined {
    /// Its control routes.
    pub aws: AwsStage,
    /// Kafka behind MSK, and the CA.
    pub services: Services,
}

impl Joined {
    /// What `AWS_ENDPOINT_URL` is to be, for processes in the stage's network and for pods.
    pub fn endpoint(&self) -> String {
        format!("http://{NODE_ADDRESS}:{PORT}")
    }
}

/// What somebody who works in that account has in the environment. kubectl's settings are a file of their own.
pub fn environment(cache: &Cache) -> Vec<(&'static str, OsString)> {
    let text = [
        ("AWS_ENDPOINT_URL", format!("http://{NODE_ADDRESS}:{PORT}")),
        ("AWS_REGION", super::REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "stage".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "stage".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    let kubeconfig = cache.run_dir().join("aws/kubeconfig");
    text.into_iter()
        .map(|(name, value)| (name, value.into()))
        .chain([("KUBECONFIG", kubeconfig.into())])
        .collect()
}

/// Starts what does not run yet, and waits until it answers. It stays until the stage ends. Of Kubernetes it changes
/// nothing but that pods get the credentials of roles. Callers must be in the stage's network.
pub fn joined(cache: &Cache) -> Result<Joined> {
    let services = Services::start(cache)?;
    let _lock = cache.lock("aws")?;
    let stage = services.stage().clone();
    let runs = |reports: Vec<crate::control::Report>| {
        let mut reports = reports.into_iter();
        reports.any(|report| report.name == NAME && report.state == State::Running)
    };
    let aws = AwsStage {
        child: None,
        port: PORT,
        endpoint: format!("http://{NODE_ADDRESS}:{PORT}"),
    };
    if !runs(stage.components()?) {
        stage.start(component(cache, &services)?)?;
        wait::until("the stage's AWS", LIMIT, || {
            stage.still_runs(NAME)?;
            Ok(match aws.clock() {
                Ok(_) => Look::Done(()),
                Err(error) => Look::NotYet(format!("{error:#}")),
            })
        })?;
        let ca = fs::read(services.ca_file()).context("reading the stage's CA")?;
        let objects = POD_IDENTITY.replace("@CA@", &STANDARD.encode(ca));
        apply(cache, &services, "pod-identity.yaml", &objects)?;
    }
    Ok(Joined { aws, services })
}

/// The same, in a cluster that has become EKS's: with its volumes, and another default class than before.
pub fn joined_by_eks(cache: &Cache) -> Result<Joined> {
    let joined = joined(cache)?;
    apply(cache, &joined.services, "eks.yaml", EKS)?;
    Ok(joined)
}

fn component(cache: &Cache, services: &Services) -> Result<Component> {
    let run = cache.run_dir();
    let part = services.parts().dir(PART)?;
    let dir = run.join("aws");
    fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
    let users = dir.join("kafka-users.json");
    fs::write(&users, serde_json::to_string(&services.kafka_configs()?)?)?;
    let text = |path: PathBuf| path.display().to_string();
    let [certificate, key] = services.server_pair();
    let options = [
        ("--host", "0.0.0.0".to_owned()),
        ("--port", PORT.to_string()),
        ("--kafka-bootstrap", services.kafka_bootstrap()),
        ("--kafka-users", text(users)),
        ("--kubernetes-endpoint", format!("https://{API_ADDRESS}")),
        ("--kubernetes-ca", text(run.join("pki/ca.crt"))),
        ("--kubernetes-issuer-id", OIDC_ID.to_owned()),
        ("--kubernetes-issuer-key", text(run.join("pki/sa.pub"))),
        ("--kubeconfig", text(run.join("admin.kubeconfig"))),
        ("--trust-dir", text(services.trust_dir())),
        ("--tls-cert", text(certificate)),
        ("--tls-key", text(key)),
    ];
    let options = options
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value]);
    Ok(Component::new(NAME, part.join("python"))
        .args(["-m", "stage_aws", "--in-stage"])
        .args(options)
        .env("PYTHONPATH", part.join("site").display().to_string())
        .env("PYTHONUNBUFFERED", "1")
        // The checkout stays as it is.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .dir(folder()))
}

fn apply(cache: &Cache, services: &Services, name: &str, objects: &str) -> Result<()> {
    let run = cache.run_dir();
    let path = run.join("aws").join(name);
    fs::write(&path, objects)?;
    let done = Command::new(services.parts().dir("kubernetes")?.join("bin/kubectl"))
        .arg("--kubeconfig")
        .arg(run.join("admin.kubeconfig"))
        .arg("--cache-dir")
        .arg(run.join("tmp/kubectl-cache"))
        .args([
            "apply",
            "--server-side",
            "--force-conflicts",
            "--field-manager=stage",
            "-f",
        ])
        .arg(path)
        .output()
        .context("starting kubectl")?;
    if !done.status.success() {
        bail!(
            "applying what AWS brings: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    Ok(())
}

/// An account that is empty but for an EKS cluster, and in it what the guide has: a bucket, and a role that a service account
/// (`NAMESPACE:NAME`) may take, to keep its objects there. Gives the role's ARN.
pub fn guide_account(
    cache: &Cache,
    joined: &Joined,
    bucket: &str,
    service_account: &str,
) -> Result<String> {
    let made = super::python(cache)?
        .args(["-m", "joined_contract.guide", bucket, service_account])
        .env("AWS_ENDPOINT_URL", joined.endpoint())
        .env("MILVUS_STAGE_RUN", cache.run_dir())
        .output()
        .context("starting what fills the account")?;
    if !made.status.success() {
        bail!(
            "filling the account: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&made.stdout).trim().to_owned())
}

/// Proves on a stage that is up that the joined parts do what they are for. The AWS half is emptied by it.
pub fn check(cache: &Cache, joined: &Joined) -> Result<()> {
    let parts = crate::lifecycle::build(cache)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let kubectl = parts.dir("kubernetes")?.join("bin");
    let path = std::env::join_paths([kubectl].into_iter().chain(std::env::split_paths(&path)))?;
    let done = super::python(cache)?
        .args([
            "-m",
            "unittest",
            "discover",
            "-s",
            "joined_contract",
            "-t",
            ".",
        ])
        .env("AWS_ENDPOINT_URL", joined.endpoint())
        .env("MILVUS_STAGE_RUN", cache.run_dir())
        .env("KUBECONFIG", cache.run_dir().join("admin.kubeconfig"))
        .env("PATH", path)
        .status()
        .context("starting the check of the joined stage")?;
    if !done.success() {
        bail!("the joined stage does not hold: {done}");
    }
    Ok(())
}
