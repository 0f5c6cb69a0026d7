//! Rows that go in and are found again, again and again, while the server under them is being replaced.

use std::{collections::BTreeSet, fmt, ops::RangeInclusive, str::FromStr};

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
/// Most rows of the collection: far more than all attempts of an upgrade make.
const MOST: u32 = 50_000;
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
    stored: Stored,
    /// Those whose insert this one sent once and saw acknowledged. Any other may be stored more than once.
    acknowledged: BTreeSet<usize>,
    /// The first row that was never sent: what got no answer may arrive later, and is not sent again.
    next: usize,
}

impl Default for Canary {
    fn default() -> Self {
        Self {
            data: Dataset::new(MOST, DIMENSION, SEED),
            stored: Stored::default(),
            acknowledged: BTreeSet::new(),
            next: 0,
        }
    }
}

/// Rows that the server has acknowledged, or shown. As text, ranges of their numbers: `0-59 80-119`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored(BTreeSet<usize>);

/// A text that is not of [`Stored`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no range of row numbers")]
pub struct InvalidStored(String);

impl Stored {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = self.0.iter().copied().peekable();
        let mut space = "";
        while let Some(first) = rows.next() {
            let mut last = first;
            while let Some(next) = rows.next_if_eq(&(last + 1)) {
                last = next;
            }
            write!(f, "{space}{first}-{last}")?;
            space = " ";
        }
        Ok(())
    }
}

impl FromStr for Stored {
    type Err = InvalidStored;

    fn from_str(text: &str) -> Result<Self, InvalidStored> {
        let range = |word: &str| -> Option<RangeInclusive<usize>> {
            let (first, last) = word.split_once('-')?;
            let (first, last) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last && last < MOST as usize).then_some(first..=last)
        };
        let mut rows = BTreeSet::new();
        for word in text.split_whitespace() {
            rows.extend(range(word).ok_or_else(|| InvalidStored(word.to_owned()))?);
        }
        Ok(Self(rows))
    }
}

impl Canary {
    /// One that misses what another one has stored.
    pub fn remembering(stored: Stored) -> Self {
        Self {
            next: stored.0.last().map_or(0, |last| last + 1),
            stored,
            ..Self::default()
        }
    }

    /// What it would miss.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// Once: everything that went in before is there; more goes in, some of which is written to storage and some is in
    /// the log alone; all of it is found. The number of rows that are there now. May be called again after a failure.
    pub async fn sing(&mut self, client: &Client) -> Result<u64, Failure> {
        self.open(client).await?;
        self.find_all(client).await?;
        let mut new = self.insert(client).await?;
        let ticket = client.flush(CANARY_COLLECTION).await?;
        poll::until(async || {
            let flushed = client.is_flushed(&ticket).await?;
            Ok::<_, crate::Error>(flushed.then_some(()))
        })
        .await?;
        // Whoever takes over next has to find these by the log.
        new.extend(self.insert(client).await?);
        self.find_all(client).await?;
        self.search(client, &new).await?;
        Ok(self.stored.len() as u64)
    }

