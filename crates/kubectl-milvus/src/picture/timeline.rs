//! What happened when: the report of a run, and what was told while it ran.

use std::{collections::HashMap, time::Duration};

use milvus_aws_core::engine::{Entry, Event, EventKind, Outcome, Report, ResourceId, Stopped};

use crate::{duration_text::length, progress::outcome_text};

/// A run, resource by resource, in the order in which they began.
pub(crate) struct Timeline {
    /// What was done to what: `install demo`.
    pub(super) what: String,
    pub(super) rows: Vec<Row>,
    /// How long the run took.
    pub(super) took: Duration,
    /// The length of the longest path.
    pub(super) longest: Duration,
    stopped: Option<Stopped>,
}

/// What happened to one resource.
pub(super) struct Row {
    pub(super) name: String,
    /// Its class in pictures.
    pub(super) class: &'static str,
    /// How it ended, in words.
    pub(super) outcome: String,
    pub(super) started: Duration,
    pub(super) took: Duration,
    pub(super) on_longest_path: bool,
    /// What it waited for, since when.
    pub(super) waits: Vec<(Duration, String)>,
    pub(super) retries: Vec<Pause>,
}

/// A call failed, and was tried again later.
pub(super) struct Pause {
    pub(super) at: Duration,
    pub(super) after: Duration,
    pub(super) reason: String,
}

impl Timeline {
    /// Of what was begun, and of what could not be. What was not there, or never its turn, is left out.
    pub(crate) fn of(what: &str, report: &Report, events: &[Event]) -> Self {
        let path = report.critical_path();
        let mut rows: Vec<Row> = report
            .entries
            .iter()
            .filter_map(|entry| Row::of(entry, path.resources.contains(&entry.resource)))
            .collect();
        let places: HashMap<String, usize> = (0..)
            .zip(&rows)
            .map(|(place, row)| (row.name.clone(), place))
            .collect();
        for event in events {
            if let Some(place) = places.get(event.resource.as_str()) {
                rows[*place].hear(event);
            }
        }
        rows.sort_by_key(|row| row.started);
        Self {
            what: what.to_owned(),
            rows,
            took: report.took,
            longest: path.total,
            stopped: report.stopped,
        }
    }

    /// The totals: `install demo: 27m40s, 14 created, 3 unchanged; longest path 27m20s`.
    pub(super) fn title(&self) -> String {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for row in &self.rows {
            match counts.iter_mut().find(|(class, _)| *class == row.class) {
                Some((_, count)) => *count += 1,
                None => counts.push((row.class, 1)),
            }
        }
        let counts = counts
            .iter()
            .map(|(class, count)| format!(", {count} {class}"));
        let stopped = match self.stopped {
            None => "",
            Some(Stopped::Cancelled) => ", interrupted",
            Some(Stopped::TimedOut) => ", out of time",
            Some(Stopped::Declined) => ", not agreed to",
            Some(Stopped::Refused) => ", refused",
        };
        format!(
            "{}: {}{}{stopped}; longest path {}",
            self.what,
            length(self.took),
            counts.collect::<String>(),
            length(self.longest)
        )
    }

    /// The end of what is drawn: never zero.
    pub(super) fn end(&self) -> Duration {
        let ends = self.rows.iter().map(Row::end);
        ends.chain([self.took, Duration::from_millis(1)])
            .max()
            .unwrap_or_default()
    }

    /// What did not go well, with why.
    pub(super) fn troubles(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_trouble())
    }
}

impl Row {
    fn of(entry: &Entry, on_longest_path: bool) -> Option<Self> {
        Some(Self {
            name: entry.resource.to_string(),
            class: class(&entry.outcome)?,
            outcome: outcome_text(&entry.outcome)?,
            started: entry.started,
            took: entry.took,
            on_longest_path,
            waits: Vec::new(),
            retries: Vec::new(),
        })
    }

    fn hear(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Progress { reason } => self.waits.push((event.at, reason.clone())),
            EventKind::Retrying { reason, after } => self.retries.push(Pause {
                at: event.at,
                after: *after,
                reason: reason.clone(),
            }),
            EventKind::Started { .. } | EventKind::Finished { .. } => {}
        }
    }

    /// Whether it did not go well.
    pub(super) fn is_trouble(&self) -> bool {
        matches!(self.class, "failed" | "refused" | "interrupted")
    }

    pub(super) fn end(&self) -> Duration {
        self.started + self.took
    }
}

/// The class of an outcome in pictures; none for what was never its turn.
fn class(outcome: &Outcome) -> Option<&'static str> {
    Some(match outcome {
        Outcome::Created => "created",
        Outcome::Updated => "updated",
        Outcome::Unchanged => "unchanged",
        Outcome::Deleted => "deleted",
        Outcome::Retained { .. } => "retained",
        Outcome::Refused { .. } => "refused",
        Outcome::Failed { .. } => "failed",
        Outcome::Skipped { .. } => "skipped",
        Outcome::Interrupted { .. } => "interrupted",
        Outcome::Absent | Outcome::NotStarted => return None,
    })
}

/// The names of a path, where each takes a hundredth of it at least; what is shorter is told as dots.
pub(crate) fn path_text(total: Duration, stations: &[(&ResourceId, Duration)]) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for (id, took) in stations {
        let part = if *took * 100 >= total {
            id.as_str()
        } else {
            "..."
        };
        if part != "..." || parts.last() != Some(&"...") {
            parts.push(part);
        }
    }
    parts.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::golden::{failed_run, guide_run};

    #[test]
    fn the_title_has_the_totals() {
        let (report, events) = guide_run();
        assert_eq!(
            Timeline::of("install demo", &report, &events).title(),
            "install demo: 27m40s, 9 created, 1 unchanged; longest path 27m40s"
        );
        let (report, events) = failed_run();
        assert_eq!(
            Timeline::of("install demo", &report, &events).title(),
            "install demo: 12m00s, 2 created, 1 interrupted, 1 failed, 1 skipped, out of time; longest path 12m00s"
        );
    }

    #[test]
    fn events_find_their_resource() {
        let (report, events) = guide_run();
        let timeline = Timeline::of("install demo", &report, &events);
        let row = |name: &str| timeline.rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(row("secret/AmazonMSK_demo").retries.len(), 2);
        assert_eq!(row("msk-cluster/demo").waits.len(), 2);
        assert!(row("network/demo").retries.is_empty());
    }

    #[test]
    fn short_stations_are_told_as_dots() {
        let ids = ["a", "b", "c", "d"].map(ResourceId::new);
        let seconds = [100, 0, 0, 900].map(Duration::from_secs);
        let stations: Vec<_> = ids.iter().zip(seconds).collect();
        let text = path_text(Duration::from_secs(1000), &stations);
        assert_eq!(text, "a -> ... -> d");
    }
}
