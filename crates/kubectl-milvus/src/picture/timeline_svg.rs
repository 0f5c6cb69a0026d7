//! A run as a picture: one bar a resource, over time.

use std::time::Duration;

use super::{
    colours::{OUTCOMES, style},
    svg::{Area, Svg, shortened, text_width},
    timeline::{Row, Timeline},
};
use crate::duration_text::{clock, length};

const MARGIN: i64 = 24;
/// Title, legend and the numbers of the axis.
const HEAD: i64 = 104;
const ROW: i64 = 22;
const BAR: i64 = 14;
/// The width of the whole axis.
const AXIS: i64 = 860;
/// Right of the axis: the last bar's length.
const TAIL: i64 = 80;
/// Signs of a name beside its bar, and of a sentence under the picture.
const LONGEST_NAME: usize = 40;
const LONGEST_SENTENCE: usize = 150;
/// Distances of the axis's lines, in seconds: the first that gives few enough is taken.
const STEPS: [u64; 13] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const MOST_LINES: u64 = 12;

// The groups' own rules are less specific than those with `g`.
const LIGHT: &str = "g rect.wait{fill-opacity:.3}g rect.pause{fill:#f2cc60;stroke:none}\
    .grid{stroke:#d1d9e0;fill:none}.hot{stroke:#bc4c00;stroke-width:2;fill:none}\
    g.longest rect.bar{stroke:#bc4c00;stroke-width:2}.longest .name{font-weight:600}\
    .cross{stroke:#cf222e;stroke-width:1.5;fill:none}\
    .took{fill:#59636e;stroke:#ffffff;stroke-width:4;paint-order:stroke}";
const DARK: &str = ".grid{stroke:#30363d}.hot{stroke:#f0883e}g.longest rect.bar{stroke:#f0883e}\
    .cross{stroke:#ff7b72}g rect.pause{fill:#9e6a03}.took{fill:#9198a1;stroke:#0d1117}";

/// Where moments lie on the axis.
struct Scale {
    left: i64,
    end: Duration,
}

/// The run, from its beginning to its end; also one that did not go well.
pub(crate) fn timeline_svg(timeline: &Timeline) -> Svg {
    let names = timeline
        .rows
        .iter()
        .map(|row| shortened(&row.name, LONGEST_NAME));
    let left = MARGIN + names.map(|name| text_width(&name)).max().unwrap_or(0) + 12;
    let scale = Scale {
        left,
        end: timeline.end(),
    };
    let title = timeline.title();
    let troubles: Vec<String> = timeline.troubles().map(trouble).collect();
    let rows = i64::try_from(timeline.rows.len()).unwrap_or(i64::MAX / ROW);
    let below = i64::try_from(troubles.len()).unwrap_or(0) * 18;
    let height = HEAD + rows * ROW + MARGIN + below;
    let width = (left + AXIS + TAIL)
        .max(text_width(&title) * 15 / 12 + 2 * MARGIN)
        .max(
            troubles
                .iter()
                .map(|text| text_width(text))
                .max()
                .unwrap_or(0)
                + 2 * MARGIN,
        );
    let mut svg = Svg::new(&title, width, height, style(&OUTCOMES, LIGHT, DARK));
    svg.text("title", (MARGIN, MARGIN + 8), &title);
    draw_legend(&mut svg);
    draw_axis(&mut svg, &scale, HEAD + rows * ROW);
    draw_longest_path(&mut svg, timeline, &scale);
    for (row, y) in timeline.rows.iter().zip((HEAD..).step_by(22)) {
        draw_row(&mut svg, row, &scale, y);
    }
    for (text, y) in troubles.iter().zip((HEAD + rows * ROW + 20..).step_by(18)) {
        svg.text("faint", (MARGIN, y), text);
    }
    svg
}

fn draw_legend(svg: &mut Svg) {
    let y = MARGIN + 28;
    let mut x = MARGIN;
    let entries = [
        ("bar", "at work"),
        ("bar wait", "waiting"),
        ("pause", "pause before trying again"),
    ];
    svg.open("created", "");
    for (class, text) in entries {
        let area = Area {
            x,
            y,
            width: 18,
            height: 12,
        };
        svg.rect(class, area, "");
        svg.text("faint", (x + 26, y + 11), text);
        x += text_width(text) + 48;
    }
    svg.close();
    svg.path("cross", &cross(x + 9, y + 6));
    svg.text("faint", (x + 26, y + 11), "a call failed");
    x += text_width("a call failed") + 48;
    svg.path("hot", &format!("M{x} {}h18", y + 6));
    svg.text("faint", (x + 26, y + 11), "longest path");
}

fn draw_axis(svg: &mut Svg, scale: &Scale, bottom: i64) {
    let end = scale.end.as_secs();
    let step = STEPS.into_iter().find(|step| end / step <= MOST_LINES);
    let step = step.unwrap_or(end / MOST_LINES);
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    for second in (0..=end).step_by(step) {
        let moment = Duration::from_secs(second);
        let x = scale.x(moment);
        svg.path("grid", &format!("M{x} {}V{bottom}", HEAD - 8));
        svg.text("faint", (x - 12, HEAD - 14), &clock(moment));
    }
}

