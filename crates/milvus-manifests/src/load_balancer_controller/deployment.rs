//! The controller's pods.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec},
        core::v1::{
            Affinity, Container, ContainerPort, HTTPGetAction, PodAffinityTerm, PodAntiAffinity,
            PodSecurityContext, PodSpec, PodTemplateSpec, Probe, SecretVolumeSource,
            SecurityContext, Volume, VolumeMount, WeightedPodAffinityTerm,
        },
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, LabelSelectorRequirement, ObjectMeta},
        util::intstr::IntOrString,
    },
};

use super::{CERTIFICATE_SECRET, CONTROLLER_NAME, INGRESS_CLASS, LoadBalancerController, selector};
use crate::{labels, load_balancer::tag_list};

/// The port's name, which the service of the webhooks names too.
pub(super) const WEBHOOK_PORT: &str = "webhook-server";
const CERTIFICATE_VOLUME: &str = "cert";
const CERTIFICATE_FOLDER: &str = "/tmp/k8s-webhook-server/serving-certs";
const HEALTH_PORT: i32 = 61779;
const METRICS_PORT: i32 = 8080;
/// The group that owns the certificate: `nobody`, as which the image runs.
const GROUP: i64 = 65534;

pub(super) fn deployment(controller: &LoadBalancerController) -> Deployment {
    Deployment {
        metadata: controller.metadata(CONTROLLER_NAME),
        spec: Some(DeploymentSpec {
            replicas: Some(i32::from(controller.replicas)),
            revision_history_limit: Some(10),
            selector: LabelSelector {
                match_labels: Some(selector()),
                match_expressions: None,
            },
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(pod_labels(controller)),
                    annotations: Some(scraped()),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(controller)),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn pod_labels(controller: &LoadBalancerController) -> labels::Labels {
    let mut labels = selector();
    let mark = controller.owner.installation.to_string();
    labels.insert(labels::INSTALLATION.to_owned(), mark);
    labels
}

fn scraped() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("prometheus.io/scrape".to_owned(), "true".to_owned()),
        ("prometheus.io/port".to_owned(), METRICS_PORT.to_string()),
    ])
}

fn pod(controller: &LoadBalancerController) -> PodSpec {
    PodSpec {
        service_account_name: Some(CONTROLLER_NAME.to_owned()),
        volumes: Some(vec![Volume {
            name: CERTIFICATE_VOLUME.to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(CERTIFICATE_SECRET.to_owned()),
                default_mode: Some(0o644),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        }]),
        security_context: Some(PodSecurityContext {
            fs_group: Some(GROUP),
            ..PodSecurityContext::default()
        }),
        containers: vec![container(controller)],
        termination_grace_period_seconds: Some(10),
        affinity: Some(apart()),
        priority_class_name: Some("system-cluster-critical".to_owned()),
        ..PodSpec::default()
    }
}

fn container(controller: &LoadBalancerController) -> Container {
    Container {
        name: CONTROLLER_NAME.to_owned(),
        image: Some(controller.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        args: Some(arguments(controller)),
        ports: Some(vec![
            port(WEBHOOK_PORT, 9443),
            port("metrics-server", METRICS_PORT),
        ]),
        volume_mounts: Some(vec![VolumeMount {
            name: CERTIFICATE_VOLUME.to_owned(),
            mount_path: CERTIFICATE_FOLDER.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        }]),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            run_as_non_root: Some(true),
            ..SecurityContext::default()
        }),
        liveness_probe: Some(Probe {
            initial_delay_seconds: Some(30),
            ..probe("/healthz")
        }),
        readiness_probe: Some(Probe {
            period_seconds: Some(2),
            success_threshold: Some(1),
            ..probe("/readyz")
        }),
        ..Container::default()
    }
}

/// Region and VPC are said: by itself the controller would ask the instance's metadata, which pods may not reach.
fn arguments(controller: &LoadBalancerController) -> Vec<String> {
    let mut arguments = vec![
        format!("--cluster-name={}", controller.cluster_name),
        format!("--ingress-class={INGRESS_CLASS}"),
        format!("--aws-region={}", controller.region),
        format!("--aws-vpc-id={}", controller.vpc_id),
    ];
    let tags = tag_list(&controller.tags);
    arguments.extend(tags.map(|tags| format!("--default-tags={tags}")));
    arguments
}

fn port(name: &str, number: i32) -> ContainerPort {
    ContainerPort {
        name: Some(name.to_owned()),
        container_port: number,
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    }
}

fn probe(path: &str) -> Probe {
    Probe {
        failure_threshold: Some(2),
        timeout_seconds: Some(10),
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::Int(HEALTH_PORT),
            scheme: Some("HTTP".to_owned()),
            ..HTTPGetAction::default()
        }),
        ..Probe::default()
    }
}

/// Each pod on a node of its own, where there is one.
fn apart() -> Affinity {
    let is_controller = LabelSelectorRequirement {
        key: labels::NAME.to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![CONTROLLER_NAME.to_owned()]),
    };
    let term = PodAffinityTerm {
        label_selector: Some(LabelSelector {
            match_expressions: Some(vec![is_controller]),
            match_labels: None,
        }),
        topology_key: "kubernetes.io/hostname".to_owned(),
        ..PodAffinityTerm::default()
    };
    Affinity {
        pod_anti_affinity: Some(PodAntiAffinity {
            preferred_during_scheduling_ignored_during_execution: Some(vec![
                WeightedPodAffinityTerm {
                    weight: 100,
                    pod_affinity_term: term,
                },
            ]),
            ..PodAntiAffinity::default()
        }),
        ..Affinity::default()
    }
}
