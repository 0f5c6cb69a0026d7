//! Tests of the crate's public surface.

#[cfg(feature = "engine")]
mod engine;
mod installation;
mod topology;
