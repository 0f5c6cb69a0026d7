//! Spreading replicas over zones and nodes.

use k8s_openapi::{
    api::core::v1::TopologySpreadConstraint, apimachinery::pkg::apis::meta::v1::LabelSelector,
};

/// Over zones first, then over nodes. A wish, not a condition: a small cluster must still get its pods.
pub(crate) fn constraints(
    selector: &LabelSelector,
    revisions: Revisions,
) -> Vec<TopologySpreadConstraint> {
    let over = |key: &str| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: key.to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(selector.clone()),
        match_label_keys: match revisions {
            Revisions::Apart => Some(vec!["pod-template-hash".to_owned()]),
            Revisions::Together => None,
        },
        ..TopologySpreadConstraint::default()
    };
    vec![
        over("topology.kubernetes.io/zone"),
        over("kubernetes.io/hostname"),
    ]
}

/// Whether pods of an older revision count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revisions {
    /// They do not: during a roll-out the new pods are spread among themselves (deployments).
    Apart,
    /// They do (stateful sets, whose pods keep their place).
    Together,
}
