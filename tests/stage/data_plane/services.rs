//! What a Milvus cluster is given: etcd, Kafka and S3. One set for all servers of a run, reached by pods as well.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::{kafka, pki, python, ready, require_inside};
use crate::cache::Cache;
use crate::control::{Component, Stage, State};
use crate::kubernetes::NODE_ADDRESS;
use crate::lifecycle;
use crate::parts::Parts;
use crate::wait::{self, Look};

/// Login of Kafka's user, as a customer makes it.
pub(super) const KAFKA_USER: &str = "milvus";
pub(super) const KAFKA_PASSWORD: &str = "kafka-of-the-stage";
const KAFKA_PORT: u16 = 9096;
const S3_PORT: u16 = 9000;
const ETCD_PORT: u16 = 12379;
const ETCD_PEER_PORT: u16 = 12380;

const ETCD: &str = "dp-etcd";
const KAFKA: &str = "dp-kafka";
const S3: &str = "dp-s3";
pub(super) const NAMES: &[&str] = &[ETCD, KAFKA, S3];

const LIMIT: Duration = Duration::from_mins(1);

/// etcd, Kafka and S3, started; they run until [`super::down`] or the end of the stage.
#[derive(Clone, Debug)]
pub struct Services {
    stage: Stage,
    parts: Parts,
    dir: PathBuf,
    /// How long Kafka's log was before the start that is waited for.
    kafka_log_before: Option<usize>,
}

impl Services {
    /// Starts what does not run yet, and waits until all of it answers.
    pub fn start(cache: &Cache) -> Result<Self> {
        let services = Self::launch(cache)?;
        services.wait()?;
        Ok(services)
    }

    /// Starts what does not run yet; only etcd is waited for, because Milvus gives up without it.
    pub(super) fn launch(cache: &Cache) -> Result<Self> {
        require_inside(cache)?;
        let parts = lifecycle::build(cache)?;
        let _lock = cache.lock("data-plane")?;
        let dir = cache.run_dir().join("data-plane");
        fs::create_dir_all(&dir).with_context(|| format!("creating {}", dir.display()))?;
        let mut services = Self {
            stage: Stage::at(cache.run_dir()),
            parts,
            dir,
            kafka_log_before: None,
        };
        if !pki::is_there(&services.pki()) {
            pki::write(&services.pki())?;
        }
        if !services.runs(KAFKA)? {
            services.kafka_log_before = Some(services.kafka_log().len());
            let part = services.parts.dir("kafka")?;
            let component =
                kafka::component(KAFKA, part, &services.dir.join("kafka"), &services.pki())?;
            services.stage.start(component)?;
        }
        for (name, component) in [(ETCD, services.etcd()?), (S3, services.s3()?)] {
            if !services.runs(name)? {
                services.stage.start(component)?;
            }
        }
        ready::listens(&services.stage, ETCD, ETCD_PORT)?;
        Ok(services)
    }

    /// Waits until Kafka and S3 answer.
    pub(super) fn wait(&self) -> Result<()> {
        ready::listens(&self.stage, S3, S3_PORT)?;
        if let Some(before) = self.kafka_log_before {
            wait::until("Kafka to say that it has started", LIMIT, || {
                self.stage.still_runs(KAFKA)?;
                let log = self.kafka_log();
                Ok(match log.get(before..) {
                    Some(new) if new.contains("Kafka Server started") => Look::Done(()),
                    _ => Look::NotYet(format!("see {}", self.stage.log(KAFKA).display())),
                })
            })?;
        }
        ready::listens(&self.stage, KAFKA, KAFKA_PORT)
    }

    /// `host:port` of Kafka's SASL_SSL listener, for pods and for processes beside them.
    pub fn kafka_bootstrap(&self) -> String {
        format!("{NODE_ADDRESS}:{KAFKA_PORT}")
    }

