//! Requests and limits.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::ResourceRequirements, apimachinery::pkg::api::resource::Quantity,
};
use milvus_aws_core::installation::{Amounts, Resources};

/// Requests and limits of a container.
pub(crate) fn requirements(resources: &Resources) -> ResourceRequirements {
    ResourceRequirements {
        requests: amounts(&resources.requests),
        limits: amounts(&resources.limits),
        claims: None,
    }
}

fn amounts(amounts: &Amounts) -> Option<BTreeMap<String, Quantity>> {
    let cpu = amounts
        .cpu
        .map(|cpu| ("cpu".to_owned(), Quantity(cpu.to_string())));
    let memory = amounts
        .memory
        .map(|memory| ("memory".to_owned(), Quantity(memory.to_string())));
    let disk = amounts
        .ephemeral_storage
        .map(|disk| ("ephemeral-storage".to_owned(), Quantity(disk.to_string())));
    let map: BTreeMap<_, _> = cpu.into_iter().chain(memory).chain(disk).collect();
    (!map.is_empty()).then_some(map)
}
