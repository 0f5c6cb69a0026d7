//! What must hold for the roles of a cluster.

use super::{
    Autoscaling, ComponentSpec, Disk, MilvusVersion,
    diagnostic::Path,
    pod_rules,
    rules::{self, Broken},
    sections::ClusterSection,
};
use crate::topology::{self, Line, Role};

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
        check_replicas(*role, spec, &path, broken);
        if let Some(resources) = &spec.resources {
            rules::check_resources(&path.key("resources"), resources, broken);
        }
        check_external_autoscaler(*role, spec, &path, broken);
        if let Some(scaling) = spec.autoscaling {
            check_autoscaling(*role, scaling, &path.key("autoscaling"), broken);
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

fn check_replicas(role: Role, spec: &ComponentSpec, path: &Path, broken: &mut Vec<Broken>) {
    let path = path.key("replicas");
    let Some(replicas) = spec.replicas else {
        return;
    };
    if replicas.get() > MOST_REPLICAS {
        let message = format!("is {replicas}, at most {MOST_REPLICAS} replicas are possible");
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

/// Who sets the number of pods is one alone.
fn check_external_autoscaler(
    role: Role,
    spec: &ComponentSpec,
    path: &Path,
    broken: &mut Vec<Broken>,
) {
    if !spec.external_autoscaler {
        return;
    }
    if role.is_coordinator() || role == Role::Cdc {
        let message = "one replica does all the work of this role; write `replicas`";
        broken.push((path.key("externalAutoscaler"), message.to_owned()));
    }
    for (key, given) in [
        ("replicas", spec.replicas.is_some()),
        ("autoscaling", spec.autoscaling.is_some()),
    ] {
        if given {
            let message = "is chosen by your own autoscaler with `externalAutoscaler: true`; leave one of them out";
            broken.push((path.key(key), message.to_owned()));
        }
    }
}

fn check_autoscaling(role: Role, scaling: Autoscaling, path: &Path, broken: &mut Vec<Broken>) {
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
