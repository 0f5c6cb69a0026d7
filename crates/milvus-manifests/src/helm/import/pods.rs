//! What values say of pods: Kubernetes' own fields, taken over as they are.

use milvus_aws_core::topology::Role;
use serde_json::json;

use super::{Import, below};

/// Fields that the chart calls as we do.
const SAME: [&str; 6] = [
    "nodeSelector",
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "securityContext",
    "containerSecurityContext",
];

/// Fields of one component that we call otherwise.
const RENAMED: [(&str, &str); 5] = [
    ("annotations", "annotations"),
    ("extraEnv", "env"),
    ("strategy", "strategy"),
    ("runtimeClassName", "runtimeClass"),
    ("podLabels", "labels"),
];

/// What holds for all pods.
pub(super) fn read_all(import: &mut Import<'_>) {
    for field in SAME {
        import.copy(field, &format!("scheduling.{field}"));
    }
    import.copy("volumes", "scheduling.volumes");
    import.copy("volumeMounts", "scheduling.volumeMounts");
    import.copy("image.all.pullSecrets", "scheduling.imagePullSecrets");
    import.copy("labels", "labels");
    import.copy("annotations", "annotations");
}

impl Import<'_> {
    /// What holds for the pods of one component: `key` is its section, `to` where it goes.
    pub(super) fn pod(&mut self, key: &str, to: &str) {
        let Some(section) = self.values.find(key) else {
            return;
        };
        for (field, ours) in SAME.map(|field| (field, field)).into_iter().chain(RENAMED) {
            if section.has(field) {
                self.copy(&below(key, field), &below(to, ours));
            }
        }
        if self.values.flag(&below(key, "profiling.enabled")) == Some(true) {
            self.profiling(key, to);
        }
    }

    /// The annotations by which Pyroscope finds pods.
    fn profiling(&mut self, key: &str, to: &str) {
        let annotations = below(to, "annotations");
        let mut pairs = match self.draft.get(&annotations) {
            Some(serde_json::Value::Object(pairs)) => pairs.clone(),
            _ => serde_json::Map::new(),
        };
        pairs.insert("pyroscope.io/scrape".to_owned(), json!("true"));
        let component = Role::ALL.iter().find(|role| role.key() == key);
        let component = component.map_or(key, |role| role.component_name());
        let application = format!("{}-{component}", self.full_name());
        pairs.insert(
            "pyroscope.io/application-name".to_owned(),
            json!(application),
        );
        pairs.insert("pyroscope.io/port".to_owned(), json!("9091"));
        self.draft.put(&annotations, pairs);
    }
}
