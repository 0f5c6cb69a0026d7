//! Every key of the official chart's values, 4.x and 5.x, and what becomes of it.

use super::document::{Node, Scalar, Value};

/// What becomes of a key.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// It is read, and said in the installation's own words.
    Read,
    /// It changes nothing that runs; what it would have changed is not made here, or is made by itself.
    Idle,
    /// What we do is the chart's default; anything else cannot be honoured, for that reason.
    Only(Usual, &'static str),
    /// A part of a service that the chart brings along, which is out of scope here.
    SubChart,
}

/// The chart's default of a key that nothing else can be said of.
#[derive(Clone, Copy)]
pub(super) enum Usual {
    /// Nothing: an empty text, list or section.
    Empty,
    Off,
    On,
    Text(&'static str),
    Number(i64),
}

/// A key: its path, and what becomes of it and of everything below it.
pub(super) type Row = (&'static str, How);

use How::{Idle, Only, Read, SubChart};
use Usual::{Empty, Number, Off, On, Text};

const PROBES: &str = "probes are made here for quick and safe starts: leave it out";
const PORT: &str = "ports between components are fixed: leave it out";
const HEAPTRACK: &str = "traces every allocation, for debugging alone: leave it out";
const NO_CLAIM: &str = "the volume is a claim of its own, named after the release: leave it out";
const MYSQL: &str = "metadata is kept in etcd: leave it out, or use `externalEtcd`";
const TEI: &str = "text embedding is a service of its own: install its own chart beside Milvus";

/// Keys outside of components.
pub(super) const TOP: &[Row] = &[
    ("nameOverride", Read),
    ("fullnameOverride", Read),
    ("cluster.enabled", Read),
    ("replicaResourceGroups", Read),
    ("image.all.repository", Read),
    ("image.all.tag", Read),
    ("image.all.pullPolicy", Read),
    ("image.all.pullSecrets", Read),
    // Milvus reads its settings without the tool.
    ("image.tools", Idle),
    ("nodeSelector", Read),
    ("tolerations", Read),
    ("affinity", Read),
    ("securityContext", Read),
    ("containerSecurityContext", Read),
    ("topologySpreadConstraints", Read),
    ("labels", Read),
    ("annotations", Read),
    ("volumes", Read),
    ("volumeMounts", Read),
    ("streaming.enabled", Read),
    ("streaming.woodpecker.embedded", Read),
    ("streaming.woodpecker.storage.type", Read),
    (
        "customConfigMap",
        Only(
            Empty,
            "settings are written here: move its `milvus.yaml` to `extraConfigFiles.user.yaml`",
        ),
    ),
    ("extraConfigFiles", Read),
    ("service.type", Read),
    ("service.port", Read),
    (
        "service.portName",
        Only(Text("milvus"), "the port is called `milvus`: leave it out"),
    ),
    ("service.nodePort", Read),
    ("service.annotations", Read),
    ("service.labels", Read),
    ("service.externalIPs", Read),
    ("service.clusterIP", Read),
    ("service.loadBalancerIP", Read),
    ("service.loadBalancerSourceRanges", Read),
    ("ingress.enabled", Read),
    ("ingress.ingressClassName", Read),
    ("ingress.annotations", Read),
    ("ingress.labels", Read),
    ("ingress.rules", Read),
    ("ingress.hosts", Read),
    ("ingress.tls", Read),
    ("serviceAccount.create", Read),
    ("serviceAccount.name", Read),
    ("serviceAccount.annotations", Read),
    ("serviceAccount.labels", Read),
    (
        "metrics.enabled",
        Only(
            On,
            "metrics are on, inside of the cluster alone: leave it out",
        ),
    ),
    ("metrics.serviceMonitor.enabled", Read),
    ("metrics.serviceMonitor.interval", Read),
    ("metrics.serviceMonitor.scrapeTimeout", Read),
    ("metrics.serviceMonitor.additionalLabels", Read),
    ("livenessProbe.enabled", Only(On, PROBES)),
    (
        "livenessProbe.initialDelaySeconds",
        Only(Number(90), PROBES),
    ),
    ("livenessProbe.periodSeconds", Only(Number(30), PROBES)),
    ("livenessProbe.timeoutSeconds", Only(Number(5), PROBES)),
    ("livenessProbe.successThreshold", Only(Number(1), PROBES)),
    ("livenessProbe.failureThreshold", Only(Number(5), PROBES)),
    ("readinessProbe.enabled", Only(On, PROBES)),
    (
        "readinessProbe.initialDelaySeconds",
        Only(Number(90), PROBES),
    ),
    ("readinessProbe.periodSeconds", Only(Number(10), PROBES)),
    ("readinessProbe.timeoutSeconds", Only(Number(5), PROBES)),
    ("readinessProbe.successThreshold", Only(Number(1), PROBES)),
    ("readinessProbe.failureThreshold", Only(Number(5), PROBES)),
    ("log.level", Read),
    ("log.format", Read),
    ("log.file.maxSize", Read),
    ("log.file.maxAge", Read),
    ("log.file.maxBackups", Read),
    ("log.persistence.enabled", Read),
    ("log.persistence.mountPath", Read),
    // Helm's own; claims are never deleted here unless asked for.
    ("log.persistence.annotations", Idle),
    ("log.persistence.persistentVolumeClaim.existingClaim", Read),
    ("log.persistence.persistentVolumeClaim.storageClass", Read),
    ("log.persistence.persistentVolumeClaim.accessModes", Read),
    ("log.persistence.persistentVolumeClaim.size", Read),
    ("log.persistence.persistentVolumeClaim.subPath", Read),
    ("heaptrack.image", Idle),
    ("attu.enabled", Read),
    ("attu.name", Idle),
    ("attu.replicas", Read),
    ("attu.image.repository", Read),
    ("attu.image.tag", Read),
    ("attu.image.pullPolicy", Read),
    ("attu.image.pullSecrets", Read),
    ("attu.service.type", Read),
    ("attu.service.port", Read),
    ("attu.service.annotations", Read),
    ("attu.service.labels", Read),
    (
        "attu.service.clusterIP",
        Only(
            Empty,
            "Attu's address inside the cluster is not chosen: leave it out",
        ),
    ),
    ("attu.service.loadBalancerIP", Read),
    ("attu.service.loadBalancerSourceRanges", Read),
    ("attu.resources", Read),
    ("attu.nodeSelector", Read),
    ("attu.affinity", Read),
    ("attu.tolerations", Read),
    ("attu.securityContext", Read),
    ("attu.containerSecurityContext", Read),
    ("attu.podLabels", Read),
    ("attu.annotations", Read),
    ("attu.extraEnv", Read),
    ("attu.ingress.enabled", Read),
    ("attu.ingress.ingressClassName", Read),
    ("attu.ingress.annotations", Read),
    ("attu.ingress.labels", Read),
    ("attu.ingress.hosts", Read),
    ("attu.ingress.tls", Read),
    (
        "attu.route.enabled",
        Only(
            Off,
            "routes of OpenShift are not made here: use `attu.ingress`",
        ),
    ),
    ("attu.route.host", Idle),
    ("attu.route.annotations", Idle),
    ("attu.route.labels", Idle),
    ("attu.route.tls", Idle),
    ("etcd", Read),
    ("externalS3.enabled", Read),
    ("externalS3.host", Read),
    ("externalS3.port", Read),
    ("externalS3.accessKey", Read),
    ("externalS3.secretKey", Read),
    ("externalS3.useSSL", Read),
    ("externalS3.bucketName", Read),
    ("externalS3.rootPath", Read),
    ("externalS3.useIAM", Read),
    ("externalS3.cloudProvider", Read),
    ("externalS3.iamEndpoint", Read),
    ("externalS3.region", Read),
    ("externalS3.useVirtualHost", Read),
    (
        "externalGcs.bucketName",
        Only(
            Empty,
            "the MinIO gateway is gone: use `externalS3` with `cloudProvider: gcp`",
        ),
    ),
    ("externalEtcd.enabled", Read),
    ("externalEtcd.endpoints", Read),
    ("externalPulsar.enabled", Read),
    ("externalPulsar.host", Read),
    ("externalPulsar.port", Read),
    ("externalPulsar.maxMessageSize", Read),
    ("externalPulsar.tenant", Read),
    ("externalPulsar.namespace", Read),
    ("externalPulsar.authPlugin", Read),
    ("externalPulsar.authParams", Read),
    ("externalKafka.enabled", Read),
    ("externalKafka.brokerList", Read),
    ("externalKafka.securityProtocol", Read),
    ("externalKafka.sasl.mechanisms", Read),
    ("externalKafka.sasl.username", Read),
    ("externalKafka.sasl.password", Read),
    ("externalMysql.enabled", Only(Off, MYSQL)),
    ("externalMysql", Idle),
    ("mysql.enabled", Only(Off, MYSQL)),
    ("mysql", Idle),
    ("minio", SubChart),
    ("pulsar", SubChart),
    ("pulsarv3", SubChart),
    ("kafka", SubChart),
    ("woodpecker.enabled", Read),
    ("woodpecker", Idle),
    ("tei.enabled", Only(Off, TEI)),
    ("tei", Idle),
    // Helm's own, for values that all charts share.
    ("global", Idle),
];

/// Keys of every component.
pub(super) const COMPONENT: &[Row] = &[
    ("enabled", Read),
    ("replicas", Read),
    ("resources", Read),
    ("nodeSelector", Read),
    ("affinity", Read),
    ("tolerations", Read),
    ("securityContext", Read),
    ("containerSecurityContext", Read),
    ("topologySpreadConstraints", Read),
    ("extraEnv", Read),
    ("annotations", Read),
    ("strategy", Read),
    ("runtimeClassName", Read),
    ("disk.enabled", Read),
    ("disk.size.enabled", Read),
    ("profiling.enabled", Read),
    ("heaptrack.enabled", Only(Off, HEAPTRACK)),
    ("hpa.enabled", Read),
    ("hpa.minReplicas", Read),
    ("hpa.maxReplicas", Read),
    ("hpa.cpuUtilization", Read),
    ("hpa.memoryUtilization", Read),
    ("activeStandby.enabled", Read),
    ("service.annotations", Read),
    ("service.labels", Read),
    (
        "service.clusterIP",
        Only(
            Empty,
            "the address inside the cluster is not chosen: leave it out",
        ),
    ),
];

/// Keys of some components alone.
pub(super) const OF_ONE: &[Row] = &[
    ("rootCoordinator.service.port", Only(Number(53100), PORT)),
    ("queryCoordinator.service.port", Only(Number(19531), PORT)),
    ("indexCoordinator.service.port", Only(Number(31000), PORT)),
    ("dataCoordinator.service.port", Only(Number(13333), PORT)),
    // Neither has any effect in the chart either; the REST server is on by itself.
    ("proxy.http.enabled", Idle),
    ("proxy.http.debugMode.enabled", Idle),
    ("proxy.tls.enabled", Read),
    ("proxy.tls.secretName", Read),
    ("proxy.tls.key", Read),
    ("proxy.tls.crt", Read),
    ("proxy.volumes", Read),
    ("proxy.volumeMounts", Read),
    ("standalone.messageQueue", Read),
    ("standalone.persistence.enabled", Read),
    (
        "standalone.persistence.mountPath",
        Only(Text("/var/lib/milvus"), NO_CLAIM),
    ),
    ("standalone.persistence.annotations", Idle),
    (
        "standalone.persistence.persistentVolumeClaim.existingClaim",
        Read,
    ),
    (
        "standalone.persistence.persistentVolumeClaim.storageClass",
        Read,
    ),
    (
        "standalone.persistence.persistentVolumeClaim.accessModes",
        Only(Text("ReadWriteOnce"), NO_CLAIM),
    ),
    ("standalone.persistence.persistentVolumeClaim.size", Read),
    (
        "standalone.persistence.persistentVolumeClaim.subPath",
        Only(Empty, NO_CLAIM),
    ),
];

/// Components by their sections.
pub(super) const COMPONENTS: [&str; 12] = [
    "standalone",
    "proxy",
    "rootCoordinator",
    "queryCoordinator",
    "indexCoordinator",
    "dataCoordinator",
    "mixCoordinator",
    "queryNode",
    "indexNode",
    "dataNode",
    "streamingNode",
    "cdc",
];

const ETCD_IMAGE: &str = "the image needs the chart's own start script: leave it out, or name another repository and tag";
const ETCD_AUTH: &str = "our etcd has no login: leave it out, or use `externalEtcd`";
const ETCD_NAME: &str = "our etcd is called after the release: leave it out";

/// Keys of the etcd that the chart brings along, and we do too.
pub(super) const ETCD: &[Row] = &[
    ("enabled", Read),
    ("name", Only(Text("etcd"), ETCD_NAME)),
    ("nameOverride", Only(Empty, ETCD_NAME)),
    ("fullnameOverride", Only(Empty, ETCD_NAME)),
    ("replicaCount", Read),
    ("image.registry", Read),
    ("image.repository", Read),
    ("image.tag", Read),
    ("image.pullPolicy", Read),
    ("image.pullSecrets", Read),
    ("image.debug", Idle),
    ("image.digest", Only(Empty, ETCD_IMAGE)),
    ("resources", Read),
    ("nodeSelector", Read),
    ("affinity", Read),
    ("tolerations", Read),
    ("topologySpreadConstraints", Read),
    ("priorityClassName", Read),
    ("runtimeClassName", Read),
    ("podLabels", Read),
    ("podAnnotations", Read),
    ("extraVolumes", Read),
    ("extraVolumeMounts", Read),
    ("initContainers", Read),
    ("sidecars", Read),
    (
        "podAntiAffinityPreset",
        Only(
            Text("soft"),
            "members are spread over zones and nodes as far as possible: use `etcd.affinity`",
        ),
    ),
    ("podAffinityPreset", Only(Empty, "use `etcd.affinity`")),
    ("nodeAffinityPreset", Idle),
    (
        "persistence.enabled",
        Only(
            On,
            "metadata without a volume would be lost at the next start: leave it out",
        ),
    ),
    ("persistence.storageClass", Read),
    ("persistence.size", Read),
    (
        "persistence.accessMode",
        Only(
            Text("ReadWriteOnce"),
            "each member has a volume of its own: leave it out",
        ),
    ),
    ("persistence.accessModes", Idle),
    ("persistence.annotations", Idle),
    ("persistence.labels", Idle),
    ("autoCompactionMode", Read),
    ("autoCompactionRetention", Read),
    ("extraEnvVars", Read),
    (
        "service.type",
        Only(
            Text("ClusterIP"),
            "etcd has no login and is reached inside of the cluster alone: leave it out",
        ),
    ),
    ("service.port", Only(Number(2379), PORT)),
    ("service.peerPort", Only(Number(2380), PORT)),
    ("service.ports.client", Only(Number(2379), PORT)),
    ("service.ports.peer", Only(Number(2380), PORT)),
    ("service.annotations", Idle),
    ("service.enabled", Idle),
    ("auth.rbac.enabled", Only(Off, ETCD_AUTH)),
    ("auth.rbac.create", Only(Off, ETCD_AUTH)),
    ("auth.rbac", Idle),
    ("auth.token", Idle),
    ("auth.client.secureTransport", Only(Off, ETCD_AUTH)),
    ("auth.client.enableAuthentication", Only(Off, ETCD_AUTH)),
    ("auth.client", Idle),
    ("auth.peer.secureTransport", Only(Off, ETCD_AUTH)),
    ("auth.peer.enableAuthentication", Only(Off, ETCD_AUTH)),
    ("auth.peer", Idle),
    ("livenessProbe", Idle),
    ("readinessProbe", Idle),
    ("startupProbe", Idle),
    ("pdb", Idle),
    (
        "podManagementPolicy",
        Only(
            Text("Parallel"),
            "members start together, or none would become ready: leave it out",
        ),
    ),
    ("updateStrategy", Idle),
    (
        "clusterDomain",
        Only(
            Text("cluster.local"),
            "the cluster's domain is taken to be `cluster.local`: use `externalEtcd`",
        ),
    ),
    ("podSecurityContext", Idle),
    ("containerSecurityContext", Idle),
    ("serviceAccount", Idle),
    (
        "logLevel",
        Only(Text("info"), "etcd logs at `info`: leave it out"),
    ),
    (
        "startFromSnapshot.enabled",
        Only(
            Off,
            "a new etcd starts empty: restore a snapshot by hand, and use `externalEtcd`",
        ),
    ),
    ("startFromSnapshot", Idle),
    (
        "disasterRecovery.enabled",
        Only(Off, "snapshots are not made here: leave it out"),
    ),
    ("disasterRecovery", Idle),
    (
        "defrag.enabled",
        Only(Off, "a job that defragments is not made here: leave it out"),
    ),
    ("defrag", Idle),
    (
        "metrics.enabled",
        Only(
            Off,
            "etcd's metrics are at its client port, and nothing is made that collects them: leave it out",
        ),
    ),
    ("metrics", Idle),
    (
        "networkPolicy.enabled",
        Only(Off, "network policies are not made here: make one beside"),
    ),
    ("networkPolicy", Idle),
    (
        "volumePermissions.enabled",
        Only(
            Off,
            "volumes belong to etcd's group by `fsGroup`: leave it out",
        ),
    ),
    ("volumePermissions", Idle),
    ("removeMemberOnContainerTermination", Idle),
    ("terminationGracePeriodSeconds", Idle),
    ("persistentVolumeClaimRetentionPolicy", Idle),
    ("commonLabels", Idle),
    ("commonAnnotations", Idle),
    ("global", Idle),
];

/// What becomes of the key at a path, or what may follow it.
pub(super) enum Known {
    /// A row of the table.
    Row(How),
    /// A section with keys of its own: their names.
    Section(Vec<&'static str>),
    /// Nobody knows it.
    No,
}

/// Looks a path up.
pub(super) fn look_up(path: &[&str]) -> Known {
    match path {
        [component, rest @ ..] if COMPONENTS.contains(component) => {
            let own: Vec<Row> = OF_ONE
                .iter()
                .filter_map(|(key, how)| {
                    let rest = key.strip_prefix(component)?.strip_prefix('.')?;
                    Some((rest, *how))
                })
                .collect();
            in_rows(COMPONENT.iter().chain(&own), rest)
        }
        ["etcd", rest @ ..] => in_rows(ETCD.iter(), rest),
        path => match in_rows(TOP.iter(), path) {
            Known::Section(mut keys) if path.is_empty() => {
                keys.extend(COMPONENTS);
                Known::Section(keys)
            }
            known => known,
        },
    }
}

/// The row of that path, or of what it is a part of; rows that say more come first.
fn in_rows<'a>(rows: impl Iterator<Item = &'a Row> + Clone, path: &[&str]) -> Known {
    let wanted = path.join(".");
    if let Some((_, how)) = rows.clone().find(|(key, _)| *key == wanted) {
        let more = section_keys(rows, &wanted);
        // A row for all that is not named: `mysql` beside `mysql.enabled`.
        return if more.is_empty() {
            Known::Row(*how)
        } else {
            Known::Section(more)
        };
    }
    let keys = section_keys(rows.clone(), &wanted);
    if !keys.is_empty() {
        return Known::Section(keys);
    }
    let around = |(key, _): &&Row| {
        wanted
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    match rows.filter(around).max_by_key(|(key, _)| key.len()) {
        Some((_, how)) => Known::Row(*how),
        None => Known::No,
    }
}

/// The keys that may stand in a section.
fn section_keys<'a>(rows: impl Iterator<Item = &'a Row>, section: &str) -> Vec<&'static str> {
    let mut keys = Vec::new();
    for (key, _) in rows {
        let rest = match section {
            "" => Some(*key),
            _ => key
                .strip_prefix(section)
                .and_then(|rest| rest.strip_prefix('.')),
        };
        let Some(first) = rest.and_then(|rest| rest.split('.').next()) else {
            continue;
        };
        if !keys.contains(&first) {
            keys.push(first);
        }
    }
    keys
}

impl Usual {
    /// Whether a value says the same as the chart's default.
    pub(super) fn is(self, node: &Node) -> bool {
        let Value::Scalar(scalar) = &node.value else {
            return matches!(self, Empty) && is_empty(node);
        };
        match (self, scalar) {
            (_, Scalar::Null) => true,
            (Empty, scalar) => *scalar == Scalar::Bool(false) || scalar.to_text().is_empty(),
            (Off, scalar) => *scalar == Scalar::Bool(false),
            (On, scalar) => *scalar == Scalar::Bool(true),
            (Text(text), scalar) => scalar.to_text() == text,
            (Number(number), scalar) => scalar.to_text() == number.to_string(),
        }
    }
}

/// Whether there is nothing in it.
pub(super) fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) => scalar.to_text().is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Section(entries) => entries.is_empty(),
    }
}