    /// Kafka's user.
    pub fn kafka_user(&self) -> &'static str {
        KAFKA_USER
    }

    /// Password of Kafka's user, for SCRAM-SHA-512.
    pub fn kafka_password(&self) -> &'static str {
        KAFKA_PASSWORD
    }

    /// `host:port` of S3, which speaks TLS.
    pub fn s3_address(&self) -> String {
        format!("{NODE_ADDRESS}:{S3_PORT}")
    }

    /// `host:port` of etcd, without TLS and login.
    pub fn etcd_address(&self) -> String {
        format!("{NODE_ADDRESS}:{ETCD_PORT}")
    }

    /// Certificate of the CA that signed for Kafka and S3, as PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.pki().join("ca.crt")
    }

    /// Certificate and key of all servers beside Kubernetes.
    pub(crate) fn server_pair(&self) -> [PathBuf; 2] {
        ["server.crt", "server.key"].map(|name| self.pki().join(name))
    }

    /// A command that asks the broker as its administrator; arguments of `kafka-configs` follow.
    pub(crate) fn kafka_configs(&self) -> Result<Vec<String>> {
        let folder = self.dir.join("kafka");
        let settings = folder.join("admin.properties");
        pki::secret(&settings, &kafka::admin_properties(&self.ca_file()))?;
        Ok(vec![
            "java".to_owned(),
            "-XX:+UseSerialGC".to_owned(),
            "-XX:TieredStopAtLevel=1".to_owned(),
            "-cp".to_owned(),
            format!("{}/libs/*", self.parts.dir("kafka")?.display()),
            "kafka.admin.ConfigCommand".to_owned(),
            "--bootstrap-server".to_owned(),
            self.kafka_bootstrap(),
            "--command-config".to_owned(),
            settings.display().to_string(),
        ])
    }

    /// Makes a user for Kafka, or gives an existing one another password.
    pub fn add_kafka_user(&self, name: &str, password: &str) -> Result<()> {
        let file = self.dir.join("kafka/user.properties");
        pki::secret(&file, &kafka::user_properties(password))?;
        let mut words = self.kafka_configs()?.into_iter();
        let mut command = Command::new(words.next().context("no program")?);
        let changed = command
            .args(words)
            .args(["--alter", "--entity-type", "users", "--entity-name", name])
            .arg("--add-config-file")
            .arg(&file)
            .output()
            .context("starting Kafka's tool for users");
        fs::remove_file(&file).context("removing the user's properties")?;
        let changed = changed?;
        if !changed.status.success() {
            let said = String::from_utf8_lossy(&changed.stderr);
            bail!("making Kafka's user {name}: {}", said.trim());
        }
        Ok(())
    }

    /// A folder to be seen as `/etc/ssl` by who shall trust that CA.
    pub(crate) fn trust_dir(&self) -> PathBuf {
        self.pki().join("ssl")
    }

    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    fn pki(&self) -> PathBuf {
        self.dir.join("pki")
    }

    fn kafka_log(&self) -> String {
        let text = fs::read(self.stage.log(KAFKA)).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn etcd(&self) -> Result<Component> {
        let debian = self.parts.dir("debian")?;
        let client = format!("http://{}", self.etcd_address());
        let peer = format!("http://127.0.0.1:{ETCD_PEER_PORT}");
        // The stage's /run is in memory: nothing waits for the disk.
        Ok(Component::new(ETCD, debian.join("bin/etcd")).args([
            "--data-dir=/run/data-plane-etcd".to_owned(),
            format!("--listen-client-urls=http://0.0.0.0:{ETCD_PORT}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--auto-compaction-mode=revision".to_owned(),
            "--auto-compaction-retention=1000".to_owned(),
        ]))
    }

    fn s3(&self) -> Result<Component> {
        let pki = self.pki();
        Ok(python::component(S3, self.parts.dir("moto")?)
            .args(["-m", "moto.server", "-H", "0.0.0.0", "-p"])
            .arg(S3_PORT.to_string())
            .args(["--ssl-cert", &pki.join("server.crt").to_string_lossy()])
            .args(["--ssl-key", &pki.join("server.key").to_string_lossy()]))
    }

    fn runs(&self, name: &str) -> Result<bool> {
        let reports = self.stage.components()?;
        Ok(reports
            .iter()
            .any(|report| report.name == name && report.state == State::Running))
    }
}
