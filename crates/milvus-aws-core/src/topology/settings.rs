//! The server's settings, as its own configuration files spell them.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    component::Component,
    line::{Line, MessageQueue},
    role::{CLIENTS, Role},
};
use crate::installation::{
    Cluster, Deployment, Etcd, Installation, InstallationName, Kafka, KafkaSecurity, S3, S3Access,
};

/// The port on which proxies talk to the rest.
const INTERNAL_PORT: u16 = 19529;
/// Where caches and disk indexes are.
const LOCAL_PATH: &str = "/var/lib/milvus/data";

/// The server's settings as a nested map: the content of its configuration file. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Settings(Map<String, Value>);

impl Settings {
    pub(super) fn of(
        installation: &Installation,
        line: &Line,
        components: &[Component],
        queue: MessageQueue,
    ) -> Self {
        let mut settings = Self::default();
        settings.merge(common(installation.authorization));
        settings.merge(match &installation.deployment {
            Deployment::Standalone(_) => standalone(queue),
            Deployment::Cluster(cluster) => on_services(&installation.name, cluster),
            // The services' own settings follow when they are there (`Installation::on_services`).
            Deployment::Aws(_) => json!({}),
        });
        for component in components {
            settings.merge(of_component(&installation.name, line, component));
        }
        settings.merge(Value::Object(installation.config.clone()));
        settings
    }

    /// The settings as one value, for a file in YAML.
    pub fn as_yaml_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The settings as environment variables, sorted by name: `etcd.endpoints` is `ETCD_ENDPOINTS`, lists are joined
    /// by commas, what is null is left out.
    pub fn as_environment(&self) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        for (key, value) in &self.0 {
            flatten(&key.to_uppercase(), value, &mut variables);
        }
        variables.sort();
        variables
    }

    /// What the server is to log to, as `mq.type` says it.
    pub(super) fn queue(&self) -> Option<&str> {
        queue_of(&self.0)
    }

    /// What comes later wins. The server does not tell upper from lower case in keys, so that neither does this.
    fn merge(&mut self, later: Value) {
        if let Value::Object(later) = later {
            merge_maps(&mut self.0, later);
        }
    }
}

/// The value of `mq.type` in settings; upper and lower case are the same.
pub fn queue_of(settings: &Map<String, Value>) -> Option<&str> {
    let find = |map: &'_ Map<String, Value>, wanted: &str| {
        let key = map.keys().find(|key| key.eq_ignore_ascii_case(wanted));
        key.cloned()
    };
    let section = settings.get(&find(settings, "mq")?)?.as_object()?;
    section.get(&find(section, "type")?)?.as_str()
}

