//! The controller's custom resources: `IngressClassParams` and `TargetGroupBinding`.
//!
//! The types accept what the chart's definitions accept; what those check beyond types, the controller's webhooks check.

use std::collections::BTreeMap;

use k8s_openapi::{
    ClusterResourceScope, Resource,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    apimachinery::pkg::util::intstr::IntOrString,
};
use kube::{CustomResource, CustomResourceExt};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::LoadBalancerController;

/// The version that bindings had before; the controller still serves it.
const OLD_VERSION: &str = "v1alpha1";

/// Structs whose fields are all optional, as most of these resources' fields are.
macro_rules! optional_fields {
    ($($(#[$about:meta])* pub struct $name:ident {
        $($(#[$field_about:meta])* $field:ident: $type:ty,)+
    })+) => {
        $(#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        $(#[$about])*
        pub struct $name {
            $(#[serde(default, skip_serializing_if = "Option::is_none")]
            $(#[$field_about])*
            pub $field: Option<$type>,)+
        })+
    };
}

optional_fields! {
    /// What the load balancers of all ingresses of a class are like.
    #[derive(CustomResource)]
    #[kube(
        group = "elbv2.k8s.aws",
        version = "v1beta1",
        kind = "IngressClassParams",
        plural = "ingressclassparams",
        singular = "ingressclassparam",
        derive = "PartialEq",
        printcolumn(name = "GROUP-NAME", json_path = ".spec.group.name", type_ = "string"),
        printcolumn(name = "SCHEME", json_path = ".spec.scheme", type_ = "string"),
        printcolumn(name = "IP-ADDRESS-TYPE", json_path = ".spec.ipAddressType", type_ = "string"),
        printcolumn(name = "AGE", json_path = ".metadata.creationTimestamp", type_ = "date")
    )]
    pub struct IngressClassParamsSpec {
        /// The old spelling of `prefixListsIDs`.
        #[serde(rename = "PrefixListsIDs")]
        prefix_lists_ids_legacy: Vec<String>,
        /// ARNs of certificates.
        certificate_arn: Vec<String>,
        /// Ingresses of one group share a load balancer.
        group: IngressGroup,
        /// Who may connect.
        #[serde(rename = "inboundCIDRs")]
        inbound_cidrs: Vec<String>,
        /// The kind of its addresses.
        #[schemars(extend("enum" = ["ipv4", "dualstack", "dualstack-without-public-ipv4"]))]
        ip_address_type: String,
        /// The pool of its addresses.
        ipam_configuration: IpamConfiguration,
        /// Listeners with their attributes.
        listeners: Vec<Listener>,
        /// Attributes of the load balancers.
        load_balancer_attributes: Vec<Pair>,
        /// The load balancer's name.
        load_balancer_name: String,
        /// Capacity that is kept free.
        minimum_load_balancer_capacity: MinimumCapacity,
        /// Namespaces whose ingresses may name the class; none for all.
        namespace_selector: Selector,
        /// Prefix lists of the security groups.
        #[serde(rename = "prefixListsIDs")]
        prefix_lists_ids: Vec<String>,
        /// From where they can be reached.
        #[schemars(extend("enum" = ["internal", "internet-facing"]))]
        scheme: String,
        /// The TLS policy.
        ssl_policy: String,
        /// The port that plain HTTP is redirected to.
        ssl_redirect_port: String,
        /// Where the load balancers are.
        subnets: Subnets,
        /// Tags of everything that is made.
        tags: Vec<Pair>,
        /// What targets are.
        #[schemars(extend("enum" = ["instance", "ip"]))]
        target_type: String,
        /// The web application firewall's rules, by ARN.
        wafv2_acl_arn: String,
        /// The web application firewall's rules, by name.
        wafv2_acl_name: String,
    }

    /// A pool of addresses.
    pub struct IpamConfiguration {
        /// Its identity.
        #[serde(rename = "ipv4IPAMPoolId")]
        ipv4_ipam_pool_id: String,
    }

    /// A listener with its attributes.
    pub struct Listener {
        /// Its attributes.
        listener_attributes: Vec<Pair>,
        /// Its port.
        port: i32,
        /// Its protocol.
        protocol: String,
    }

    /// Subnets by identity or by tags.
    pub struct Subnets {
        /// By identity.
        ids: Vec<String>,
        /// By tags: each has one of the values.
        tags: BTreeMap<String, Vec<String>>,
    }

    /// Selects by labels.
    #[schemars(extend("x-kubernetes-map-type" = "atomic"))]
    pub struct Selector {
        /// By expressions.
        #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
        match_expressions: Vec<Requirement>,
        /// By values.
        match_labels: BTreeMap<String, String>,
    }

    /// Whom the network lets through to targets.
    pub struct Networking {
        /// Inwards.
        ingress: Vec<NetworkingRule>,
    }

    /// One peer.
    pub struct Peer {
        /// By address.
        ip_block: IpBlock,
        /// By security group.
        security_group: SecurityGroup,
    }

    /// One port.
    pub struct PeerPort {
        /// Its number, or its name on pods; none for all.
        #[schemars(schema_with = "int_or_string")]
        port: IntOrString,
        /// Its protocol.
        #[schemars(extend("enum" = ["TCP", "UDP"]))]
        protocol: String,
    }

    /// What the controller says of a binding.
    pub struct TargetGroupBindingStatus {
        /// Its conditions.
        conditions: Vec<BindingCondition>,
        /// The generation that was looked at.
        observed_generation: i64,
    }
}

/// Key and value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// A group of ingresses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IngressGroup {
    /// Its name.
    pub name: String,
}

