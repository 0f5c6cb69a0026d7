//! Rows that go in and are found again, again and again, while the server under them is being replaced.

use std::collections::BTreeSet;

use super::{
    Dataset, Failure,
    check::{self, Judge},
    dataset::{KEY, RANDOM, VECTOR},
    poll,
};
use crate::{Client, Column, Index, IndexKind, Metric, Search};

/// The collection of its own. A fixed name, so that a run finds what another one left.
pub const CANARY_COLLECTION: &str = "kubectl_milvus_canary";

/// Rows that go in at a time.
const BATCH: usize = 20;
/// Most rows of the collection: far more than an upgrade has gates.
const MOST: u32 = 4000;
const DIMENSION: u32 = 8;
/// Every run makes the same rows, and so knows those of the one before.
const SEED: u64 = 20_261_125;
/// Neighbours that are asked for.
const LIMIT: usize = 3;
const INDEX: Index = Index {
    kind: IndexKind::Flat,
    metric: Metric::L2,
};

/// Writes rows and finds them, those of earlier times too.
pub struct Canary {
    data: Dataset,
    /// Rows that the server has acknowledged, or shown.
    stored: BTreeSet<usize>,
    /// The first row that was never sent: what got no answer may arrive later, and is not sent again.
    next: usize,
}

impl Default for Canary {
    fn default() -> Self {
        Self {
            data: Dataset::new(MOST, DIMENSION, SEED),
            stored: BTreeSet::new(),
            next: 0,
        }
    }
}

impl Canary {
    /// Once: everything that went in before is there, more goes in, is written to storage, and is found. The number of
    /// rows that are there now. May be called again after a failure.
    pub async fn sing(&mut self, client: &Client) -> Result<u64, Failure> {
        self.open(client).await?;
        self.find_all(client).await?;
        if self.next + BATCH > MOST as usize {
            Self::leave(client).await?;
            (self.stored, self.next) = (BTreeSet::new(), 0);
            self.open(client).await?;
        }
        let new: Vec<usize> = (self.next..self.next + BATCH).collect();
        self.next += BATCH;
        let inserted = client
            .insert(CANARY_COLLECTION, &self.data.columns(&new))
            .await?;
        check::count("inserted rows", BATCH as u64, inserted)?;
        self.stored.extend(&new);
        let ticket = client.flush(CANARY_COLLECTION).await?;
        poll::until(async || {
            let flushed = client.is_flushed(&ticket).await?;
            Ok::<_, crate::Error>(flushed.then_some(()))
        })
        .await?;
        self.find_all(client).await?;
        self.search(client, &new).await?;
        Ok(self.stored.len() as u64)
    }

    /// Takes the collection away, whoever made it.
    pub async fn leave(client: &Client) -> Result<(), crate::Error> {
        client.drop_collection(CANARY_COLLECTION).await
    }

    /// Makes the collection ready for searches, from whatever a run that died left of it.
    async fn open(&mut self, client: &Client) -> Result<(), Failure> {
        let schema = self.data.schema();
        if !client.has_collection(CANARY_COLLECTION).await? {
            if !self.stored.is_empty() {
                return Err(Failure::new(
                    format!("the collection with {} rows", self.stored.len()),
                    "no such collection",
                ));
            }
            client.create_collection(CANARY_COLLECTION, &schema).await?;
        }
        let described = client.describe_collection(CANARY_COLLECTION).await?;
        if described != schema {
            return Err(Failure::new(
                format!("the collection {CANARY_COLLECTION} to be the plugin's own"),
                "one with other fields",
            ));
        }
        // Some servers refuse to make an index that is there. Where it cannot be asked for, making it says why.
        let progress = client.index_progress(CANARY_COLLECTION, VECTOR).await;
        if progress.is_err() {
            client
                .create_index(CANARY_COLLECTION, VECTOR, &INDEX)
                .await?;
        }
        client.load(CANARY_COLLECTION).await?;
        poll::until(async || {
            let loaded = client.is_loaded(CANARY_COLLECTION).await?;
            Ok::<_, crate::Error>(loaded.then_some(()))
        })
        .await?;
        Ok(())
    }

    /// Every row that was stored is there once, and each that is there is as it was sent.
    async fn find_all(&mut self, client: &Client) -> Result<(), Failure> {
        let fields = [KEY, RANDOM, VECTOR];
        let columns = client.query(CANARY_COLLECTION, "id >= 0", &fields).await?;
        if columns.iter().all(Column::is_empty) {
            return check::count("rows", self.stored.len() as u64, 0);
        }
        let found = check::sorted_by_key(&columns)?;
        let rows = rows_of(&found)?;
        let there: BTreeSet<usize> = rows.iter().copied().collect();
        if let Some(lost) = self.stored.difference(&there).next() {
            return Err(Failure::new(
                format!("all {} rows that were stored", self.stored.len()),
                format!("{} rows, and not row {lost}", rows.len()),
            ));
        }
        let expected = self.data.columns(&rows);
        if there.len() < rows.len() || found != expected {
            return Err(Failure::new(
                format!("{} rows as they were stored, each once", there.len()),
                check::difference(
                    &self
                        .data
                        .columns(&there.iter().copied().collect::<Vec<_>>()),
                    &found,
                ),
            ));
        }
        self.next = self.next.max(there.last().map_or(0, |last| last + 1));
        self.stored = there;
        Ok(())
    }

    /// The first row of all, and the last new one, have themselves for neighbours.
    async fn search(&self, client: &Client, new: &[usize]) -> Result<(), Failure> {
        let rows = [self.stored.first().copied(), new.last().copied()];
        let vectors: Vec<&[f32]> = rows
            .into_iter()
            .flatten()
            .map(|row| self.data.vector(row))
            .collect();
        let search = Search {
            field: VECTOR,
            vectors: &vectors,
            metric: INDEX.metric,
            limit: LIMIT,
            parameters: serde_json::json!({}),
            filter: "",
            output_fields: &[RANDOM],
        };
        let hits = client.search(CANARY_COLLECTION, &search).await?;
        check::count("answers", vectors.len() as u64, hits.len() as u64)?;
        let judge = Judge {
            data: &self.data,
            index: INDEX,
        };
        for (vector, hit) in vectors.iter().zip(&hits) {
            let is_there = |row: usize| self.stored.contains(&row);
            let (right, all) = judge.neighbours(vector, hit, LIMIT, is_there)?;
            check::count("true neighbours", all as u64, right as u64)?;
        }
        Ok(())
    }
}

/// The rows that keys name.
fn rows_of(columns: &[Column]) -> Result<Vec<usize>, Failure> {
    let keys = columns.iter().find_map(|column| match column {
        Column::Int64 { name, values } if name == KEY => Some(values),
        _ => None,
    });
    let row = |key: &i64| {
        let row = usize::try_from(*key)
            .ok()
            .filter(|row| *row < MOST as usize);
        row.ok_or_else(|| Failure::new("rows that were stored", format!("row {key}")))
    };
    keys.into_iter().flatten().map(row).collect()
}
