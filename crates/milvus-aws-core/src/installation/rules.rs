//! What must hold between values of a file.

use super::{
    Etcd, Memory, MilvusVersion, Resources, Storage, Target, aws_rules, component_rules,
    config_rules,
    diagnostic::Path,
    fault::missing,
    file::{InstallationFile, Mode},
    pod_rules::{self, Shared},
    queue_rules::{self, Queues},
    sections::{ClusterSection, StandaloneSection},
    service_rules,
};
use crate::topology;

/// A broken rule: where, and what to write instead.
pub(super) type Broken = (Path, String);

/// The smallest volume that anything of ours works on.
const SMALLEST_STORAGE: Memory = Memory::from_mib(1024);
/// The largest volume that block storage has: 64 TiB.
const LARGEST_STORAGE: Memory = Memory::from_mib(64 * 1024 * 1024);

/// Every broken rule.
pub(super) fn check(file: &InstallationFile) -> Vec<Broken> {
    let mut broken = Vec::new();
    check_mode(file, &mut broken);
    if file.platform.is_some() && file.target != Target::Kubernetes {
        let message = "is for `target: kubernetes`; leave it out, EKS is plain Kubernetes";
        broken.push((Path::of(&["platform"]), message.to_owned()));
    }
    let shared = Shared {
        settings: Some(&file.scheduling),
    };
    if let (Mode::Standalone, Some(standalone)) = (file.mode(), &file.standalone) {
        check_standalone(standalone, file.version(), &shared, &mut broken);
    }
    if let (Mode::Cluster, Some(cluster)) = (file.mode(), &file.cluster) {
        check_cluster(cluster, file.target, file.version(), &shared, &mut broken);
    }
    let path = Path::of(&["scheduling"]);
    pod_rules::check(
        &file.scheduling,
        &Shared { settings: None },
        &path,
        &mut broken,
    );
    service_rules::check(file, &mut broken);
    aws_rules::check(file, &mut broken);
    let line = topology::line_of(file.version());
    config_rules::check(file.config(), line.config_loader, &mut broken);
    broken
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

fn check_standalone(
    standalone: &StandaloneSection,
    version: &MilvusVersion,
    shared: &Shared<'_>,
    broken: &mut Vec<Broken>,
) {
    let path = Path::of(&["standalone"]);
    check_resources(&path.key("resources"), &standalone.resources, broken);
    let storage = Storage::from(standalone.storage.clone());
    check_storage(&path.key("storage"), &storage, broken);
    pod_rules::check(&standalone.pod, shared, &path.key("pod"), broken);
    if standalone.disk.size_limit.is_some() && standalone.s3.is_none() {
        let message = "vectors are on the pod's volume, whose size is `storage.size`; leave it out";
        broken.push((path.key("disk").key("sizeLimit"), message.to_owned()));
    }
    if let Some(etcd) = &standalone.etcd {
        check_etcd(etcd, &path.key("etcd"), broken);
    }
    let queues = Queues {
        kafka: standalone.kafka.as_ref(),
        pulsar: standalone.pulsar.as_ref(),
        woodpecker: standalone.woodpecker.as_ref(),
        has_s3: standalone.s3.is_some(),
        needed: false,
    };
    queues.check(version, &path, broken);
    if let Some(s3) = &standalone.s3 {
        let account = standalone.service_account.as_ref();
        queue_rules::check_s3(s3, account, "standalone", &path.key("s3"), broken);
    }
}

fn check_cluster(
    cluster: &ClusterSection,
    target: Target,
    version: &MilvusVersion,
    shared: &Shared<'_>,
    broken: &mut Vec<Broken>,
) {
    let path = Path::of(&["cluster"]);
    component_rules::check(cluster, version, shared, &path.key("components"), broken);
    check_etcd(&cluster.etcd, &path.key("etcd"), broken);
    if target != Target::Kubernetes {
        return;
    }
    let queues = Queues {
        kafka: cluster.kafka.as_ref(),
        pulsar: cluster.pulsar.as_ref(),
        woodpecker: cluster.woodpecker.as_ref(),
        has_s3: true,
        needed: true,
    };
    queues.check(version, &path, broken);
    match &cluster.s3 {
        Some(s3) => {
            let account = cluster.service_account.as_ref();
            queue_rules::check_s3(s3, account, "cluster", &path.key("s3"), broken);
        }
        None => broken.push((path.clone(), missing("s3"))),
    }
    check_groups(cluster, version, &path.key("resourceGroups"), broken);
}

fn check_groups(
    cluster: &ClusterSection,
    version: &MilvusVersion,
    path: &Path,
    broken: &mut Vec<Broken>,
) {
    let groups = &cluster.resource_groups;
    if !groups.is_empty() && !topology::line_of(version).has_resource_groups {
        let message =
            format!("Milvus {version} has no such groups, 2.6 and later have; leave them out");
        broken.push((path.clone(), message));
    }
    for (index, group) in groups.iter().enumerate() {
        if groups.iter().take(index).any(|before| before == group) {
            let message = format!("`{group}` is there twice; leave it out");
            broken.push((path.index(index), message));
        }
    }
}

fn check_etcd(etcd: &Etcd, path: &Path, broken: &mut Vec<Broken>) {
    match etcd {
        Etcd::InCluster(own) => {
            let path = path.key("inCluster");
            check_resources(&path.key("resources"), &own.resources, broken);
            check_storage(&path.key("storage"), &own.storage, broken);
            if let Some(pod) = &own.pod {
                let alone = Shared { settings: None };
                pod_rules::check(pod, &alone, &path.key("pod"), broken);
            }
        }
        Etcd::Endpoints(endpoints) => {
            service_rules::check_endpoints(endpoints, &path.key("endpoints"), broken);
        }
    }
}

pub(super) fn check_storage(path: &Path, storage: &Storage, broken: &mut Vec<Broken>) {
    let size = storage.size;
    if size < SMALLEST_STORAGE {
        let message = format!("is {size}, write `{SMALLEST_STORAGE}` at least");
        broken.push((path.key("size"), message));
    } else if size > LARGEST_STORAGE {
        let message = format!("is {size}, write `{LARGEST_STORAGE}` at most");
        broken.push((path.key("size"), message));
    }
}

pub(super) fn check_resources(path: &Path, resources: &Resources, broken: &mut Vec<Broken>) {
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
}
