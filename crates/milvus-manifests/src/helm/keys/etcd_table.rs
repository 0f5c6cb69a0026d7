//! The keys of the etcd that the chart brings along.

use super::{
    How::{Idle, Only, Read},
    Row,
    Usual::{Empty, Number, Off, On, Text},
};

/// Why a port is not another one.
const PORT: &str = "ports between components are fixed: leave it out";
const ETCD_IMAGE: &str = "the image needs the chart's own start script: leave it out, or name another repository and tag";
const ETCD_AUTH: &str = "our etcd has no login: leave it out, or use `externalEtcd`";
const ETCD_NAME: &str = "our etcd is called after the release: leave it out";

/// Keys of the etcd that the chart brings along, and we do too.
pub(in super::super) const ETCD: &[Row] = &[
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
    (
        "image.debug",
        Only(Off, "etcd logs at `info`: leave it out"),
    ),
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
