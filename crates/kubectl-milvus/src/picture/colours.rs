//! What colour stands for what: text on the fill is readable in both schemes.

use std::fmt::Write as _;

/// One class of a picture.
pub(super) struct Colour {
    /// Its class, which is the action's or outcome's name too.
    pub(super) class: &'static str,
    /// Fill and stroke on light paper.
    pub(super) light: (&'static str, &'static str),
    /// Fill and stroke on dark paper.
    pub(super) dark: (&'static str, &'static str),
}

const GREEN: [(&str, &str); 2] = [("#dafbe1", "#1a7f37"), ("#12361f", "#3fb950")];
const YELLOW: [(&str, &str); 2] = [("#fff8c5", "#9a6700"), ("#3d2e00", "#d29922")];
const GREY: [(&str, &str); 2] = [("#f6f8fa", "#818b98"), ("#1c2128", "#6e7681")];
const RED: [(&str, &str); 2] = [("#ffebe9", "#cf222e"), ("#4b1113", "#f85149")];
const PURPLE: [(&str, &str); 2] = [("#fbefff", "#8250df"), ("#2e1a4a", "#a371f7")];

/// Actions of a plan.
pub(super) const ACTIONS: [Colour; 7] = [
    colour("create", GREEN),
    colour("update", YELLOW),
    colour("keep", GREY),
    colour("delete", PURPLE),
    colour("retain", GREY),
    colour("absent", GREY),
    colour("refuse", RED),
];

/// Outcomes of a run: bars without text on them, in full colour.
pub(super) const OUTCOMES: [Colour; 9] = [
    full("created", GREEN),
    full("updated", YELLOW),
    full("unchanged", GREY),
    full("deleted", PURPLE),
    full("retained", GREY),
    full("skipped", GREY),
    full("refused", RED),
    full("failed", RED),
    full("interrupted", YELLOW),
];

const fn full(class: &'static str, [light, dark]: [(&'static str, &'static str); 2]) -> Colour {
    let (light, dark) = (light.1, dark.1);
    colour(class, [(light, light), (dark, dark)])
}

const fn colour(class: &'static str, [light, dark]: [(&'static str, &'static str); 2]) -> Colour {
    Colour { class, light, dark }
}

/// What every picture has, then each class's colours; the dark scheme overrides at the end.
pub(super) fn style(colours: &[Colour], light: &str, dark: &str) -> String {
    let rules = |pick: fn(&Colour) -> (&'static str, &'static str)| {
        colours.iter().fold(String::new(), |mut rules, colour| {
            let (fill, stroke) = pick(colour);
            let class = colour.class;
            let _infallible = write!(rules, ".{class} rect{{fill:{fill};stroke:{stroke}}}");
            rules
        })
    };
    format!(
        "text{{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328}}\
         .paper{{fill:#ffffff}}.faint{{fill:#59636e}}.title{{font-size:15px;font-weight:600}}\
         {light}{}\
         @media (prefers-color-scheme:dark){{text{{fill:#e6edf3}}.paper{{fill:#0d1117}}.faint{{fill:#9198a1}}{dark}{}}}",
        rules(|colour| colour.light),
        rules(|colour| colour.dark),
    )
}
