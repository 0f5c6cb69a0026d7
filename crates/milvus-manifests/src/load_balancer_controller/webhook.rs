//! The controller's webhooks: their service, and what the API server asks them.

use k8s_openapi::{
    ByteString,
    api::{
        admissionregistration::v1::{
            MutatingWebhook, MutatingWebhookConfiguration, RuleWithOperations, ServiceReference,
            ValidatingWebhook, ValidatingWebhookConfiguration, WebhookClientConfig,
        },
        core::v1::{Service, ServicePort, ServiceSpec},
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
        util::intstr::IntOrString,
    },
};

use super::{
    CONTROLLER_NAME, CONTROLLER_NAMESPACE, LoadBalancerController, WEBHOOK_SERVICE,
    deployment::WEBHOOK_PORT, selector,
};
use crate::labels;

/// The name of both configurations.
const CONFIGURATION: &str = "aws-load-balancer-webhook";
const READINESS_GATES: &str = "elbv2.k8s.aws/pod-readiness-gate-inject";
const QUIC: &str = "elbv2.k8s.aws/quic-server-id-inject";
const AGENT_OF_NAMESPACE: &str = "elbv2.k8s.aws/alb-target-control-agent-injection";
const AGENT_OF_POD: &str = "elbv2.k8s.aws/alb-target-control-agent-inject";

/// A label, an operator, values.
type Requirement = (&'static str, &'static str, &'static [&'static str]);

/// One question that the API server asks.
struct Question {
    name: &'static str,
    path: &'static str,
    /// What happens when nobody answers.
    failure: &'static str,
    namespaces: &'static [Requirement],
    objects: &'static [Requirement],
    /// Group, version, plural.
    about: (&'static str, &'static str, &'static str),
    operations: &'static [&'static str],
}

const NOT_ITSELF: Requirement = (labels::NAME, "NotIn", &[CONTROLLER_NAME]);
const PODS: (&str, &str, &str) = ("", "v1", "pods");
const BINDINGS: (&str, &str, &str) = ("elbv2.k8s.aws", "v1beta1", "targetgroupbindings");
const CREATE: &[&str] = &["CREATE"];
const CREATE_AND_UPDATE: &[&str] = &["CREATE", "UPDATE"];

const MUTATING: [Question; 6] = [
    Question {
        name: "mpod.elbv2.k8s.aws",
        path: "/mutate-v1-pod",
        failure: "Ignore",
        namespaces: &[(READINESS_GATES, "In", &["enabled"])],
        objects: &[NOT_ITSELF],
        about: PODS,
        operations: CREATE,
    },
    Question {
        name: "quicid.elbv2.k8s.aws",
        path: "/mutate-v1-pod-server-id",
        failure: "Fail",
        namespaces: &[(QUIC, "In", &["enabled"])],
        objects: &[NOT_ITSELF],
        about: PODS,
        operations: CREATE,
    },
    Question {
        name: "mservice.elbv2.k8s.aws",
        path: "/mutate-v1-service",
        failure: "Fail",
        namespaces: &[],
        objects: &[NOT_ITSELF],
        about: ("", "v1", "services"),
        operations: CREATE,
    },
    Question {
        name: "alb-target-control.namespace.elbv2.k8s.aws",
        path: "/mutate-alb-target-control-namespace-v1-pod",
        failure: "Fail",
        namespaces: &[(AGENT_OF_NAMESPACE, "In", &["enabled"])],
        objects: &[NOT_ITSELF, (AGENT_OF_POD, "NotIn", &["false"])],
        about: PODS,
        operations: CREATE,
    },
    Question {
        name: "alb-target-control.object.elbv2.k8s.aws",
        path: "/mutate-alb-target-control-object-v1-pod",
        failure: "Fail",
        namespaces: &[(AGENT_OF_NAMESPACE, "DoesNotExist", &[])],
        objects: &[NOT_ITSELF, (AGENT_OF_POD, "In", &["true"])],
        about: PODS,
        operations: CREATE,
    },
    Question {
        name: "mtargetgroupbinding.elbv2.k8s.aws",
        path: "/mutate-elbv2-k8s-aws-v1beta1-targetgroupbinding",
        failure: "Fail",
        namespaces: &[],
        objects: &[],
        about: BINDINGS,
        operations: CREATE_AND_UPDATE,
    },
];

