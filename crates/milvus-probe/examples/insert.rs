//! Measures inserts: `cargo run --release -p milvus-probe --example insert -- http://localhost:19530 100000 128` writes
//! one line of JSON. The rows are made before the clock starts.

#![expect(clippy::print_stdout, reason = "it is an example")]

use std::time::{Duration, Instant};

use milvus_probe::{Client, Column, Field, FieldKind, Schema};

/// The collection that is made, and dropped in the end.
const COLLECTION: &str = "kubectl_milvus_insert";
/// How long rows that got no answer are sent again, as an upsert.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let address = words
        .next()
        .unwrap_or_else(|| "http://localhost:19530".to_owned());
    let rows: u32 = words.next().as_deref().unwrap_or("100000").parse()?;
    let dimension: u32 = words.next().as_deref().unwrap_or("128").parse()?;

    let client = Client::builder(address.parse()?).connect().await?;
    let field = |name: &str, kind| Field {
        name: name.to_owned(),
        kind,
    };
    let fields = vec![
        field("id", FieldKind::Key),
        field("embeddings", FieldKind::FloatVector { dimension }),
    ];
    client.drop_collection(COLLECTION).await?;
    client
        .create_collection(COLLECTION, &Schema { fields })
        .await?;
    let columns = columns(rows, dimension)?;
    let began = Instant::now();
    let inserted = client.insert_within(COLLECTION, &columns, PATIENCE).await;
    let seconds = began.elapsed().as_secs_f64();
    client.drop_collection(COLLECTION).await?;
    let result = serde_json::json!({
        "rows": inserted?,
        "dimension": dimension,
        "seconds": seconds,
        "rowsPerSecond": f64::from(rows) / seconds,
    });
    println!("{result}");
    Ok(())
}

fn columns(rows: u32, dimension: u32) -> Result<Vec<Column>, std::num::TryFromIntError> {
    let numbers = usize::try_from(u64::from(rows) * u64::from(dimension))?;
    // Any numbers do, as long as no two vectors are equal.
    let mut state = 1_u32;
    let number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).unwrap_or_default())
    };
    Ok(vec![
        Column::Int64 {
            name: "id".to_owned(),
            values: (0..i64::from(rows)).collect(),
        },
        Column::FloatVector {
            name: "embeddings".to_owned(),
            dimension: usize::try_from(dimension)?,
            values: std::iter::repeat_with(number).take(numbers).collect(),
        },
    ])
}
