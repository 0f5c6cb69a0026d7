//! What must hold for services, ingresses, names and log files.

use super::{
    AttuService, HostPort, Ingress, Service, ServiceKind,
    diagnostic::Path,
    file::InstallationFile,
    names::LONGEST_FULL_NAME,
    pod_rules,
    rules::{self, Broken},
};

/// Ports of nodes that Kubernetes gives to services, unless it was set up otherwise.
const NODE_PORTS: std::ops::RangeInclusive<u16> = 1025..=65535;
/// The longest name of a Kubernetes object that becomes part of a host name or a label.
const LONGEST_NAME: usize = 63;
/// The longest name of a role that has groups, with its dashes.
const OF_GROUPS: &str = "-streamingnode-";

/// Every broken rule.
pub(super) fn check(file: &InstallationFile, broken: &mut Vec<Broken>) {
    check_service(&file.service, &Path::of(&["service"]), broken);
    if let Some(ingress) = &file.ingress {
        check_ingress(ingress, &Path::of(&["ingress"]), broken);
    }
    if let Some(attu) = &file.attu {
        let path = Path::of(&["attu"]);
        check_attu_service(&attu.service, &path.key("service"), broken);
        if let Some(ingress) = &attu.ingress {
            check_ingress(ingress, &path.key("ingress"), broken);
        }
        if let Some(resources) = &attu.resources {
            rules::check_resources(&path.key("resources"), resources, broken);
        }
        let alone = pod_rules::Shared { settings: None };
        pod_rules::check(&attu.pod, &alone, &path.key("pod"), broken);
    }
    check_names(file, broken);
    pod_rules::check_labels(&file.labels, &Path::of(&["labels"]), broken);
    pod_rules::check_annotations(&file.annotations, &Path::of(&["annotations"]), broken);
    if let Some(volume) = &file.log.persistence {
        let path = Path::of(&["log", "persistence"]);
        rules::check_storage(&path.key("storage"), &volume.storage, broken);
        let sub_path = volume.sub_path.as_deref().unwrap_or_default();
        if sub_path.starts_with('/') || sub_path.split('/').any(|part| part == "..") {
            let message = "must stay inside of the volume, write a relative path";
            broken.push((path.key("subPath"), message.to_owned()));
        }
    }
}

fn check_service(service: &Service, path: &Path, broken: &mut Vec<Broken>) {
    pod_rules::check_labels(&service.labels, &path.key("labels"), broken);
    let balanced = [
        ("loadBalancerClass", service.load_balancer_class.is_some()),
        ("loadBalancerIP", service.load_balancer_ip.is_some()),
        (
            "loadBalancerSourceRanges",
            !service.load_balancer_source_ranges.is_empty(),
        ),
    ];
    check_balanced(service.kind, &balanced, path, broken);
    if let Some(port) = service.node_port {
        if service.kind == ServiceKind::ClusterIp {
            let message = "needs `type: NodePort`; write that, or leave this out";
            broken.push((path.key("nodePort"), message.to_owned()));
        } else if !NODE_PORTS.contains(&port.get()) {
            let message =
                format!("is {port}, which nodes keep for themselves; write `30000` to `32767`");
            broken.push((path.key("nodePort"), message));
        }
    }
}

fn check_attu_service(service: &AttuService, path: &Path, broken: &mut Vec<Broken>) {
    pod_rules::check_labels(&service.labels, &path.key("labels"), broken);
    let balanced = [
        ("loadBalancerClass", service.load_balancer_class.is_some()),
        ("loadBalancerIP", service.load_balancer_ip.is_some()),
        (
            "loadBalancerSourceRanges",
            !service.load_balancer_source_ranges.is_empty(),
        ),
    ];
    check_balanced(service.kind, &balanced, path, broken);
}

fn check_balanced(
    kind: ServiceKind,
    given: &[(&str, bool)],
    path: &Path,
    broken: &mut Vec<Broken>,
) {
    for (key, _) in given.iter().filter(|(_, given)| *given) {
        if kind != ServiceKind::LoadBalancer {
            let message = "needs `type: LoadBalancer`; write that, or leave this out";
            broken.push((path.key(key), message.to_owned()));
        }
    }
}

fn check_ingress(ingress: &Ingress, path: &Path, broken: &mut Vec<Broken>) {
    pod_rules::check_labels(&ingress.labels, &path.key("labels"), broken);
}

/// Names are made of several parts, which must fit together.
fn check_names(file: &InstallationFile, broken: &mut Vec<Broken>) {
    let full = file.names.full_name(&file.name);
    if full.len() > LONGEST_FULL_NAME {
        let message = format!(
            "names would begin with `{full}`, at most {LONGEST_FULL_NAME} characters fit; write `names.fullName`"
        );
        broken.push((Path::of(&["names", "appName"]), message));
    }
    let groups = file
        .cluster
        .iter()
        .flat_map(|cluster| &cluster.resource_groups);
    let path = Path::of(&["cluster", "resourceGroups"]);
    for (index, group) in groups.enumerate() {
        let room = LONGEST_NAME.saturating_sub(full.len() + OF_GROUPS.len());
        if group.as_str().len() > room {
            let message = format!(
                "`{full}{OF_GROUPS}{group}` is too long a name; write a group of at most {room} characters, or a shorter `names.fullName`"
            );
            broken.push((path.index(index), message));
        }
    }
}

/// Endpoints of an etcd that exists.
pub(super) fn check_endpoints(endpoints: &[HostPort], path: &Path, broken: &mut Vec<Broken>) {
    if endpoints.is_empty() {
        let message = "names no endpoint, write `endpoints: [HOST:PORT]`, or leave `etcd` out for one of our own";
        broken.push((path.clone(), message.to_owned()));
    }
}