const VALIDATING: [Question; 3] = [
    Question {
        name: "vingressclassparams.elbv2.k8s.aws",
        path: "/validate-elbv2-k8s-aws-v1beta1-ingressclassparams",
        failure: "Fail",
        namespaces: &[],
        objects: &[NOT_ITSELF],
        about: ("elbv2.k8s.aws", "v1beta1", "ingressclassparams"),
        operations: CREATE_AND_UPDATE,
    },
    Question {
        name: "vtargetgroupbinding.elbv2.k8s.aws",
        path: "/validate-elbv2-k8s-aws-v1beta1-targetgroupbinding",
        failure: "Fail",
        namespaces: &[],
        objects: &[],
        about: BINDINGS,
        operations: CREATE_AND_UPDATE,
    },
    Question {
        name: "vingress.elbv2.k8s.aws",
        path: "/validate-networking-v1-ingress",
        failure: "Fail",
        namespaces: &[],
        objects: &[],
        about: ("networking.k8s.io", "v1", "ingresses"),
        operations: CREATE_AND_UPDATE,
    },
];

impl Question {
    fn client_config(&self, authority: &str) -> WebhookClientConfig {
        WebhookClientConfig {
            ca_bundle: Some(ByteString(authority.as_bytes().to_vec())),
            service: Some(ServiceReference {
                name: WEBHOOK_SERVICE.to_owned(),
                namespace: CONTROLLER_NAMESPACE.to_owned(),
                path: Some(self.path.to_owned()),
                port: None,
            }),
            url: None,
        }
    }

    fn rules(&self) -> Vec<RuleWithOperations> {
        let (group, version, plural) = self.about;
        let one = |text: &str| Some(vec![text.to_owned()]);
        vec![RuleWithOperations {
            api_groups: one(group),
            api_versions: one(version),
            operations: Some(self.operations.iter().map(ToString::to_string).collect()),
            resources: one(plural),
            scope: None,
        }]
    }

    fn mutating(&self, authority: &str) -> MutatingWebhook {
        MutatingWebhook {
            name: self.name.to_owned(),
            client_config: self.client_config(authority),
            failure_policy: Some(self.failure.to_owned()),
            admission_review_versions: vec!["v1".to_owned()],
            namespace_selector: label_selector(self.namespaces),
            object_selector: label_selector(self.objects),
            rules: Some(self.rules()),
            side_effects: "None".to_owned(),
            ..MutatingWebhook::default()
        }
    }

    fn validating(&self, authority: &str) -> ValidatingWebhook {
        ValidatingWebhook {
            name: self.name.to_owned(),
            client_config: self.client_config(authority),
            failure_policy: Some(self.failure.to_owned()),
            admission_review_versions: vec!["v1".to_owned()],
            namespace_selector: label_selector(self.namespaces),
            object_selector: label_selector(self.objects),
            rules: Some(self.rules()),
            side_effects: "None".to_owned(),
            ..ValidatingWebhook::default()
        }
    }
}

fn label_selector(requirements: &[Requirement]) -> Option<LabelSelector> {
    let one = |(key, operator, values): &Requirement| LabelSelectorRequirement {
        key: (*key).to_owned(),
        operator: (*operator).to_owned(),
        values: (!values.is_empty()).then(|| values.iter().map(ToString::to_string).collect()),
    };
    (!requirements.is_empty()).then(|| LabelSelector {
        match_expressions: Some(requirements.iter().map(one).collect()),
        match_labels: None,
    })
}

pub(super) fn mutating(
    controller: &LoadBalancerController,
    authority: &str,
) -> MutatingWebhookConfiguration {
    let questions = MUTATING.iter();
    MutatingWebhookConfiguration {
        metadata: controller.cluster_metadata(CONFIGURATION),
        webhooks: Some(questions.map(|q| q.mutating(authority)).collect()),
    }
}

pub(super) fn validating(
    controller: &LoadBalancerController,
    authority: &str,
) -> ValidatingWebhookConfiguration {
    let questions = VALIDATING.iter();
    ValidatingWebhookConfiguration {
        metadata: controller.cluster_metadata(CONFIGURATION),
        webhooks: Some(questions.map(|q| q.validating(authority)).collect()),
    }
}

/// The service that the API server asks.
pub(super) fn service(controller: &LoadBalancerController) -> Service {
    let mut metadata = controller.metadata(WEBHOOK_SERVICE);
    let labels = metadata.labels.get_or_insert_default();
    let more = [
        ("app.kubernetes.io/component", "webhook"),
        ("prometheus.io/service-monitor", "false"),
    ];
    labels.extend(more.map(|(key, value)| (key.to_owned(), value.to_owned())));
    Service {
        metadata,
        spec: Some(ServiceSpec {
            ports: Some(vec![ServicePort {
                name: Some(WEBHOOK_PORT.to_owned()),
                port: 443,
                target_port: Some(IntOrString::String(WEBHOOK_PORT.to_owned())),
                ..ServicePort::default()
            }]),
            selector: Some(selector()),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}
