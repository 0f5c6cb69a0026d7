//! Attu, the web interface: its deployment, its service and, where it is reached from outside, its ingress.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec},
        core::v1::{
            Container, ContainerPort, EnvVar, PodSpec, PodTemplateSpec, Probe, Service,
            ServicePort, ServiceSpec,
        },
        networking::v1::{
            HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
            IngressServiceBackend, IngressSpec, ServiceBackendPort,
        },
    },
    apimachinery::pkg::{apis::meta::v1::ObjectMeta, util::intstr::IntOrString},
};
use milvus_aws_core::{
    Installation,
    installation::{
        self, Amounts, InstallationName, Memory, MilvusVersion, NameOverrides, Namespace, Platform,
        Resources,
    },
    topology::line_of,
};

use crate::{
    Object, ingress,
    labels::{self, Identity, Part},
    load_balancer::{Scheme, joined, tag_list},
    pod::{
        self, probes, resources,
        security::{self, RootFileSystem, RunAs},
        volumes,
    },
    service,
};

pub(crate) const COMPONENT: &str = "attu";
const PORT: i32 = 3000;
const ANNOTATIONS: &str = "alb.ingress.kubernetes.io/";
/// The class of ingresses that the AWS Load Balancer Controller takes.
const INGRESS_CLASS: &str = "alb";

const DATA: &str = "data";
/// Files of the image belong to root and its group, which may write them. The group stays where a user says another
/// `runAsGroup`.
const RUN_AS: RunAs<'_> = RunAs {
    user: 1000,
    group: 0,
    owns_volumes: false,
    groups: &[0],
    // The constraint writes the user into containers only, and runtimes refuse a pod's sandbox with a group and no user.
    // Its files are for the group alone: `groups` has it, and it is that of a user without an account.
    assigned_on_openshift: &security::USER_AND_GROUPS,
};
/// What a page of the interface needs; the limit leaves room for files that are uploaded through it.
const RESOURCES: Resources = Resources {
    requests: Amounts {
        cpu: None,
        memory: Some(Memory::from_mib(256)),
        ephemeral_storage: None,
    },
    limits: Amounts {
        cpu: None,
        memory: Some(Memory::from_mib(1024)),
        ephemeral_storage: None,
    },
};

/// What Attu's releases differ in (source: its README of each line).
struct Release {
    /// The first major version of the row.
    from: u64,
    /// The variable that holds Milvus's address.
    address: &'static str,
    /// Where it keeps a database of its own.
    data: Option<&'static str>,
}

const RELEASES: [Release; 2] = [
    Release {
        from: 0,
        address: "MILVUS_URL",
        data: None,
    },
    Release {
        from: 3,
        address: "MILVUS_ADDRESS",
        data: Some("/data"),
    },
];

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
#[derive(Debug, Clone, PartialEq)]
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
    /// Names that do not follow from the installation's.
    pub names: NameOverrides,
    /// What kind of Kubernetes its pods run on.
    pub platform: Platform,
    /// What the user says of it further.
    pub settings: installation::Attu,
}

/// The image of the Attu that fits a Milvus version.
pub fn attu_image(version: &MilvusVersion) -> String {
    line_of(version).attu_image.to_owned()
}

impl Attu {
    /// Attu beside a Milvus in a cluster that exists, where the user wants one.
    pub fn beside(installation: &Installation) -> Option<Self> {
        let mut settings = *installation.attu.clone()?;
        settings.pod.labels = installation.labels.with(&settings.pod.labels);
        settings.pod.annotations = installation.annotations.with(&settings.pod.annotations);
        let usual = attu_image(&installation.version);
        let (repository, tag) = usual.rsplit_once(':').unwrap_or((&usual, "latest"));
        let said = &settings.image;
        let repository = said.repository.as_ref().map_or(repository, AsRef::as_ref);
        let tag = said.tag.as_ref().map_or(tag, AsRef::as_ref);
        let scheme = if installation.speaks_tls() {
            "https"
        } else {
            "http"
        };
        let address = format!(
            "{scheme}://{}:{}",
            installation.full_name(),
            installation.service.port
        );
        Some(Self {
            release: installation.name.clone(),
            namespace: installation.namespace.clone(),
            image: format!("{repository}:{tag}"),
            milvus_address: address,
            exposure: Exposure::ClusterIp,
            subnets: Vec::new(),
            tags: BTreeMap::new(),
            certificate: None,
            names: installation.names.clone(),
            platform: installation.platform.unwrap_or_default(),
            settings,
        })
    }

    /// Its objects, to be added to those of the installation.
    pub fn objects(&self) -> Vec<Object> {
        let mut objects = vec![self.service().into(), self.deployment().into()];
        objects.extend(
            self.exposure
                .scheme()
                .map(|scheme| self.ingress(scheme).into()),
        );
        let port = self.settings.service.port.get();
        objects.extend(
            self.settings
                .ingress
                .as_ref()
                .map(|wanted| ingress::in_front_of(self.metadata(), port, wanted).into()),
        );
        objects
    }

    /// The same, with what is said of all objects of the installation.
    pub(crate) fn objects_of(&self, installation: &Installation) -> Vec<Object> {
        let mut objects = self.objects();
        let none = installation::Annotations::default();
        for object in &mut objects {
            let (metadata, annotations) = match object {
                Object::Deployment(one) => (&mut one.metadata, &installation.annotations),
                Object::Service(one) => (&mut one.metadata, &none),
                Object::Ingress(one) => (&mut one.metadata, &none),
                _ => continue,
            };
            labels::decorate(metadata, &installation.labels, annotations);
        }
        objects
    }

    fn name(&self) -> String {
        format!("{}-{COMPONENT}", self.names.full_name(&self.release))
    }

