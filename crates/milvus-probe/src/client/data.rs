//! Rows: in, out, and onto storage.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use super::{Client, MilvusServiceClient};
use crate::{
    Capability, Column, Error, column,
    error::Call,
    proto::{common, milvus},
};

/// Rows are sent in messages of about this many bytes: well below the 64 MiB that servers accept by default.
const MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// Between two attempts to store the same rows.
const PAUSE: Duration = Duration::from_millis(500);

/// What a flush is waiting for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlushTicket {
    collection: String,
    segments: Vec<i64>,
    up_to: u64,
}

impl Client {
    /// Inserts rows, given by columns of equal length; the number of rows that the server took. Where it fails after
    /// rows were sent, the error is [`Error::Unsure`].
    pub async fn insert(&self, collection: &str, columns: &[Column]) -> Result<u64, Error> {
        self.insert_within(collection, columns, Duration::ZERO)
            .await
    }

    /// Inserts rows as [`Self::insert`] does, and repeats for that long what got no answer or may succeed later. It
    /// repeats as an upsert, which stores each row once, whatever the failed insert has stored. A server without upsert
    /// gets nothing twice.
    pub async fn insert_within(
        &self,
        collection: &str,
        columns: &[Column],
        patience: Duration,
    ) -> Result<u64, Error> {
        let began = Instant::now();
        let mut inserted = 0;
        for rows in chunks(Call::on("insert into", collection), columns)? {
            let mut sent = self.insert_rows(collection, columns, &rows).await;
            while let Err(error) = &sent
                && error.may_be_repeated()
                && began.elapsed() < patience
            {
                tokio::time::sleep(PAUSE).await;
                match self.require(Capability::Upsert).await {
                    Ok(()) => sent = self.upsert_rows(collection, columns, &rows, false).await,
                    Err(Error::TooOld { .. }) => break,
                    // Who cannot be asked now is asked again.
                    Err(_) => {}
                }
            }
            inserted += sent.map_err(|error| error.of_insert(inserted, rows.len() as u64))?;
        }
        Ok(inserted)
    }

    /// Inserts rows, or replaces those of the same key; the number of rows that the server took. From 2.3 on.
    pub async fn upsert(&self, collection: &str, columns: &[Column]) -> Result<u64, Error> {
        let mut upserted = 0;
        for rows in chunks(Call::on("upsert into", collection), columns)? {
            upserted += self.upsert_rows(collection, columns, &rows, false).await?;
        }
        Ok(upserted)
    }

    /// Changes some fields of rows that are there, found by the key among the columns, and leaves the others; the number
    /// of rows that the server took. Refused where the server would delete the other fields: see
    /// [`Capability::PartialUpdate`].
    pub async fn update(&self, collection: &str, columns: &[Column]) -> Result<u64, Error> {
        self.require(Capability::PartialUpdate).await?;
        let mut updated = 0;
        for rows in chunks(Call::on("update rows of", collection), columns)? {
            updated += self.upsert_rows(collection, columns, &rows, true).await?;
        }
        Ok(updated)
    }

    async fn insert_rows(
        &self,
        collection: &str,
        columns: &[Column],
        rows: &Range<usize>,
    ) -> Result<u64, Error> {
        let message = milvus::InsertRequest {
            db_name: self.database.clone(),
            collection_name: collection.to_owned(),
            num_rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            fields_data: columns.iter().map(|column| column.to_proto(rows)).collect(),
            ..Default::default()
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.insert(request).await
        };
        let call = Call::on("insert into", collection);
        Ok(count(self.call(call, message, send).await?.insert_cnt))
    }

    async fn upsert_rows(
        &self,
        collection: &str,
        columns: &[Column],
        rows: &Range<usize>,
        partial_update: bool,
    ) -> Result<u64, Error> {
        let message = milvus::UpsertRequest {
            db_name: self.database.clone(),
            collection_name: collection.to_owned(),
            num_rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            fields_data: columns.iter().map(|column| column.to_proto(rows)).collect(),
            partial_update,
            ..Default::default()
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.upsert(request).await
        };
        let call = Call::on("upsert into", collection);
        Ok(count(self.call(call, message, send).await?.upsert_cnt))
    }

    /// Deletes the rows that fit the expression; the number that the server says it took.
    pub async fn delete(&self, collection: &str, expression: &str) -> Result<u64, Error> {
        let message = milvus::DeleteRequest {
            db_name: self.database.clone(),
            collection_name: collection.to_owned(),
            expr: expression.to_owned(),
            ..Default::default()
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.delete(request).await
        };
        let answer = self
            .call(Call::on("delete from", collection), message, send)
            .await?;
        Ok(count(answer.delete_cnt))
    }

    /// Starts writing everything that was inserted to object storage.
    pub async fn flush(&self, collection: &str) -> Result<FlushTicket, Error> {
        let message = milvus::FlushRequest {
            db_name: self.database.clone(),
            collection_names: vec![collection.to_owned()],
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.flush(request).await
        };
        let mut answer = self
            .call(Call::on("flush", collection), message, send)
            .await?;
        let segments = answer
            .coll_seg_i_ds
            .remove(collection)
            .unwrap_or_default()
            .data;
        let up_to = answer
            .coll_flush_ts
            .get(collection)
            .copied()
            .unwrap_or_default();
        Ok(FlushTicket {
            collection: collection.to_owned(),
            segments,
            up_to,
        })
    }

    /// Whether what a flush waits for is on object storage.
    pub async fn is_flushed(&self, ticket: &FlushTicket) -> Result<bool, Error> {
        let message = milvus::GetFlushStateRequest {
            segment_i_ds: ticket.segments.clone(),
            flush_ts: ticket.up_to,
            db_name: self.database.clone(),
            collection_name: ticket.collection.clone(),
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.get_flush_state(request).await
        };
        let call = Call::on("ask how far the flush is of", &ticket.collection);
        Ok(self.call(call, message, send).await?.flushed)
    }

    /// The rows that fit the expression, as columns of the fields that were asked for. Sees every acknowledged write.
    pub async fn query(
        &self,
        collection: &str,
        expression: &str,
        fields: &[&str],
    ) -> Result<Vec<Column>, Error> {
        let call = Call::on("query", collection);
        let message = milvus::QueryRequest {
            db_name: self.database.clone(),
            collection_name: collection.to_owned(),
            expr: expression.to_owned(),
            output_fields: fields.iter().map(|&field| field.to_owned()).collect(),
            consistency_level: common::ConsistencyLevel::Strong.into(),
            ..Default::default()
        };
        let send = |mut client: MilvusServiceClient<_>, request| async move {
            client.query(request).await
        };
        let answer = self.call(call.clone(), message, send).await?;
        let columns = answer.fields_data.into_iter().map(Column::from_proto);
        columns
            .collect::<Result<_, _>>()
            .map_err(|what| Error::Protocol { call, what })
    }

    /// The exact number of rows. The collection must be loaded.
    pub async fn count(&self, collection: &str) -> Result<u64, Error> {
        let columns = self.query(collection, "", &["count(*)"]).await?;
        match columns.first() {
            Some(Column::Int64 { values, .. }) if values.len() == 1 => Ok(count(values[0])),
            _ => Err(Error::Protocol {
                call: Call::on("count", collection),
                what: "it holds no count".to_owned(),
            }),
        }
    }
}

/// Rows that go into one message each.
fn chunks(call: Call, columns: &[Column]) -> Result<Vec<Range<usize>>, Error> {
    column::chunks(columns, MESSAGE_BYTES).map_err(|rule| Error::InvalidRows { call, rule })
}

/// A number of rows, which no server means to be negative.
fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}
