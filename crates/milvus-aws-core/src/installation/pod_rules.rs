//! What must hold for what a user says of pods, beside that Kubernetes knows its keys.

use k8s_openapi::api::core::v1::{Container, EnvVar, Toleration};

use super::{
    Annotations, Labels, PodSettings, config_rules, diagnostic::Path, names::dns_label,
    rules::Broken,
};
use crate::topology::Role;

/// Labels by which objects are selected and found.
const OUR_LABELS: [&str; 6] = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "component",
    "milvus.io/resource-group",
];
/// The annotation that pods are restarted by.
const OUR_ANNOTATIONS: [&str; 1] = ["checksum/config"];
/// What our own keys have before the `/`.
const OUR_PREFIXES: [&str; 2] = ["kubectl-milvus", "secret.kubectl-milvus"];
/// Volumes of ours that a mount may name.
const OUR_VOLUMES: [&str; 5] = [
    "milvus-data-disk",
    "milvus-config",
    "milvus-logs-disk",
    "milvus-tls",
    "tmp",
];

/// What is said of all pods, for rules about those of one role.
pub(super) struct Shared<'a> {
    pub(super) settings: Option<&'a PodSettings>,
}

/// Every broken rule.
pub(super) fn check(pod: &PodSettings, shared: &Shared<'_>, path: &Path, broken: &mut Vec<Broken>) {
    // Most often nothing is said.
    if *pod == PodSettings::default() {
        return;
    }
    check_labels(&pod.labels, &path.key("labels"), broken);
    check_annotations(&pod.annotations, &path.key("annotations"), broken);
    check_environment(&pod.env, &path.key("env"), broken);
    for (index, toleration) in pod.tolerations.iter().enumerate() {
        check_toleration(toleration, &path.key("tolerations").index(index), broken);
    }
    for (index, volume) in pod.volumes.iter().enumerate() {
        let path = path.key("volumes").index(index);
        check_name(&volume.name, &path, broken);
    }
    check_mounts(pod, shared, &path.key("volumeMounts"), broken);
    check_containers(&pod.init_containers, &path.key("initContainers"), broken);
    check_containers(&pod.sidecars, &path.key("sidecars"), broken);
    check_spread(pod, &path.key("topologySpreadConstraints"), broken);
    if let Some(kind) = pod.strategy.as_ref().and_then(|one| one.type_.as_deref())
        && !["RollingUpdate", "Recreate"].contains(&kind)
    {
        let message = format!("`{kind}` is not known, write `RollingUpdate` or `Recreate`");
        broken.push((path.key("strategy").key("type"), message));
    }
}

fn check_spread(pod: &PodSettings, path: &Path, broken: &mut Vec<Broken>) {
    let constraints = pod.topology_spread_constraints.iter().flatten();
    for (index, constraint) in constraints.enumerate() {
        let path = path.index(index);
        if constraint.topology_key.is_empty() {
            let message =
                "`topologyKey` is missing, write `topologyKey: topology.kubernetes.io/zone`";
            broken.push((path.clone(), message.to_owned()));
        }
        if constraint.max_skew < 1 {
            let message = "`maxSkew` is missing or below 1, write `maxSkew: 1`";
            broken.push((path.clone(), message.to_owned()));
        }
        let when = constraint.when_unsatisfiable.as_str();
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&when) {
            let message = "write `whenUnsatisfiable: ScheduleAnyway` or `DoNotSchedule`";
            broken.push((path, message.to_owned()));
        }
    }
}

/// Labels that are not ours to be changed by a user.
pub(super) fn check_labels(labels: &Labels, path: &Path, broken: &mut Vec<Broken>) {
    for (key, _) in labels.iter() {
        if OUR_LABELS.contains(&key.as_str()) || is_ours(key.as_str()) {
            let message = "says which objects are whose, and is always written; leave it out";
            broken.push((path.key(key.as_str()), message.to_owned()));
        }
    }
}

