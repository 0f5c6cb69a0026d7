//! The steps of a verification, and what each of them asserts.

use super::{
    Dataset, Failure, Options, Outcome, Recall,
    dataset::{KEY, Neighbour, RANDOM, VECTOR},
    poll,
};
use crate::{
    Client, Column, Error, Hit, IndexProgress, Login, Search, client::FlushTicket, health,
};

/// Vectors that are searched for at once.
const QUERIES: usize = 10;
/// Neighbours that are asked for.
const LIMIT: usize = 10;
/// Rows that are deleted.
const DELETED: usize = 10;
/// How far a distance may be from the true one, relative to it: the server computes in single precision.
const TOLERANCE: f64 = 1e-4;
/// Share of true neighbours that a search with usual parameters must find; random vectors are the worst case for clusters.
const USUAL_RECALL: f64 = 0.3;
/// Share of true neighbours that the thorough search of an index that is not exact must find.
const THOROUGH_RECALL: f64 = 0.9;
/// The filter of the filtered search, which [`fits_filter`] says again.
const FILTER: &str = "random > 0.5";

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Connect,
    Authorization,
    Create,
    Insert,
    Flush,
    Count,
    Index,
    Load,
    Search,
    FilteredSearch,
    Query,
    Delete,
    CountAgain,
    Upsert,
    Drop,
}

impl Step {
    /// All of them, in order.
    pub(super) const ALL: [Self; 15] = [
        Self::Connect,
        Self::Authorization,
        Self::Create,
        Self::Insert,
        Self::Flush,
        Self::Count,
        Self::Index,
        Self::Load,
        Self::Search,
        Self::FilteredSearch,
        Self::Query,
        Self::Delete,
        Self::CountAgain,
        Self::Upsert,
        Self::Drop,
    ];

    /// Its name in documents.
    pub(super) fn id(self) -> &'static str {
        self.names().0
    }

    /// What it does.
    pub(super) fn title(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Connect => ("connect", "connect"),
            Self::Authorization => ("authorization", "refuse strangers"),
            Self::Create => ("create", "create collection"),
            Self::Insert => ("insert", "insert rows"),
            Self::Flush => ("flush", "flush"),
            Self::Count => ("count", "count stored rows"),
            Self::Index => ("index", "build index"),
            Self::Load => ("load", "load into memory"),
            Self::Search => ("search", "search"),
            Self::FilteredSearch => ("filteredSearch", "search with a filter"),
            Self::Query => ("query", "query"),
            Self::Delete => ("delete", "delete rows"),
            Self::CountAgain => ("countAfterDelete", "count after the deletion"),
            Self::Upsert => ("upsert", "replace a row"),
            Self::Drop => ("drop", "drop collection"),
        }
    }
}

/// One run through the steps.
pub(super) struct Scenario<'a> {
    client: Client,
    options: &'a Options,
    collection: &'a str,
    data: Dataset,
    waiting_for: Option<&'static str>,
    flush: Option<FlushTicket>,
    pub(super) server_version: Option<String>,
    pub(super) recall: Recall,
    /// Whether the collection was asked for and not dropped yet.
    pub(super) may_exist: bool,
}

/// What a step asserted, with numbers.
type Asserted = Result<String, Failure>;

impl<'a> Scenario<'a> {
    pub(super) fn new(client: &Client, options: &'a Options, collection: &'a str) -> Self {
        Self {
            // The step's own deadline ends a call first, and names the step.
            client: client.with_deadline(options.step_limit * 2),
            options,
            collection,
            data: Dataset::new(options.rows, options.dimension, options.seed),
            waiting_for: None,
            flush: None,
            server_version: None,
            recall: Recall::default(),
            may_exist: false,
        }
    }

