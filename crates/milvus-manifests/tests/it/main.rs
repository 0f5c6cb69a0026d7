//! What the rendered objects promise.

mod chart;
mod fixtures;
mod properties;
mod secrets;
mod shape;
mod snapshots;
