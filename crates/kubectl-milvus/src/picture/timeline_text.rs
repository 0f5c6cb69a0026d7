//! A run as a few lines of text, for the end of a run on a terminal.

use std::{fmt::Write as _, time::Duration};

use super::{
    svg::shortened,
    timeline::{Row, Timeline},
};
use crate::duration_text::{clock, length};

/// What is faster than this is no news.
const NEWS: Duration = Duration::from_secs(30);
/// Lines at most: of more, the longest.
const MOST_LINES: usize = 16;
/// Columns of the longest bar, at most and at least.
const BAR: std::ops::RangeInclusive<usize> = 10..=40;
/// Columns of two moments and the spaces around them.
const MOMENTS: usize = 20;

/// What the text is to fit to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) columns: usize,
    /// Whether it shows more than ASCII.
    pub(crate) unicode: bool,
}

impl Terminal {
    /// The one behind stderr; 100 columns of plain ASCII where nobody watches.
    pub(crate) fn of_stderr() -> Self {
        let terminal = console::Term::stderr();
        let columns = terminal.size_checked().map_or(100, |(_, columns)| columns);
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"];
        // The first that is set and not empty decides, as everywhere.
        let locale = locale.iter().filter_map(|name| std::env::var(name).ok());
        let locale = locale.into_iter().find(|value| !value.is_empty());
        let is_utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        Self {
            columns: columns.into(),
            unicode: terminal.is_term() && is_utf8,
        }
    }
}

/// The signs that bars are made of.
struct Signs {
    bar: &'static str,
    end: &'static str,
    longest: &'static str,
    trouble: &'static str,
    cut: &'static str,
}

const UNICODE: Signs = Signs {
    bar: "━",
    end: "╸",
    longest: "  ← longest path",
    trouble: "✗",
    cut: "…",
};
const ASCII: Signs = Signs {
    bar: "=",
    end: ">",
    longest: "  <- longest path",
    trouble: "x",
    cut: "~",
};

/// A line for each resource that took its time; nothing where none did.
pub(crate) fn timeline_text(timeline: &Timeline, terminal: Terminal) -> String {
    let Some(longest) = timeline.rows.iter().map(|row| row.took).max() else {
        return String::new();
    };
    if longest < NEWS {
        return String::new();
    }
    let mut slow: Vec<(usize, &Row)> = timeline.rows.iter().enumerate().collect();
    slow.retain(|(_, row)| row.took >= Duration::from_secs(1));
    slow.sort_by_key(|(_, row)| std::cmp::Reverse(row.took));
    slow.truncate(MOST_LINES);
    slow.sort_by_key(|(place, _)| *place);
    let signs = if terminal.unicode { UNICODE } else { ASCII };
    let after_bar = slow
        .iter()
        .map(|(_, row)| row.name.chars().count() + mark(row, &signs).chars().count());
    let bar = terminal
        .columns
        .saturating_sub(MOMENTS + after_bar.max().unwrap_or(0));
    let bar = bar.clamp(*BAR.start(), *BAR.end());
    let mut text = String::new();
    for (_, row) in &slow {
        write_line(&mut text, row, timeline.end(), bar, terminal, &signs);
    }
    let others = timeline.rows.len() - slow.len();
    if others > 0 {
        let shown = slow.iter().map(|(_, row)| row.took).min();
        let at_most = length(shown.unwrap_or_default());
        let _infallible = writeln!(
            text,
            "  and {others} more, none of them longer than {at_most}"
        );
    }
    text
}

fn write_line(
    text: &mut String,
    row: &Row,
    end: Duration,
    columns: usize,
    terminal: Terminal,
    signs: &Signs,
) {
    let at = |moment: Duration| column(moment, end, columns);
    let from = at(row.started).min(columns - 1);
    let length = at(row.end()).saturating_sub(from).max(1);
    let bar = signs.bar.repeat(length - 1) + signs.end;
    let mark = mark(row, signs);
    let room = terminal
        .columns
        .saturating_sub(MOMENTS + columns + mark.chars().count());
    let name = shortened(&row.name, room.max(12)).replace('…', signs.cut);
    let name = name.replace(char::is_control, "?");
    let _infallible = writeln!(
        text,
        "{:>8} {:from$}{bar}{:rest$} {:>7}  {name}{mark}",
        clock(row.started),
        "",
        "",
        clock(row.end()),
        rest = columns - from - length,
    );
}

/// What is said behind a name.
fn mark(row: &Row, signs: &Signs) -> String {
    let longest = if row.on_longest_path {
        signs.longest
    } else {
        ""
    };
    if row.is_trouble() {
        format!("  {} {}{longest}", signs.trouble, row.class)
    } else {
        longest.to_owned()
    }
}

fn column(moment: Duration, end: Duration, columns: usize) -> usize {
    let exact = moment.min(end).as_millis() * columns as u128 / end.as_millis().max(1);
    usize::try_from(exact).unwrap_or(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::golden::{awkward_run, check, failed_run, guide_run};

    fn text(
        (report, events): (
            milvus_aws_core::engine::Report,
            Vec<milvus_aws_core::engine::Event>,
        ),
        columns: usize,
        unicode: bool,
    ) -> String {
        let timeline = Timeline::of("install demo", &report, &events);
        timeline_text(&timeline, Terminal { columns, unicode })
    }

    #[test]
    fn on_a_terminal() {
        check("timeline.txt", &text(guide_run(), 100, true));
    }

    #[test]
    fn plain() {
        let text = text(failed_run(), 100, false);
        assert!(text.is_ascii(), "{text}");
        check("timeline-failed.txt", &text);
    }

    #[test]
    fn it_fits() {
        for columns in [72, 80, 100, 200] {
            for unicode in [false, true] {
                let text = text(guide_run(), columns, unicode);
                let longest = text.lines().map(console::measure_text_width).max().unwrap();
                assert!(longest <= columns, "{columns}:\n{text}");
            }
        }
        // Where nothing fits, it is written nevertheless.
        assert_eq!(text(guide_run(), 0, true).lines().count(), 10);
    }

    #[test]
    fn what_was_fast_is_no_news() {
        let (mut report, events) = guide_run();
        for entry in &mut report.entries {
            entry.took = entry.took.min(Duration::from_millis(29_999));
        }
        assert_eq!(text((report, events), 100, true), "");
    }

    #[test]
    fn a_name_cannot_break_a_line() {
        let text = text(awkward_run(), 100, true);
        assert!(!text.contains('\x1b'), "{text:?}");
        assert!(text.lines().all(|line| line.starts_with("  ")), "{text}");
    }
}