fn draw_row(svg: &mut Svg, row: &Row, scale: &Scale, y: i64) {
    let class = if row.on_longest_path {
        format!("{} longest", row.class)
    } else {
        row.class.to_owned()
    };
    let (from, to) = (clock(row.started), clock(row.end()));
    svg.open(
        &class,
        &format!("{}\n{}, {from} to {to}", row.name, row.outcome),
    );
    svg.text(
        "name",
        (MARGIN, y + 15),
        &shortened(&row.name, LONGEST_NAME),
    );
    let bar = scale.bar(row.started, row.end(), y);
    let begun_to_wait = row.waits.first().map_or(row.end(), |(at, _)| *at);
    svg.rect("bar wait", bar, &waits(row));
    let worked = scale.bar(row.started, begun_to_wait.clamp(row.started, row.end()), y);
    svg.rect("work", worked, "");
    for pause in &row.retries {
        let until = (pause.at + pause.after).min(row.end()).max(pause.at);
        let tooltip = format!("{}: {}", clock(pause.at), pause.reason);
        svg.rect("pause", scale.bar(pause.at, until, y), &tooltip);
        svg.path("cross", &cross(scale.x(pause.at), y + 4 + BAR / 2));
    }
    let note = if row.class == "skipped" || row.class == "retained" {
        row.class.to_owned()
    } else {
        length(row.took)
    };
    svg.text("took", (bar.x + bar.width + 8, y + 15), &note);
    svg.close();
}

/// What it waited for, line by line.
fn waits(row: &Row) -> String {
    let waits = row.waits.iter();
    let lines: Vec<String> = waits
        .map(|(at, reason)| format!("{}: {reason}", clock(*at)))
        .collect();
    lines.join("\n")
}

/// From the end of each bar on the longest path to the beginning of the next one.
fn draw_longest_path(svg: &mut Svg, timeline: &Timeline, scale: &Scale) {
    let rows = (HEAD..).step_by(22).zip(&timeline.rows);
    let hot: Vec<_> = rows.filter(|(_, row)| row.on_longest_path).collect();
    for pair in hot.windows(2) {
        let [(above, before), (below, after)] = pair else {
            continue;
        };
        let (x, until) = (scale.x(before.end()), scale.x(after.started));
        let (top, bottom) = (above + 4 + BAR, below + 4 + BAR / 2);
        svg.path("hot", &format!("M{x} {top}V{bottom}H{until}"));
    }
}

fn trouble(row: &Row) -> String {
    shortened(&format!("{} {}", row.name, row.outcome), LONGEST_SENTENCE).into_owned()
}

fn cross(x: i64, y: i64) -> String {
    format!("M{} {}l6 6m0-6l-6 6", x - 3, y - 3)
}

impl Scale {
    fn x(&self, moment: Duration) -> i64 {
        let axis = u128::from(AXIS.unsigned_abs());
        let x = moment.min(self.end).as_millis() * axis / self.end.as_millis().max(1);
        self.left + i64::try_from(x).unwrap_or(AXIS)
    }

    /// A bar in the row at that height; what took no time is a line.
    fn bar(&self, from: Duration, to: Duration, y: i64) -> Area {
        let x = self.x(from);
        Area {
            x,
            y: y + 4,
            width: (self.x(to) - x).max(1),
            height: BAR,
        }
    }
}

#[cfg(test)]
mod tests {
    use milvus_aws_core::engine::Report;

    use super::*;
    use crate::picture::golden::{awkward_run, check, failed_run, guide_run, well_formed};

    #[test]
    fn a_run() {
        let (report, events) = guide_run();
        let svg = timeline_svg(&Timeline::of("install demo", &report, &events)).to_string();
        well_formed(&svg);
        check("timeline.svg", &svg);
    }

    #[test]
    fn a_run_that_failed() {
        let (report, events) = failed_run();
        let svg = timeline_svg(&Timeline::of("install demo", &report, &events)).to_string();
        well_formed(&svg);
        assert!(svg.contains("no capacity for m6i.2xlarge"), "{svg}");
        check("timeline-failed.svg", &svg);
    }

    #[test]
    fn names_and_reasons_stay_text() {
        let (report, events) = awkward_run();
        let svg = timeline_svg(&Timeline::of("install <b>", &report, &events)).to_string();
        let elements = well_formed(&svg);
        assert!(
            !elements.contains("script") && !elements.contains("b"),
            "{elements:?}"
        );
        assert!(svg.contains("&lt;script&gt;"), "{svg}");
    }

    #[test]
    fn a_run_of_nothing() {
        let report = Report {
            entries: Vec::new(),
            stopped: None,
            took: Duration::ZERO,
            outputs: milvus_aws_core::engine::Outputs::default(),
        };
        well_formed(&timeline_svg(&Timeline::of("uninstall demo", &report, &[])).to_string());
    }

    #[test]
    fn moments_lie_where_they_belong() {
        let scale = Scale {
            left: 100,
            end: Duration::from_mins(20),
        };
        let x = |minutes| scale.x(Duration::from_mins(minutes));
        assert_eq!([x(0), x(5), x(20), x(40)], [100, 315, 960, 960]);
        let width = |from, to| {
            let bar = scale.bar(Duration::from_mins(from), Duration::from_mins(to), 0);
            bar.width
        };
        assert_eq!((width(5, 10), width(5, 5)), (215, 1));
    }

    #[test]
    fn the_axis_has_few_lines_whatever_the_length() {
        for seconds in [0, 1, 59, 60, 754, 1660, 86_400, 10_000_000] {
            let mut svg = Svg::new("", 1, 1, String::new());
            let scale = Scale {
                left: 0,
                end: Duration::from_secs(seconds).max(Duration::from_millis(1)),
            };
            draw_axis(&mut svg, &scale, 0);
            let lines = svg.to_string().matches("class=\"grid\"").count();
            assert!((1..=14).contains(&lines), "{seconds} s: {lines}");
        }
    }
}
