//! A graph as Graphviz reads it.

use std::fmt::Write as _;

use super::{
    colours::ACTIONS,
    drawing::{Drawing, Node},
};

/// A directed graph; names are quoted strings.
pub(crate) fn dot(drawing: &Drawing<'_>) -> String {
    let mut text = "digraph plan {\n    rankdir=LR;\n    \
        node [shape=box, style=\"rounded,filled\", fontname=\"monospace\"];\n"
        .to_owned();
    for (place, node) in drawing.nodes.iter().enumerate() {
        let _infallible = writeln!(text, "    n{place} [{}];", attributes(node));
    }
    for arrow in &drawing.arrows {
        let width = if arrow.on_longest_path {
            " [penwidth=3]"
        } else {
            ""
        };
        let _infallible = writeln!(text, "    n{} -> n{}{width};", arrow.from, arrow.to);
    }
    text.push_str("}\n");
    text
}

fn attributes(node: &Node<'_>) -> String {
    let colour = ACTIONS.iter().find(|colour| colour.class == node.action);
    let (fill, stroke) = colour.map_or(("#ffffff", "#000000"), |colour| colour.light);
    let width = if node.on_longest_path { 3 } else { 1 };
    let (name, figures) = (escape(node.name), escape(&node.figures()));
    // The class is Graphviz's own way to style its SVG.
    let class = node.action;
    format!(
        "label=\"{name}\\n{figures}\", class=\"{class}\", fillcolor=\"{fill}\", color=\"{stroke}\", penwidth={width}"
    )
}

/// Inside of quotes: a backslash begins an escape, and an ampersand an entity.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '&' => escaped.push_str("&amp;"),
            c if c.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::golden::{awkward_plan, check, guide_plan};

    /// What is outside of quoted strings, as Graphviz reads them.
    fn outside(line: &str) -> String {
        let mut outside = String::new();
        let (mut quoted, mut signs) = (false, line.chars());
        while let Some(c) = signs.next() {
            match c {
                '"' => quoted = !quoted,
                '\\' if quoted => drop(signs.next()),
                c if !quoted => outside.push(c),
                _ => {}
            }
        }
        assert!(!quoted, "{line}");
        outside
    }

    #[test]
    fn a_plan() {
        check("graph.dot", &dot(&Drawing::of(&guide_plan())));
    }

    #[test]
    fn names_stay_inside_of_their_quotes() {
        let text = dot(&Drawing::of(&awkward_plan()));
        check("graph-awkward.dot", &text);
        for line in text.lines().filter(|line| line.contains("label")) {
            let outside = outside(line.trim_start());
            let rest = outside.trim_start_matches(|c: char| c == 'n' || c.is_ascii_digit());
            let rest = rest.trim_end_matches(|c: char| c.is_ascii_digit() || "];".contains(c));
            let expected = " [label=, class=, fillcolor=, color=, penwidth=";
            assert_eq!(rest, expected, "{line}");
        }
    }
}
