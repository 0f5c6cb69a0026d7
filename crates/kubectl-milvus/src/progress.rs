//! Shows what goes on: a line per running resource on a terminal, a line per event elsewhere; always on stderr.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use milvus_aws_core::engine::{Event, EventKind, Operation, Outcome};
use owo_colors::OwoColorize;

use crate::{
    printer::Printer,
    waits::{Reminder, Waits},
};

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// Listens to the events of one run.
pub(crate) struct Progress {
    printer: Printer,
    screen: Screen,
    /// How many resources were as wanted and needed no wait.
    unchanged: AtomicUsize,
}

enum Screen {
    /// Somebody watches: what runs is drawn.
    Terminal(Terminal),
    /// Lines are kept. What says nothing for long is told again.
    Lines {
        waits: Arc<Mutex<Waits>>,
        _reminder: Reminder,
    },
}

struct Terminal {
    bars: MultiProgress,
    running: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Progress {
    /// Draws spinners when stderr is a terminal, writes lines otherwise.
    pub(crate) fn new(printer: Printer) -> Self {
        let screen = if printer.is_interactive() {
            Screen::Terminal(Terminal {
                bars: MultiProgress::new(),
                running: Mutex::default(),
            })
        } else {
            let waits = Arc::default();
            Screen::Lines {
                _reminder: Reminder::start(&waits, move |line| printer.tell(line)),
                waits,
            }
        };
        Self {
            printer,
            screen,
            unchanged: AtomicUsize::new(0),
        }
    }

    /// Takes note of an event of the engine.
    pub(crate) fn engine_event(&self, event: &Event) {
        let name = event.resource.as_str();
        match &event.kind {
            EventKind::Started { operation, .. } => self.start(name, verb(*operation)),
            EventKind::Progress { reason } => self.update(name, reason),
            EventKind::Retrying { reason, .. } => {
                self.update(name, &format!("trying again: {reason}"));
            }
            // What was waited for has a line of its own.
            EventKind::Finished {
                outcome: Outcome::Unchanged,
            } if !self.is_running(name) => {
                self.unchanged.fetch_add(1, Ordering::Relaxed);
            }
            EventKind::Finished { outcome } => {
                if let Some(text) = outcome_text(outcome) {
                    self.finish(name, is_good(outcome), &text, event.at);
                }
            }
        }
    }

    /// The run has reached its end: what was as wanted is told in one line.
    pub(crate) fn end(&self) {
        let unchanged = self.unchanged.swap(0, Ordering::Relaxed);
        if unchanged > 0 {
            self.write(&format!("{} {unchanged} unchanged", "✓".green()));
        }
    }

    fn is_running(&self, name: &str) -> bool {
        match &self.screen {
            Screen::Terminal(terminal) => {
                let running = terminal.running.lock();
                running.is_ok_and(|running| running.contains_key(name))
            }
            Screen::Lines { waits, .. } => waits.lock().is_ok_and(|waits| waits.holds(name)),
        }
    }

    /// Something begins.
    pub(crate) fn start(&self, name: &str, doing: &str) {
        let terminal = match &self.screen {
            Screen::Terminal(terminal) => terminal,
            Screen::Lines { waits, .. } => {
                if let Ok(mut waits) = waits.lock() {
                    waits.say(name, doing, Instant::now());
                }
                return;
            }
        };
        let bar = terminal.bars.add(ProgressBar::new_spinner());
        bar.set_style(spinner_style());
        bar.set_prefix(name.to_owned());
        bar.set_message(doing.to_owned());
        bar.enable_steady_tick(TICK);
        if let Ok(mut running) = terminal.running.lock() {
            running.insert(name.to_owned(), bar);
        }
    }

    /// Something goes on, and says what it waits for.
    pub(crate) fn update(&self, name: &str, reason: &str) {
        match &self.screen {
            Screen::Terminal(terminal) => {
                if let Some(bar) = terminal
                    .running
                    .lock()
                    .ok()
                    .and_then(|bars| bars.get(name).cloned())
                {
                    bar.set_message(reason.to_owned());
                }
            }
            Screen::Lines { waits, .. } => {
                if let Ok(mut waits) = waits.lock() {
                    waits.say(name, reason, Instant::now());
                }
                self.write(&format!("  … {name}: {reason}"));
            }
        }
    }

    /// Something reached its end, `at` after the run began.
    pub(crate) fn finish(&self, name: &str, good: bool, text: &str, at: Duration) {
        self.forget(name);
        let mark = if good {
            "✓".green().to_string()
        } else {
            "✗".red().to_string()
        };
        self.write(&format!(
            "{mark} {name} {text} {}",
            format!("({})", seconds(at)).dimmed()
        ));
    }

    /// Something began, and is of no interest after all.
    pub(crate) fn forget(&self, name: &str) {
        match &self.screen {
            Screen::Terminal(terminal) => {
                let running = terminal.running.lock();
                if let Some(bar) = running.ok().and_then(|mut bars| bars.remove(name)) {
                    bar.finish_and_clear();
                    terminal.bars.remove(&bar);
                }
            }
            Screen::Lines { waits, .. } => {
                if let Ok(mut waits) = waits.lock() {
                    waits.end(name);
                }
            }
        }
    }

    /// Writes a line about the whole run, without breaking what is drawn.
    pub(crate) fn note(&self, line: &str) {
        self.write(line);
    }

    fn write(&self, line: &str) {
        match &self.screen {
            Screen::Terminal(terminal) => terminal.bars.suspend(|| self.printer.tell(line)),
            Screen::Lines { .. } => self.printer.tell(line),
        }
    }
}

fn spinner_style() -> ProgressStyle {
    // The template is a constant that the tests draw; a bad one would fall back to the default.
    ProgressStyle::with_template("{spinner} {prefix} {wide_msg:.dim} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn verb(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "creating",
        Operation::Update => "changing",
        Operation::Wait => "waiting",
        Operation::Delete => "deleting",
    }
}

fn is_good(outcome: &Outcome) -> bool {
    !matches!(
        outcome,
        Outcome::Refused { .. }
            | Outcome::Failed { .. }
            | Outcome::Interrupted { .. }
            | Outcome::Skipped { .. }
    )
}

/// What to say of an end; nothing of what never began.
pub(crate) fn outcome_text(outcome: &Outcome) -> Option<String> {
    Some(match outcome {
        Outcome::Created => "created".to_owned(),
        Outcome::Updated => "changed".to_owned(),
        Outcome::Unchanged => "unchanged".to_owned(),
        Outcome::Deleted => "deleted".to_owned(),
        Outcome::Absent | Outcome::NotStarted => return None,
        Outcome::Retained { because } => format!("kept: {because}"),
        Outcome::Refused { owner } => format!("refused: {owner}"),
        Outcome::Failed { reason } => format!("failed: {reason}"),
        Outcome::Skipped { because } => format!("skipped, because of {because}"),
        Outcome::Interrupted { reason } => format!("interrupted: {reason}"),
    })
}

/// A duration as people read it: `0.3 s`, `75 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(10) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} s", duration.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use milvus_aws_core::engine::Foreign;

    use super::*;

    /// The reason is a clause of its own: nothing is put before it.
    #[test]
    fn stage_fault_15_what_is_refused_reads_as_a_sentence() {
        let refused = |because: &str| {
            let owner = Foreign::from(because);
            outcome_text(&Outcome::Refused { owner }).unwrap()
        };
        assert_eq!(
            refused("it holds vectors of an earlier installation"),
            "refused: it holds vectors of an earlier installation"
        );
        assert_eq!(
            refused("it belongs to the Helm release demo"),
            "refused: it belongs to the Helm release demo"
        );
    }
}