    fn part() -> Part<'static> {
        Part::Component(COMPONENT)
    }

    fn identity(&self) -> Identity<'_> {
        Identity::new(&self.release, &self.names)
    }

    fn metadata(&self) -> ObjectMeta {
        let mut labels = labels::of_pods(self.identity(), Self::part());
        labels.insert(labels::MANAGED_BY.to_owned(), labels::MANAGER.to_owned());
        ObjectMeta {
            name: Some(self.name()),
            namespace: Some(self.namespace.to_string()),
            labels: Some(labels),
            ..ObjectMeta::default()
        }
    }

    fn service(&self) -> Service {
        let said = &self.settings.service;
        let mut metadata = self.metadata();
        labels::decorate(&mut metadata, &said.labels, &said.annotations);
        Service {
            metadata,
            spec: Some(ServiceSpec {
                type_: Some(service::kind(said.kind).to_owned()),
                load_balancer_class: said.load_balancer_class.as_ref().map(ToString::to_string),
                load_balancer_ip: said.load_balancer_ip.map(|address| address.to_string()),
                load_balancer_source_ranges: service::texts(&said.load_balancer_source_ranges),
                ports: Some(vec![ServicePort {
                    name: Some(COMPONENT.to_owned()),
                    port: i32::from(said.port.get()),
                    protocol: Some("TCP".to_owned()),
                    target_port: Some(IntOrString::Int(PORT)),
                    ..ServicePort::default()
                }]),
                selector: Some(labels::selector(self.identity(), Self::part())),
                ..ServiceSpec::default()
            }),
            status: None,
        }
    }

    fn deployment(&self) -> Deployment {
        let said = &self.settings.pod;
        let mut template = ObjectMeta {
            labels: Some(labels::of_pods(self.identity(), Self::part())),
            ..ObjectMeta::default()
        };
        labels::decorate(&mut template, &said.labels, &said.annotations);
        Deployment {
            metadata: self.metadata(),
            spec: Some(DeploymentSpec {
                replicas: Some(i32::from(self.settings.replicas.get())),
                selector: labels::label_selector(self.identity(), Self::part()),
                strategy: said.strategy.clone(),
                template: PodTemplateSpec {
                    metadata: Some(template),
                    spec: Some(self.pod()),
                },
                ..DeploymentSpec::default()
            }),
            status: None,
        }
    }

    fn pod(&self) -> PodSpec {
        let said = &self.settings.pod;
        let data = self.data_folder().map(|_| volumes::empty(DATA));
        let all = pod::joined(data.into_iter().collect(), &said.volumes, |one| &one.name);
        // The image's start script writes the address of Milvus beside the files that it serves.
        let (pod_context, container_context) =
            security::contexts(RUN_AS, RootFileSystem::Writable, self.platform, said);
        let container = Container {
            security_context: Some(container_context),
            ..self.container()
        };
        // No service links: a service named `milvus` would set MILVUS_* variables, which Attu takes for its settings.
        PodSpec {
            containers: pod::joined(vec![container], &said.sidecars, |one| &one.name),
            volumes: (!all.is_empty()).then_some(all),
            security_context: Some(pod_context),
            topology_spread_constraints: pod::spread(said, None),
            ..pod::base(said)
        }
    }

    /// What holds for the image: one row where its tag is a version, and every row where the tag does not say which.
    fn releases(&self) -> impl Iterator<Item = &'static Release> + use<> {
        let tag = self.image.rsplit_once(':').map_or("", |(_, tag)| tag);
        let version = tag.strip_prefix('v').unwrap_or(tag).split('.').next();
        let major: Option<u64> = version.and_then(|major| major.parse().ok());
        let row = major.and_then(|major| RELEASES.iter().rposition(|row| row.from <= major));
        RELEASES
            .iter()
            .enumerate()
            .filter(move |(index, _)| row.is_none_or(|row| row == *index))
            .map(|(_, release)| release)
    }

    /// Where the image keeps a database of its own.
    fn data_folder(&self) -> Option<&'static str> {
        self.releases().find_map(|release| release.data)
    }

    fn container(&self) -> Container {
        let said = &self.settings.pod;
        let address = self.releases().map(|release| EnvVar {
            name: release.address.to_owned(),
            value: Some(self.milvus_address.clone()),
            value_from: None,
        });
        let resources = self.settings.resources.unwrap_or(RESOURCES);
        let data = self
            .data_folder()
            .map(|folder| volumes::mount(DATA, folder));
        let mounts = pod::joined(data.into_iter().collect(), &said.volume_mounts, |mount| {
            &mount.mount_path
        });
        Container {
            name: COMPONENT.to_owned(),
            image: Some(self.image.clone()),
            image_pull_policy: Some(pod::pull_policy(self.settings.image.pull_policy)),
            ports: Some(vec![ContainerPort {
                name: Some(COMPONENT.to_owned()),
                container_port: PORT,
                protocol: Some("TCP".to_owned()),
                ..ContainerPort::default()
            }]),
            env: Some(pod::joined(address.collect(), &said.env, |variable| {
                &variable.name
            })),
            resources: Some(resources::requirements(&resources)),
            volume_mounts: (!mounts.is_empty()).then_some(mounts),
            startup_probe: Some(Probe {
                period_seconds: Some(1),
                timeout_seconds: Some(5),
                failure_threshold: Some(300),
                ..probes::tcp(COMPONENT)
            }),
            liveness_probe: Some(Probe {
                period_seconds: Some(15),
                timeout_seconds: Some(5),
                failure_threshold: Some(5),
                ..probes::tcp(COMPONENT)
            }),
            readiness_probe: Some(Probe {
                period_seconds: Some(2),
                ..probes::tcp(COMPONENT)
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
