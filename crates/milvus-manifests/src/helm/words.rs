//! Keys of an installation's file in the words of values: for messages that the file's rules write.

/// Sections of the file, what stands there in messages, and the same in values. The first that fits is taken; `` stands
/// for every section.
const WORDS: &[(&str, &str, &str)] = &[
    (".s3", "`access: iam`", "`useIAM: true`"),
    (".s3", "`tls: true`", "`useSSL: true`"),
    (".s3", "`account: NAME`", "`accessKey: NAME`"),
    (".autoscaling", "`min`", "`minReplicas`"),
    (".autoscaling", "`max`", "`maxReplicas`"),
    (".autoscaling", "`cpuPercent`", "`cpuUtilization`"),
    (".autoscaling", "`memoryPercent`", "`memoryUtilization`"),
    (".components", "`autoscaling`", "`hpa`"),
    (
        ".woodpecker",
        "`embedded`",
        "`streaming.woodpecker.embedded: true`",
    ),
    (".woodpecker", "`s3: {…}`", "`externalS3`"),
    (
        ".woodpecker",
        "`storage: local`",
        "`streaming.woodpecker.storage.type: local`",
    ),
    (
        ".kafka",
        "`scramSha512`",
        "`sasl.mechanisms: SCRAM-SHA-512`",
    ),
    (".kafka", "`plaintext`", "`securityProtocol: PLAINTEXT`"),
    (
        ".disk",
        "`storage.size`",
        "`persistence.persistentVolumeClaim.size`",
    ),
    (".etcd", "leave `etcd` out", "leave `externalEtcd` out"),
    (
        "",
        "`cluster.serviceAccount: {",
        "`serviceAccount: {create: true, ",
    ),
    (
        "",
        "`standalone.serviceAccount: {",
        "`serviceAccount: {create: true, ",
    ),
    ("", "`names.fullName`", "`fullnameOverride`"),
    ("", "`names.appName`", "`nameOverride`"),
    (
        "",
        "`cluster.kafka.security.scramSha512`",
        "`externalKafka.sasl`",
    ),
    ("", "`cluster.pulsar.auth`", "`externalPulsar`"),
    ("", "`cluster.s3.access.keys`", "`externalS3`"),
    ("", "`mode: standalone`", "`cluster.enabled: false`"),
    ("", "`mode: cluster`", "`cluster.enabled: true`"),
    ("", "`priorityClass`", "`priorityClassName`"),
    ("", "`runtimeClass`", "`runtimeClassName`"),
    ("", "`version: ", "`image.all.tag: v"),
];

/// Ends of paths in the file that values call otherwise, below what they were taken from.
const KEYS: &[(&str, &str)] = &[
    (".ephemeralStorage", ".ephemeral-storage"),
    (".cpuPercent", ".cpuUtilization"),
    (".memoryPercent", ".memoryUtilization"),
];

/// Sections of the file, and what stands for them in values.
const SECTIONS: &[(&str, &str)] = &[
    ("cluster.s3", "externalS3"),
    ("standalone.s3", "externalS3"),
    ("cluster.kafka", "externalKafka"),
    ("standalone.kafka", "externalKafka"),
    ("cluster.pulsar", "externalPulsar"),
    ("standalone.pulsar", "externalPulsar"),
    ("cluster.woodpecker", "woodpecker"),
    ("standalone.woodpecker", "woodpecker"),
    ("cluster.etcd.inCluster", "etcd"),
    ("standalone.etcd.inCluster", "etcd"),
    ("cluster.etcd", "externalEtcd"),
    ("standalone.etcd", "externalEtcd"),
    ("cluster.serviceAccount", "serviceAccount"),
    ("standalone.serviceAccount", "serviceAccount"),
    ("cluster.resourceGroups", "replicaResourceGroups"),
    ("config", "extraConfigFiles.user.yaml"),
];

/// The path in values of what no value of theirs stands for.
pub(super) fn section(path: &str) -> String {
    let under = |(ours, theirs): &(&str, &str)| {
        let rest = path.strip_prefix(ours)?;
        let is_whole = rest.is_empty() || rest.starts_with(['.', '[']);
        is_whole.then(|| [theirs, rest].concat())
    };
    let known = SECTIONS.iter().find_map(under);
    let component = path.strip_prefix("cluster.components.");
    known
        .or_else(|| component.map(str::to_owned))
        .unwrap_or_else(|| path.to_owned())
}

/// A message of the file's rules about a path, in the words of values.
pub(super) fn of_values(path: &str, message: &str) -> String {
    let within = |section: &str| {
        section.is_empty()
            || path.ends_with(section)
            || path.contains(&[section, "."].concat())
            || path.contains(&[section, "["].concat())
    };
    WORDS
        .iter()
        .filter(|(section, ..)| within(section))
        .fold(message.to_owned(), |text, (_, ours, theirs)| {
            text.replace(ours, theirs)
        })
}

/// The path in values: what it was taken from, and the rest.
pub(super) fn path(values: &str, rest: &str) -> String {
    let known = KEYS.iter().find(|(ours, _)| rest == *ours);
    let rest = known.map_or(rest, |(_, theirs)| theirs);
    [values, rest].concat()
}
