//! What must hold for the roles of a cluster.

use super::{
    Autoscaling, ComponentSpec, Disk, MilvusVersion, Resources,
    diagnostic::Path,
    pod_rules,
    rules::{self, Broken},
    sections::ClusterSection,
};
use crate::topology::{self, Line, Partner, Role};

/// Replicas beyond this are a slip of the finger.
const MOST_REPLICAS: u16 = 1000;

/// What must hold for the roles of a cluster.
pub(super) fn check(
    cluster: &ClusterSection,
    version: &MilvusVersion,
    settings: &pod_rules::Shared<'_>,
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
        check_replicas(*role, spec, version, &path, broken);
        if let Some(resources) = &spec.resources {
            rules::check_resources(&path.key("resources"), resources, broken);
        }
        if let Some(scaling) = spec.autoscaling {
            let resources = spec.resources.as_ref();
            check_autoscaling(*role, scaling, resources, &path.key("autoscaling"), broken);
        }
        check_disk(*role, &spec.disk, line, &path.key("disk"), broken);
        pod_rules::check(&spec.pod, settings, &path.key("pod"), broken);
        pod_rules::check_labels(
            &spec.service.labels,
            &path.key("service").key("labels"),
            broken,
        );
    }
}

fn check_replicas(
    role: Role,
    spec: &ComponentSpec,
    version: &MilvusVersion,
    path: &Path,
    broken: &mut Vec<Broken>,
) {
    let path = path.key("replicas");
    let Some(replicas) = spec.replicas else {
        return;
    };
    if replicas.get() > MOST_REPLICAS {
        let message = format!("is {replicas}, at most {MOST_REPLICAS} replicas are possible");
        broken.push((path.clone(), message));
    }
    let line = topology::line_of(version);
    if role.is_coordinator()
        && replicas.get() > 1
        && let Some(pair) = line.bad_pair(Partner::SecondCoordinator, version)
    {
        let newest = MilvusVersion::newest_of(version.line());
        let message = format!(
            "is {replicas}, and with Milvus {version} {}; write `1`, or `version: {newest}`",
            pair.because
        );
        broken.push((path.clone(), message));
    }
    if role == Role::Cdc && replicas.get() > 1 {
        let message = format!("is {replicas}, only one process can read the log; write `1`");
        broken.push((path.clone(), message));
    }
    if spec.autoscaling.is_some() {
        let message = "is chosen by `autoscaling`; leave one of them out";
        broken.push((path, message.to_owned()));
    }
}

fn check_autoscaling(
    role: Role,
    scaling: Autoscaling,
    resources: Option<&Resources>,
    path: &Path,
    broken: &mut Vec<Broken>,
) {
    if role.is_coordinator() || role == Role::Cdc {
        let message = "one replica does all the work of this role; write `replicas`";
        broken.push((path.clone(), message.to_owned()));
    }
    if scaling.max < scaling.min {
        let message = format!(
            "is {}, below `min`; write `{}` or more",
            scaling.max, scaling.min
        );
        broken.push((path.key("max"), message));
    }
    if scaling.max.get() > MOST_REPLICAS {
        let message = format!(
            "is {}, at most {MOST_REPLICAS} replicas are possible",
            scaling.max
        );
        broken.push((path.key("max"), message));
    }
    if scaling.cpu_percent.is_none() && scaling.memory_percent.is_none() {
        let message = "says nothing to aim at, write `cpuPercent` or `memoryPercent`";
        broken.push((path.clone(), message.to_owned()));
    }
    // The usual resources ask for both.
    let Some(Resources { requests, limits }) = resources else {
        return;
    };
    let cpu = requests.cpu.is_some() || limits.cpu.is_some();
    let memory = requests.memory.is_some() || limits.memory.is_some();
    for (key, what, percent, asked) in [
        ("cpuPercent", "cpu", scaling.cpu_percent, cpu),
        ("memoryPercent", "memory", scaling.memory_percent, memory),
    ] {
        if percent.is_some() && !asked {
            let message = format!(
                "is a part of what is requested, and nothing is; write `resources: {{requests: {{{what}: …}}}}`"
            );
            broken.push((path.key(key), message));
        }
    }
}

fn check_disk(role: Role, disk: &Disk, line: &Line, path: &Path, broken: &mut Vec<Broken>) {
    if disk.is_default() {
        return;
    }
    if !line.local_disk.contains(&role) {
        let message = "this role works without a local disk; leave it out";
        broken.push((path.clone(), message.to_owned()));
    } else if !disk.enabled && role.disk_sections().is_empty() {
        let message = "this role cannot do without its local disk; leave it out";
        broken.push((path.key("enabled"), message.to_owned()));
    }
}
