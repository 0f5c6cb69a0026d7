//! A graph as Mermaid, which GitHub and many wikis draw.

use std::fmt::Write as _;

use super::{colours::ACTIONS, drawing::Drawing};

/// A flowchart; names are in quotes, and what could end those is escaped.
pub(crate) fn mermaid(drawing: &Drawing<'_>) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (place, node) in drawing.nodes.iter().enumerate() {
        let (name, figures) = (escape(node.name), escape(&node.figures()));
        let _infallible = writeln!(
            text,
            "    n{place}[\"{name}<br>{figures}\"]:::{}",
            node.action
        );
    }
    for arrow in &drawing.arrows {
        let line = if arrow.on_longest_path { "==>" } else { "-->" };
        let _infallible = writeln!(text, "    n{} {line} n{}", arrow.from, arrow.to);
    }
    for colour in &ACTIONS {
        let (fill, stroke) = colour.light;
        let class = colour.class;
        if drawing.nodes.iter().any(|node| node.action == class) {
            let _infallible = writeln!(
                text,
                "    classDef {class} fill:{fill},stroke:{stroke},color:#1f2328"
            );
        }
    }
    let nodes = drawing.nodes.iter().enumerate();
    let longest: Vec<String> = nodes
        .filter(|(_, node)| node.on_longest_path)
        .map(|(place, _)| format!("n{place}"))
        .collect();
    if !longest.is_empty() {
        let _infallible = writeln!(
            text,
            "    classDef longest stroke-width:4px\n    class {} longest",
            longest.join(",")
        );
    }
    text
}

/// Letters and what is harmless stay; anything else becomes the number of its sign, as Mermaid writes it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | ',' | '/' | ':') {
            escaped.push(c);
        } else if c.is_control() {
            escaped.push(char::REPLACEMENT_CHARACTER);
        } else {
            let _infallible = write!(escaped, "#{};", u32::from(c));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::golden::{awkward_plan, check, guide_plan};

    #[test]
    fn a_plan() {
        check("graph.mmd", &mermaid(&Drawing::of(&guide_plan())));
    }

    #[test]
    fn names_stay_inside_of_their_quotes() {
        let text = mermaid(&Drawing::of(&awkward_plan()));
        check("graph-awkward.mmd", &text);
        for line in text.lines().filter(|line| line.contains('[')) {
            assert_eq!(line.matches('"').count(), 2, "{line}");
            let inside = line.split('"').nth(1).unwrap();
            assert_eq!(inside.matches('<').count(), 1, "{line}");
            assert!(
                !inside.contains(['`', '[', ']', '{', '}', '(', '&', '%']),
                "{line}"
            );
        }
        let lines = text.lines().skip(1);
        assert!(lines.into_iter().all(|line| line.starts_with("    ")));
    }
}
