//! Autoscalers: the number of a component's pods follows their load.

use std::num::NonZeroU16;

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec,
    MetricTarget, ResourceMetricSource,
};
use milvus_aws_core::{Installation, topology::Component};

use crate::{
    labels::{self, Part},
    names::Names,
};

/// The autoscaler of a component, where the user wants one.
pub(crate) fn of_component(
    installation: &Installation,
    component: &Component,
) -> Option<HorizontalPodAutoscaler> {
    let scaling = component.autoscaling?;
    let names = Names::of(installation);
    let number = |number: NonZeroU16| i32::from(number.get());
    let metrics = [
        ("cpu", scaling.cpu_percent),
        ("memory", scaling.memory_percent),
    ];
    let metrics = metrics
        .into_iter()
        .filter_map(|(name, percent)| Some(utilization(name, number(percent?))));
    Some(HorizontalPodAutoscaler {
        metadata: labels::metadata(
            installation,
            Part::of(component),
            names.autoscaler(component),
        ),
        spec: Some(HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: names.deployment(component),
            },
            min_replicas: Some(number(scaling.min)),
            max_replicas: number(scaling.max),
            metrics: Some(metrics.collect()),
            behavior: None,
        }),
        status: None,
    })
}

fn utilization(name: &str, percent: i32) -> MetricSpec {
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource {
            name: name.to_owned(),
            target: MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(percent),
                ..MetricTarget::default()
            },
        }),
        ..MetricSpec::default()
    }
}
