//! A graph as a picture of its own.

use std::fmt::Write as _;

use super::{
    colours::{ACTIONS, style},
    drawing::{Drawing, Node},
    layers::{Layout, Pitch, Place, lay_out},
    svg::{Area, Svg, shortened, text_width},
};

const MARGIN: i64 = 24;
/// Title and legend.
const HEAD: i64 = 84;
const BOX_HEIGHT: i64 = 44;
/// Between two layers: room for the edges to cross.
const GAP: i64 = 72;
const PADDING: i64 = 10;
/// Signs of a name that fit into a box.
const LONGEST_NAME: usize = 44;
const PITCH: Pitch = Pitch {
    node: BOX_HEIGHT + 16,
    bend: 16,
};

const LIGHT: &str = "g rect{stroke-width:1.2}.longest rect{stroke-width:3}\
    .edge,.hot{fill:none;stroke:#818b98;stroke-width:1.2}.hot{stroke:#bc4c00;stroke-width:3}\
    .tip{fill:#818b98}.hottip{fill:#bc4c00}.name{font-weight:600}";
const DARK: &str =
    ".edge{stroke:#6e7681}.hot{stroke:#f0883e}.tip{fill:#6e7681}.hottip{fill:#f0883e}";

/// The columns of a picture: where each begins, and how wide its boxes are.
struct Columns(Vec<(i64, i64)>);

/// The graph in layers, from what needs nothing to what nothing needs.
pub(crate) fn graph_svg(drawing: &Drawing<'_>) -> Svg {
    let edges: Vec<(usize, usize)> = drawing
        .arrows
        .iter()
        .map(|arrow| (arrow.from, arrow.to))
        .collect();
    let layout = lay_out(drawing.nodes.len(), &edges, PITCH);
    let columns = Columns::of(drawing, &layout);
    let title = drawing.title();
    let width = columns
        .width()
        .max(text_width(&title) * 15 / 12 + 2 * MARGIN)
        .max(legend_width(drawing) + 2 * MARGIN);
    let height = HEAD + layout.height + MARGIN;
    let mut svg = Svg::new(&title, width, height, style(&ACTIONS, LIGHT, DARK));
    svg.element(format_args!("<defs>"));
    for (id, class) in [("tip", "tip"), ("hottip", "hottip")] {
        svg.element(format_args!(
            "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
             markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"{class}\" d=\"M0 0L8 4L0 8z\"/></marker>"
        ));
    }
    svg.element(format_args!("</defs>"));
    svg.text("title", (MARGIN, MARGIN + 8), &title);
    draw_legend(&mut svg, drawing);
    // The longest path lies on top.
    for hot in [false, true] {
        for (arrow, bends) in drawing.arrows.iter().zip(&layout.bends) {
            if arrow.on_longest_path == hot {
                let ends = (layout.nodes[arrow.from], layout.nodes[arrow.to]);
                let (class, tip) = if hot {
                    ("hot", "hottip")
                } else {
                    ("edge", "tip")
                };
                let data = columns.edge(ends, bends);
                svg.element(format_args!(
                    "<path class=\"{class}\" d=\"{data}\" marker-end=\"url(#{tip})\"/>"
                ));
            }
        }
    }
    for (node, place) in drawing.nodes.iter().zip(&layout.nodes) {
        draw_node(&mut svg, node, columns.0[place.layer], place.y);
    }
    svg
}

fn draw_node(svg: &mut Svg, node: &Node<'_>, (x, width): (i64, i64), middle: i64) {
    let y = HEAD + middle - BOX_HEIGHT / 2;
    let class = if node.on_longest_path {
        format!("{} longest", node.action)
    } else {
        node.action.to_owned()
    };
    let figures = node.figures();
    svg.open(
        &class,
        &format!("{}\n{}: {figures}", node.name, node.action),
    );
    let area = Area {
        x,
        y,
        width,
        height: BOX_HEIGHT,
    };
    svg.rect("box", area, "");
    svg.text(
        "name",
        (x + PADDING, y + 18),
        &shortened(node.name, LONGEST_NAME),
    );
    svg.text("faint", (x + PADDING, y + 35), &figures);
    svg.close();
}

