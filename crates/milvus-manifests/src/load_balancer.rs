//! A network load balancer in front of the service for clients.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Service;
use milvus_aws_core::{Installation, Topology};

use crate::{
    Object,
    service::{self, CLIENT_PORT},
};

/// The class that the AWS Load Balancer Controller takes; without it the in-tree controller may take the service.
pub const NETWORK_LOAD_BALANCER_CLASS: &str = "service.k8s.aws/nlb";

const PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";
const TAGS: &str = "additional-resource-tags";

/// From where a load balancer can be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scheme {
    /// From the network alone.
    #[default]
    Internal,
    /// From everywhere.
    InternetFacing,
}

impl Scheme {
    /// As the controller spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::InternetFacing => "internet-facing",
        }
    }
}

/// What a network load balancer shall be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkLoadBalancer {
    /// From where it can be reached; always written, whatever the controller's default is.
    pub scheme: Scheme,
    /// Its name, of at most 32 characters; without one the controller makes one up.
    pub name: Option<String>,
    /// The subnets that it is in; without them the controller looks for tagged ones.
    pub subnets: Vec<String>,
    /// Tags of everything that the controller makes for it. Neither keys nor values may hold `,` or `=`.
    pub tags: BTreeMap<String, String>,
}

impl NetworkLoadBalancer {
    /// The service for clients behind this load balancer, and the one for metrics inside the cluster. They take the
    /// place of those in [`crate::Manifests`] through [`crate::Manifests::with`].
    pub fn services(&self, installation: &Installation) -> Vec<Object> {
        let topology = Topology::of(installation);
        let mut services = service::with_load_balancer(installation, &topology);
        if let Some(clients) = services.first_mut() {
            self.add_to(clients);
        }
        services.into_iter().map(Object::from).collect()
    }

    /// Adds to a service what this load balancer needs, and leaves it the port for clients alone: 9091 has metrics,
    /// profiles and management without any login.
    pub fn add_to(&self, service: &mut Service) {
        let spec = service.spec.get_or_insert_default();
        spec.type_ = Some("LoadBalancer".to_owned());
        spec.load_balancer_class = Some(NETWORK_LOAD_BALANCER_CLASS.to_owned());
        // Targets are pods: no port of the nodes is opened.
        spec.allocate_load_balancer_node_ports = Some(false);
        if let Some(ports) = &mut spec.ports {
            ports.retain(|port| port.name.as_deref() == Some(CLIENT_PORT));
        }
        let annotations = service.metadata.annotations.get_or_insert_default();
        annotations.extend(self.annotations());
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        let fixed = [
            ("scheme", self.scheme.as_str()),
            ("nlb-target-type", "ip"),
            ("attributes", "load_balancing.cross_zone.enabled=true"),
            ("healthcheck-protocol", "TCP"),
            ("healthcheck-port", "traffic-port"),
            ("healthcheck-interval", "10"),
            ("healthcheck-healthy-threshold", "2"),
            ("healthcheck-unhealthy-threshold", "2"),
        ];
        let fixed = fixed.map(|(key, value)| (key, Some(value.to_owned())));
        let chosen = [
            ("name", self.name.clone()),
            ("subnets", joined(&self.subnets)),
            (TAGS, tag_list(&self.tags)),
        ];
        let all = fixed.into_iter().chain(chosen);
        all.filter_map(|(key, value)| Some((format!("{PREFIX}{key}"), value?)))
            .collect()
    }
}

/// Whether what the controller makes for a service carries that tag.
#[cfg(feature = "apply")]
pub(crate) fn has_tag(service: &serde_json::Value, key: &str, value: &str) -> bool {
    let tags = &service["metadata"]["annotations"][format!("{PREFIX}{TAGS}")];
    let tag = format!("{key}={value}");
    let mut tags = tags.as_str().unwrap_or_default().split(',');
    tags.any(|one| one == tag)
}

/// A list as annotations write it; none for an empty one.
pub(crate) fn joined(items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| items.join(","))
}

