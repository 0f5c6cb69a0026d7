//! Collections: making, finding, loading, dropping them.

use std::time::Duration;

use prost::Message;

use super::{Client, MilvusServiceClient};
use crate::{
    Error, Schema,
    error::Call,
    proto::{common, milvus},
};

/// Where a collection comes from.
pub(crate) struct Origin {
    /// Time since 1970, by the server's clock.
    pub(crate) made: Option<Duration>,
    pub(crate) description: String,
}

impl Client {
    /// The names of all collections of the database.
    pub async fn collections(&self) -> Result<Vec<String>, Error> {
        let message = milvus::ShowCollectionsRequest {
            db_name: self.database.clone(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.show_collections(request).await
        };
        Ok(self
            .call(Call::new("list collections"), message, send)
            .await?
            .collection_names)
    }

    /// Whether there is a collection of that name.
    pub async fn has_collection(&self, name: &str) -> Result<bool, Error> {
        let message = milvus::HasCollectionRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.has_collection(request).await
        };
        Ok(self
            .call(Call::on("look for collection", name), message, send)
            .await?
            .value)
    }

    /// Makes a collection, whose reads see every write that was acknowledged before them.
    pub async fn create_collection(&self, name: &str, schema: &Schema) -> Result<(), Error> {
        self.create_described(name, schema, "").await
    }

    /// Makes a collection with a description, which the server keeps and shows.
    pub(crate) async fn create_described(
        &self,
        name: &str,
        schema: &Schema,
        description: &str,
    ) -> Result<(), Error> {
        let message = milvus::CreateCollectionRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
            schema: schema.to_proto(name, description).encode_to_vec(),
            shards_num: 1,
            consistency_level: common::ConsistencyLevel::Strong.into(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.create_collection(request).await
        };
        self.call(Call::on("create collection", name), message, send)
            .await
            .map(drop)
    }

    /// The schema of a collection.
    pub async fn describe_collection(&self, name: &str) -> Result<Schema, Error> {
        let answer = self.described(name).await?;
        Schema::from_proto(&answer.schema.unwrap_or_default()).map_err(|what| Error::Protocol {
            call: Call::on("describe collection", name),
            what,
        })
    }

    /// When a collection was made, by the server's clock, and its description. No time where the server keeps none.
    pub(crate) async fn origin(&self, name: &str) -> Result<Origin, Error> {
        let answer = self.described(name).await?;
        let made = Duration::from_millis(answer.created_utc_timestamp);
        Ok(Origin {
            made: Some(made).filter(|made| !made.is_zero()),
            description: answer.schema.unwrap_or_default().description,
        })
    }

    async fn described(&self, name: &str) -> Result<milvus::DescribeCollectionResponse, Error> {
        let message = milvus::DescribeCollectionRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.describe_collection(request).await
        };
        self.call(Call::on("describe collection", name), message, send)
            .await
    }

    /// The number of rows in sealed segments: exact once everything is flushed.
    pub async fn flushed_rows(&self, name: &str) -> Result<u64, Error> {
        let call = Call::on("ask for the size of collection", name);
        let message = milvus::GetCollectionStatisticsRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.get_collection_statistics(request).await
        };
        let answer = self.call(call.clone(), message, send).await?;
        let count = answer.stats.iter().find(|stat| stat.key == "row_count");
        count
            .and_then(|stat| stat.value.parse().ok())
            .ok_or_else(|| Error::Protocol {
                call,
                what: "it holds no row_count".to_owned(),
            })
    }

    /// Starts loading a collection into memory.
    pub async fn load(&self, name: &str) -> Result<(), Error> {
        let message = milvus::LoadCollectionRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
            replica_number: 1,
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.load_collection(request).await
        };
        self.call(Call::on("load collection", name), message, send)
            .await
            .map(drop)
    }

    /// Takes a collection out of memory.
    pub async fn release(&self, name: &str) -> Result<(), Error> {
        let message = milvus::ReleaseCollectionRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.release_collection(request).await
        };
        self.call(Call::on("release collection", name), message, send)
            .await
            .map(drop)
    }

    /// How much of a collection is in memory, in percent.
    pub async fn loading_progress(&self, name: &str) -> Result<u8, Error> {
        let message = milvus::GetLoadingProgressRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.get_loading_progress(request).await
        };
        let call = Call::on("ask how far the load is of collection", name);
        let answer = self.call(call, message, send).await?;
        // Outside of 0 to 100 would be nonsense; the nearest sense is taken.
        Ok(u8::try_from(answer.progress.clamp(0, 100)).unwrap_or(0))
    }

    /// Whether a collection can be searched.
    pub async fn is_loaded(&self, name: &str) -> Result<bool, Error> {
        let message = milvus::GetLoadStateRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.get_load_state(request).await
        };
        let call = Call::on("ask for the load state of collection", name);
        match self.call(call, message, send).await {
            Ok(answer) => Ok(answer.state() == common::LoadState::Loaded),
            Err(error) if error.is_unsupported() => Ok(self.loading_progress(name).await? == 100),
            Err(error) => Err(error),
        }
    }

    /// Drops a collection; one that does not exist is no error to Milvus.
    pub async fn drop_collection(&self, name: &str) -> Result<(), Error> {
        let message = milvus::DropCollectionRequest {
            db_name: self.database.clone(),
            collection_name: name.to_owned(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.drop_collection(request).await
        };
        self.call(Call::on("drop collection", name), message, send)
            .await
            .map(drop)
    }
}
