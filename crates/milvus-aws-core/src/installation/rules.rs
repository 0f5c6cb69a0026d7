//! What must hold between values of a file.

use super::{
    Amounts, Etcd, Kafka, KafkaSecurity, Memory, MilvusVersion, Resources, S3, S3Access, Storage,
    Target, aws_rules, config_rules,
    diagnostic::Path,
    fault::missing,
    file::{ClusterSection, InstallationFile, Mode},
};
use crate::topology::{self, ConfigLoader, MessageQueue, Role};

/// A broken rule: where, and what to write instead.
pub(super) type Broken = (Path, String);

/// The smallest volume that anything of ours works on.
const SMALLEST_STORAGE: Memory = Memory::from_mib(1024);
/// The largest volume that block storage has: 64 TiB.
const LARGEST_STORAGE: Memory = Memory::from_mib(64 * 1024 * 1024);
/// The least memory that a Milvus process starts in.
const SMALLEST_MEMORY: Memory = Memory::from_mib(128);
/// Replicas beyond this are a slip of the finger.
const MOST_REPLICAS: u16 = 1000;

/// Every broken rule.
pub(super) fn check(file: &InstallationFile) -> Vec<Broken> {
    let mut broken = Vec::new();
    check_version(file.version(), &mut broken);
    check_mode(file, &mut broken);
    if let (Mode::Standalone, Some(standalone)) = (file.mode(), &file.standalone) {
        let path = Path::of(&["standalone"]);
        check_resources(&path.key("resources"), &standalone.resources, &mut broken);
        check_storage(&path.key("storage"), &standalone.storage, &mut broken);
    }
    if let (Mode::Cluster, Some(cluster)) = (file.mode(), &file.cluster) {
        check_cluster(cluster, file.target, file.version(), &mut broken);
    }
    aws_rules::check(file, &mut broken);
    let line = topology::line_of(file.version());
    config_rules::check(file.config(), line.config_loader, &mut broken);
    broken
}

fn check_version(version: &MilvusVersion, broken: &mut Vec<Broken>) {
    let line = topology::line_of(version);
    let text = version.to_string();
    if let Some(bad) = line.known_bad.iter().find(|bad| bad.version == text) {
        let (major, minor, patch) = line.newest;
        let message = format!(
            "{text} must not be installed: {}; write `{major}.{minor}.{patch}`",
            bad.because
        );
        broken.push((Path::of(&["version"]), message));
    }
}

fn check_mode(file: &InstallationFile, broken: &mut Vec<Broken>) {
    match file.mode() {
        Mode::Standalone if file.cluster.is_some() => broken.push((
            Path::of(&["cluster"]),
            "needs `mode: cluster`; write that, or leave this section out".to_owned(),
        )),
        Mode::Cluster if file.cluster.is_none() && file.target == Target::Kubernetes => broken.push((
            Path::of(&["mode"]),
            "needs a section `cluster`, write `cluster: {kafka: {brokers: [HOST:PORT]}, s3: {endpoint: HOST:PORT, bucket: NAME, access: iam}}`".to_owned(),
        )),
        _ => {}
    }
    if file.mode() == Mode::Cluster && file.standalone.is_some() {
        broken.push((
            Path::of(&["standalone"]),
            "needs `mode: standalone`; write that, or leave this section out".to_owned(),
        ));
    }
}

fn check_cluster(
    cluster: &ClusterSection,
    target: Target,
    version: &MilvusVersion,
    broken: &mut Vec<Broken>,
) {
    let path = Path::of(&["cluster"]);
    check_components(cluster, version, &path.key("components"), broken);
    check_etcd(&cluster.etcd, &path.key("etcd"), broken);
    if target != Target::Kubernetes {
        return;
    }
    match &cluster.kafka {
        Some(kafka) => check_kafka(kafka, version, &path.key("kafka"), broken),
        None => broken.push((path.clone(), missing("kafka"))),
    }
    match &cluster.s3 {
        Some(s3) => check_s3(s3, cluster, &path.key("s3"), broken),
        None => broken.push((path.clone(), missing("s3"))),
    }
}

fn check_kafka(kafka: &Kafka, version: &MilvusVersion, path: &Path, broken: &mut Vec<Broken>) {
    if kafka.brokers.is_empty() {
        let message = "names no broker, write `brokers: [HOST:PORT]`".to_owned();
        broken.push((path.key("brokers"), message));
    }
    let line = topology::line_of(version);
    if !line.cluster_queues.contains(&MessageQueue::Kafka) {
        broken.push((
            path.clone(),
            format!("Milvus {version} cannot log to Kafka"),
        ));
    }
    if kafka.security == KafkaSecurity::Tls && line.config_loader == ConfigLoader::Environment {
        let message =
            "TLS without login needs Milvus 2.4.6 or later; write `scramSha512` or `plaintext`";
        broken.push((path.key("security"), message.to_owned()));
    }
    // A login over an unencrypted connection would tell the password to everybody on the way; Milvus has no such mode.
    if let KafkaSecurity::ScramSha512(login) = &kafka.security
        && login.has_control_characters()
    {
        let path = path.key("security").key("scramSha512").key("username");
        broken.push((path, "must not hold control characters".to_owned()));
    }
}

