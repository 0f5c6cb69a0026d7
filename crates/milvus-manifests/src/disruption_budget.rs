//! Disruption budgets: a drained node must not take the last replica, or etcd's majority, with it.

use k8s_openapi::{
    api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};
use milvus_aws_core::{
    Installation,
    topology::{Component, Topology},
};

use crate::{
    labels::{self, Identity, Part},
    names::Names,
};

/// One budget for each component with two replicas or more. A budget for one alone would block every drain.
pub(crate) fn of_components(
    installation: &Installation,
    topology: &Topology,
) -> Vec<PodDisruptionBudget> {
    let budget = |component: &Component| {
        let name = Names::of(installation).deployment(component);
        let one = PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            ..PodDisruptionBudgetSpec::default()
        };
        budget(installation, Part::of(component), name, one)
    };
    let components = topology.components.iter();
    components
        .filter(|component| component.replicas > 1)
        .map(budget)
        .collect()
}

/// Keeps a majority of etcd's members.
pub(crate) fn of_etcd(installation: &Installation, members: u8) -> Option<PodDisruptionBudget> {
    let majority = PodDisruptionBudgetSpec {
        min_available: Some(IntOrString::Int(i32::from(members / 2 + 1))),
        ..PodDisruptionBudgetSpec::default()
    };
    let name = Names::of(installation).etcd();
    (members > 1).then(|| budget(installation, Part::Etcd, name, majority))
}

fn budget(
    installation: &Installation,
    part: Part<'_>,
    name: String,
    spec: PodDisruptionBudgetSpec,
) -> PodDisruptionBudget {
    PodDisruptionBudget {
        metadata: labels::metadata(installation, part, name),
        spec: Some(PodDisruptionBudgetSpec {
            selector: Some(labels::label_selector(Identity::of(installation), part)),
            ..spec
        }),
        status: None,
    }
}
