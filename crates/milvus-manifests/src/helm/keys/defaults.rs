//! Keys that are read and that the chart has a default for which is more than nothing: a `null` takes it back, and helm
//! writes then what no default of ours is. Not among them: what the server or Kubernetes has the same default for, and
//! what is read as nothing when it is `null`.

/// Keys outside of components.
pub(in super::super) const DEFAULTS: &[&str] = &[
    "cluster.enabled",
    "image.all.repository",
    "image.all.tag",
    "streaming.enabled",
    "streaming.woodpecker.embedded",
    "streaming.woodpecker.storage.type",
    "service.port",
    "ingress.rules",
    "metrics.serviceMonitor.interval",
    "metrics.serviceMonitor.scrapeTimeout",
    "log.persistence.mountPath",
    "log.persistence.persistentVolumeClaim.accessModes",
    "log.persistence.persistentVolumeClaim.size",
    "attu.image.repository",
    "attu.image.tag",
    "attu.service.port",
    "attu.ingress.hosts",
    "etcd.enabled",
    "etcd.replicaCount",
    "etcd.image.repository",
    "etcd.image.tag",
    "etcd.persistence.size",
    "etcd.autoCompactionMode",
    "etcd.autoCompactionRetention",
    "etcd.extraEnvVars",
    "externalEtcd.endpoints",
    "externalPulsar.host",
    "externalPulsar.port",
    "externalPulsar.maxMessageSize",
    "externalKafka.brokerList",
    "externalKafka.securityProtocol",
    "externalKafka.sasl.mechanisms",
    "standalone.messageQueue",
    "standalone.persistence.enabled",
    "standalone.persistence.persistentVolumeClaim.size",
];

/// Keys of components.
pub(in super::super) const OF_COMPONENTS: &[&str] = &[
    "enabled",
    "disk.enabled",
    "hpa.minReplicas",
    "hpa.maxReplicas",
    "hpa.cpuUtilization",
    "hpa.memoryUtilization",
];
