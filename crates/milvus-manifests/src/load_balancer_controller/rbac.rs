//! What the controller may do in the cluster, and as whom.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    core::v1::ServiceAccount,
    rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject},
};

use super::{CONTROLLER_NAME, CONTROLLER_NAMESPACE, LoadBalancerController};
use crate::Object;

const CLUSTER_ROLE: &str = "aws-load-balancer-controller-role";
const CLUSTER_BINDING: &str = "aws-load-balancer-controller-rolebinding";
const ROLE: &str = "aws-load-balancer-controller-leader-election-role";
const BINDING: &str = "aws-load-balancer-controller-leader-election-rolebinding";
const LEADER: &str = "aws-load-balancer-controller-leader";
const RBAC: &str = "rbac.authorization.k8s.io";

/// Groups, resources, names of single objects, verbs.
struct Rule(
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const GATEWAY: &[&str] = &["gateway.networking.k8s.io"];
const GATEWAY_AWS: &[&str] = &["gateway.k8s.aws"];
const ELB: &[&str] = &["elbv2.k8s.aws"];
const INGRESS: &[&str] = &["extensions", "networking.k8s.io"];

/// In the cluster.
const CLUSTER_RULES: [Rule; 23] = [
    Rule(
        &[""],
        &["configmaps"],
        &[],
        &["create", "delete", "get", "update"],
    ),
    Rule(
        &[""],
        &["endpoints", "namespaces", "nodes", "pods"],
        &[],
        &["get", "list", "watch"],
    ),
    Rule(&[""], &["events"], &[], &["create", "patch"]),
    Rule(
        &[""],
        &["pods/status", "services/status"],
        &[],
        &["patch", "update"],
    ),
    Rule(
        &[""],
        &["services"],
        &[],
        &["get", "list", "patch", "update", "watch"],
    ),
    Rule(
        &["aga.k8s.aws"],
        &["globalaccelerators"],
        &[],
        &["get", "list", "patch", "watch"],
    ),
    Rule(
        &["aga.k8s.aws"],
        &["globalaccelerators/finalizers", "globalaccelerators/status"],
        &[],
        &["patch", "update"],
    ),
    Rule(
        &["discovery.k8s.io"],
        &["endpointslices"],
        &[],
        &["get", "list", "watch"],
    ),
    Rule(ELB, &["albtargetcontrolconfigs"], &[], &["get"]),
    Rule(ELB, &["ingressclassparams"], &[], &["get", "list", "watch"]),
    Rule(
        ELB,
        &["targetgroupbindings"],
        &[],
        &[
            "create", "delete", "get", "list", "patch", "update", "watch",
        ],
    ),
    Rule(
        ELB,
        &["targetgroupbindings/status"],
        &[],
        &["patch", "update"],
    ),
    Rule(
        INGRESS,
        &["ingresses"],
        &[],
        &["get", "list", "patch", "update", "watch"],
    ),
    Rule(INGRESS, &["ingresses/status"], &[], &["patch", "update"]),
    Rule(
        GATEWAY_AWS,
        &[
            "listenerruleconfigurations",
            "loadbalancerconfigurations",
            "targetgroupconfigurations",
        ],
        &[],
        &["get", "list", "patch", "watch"],
    ),
    Rule(
        GATEWAY_AWS,
        &[
            "listenerruleconfigurations/finalizers",
            "loadbalancerconfigurations/finalizers",
            "targetgroupconfigurations/finalizers",
        ],
        &[],
        &["patch", "update"],
    ),
    Rule(
        GATEWAY_AWS,
        &[
            "listenerruleconfigurations/status",
            "loadbalancerconfigurations/status",
            "targetgroupconfigurations/status",
        ],
        &[],
        &["get", "patch", "update"],
    ),
    Rule(
        GATEWAY,
        &["gatewayclasses", "gateways", "referencegrants"],
        &[],
        &["get", "list", "patch", "watch"],
    ),
    Rule(
        GATEWAY,
        &["gatewayclasses/finalizers", "gateways/finalizers"],
        &[],
        &["patch", "update"],
    ),
    Rule(
        GATEWAY,
        &[
            "gatewayclasses/status",
            "gateways/status",
            "grpcroutes/status",
            "httproutes/status",
            "listenersets/status",
            "tcproutes/status",
            "tlsroutes/status",
            "udproutes/status",
        ],
        &[],
        &["get", "patch", "update"],
    ),
    Rule(
        GATEWAY,
        &[
            "grpcroutes",
            "httproutes",
            "listenersets",
            "tcproutes",
            "tlsroutes",
            "udproutes",
        ],
        &[],
        &["get", "list", "watch"],
    ),
    Rule(
        GATEWAY,
        &[
            "grpcroutes/finalizers",
            "httproutes/finalizers",
            "listenersets/finalizers",
            "tcproutes/finalizers",
            "tlsroutes/finalizers",
            "udproutes/finalizers",
        ],
        &[],
        &["update"],
    ),
    Rule(
        &["networking.k8s.io"],
        &["ingressclasses"],
        &[],
        &["get", "list", "watch"],
    ),
];

/// In its own namespace: which of its pods leads.
const LEADER_RULES: [Rule; 4] = [
    Rule(&[""], &["configmaps"], &[], &["create"]),
    Rule(
        &[""],
        &["configmaps"],
        &[LEADER],
        &["get", "patch", "update"],
    ),
    Rule(&["coordination.k8s.io"], &["leases"], &[], &["create"]),
    Rule(
        &["coordination.k8s.io"],
        &["leases"],
        &[LEADER],
        &["get", "update", "patch"],
    ),
];

impl Rule {
    fn typed(&self) -> PolicyRule {
        let list = |items: &[&str]| items.iter().map(ToString::to_string).collect::<Vec<_>>();
        let some = |items: &[&str]| (!items.is_empty()).then(|| list(items));
        PolicyRule {
            api_groups: some(self.0),
            resources: some(self.1),
            resource_names: some(self.2),
            verbs: list(self.3),
            non_resource_urls: None,
        }
    }
}

/// The service account and its rights.
pub(super) fn objects(controller: &LoadBalancerController) -> Vec<Object> {
    vec![
        service_account(controller).into(),
        ClusterRole {
            metadata: controller.cluster_metadata(CLUSTER_ROLE),
            rules: Some(CLUSTER_RULES.iter().map(Rule::typed).collect()),
            aggregation_rule: None,
        }
        .into(),
        ClusterRoleBinding {
            metadata: controller.cluster_metadata(CLUSTER_BINDING),
            role_ref: role_ref("ClusterRole", CLUSTER_ROLE),
            subjects: Some(vec![subject()]),
        }
        .into(),
        Role {
            metadata: controller.metadata(ROLE),
            rules: Some(LEADER_RULES.iter().map(Rule::typed).collect()),
        }
        .into(),
        RoleBinding {
            metadata: controller.metadata(BINDING),
            role_ref: role_ref("Role", ROLE),
            subjects: Some(vec![subject()]),
        }
        .into(),
    ]
}

fn service_account(controller: &LoadBalancerController) -> ServiceAccount {
    let mut metadata = controller.metadata(CONTROLLER_NAME);
    let role = (
        "eks.amazonaws.com/role-arn".to_owned(),
        controller.role_arn.clone(),
    );
    metadata.annotations = Some(BTreeMap::from([role]));
    ServiceAccount {
        metadata,
        ..ServiceAccount::default()
    }
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef {
        api_group: RBAC.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
    }
}

fn subject() -> Subject {
    Subject {
        kind: "ServiceAccount".to_owned(),
        name: CONTROLLER_NAME.to_owned(),
        namespace: Some(CONTROLLER_NAMESPACE.to_owned()),
        api_group: None,
    }
}
