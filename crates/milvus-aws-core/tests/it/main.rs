//! Tests of the crate's public surface.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "engine")]
mod engine;
mod installation;
mod sizing;
mod topology;
mod upgrade;