    /// What the last wait is for, for the message when it does not end.
    pub(super) fn last_wait(&self) -> Option<&'static str> {
        self.waiting_for
    }

    /// Runs one step.
    pub(super) async fn run(&mut self, step: Step) -> Result<Outcome, Failure> {
        self.waiting_for = None;
        let asserted = match step {
            Step::Connect => self.connect().await?,
            Step::Authorization => return self.authorization().await,
            Step::Create => self.create().await?,
            Step::Insert => self.insert().await?,
            Step::Flush => self.flush().await?,
            Step::Count => self.count_stored().await?,
            Step::Index => self.index().await?,
            Step::Load => self.load().await?,
            Step::Search => self.search().await?,
            Step::FilteredSearch => self.filtered_search().await?,
            Step::Query => self.query().await?,
            Step::Delete => self.delete().await?,
            Step::CountAgain => self.count_again().await?,
            Step::Upsert => return self.upsert().await,
            Step::Drop => self.drop_collection().await?,
        };
        Ok(Outcome::Passed { asserted })
    }

    async fn connect(&mut self) -> Asserted {
        if let Some(endpoint) = &self.options.health
            && let Err(reason) = health::healthz(endpoint).await?
        {
            return Err(Failure::new(
                format!("{endpoint}/healthz to say OK"),
                reason,
            ));
        }
        let version = self.client.version().await?;
        self.server_version = Some(version.clone());
        // Servers before 2.2 and small ones do not know these two calls.
        if let Err(error) = self.client.handshake().await
            && !error.is_unsupported()
        {
            return Err(error.into());
        }
        match self.client.health().await {
            Ok(health) if !health.healthy => {
                Err(Failure::new("a healthy server", health.reasons.join("; ")))
            }
            Ok(_) => Ok(format!("version {version}, healthy")),
            Err(error) if error.is_unsupported() => Ok(format!("version {version}")),
            Err(error) => Err(error.into()),
        }
    }

    async fn authorization(&mut self) -> Result<Outcome, Failure> {
        if !self.options.expect_authorization {
            return Ok(Outcome::Unsupported {
                reason: "authorization is not expected".to_owned(),
            });
        }
        let default = Login::Password {
            user: "root".to_owned(),
            password: "Milvus".into(),
        };
        for (who, login) in [
            ("a caller without login", None),
            ("root with the default password", Some(default)),
        ] {
            match self.client.with_login(login).collections().await {
                Err(Error::Unauthenticated { .. }) => {}
                Ok(_) => return Err(Failure::new(format!("{who} to be refused"), "an answer")),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Outcome::Passed {
            asserted: "strangers and root's default password are refused".to_owned(),
        })
    }

    async fn create(&mut self) -> Asserted {
        let schema = self.data.schema();
        self.may_exist = true;
        self.client
            .create_collection(self.collection, &schema)
            .await?;
        let described = self.client.describe_collection(self.collection).await?;
        if described != schema {
            return Err(Failure::new(
                format!("{schema:?}"),
                format!("{described:?}"),
            ));
        }
        Ok(format!(
            "{} fields as they were asked for",
            schema.fields.len()
        ))
    }

    async fn insert(&mut self) -> Asserted {
        let rows = self.data.rows(|_| true);
        let inserted = self
            .client
            .insert(self.collection, &self.data.columns(&rows))
            .await?;
        same_count("inserted rows", self.data.count(), inserted)?;
        Ok(format!("{inserted} rows taken"))
    }

    async fn flush(&mut self) -> Asserted {
        let ticket = self.client.flush(self.collection).await?;
        self.flush = Some(ticket.clone());
        self.waiting_for = Some("writing segments to storage");
        poll::until(async || {
            self.client
                .is_flushed(&ticket)
                .await
                .map(|flushed| flushed.then_some(()))
        })
        .await?;
        Ok("every row is on storage".to_owned())
    }

    async fn count_stored(&mut self) -> Asserted {
        let expected = self.data.count();
        self.waiting_for = Some("counting another number of stored rows");
        poll::until(async || {
            let rows = self.client.flushed_rows(self.collection).await?;
            Ok::<_, Error>((rows == expected).then_some(()))
        })
        .await?;
        Ok(format!("{expected} rows stored"))
    }

    async fn index(&mut self) -> Asserted {
        let index = self.options.index();
        self.client
            .create_index(self.collection, VECTOR, &index)
            .await?;
        self.waiting_for = Some("building the index");
        let ended = poll::until(async || {
            let progress = self.client.index_progress(self.collection, VECTOR).await?;
            Ok::<_, Error>(
                (!matches!(progress, IndexProgress::Building { .. })).then_some(progress),
            )
        })
        .await?;
        match ended {
            IndexProgress::Failed { reason } => Err(Failure::new("an index", reason)),
            IndexProgress::Finished { kind } if kind == index.kind.to_string() => {
                Ok(format!("{kind} over {} rows", self.data.count()))
            }
            other => Err(Failure::new(
                format!("an index of kind {}", index.kind),
                format!("{other:?}"),
            )),
        }
    }

    async fn load(&mut self) -> Asserted {
        self.client.load(self.collection).await?;
        self.waiting_for = Some("loading");
        poll::until(async || {
            self.client
                .is_loaded(self.collection)
                .await
                .map(|loaded| loaded.then_some(()))
        })
        .await?;
        let counted = self.client.count(self.collection).await?;
        same_count("rows that can be searched", self.data.count(), counted)?;
        Ok(format!("{counted} rows can be searched"))
    }

    async fn search(&mut self) -> Asserted {
        let index = self.options.index();
        let thorough = self.recall_of(index.thorough(LIMIT), "").await?;
        self.recall.thorough = Some(thorough);
        let floor = if index.is_exact() {
            1.0
        } else {
            THOROUGH_RECALL
        };
        enough_recall("a thorough search", floor, thorough)?;
        let usual = self.recall_of(index.usual(LIMIT), "").await?;
        self.recall.usual = Some(usual);
        enough_recall("a usual search", USUAL_RECALL, usual)?;
        Ok(format!(
            "{QUERIES} x {LIMIT} neighbours: recall {thorough:.3}, {usual:.3} with usual parameters"
        ))
    }

    async fn filtered_search(&mut self) -> Asserted {
        let index = self.options.index();
        let recall = self.recall_of(index.thorough(LIMIT), FILTER).await?;
        let floor = if index.is_exact() {
            1.0
        } else {
            THOROUGH_RECALL
        };
        enough_recall("a filtered search", floor, recall)?;
        Ok(format!(
            "{QUERIES} x {LIMIT} neighbours where {FILTER}: recall {recall:.3}"
        ))
    }

    /// Searches for some rows' vectors, checks every neighbour, and says how many of the true ones were found.
    async fn recall_of(&self, parameters: serde_json::Value, filter: &str) -> Result<f64, Failure> {
        let fits = |row: usize| filter.is_empty() || fits_filter(self.data.random[row]);
        let rows: Vec<usize> = self
            .data
            .rows(|_| true)
            .into_iter()
            .rev()
            .take(QUERIES)
            .collect();
        let vectors: Vec<&[f32]> = rows.iter().map(|&row| self.data.vector(row)).collect();
        let search = Search {
            field: VECTOR,
            vectors: &vectors,
            metric: self.options.metric,
            limit: LIMIT,
            parameters,
            filter,
            output_fields: &[RANDOM],
        };
        let hits = self.client.search(self.collection, &search).await?;
        same_count("answers", vectors.len() as u64, hits.len() as u64)?;
        let (mut found, mut wanted) = (0, 0);
        for (vector, hit) in vectors.iter().zip(&hits) {
            let truth = self
                .data
                .neighbours(self.options.metric, vector, LIMIT, fits);
            self.check_hit(vector, hit, fits)?;
            found += self.true_neighbours(&truth, hit);
            wanted += truth.len();
        }
        // A share of two small counts: the cast is exact.
        #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
        Ok(found as f64 / wanted.max(1) as f64)
    }

    /// Every neighbour is a row that is there and fits, named once, in order, with its true distance and value.
    fn check_hit(
        &self,
        vector: &[f32],
        hit: &Hit,
        fits: impl Fn(usize) -> bool,
    ) -> Result<(), Failure> {
        let metric = self.options.metric;
        let exact_scores = !matches!(self.options.index, crate::IndexKind::IvfSq8);
        let mut seen = std::collections::HashSet::new();
        let mut last: Option<f64> = None;
        for (position, (&id, &score)) in hit.ids.iter().zip(&hit.scores).enumerate() {
            let score = f64::from(score);
            let Some(row) = self.data.row(id).filter(|&row| fits(row)) else {
                return Err(Failure::new(
                    "neighbours that exist and fit",
                    format!("row {id}"),
                ));
            };
            if !seen.insert(id) {
                return Err(Failure::new(
                    "each neighbour once",
                    format!("row {id} twice"),
                ));
            }
            let truth = metric.score(vector, self.data.vector(row));
            if exact_scores && !close(score, truth) {
                return Err(Failure::new(
                    format!("{metric} of row {id} to be {truth:.6}"),
                    format!("{score:.6}"),
                ));
            }
            if last.is_some_and(|last| {
                metric.nearest_first(last, score).is_gt() && !close(last, score)
            }) {
                return Err(Failure::new(
                    "the nearest first",
                    format!("row {id} at place {position}"),
                ));
            }
            last = Some(score);
            check_random(hit, position, self.data.random[row])?;
        }
        Ok(())
    }

    /// How many places of the answer are as near as the truth at that place. Equal distances may change places.
    fn true_neighbours(&self, truth: &[Neighbour], hit: &Hit) -> usize {
        let Some(farthest) = truth.last() else {
            return 0;
        };
        let metric = self.options.metric;
        let near = |score: f64| {
            metric.nearest_first(score, farthest.score).is_le() || close(score, farthest.score)
        };
        let is_true = |id: i64, score: f32| {
            truth.iter().any(|neighbour| neighbour.id == id)
                || (truth.len() == LIMIT
                    && near(f64::from(score))
                    && close(f64::from(score), farthest.score))
        };
        hit.ids
            .iter()
            .zip(&hit.scores)
            .filter(|&(&id, &score)| is_true(id, score))
            .count()
    }

    async fn query(&mut self) -> Asserted {
        let rows: Vec<usize> = self
            .data
            .rows(|row| row % 7 == 3)
            .into_iter()
            .take(20)
            .collect();
        let expression = format!("{KEY} in {rows:?}");
        let columns = self
            .client
            .query(self.collection, &expression, &[KEY, RANDOM, VECTOR])
            .await?;
        let expected = self.data.columns(&rows);
        let found = sorted_by_key(&columns)?;
        if found != expected {
            return Err(Failure::new(
                format!("the {} rows as they were stored", rows.len()),
                difference(&expected, &found),
            ));
        }
        let below = self.data.rows(|row| self.data.random[row] < 0.1);
        let columns = self
            .client
            .query(self.collection, "random < 0.1", &[KEY])
            .await?;
        let found = sorted_by_key(&columns)?.first().map_or(0, Column::len);
        same_count("rows where random < 0.1", below.len() as u64, found as u64)?;
        Ok(format!(
            "{} rows by key with every value, {found} by condition",
            rows.len()
        ))
    }

    async fn delete(&mut self) -> Asserted {
        let rows: Vec<usize> = self
            .data
            .rows(|_| true)
            .into_iter()
            .rev()
            .take(DELETED)
            .collect();
        let expression = format!("{KEY} in {rows:?}");
        let vectors: Vec<Vec<f32>> = rows
            .iter()
            .map(|&row| self.data.vector(row).to_vec())
            .collect();
        let deleted = self.client.delete(self.collection, &expression).await?;
        same_count("deleted rows", DELETED as u64, deleted)?;
        for &row in &rows {
            self.data.delete(row);
        }
        let left = self
            .client
            .query(self.collection, &expression, &[KEY])
            .await?;
        same_count(
            "deleted rows that a query finds",
            0,
            left.first().map_or(0, Column::len) as u64,
        )?;
        let vectors: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let search = Search {
            field: VECTOR,
            vectors: &vectors,
            metric: self.options.metric,
            limit: LIMIT,
            parameters: self.options.index().thorough(LIMIT),
            filter: "",
            output_fields: &[RANDOM],
        };
        for (vector, hit) in vectors
            .iter()
            .zip(self.client.search(self.collection, &search).await?)
        {
            // A deleted row is no row that exists, so that the check refuses it.
            self.check_hit(vector, &hit, |_| true)?;
        }
        Ok(format!("{deleted} rows gone from query and search"))
    }

    async fn count_again(&mut self) -> Asserted {
        let counted = self.client.count(self.collection).await?;
        same_count("rows", self.data.count(), counted)?;
        Ok(format!("{counted} rows"))
    }

    async fn upsert(&mut self) -> Result<Outcome, Failure> {
        let row = 0;
        let vector: Vec<f32> = self.data.vector(row).iter().map(|x| x + 2.0).collect();
        self.data.replace(row, &vector);
        match self
            .client
            .upsert(self.collection, &self.data.columns(&[row]))
            .await
        {
            Ok(_) => {}
            Err(error) if error.is_unsupported() => {
                return Ok(Outcome::Unsupported {
                    reason: error.to_string(),
                });
            }
            Err(error) => return Err(error.into()),
        }
        let columns = self
            .client
            .query(self.collection, "id == 0", &[KEY, RANDOM, VECTOR])
            .await?;
        let (expected, found) = (self.data.columns(&[row]), sorted_by_key(&columns)?);
        if found != expected {
            return Err(Failure::new(
                "the row's new values",
                difference(&expected, &found),
            ));
        }
        let counted = self.client.count(self.collection).await?;
        same_count("rows", self.data.count(), counted)?;
        Ok(Outcome::Passed {
            asserted: format!("one row replaced, still {counted}"),
        })
    }

    async fn drop_collection(&mut self) -> Asserted {
        self.client.drop_collection(self.collection).await?;
        if self.client.has_collection(self.collection).await? {
            return Err(Failure::new(
                "the collection to be gone",
                "it is still there",
            ));
        }
        self.may_exist = false;
        Ok("the collection is gone".to_owned())
    }
}

