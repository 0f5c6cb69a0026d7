//! Vectors that a test keeps in a Milvus, and looks for later.

use std::{
    thread,
    time::{Duration, Instant},
};

use milvus_probe::{
    Client, Column, Endpoint, Error, Field, FieldKind, Index, IndexKind, IndexProgress, Metric,
    Schema, Search,
};
use tokio::runtime::Runtime;

const COLLECTION: &str = "kept";
const DIMENSION: u32 = 8;
const ROWS: u32 = 500;
/// The server gets it done, or not at all.
const LIMIT: Duration = Duration::from_secs(90);

/// A client of one server.
pub(crate) struct Vectors {
    runtime: Runtime,
    client: Client,
}

impl Vectors {
    /// Connects to `host:port`.
    pub(crate) fn at(address: &str) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let endpoint: Endpoint = format!("http://{address}").parse().expect("an endpoint");
        let connect = || {
            let client = Client::builder(endpoint.clone()).connect();
            runtime.block_on(client)
        };
        let client = until("a connection", connect);
        Self { runtime, client }
    }

    /// Stores rows, indexes and loads them.
    pub(crate) fn keep(&self) {
        let field = |name: &str, kind| Field {
            name: name.to_owned(),
            kind,
        };
        let fields = vec![
            field("id", FieldKind::Key),
            field(
                "vector",
                FieldKind::FloatVector {
                    dimension: DIMENSION,
                },
            ),
        ];
        let schema = Schema { fields };
        let columns = [
            Column::Int64 {
                name: "id".to_owned(),
                values: (0..i64::from(ROWS)).collect(),
            },
            Column::FloatVector {
                name: "vector".to_owned(),
                dimension: DIMENSION as usize,
                values: (0..ROWS).flat_map(vector).collect(),
            },
        ];
        let index = Index {
            kind: IndexKind::IvfFlat,
            metric: Metric::L2,
        };
        until("a collection", || {
            self.wait(self.client.create_collection(COLLECTION, &schema))
        });
        self.wait(self.client.insert(COLLECTION, &columns))
            .expect("rows are stored");
        let ticket = self
            .wait(self.client.flush(COLLECTION))
            .expect("a flush begins");
        holds("the flush", || self.wait(self.client.is_flushed(&ticket)));
        self.wait(self.client.create_index(COLLECTION, "vector", &index))
            .expect("an index begins");
        holds("the index", || {
            let progress = self.wait(self.client.index_progress(COLLECTION, "vector"))?;
            Ok(matches!(progress, IndexProgress::Finished { .. }))
        });
        self.wait(self.client.load(COLLECTION))
            .expect("loading begins");
        holds("loading", || self.wait(self.client.is_loaded(COLLECTION)));
        self.are_found();
    }

    /// Every row that is looked for is its own nearest neighbour, and none is missing.
    pub(crate) fn are_found(&self) {
        let count = until("a count", || self.wait(self.client.count(COLLECTION)));
        assert_eq!(count, u64::from(ROWS), "rows are missing");
        let wanted: Vec<u32> = (0..ROWS).step_by(50).collect();
        let vectors: Vec<Vec<f32>> = wanted.iter().map(|row| vector(*row).collect()).collect();
        let vectors: Vec<&[f32]> = vectors.iter().map(Vec::as_slice).collect();
        let search = Search {
            field: "vector",
            vectors: &vectors,
            metric: Metric::L2,
            limit: 1,
            parameters: serde_json::json!({"nprobe": 128}),
            filter: "",
            output_fields: &[],
        };
        let hits = until("a search", || {
            self.wait(self.client.search(COLLECTION, &search))
        });
        let nearest: Vec<Vec<i64>> = hits.into_iter().map(|hit| hit.ids).collect();
        let expected: Vec<Vec<i64>> = wanted.iter().map(|row| vec![i64::from(*row)]).collect();
        assert_eq!(nearest, expected);
    }

    /// How long it takes until a collection can be made: the first coordinator is needed for that. It is dropped again.
    pub(crate) fn time_to_change(&self, began: Instant) -> Duration {
        let schema = Schema {
            fields: vec![
                Field {
                    name: "id".to_owned(),
                    kind: FieldKind::Key,
                },
                Field {
                    name: "vector".to_owned(),
                    kind: FieldKind::FloatVector { dimension: 2 },
                },
            ],
        };
        until("a coordinator", || {
            let client = self.client.with_deadline(Duration::from_secs(5));
            self.wait(client.create_collection("afterwards", &schema))
        });
        let took = began.elapsed();
        self.wait(self.client.drop_collection("afterwards"))
            .expect("it goes");
        took
    }

    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }
}

/// Far from every other row's.
fn vector(row: u32) -> impl Iterator<Item = f32> {
    let number = f32::from(u16::try_from(row).unwrap_or_default());
    (0..DIMENSION).map(move |place| if place == 0 { number } else { number.sin() })
}

/// What `look` gives once it does not fail.
fn until<T>(what: &str, look: impl Fn() -> Result<T, Error>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        match look() {
            Ok(found) => return found,
            Err(error) if Instant::now() > deadline => panic!("{what}: {error:?}"),
            Err(_) => thread::sleep(Duration::from_millis(200)),
        }
    }
}

/// Waits until it is so.
fn holds(what: &str, look: impl Fn() -> Result<bool, Error>) {
    let deadline = Instant::now() + LIMIT;
    while !until(what, &look) {
        assert!(Instant::now() < deadline, "{what}: not within {LIMIT:?}");
        thread::sleep(Duration::from_millis(200));
    }
}