    /// The next rows, once the server has acknowledged them.
    async fn insert(&mut self, client: &Client) -> Result<Vec<usize>, Failure> {
        let new: Vec<usize> = (self.next..self.next + BATCH).collect();
        if self.next + BATCH > MOST as usize {
            return Err(Failure::new(
                format!("at most {MOST} rows of a canary"),
                format!(
                    "{} in {CANARY_COLLECTION}: drop it, and begin anew",
                    self.next
                ),
            ));
        }
        self.next += BATCH;
        let inserted = client
            .insert(CANARY_COLLECTION, &self.data.columns(&new))
            .await?;
        check::count("inserted rows", BATCH as u64, inserted)?;
        self.stored.0.extend(&new);
        self.acknowledged.extend(&new);
        Ok(new)
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

    /// Every row that was stored is there, and each that is there is as it was sent.
    async fn find_all(&mut self, client: &Client) -> Result<(), Failure> {
        let fields = [KEY, RANDOM, VECTOR];
        let columns = client.query(CANARY_COLLECTION, "id >= 0", &fields).await?;
        self.judge(&columns)
    }

    /// Takes what was found for what is there, or says what is wrong with it. Rows whose insert failed may be there, in
    /// part or more than once.
    fn judge(&mut self, columns: &[Column]) -> Result<(), Failure> {
        if columns.iter().all(Column::is_empty) {
            return check::count("rows", self.stored.len() as u64, 0);
        }
        let found = check::sorted_by_key(columns)?;
        let rows = rows_of(&found)?;
        let there: BTreeSet<usize> = rows.iter().copied().collect();
        if let Some(lost) = self.stored.0.difference(&there).next() {
            return Err(Failure::new(
                format!("all {} rows that were stored", self.stored.len()),
                format!("{} rows, and not row {lost}", there.len()),
            ));
        }
        let twice = rows.windows(2).find(|pair| pair[0] == pair[1]);
        if let Some([row, _]) = twice
            && self.acknowledged.contains(row)
        {
            return Err(Failure::new(
                "each acknowledged row once",
                format!("row {row} more than once"),
            ));
        }
        let expected = self.data.columns(&rows);
        if found != expected {
            return Err(Failure::new(
                format!("{} rows as they were stored", there.len()),
                check::difference(&expected, &found),
            ));
        }
        self.next = self.next.max(there.last().map_or(0, |last| last + 1));
        self.stored = Stored(there);
        Ok(())
    }

    /// The first row of all, and the last new one, have themselves for neighbours.
    async fn search(&self, client: &Client, new: &[usize]) -> Result<(), Failure> {
        let rows = [self.stored.0.first().copied(), new.last().copied()];
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
            let is_there = |row: usize| self.stored.0.contains(&row);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_a_text_and_back() {
        let stored = Stored((0..60).chain(80..120).chain([200]).collect());
        assert_eq!(stored.to_string(), "0-59 80-119 200-200");
        assert_eq!(stored.to_string().parse(), Ok(stored));
        assert_eq!("".parse(), Ok(Stored::default()));
        for text in ["5", "5-", "-5", "9-5", "0-50000", "a-b", "0-5,7-8"] {
            assert!(text.parse::<Stored>().is_err(), "{text}");
        }
    }

    /// A canary that stored rows 0 to 19, and what a server shows of `rows`.
    fn shown(rows: &[usize]) -> (Canary, Vec<Column>) {
        let mut canary = Canary::default();
        canary.stored.0.extend(0..20);
        canary.acknowledged.extend(0..20);
        canary.next = 40;
        let columns = canary.data.columns(rows);
        (canary, columns)
    }

    #[test]
    fn discovery_1_and_23_rows_of_a_failed_insert_may_be_there_in_part_or_more_than_once() {
        let part: Vec<usize> = (0..20).chain([23, 23, 23, 30]).collect();
        let (mut canary, columns) = shown(&part);
        canary.judge(&columns).expect("no row is missing");
        assert_eq!(canary.stored.to_string(), "0-19 23-23 30-30");
        // From now on those that were seen are missed as well.
        let without: Vec<usize> = (0..20).chain([23]).collect();
        let lost = canary.judge(&canary.data.columns(&without));
        let lost = lost.expect_err("row 30 is gone").to_string();
        assert!(lost.contains("not row 30"), "{lost}");
    }

    #[test]
    fn a_row_that_was_acknowledged_once_is_there_once() {
        let twice: Vec<usize> = (0..20).chain([7]).collect();
        let (mut canary, columns) = shown(&twice);
        let failure = canary.judge(&columns).expect_err("row 7 is there twice");
        let failure = failure.to_string();
        assert!(failure.contains("row 7 more than once"), "{failure}");
    }

    #[test]
    fn a_row_with_another_value_is_found_out() {
        let (mut canary, mut columns) = shown(&(0..20).collect::<Vec<_>>());
        let (_, other) = shown(&(1..21).collect::<Vec<_>>());
        columns[1] = other[1].clone();
        assert!(canary.judge(&columns).is_err());
    }

    #[test]
    fn one_that_remembers_sends_none_of_those_rows_again() {
        let canary = Canary::remembering("0-19 40-59".parse().unwrap());
        assert_eq!(canary.next, 60);
        assert_eq!(canary.stored().len(), 40);
    }
}