/// Tags as annotations and arguments write them; none for no tags.
pub(crate) fn tag_list(tags: &BTreeMap<String, String>) -> Option<String> {
    let pairs: Vec<_> = tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    joined(&pairs)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn services(balancer: &NetworkLoadBalancer) -> Vec<Value> {
        let installation = Installation {
            name: "demo".parse().unwrap(),
            ..Installation::default()
        };
        let objects = balancer.services(&installation);
        objects.iter().map(|o| o.to_value().unwrap()).collect()
    }

    fn annotation(service: &Value, key: &str) -> Value {
        service["metadata"]["annotations"][format!("{PREFIX}{key}")].clone()
    }

    #[test]
    fn row_4_the_load_balancer_has_the_port_for_clients_alone() {
        let services = services(&NetworkLoadBalancer::default());
        let port = |name: &str, number: u16| json!([{"name": name, "port": number, "protocol": "TCP", "targetPort": name}]);
        assert_eq!(services[0]["metadata"]["name"], "demo-milvus");
        assert_eq!(services[0]["spec"]["type"], "LoadBalancer");
        assert_eq!(services[0]["spec"]["ports"], port("milvus", 19530));
        assert_eq!(services[1]["metadata"]["name"], "demo-milvus-metrics");
        assert_eq!(services[1]["spec"]["type"], "ClusterIP");
        assert_eq!(services[1]["spec"]["ports"], port("metrics", 9091));
        assert_eq!(services.len(), 2);
    }

    #[test]
    fn row_4_a_service_that_has_the_metrics_port_loses_it() {
        let ports = json!([{"name": "milvus", "port": 19530}, {"name": "metrics", "port": 9091}]);
        let service = json!({"spec": {"type": "ClusterIP", "ports": ports}});
        let mut service: Service = serde_json::from_value(service).unwrap();
        NetworkLoadBalancer::default().add_to(&mut service);
        let ports = service.spec.unwrap().ports.unwrap();
        let numbers: Vec<_> = ports.iter().map(|port| port.port).collect();
        assert_eq!(numbers, [19530]);
    }

    #[test]
    fn row_36_subnets_are_named_where_they_are_known() {
        let balancer = NetworkLoadBalancer {
            subnets: vec!["subnet-1".to_owned(), "subnet-2".to_owned()],
            ..NetworkLoadBalancer::default()
        };
        let of = |balancer: &NetworkLoadBalancer| annotation(&services(balancer)[0], "subnets");
        assert_eq!(of(&balancer), "subnet-1,subnet-2");
        assert_eq!(of(&NetworkLoadBalancer::default()), Value::Null);
    }

    #[test]
    fn row_39_the_scheme_is_always_written_and_internal_unless_said() {
        let of = |scheme| {
            let balancer = NetworkLoadBalancer {
                scheme,
                ..NetworkLoadBalancer::default()
            };
            annotation(&services(&balancer)[0], "scheme")
        };
        assert_eq!(of(Scheme::default()), "internal");
        assert_eq!(of(Scheme::InternetFacing), "internet-facing");
    }

    #[test]
    fn row_40_the_class_names_the_controller() {
        let service = &services(&NetworkLoadBalancer::default())[0];
        assert_eq!(service["spec"]["loadBalancerClass"], "service.k8s.aws/nlb");
        assert_eq!(annotation(service, "type"), Value::Null);
        assert_eq!(annotation(service, "nlb-target-type"), "ip");
        assert_eq!(annotation(service, "healthcheck-protocol"), "TCP");
        assert_eq!(annotation(service, "healthcheck-port"), "traffic-port");
    }

    #[test]
    fn name_and_tags_reach_the_controller() {
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let balancer = NetworkLoadBalancer {
            name: Some("demo-milvus".to_owned()),
            tags: BTreeMap::from([tag("b", "2"), tag("a", "1")]),
            ..NetworkLoadBalancer::default()
        };
        let service = &services(&balancer)[0];
        assert_eq!(annotation(service, "name"), "demo-milvus");
        assert_eq!(annotation(service, "additional-resource-tags"), "a=1,b=2");
    }
}
