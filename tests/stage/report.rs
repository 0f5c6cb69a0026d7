//! Progress for people: lines on stderr, so that stdout stays data.

use std::io::Write as _;
use std::time::Duration;

/// Writes one line to stderr; a closed stderr is not worth failing for.
pub fn line(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Seconds with one decimal, as every progress line shows them.
pub fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}
