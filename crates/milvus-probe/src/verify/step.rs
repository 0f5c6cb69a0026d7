//! The steps of a verification, and what each of them asserts.

use std::time::{Duration, Instant};

use super::{
    Dataset, Failure, Options, Outcome, Recall,
    check::{self, Judge},
    dataset::{KEY, RANDOM, VECTOR},
    leftovers, poll,
};
use crate::{
    Client, Column, Error, IndexKind, IndexProgress, Login, Search, ServerVersion, health,
};

/// Vectors that are searched for at once.
const QUERIES: usize = 10;
/// Neighbours that are asked for.
const LIMIT: usize = 10;
/// Rows that are deleted.
const DELETED: usize = 10;
/// Share of true neighbours that a search with usual parameters must find: that of the clusters that it looks at, which
/// chance alone would find. Random vectors are the worst case; what a server loses by its own fault is not seen here.
const USUAL_RECALL: f64 = 0.125;
/// Share of true neighbours that the thorough search of an index that is not exact must find.
const THOROUGH_RECALL: f64 = 0.9;
/// How long the number of stored rows may lag behind a flush.
const STATISTICS_LAG: Duration = Duration::from_secs(10);
/// What a verification of Milvus Lite leaves open: it is one process, and takes what Milvus refuses (source: trying 3.2.2).
const NOT_PROVEN_ON_LITE: [&str; 4] = [
    "the message queue, the object storage, etcd and the parts of Milvus: Milvus Lite is one process without them",
    "replicas, single partitions in memory and metrics: Milvus Lite does not know GetReplicas, LoadPartitions and GetMetrics",
    "the index of other clients: Milvus Lite drops parameters such as `nlist` and `M` where a client does not send them within `params`, and says nothing",
    "what Milvus refuses: Milvus Lite accepts NaN, more than 16384 neighbours and another metric than the index's, and an insert replaces the row of the same key",
];
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
            server_version: None,
            recall: Recall::default(),
            may_exist: false,
        }
    }

    /// What the last wait is for, for the message when it does not end.
    pub(super) fn last_wait(&self) -> Option<&'static str> {
        self.waiting_for
    }

    /// Whether the server has answered anything.
    pub(super) fn answers(&self) -> bool {
        self.server_version.is_some()
    }

    /// What a server of this kind cannot show.
    pub(super) fn not_proven(&self) -> Vec<&'static str> {
        let version = self.server_version.clone().map(ServerVersion::from);
        match version {
            Some(ServerVersion::Lite(_)) => NOT_PROVEN_ON_LITE.to_vec(),
            Some(ServerVersion::Milvus(_) | ServerVersion::Unknown(_)) | None => Vec::new(),
        }
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
        // One that took over from others misses them until their leases end, after 30 s.
        let patience = self.options.step_limit * 19 / 20;
        let began = Instant::now();
        poll::until(|| async {
            match self.client.health().await {
                Ok(health) if health.healthy => Ok(Some(format!("version {version}, healthy"))),
                Ok(_) if began.elapsed() < patience => Ok(None),
                Ok(health) => {
                    let reasons = health.reasons.iter().map(|reason| without_trace(reason));
                    let reasons: Vec<_> = reasons.collect();
                    Err(Failure::new("a healthy server", reasons.join("; ")))
                }
                Err(error) if error.is_unsupported() => Ok(Some(format!("version {version}"))),
                Err(error) => Err(error.into()),
            }
        })
        .await
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
        let description = leftovers::description(self.options.limit);
        let created = self
            .client
            .create_described(self.collection, &schema, &description)
            .await;
        if let Err(Error::PermissionDenied { .. } | Error::Unauthenticated { .. }) = created {
            // What was refused was not begun, and whoever may not create may not drop either.
            self.may_exist = false;
        }
        created?;
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
        check::count("inserted rows", self.data.count(), inserted)?;
        Ok(format!("{inserted} rows taken"))
    }

    async fn flush(&mut self) -> Asserted {
        let ticket = self.client.flush(self.collection).await?;
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
        // Statistics may follow the flush a moment later.
        let right = poll::until(async || {
            let rows = self.client.flushed_rows(self.collection).await?;
            Ok::<_, Error>((rows == expected).then_some(()))
        });
        if let Ok(counted) = tokio::time::timeout(STATISTICS_LAG, right).await {
            counted?;
        }
        let stored = self.client.flushed_rows(self.collection).await?;
        check::count("stored rows", expected, stored)?;
        Ok(format!("{stored} rows stored"))
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
        check::count("rows that can be searched", self.data.count(), counted)?;
        Ok(format!("{counted} rows can be searched"))
    }

    async fn search(&mut self) -> Asserted {
        let index = self.options.index();
        let vectors = self.last_vectors(QUERIES);
        let recall = self.recall(&vectors, self.thorough(), "").await?;
        self.recall.thorough = Some(recall);
        check::recall("a thorough search", self.floor(), recall)?;
        let usual = self.recall(&vectors, index.usual(LIMIT), "").await?;
        self.recall.usual = Some(usual);
        check::recall("a usual search", USUAL_RECALL, usual)?;
        Ok(format!(
            "{QUERIES} x {LIMIT} neighbours: recall {recall:.3}, {usual:.3} with usual parameters"
        ))
    }

    async fn filtered_search(&mut self) -> Asserted {
        let vectors = self.last_vectors(QUERIES);
        let recall = self.recall(&vectors, self.thorough(), FILTER).await?;
        check::recall("a filtered search", self.floor(), recall)?;
        Ok(format!(
            "{QUERIES} x {LIMIT} neighbours where {FILTER}: recall {recall:.3}"
        ))
    }

    /// The vectors of the last rows that are there.
    fn last_vectors(&self, count: usize) -> Vec<Vec<f32>> {
        let rows = self.data.rows(|_| true).into_iter().rev().take(count);
        rows.map(|row| self.data.vector(row).to_vec()).collect()
    }

    fn thorough(&self) -> serde_json::Value {
        let index = self.options.index();
        index.thorough(LIMIT, self.options.rows)
    }

    /// Share of the true neighbours that a thorough search must find.
    fn floor(&self) -> f64 {
        match self.options.index {
            _ if self.options.index().is_exact() => 1.0,
            // It takes no parameters, so that there is no thorough search.
            IndexKind::AutoIndex => USUAL_RECALL,
            _ => THOROUGH_RECALL,
        }
    }

    /// Searches, checks every neighbour, and says how many of the true ones were found.
    async fn recall(
        &self,
        vectors: &[Vec<f32>],
        parameters: serde_json::Value,
        filter: &str,
    ) -> Result<f64, Failure> {
        let vectors: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
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
        check::count("answers", vectors.len() as u64, hits.len() as u64)?;
        let judge = Judge {
            data: &self.data,
            index: self.options.index(),
        };
        let fits = |row: usize| filter.is_empty() || fits_filter(self.data.random[row]);
        let (mut found, mut wanted) = (0, 0);
        for (vector, hit) in vectors.iter().zip(&hits) {
            let (right, all) = judge.neighbours(vector, hit, LIMIT, fits)?;
            found += right;
            wanted += all;
        }
        // A share of two small counts: the cast is exact.
        #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
        Ok(found as f64 / wanted.max(1) as f64)
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
        let found = check::sorted_by_key(&columns)?;
        if found != expected {
            return Err(Failure::new(
                format!("the {} rows as they were stored", rows.len()),
                check::difference(&expected, &found),
            ));
        }
        let below = self.data.rows(|row| self.data.random[row] < 0.1);
        let columns = self
            .client
            .query(self.collection, "random < 0.1", &[KEY])
            .await?;
        let found = check::sorted_by_key(&columns)?
            .first()
            .map_or(0, Column::len);
        check::count("rows where random < 0.1", below.len() as u64, found as u64)?;
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
        let vectors = self.last_vectors(DELETED);
        let deleted = self.client.delete(self.collection, &expression).await?;
        check::count("deleted rows", DELETED as u64, deleted)?;
        for &row in &rows {
            self.data.delete(row);
        }
        let left = self
            .client
            .query(self.collection, &expression, &[KEY])
            .await?;
        check::count(
            "deleted rows that a query finds",
            0,
            left.first().map_or(0, Column::len) as u64,
        )?;
        // A neighbour that was deleted is no row that is there, so that the check refuses it.
        let recall = self.recall(&vectors, self.thorough(), "").await?;
        check::recall("a search for deleted rows", self.floor(), recall)?;
        Ok(format!("{deleted} rows gone from query and search"))
    }

    async fn count_again(&mut self) -> Asserted {
        let counted = self.client.count(self.collection).await?;
        check::count("rows", self.data.count(), counted)?;
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
        let (expected, found) = (self.data.columns(&[row]), check::sorted_by_key(&columns)?);
        if found != expected {
            return Err(Failure::new(
                "the row's new values",
                check::difference(&expected, &found),
            ));
        }
        let counted = self.client.count(self.collection).await?;
        check::count("rows", self.data.count(), counted)?;
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

/// Before 2.4 a reason may begin with the stack of the Go function that met it.
fn without_trace(reason: &str) -> &str {
    reason
        .rsplit_once("runtime.goexit: ")
        .map_or(reason, |(_, reason)| reason)
}
