//! What the Prometheus operator looks for: a kind of its own, of which this is as much as we write.

use k8s_openapi::{
    NamespaceResourceScope, Resource,
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};
use milvus_aws_core::{
    Installation,
    installation::{Annotations, Deployment},
    topology::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    labels::{self, COMPONENT, INSTANCE, Identity, NAME, Part},
    names::Names,
    service::METRICS_PORT,
};

/// A `ServiceMonitor` (source: the Prometheus operator's `monitoring.coreos.com/v1`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceMonitor {
    /// Name, namespace and labels.
    pub metadata: ObjectMeta,
    /// What is collected, and where.
    pub spec: ServiceMonitorSpec,
}

/// What is collected, and where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceMonitorSpec {
    /// How.
    pub endpoints: Vec<Endpoint>,
    /// Namespaces of the services.
    pub namespace_selector: NamespaceSelector,
    /// Labels of the services.
    pub selector: LabelSelector,
    /// Labels of services that become labels of metrics.
    pub target_labels: Vec<String>,
}

/// Where a service has its metrics.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoint {
    /// Whether labels of the metrics win over those of the service.
    pub honor_labels: bool,
    /// How often; as the operator has it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// Path of the URL.
    pub path: String,
    /// Name of the service's port.
    pub port: String,
    /// How long it may take; as the operator has it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scrape_timeout: Option<String>,
}

/// Namespaces by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceSelector {
    /// Their names.
    pub match_names: Vec<String>,
}

/// For the table of kinds.
impl Resource for ServiceMonitor {
    const API_VERSION: &'static str = "monitoring.coreos.com/v1";
    const GROUP: &'static str = "monitoring.coreos.com";
    const KIND: &'static str = "ServiceMonitor";
    const VERSION: &'static str = "v1";
    const URL_PATH_SEGMENT: &'static str = "servicemonitors";
    type Scope = NamespaceResourceScope;
}

impl Serialize for ServiceMonitor {
    fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Written<'a> {
            api_version: &'static str,
            kind: &'static str,
            metadata: &'a ObjectMeta,
            spec: &'a ServiceMonitorSpec,
        }
        let written = Written {
            api_version: Self::API_VERSION,
            kind: Self::KIND,
            metadata: &self.metadata,
            spec: &self.spec,
        };
        written.serialize(output)
    }
}

/// The installation's, where it wants one: named and selecting as the chart's.
pub(crate) fn service_monitor(installation: &Installation) -> Option<ServiceMonitor> {
    let wanted = installation.metrics.service_monitor.as_ref()?;
    let full = Names::of(installation).full();
    let (part, name) = match installation.deployment {
        Deployment::Standalone(_) => {
            let component = Role::Standalone.component_name();
            (Part::Component(component), format!("{full}-{component}"))
        }
        Deployment::Cluster(_) | Deployment::Aws(_) => (Part::Whole, full),
    };
    let mut metadata = labels::metadata(installation, part, name);
    labels::decorate(&mut metadata, &wanted.labels, &Annotations::default());
    Some(ServiceMonitor {
        metadata,
        spec: ServiceMonitorSpec {
            endpoints: vec![Endpoint {
                honor_labels: true,
                interval: wanted.interval.as_ref().map(ToString::to_string),
                path: "/metrics".to_owned(),
                port: METRICS_PORT.to_owned(),
                scrape_timeout: wanted.scrape_timeout.as_ref().map(ToString::to_string),
            }],
            namespace_selector: NamespaceSelector {
                match_names: vec![installation.namespace.to_string()],
            },
            selector: labels::label_selector(Identity::of(installation), part),
            target_labels: [NAME, INSTANCE, COMPONENT].map(str::to_owned).to_vec(),
        },
    })
}
