//! A plan as people read it.

use std::{fmt::Write as _, time::Duration};

use milvus_aws_core::engine::{Action, Change, Cost, MonthlyCost, Plan, PlannedStep, ResourceId};
use owo_colors::OwoColorize;

use crate::{duration_text::length, picture::path_text};

/// A plan with something slower than this, or with costs, tells times and costs line by line. What a Kubernetes does by
/// itself is faster.
const SLOW: Duration = Duration::from_mins(1);
/// The widest column of names; longer ones push the rest of their line aside.
const WIDEST: usize = 56;

/// One line per resource that would be touched, its changed fields under it, and a count at the end. Where it takes
/// long or costs something, also the usual time and the monthly cost of each, their sum and the longest path.
pub(crate) fn text(plan: &Plan) -> String {
    let mut text = String::new();
    let cost = plan.monthly_cost();
    let would_touch = |step: &&PlannedStep| step.action.writes();
    let slow = plan
        .steps
        .iter()
        .filter(would_touch)
        .any(|step| step.usual >= SLOW);
    let is_told = |step: &&PlannedStep| has_line(&step.action);
    let names = plan
        .steps
        .iter()
        .filter(is_told)
        .map(|step| step.resource.as_str().chars().count());
    // Two signs before each name.
    let names = names.max().unwrap_or(0).min(WIDEST) + 2;
    let columns = (slow || !cost.is_free()).then_some(names);
    if let Some(names) = columns.filter(|_| plan.has_changes()) {
        let _infallible = writeln!(
            text,
            "{}",
            format!(
                "{:names$}  {:>10}  {:>14}",
                "", "usual time", "cost a month"
            )
            .dimmed()
        );
    }
    for step in &plan.steps {
        write_step(&mut text, step, columns);
    }
    write_counts(&mut text, plan);
    if columns.is_some() {
        write_sums(&mut text, plan, cost);
    } else if plan.has_changes() {
        let usual = plan.critical_path().total;
        let _infallible = writeln!(text, "it usually takes {}", length(usual));
    }
    text
}

fn write_counts(text: &mut String, plan: &Plan) {
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
}

/// What it costs a month; nothing where it is free.
pub(crate) fn write_cost(text: &mut String, cost: MonthlyCost) {
    if !cost.is_free() {
        let more = if cost.lower_bound {
            ", and what is billed by use or not known"
        } else {
            ""
        };
        let _infallible = writeln!(text, "cost a month: {}{more}", cost.known);
    }
}

/// What it costs after the run, and what takes longest until then.
fn write_sums(text: &mut String, plan: &Plan, cost: MonthlyCost) {
    write_cost(text, cost);
    let path = plan.critical_path();
    if !path.total.is_zero() {
        let usual = |id: &ResourceId| plan.steps.iter().find(|step| step.resource == *id);
        let stations = path.resources.iter();
        let stations: Vec<_> = stations
            .filter_map(|id| Some((id, usual(id)?.usual)))
            .collect();
        let _infallible = writeln!(
            text,
            "longest path: {}: {}",
            length(path.total),
            path_text(path.total, &stations)
        );
    }
}

fn has_line(action: &Action) -> bool {
    !matches!(action, Action::Keep { .. } | Action::Absent)
}

/// `columns` is how wide the column of names is, where times and costs are told.
fn write_step(text: &mut String, step: &PlannedStep, columns: Option<usize>) {
    let id = step.resource.as_str();
    let figures = columns.map_or_else(String::new, |names| figures(step, names));
    let _infallible = match &step.action {
        Action::Create => writeln!(text, "{} {id}{figures}", "+".green()),
        Action::Update { .. } => writeln!(text, "{} {id}{figures}", "~".yellow()),
        Action::Delete => writeln!(text, "{} {id}", "-".red()),
        Action::Retain { because } => writeln!(text, "  {id} stays: {because}"),
        Action::Refuse { owner } => {
            writeln!(text, "{} {id} is refused: {owner}", "!".red())
        }
        Action::Keep { .. } | Action::Absent => Ok(()),
    };
    if let Action::Update { changes } = &step.action {
        for change in changes {
            write_change(text, change);
        }
    }
}

fn write_change(text: &mut String, change: &Change) {
    let Change {
        field,
        from,
        to,
        set_by,
    } = change;
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "<unset>".to_owned());
    let who = match set_by.as_slice() {
        [] => String::new(),
        managers => format!(" (set by {})", managers.join(", ")),
    };
    let _infallible = writeln!(text, "    {field}: {}{who} -> {}", side(from), side(to));
}

/// Usual time and monthly cost, after a name in a column of that width.
fn figures(step: &PlannedStep, names: usize) -> String {
    let name = step.resource.as_str().chars().count() + 2;
    let pad = names.saturating_sub(name);
    let cost = match step.cost {
        Cost::Free => String::new(),
        // Behind the column of amounts, so that those stand under each other.
        Cost::MonthlyAndUse(cents, price) => format!("  {cents:>14} + {price}"),
        Cost::PerUse(price) => format!("  {:>14}   {price}", ""),
        cost @ (Cost::Monthly(_) | Cost::Unknown) => format!("  {:>14}", cost.to_string()),
    };
    format!("{:pad$}  {:>10}{cost}", "", length(step.usual))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{check_golden, guide_plan};

    fn plain(plan: &Plan) -> String {
        anstream::adapter::strip_str(&text(plan)).to_string()
    }

    #[test]
    fn a_plan_that_costs_and_takes_long() {
        check_golden("plan.txt", &plain(&guide_plan()));
    }

    #[test]
    fn a_plan_of_plain_kubernetes_is_quiet() {
        let mut plan = guide_plan();
        plan.steps
            .retain(|step| step.usual < SLOW && step.cost.is_free());
        let text = plain(&plan);
        assert!(text.contains("+ statefulset/demo-etcd\n"), "{text}");
        assert!(
            !text.contains("longest path") && !text.contains("cost"),
            "{text}"
        );
        assert!(text.ends_with("it usually takes 1m16s\n"), "{text}");
    }

    #[test]
    fn who_else_has_set_a_field_is_named() {
        let mut plan = guide_plan();
        let set_by = ["kubectl-edit", "kubectl-set"].map(str::to_owned).to_vec();
        plan.steps[0].action = Action::Update {
            changes: vec![Change {
                field: "spec.replicas".to_owned(),
                from: Some("3".to_owned()),
                to: Some("1".to_owned()),
                set_by,
            }],
        };
        let line = "    spec.replicas: 3 (set by kubectl-edit, kubectl-set) -> 1";
        let text = plain(&plan);
        assert!(text.lines().any(|one| one == line), "{text}");
    }

    #[test]
    fn what_is_refused_says_why() {
        let mut plan = guide_plan();
        let owner = "it belongs to the installation other".into();
        plan.steps[0].action = Action::Refuse { owner };
        let line = format!(
            "! {} is refused: it belongs to the installation other",
            plan.steps[0].resource
        );
        assert!(plain(&plan).lines().any(|one| one == line), "{line}");
    }

    #[test]
    fn what_is_there_goes_on_costing() {
        let mut plan = guide_plan();
        for step in &mut plan.steps {
            step.action = Action::Keep { ready: true };
        }
        assert_eq!(
            plain(&plan),
            "0 to create, 0 to change, 0 to delete, 13 as they are\n\
             cost a month: 679.28 USD, and what is billed by use or not known\n"
        );
    }
}
