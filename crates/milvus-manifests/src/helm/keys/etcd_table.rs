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
const PROBES: &str = "etcd's probes are made here for quick and safe starts: leave it out";
const SERVICE: &str = "etcd's services are made here for Milvus alone: leave it out";
const CLAIMS: &str = "claims of etcd's members have a size and a class alone: leave it out";
const ACCOUNT: &str = "etcd runs as the namespace's own account: leave it out";
const COMMON: &str = "it is not laid on etcd's objects here: use `etcd.podLabels` and `etcd.podAnnotations` for its pods";
const HOOKS: &str = "members come and go without hooks here: leave it out";
const CONFIGURATION: &str = "etcd is set by variables alone: use `etcd.extraEnvVars`";
const VARIABLES: &str = "variables are taken one by one: use `etcd.extraEnvVars`";
const POD: &str = "pods of etcd do not have it here: leave it out";
/// OpenShift chooses users by itself, and refuses those that are named.
const ETCD_USER: &str =
    "etcd runs as user and group 1001 here: name others in its place, or use `externalEtcd`";
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
    (
        "nodeAffinityPreset.type",
        Only(Empty, "use `etcd.affinity`"),
    ),
    ("nodeAffinityPreset.key", Idle),
    ("nodeAffinityPreset.values", Idle),
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
    (
        "persistence.accessModes",
        Only(
            Text("ReadWriteOnce"),
            "each member has a volume of its own: leave it out",
        ),
    ),
    ("persistence.annotations", Only(Empty, CLAIMS)),
    ("persistence.labels", Only(Empty, CLAIMS)),
    ("persistence.selector", Only(Empty, CLAIMS)),
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
    ("service.annotations", Only(Empty, SERVICE)),
    ("service.headless.annotations", Only(Empty, SERVICE)),
    ("service.enabled", Only(On, SERVICE)),
    ("service.clusterIP", Only(Empty, SERVICE)),
    ("service.extraPorts", Only(Empty, SERVICE)),
    ("service.externalIPs", Only(Empty, SERVICE)),
    ("service.sessionAffinity", Only(Text("None"), SERVICE)),
    ("service.clientPortNameOverride", Only(Empty, SERVICE)),
    ("service.peerPortNameOverride", Only(Empty, SERVICE)),
    // Of other types of services alone.
    ("service.nodePorts", Idle),
    ("service.loadBalancerIP", Idle),
    ("service.loadBalancerSourceRanges", Idle),
    ("service.externalTrafficPolicy", Idle),
    ("service.sessionAffinityConfig", Idle),
    ("containerPorts.client", Only(Number(2379), PORT)),
    ("containerPorts.peer", Only(Number(2380), PORT)),
    ("auth.rbac.enabled", Only(Off, ETCD_AUTH)),
    ("auth.rbac.create", Only(Off, ETCD_AUTH)),
    ("auth.rbac.allowNoneAuthentication", Only(On, ETCD_AUTH)),
    ("auth.rbac", Idle),
    ("auth.token.enabled", Only(Off, ETCD_AUTH)),
    ("auth.token", Idle),
    ("auth.client.secureTransport", Only(Off, ETCD_AUTH)),
    ("auth.client.enableAuthentication", Only(Off, ETCD_AUTH)),
    ("auth.client", Idle),
    ("auth.peer.secureTransport", Only(Off, ETCD_AUTH)),
    ("auth.peer.enableAuthentication", Only(Off, ETCD_AUTH)),
    ("auth.peer", Idle),
    ("livenessProbe.enabled", Only(On, PROBES)),
    (
        "livenessProbe.initialDelaySeconds",
        Only(Number(60), PROBES),
    ),
    ("livenessProbe.periodSeconds", Only(Number(30), PROBES)),
    ("livenessProbe.timeoutSeconds", Only(Number(10), PROBES)),
    ("livenessProbe.successThreshold", Only(Number(1), PROBES)),
    ("livenessProbe.failureThreshold", Only(Number(5), PROBES)),
    ("readinessProbe.enabled", Only(On, PROBES)),
    (
        "readinessProbe.initialDelaySeconds",
        Only(Number(60), PROBES),
    ),
    ("readinessProbe.periodSeconds", Only(Number(20), PROBES)),
    ("readinessProbe.timeoutSeconds", Only(Number(10), PROBES)),
    ("readinessProbe.successThreshold", Only(Number(1), PROBES)),
    ("readinessProbe.failureThreshold", Only(Number(5), PROBES)),
    ("startupProbe.enabled", Only(Off, PROBES)),
    ("startupProbe", Idle),
    ("customLivenessProbe", Only(Empty, PROBES)),
    ("customReadinessProbe", Only(Empty, PROBES)),
    ("customStartupProbe", Only(Empty, PROBES)),
    ("lifecycleHooks", Only(Empty, HOOKS)),
    ("pdb.create", Read),
    ("pdb.minAvailable", Read),
    ("pdb.maxUnavailable", Read),
    (
        "podManagementPolicy",
        Only(
            Text("Parallel"),
            "members start together, or none would become ready: leave it out",
        ),
    ),
    (
        "updateStrategy.type",
        Only(
            Text("RollingUpdate"),
            "members are replaced one after the other: leave it out",
        ),
    ),
    (
        "updateStrategy.rollingUpdate",
        Only(
            Empty,
            "members are replaced one after the other: leave it out",
        ),
    ),
    (
        "clusterDomain",
        Only(
            Text("cluster.local"),
            "the cluster's domain is taken to be `cluster.local`: use `externalEtcd`",
        ),
    ),
    ("podSecurityContext.enabled", Only(On, ETCD_USER)),
    ("podSecurityContext", Read),
    ("containerSecurityContext.enabled", Only(On, ETCD_USER)),
    ("containerSecurityContext", Read),
    ("serviceAccount.create", Only(Off, ACCOUNT)),
    ("serviceAccount.name", Only(Empty, ACCOUNT)),
    // Of an account that is made.
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
    // No member is removed when its pod ends, whatever this says: that has left clusters that could not start again.
    ("removeMemberOnContainerTermination", Idle),
    (
        "terminationGracePeriodSeconds",
        Only(
            Empty,
            "members get Kubernetes' usual 30 seconds: leave it out",
        ),
    ),
    (
        "persistentVolumeClaimRetentionPolicy.enabled",
        Only(Off, "claims are kept, whatever goes: leave it out"),
    ),
    ("persistentVolumeClaimRetentionPolicy", Idle),
    ("commonLabels", Only(Empty, COMMON)),
    ("commonAnnotations", Only(Empty, COMMON)),
    ("global.imageRegistry", Read),
    ("global.imagePullSecrets", Read),
    ("global.storageClass", Read),
    ("global", Idle),
    // What the sub-chart has, and its users hardly ever write.
    (
        "maxProcs",
        Only(Empty, "set `GOMAXPROCS` by `etcd.extraEnvVars`"),
    ),
    (
        "initialClusterState",
        Only(
            Empty,
            "a new etcd is new, and one that runs keeps its state: leave it out",
        ),
    ),
    ("configuration", Only(Empty, CONFIGURATION)),
    ("existingConfigmap", Only(Empty, CONFIGURATION)),
    ("extraEnvVarsCM", Only(Empty, VARIABLES)),
    ("extraEnvVarsSecret", Only(Empty, VARIABLES)),
    ("command", Only(Empty, ETCD_IMAGE)),
    ("args", Only(Empty, ETCD_IMAGE)),
    ("hostAliases", Only(Empty, POD)),
    ("schedulerName", Only(Empty, POD)),
    ("shareProcessNamespace", Only(Off, POD)),
    (
        "extraDeploy",
        Only(Empty, "further objects are not made here: make them beside"),
    ),
    ("diagnosticMode.enabled", Only(Off, ETCD_IMAGE)),
    ("diagnosticMode", Idle),
    // What helm takes the cluster for, which is asked itself here.
    ("kubeVersion", Idle),
];
