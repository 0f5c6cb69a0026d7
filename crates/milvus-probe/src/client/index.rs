//! Indexes.

use super::{Client, MilvusServiceClient};
use crate::{
    Error, Index,
    error::Call,
    proto::{common, milvus},
};

/// How far an index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexProgress {
    /// It is being built.
    Building {
        /// Rows that are indexed.
        indexed: u64,
        /// Rows that there are.
        total: u64,
    },
    /// It is built.
    Finished {
        /// Its kind, as the server spells it.
        kind: String,
    },
    /// It will not be built.
    Failed {
        /// Why.
        reason: String,
    },
}

impl Client {
    /// Starts building an index over a vector field.
    pub async fn create_index(
        &self,
        collection: &str,
        field: &str,
        index: &Index,
    ) -> Result<(), Error> {
        let pair = |(key, value): (&str, String)| common::KeyValuePair {
            key: key.to_owned(),
            value,
        };
        let message = milvus::CreateIndexRequest {
            db_name: self.database.clone(),
            collection_name: collection.to_owned(),
            field_name: field.to_owned(),
            extra_params: index.build_parameters().into_iter().map(pair).collect(),
            ..Default::default()
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.create_index(request).await
        };
        self.call(Call::on("create the index of", collection), message, send)
            .await
            .map(drop)
    }

    /// How far the index over a field is.
    pub async fn index_progress(
        &self,
        collection: &str,
        field: &str,
    ) -> Result<IndexProgress, Error> {
        let call = Call::on("ask how far the index is of", collection);
        let message = milvus::DescribeIndexRequest {
            db_name: self.database.clone(),
            collection_name: collection.to_owned(),
            field_name: field.to_owned(),
            ..Default::default()
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.describe_index(request).await
        };
        let answer = self.call(call.clone(), message, send).await?;
        let found = answer
            .index_descriptions
            .into_iter()
            .find(|index| index.field_name == field);
        let Some(index) = found else {
            return Err(Error::Protocol {
                call,
                what: format!("it holds no index of {field}"),
            });
        };
        let rows = |rows: i64| u64::try_from(rows).unwrap_or_default();
        Ok(match index.state() {
            common::IndexState::Finished => {
                let kind = index.params.iter().find(|pair| pair.key == "index_type");
                IndexProgress::Finished {
                    kind: kind.map(|pair| pair.value.clone()).unwrap_or_default(),
                }
            }
            common::IndexState::Failed => IndexProgress::Failed {
                reason: index.index_state_fail_reason,
            },
            _ => IndexProgress::Building {
                indexed: rows(index.indexed_rows),
                total: rows(index.total_rows),
            },
        })
    }
}
