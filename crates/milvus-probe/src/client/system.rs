//! What a server says of itself.

use super::Client;
use crate::{
    Capability, Error, ServerVersion,
    error::Call,
    proto::{common, milvus},
};

/// What a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// Version, as the server spells it: `v2.3.5`.
    pub version: String,
    /// `STANDALONE` or `DISTRIBUTED`; empty where the server does not say.
    pub deploy_mode: String,
}

/// What a server says of its health. It can say that it is well while its message queue refuses its login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Whether it is well.
    pub healthy: bool,
    /// What is wrong.
    pub reasons: Vec<String>,
}

/// A copy of a collection in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Its number.
    pub id: i64,
    /// Query nodes that hold it.
    pub nodes: Vec<i64>,
    /// Resource group that it is in.
    pub resource_group: String,
}

impl Client {
    /// Says who we are, and learns what the server is.
    pub async fn handshake(&self) -> Result<ServerInfo, Error> {
        let client_info = common::ClientInfo {
            sdk_type: "Rust".to_owned(),
            sdk_version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Default::default()
        };
        let message = milvus::ConnectRequest {
            client_info: Some(client_info),
        };
        let send = |mut client: super::MilvusServiceClient<_>, request| async move {
            client.connect(request).await
        };
        let answer = self
            .call(Call::new("introduce ourselves"), message, send)
            .await?;
        let info = answer.server_info.unwrap_or_default();
        Ok(ServerInfo {
            version: info.build_tags,
            deploy_mode: info.deploy_mode,
        })
    }

    /// The server's version, as it spells it.
    pub async fn version(&self) -> Result<String, Error> {
        let send = |mut client: super::MilvusServiceClient<_>, request| async move {
            client.get_version(request).await
        };
        let call = Call::new("ask for the version");
        Ok(self
            .call(call, milvus::GetVersionRequest {}, send)
            .await?
            .version)
    }

    /// Refuses what the server is too old for. Asks for its version each time: it may have been replaced meanwhile. One
    /// whose version is no number is taken to know everything.
    pub async fn require(&self, needs: Capability) -> Result<(), Error> {
        let version = ServerVersion::from(self.version().await?);
        if version.has(needs) {
            return Ok(());
        }
        Err(Error::TooOld { needs, version })
    }

    /// What the server says of its health.
    pub async fn health(&self) -> Result<Health, Error> {
        let send = |mut client: super::MilvusServiceClient<_>, request| async move {
            client.check_health(request).await
        };
        let call = Call::new("ask for the health");
        let answer = self.call(call, milvus::CheckHealthRequest {}, send).await?;
        Ok(Health {
            healthy: answer.is_healthy,
            reasons: answer.reasons,
        })
    }

    /// The server's metrics of that kind, as JSON: `system_info` tells its nodes.
    pub async fn metrics(&self, kind: &str) -> Result<serde_json::Value, Error> {
        let call = Call::on("ask for the metrics", kind);
        let request = serde_json::json!({ "metric_type": kind }).to_string();
        let send = |mut client: super::MilvusServiceClient<_>, request| async move {
            client.get_metrics(request).await
        };
        let message = milvus::GetMetricsRequest { request };
        let answer = self.call(call.clone(), message, send).await?;
        serde_json::from_str(&answer.response).map_err(|error| Error::Protocol {
            call,
            what: error.to_string(),
        })
    }

    /// The copies of a loaded collection.
    pub async fn replicas(&self, collection: &str) -> Result<Vec<Replica>, Error> {
        let message = milvus::GetReplicasRequest {
            db_name: self.database.clone(),
            collection_name: collection.to_owned(),
            with_shard_nodes: true,
            ..Default::default()
        };
        let send = |mut client: super::MilvusServiceClient<_>, request| async move {
            client.get_replicas(request).await
        };
        let answer = self
            .call(
                Call::on("ask for the replicas of", collection),
                message,
                send,
            )
            .await?;
        let replica = |replica: milvus::ReplicaInfo| Replica {
            id: replica.replica_id,
            nodes: replica.node_ids,
            resource_group: replica.resource_group_name,
        };
        Ok(answer.replicas.into_iter().map(replica).collect())
    }
}
