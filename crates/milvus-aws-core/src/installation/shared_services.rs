//! Services that exist and that other installations may use too: which part of them is this installation's.
//!
//! Two installations with the same part share metadata or messages, and destroy them (milvus-io/milvus#6363,
//! zilliztech/woodpecker#165). One that has data keeps the part that it has: the server deletes objects that its metadata
//! does not know.

use serde_json::{Map, Value, json};

use super::{Deployment, Etcd, Installation, Note, Queue, SharedNames, Woodpecker};
use crate::topology::{MessageQueue, ServiceNames, line_of, merge_maps, value_of};

/// What names a part of a service: a setting of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartSetting {
    /// `etcd.rootPath`: the prefix of all metadata.
    RootPath,
    /// `msgChannel.chanNamePrefix.cluster`: what the names of topics and logs begin with.
    ChannelPrefix,
}

impl PartSetting {
    /// Its key, by dots.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RootPath => "etcd.rootPath",
            Self::ChannelPrefix => "msgChannel.chanNamePrefix.cluster",
        }
    }

    /// Where the server looks for it: the first that is there (source: Milvus, `component_param.go`).
    pub(crate) const fn paths(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::RootPath => &[&["etcd", "rootPath"]],
            Self::ChannelPrefix => &[
                &["msgChannel", "chanNamePrefix", "cluster"],
                &["common", "chanNamePrefix", "cluster"],
            ],
        }
    }
}

/// A service that others may use, and what names this installation's part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedService {
    /// Path of the key that names the service: `cluster.kafka`.
    pub path: String,
    /// What it is: `etcd`, `Kafka`.
    pub name: &'static str,
    /// What names the part.
    pub setting: PartSetting,
}

impl Installation {
    /// The parts of etcd and of the log that this installation uses.
    pub fn service_names(&self) -> ServiceNames {
        match &self.deployment {
            Deployment::Aws(on_aws) => ServiceNames::of(&self.config_on(&on_aws.aws)),
            Deployment::Standalone(_) | Deployment::Cluster(_) => {
                let mut settings = self.part_settings();
                merge_maps(&mut settings, self.config.clone());
                ServiceNames::of(&settings)
            }
        }
    }

    /// Whether its metadata is in an etcd that exists, in which others may have theirs.
    pub fn uses_existing_etcd(&self) -> bool {
        matches!(self.deployment.etcd(), Some(Etcd::Endpoints(_)))
    }

    /// Shared services in which the file does not say which part is this installation's.
    pub fn undecided_parts(&self) -> Vec<SharedService> {
        if self.names.in_shared_services.is_some() {
            return Vec::new();
        }
        let mut services = self.shared_services();
        services.retain(|service| {
            let value = |path: &&[&str]| value_of(&self.config, path);
            let mut values = service.setting.paths().iter().filter_map(value);
            values.all(Value::is_null)
        });
        services
    }

    /// Services that exist and are not this installation's alone. On AWS names are the installation's anyway.
    fn shared_services(&self) -> Vec<SharedService> {
        if self.on_aws().is_some() {
            return Vec::new();
        }
        let section = self.section();
        let mut services = Vec::new();
        let mut add = |key: &str, name, setting| {
            let path = format!("{section}.{key}");
            services.push(SharedService {
                path,
                name,
                setting,
            });
        };
        let etcd_exists = self.uses_existing_etcd();
        if etcd_exists {
            add("etcd.endpoints", "etcd", PartSetting::RootPath);
        }
        // Woodpecker keeps its metadata in etcd under a key that no setting changes.
        let logs_to_etcd = match self.deployment.queue() {
            Some(Queue::Kafka(_)) => {
                add("kafka", "Kafka", PartSetting::ChannelPrefix);
                false
            }
            Some(Queue::Pulsar(_)) => {
                add("pulsar", "Pulsar", PartSetting::ChannelPrefix);
                false
            }
            Some(Queue::Woodpecker(Woodpecker::Service(_))) => {
                add("woodpecker", "Woodpecker", PartSetting::ChannelPrefix);
                false
            }
            Some(Queue::Woodpecker(Woodpecker::Embedded(_))) => true,
            None => line_of(&self.version).standalone_queue == MessageQueue::Woodpecker,
        };
        if logs_to_etcd && etcd_exists {
            add("etcd.endpoints", "Woodpecker", PartSetting::ChannelPrefix);
        }
        services
    }

    /// The settings that name this installation's own parts; empty where the usual names are wanted.
    pub(crate) fn part_settings(&self) -> Map<String, Value> {
        let mut settings = Map::new();
        if self.names.in_shared_services != Some(SharedNames::Own) {
            return settings;
        }
        // Neither a namespace nor a prefix of names holds a dot: no two pairs make one name.
        let own = format!("{}.{}", self.namespace, self.full_name());
        for service in self.shared_services() {
            let setting = match service.setting {
                PartSetting::RootPath => json!({"etcd": {"rootPath": own}}),
                PartSetting::ChannelPrefix => {
                    json!({"msgChannel": {"chanNamePrefix": {"cluster": own}}})
                }
            };
            if let Value::Object(setting) = setting {
                merge_maps(&mut settings, setting);
            }
        }
        settings
    }

    /// The further settings of the server that a file in another format must hold: `config`, and what `names` makes.
    pub fn config_with_parts(&self) -> Map<String, Value> {
        let mut settings = self.part_settings();
        merge_maps(&mut settings, self.config.clone());
        settings
    }

    /// A note for each shared service whose part nobody has decided on.
    pub(super) fn part_remarks(&self) -> Vec<Note> {
        let usual = ServiceNames::USUAL;
        let note = |service: SharedService| {
            let (name, key) = (service.name, service.setting.key());
            Note::new(
                service.path,
                format!(
                    "other installations may use this {name}, and all have `{key}: {usual}` by default: two that share it destroy each other's data; \
                     write `names: {{inSharedServices: own}}` for a new installation, `usual` for one whose data is under `{usual}`"
                ),
            )
        };
        self.undecided_parts().into_iter().map(note).collect()
    }
}
