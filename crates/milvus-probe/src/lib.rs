//! Talks to a Milvus server and proves that it works.
//!
//! - [`Client`]: one gRPC client for the servers of all lines, 2.3 to 3.0, with a deadline on every call.
//! - [`verify()`]: stores, indexes and finds vectors, and checks every answer against what the client computed itself.
//! - [`Canary`]: writes rows and finds them again while the server under them is being replaced.
//! - [`health`]: `/healthz` and `/metrics` of port 9091.
//!
//! ```no_run
//! # async fn example() -> Result<(), milvus_probe::Error> {
//! use milvus_probe::{Client, Options, verify};
//! use tokio_util::sync::CancellationToken;
//!
//! let client = Client::builder("http://localhost:19530".parse()?).connect().await?;
//! let report = verify(&client, &Options::default(), |_| {}, &CancellationToken::new()).await;
//! match report.failed_step() {
//!     None => println!("{} works", report.server_version.unwrap_or_default()),
//!     Some((step, failure)) => println!("{}: {failure}", step.title),
//! }
//! # Ok(()) }
//! ```
//!
//! Neither AWS nor Kubernetes nor terminals are known here.

mod capability;
pub mod client;
mod column;
mod endpoint;
mod error;
pub mod health;
mod index;
mod proto;
mod schema;
mod tls;
pub mod verify;

pub use capability::{Capability, Release, ServerVersion};
pub use client::{Client, ClientBuilder, Health, Hit, IndexProgress, Replica, Search, ServerInfo};
pub use column::Column;
pub use endpoint::{Endpoint, Login};
pub use error::{Call, Error};
pub use index::{Index, IndexKind, Metric, UnknownIndex};
pub use schema::{Field, FieldKind, Schema};
pub use tls::{Identity, Spoken, Trust};
pub use verify::{
    CANARY_COLLECTION, Canary, Event, InvalidStored, Options, Outcome, Report, Stored, verify,
};
