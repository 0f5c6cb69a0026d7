//! What must hold for the log and for object storage.

use super::{
    BucketName, CloudProvider, HostPort, Kafka, KafkaSecurity, MilvusVersion, Pulsar, Region, S3,
    S3Access, ServiceAccount, Woodpecker, WoodpeckerStorage, diagnostic::Path, fault::missing,
    rules::Broken,
};
use crate::topology::{self, ConfigLoader, MessageQueue};

/// The first release that can log to a Woodpecker of its own (source: Milvus 2.6.6's release notes).
const WOODPECKER_SERVICE: (u64, u64, u64) = (2, 6, 6);
const CONTROL_CHARACTERS: &str = "must not hold control characters";

/// The logs that a section gives, and what is around them.
pub(super) struct Queues<'a> {
    pub(super) kafka: Option<&'a Kafka>,
    pub(super) pulsar: Option<&'a Pulsar>,
    pub(super) woodpecker: Option<&'a Woodpecker>,
    /// Whether the section says where objects are kept.
    pub(super) has_s3: bool,
    /// Whether there is no log without one of them.
    pub(super) needed: bool,
}

impl Queues<'_> {
    /// One log at most, and one that the version knows.
    pub(super) fn check(&self, version: &MilvusVersion, path: &Path, broken: &mut Vec<Broken>) {
        let given: Vec<(MessageQueue, &str)> = [
            (MessageQueue::Kafka, "kafka", self.kafka.is_some()),
            (MessageQueue::Pulsar, "pulsar", self.pulsar.is_some()),
            (
                MessageQueue::Woodpecker,
                "woodpecker",
                self.woodpecker.is_some(),
            ),
        ]
        .into_iter()
        .filter_map(|(queue, key, given)| given.then_some((queue, key)))
        .collect();
        if given.is_empty() && self.needed {
            broken.push((path.clone(), missing("kafka")));
        }
        if let [(_, first), rest @ ..] = given.as_slice() {
            for (_, key) in rest {
                let message = format!(
                    "Milvus logs to one service, `{first}` is given already; leave one of them out"
                );
                broken.push((path.key(key), message));
            }
        }
        let known = topology::line_of(version).cluster_queues;
        for (queue, key) in given.iter().filter(|(queue, _)| !known.contains(queue)) {
            let others: Vec<_> = known.iter().map(|known| known.setting()).collect();
            let message = format!(
                "Milvus {version} cannot log to {}, write `{}`",
                queue.name(),
                others.join("` or `")
            );
            broken.push((path.key(key), message));
        }
        if let Some(kafka) = self.kafka {
            check_kafka(kafka, version, &path.key("kafka"), broken);
        }
        if let Some(pulsar) = self.pulsar {
            check_pulsar(pulsar, &path.key("pulsar"), broken);
        }
        if let Some(woodpecker) = self.woodpecker {
            self.check_woodpecker(woodpecker, version, &path.key("woodpecker"), broken);
        }
    }

    fn check_woodpecker(
        &self,
        woodpecker: &Woodpecker,
        version: &MilvusVersion,
        path: &Path,
        broken: &mut Vec<Broken>,
    ) {
        match woodpecker {
            Woodpecker::Embedded(embedded) => {
                if embedded.storage == WoodpeckerStorage::Minio && !self.has_s3 {
                    let message = "is kept on object storage, which is not given; write `s3: {…}` beside it, or `storage: local`";
                    broken.push((path.clone(), message.to_owned()));
                }
            }
            Woodpecker::Service(service) => {
                let path = path.key("service");
                check_some(&service.seeds, "seeds", &path, broken);
                let (major, minor, release) = WOODPECKER_SERVICE;
                if !version.is_at_least(major, minor, release) {
                    let message = format!(
                        "needs Milvus {major}.{minor}.{release} or later; write `embedded`"
                    );
                    broken.push((path, message));
                }
            }
        }
    }
}

fn check_some(addresses: &[HostPort], key: &str, path: &Path, broken: &mut Vec<Broken>) {
    if addresses.is_empty() {
        let message = format!("is empty, write `{key}: [HOST:PORT]`");
        broken.push((path.key(key), message));
    }
}

