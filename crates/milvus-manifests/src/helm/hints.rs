//! What to write in place of keys that the chart does not have, and that people write all the same: data.

use super::keys::COMPONENTS;

const CLAIM: &str = "the claim has a section of its own, write `persistentVolumeClaim: {KEY: …}` below `persistence`";
const CLASSES: &str = "each volume names its own: write `standalone.persistence.persistentVolumeClaim.storageClass`, `log.persistence.persistentVolumeClaim.storageClass`, and `etcd.persistence.storageClass` or `global.storageClass` for etcd";
const SETTING: &str =
    "it is a setting of the server: write it below `extraConfigFiles: {user.yaml: |}`";
const ETCD_LOGIN: &str = "the chart has no key for a login to etcd: write `etcd: {auth: {enabled: true, userName: NAME, password: PASSWORD}}` below `extraConfigFiles: {user.yaml: |}`";
const ETCD_TLS: &str = "the chart has no key for TLS to etcd: write `etcd: {ssl: {enabled: true, tlsCert: PATH, tlsKey: PATH, tlsCACert: PATH}}` below `extraConfigFiles: {user.yaml: |}`, and mount the files by `volumes` and `volumeMounts`";
const S3_SECRET: &str = "the chart has no key for a Secret with the keys: give all components `extraEnv` with `MINIO_ACCESSKEYID` and `MINIO_SECRETACCESSKEY` out of it";
const KAFKA_SECRET: &str = "the chart has no key for a Secret with the login: give all components `extraEnv` with `KAFKA_SASLUSERNAME` and `KAFKA_SASLPASSWORD` out of it";
const EACH: &str =
    "each component has its own: write it below `standalone`, `proxy`, `queryNode` and so on";

/// Keys, and what to write instead. `*` stands for any component.
const HINTS: &[(&str, &str)] = &[
    ("standalone.persistence.size", CLAIM),
    ("standalone.persistence.storageClass", CLAIM),
    ("standalone.persistence.storageClassName", CLAIM),
    ("standalone.persistence.existingClaim", CLAIM),
    ("standalone.persistence.accessMode", CLAIM),
    ("standalone.persistence.accessModes", CLAIM),
    ("standalone.persistence.subPath", CLAIM),
    ("log.persistence.size", CLAIM),
    ("log.persistence.storageClass", CLAIM),
    ("log.persistence.storageClassName", CLAIM),
    ("log.persistence.existingClaim", CLAIM),
    ("log.persistence.accessMode", CLAIM),
    ("log.persistence.accessModes", CLAIM),
    ("log.persistence.subPath", CLAIM),
    ("storageClass", CLASSES),
    ("storageClassName", CLASSES),
    (
        "persistence",
        "write `standalone.persistence`, `log.persistence` or `etcd.persistence`",
    ),
    (
        "podAnnotations",
        "write `annotations`, which all objects and pods of Milvus get",
    ),
    (
        "podLabels",
        "write `labels`, which all objects and pods of Milvus get",
    ),
    ("*.podAnnotations", "write `annotations`"),
    (
        "*.podLabels",
        "write `labels` at the top, which all objects and pods of Milvus get",
    ),
    (
        "*.labels",
        "write `labels` at the top, which all objects and pods of Milvus get",
    ),
    ("*.podSecurityContext", "write `securityContext`"),
    ("*.env", "write `extraEnv`"),
    ("*.autoscaling", "write `hpa`"),
    ("*.replicaCount", "write `replicas`"),
    ("resources", EACH),
    ("replicas", EACH),
    ("replicaCount", EACH),
    ("extraEnv", EACH),
    ("env", EACH),
    (
        "autoscaling",
        "write `hpa` below a component, for example `queryNode.hpa`",
    ),
    (
        "hpa",
        "write it below a component, for example `queryNode.hpa`",
    ),
    ("imagePullSecrets", "write `image.all.pullSecrets`"),
    ("image.repository", "write `image.all.repository`"),
    ("image.tag", "write `image.all.tag`"),
    ("image.pullPolicy", "write `image.all.pullPolicy`"),
    ("image.pullSecrets", "write `image.all.pullSecrets`"),
    ("mode", "write `cluster.enabled`"),
    ("s3", "write `externalS3`"),
    ("externalS3.endpoint", "write `host` and `port`"),
    ("externalS3.bucket", "write `bucketName`"),
    ("externalS3.existingSecret", S3_SECRET),
    ("externalS3.secretName", S3_SECRET),
    ("externalKafka.brokers", "write `brokerList`"),
    ("externalKafka.username", "write `sasl.username`"),
    ("externalKafka.password", "write `sasl.password`"),
    ("externalKafka.existingSecret", KAFKA_SECRET),
    ("externalKafka.sasl.existingSecret", KAFKA_SECRET),
    ("externalEtcd.user", ETCD_LOGIN),
    ("externalEtcd.username", ETCD_LOGIN),
    ("externalEtcd.userName", ETCD_LOGIN),
    ("externalEtcd.password", ETCD_LOGIN),
    ("externalEtcd.auth", ETCD_LOGIN),
    ("externalEtcd.existingSecret", ETCD_LOGIN),
    ("externalEtcd.tls", ETCD_TLS),
    ("externalEtcd.ssl", ETCD_TLS),
    (
        "service.loadBalancerClass",
        "an installation's file has `service.loadBalancerClass`: `kubectl milvus init --helm-values FILE` writes one",
    ),
    ("config", SETTING),
    ("milvusConfig", SETTING),
    ("user.yaml", SETTING),
];

/// Sections of the server's settings that the chart has no section for (source: milvus.yaml, 2.3 to 3.0).
const SETTINGS: &[&str] = &[
    "autoIndex",
    "common",
    "credential",
    "dataCoord",
    "function",
    "gpu",
    "grpc",
    "indexCoord",
    "knowhere",
    "localStorage",
    "messageQueue",
    "metastore",
    "mixCoord",
    "mq",
    "msgChannel",
    "natsmq",
    "queryCoord",
    "quotaAndLimits",
    "rocksmq",
    "rootCoord",
    "tikv",
    "tls",
    "trace",
];

/// What to write in place of a key that the chart does not have; none where nobody knows.
pub(super) fn of(path: &[&str]) -> Option<String> {
    if let [key] = path
        && SETTINGS.contains(key)
    {
        return Some(SETTING.to_owned());
    }
    let is = |pattern: &str| match path {
        [component, rest @ ..] if pattern.starts_with("*.") => {
            COMPONENTS.contains(component) && pattern[2..].split('.').eq(rest.iter().copied())
        }
        // A key may hold a dot itself.
        _ => pattern == path.join("."),
    };
    let (_, hint) = HINTS.iter().find(|(pattern, _)| is(pattern))?;
    let key = path.last().copied().unwrap_or_default();
    Some(hint.replace("KEY", key))
}
