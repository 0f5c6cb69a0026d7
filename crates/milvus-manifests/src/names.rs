//! Names of objects, as the official chart has them for the same release name.

use milvus_aws_core::{Installation, topology::Component};

/// Names of one installation's objects. Those of services fit 63 characters, because an installation's name has at most 40.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    full: String,
    etcd: String,
}

impl Names {
    pub(crate) fn of(installation: &Installation) -> Self {
        Self {
            full: installation.full_name(),
            etcd: installation.name.etcd_name(),
        }
    }

    /// The service for clients, the settings, and the volume of a standalone server.
    pub(crate) fn full(&self) -> String {
        self.full.clone()
    }

    /// A component's service, which is one for all of its resource groups.
    pub(crate) fn component(&self, component: &Component) -> String {
        self.suffixed(component.name)
    }

    /// A component's deployment and disruption budget.
    pub(crate) fn deployment(&self, component: &Component) -> String {
        let name = self.component(component);
        match &component.resource_group {
            Some(group) => format!("{name}-{group}"),
            None => name,
        }
    }

    /// What lets the number of a component's pods follow their load.
    pub(crate) fn autoscaler(&self, component: &Component) -> String {
        format!("{}-hpa", self.deployment(component))
    }

    /// The claim of log files.
    pub(crate) fn logs(&self) -> String {
        self.suffixed("logs")
    }

    /// The login for Pulsar.
    pub(crate) fn pulsar_secret(&self) -> String {
        self.suffixed("pulsar")
    }

    /// The settings as environment variables.
    pub(crate) fn environment(&self) -> String {
        self.suffixed("env")
    }

    /// The service for metrics, where the one for clients is reached from outside.
    pub(crate) fn metrics(&self) -> String {
        self.suffixed("metrics")
    }

    /// The login for Kafka.
    pub(crate) fn kafka_secret(&self) -> String {
        self.suffixed("kafka")
    }

    /// The settings that are secret.
    pub(crate) fn settings_secret(&self) -> String {
        self.suffixed("settings")
    }

    /// The access key for S3.
    pub(crate) fn s3_secret(&self) -> String {
        self.suffixed("s3")
    }

    /// Our etcd: its StatefulSet, its service for clients, its disruption budget.
    pub(crate) fn etcd(&self) -> String {
        self.etcd.clone()
    }

    /// The service that gives each member of our etcd a host name.
    pub(crate) fn etcd_headless(&self) -> String {
        format!("{}-headless", self.etcd)
    }

    fn suffixed(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.full)
    }
}