/// What comes later wins, section by section; upper and lower case are the same.
pub(crate) fn merge_maps(into: &mut Map<String, Value>, later: Map<String, Value>) {
    for (key, value) in later {
        let same = |known: &&String| known.eq_ignore_ascii_case(&key);
        let name = into.keys().find(same).cloned().unwrap_or(key);
        match (into.get_mut(&name), value) {
            (Some(Value::Object(known)), Value::Object(value)) => merge_maps(known, value),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

fn flatten(name: &str, value: &Value, variables: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Null => return,
        Value::Object(section) => {
            for (key, value) in section {
                let key = key.to_uppercase().replace('.', "_");
                flatten(&format!("{name}_{key}"), value, variables);
            }
            return;
        }
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => plain(other),
    };
    variables.push((name.to_owned(), text));
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn common(authorization: bool) -> Value {
    json!({
        "metastore": {"type": "etcd"},
        "localStorage": {"path": LOCAL_PATH},
        "common": {"security": {"authorizationEnabled": authorization}},
        "proxy": {"port": CLIENTS.number, "internalPort": INTERNAL_PORT},
        "queryNode": {"enableDisk": true},
        "indexNode": {"enableDisk": true},
        "log": {"level": "info", "format": "text", "file": {"rootPath": ""}},
    })
}

/// Everything within one process and under one folder.
fn standalone(queue: MessageQueue) -> Value {
    let mut settings = json!({
        "etcd": {"use": {"embed": true}, "data": {"dir": "/var/lib/milvus/etcd"}},
        "common": {"storageType": "local"},
        "mq": {"type": queue.setting()},
    });
    let (section, content) = match queue {
        MessageQueue::RocksMq => ("rocksmq", json!({"path": "/var/lib/milvus/rdb_data"})),
        MessageQueue::Woodpecker => (
            "woodpecker",
            json!({"storage": {"type": "local", "rootPath": "/var/lib/milvus/wp"}}),
        ),
        MessageQueue::Kafka => return settings,
    };
    settings[section] = content;
    settings
}

fn on_services(name: &InstallationName, cluster: &Cluster) -> Value {
    let endpoints = match &cluster.etcd {
        Etcd::InCluster(_) => vec![format!("{}:2379", name.etcd_name())],
        Etcd::Endpoints(endpoints) => endpoints.iter().map(ToString::to_string).collect(),
    };
    json!({
        "etcd": {"endpoints": endpoints, "use": {"embed": false}},
        "common": {"storageType": "remote"},
        "minio": of_s3(&cluster.s3),
        "mq": {"type": MessageQueue::Kafka.setting()},
        "kafka": of_kafka(&cluster.kafka),
    })
}

fn of_s3(s3: &S3) -> Value {
    let iam = s3.access == S3Access::Iam;
    let mut settings = json!({
        "address": s3.endpoint.host(),
        "port": s3.endpoint.port(),
        "useSSL": s3.tls,
        "bucketName": s3.bucket.as_str(),
        "rootPath": s3.root_path.as_str(),
        "useIAM": iam,
        "cloudProvider": "aws",
        "region": s3.region.as_ref().map_or("", |region| region.as_str()),
        "useVirtualHost": false,
    });
    if iam {
        // The image's own file has MinIO's default keys, which must not be sent to anybody.
        settings["accessKeyID"] = json!("");
        settings["secretAccessKey"] = json!("");
    }
    settings
}

fn of_kafka(kafka: &Kafka) -> Value {
    let brokers: Vec<String> = kafka.brokers.iter().map(ToString::to_string).collect();
    let mut settings = json!({"brokerList": brokers.join(",")});
    match kafka.security {
        KafkaSecurity::Plaintext => settings["securityProtocol"] = json!("PLAINTEXT"),
        // The server passes its own protocol on only together with a login; the client library takes it here.
        KafkaSecurity::Tls => {
            settings["securityProtocol"] = json!("SSL");
            settings["consumer"] = json!({"security.protocol": "SSL"});
            settings["producer"] = json!({"security.protocol": "SSL"});
        }
        KafkaSecurity::ScramSha512(_) => {
            settings["securityProtocol"] = json!("SASL_SSL");
            settings["saslMechanisms"] = json!("SCRAM-SHA-512");
        }
    }
    settings
}

fn of_component(name: &InstallationName, line: &Line, component: &Component) -> Value {
    let mut settings = Map::new();
    match component.role {
        Role::Standalone | Role::Proxy => {}
        Role::MixCoordinator => {
            for section in line.mixture_sections {
                let standby = json!({"enableActiveStandby": component.active_standby});
                settings.insert((*section).to_owned(), standby);
            }
        }
        role => {
            let mut section = Map::new();
            if role.is_coordinator() {
                let address = format!("{}-{}", name.full_name(), component.name);
                section.insert("address".to_owned(), json!(address));
                let standby = json!(component.active_standby);
                section.insert("enableActiveStandby".to_owned(), standby);
            }
            if let Some(port) = role.port() {
                section.insert("port".to_owned(), json!(port.number));
            }
            if let Some(key) = role.settings_section() {
                settings.insert(key.to_owned(), Value::Object(section));
            }
        }
    }
    Value::Object(settings)
}
