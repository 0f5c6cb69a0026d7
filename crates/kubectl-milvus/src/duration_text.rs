//! Durations as people read them.

use std::time::Duration;

/// A length of time, to the second: `0s`, `45s`, `27m40s`, `1h02m05s`.
pub(crate) fn length(duration: Duration) -> String {
    let (hours, minutes, seconds) = parts(duration);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds:02}s"),
        _ => format!("{hours}h{minutes:02}m{seconds:02}s"),
    }
}

/// A point of time since the beginning: `0:00`, `24:58`, `1:02:05`.
pub(crate) fn clock(duration: Duration) -> String {
    let (hours, minutes, seconds) = parts(duration);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Hours, minutes and seconds, rounded to the nearest second.
fn parts(duration: Duration) -> (u64, u64, u64) {
    let seconds = (duration + Duration::from_millis(500)).as_secs();
    (seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long() {
        let both = |millis| {
            let duration = Duration::from_millis(millis);
            (length(duration), clock(duration))
        };
        let texts = |length: &str, clock: &str| (length.to_owned(), clock.to_owned());
        assert_eq!(both(0), texts("0s", "0:00"));
        assert_eq!(both(59_499), texts("59s", "0:59"));
        assert_eq!(both(59_500), texts("1m00s", "1:00"));
        assert_eq!(both(1_660_000), texts("27m40s", "27:40"));
        assert_eq!(both(3_725_000), texts("1h02m05s", "1:02:05"));
    }
}
