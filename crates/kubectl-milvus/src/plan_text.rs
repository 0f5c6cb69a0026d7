//! A plan as people read it.

use std::fmt::Write as _;

use milvus_aws_core::engine::{Action, Change, Plan, PlannedStep};
use owo_colors::OwoColorize;

use crate::progress::seconds;

/// One line per resource that would be touched, its changed fields under it, and a count at the end.
pub(crate) fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        write_step(&mut text, step);
    }
    let count = |wanted: fn(&Action) -> bool| {
        plan.steps
            .iter()
            .filter(|step| wanted(&step.action))
            .count()
    };
    let create = count(|action| matches!(action, Action::Create));
    let update = count(|action| matches!(action, Action::Update { .. }));
    let delete = count(|action| matches!(action, Action::Delete));
    let keep = plan.steps.len() - create - update - delete;
    let _infallible = writeln!(
        text,
        "{create} to create, {update} to change, {delete} to delete, {keep} as they are"
    );
    if plan.has_changes() {
        let usual = plan.critical_path().total;
        let _infallible = writeln!(text, "it usually takes {}", seconds(usual));
    }
    text
}

fn write_step(text: &mut String, step: &PlannedStep) {
    let id = &step.resource;
    let _infallible = match &step.action {
        Action::Create => writeln!(text, "{} {id}", "+".green()),
        Action::Update { .. } => writeln!(text, "{} {id}", "~".yellow()),
        Action::Delete => writeln!(text, "{} {id}", "-".red()),
        Action::Retain { because } => writeln!(text, "  {id} stays: {because}"),
        Action::Refuse { owner } => {
            writeln!(
                text,
                "{} {id} is not ours: it belongs to {owner}",
                "!".red()
            )
        }
        Action::Keep { .. } | Action::Absent => Ok(()),
    };
    if let Action::Update { changes } = &step.action {
        for Change { field, from, to } in changes {
            let side =
                |value: &Option<String>| value.clone().unwrap_or_else(|| "<unset>".to_owned());
            let _infallible = writeln!(text, "    {field}: {} -> {}", side(from), side(to));
        }
    }
}