/// Capacity that is kept free.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MinimumCapacity {
    /// In capacity units.
    pub capacity_units: i32,
}

/// One requirement on labels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: String,
    /// The values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub values: Option<Vec<String>>,
}

/// Binds the pods of a service to a target group.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "elbv2.k8s.aws",
    version = "v1beta1",
    kind = "TargetGroupBinding",
    plural = "targetgroupbindings",
    singular = "targetgroupbinding",
    namespaced,
    status = "TargetGroupBindingStatus",
    derive = "PartialEq",
    printcolumn = r#"{"name": "SERVICE-NAME", "jsonPath": ".spec.serviceRef.name", "type": "string"}"#,
    printcolumn = r#"{"name": "SERVICE-PORT", "jsonPath": ".spec.serviceRef.port", "type": "string"}"#,
    printcolumn = r#"{"name": "TARGET-TYPE", "jsonPath": ".spec.targetType", "type": "string"}"#,
    printcolumn = r#"{"name": "AGE", "jsonPath": ".metadata.creationTimestamp", "type": "date"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct TargetGroupBindingSpec {
    /// The service and its port.
    pub service_ref: ServiceRef,
    /// What else is said of it.
    #[serde(flatten)]
    pub more: TargetGroup,
}

optional_fields! {
    /// The target group of a binding.
    pub struct TargetGroup {
        /// What the other account wants to hear.
        assume_role_external_id: String,
        /// The role in another account.
        iam_role_arn_to_assume: String,
        /// The kind of addresses.
        #[schemars(extend("enum" = ["ipv4", "ipv6"]))]
        ip_address_type: String,
        /// Whether other clusters have targets in it too.
        multi_cluster_target_group: bool,
        /// Whom the network lets through.
        networking: Networking,
        /// Nodes that are targets.
        node_selector: Selector,
        /// The target group, by ARN.
        #[serde(rename = "targetGroupARN")]
        target_group_arn: String,
        /// The target group, by name.
        target_group_name: String,
        /// Its protocol.
        #[schemars(extend("enum" = ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"]))]
        target_group_protocol: String,
        /// What targets are.
        #[schemars(extend("enum" = ["instance", "ip"]))]
        target_type: String,
        /// Its VPC.
        #[serde(rename = "vpcID")]
        vpc_id: String,
    }
}

/// A service and one of its ports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceRef {
    /// The service.
    pub name: String,
    /// The port, by number or name.
    #[schemars(schema_with = "int_or_string")]
    pub port: IntOrString,
}

/// Peers and the ports that they reach.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkingRule {
    /// The peers.
    pub from: Vec<Peer>,
    /// The ports; none for all.
    pub ports: Vec<PeerPort>,
}

/// A range of addresses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IpBlock {
    /// The range.
    pub cidr: String,
}

/// A security group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SecurityGroup {
    /// Its identity.
    #[serde(rename = "groupID")]
    pub group_id: String,
}

/// One aspect of a binding's state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindingCondition {
    /// When it changed.
    pub last_transition_time: String,
    /// In words.
    pub message: String,
    /// The generation that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// In one word.
    pub reason: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Which aspect.
    #[serde(rename = "type")]
    pub type_: String,
}

/// As Kubernetes writes it in schemas.
fn int_or_string(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "x-kubernetes-int-or-string": true,
    })
}

/// For the table of kinds.
impl Resource for IngressClassParams {
    const API_VERSION: &'static str = "elbv2.k8s.aws/v1beta1";
    const GROUP: &'static str = "elbv2.k8s.aws";
    const KIND: &'static str = "IngressClassParams";
    const VERSION: &'static str = "v1beta1";
    const URL_PATH_SEGMENT: &'static str = "ingressclassparams";
    type Scope = ClusterResourceScope;
}

/// The definitions of both.
pub(super) fn definitions(controller: &LoadBalancerController) -> [CustomResourceDefinition; 2] {
    let mut bindings = TargetGroupBinding::crd();
    serve_old_version(&mut bindings);
    [IngressClassParams::crd(), bindings].map(|mut definition| {
        let name = definition.metadata.name.unwrap_or_default();
        definition.metadata = controller.cluster_metadata(&name);
        for version in &mut definition.spec.versions {
            let schema = version.schema.as_mut();
            // An object without a spec is one with an empty spec.
            if let Some(root) = schema.and_then(|schema| schema.open_api_v3_schema.as_mut()) {
                root.required = None;
            }
        }
        definition
    })
}

/// What was valid in the old version is valid in the new one, and fields that came since are optional.
fn serve_old_version(definition: &mut CustomResourceDefinition) {
    let Some(newest) = definition.spec.versions.first().cloned() else {
        return;
    };
    let mut old = newest;
    OLD_VERSION.clone_into(&mut old.name);
    old.storage = false;
    definition.spec.versions.insert(0, old);
}
