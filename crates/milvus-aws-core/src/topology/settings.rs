//! The server's settings, as its own configuration files spell them.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    component::Component,
    line::{Line, MessageQueue},
    role::{CLIENTS, Role},
};
use crate::installation::{
    Deployment, Etcd, Installation, InstallationName, Kafka, KafkaSecurity, Log, Pulsar, Queue,
    ResourceGroup, S3, S3Access, Tls, TlsMode, Woodpecker, WoodpeckerStorage,
};

/// The port on which proxies talk to the rest.
const INTERNAL_PORT: u16 = 19529;
/// Where caches and disk indexes are.
const LOCAL_PATH: &str = "/var/lib/milvus/data";
/// Where the built-in log is, in the pod's volume.
const LOCAL_LOG: &str = "/var/lib/milvus/wp";
/// Where the built-in log of a cluster is, in the bucket.
const REMOTE_LOG: &str = "/woodpecker/data";
/// The first release whose log reads `fencePolicy.conditionWrite` (source: milvus-io/milvus#46022, merged after 2.6.7).
const FENCE_POLICY: (u64, u64, u64) = (2, 6, 8);
/// Where the server finds its certificate and key.
pub const CERTIFICATES: &str = "/milvus/certs";

/// Where REST is served beside TLS: newer proxies, as those of 2.6, do not start where it would have gRPC's port then
/// (source: Milvus, "Encryption in Transit"; milvus#46312).
pub const REST_PORT: u16 = 8080;
/// The setting of that.
const REST: [&str; 3] = ["proxy", "http", "port"];

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
        settings.merge(common(installation));
        if let Some(tls) = &installation.tls {
            settings.merge(of_tls(tls));
        }
        // The services' own settings follow when they are there (`Installation::on_services`).
        if !matches!(installation.deployment, Deployment::Aws(_)) {
            settings.merge(of_services(installation, queue));
        }
        for component in components {
            settings.merge(of_component(&installation.full_name(), line, component));
        }
        if let Deployment::Cluster(cluster) = &installation.deployment {
            settings.merge(of_groups(&cluster.resource_groups));
        }
        settings.merge(Value::Object(installation.part_settings()));
        settings.merge(Value::Object(installation.config.clone()));
        settings.part_rest_from_tls();
        settings
    }

    /// Gives REST a port of its own where clients speak TLS and nobody gave it one.
    fn part_rest_from_tls(&mut self) {
        let speaks = demands_tls(&self.0) == Some(true);
        if speaks && value_of(&self.0, &REST).is_none() {
            self.merge(json!({"proxy": {"http": {"port": REST_PORT}}}));
        }
    }

    /// The port that REST has beside the one of gRPC, if any.
    pub fn rest_port(&self) -> Option<&Value> {
        value_of(&self.0, &REST)
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

    /// Whether clients must log in.
    pub fn demand_login(&self) -> bool {
        demands_login(&self.0).unwrap_or(false)
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
    value_of(settings, &["mq", "type"])?.as_str()
}

/// Whether clients must log in, as `common.security.authorizationEnabled` says it; none where settings say nothing of it.
pub fn demands_login(settings: &Map<String, Value>) -> Option<bool> {
    let setting = value_of(settings, &["common", "security", "authorizationEnabled"])?;
    Some(plain(setting).eq_ignore_ascii_case("true"))
}

/// Whether clients must speak TLS, as `common.security.tlsMode` says it; none where settings say nothing of it.
pub fn demands_tls(settings: &Map<String, Value>) -> Option<bool> {
    let setting = value_of(settings, &["common", "security", "tlsMode"])?;
    let is_said = !setting.is_null();
    is_said.then(|| !matches!(plain(setting).trim(), "" | "0"))
}

/// The value of a setting; upper and lower case are the same.
pub(crate) fn value_of<'a>(settings: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let same = |(key, _): &(&String, &Value)| key.eq_ignore_ascii_case(first);
    let (_, found) = settings.iter().find(same)?;
    match rest {
        [] => Some(found),
        rest => value_of(found.as_object()?, rest),
    }
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
                flatten(&[name, "_", &key].concat(), value, variables);
            }
            return;
        }
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => plain(other),
    };
    variables.push((name.to_owned(), text));
}

pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn common(installation: &Installation) -> Value {
    json!({
        "metastore": {"type": "etcd"},
        "localStorage": {"path": LOCAL_PATH},
        "common": {"security": {"authorizationEnabled": installation.authorization}},
        "proxy": {"port": CLIENTS.number, "internalPort": INTERNAL_PORT},
        "queryNode": {"enableDisk": true},
        "indexNode": {"enableDisk": true},
        "log": of_log(&installation.log),
    })
}

