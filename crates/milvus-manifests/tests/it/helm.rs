//! Values of the official chart: read, compared with what the chart makes of them, and written.

mod awkward;
mod facts;
mod field;
mod golden;
mod honoured;
pub(crate) mod keys;
mod operators;
pub(crate) mod release;
mod round_trip;
mod settings;
mod versions;
