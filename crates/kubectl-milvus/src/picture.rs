//! Pictures of plans and runs. Pure functions: the same input gives the same bytes, and whatever a user named is escaped.

mod colours;
mod dot;
mod drawing;
#[cfg(test)]
mod golden;
mod graph_svg;
mod layers;
mod mermaid;
mod svg;
mod timeline;
mod timeline_html;
mod timeline_svg;
mod timeline_text;

pub(crate) use dot::dot;
pub(crate) use drawing::Drawing;
#[cfg(test)]
pub(crate) use golden::{check as check_golden, guide_plan};
pub(crate) use graph_svg::graph_svg;
pub(crate) use mermaid::mermaid;
pub(crate) use timeline::{Timeline, path_text};
pub(crate) use timeline_html::timeline_html;
pub(crate) use timeline_svg::timeline_svg;
pub(crate) use timeline_text::{Terminal, timeline_text};