/// Annotations that are not ours to be changed by a user.
pub(super) fn check_annotations(annotations: &Annotations, path: &Path, broken: &mut Vec<Broken>) {
    for (key, _) in annotations.iter() {
        if OUR_ANNOTATIONS.contains(&key.as_str()) || is_ours(key.as_str()) {
            let message = "is always written; leave it out";
            broken.push((path.key(key.as_str()), message.to_owned()));
        }
    }
}

fn is_ours(key: &str) -> bool {
    let prefix = key.split_once('/').map(|(prefix, _)| prefix);
    prefix.is_some_and(|prefix| OUR_PREFIXES.contains(&prefix))
}

/// A literal stands in the pod for everybody to read who may look at pods.
fn check_environment(variables: &[EnvVar], path: &Path, broken: &mut Vec<Broken>) {
    for (index, variable) in variables.iter().enumerate() {
        let path = path.index(index);
        let name = &variable.name;
        if name.is_empty() || name.contains('=') || !name.chars().all(|c| c.is_ascii_graphic()) {
            let message = "`name` is missing or no name of a variable, write `name: NAME`";
            broken.push((path, message.to_owned()));
            continue;
        }
        let value = variable.value.as_deref().unwrap_or_default();
        if !value.is_empty() && variable.value_from.is_some() {
            let message = "has `value` and `valueFrom`; leave one of them out";
            broken.push((path, message.to_owned()));
        } else if !value.is_empty() && config_rules::holds_secret(name) {
            let message = "would stand in the pod for everybody to read; write `valueFrom: {secretKeyRef: {name: NAME, key: KEY}}`";
            broken.push((path.key("value"), message.to_owned()));
        }
    }
}

fn check_toleration(toleration: &Toleration, path: &Path, broken: &mut Vec<Broken>) {
    let fields = [
        ("operator", &toleration.operator, &["Exists", "Equal"][..]),
        (
            "effect",
            &toleration.effect,
            &["NoSchedule", "PreferNoSchedule", "NoExecute"][..],
        ),
    ];
    for (key, value, known) in fields {
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty())
            && !known.contains(&value)
        {
            let message = format!("`{value}` is not known, write one of: {}", known.join(", "));
            broken.push((path.key(key), message));
        }
    }
}

fn check_mounts(pod: &PodSettings, shared: &Shared<'_>, path: &Path, broken: &mut Vec<Broken>) {
    let shared = shared.settings.map(|all| all.volumes.as_slice());
    let shared = shared.unwrap_or_default();
    for (index, mount) in pod.volume_mounts.iter().enumerate() {
        let path = path.index(index);
        let volumes = pod.volumes.iter().chain(shared);
        let known = volumes
            .map(|volume| volume.name.as_str())
            .chain(OUR_VOLUMES);
        if !known.into_iter().any(|name| name == mount.name) {
            let message = "`name` names no volume; write one of `volumes`";
            broken.push((path.clone(), message.to_owned()));
        }
        if !mount.mount_path.starts_with('/') {
            let message = "`mountPath` is missing or no absolute path, write `mountPath: /PATH`";
            broken.push((path, message.to_owned()));
        }
    }
}

fn check_containers(containers: &[Container], path: &Path, broken: &mut Vec<Broken>) {
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        check_name(&container.name, &path, broken);
        if is_server(&container.name) {
            let message = format!(
                "`{}` is the server's own container; choose another name",
                container.name
            );
            broken.push((path.key("name"), message));
        }
        if container.image.as_deref().unwrap_or_default().is_empty() {
            let message = "`image` is missing, write `image: REPOSITORY:TAG`";
            broken.push((path.clone(), message.to_owned()));
        }
        let variables = container.env.as_deref().unwrap_or_default();
        check_environment(variables, &path.key("env"), broken);
    }
}

fn is_server(name: &str) -> bool {
    let roles = Role::ALL.iter().map(|role| role.component_name());
    roles.chain(["etcd", "attu"]).any(|server| server == name)
}

fn check_name(name: &str, path: &Path, broken: &mut Vec<Broken>) {
    if let Some(rule) = dns_label(name, 63) {
        broken.push((path.clone(), format!("`name` is missing or wrong: {rule}")));
    }
}
