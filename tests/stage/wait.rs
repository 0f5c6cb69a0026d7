//! Waiting for a condition with a deadline: polls fast at first, slower later, never forever.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};

const FIRST: Duration = Duration::from_millis(20);
/// A packet that is dropped today may be answered once the network is set up.
const ATTEMPT: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_millis(500);

/// What one look at a condition found.
#[derive(Debug)]
pub enum Look<T> {
    /// It holds; this is what it gave.
    Done(T),
    /// Not yet, and why: the text is shown if the deadline passes.
    NotYet(String),
}

/// Looks until `look` is done, fails, or `limit` has passed; the last reason is part of the error.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Result<Look<T>>,
) -> Result<T> {
    let start = Instant::now();
    let mut pause = FIRST;
    loop {
        let reason = match look().with_context(|| format!("waiting for {what}"))? {
            Look::Done(value) => return Ok(value),
            Look::NotYet(reason) => reason,
        };
        if start.elapsed() >= limit {
            return Err(anyhow!(
                "{what}: not there after {} s: {reason}",
                limit.as_secs()
            ));
        }
        std::thread::sleep(pause.min(limit.saturating_sub(start.elapsed())));
        pause = (pause * 3 / 2).min(LONGEST);
    }
}

/// Waits until something accepts TCP connections at `address`, which is `ip:port`.
pub fn tcp(what: &str, address: &str, limit: Duration) -> Result<()> {
    let socket: SocketAddr = address
        .parse()
        .with_context(|| format!("{address} is no address"))?;
    until(what, limit, || {
        Ok(match TcpStream::connect_timeout(&socket, ATTEMPT) {
            Ok(_) => Look::Done(()),
            Err(error) => Look::NotYet(format!("connecting to {address}: {error}")),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_what_was_found() {
        let mut left = 3;
        let found = until("a number", Duration::from_secs(10), || {
            left -= 1;
            Ok(if left == 0 {
                Look::Done(7)
            } else {
                Look::NotYet("too early".to_owned())
            })
        });
        assert_eq!(found.unwrap(), 7);
    }

    #[test]
    fn the_deadline_tells_the_last_reason() {
        let found: Result<()> = until("a miracle", Duration::from_millis(50), || {
            Ok(Look::NotYet("still rain".to_owned()))
        });
        let error = found.unwrap_err().to_string();
        assert!(
            error.contains("a miracle") && error.contains("still rain"),
            "{error}"
        );
    }

    #[test]
    fn a_failure_ends_it_at_once() {
        let found: Result<()> = until("a thing", Duration::from_hours(1), || {
            Err(anyhow!("broken"))
        });
        assert!(format!("{:#}", found.unwrap_err()).contains("waiting for a thing: broken"));
    }
}
