//! What must hold in a file whose target is `aws` or `eks`.

use super::{
    Etcd, Memory, Target,
    aws::{AttuExposure, Aws, MOST_NODES, Network},
    diagnostic::Path,
    existing_rules,
    file::{InstallationFile, Mode},
    rules::Broken,
};
use crate::topology::{self, MessageQueue, Partner, Role, broker_properties};

/// The smallest and the largest disk of a broker (source: MSK quotas: 1 GiB to 16 TiB).
const BROKER_STORAGE: (Memory, Memory) =
    (Memory::from_mib(1024), Memory::from_mib(16 * 1024 * 1024));
/// The smallest disk of a node: the image and its containers need some 20 GiB.
const SMALLEST_NODE_STORAGE: Memory = Memory::from_mib(20 * 1024);
/// Brokers of a cluster (source: MSK quotas), over three zones.
const MOST_BROKERS_A_ZONE: u16 = 10;
/// Zones that brokers and a cluster's control plane need at least.
const FEWEST_SUBNETS: usize = 2;

/// Coordinators come in pairs here, unless the file says otherwise.
fn check_pairs(file: &InstallationFile, broken: &mut Vec<Broken>) {
    let version = file.version();
    let line = topology::line_of(version);
    let Some(pair) = line.bad_pair(Partner::SecondCoordinator, version) else {
        return;
    };
    let components = file.cluster.as_ref().map(|cluster| &cluster.components);
    let spec = |role: &Role| components.and_then(|components| components.get(role));
    let roles = line.roles(|role| spec(role).is_some());
    let mut coordinators = roles.iter().filter(|role| role.is_coordinator());
    if coordinators.any(|role| spec(role).is_none_or(|spec| spec.replicas.is_none())) {
        let (major, minor, patch) = line.newest;
        let message = format!(
            "{version}: coordinators come in pairs here, and {}; write `{major}.{minor}.{patch}`, or `replicas: 1` for each",
            pair.because
        );
        broken.push((Path::of(&["version"]), message));
    }
}

/// Every broken rule.
pub(super) fn check(file: &InstallationFile, broken: &mut Vec<Broken>) {
    let target = file.target.as_str();
    if file.target == Target::Kubernetes {
        if file.aws.is_some() {
            let message = "needs `target: aws` or `target: eks`; write one of them, or leave this section out";
            broken.push((Path::of(&["aws"]), message.to_owned()));
        }
        return;
    }
    if file.mode() == Mode::Standalone {
        let message = format!(
            "`target: {target}` runs one deployment per role; leave `mode` out, or write `mode: cluster`"
        );
        broken.push((Path::of(&["mode"]), message));
    }
    let version = file.version();
    if !topology::line_of(version)
        .cluster_queues
        .contains(&MessageQueue::Kafka)
    {
        let message =
            format!("Milvus {version} cannot log to Kafka, which `target: {target}` needs");
        broken.push((Path::of(&["version"]), message));
    }
    check_pairs(file, broken);
    if file.attu.is_some() {
        let message = format!("is `aws.attu` with `target: {target}`; write that");
        broken.push((Path::of(&["attu"]), message));
    }
    for (key, given) in [
        ("secretConfig", file.has_secret_config()),
        ("certificates", file.has_certificates()),
    ] {
        if given {
            let message = format!(
                "goes with `target: kubernetes` alone; leave it out with `target: {target}`"
            );
            broken.push((Path::of(&[key]), message));
        }
    }
    if file.names.in_shared_services.is_some() {
        let message = format!(
            "goes with `target: kubernetes` alone: with `target: {target}` names on brokers that exist are this installation's anyway; leave it out"
        );
        broken.push((Path::of(&["names", "inSharedServices"]), message));
    }
    check_cluster(file, broken);
    existing_rules::check(file.target, file.aws.as_ref(), broken);
    if let Some(aws) = &file.aws {
        let path = Path::of(&["aws"]);
        check_aws(aws, &path, broken);
        check_attu(aws, file.authorization(), &path.key("attu"), broken);
    }
}

/// What the target makes must not be given.
fn check_cluster(file: &InstallationFile, broken: &mut Vec<Broken>) {
    let Some(cluster) = &file.cluster else { return };
    let path = Path::of(&["cluster"]);
    let given = [
        ("kafka", cluster.kafka.is_some()),
        ("pulsar", cluster.pulsar.is_some()),
        ("woodpecker", cluster.woodpecker.is_some()),
        ("s3", cluster.s3.is_some()),
        ("serviceAccount", cluster.service_account.is_some()),
        ("etcd", matches!(cluster.etcd, Etcd::Endpoints(_))),
    ];
    for (key, _) in given.iter().filter(|(_, given)| *given) {
        let target = file.target.as_str();
        let message =
            format!("is made by `target: {target}`; leave it out, or write `target: kubernetes`");
        broken.push((path.key(key), message));
    }
    if !cluster.resource_groups.is_empty() {
        let message = "needs `target: kubernetes`; leave it out".to_owned();
        broken.push((path.key("resourceGroups"), message));
    }
}

/// Whoever reaches Attu can try to log in to Milvus with it (pains row 5).
fn check_attu(aws: &Aws, authorization: bool, path: &Path, broken: &mut Vec<Broken>) {
    if aws.attu.exposure != AttuExposure::InternetFacing {
        return;
    }
    if aws.attu.certificate.is_none() {
        let message = "`exposure: internetFacing` needs a certificate, write `certificate: ARN`";
        broken.push((path.key("exposure"), message.to_owned()));
    }
    if !authorization {
        let message = "`exposure: internetFacing` lets everybody in, write `authorization: true`";
        broken.push((path.key("exposure"), message.to_owned()));
    }
}

fn check_aws(aws: &Aws, path: &Path, broken: &mut Vec<Broken>) {
    if let Network::Existing(network) = &aws.network
        && network.private_subnets.len() < FEWEST_SUBNETS
    {
        let path = path.key("network").key("existing").key("privateSubnets");
        let message = format!(
            "names {} subnets, write {FEWEST_SUBNETS} or more in different zones",
            network.private_subnets.len()
        );
        broken.push((path, message));
    }
    let msk = path.key("msk");
    let (least, most) = BROKER_STORAGE;
    if !(least..=most).contains(&aws.msk.storage) {
        let message = format!("is {}, write `{least}` to `{most}`", aws.msk.storage);
        broken.push((msk.key("storage"), message));
    }
    if aws.msk.brokers_per_zone.get() > MOST_BROKERS_A_ZONE {
        let message = format!(
            "is {}, at most {MOST_BROKERS_A_ZONE} are possible",
            aws.msk.brokers_per_zone
        );
        broken.push((msk.key("brokersPerZone"), message));
    }
    for (name, value) in &aws.msk.configuration {
        let path = msk.key("configuration").key(name.as_str());
        if let Some(message) = broker_properties::conflict(name, value) {
            broken.push((path, message));
        } else if value.contains(char::is_control) {
            broken.push((path, "must not hold control characters".to_owned()));
        }
    }
    let nodes = path.key("eks").key("nodes");
    if aws.eks.nodes.count.get() > MOST_NODES {
        let message = format!(
            "is {}, at most {MOST_NODES} are possible",
            aws.eks.nodes.count
        );
        broken.push((nodes.key("count"), message));
    }
    if aws.eks.nodes.storage < SMALLEST_NODE_STORAGE {
        let message = format!(
            "is {}, write `{SMALLEST_NODE_STORAGE}` at least",
            aws.eks.nodes.storage
        );
        broken.push((nodes.key("storage"), message));
    }
}