fn check_kafka(kafka: &Kafka, version: &MilvusVersion, path: &Path, broken: &mut Vec<Broken>) {
    if kafka.brokers.is_empty() {
        let message = "names no broker, write `brokers: [HOST:PORT]`".to_owned();
        broken.push((path.key("brokers"), message));
    }
    let loader = topology::line_of(version).config_loader;
    if kafka.security == KafkaSecurity::Tls && loader == ConfigLoader::Environment {
        let message =
            "TLS without login needs Milvus 2.4.6 or later; write `scramSha512` or `plaintext`";
        broken.push((path.key("security"), message.to_owned()));
    }
    if let (Some(login), Some((_, key))) = (kafka.security.login(), kafka.security.mechanism())
        && login.has_control_characters()
    {
        let path = path.key("security").key(key).key("username");
        broken.push((path, CONTROL_CHARACTERS.to_owned()));
    }
}

fn check_pulsar(pulsar: &Pulsar, path: &Path, broken: &mut Vec<Broken>) {
    for (key, text) in [("tenant", &pulsar.tenant), ("namespace", &pulsar.namespace)] {
        let word = |c: char| c.is_ascii_alphanumeric() || "-=:._".contains(c);
        if let Some(text) = text
            && (text.is_empty() || !text.chars().all(word))
        {
            // Source: Pulsar, NamedEntity.
            let message = "may hold letters, digits and `-=:._` only, and is not empty";
            broken.push((path.key(key), message.to_owned()));
        }
    }
    if let Some(login) = &pulsar.auth
        && login.has_control_characters()
    {
        let path = path.key("auth").key("username");
        broken.push((path, CONTROL_CHARACTERS.to_owned()));
    }
}

/// What must hold for object storage; `section` is the name of the section that it stands in.
pub(super) fn check_s3(
    s3: &S3,
    account: Option<&ServiceAccount>,
    section: &str,
    path: &Path,
    broken: &mut Vec<Broken>,
) {
    if let Some(login) = s3.login()
        && login.has_control_characters()
    {
        let path = path.key("access").key("keys").key("username");
        broken.push((path, CONTROL_CHARACTERS.to_owned()));
    }
    if let Some(url) = &s3.iam_endpoint {
        let good = url.starts_with("https://") || url.starts_with("http://");
        if !good || !url.chars().all(|c| c.is_ascii_graphic()) {
            let message = "is no URL, write it like `https://sts.example.com`".to_owned();
            broken.push((path.key("iamEndpoint"), message));
        }
    }
    if s3.is_amazon() {
        check_amazon(s3, path, broken);
    }
    check_account(s3, path, broken);
    if s3.access != S3Access::Iam {
        return;
    }
    if s3.region.is_none() && s3.cloud_provider == CloudProvider::Aws {
        let message = "`access: iam` needs the bucket's region, write `region: us-west-2`";
        broken.push((path.key("region"), message.to_owned()));
    }
    if account.is_none() {
        let message = format!(
            "`access: iam` needs a service account with a role, write `{section}.serviceAccount: {{name: NAME, annotations: {{eks.amazonaws.com/role-arn: ARN}}}}`"
        );
        broken.push((path.key("access"), message));
    }
    if !s3.tls {
        let message = "`access: iam` sends the role's token, write `tls: true`";
        broken.push((path.key("tls"), message.to_owned()));
    }
}

/// Names of Amazon S3 are stricter than those of the stores that imitate it.
fn check_amazon(s3: &S3, path: &Path, broken: &mut Vec<Broken>) {
    if let Err(fault) = s3.bucket.as_str().parse::<BucketName>() {
        broken.push((path.key("bucket"), fault.to_string()));
    }
    let region = s3.region.as_ref();
    if let Some(Err(fault)) = region.map(|region| region.as_str().parse::<Region>()) {
        broken.push((path.key("region"), fault.to_string()));
    }
}

/// Azure's own way to prove who one is has no user name that would hold the account.
fn check_account(s3: &S3, path: &Path, broken: &mut Vec<Broken>) {
    let is_needed = s3.access == S3Access::Iam && s3.cloud_provider == CloudProvider::Azure;
    match &s3.account {
        None if is_needed => {
            let message = "`access: iam` needs the storage account, write `account: NAME`";
            broken.push((path.key("account"), message.to_owned()));
        }
        Some(_) if !is_needed => {
            let message = "goes with `access: iam` and `cloudProvider: azure`; leave it out";
            broken.push((path.key("account"), message.to_owned()));
        }
        _ => {}
    }
}
