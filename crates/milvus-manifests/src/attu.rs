//! Attu, the web interface: its deployment, its service and, where it is reached from outside, its ingress.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec},
        core::v1::{
            Capabilities, Container, ContainerPort, EnvVar, PodSecurityContext, PodSpec,
            PodTemplateSpec, Probe, SeccompProfile, SecurityContext, Service, ServicePort,
            ServiceSpec, TCPSocketAction,
        },
        networking::v1::{
            HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
            IngressServiceBackend, IngressSpec, ServiceBackendPort,
        },
    },
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use milvus_aws_core::{
    installation::{InstallationName, MilvusVersion, Namespace},
    topology::line_of,
};

use crate::{
    Object,
    labels::{self, Part},
    load_balancer::{Scheme, joined, tag_list},
};

const COMPONENT: &str = "attu";
const PORT: i32 = 3000;
const ANNOTATIONS: &str = "alb.ingress.kubernetes.io/";
/// The class of ingresses that the AWS Load Balancer Controller takes.
const INGRESS_CLASS: &str = "alb";

/// From where Attu can be reached. It has no login of its own: whoever reaches it can try to connect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Exposure {
    /// Inside of the cluster, or through `kubectl port-forward`.
    #[default]
    ClusterIp,
    /// From the network, through a load balancer.
    Internal,
    /// From everywhere, through a load balancer. Never unless the user says so.
    InternetFacing,
}

impl Exposure {
    fn scheme(self) -> Option<Scheme> {
        match self {
            Self::ClusterIp => None,
            Self::Internal => Some(Scheme::Internal),
            Self::InternetFacing => Some(Scheme::InternetFacing),
        }
    }
}

/// What Attu shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attu {
    /// The installation's name.
    pub release: InstallationName,
    /// Its namespace.
    pub namespace: Namespace,
    /// The image: see [`attu_image`].
    pub image: String,
    /// Where Milvus is, as a URL: `http://demo-milvus:19530`.
    pub milvus_address: String,
    /// From where it can be reached.
    pub exposure: Exposure,
    /// The subnets of its load balancer; without them the controller looks for tagged ones.
    pub subnets: Vec<String>,
    /// Tags of everything that the controller makes for it.
    pub tags: BTreeMap<String, String>,
    /// The ARN of a certificate: the load balancer speaks HTTPS then, and HTTP otherwise.
    pub certificate: Option<String>,
}

/// The image of the Attu that fits a Milvus version.
pub fn attu_image(version: &MilvusVersion) -> String {
    line_of(version).attu_image.to_owned()
}

impl Attu {
    /// Its objects, to be added to those of the installation.
    pub fn objects(&self) -> Vec<Object> {
        let mut objects = vec![self.service().into(), self.deployment().into()];
        objects.extend(
            self.exposure
                .scheme()
                .map(|scheme| self.ingress(scheme).into()),
        );
        objects
    }

    fn name(&self) -> String {
        format!("{}-{COMPONENT}", self.release.full_name())
    }

    fn part() -> Part {
        Part::Component(COMPONENT)
    }

    fn metadata(&self) -> ObjectMeta {
        let mut labels = labels::of_pods(&self.release, Self::part());
        labels.insert(labels::MANAGED_BY.to_owned(), labels::MANAGER.to_owned());
        ObjectMeta {
            name: Some(self.name()),
            namespace: Some(self.namespace.to_string()),
            labels: Some(labels),
            ..ObjectMeta::default()
        }
    }

    fn service(&self) -> Service {
        Service {
            metadata: self.metadata(),
            spec: Some(ServiceSpec {
                type_: Some("ClusterIP".to_owned()),
                ports: Some(vec![ServicePort {
                    name: Some(COMPONENT.to_owned()),
                    port: PORT,
                    protocol: Some("TCP".to_owned()),
                    target_port: Some(IntOrString::Int(PORT)),
                    ..ServicePort::default()
                }]),
                selector: Some(labels::selector(&self.release, Self::part())),
                ..ServiceSpec::default()
            }),
            status: None,
        }
    }

