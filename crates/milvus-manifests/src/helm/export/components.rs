//! Components of the deployment.

use milvus_aws_core::topology::{Role, line_of};
use serde_json::{Value as Json, json};

use super::Export;

/// Fields of a component's pods, ours and the chart's.
const PODS: [(&str, &str); 10] = [
    ("nodeSelector", "nodeSelector"),
    ("affinity", "affinity"),
    ("tolerations", "tolerations"),
    ("topologySpreadConstraints", "topologySpreadConstraints"),
    ("securityContext", "securityContext"),
    ("containerSecurityContext", "containerSecurityContext"),
    ("annotations", "annotations"),
    ("env", "extraEnv"),
    ("strategy", "strategy"),
    ("runtimeClass", "runtimeClassName"),
];

/// Every component.
pub(super) fn write(export: &mut Export<'_>) {
    if export.file["cluster"].is_object() {
        cluster(export);
    } else {
        standalone(export);
    }
}

fn cluster(export: &mut Export<'_>) {
    let line = line_of(&export.installation.version);
    let roles: Vec<Role> = export
        .topology
        .components
        .iter()
        .map(|component| component.role)
        .collect();
    let optional = [
        Role::MixCoordinator,
        Role::RootCoordinator,
        Role::QueryCoordinator,
        Role::IndexCoordinator,
        Role::DataCoordinator,
        Role::IndexNode,
        Role::Cdc,
    ];
    for role in optional {
        let in_line = line.cluster.contains(&role)
            || line.other_coordinators.contains(&role)
            || role == Role::Cdc;
        if roles.contains(&role) || in_line {
            export.put(&format!("{}.enabled", role.key()), roles.contains(&role));
        }
    }
    if line.cluster.contains(&Role::StreamingNode) {
        export.put("streaming.enabled", true);
    }
    export.pass("cluster.resourceGroups", "replicaResourceGroups");
    let mut done = Vec::new();
    for role in roles {
        // Resource groups have a component each of one role.
        if !done.contains(&role) {
            export.component(role);
            done.push(role);
        }
    }
}

fn standalone(export: &mut Export<'_>) {
    let (path, key) = ("standalone", "standalone");
    export.resources("standalone.resources", "standalone.resources");
    export.disk(path, key);
    export.pod("standalone.pod", key);
    export.extra_env(key);
    let claim = "standalone.persistence.persistentVolumeClaim";
    export.pass("standalone.storage.size", &format!("{claim}.size"));
    export.pass("standalone.storage.class", &format!("{claim}.storageClass"));
    match export.take("standalone.persistence") {
        Some(Json::String(text)) if text == "ephemeral" => {
            export.put("standalone.persistence.enabled", false);
        }
        Some(Json::Object(existing)) => {
            let name = existing.get("existingClaim").cloned().unwrap_or_default();
            export.put(&format!("{claim}.existingClaim"), name);
        }
        _ => {}
    }
}

impl Export<'_> {
    fn component(&mut self, role: Role) {
        let key = role.key();
        let path = format!("cluster.components.{key}");
        self.resources(&format!("{path}.resources"), &format!("{key}.resources"));
        if self.values[key]["resources"].is_null() {
            let known = self
                .topology
                .components
                .iter()
                .find(|component| component.role == role);
            let usual = known.and_then(|component| serde_json::to_value(component.resources).ok());
            self.put(&format!("{key}.resources"), usual.unwrap_or_default());
        }
        let replicas = self.take(&format!("{path}.replicas"));
        if role.is_coordinator() {
            let several = replicas
                .as_ref()
                .and_then(Json::as_u64)
                .is_some_and(|number| number > 1);
            self.put(&format!("{key}.activeStandby.enabled"), several);
        }
        if let Some(replicas) = replicas {
            self.put(&format!("{key}.replicas"), replicas);
        }
        if self.take(&format!("{path}.externalAutoscaler")) == Some(json!(true)) {
            self.put(&format!("{key}.replicas"), -1);
        }
        self.autoscaling(&path, key);
        self.disk(&path, key);
        self.pod(&format!("{path}.pod"), key);
        if role == Role::Proxy {
            self.pass_all(&format!("{path}.pod"), key, &["volumes", "volumeMounts"]);
        }
        self.extra_env(key);
        self.pass_all(
            &format!("{path}.service"),
            &format!("{key}.service"),
            &["annotations", "labels"],
        );
    }

    fn autoscaling(&mut self, path: &str, key: &str) {
        if self
            .file
            .pointer(&format!("/{}/autoscaling", path.replace('.', "/")))
            .is_none()
        {
            return;
        }
        self.put(&format!("{key}.hpa.enabled"), true);
        for (ours, theirs) in [
            ("min", "minReplicas"),
            ("max", "maxReplicas"),
            ("cpuPercent", "cpuUtilization"),
            ("memoryPercent", "memoryUtilization"),
        ] {
            self.pass(
                &format!("{path}.autoscaling.{ours}"),
                &format!("{key}.hpa.{theirs}"),
            );
        }
    }

    fn disk(&mut self, path: &str, key: &str) {
        self.pass(
            &format!("{path}.disk.enabled"),
            &format!("{key}.disk.enabled"),
        );
        if let Some(limit) = self.take(&format!("{path}.disk.sizeLimit")) {
            self.put(&format!("{key}.disk.size.enabled"), true);
            // The chart tells the server of the container's own limit.
            self.put(&format!("{key}.resources.limits.ephemeral-storage"), limit);
        }
    }

    /// What holds for the pods of one component.
    pub(super) fn pod(&mut self, path: &str, key: &str) {
        for (ours, theirs) in PODS {
            self.pass(&format!("{path}.{ours}"), &format!("{key}.{theirs}"));
        }
    }

    /// Variables of every container, before those of this one.
    fn extra_env(&mut self, key: &str) {
        if self.variables.is_empty() {
            return;
        }
        let mut all = self.variables.clone();
        let own = self.values[key]["extraEnv"].as_array();
        for variable in own.into_iter().flatten() {
            // One of the same name takes the place of the other, as in our own pods.
            match all.iter_mut().find(|one| one["name"] == variable["name"]) {
                Some(one) => *one = variable.clone(),
                None => all.push(variable.clone()),
            }
        }
        self.put(&format!("{key}.extraEnv"), json!(all));
    }
}