fn of_log(log: &Log) -> Value {
    let volume = log.persistence.as_ref();
    let folder = volume.map_or("", |volume| volume.mount_path.as_str());
    let mut file = json!({"rootPath": folder});
    for (key, number) in [
        ("maxSize", log.max_size_mib),
        ("maxAge", log.max_age_days),
        ("maxBackups", log.max_backups),
    ] {
        if let Some(number) = number {
            file[key] = json!(number);
        }
    }
    json!({"level": log.level.setting(), "format": log.format.setting(), "file": file})
}

fn of_tls(tls: &Tls) -> Value {
    let file = |name: &str| format!("{CERTIFICATES}/{name}");
    let mut files = json!({"serverPemPath": file("tls.crt"), "serverKeyPath": file("tls.key")});
    if tls.mode == TlsMode::Mutual {
        files["caPemPath"] = json!(file("ca.crt"));
    }
    json!({"tls": files, "common": {"security": {"tlsMode": tls.mode.setting()}}})
}

/// Metadata, objects and log: the services that are given, and what is inside of the server's pod otherwise.
fn of_services(installation: &Installation, queue: MessageQueue) -> Value {
    let deployment = &installation.deployment;
    let s3 = deployment.s3();
    let mut settings = json!({
        "etcd": match deployment.etcd() {
            Some(etcd) => json!({"endpoints": endpoints(&installation.name, etcd), "use": {"embed": false}}),
            None => json!({"use": {"embed": true}, "data": {"dir": "/var/lib/milvus/etcd"}}),
        },
        "common": {"storageType": if s3.is_some() { "remote" } else { "local" }},
    });
    if let Some(s3) = s3 {
        settings["minio"] = of_s3(s3);
    }
    settings["mq"] = json!({"type": queue.setting()});
    let in_a_cluster = matches!(deployment, Deployment::Cluster(_));
    let content = match deployment.queue() {
        Some(Queue::Kafka(kafka)) => of_kafka(kafka),
        Some(Queue::Pulsar(pulsar)) => of_pulsar(pulsar),
        Some(Queue::Woodpecker(woodpecker)) => {
            let mut log = of_woodpecker(woodpecker, in_a_cluster);
            let embedded = matches!(woodpecker, Woodpecker::Embedded(it) if it.storage == WoodpeckerStorage::Minio);
            if embedded && must_write_conditionally(installation) {
                log["logstore"] = json!({"fencePolicy": {"conditionWrite": "enable"}});
            }
            log
        }
        None => built_in(queue),
    };
    settings[queue.setting()] = content;
    settings
}

fn endpoints(name: &InstallationName, etcd: &Etcd) -> Vec<String> {
    match etcd {
        Etcd::InCluster(_) => vec![format!("{}:2379", name.etcd_name())],
        Etcd::Endpoints(endpoints) => endpoints.iter().map(ToString::to_string).collect(),
    }
}

/// The log within the one process.
fn built_in(queue: MessageQueue) -> Value {
    match queue {
        MessageQueue::RocksMq => json!({"path": "/var/lib/milvus/rdb_data"}),
        MessageQueue::Woodpecker => json!({"storage": {"type": "local", "rootPath": LOCAL_LOG}}),
        MessageQueue::Kafka | MessageQueue::Pulsar => json!({}),
    }
}

fn of_pulsar(pulsar: &Pulsar) -> Value {
    let endpoint = &pulsar.endpoint;
    let address = if pulsar.tls {
        // The server takes an address with a scheme as it is.
        format!("pulsar+ssl://{endpoint}")
    } else {
        endpoint.host().to_owned()
    };
    let mut settings = json!({"address": address, "port": endpoint.port()});
    if let Some(size) = pulsar.max_message_size {
        settings["maxMessageSize"] = json!(size);
    }
    for (key, text) in [("tenant", &pulsar.tenant), ("namespace", &pulsar.namespace)] {
        if let Some(text) = text {
            settings[key] = json!(text);
        }
    }
    settings
}

