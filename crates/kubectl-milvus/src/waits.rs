//! What is being waited for, told again where it says nothing for long.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use crate::progress::seconds;

/// How long a wait may be silent.
const SILENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether one is.
const TICK: Duration = Duration::from_secs(1);

/// What runs, and what it said last.
#[derive(Debug, Default)]
pub(crate) struct Waits(BTreeMap<String, Wait>);

#[derive(Debug)]
struct Wait {
    said: String,
    since: Instant,
    told: Instant,
}

impl Waits {
    /// Something begins, or says something new.
    pub(crate) fn say(&mut self, name: &str, said: &str, now: Instant) {
        let wait = self.0.entry(name.to_owned()).or_insert_with(|| Wait {
            said: String::new(),
            since: now,
            told: now,
        });
        said.clone_into(&mut wait.said);
        wait.told = now;
    }

    /// It has ended.
    pub(crate) fn end(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whether it runs.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A line for each wait that has been silent for too long. The longer it lasts, the rarer it is told.
    fn due(&mut self, now: Instant) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, wait) in &mut self.0 {
            let lasts = now.saturating_duration_since(wait.since);
            let silent = now.saturating_duration_since(wait.told);
            if silent < SILENCE.max(lasts / 3) {
                continue;
            }
            wait.told = now;
            let said = match wait.said.as_str() {
                "" => String::new(),
                said => format!(": {said}"),
            };
            lines.push(format!("  … {name}{said} (for {} now)", seconds(lasts)));
        }
        lines
    }
}

/// Tells what is due, until it is dropped. Real time counts, whatever the run's clock says: a person waits.
pub(crate) struct Reminder {
    _alive: mpsc::Sender<()>,
}

impl Reminder {
    /// Begins.
    pub(crate) fn start(waits: &Arc<Mutex<Waits>>, tell: impl Fn(&str) + Send + 'static) -> Self {
        let (alive, ended) = mpsc::channel();
        let waits = Arc::clone(waits);
        thread::spawn(move || {
            while ended.recv_timeout(TICK) == Err(mpsc::RecvTimeoutError::Timeout) {
                let due = waits.lock().map(|mut waits| waits.due(Instant::now()));
                for line in due.unwrap_or_default() {
                    tell(&line);
                }
            }
        });
        Self { _alive: alive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_fault_16_a_silent_wait_is_told_again_with_its_reason_and_its_age() {
        let began = Instant::now();
        let at = |seconds| began + Duration::from_secs(seconds);
        let mut waits = Waits::default();
        waits.say("deployment/demo", "changing", at(0));
        let reason = "pod demo-1, container proxy: CreateContainerConfigError, couldn't find key password in Secret demo-kafka";
        waits.say("deployment/demo", reason, at(5));
        assert_eq!(waits.due(at(24)), Vec::<String>::new());
        let line = format!("  … deployment/demo: {reason} (for 25 s now)");
        assert_eq!(waits.due(at(25)), [line]);
        assert_eq!(waits.due(at(26)), Vec::<String>::new(), "told a moment ago");
        // In three minutes some lines, and not one every second.
        let later = (27..=180).filter(|second| !waits.due(at(*second)).is_empty());
        assert!((3..=6).contains(&later.count()));
        waits.end("deployment/demo");
        assert_eq!(waits.due(at(1000)), Vec::<String>::new());
    }

    #[test]
    fn stage_fault_16_a_step_without_a_reason_is_told_too() {
        let began = Instant::now();
        let mut waits = Waits::default();
        waits.say("rows are loaded", "", began);
        let due = waits.due(began + Duration::from_secs(30));
        assert_eq!(due, ["  … rows are loaded (for 30 s now)"]);
    }

    #[test]
    fn a_reminder_tells_until_it_is_dropped() {
        let waits = Arc::new(Mutex::new(Waits::default()));
        let long_ago = Instant::now().checked_sub(Duration::from_mins(1)).unwrap();
        waits
            .lock()
            .unwrap()
            .say("deployment/demo", "waiting", long_ago);
        let (told, lines) = mpsc::channel();
        let reminder = Reminder::start(&waits, move |line| drop(told.send(line.to_owned())));
        let line = lines.recv_timeout(TICK * 10).unwrap();
        assert!(line.contains("deployment/demo: waiting"), "{line}");
        drop(reminder);
        // The thread lets go of the other end.
        assert_eq!(
            lines.recv_timeout(TICK * 10),
            Err(mpsc::RecvTimeoutError::Disconnected)
        );
    }
}
