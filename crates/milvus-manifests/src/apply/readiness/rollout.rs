//! Whether a workload runs as it was last written.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use milvus_aws_core::engine::Readiness;

/// Every pod is of the newest template and available, and no older one is left.
pub(super) fn of_deployment(deployment: &Deployment) -> Readiness<()> {
    let wanted = deployment
        .spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .unwrap_or(1);
    let Some(status) = &deployment.status else {
        return waiting("its controller has not seen it yet");
    };
    if status.observed_generation < deployment.metadata.generation {
        return waiting("its controller has not seen the change yet");
    }
    let conditions = status.conditions.iter().flatten();
    // Pods that cannot even be made: a quota, or an admission rule.
    let failure = conditions
        .into_iter()
        .find(|c| c.type_ == "ReplicaFailure" && c.status == "True");
    if let Some(message) = failure.and_then(|condition| condition.message.as_ref()) {
        return waiting(message);
    }
    let updated = status.updated_replicas.unwrap_or(0);
    let available = status.available_replicas.unwrap_or(0);
    let all = status.replicas.unwrap_or(0);
    progress(wanted, updated, available, all - updated)
}

/// Every pod is of the newest revision and available.
pub(super) fn of_stateful_set(set: &StatefulSet) -> Readiness<()> {
    let wanted = set
        .spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .unwrap_or(1);
    let Some(status) = &set.status else {
        return waiting("its controller has not seen it yet");
    };
    if status.observed_generation < set.metadata.generation {
        return waiting("its controller has not seen the change yet");
    }
    let newest = status.update_revision == status.current_revision;
    let updated = if newest {
        status.replicas
    } else {
        status.updated_replicas.unwrap_or(0)
    };
    let available = status.available_replicas.unwrap_or(0);
    progress(wanted, updated, available, status.replicas - updated)
}

fn progress(wanted: i32, updated: i32, available: i32, old: i32) -> Readiness<()> {
    if updated < wanted {
        waiting(&format!(
            "{updated} of {wanted} pods are of the newest version"
        ))
    } else if old > 0 {
        waiting(&format!("{old} older pods have not ended yet"))
    } else if available < wanted {
        waiting(&format!("{available} of {wanted} pods are available"))
    } else {
        Readiness::Ready(())
    }
}

fn waiting(reason: &str) -> Readiness<()> {
    Readiness::Waiting {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "so that tests can write values in place"
)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deployment(status: Value) -> Readiness<()> {
        let object = json!({"metadata": {"generation": 2}, "spec": {"replicas": 2, "selector": {}, "template": {}}, "status": status});
        of_deployment(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn a_deployment_is_ready_when_the_newest_pods_alone_are_available() {
        let ready = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2});
        assert_eq!(deployment(ready.clone()), Readiness::Ready(()));
        let faults = [
            (
                "observedGeneration",
                json!(1),
                "its controller has not seen the change yet",
            ),
            (
                "updatedReplicas",
                json!(1),
                "1 of 2 pods are of the newest version",
            ),
            ("replicas", json!(3), "1 older pods have not ended yet"),
            ("availableReplicas", json!(1), "1 of 2 pods are available"),
            (
                "conditions",
                json!([{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]),
                "exceeded quota",
            ),
        ];
        for (field, value, reason) in faults {
            let mut status = ready.clone();
            status[field] = value;
            assert_eq!(deployment(status), waiting(reason), "{field}");
        }
    }

    #[test]
    fn a_stateful_set_is_ready_when_all_pods_are_of_the_newest_revision() {
        let of = |status: Value| {
            let object = json!({"metadata": {"generation": 1}, "spec": {"replicas": 3, "selector": {}, "template": {}, "serviceName": "a"}, "status": status});
            of_stateful_set(&serde_json::from_value(object).unwrap())
        };
        let ready = json!({"observedGeneration": 1, "replicas": 3, "availableReplicas": 3, "currentRevision": "a", "updateRevision": "a"});
        assert_eq!(of(ready.clone()), Readiness::Ready(()));
        let mut rolling = ready.clone();
        rolling["updateRevision"] = json!("b");
        rolling["updatedReplicas"] = json!(1);
        assert_eq!(
            of(rolling),
            waiting("1 of 3 pods are of the newest version")
        );
        let mut starting = ready;
        starting["availableReplicas"] = json!(2);
        assert_eq!(of(starting), waiting("2 of 3 pods are available"));
    }
}
