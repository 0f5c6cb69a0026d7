//! A run as a page: the picture, and the same as a table.

use std::fmt::Write as _;

use super::{
    svg::escape,
    timeline::{Row, Timeline},
    timeline_svg::timeline_svg,
};
use crate::duration_text::{clock, length};

const STYLE: &str = "body{font:14px system-ui,sans-serif;margin:24px;color:#1f2328;background:#fff}\
    svg{max-width:100%;height:auto}table{border-collapse:collapse;margin-top:24px}\
    th,td{text-align:left;vertical-align:top;padding:4px 12px;border-bottom:1px solid #d1d9e0}\
    td.number{text-align:right;font-variant-numeric:tabular-nums}tr.longest td:first-child{font-weight:600}\
    @media (prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}}";

/// A page that needs nothing beside it.
pub(crate) fn timeline_html(timeline: &Timeline) -> String {
    let title = timeline.title();
    let title = escape(&title);
    let mut rows = String::new();
    for row in &timeline.rows {
        write_row(&mut rows, row);
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{}\
         <table>\n<thead><tr><th>resource</th><th>outcome</th><th>began</th><th>took</th>\
         <th>tried again</th><th>waited for</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</body>\n</html>\n",
        timeline_svg(timeline)
    )
}

fn write_row(text: &mut String, row: &Row) {
    let class = if row.on_longest_path { "longest" } else { "" };
    let retries = row
        .retries
        .iter()
        .map(|pause| (pause.at, pause.reason.as_str()));
    let waits = row.waits.iter().map(|(at, reason)| (*at, reason.as_str()));
    let _infallible = writeln!(
        text,
        "<tr class=\"{class}\"><td>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
         <td>{}</td><td>{}</td></tr>",
        escape(&row.name),
        escape(&row.outcome),
        clock(row.started),
        length(row.took),
        lines(retries),
        lines(waits),
    );
}

fn lines<'a>(moments: impl Iterator<Item = (std::time::Duration, &'a str)>) -> String {
    let lines = moments.map(|(at, text)| format!("{} {}", clock(at), escape(text)));
    lines.collect::<Vec<_>>().join("<br/>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::golden::{awkward_run, check, guide_run, well_formed};

    #[test]
    fn a_run() {
        let (report, events) = guide_run();
        let page = timeline_html(&Timeline::of("install demo", &report, &events));
        well_formed(page.strip_prefix("<!doctype html>\n").unwrap());
        assert_eq!(page.matches("<tr class").count(), 10);
        check("timeline.html", &page);
    }

    #[test]
    fn names_and_reasons_stay_text() {
        let (report, events) = awkward_run();
        let page = timeline_html(&Timeline::of("install <b>", &report, &events));
        let elements = well_formed(page.strip_prefix("<!doctype html>\n").unwrap());
        assert!(
            !elements.contains("script") && !elements.contains("b"),
            "{elements:?}"
        );
    }
}