    fn deployment(&self) -> Deployment {
        Deployment {
            metadata: self.metadata(),
            spec: Some(DeploymentSpec {
                replicas: Some(1),
                selector: labels::label_selector(&self.release, Self::part()),
                template: PodTemplateSpec {
                    metadata: Some(ObjectMeta {
                        labels: Some(labels::of_pods(&self.release, Self::part())),
                        ..ObjectMeta::default()
                    }),
                    spec: Some(self.pod()),
                },
                ..DeploymentSpec::default()
            }),
            status: None,
        }
    }

    fn pod(&self) -> PodSpec {
        PodSpec {
            containers: vec![self.container()],
            // A service named `milvus` would otherwise set MILVUS_* variables, which Attu takes for its settings.
            enable_service_links: Some(false),
            automount_service_account_token: Some(false),
            security_context: Some(PodSecurityContext {
                seccomp_profile: Some(SeccompProfile {
                    type_: "RuntimeDefault".to_owned(),
                    localhost_profile: None,
                }),
                ..PodSecurityContext::default()
            }),
            ..PodSpec::default()
        }
    }

    fn container(&self) -> Container {
        Container {
            name: COMPONENT.to_owned(),
            image: Some(self.image.clone()),
            image_pull_policy: Some("IfNotPresent".to_owned()),
            ports: Some(vec![ContainerPort {
                name: Some(COMPONENT.to_owned()),
                container_port: PORT,
                protocol: Some("TCP".to_owned()),
                ..ContainerPort::default()
            }]),
            env: Some(vec![EnvVar {
                name: "MILVUS_URL".to_owned(),
                value: Some(self.milvus_address.clone()),
                value_from: None,
            }]),
            readiness_probe: Some(Probe {
                tcp_socket: Some(TCPSocketAction {
                    port: IntOrString::String(COMPONENT.to_owned()),
                    host: None,
                }),
                period_seconds: Some(2),
                ..Probe::default()
            }),
            security_context: Some(SecurityContext {
                allow_privilege_escalation: Some(false),
                capabilities: Some(Capabilities {
                    add: None,
                    drop: Some(vec!["ALL".to_owned()]),
                }),
                ..SecurityContext::default()
            }),
            ..Container::default()
        }
    }

    fn ingress(&self, scheme: Scheme) -> Ingress {
        let backend = IngressBackend {
            service: Some(IngressServiceBackend {
                name: self.name(),
                port: Some(ServiceBackendPort {
                    number: Some(PORT),
                    name: None,
                }),
            }),
            resource: None,
        };
        let mut metadata = self.metadata();
        metadata.annotations = Some(self.ingress_annotations(scheme));
        Ingress {
            metadata,
            spec: Some(IngressSpec {
                ingress_class_name: Some(INGRESS_CLASS.to_owned()),
                rules: Some(vec![IngressRule {
                    host: None,
                    http: Some(HTTPIngressRuleValue {
                        paths: vec![HTTPIngressPath {
                            backend,
                            path: Some("/".to_owned()),
                            path_type: "Prefix".to_owned(),
                        }],
                    }),
                }]),
                ..IngressSpec::default()
            }),
            status: None,
        }
    }

    fn ingress_annotations(&self, scheme: Scheme) -> BTreeMap<String, String> {
        let ports = match self.certificate {
            Some(_) => r#"[{"HTTPS":443}]"#,
            None => r#"[{"HTTP":80}]"#,
        };
        let all = [
            ("scheme", Some(scheme.as_str().to_owned())),
            ("target-type", Some("ip".to_owned())),
            ("listen-ports", Some(ports.to_owned())),
            ("certificate-arn", self.certificate.clone()),
            ("subnets", joined(&self.subnets)),
            ("tags", tag_list(&self.tags)),
        ];
        let all = all.into_iter();
        all.filter_map(|(key, value)| Some((format!("{ANNOTATIONS}{key}"), value?)))
            .collect()
    }
}