/// The prefix of keys in a bucket is the chart's, so that an adopted release finds its log.
fn of_woodpecker(woodpecker: &Woodpecker, in_a_cluster: bool) -> Value {
    let prefix = if in_a_cluster { REMOTE_LOG } else { LOCAL_LOG };
    match woodpecker {
        Woodpecker::Embedded(embedded) => match embedded.storage {
            WoodpeckerStorage::Minio => json!({"storage": {"type": "minio", "rootPath": prefix}}),
            WoodpeckerStorage::Local => {
                json!({"storage": {"type": "local", "rootPath": LOCAL_LOG}})
            }
        },
        Woodpecker::Service(service) => {
            let seeds: Vec<String> = service.seeds.iter().map(ToString::to_string).collect();
            let pool = json!({"name": "default", "seeds": seeds});
            json!({
                "client": {"quorum": {"quorumBufferPools": [pool]}},
                "storage": {"type": "service", "rootPath": prefix},
            })
        }
    }
}

/// Whether the log is to insist on conditional writes, by which a node that lost its log is kept from writing. By itself
/// (`auto`) it takes any failure of its first tries, as of rights that still spread, for a store without them, and remembers
/// that for good (zilliztech/woodpecker#153).
fn must_write_conditionally(installation: &Installation) -> bool {
    let (major, minor, patch) = FENCE_POLICY;
    let store = installation.deployment.s3();
    installation.version.is_at_least(major, minor, patch)
        && store.is_some_and(S3::has_conditional_writes)
}

/// A replica of everything in each group, and the log's own nodes apart from each other.
fn of_groups(groups: &[ResourceGroup]) -> Value {
    let Some(first) = groups.first() else {
        return json!({});
    };
    let names: Vec<&str> = groups.iter().map(ResourceGroup::as_str).collect();
    json!({
        "queryCoord": {
            "clusterLevelLoadReplicaNumber": groups.len(),
            "clusterLevelLoadResourceGroups": names.join(","),
        },
        "streaming": {
            "primaryResourceGroup": first.as_str(),
            "strictResourceGroupIsolation": {"enabled": true},
        },
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
        "cloudProvider": s3.cloud_provider.setting(),
        "region": s3.region.as_ref().map_or("", |region| region.as_str()),
        "useVirtualHost": s3.virtual_host,
    });
    if let Some(url) = &s3.iam_endpoint {
        settings["iamEndpoint"] = json!(url);
    }
    if iam {
        // The image's own file has MinIO's default keys, which must not be sent to anybody.
        let account = s3.account.as_ref().map_or("", |account| account.as_str());
        settings["accessKeyID"] = json!(account);
        settings["secretAccessKey"] = json!("");
    }
    settings
}

fn of_kafka(kafka: &Kafka) -> Value {
    let brokers: Vec<String> = kafka.brokers.iter().map(ToString::to_string).collect();
    let mut settings = json!({"brokerList": brokers.join(",")});
    match &kafka.security {
        KafkaSecurity::Plaintext => settings["securityProtocol"] = json!("PLAINTEXT"),
        // The server passes its own protocol on only together with a login; the client library takes it here.
        KafkaSecurity::Tls => {
            settings["securityProtocol"] = json!("SSL");
            settings["consumer"] = json!({"security.protocol": "SSL"});
            settings["producer"] = json!({"security.protocol": "SSL"});
        }
        with_login => {
            settings["securityProtocol"] = json!("SASL_SSL");
            if let Some((mechanism, _)) = with_login.mechanism() {
                settings["saslMechanisms"] = json!(mechanism);
            }
        }
    }
    settings
}

fn of_component(full_name: &str, line: &Line, component: &Component) -> Value {
    let mut settings = Map::new();
    if !component.disk.enabled {
        for section in component.role.disk_sections() {
            settings.insert((*section).to_owned(), json!({"enableDisk": false}));
        }
    }
    match component.role {
        Role::Standalone | Role::Proxy | Role::Cdc => {}
        Role::MixCoordinator => {
            for section in line.mixture_sections {
                let standby = json!({"enableActiveStandby": component.active_standby});
                settings.insert((*section).to_owned(), standby);
            }
        }
        role => {
            let mut section = Map::new();
            if role.is_coordinator() {
                let address = format!("{full_name}-{}", component.name);
                section.insert("address".to_owned(), json!(address));
                let standby = json!(component.active_standby);
                section.insert("enableActiveStandby".to_owned(), standby);
            }
            if let Some(port) = role.port() {
                section.insert("port".to_owned(), json!(port.number));
            }
            if let Some(key) = role.settings_section() {
                let known = settings.entry(key).or_insert_with(|| json!({}));
                if let Value::Object(known) = known {
                    known.extend(section);
                }
            }
        }
    }
    Value::Object(settings)
}