/// What [`FILTER`] says, in Rust.
fn fits_filter(random: f64) -> bool {
    random > 0.5
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0)
}

fn same_count(what: &str, expected: u64, found: u64) -> Result<(), Failure> {
    if expected == found {
        return Ok(());
    }
    Err(Failure::new(
        format!("{expected} {what}"),
        found.to_string(),
    ))
}

fn enough_recall(what: &str, floor: f64, recall: f64) -> Result<(), Failure> {
    if recall >= floor {
        return Ok(());
    }
    Err(Failure::new(
        format!(
            "{what} to find {:.0} % of the true neighbours",
            floor * 100.0
        ),
        format!("{:.1} %", recall * 100.0),
    ))
}

fn check_random(hit: &Hit, position: usize, expected: f64) -> Result<(), Failure> {
    let found = hit.columns.iter().find_map(|column| match column {
        Column::Double { name, values } if name == RANDOM => values.get(position).copied(),
        _ => None,
    });
    // The value was stored and must come back bit by bit.
    if found.is_some_and(|found| found.to_bits() == expected.to_bits()) {
        return Ok(());
    }
    Err(Failure::new(
        format!("{RANDOM} to be {expected}"),
        format!("{found:?}"),
    ))
}

/// The columns key, random and vector (as far as they were asked for) with rows in the order of their keys.
fn sorted_by_key(columns: &[Column]) -> Result<Vec<Column>, Failure> {
    let missing = || Failure::new(format!("a field {KEY}"), "none");
    let keys = columns.iter().find_map(|column| match column {
        Column::Int64 { name, values } if name == KEY => Some(values),
        _ => None,
    });
    let keys = keys.ok_or_else(missing)?;
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by_key(|&row| keys[row]);
    let wanted = [KEY, RANDOM, VECTOR];
    let named = |name: &&str| columns.iter().find(|column| column.name() == *name);
    Ok(wanted
        .iter()
        .filter_map(named)
        .map(|column| column.pick(&order))
        .collect())
}

/// The first difference, in words.
fn difference(expected: &[Column], found: &[Column]) -> String {
    for (expected, found) in expected.iter().zip(found) {
        if expected.len() != found.len() {
            return format!("{} values of {}", found.len(), found.name());
        }
        if expected != found {
            return format!("other values of {}", found.name());
        }
    }
    format!("{} of {} fields", found.len(), expected.len())
}
