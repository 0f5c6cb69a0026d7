//! Verifies a server: `cargo run -p milvus-probe --example verify -- http://localhost:19530`.

#![expect(clippy::print_stdout, reason = "it is an example")]

use milvus_probe::{Client, Event, Options, verify};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "http://localhost:19530".to_owned());
    let client = Client::builder(address.parse()?).connect().await?;
    let show = |event: &Event| {
        if let Event::Finished {
            title,
            outcome,
            took,
        } = event
        {
            println!("{title:30} {took:8.0?}  {outcome:?}");
        }
    };
    let report = verify(
        &client,
        &Options::default(),
        show,
        &CancellationToken::new(),
    )
    .await;
    for left in &report.leftovers {
        println!("left behind: {left:?}");
    }
    for open in &report.not_proven {
        println!("not proven: {open}");
    }
    if report.passed {
        Ok(())
    } else {
        Err("the server does not hold what it promises".into())
    }
}
