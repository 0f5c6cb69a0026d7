//! A client that writes and searches all the time, and remembers what it was promised.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use milvus_probe::{
    Client, Column, Error, Field, FieldKind, Index, IndexKind, Metric, Schema, Search,
};
use tokio::runtime::Runtime;

const COLLECTION: &str = "written";
const DIMENSION: u32 = 4;
const BATCH: i64 = 5;
/// One call takes no longer, or is tried again.
const CALL: Duration = Duration::from_secs(10);
/// Between two rounds, so that the machine does something else too.
const PAUSE: Duration = Duration::from_millis(100);
/// Until the end at the latest it must be possible to ask for what was written.
const LIMIT: Duration = Duration::from_mins(2);

/// A client at work.
pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicU64>,
    thread: JoinHandle<Written>,
}

/// What it was promised, and how it was served.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Rows whose insert was acknowledged.
    acknowledged: BTreeSet<i64>,
    /// Searches that found what they had to.
    pub(crate) searches: u64,
    /// Calls that failed, and were tried again.
    pub(crate) failures: u64,
    /// The longest time between two answers.
    pub(crate) longest_pause: Duration,
}

impl Writer {
    /// Makes a collection at `host:port` and begins.
    pub(crate) fn start(address: &str) -> Self {
        let (stop, rounds) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let work = Work {
            endpoint: format!("http://{address}"),
            stop: Arc::clone(&stop),
            rounds: Arc::clone(&rounds),
        };
        let thread = thread::spawn(move || {
            let runtime = Runtime::new().expect("a runtime");
            runtime.block_on(work.run())
        });
        let writer = Self {
            stop,
            rounds,
            thread,
        };
        writer.goes_on();
        writer
    }

    /// Waits until it has been served once more from now on.
    pub(crate) fn goes_on(&self) {
        let before = self.rounds.load(Ordering::Relaxed);
        let deadline = Instant::now() + LIMIT;
        while self.rounds.load(Ordering::Relaxed) < before + 2 {
            assert!(!self.thread.is_finished(), "the client gave up");
            assert!(Instant::now() < deadline, "nobody serves the client");
            thread::sleep(PAUSE);
        }
    }

    /// Ends it, and asserts that every row it was promised is there.
    pub(crate) fn stop(self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("every promise was kept")
    }
}

impl Written {
    /// How many rows it was promised.
    pub(crate) fn rows(&self) -> usize {
        self.acknowledged.len()
    }
}

struct Work {
    endpoint: String,
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicU64>,
}

impl Work {
    async fn run(self) -> Written {
        let mut written = Written::default();
        let mut client = self.until(async |client| prepare(&client).await).await;
        let mut next = 0;
        let mut last_answer = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            // What got no answer may have arrived: those rows are not sent again.
            let rows = next..next + BATCH;
            next += BATCH;
            let round = async {
                client.insert(COLLECTION, &columns(rows.clone())).await?;
                let (first, last) = (0, rows.end - 1);
                let found = nearest(&client, &[first, last]).await?;
                Ok::<_, Error>((found, vec![first, last]))
            };
            if let Ok((found, wanted)) = round.await {
                written.acknowledged.extend(rows);
                // Row 0 went in at the very beginning, unless that very first insert failed.
                let promised = |row: &i64| written.acknowledged.contains(row);
                for (found, wanted) in found.iter().zip(wanted.iter()) {
                    assert!(
                        !promised(wanted) || found == wanted,
                        "row {wanted} is not found: {found}"
                    );
                }
                written.searches += 1;
                written.longest_pause = written.longest_pause.max(last_answer.elapsed());
                last_answer = Instant::now();
                self.rounds.fetch_add(1, Ordering::Relaxed);
            } else {
                written.failures += 1;
                client = self.until(async |client| Ok(client)).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let there = self.until(async |client| all(&client).await).await;
        let lost: Vec<_> = written.acknowledged.difference(&there).take(5).collect();
        assert!(
            lost.is_empty(),
            "rows that were acknowledged are lost: {lost:?}…"
        );
        written
    }

    /// What `ask` gives once it does not fail.
    async fn until<T>(&self, ask: impl AsyncFn(Client) -> Result<T, Error>) -> T {
        let deadline = Instant::now() + LIMIT;
        loop {
            let asked = async {
                let endpoint = self.endpoint.parse().expect("an address");
                let client = Client::builder(endpoint).deadline(CALL).connect().await?;
                ask(client).await
            };
            match asked.await {
                Ok(answer) => return answer,
                Err(error) if Instant::now() > deadline => panic!("no answer any more: {error:?}"),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

async fn prepare(client: &Client) -> Result<Client, Error> {
    let field = |name: &str, kind| Field {
        name: name.to_owned(),
        kind,
    };
    let vector = FieldKind::FloatVector {
        dimension: DIMENSION,
    };
    let schema = Schema {
        fields: vec![field("id", FieldKind::Key), field("vector", vector)],
    };
    let index = Index {
        kind: IndexKind::Flat,
        metric: Metric::L2,
    };
    if !client.has_collection(COLLECTION).await? {
        client.create_collection(COLLECTION, &schema).await?;
    }
    client.create_index(COLLECTION, "vector", &index).await?;
    client.load(COLLECTION).await?;
    client.count(COLLECTION).await?;
    Ok(client.clone())
}

fn columns(rows: std::ops::Range<i64>) -> [Column; 2] {
    [
        Column::Int64 {
            name: "id".to_owned(),
            values: rows.clone().collect(),
        },
        Column::FloatVector {
            name: "vector".to_owned(),
            dimension: DIMENSION as usize,
            values: rows.flat_map(vector).collect(),
        },
    ]
}

/// Far from every other row's.
fn vector(row: i64) -> [f32; DIMENSION as usize] {
    let part = |row: i64| f32::from(u16::try_from(row % 60_000).unwrap_or_default());
    [part(row), part(row / 60_000), 0.5, 0.25]
}

/// The nearest row of each row's own vector.
async fn nearest(client: &Client, rows: &[i64]) -> Result<Vec<i64>, Error> {
    let vectors: Vec<_> = rows.iter().map(|row| vector(*row)).collect();
    let vectors: Vec<&[f32]> = vectors.iter().map(<[f32; 4]>::as_slice).collect();
    let search = Search {
        field: "vector",
        vectors: &vectors,
        metric: Metric::L2,
        limit: 1,
        parameters: serde_json::json!({}),
        filter: "",
        output_fields: &[],
    };
    let hits = client.search(COLLECTION, &search).await?;
    let first = |hit: &milvus_probe::Hit| hit.ids.first().copied().unwrap_or(-1);
    Ok(hits.iter().map(first).collect())
}

async fn all(client: &Client) -> Result<BTreeSet<i64>, Error> {
    let columns = client.query(COLLECTION, "id >= 0", &["id"]).await?;
    let ids = columns.into_iter().find_map(|column| match column {
        Column::Int64 { values, .. } => Some(values),
        _ => None,
    });
    Ok(ids.into_iter().flatten().collect())
}