fn check_components(
    cluster: &ClusterSection,
    version: &MilvusVersion,
    path: &Path,
    broken: &mut Vec<Broken>,
) {
    let line = topology::line_of(version);
    let named: Vec<Role> = cluster.components.keys().copied().collect();
    let roles = line.roles(|role| named.contains(role));
    for (role, spec) in &cluster.components {
        let path = path.key(role.key());
        if !roles.contains(role) {
            broken.push((path.clone(), line.why_not(*role, version)));
        }
        if let Some(replicas) = spec.replicas
            && replicas.get() > MOST_REPLICAS
        {
            let message = format!("is {replicas}, at most {MOST_REPLICAS} replicas are possible");
            broken.push((path.key("replicas"), message));
        }
        if let Some(resources) = &spec.resources {
            check_resources(&path.key("resources"), resources, broken);
        }
    }
}

fn check_etcd(etcd: &Etcd, path: &Path, broken: &mut Vec<Broken>) {
    match etcd {
        Etcd::InCluster(own) => {
            let path = path.key("inCluster");
            check_resources(&path.key("resources"), &own.resources, broken);
            check_storage(&path.key("storage"), &own.storage, broken);
        }
        Etcd::Endpoints(endpoints) if endpoints.is_empty() => {
            let message = "names no endpoint, write `endpoints: [HOST:PORT]`, or leave `etcd` out for one of our own";
            broken.push((path.key("endpoints"), message.to_owned()));
        }
        Etcd::Endpoints(_) => {}
    }
}

fn check_s3(s3: &S3, cluster: &ClusterSection, path: &Path, broken: &mut Vec<Broken>) {
    if let S3Access::Keys(login) = &s3.access
        && login.has_control_characters()
    {
        let path = path.key("access").key("keys").key("username");
        broken.push((path, "must not hold control characters".to_owned()));
    }
    if s3.access != S3Access::Iam {
        return;
    }
    if s3.region.is_none() {
        let message = "`access: iam` needs the bucket's region, write `region: us-west-2`";
        broken.push((path.key("region"), message.to_owned()));
    }
    if cluster.service_account.is_none() {
        let message = "`access: iam` needs a service account with a role, write `cluster.serviceAccount: {name: NAME, annotations: {eks.amazonaws.com/role-arn: ARN}}`";
        broken.push((path.key("access"), message.to_owned()));
    }
    if !s3.tls {
        let message = "`access: iam` sends the role's token, write `tls: true`";
        broken.push((path.key("tls"), message.to_owned()));
    }
}

fn check_storage(path: &Path, storage: &Storage, broken: &mut Vec<Broken>) {
    let size = storage.size;
    if size < SMALLEST_STORAGE {
        let message = format!("is {size}, write `{SMALLEST_STORAGE}` at least");
        broken.push((path.key("size"), message));
    } else if size > LARGEST_STORAGE {
        let message = format!("is {size}, write `{LARGEST_STORAGE}` at most");
        broken.push((path.key("size"), message));
    }
}

fn check_resources(path: &Path, resources: &Resources, broken: &mut Vec<Broken>) {
    let Resources { requests, limits } = resources;
    if let (Some(request), Some(limit)) = (requests.cpu, limits.cpu)
        && limit < request
    {
        let message =
            format!("is {limit}, below the request of {request}; write `{request}` or more");
        broken.push((path.key("limits").key("cpu"), message));
    }
    if let (Some(request), Some(limit)) = (requests.memory, limits.memory)
        && limit < request
    {
        let message =
            format!("is {limit}, below the request of {request}; write `{request}` or more");
        broken.push((path.key("limits").key("memory"), message));
    }
    for (side, amounts) in [("requests", requests), ("limits", limits)] {
        check_memory(&path.key(side), amounts, broken);
    }
}

fn check_memory(path: &Path, amounts: &Amounts, broken: &mut Vec<Broken>) {
    if let Some(memory) = amounts.memory
        && memory < SMALLEST_MEMORY
    {
        let message = format!("is {memory}, nothing starts in less than `{SMALLEST_MEMORY}`");
        broken.push((path.key("memory"), message));
    }
}
