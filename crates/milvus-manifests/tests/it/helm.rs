//! Values of the official chart: read, compared with what the chart makes of them, and written.

mod facts;
mod golden;
mod release;
