//! Settings of the Milvus server's processes. It takes any key of milvus.yaml from the environment: in capitals, with `_` for `.`.

use std::collections::BTreeMap;
use std::path::Path;

use super::services::Services;

/// One process of a server: what `milvus run` is told, and its own ports.
pub(super) struct Role {
    /// As `milvus run` knows it.
    pub(super) name: &'static str,
    /// Where `/healthz` and `/metrics` answer.
    pub(super) metrics_port: u16,
}

/// Roles of a cluster, coordinators first.
const CLUSTER: [&str; 7] = [
    "rootcoord",
    "datacoord",
    "querycoord",
    "datanode",
    "indexnode",
    "querynode",
    "proxy",
];

/// Where a server keeps its things, and which ports are its own.
pub(super) struct Place<'a> {
    /// Unique among all servers that share etcd, Kafka and S3.
    pub(super) id: &'a str,
    /// A folder for local files.
    pub(super) dir: &'a Path,
    /// The first port of its block.
    pub(super) port: u16,
}

impl Place<'_> {
    /// Seven processes, as the Helm chart's cluster mode has them.
    pub(super) fn cluster(&self) -> Vec<Role> {
        let ports = self.port + 10..;
        let roles = CLUSTER.into_iter().zip(ports);
        roles
            .map(|(name, metrics_port)| Role { name, metrics_port })
            .collect()
    }

    /// All of them in one process.
    pub(super) fn standalone(&self) -> Vec<Role> {
        vec![Role {
            name: "standalone",
            metrics_port: self.port + 10,
        }]
    }

    /// What all processes of the server are told.
    pub(super) fn env(
        &self,
        services: &Services,
        milvus: &Path,
        kafka_password: &str,
    ) -> BTreeMap<String, String> {
        let text = |value: &str| value.to_owned();
        let mut env = BTreeMap::from(
            [
                ("LD_LIBRARY_PATH", milvus.join("bin").display().to_string()),
                ("MILVUSCONF", milvus.join("configs").display().to_string()),
                ("ETCD_ENDPOINTS", services.etcd_address()),
                ("ETCD_USE_EMBED", text("false")),
                ("ETCD_ROOTPATH", text(self.id)),
                ("COMMON_STORAGETYPE", text("remote")),
                ("COMMON_CHANNAMEPREFIX_CLUSTER", text(self.id)),
                (
                    "LOCALSTORAGE_PATH",
                    self.dir.join("data").display().to_string(),
                ),
                ("MINIO_ADDRESS", services.s3_address()),
                (
                    "MINIO_PORT",
                    services
                        .s3_address()
                        .rsplit(':')
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                ),
                ("MINIO_ACCESSKEYID", text("stage")),
                ("MINIO_SECRETACCESSKEY", text("s3-of-the-stage")),
                ("MINIO_USESSL", text("true")),
                ("MINIO_BUCKETNAME", text("milvus-bucket")),
                ("MINIO_ROOTPATH", text(self.id)),
                ("MQ_TYPE", text("kafka")),
                ("KAFKA_BROKERLIST", services.kafka_bootstrap()),
                ("KAFKA_SASLUSERNAME", text(services.kafka_user())),
                ("KAFKA_SASLPASSWORD", text(kafka_password)),
                ("KAFKA_SASLMECHANISMS", text("SCRAM-SHA-512")),
                ("KAFKA_SECURITYPROTOCOL", text("SASL_SSL")),
                ("PROXY_INTERNALPORT", (self.port + 7).to_string()),
            ]
            .map(|(name, value)| (text(name), value)),
        );
        // The proxy's port, the last of the seven, is the server's own: see `proxy_port`.
        for (role, port) in CLUSTER.into_iter().zip(self.port..) {
            let role = role.to_uppercase();
            env.insert(format!("{role}_PORT"), port.to_string());
            // Left alone, it would advertise the first address of any interface.
            env.insert(format!("{role}_IP"), text("127.0.0.1"));
        }
        env
    }

    /// Where clients connect.
    pub(super) fn proxy_port(&self) -> u16 {
        self.port + 6
    }
}