/// What the colours mean, of those that are there.
fn legend(drawing: &Drawing<'_>) -> Vec<&'static str> {
    let there = |class: &&str| drawing.nodes.iter().any(|node| node.action == *class);
    let actions = ACTIONS.iter().map(|colour| colour.class);
    actions.filter(there).collect()
}

fn legend_width(drawing: &Drawing<'_>) -> i64 {
    let entries = legend(drawing).into_iter().chain(["longest path"]);
    entries.map(|entry| text_width(entry) + 48).sum()
}

fn draw_legend(svg: &mut Svg, drawing: &Drawing<'_>) {
    let mut x = MARGIN;
    let y = MARGIN + 24;
    for class in legend(drawing) {
        svg.open(class, "");
        let area = Area {
            x,
            y,
            width: 18,
            height: 12,
        };
        svg.rect("box", area, "");
        svg.text("faint", (x + 26, y + 11), class);
        svg.close();
        x += text_width(class) + 48;
    }
    if drawing.nodes.iter().any(|node| node.on_longest_path) {
        svg.path("hot", &format!("M{x} {}h18", y + 6));
        svg.text("faint", (x + 26, y + 11), "longest path");
    }
}

impl Columns {
    fn of(drawing: &Drawing<'_>, layout: &Layout) -> Self {
        let mut widths = vec![0; layout.layers];
        for (node, place) in drawing.nodes.iter().zip(&layout.nodes) {
            let name = text_width(&shortened(node.name, LONGEST_NAME));
            let width = name.max(text_width(&node.figures())) + 2 * PADDING;
            widths[place.layer] = width.max(widths[place.layer]);
        }
        let mut x = MARGIN;
        let columns = widths.into_iter().map(|width| {
            let column = (x, width);
            x += width + GAP;
            column
        });
        Self(columns.collect())
    }

    fn width(&self) -> i64 {
        let last = self.0.last();
        last.map_or(MARGIN, |(x, width)| x + width) + MARGIN
    }

    /// From the right of a box through its bends to the left of another one.
    fn edge(&self, (from, to): (Place, Place), bends: &[Place]) -> String {
        let (left, width) = self.0[from.layer];
        let mut at = (left + width, HEAD + from.y);
        let mut data = format!("M{} {}", at.0, at.1);
        for bend in bends.iter().chain([&to]) {
            let (left, width) = self.0[bend.layer];
            let y = HEAD + bend.y;
            let middle = i64::midpoint(at.0, left);
            let _infallible = write!(data, "C{middle} {} {middle} {y} {left} {y}", at.1);
            at = (left, y);
            if bend.layer != to.layer {
                let _infallible = write!(data, "h{width}");
                at.0 += width;
            }
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::golden::{awkward_plan, check, guide_plan, well_formed};

    fn picture(plan: &milvus_aws_core::engine::Plan) -> String {
        graph_svg(&Drawing::of(plan)).to_string()
    }

    #[test]
    fn a_plan() {
        let svg = picture(&guide_plan());
        well_formed(&svg);
        check("graph.svg", &svg);
    }

    #[test]
    fn names_stay_text() {
        let svg = picture(&awkward_plan());
        let elements = well_formed(&svg);
        check("graph-awkward.svg", &svg);
        assert!(!elements.contains("script"), "{elements:?}");
        assert!(svg.contains("&lt;script&gt;"), "{svg}");
    }

    #[test]
    fn a_plan_of_nothing() {
        let plan = milvus_aws_core::engine::Plan { steps: Vec::new() };
        let svg = picture(&plan);
        well_formed(&svg);
        assert!(svg.contains("0 resources"), "{svg}");
    }

    #[test]
    fn light_and_dark() {
        let svg = picture(&guide_plan());
        assert!(svg.contains("@media (prefers-color-scheme:dark)"));
        // It needs nothing beside it.
        for outer in ["href", "@import", "url(http", "<image", "<script"] {
            assert!(!svg.contains(outer), "{outer}");
        }
    }
}
