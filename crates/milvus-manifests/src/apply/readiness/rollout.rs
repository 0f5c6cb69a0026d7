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
