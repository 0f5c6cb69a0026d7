//! The graph of a plan, as every format of picture draws it.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt::Write as _,
    time::Duration,
};

use milvus_aws_core::engine::{Action, Cost, CriticalPath, MonthlyCost, Plan, PlannedStep};
use serde::{Serialize, Serializer};

use crate::duration_text::length;

/// Resources and what comes before what. Its JSON form is a contract (docs/schema/graph.v1.json).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Drawing<'a> {
    /// Resources, each after what it needs.
    pub(super) nodes: Vec<Node<'a>>,
    /// What comes before what.
    edges: Vec<Named<'a>>,
    longest_path: CriticalPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    monthly_cost: Option<MonthlyCost>,
    /// The edges that a picture needs: those that others imply are left out.
    #[serde(skip)]
    pub(super) arrows: Vec<Arrow>,
}

/// A resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node<'a> {
    #[serde(rename = "resource")]
    pub(super) name: &'a str,
    pub(super) action: &'static str,
    #[serde(rename = "usualMillis", serialize_with = "millis")]
    usual: Duration,
    #[serde(rename = "monthlyCost", skip_serializing_if = "Cost::is_free")]
    cost: Cost,
    pub(super) on_longest_path: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Named<'a> {
    from: &'a str,
    to: &'a str,
    on_longest_path: bool,
}

/// From what is needed to what needs it, by their places in `nodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) on_longest_path: bool,
}

impl<'a> Drawing<'a> {
    /// Of everything that a plan knows.
    pub(crate) fn of(plan: &'a Plan) -> Self {
        let places: HashMap<&str, usize> = (0..)
            .zip(&plan.steps)
            .map(|(place, step)| (step.resource.as_str(), place))
            .collect();
        let needs: Vec<Vec<usize>> = plan
            .steps
            .iter()
            .map(|step| before(step, &places))
            .collect();
        let reduced = without_implied(&needs);
        let longest_path = plan.critical_path();
        let stations = longest_path.resources.iter();
        let stations: Vec<usize> = stations
            .filter_map(|id| places.get(id.as_str()).copied())
            .collect();
        let marked = route(&stations, &reduced);
        let on_path: HashSet<usize> = stations
            .into_iter()
            .chain(marked.iter().flat_map(|(from, to)| [*from, *to]))
            .collect();
        let nodes = plan.steps.iter().zip(0..);
        let cost = plan.monthly_cost();
        Self {
            nodes: nodes
                .map(|(step, place)| Node::of(step, on_path.contains(&place)))
                .collect(),
            edges: arrows(&needs, &marked)
                .map(|arrow| Named {
                    from: plan.steps[arrow.from].resource.as_str(),
                    to: plan.steps[arrow.to].resource.as_str(),
                    on_longest_path: arrow.on_longest_path,
                })
                .collect(),
            longest_path,
            monthly_cost: (!cost.is_free()).then_some(cost),
            arrows: arrows(&reduced, &marked).collect(),
        }
    }

    /// What the picture is of: the sums.
    pub(super) fn title(&self) -> String {
        let mut title = format!("{} resources", self.nodes.len());
        if !self.longest_path.total.is_zero() {
            let _infallible = write!(title, ", longest path {}", length(self.longest_path.total));
        }
        if let Some(cost) = self.monthly_cost {
            let at_least = if cost.lower_bound { "at least " } else { "" };
            let _infallible = write!(title, ", {at_least}{} a month", cost.known);
        }
        title
    }
}

impl<'a> Node<'a> {
    fn of(step: &'a PlannedStep, on_longest_path: bool) -> Self {
        Self {
            name: step.resource.as_str(),
            action: action_name(&step.action),
            usual: step.usual,
            cost: step.cost,
            on_longest_path,
        }
    }

    /// What is said under the name: `25m00s, 459.90 USD a month`.
    pub(super) fn figures(&self) -> String {
        let cost = match self.cost {
            Cost::Free => String::new(),
            Cost::Monthly(cents) => format!(", {cents} a month"),
            Cost::MonthlyAndUse(cents, _) => format!(", {cents} a month and use"),
            Cost::PerUse(_) => ", billed by use".to_owned(),
            Cost::Unknown => ", cost unknown".to_owned(),
        };
        length(self.usual) + &cost
    }
}

/// The class of an action in pictures and its name in JSON.
pub(super) fn action_name(action: &Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update { .. } => "update",
        Action::Keep { .. } => "keep",
        Action::Delete => "delete",
        Action::Retain { .. } => "retain",
        Action::Absent => "absent",
        Action::Refuse { .. } => "refuse",
    }
}

fn before(step: &PlannedStep, places: &HashMap<&str, usize>) -> Vec<usize> {
    let needs = step.needs.iter();
    needs
        .filter_map(|need| places.get(need.as_str()).copied())
        .collect()
}

fn arrows<'n>(
    needs: &'n [Vec<usize>],
    marked: &'n HashSet<(usize, usize)>,
) -> impl Iterator<Item = Arrow> {
    needs.iter().zip(0..).flat_map(move |(needs, to)| {
        needs.iter().map(move |from| Arrow {
            from: *from,
            to,
            on_longest_path: marked.contains(&(*from, to)),
        })
    })
}

/// What each needs, without what another one of its needs needs already.
fn without_implied(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut ancestors: Vec<HashSet<usize>> = Vec::with_capacity(needs.len());
    for direct in needs {
        let mut all: HashSet<usize> = direct.iter().copied().collect();
        for need in direct {
            all.extend(&ancestors[*need]);
        }
        ancestors.push(all);
    }
    let implied = |need: &usize, direct: &[usize]| {
        direct.iter().any(|other| ancestors[*other].contains(need))
    };
    let keep = |direct: &Vec<usize>| {
        let kept = direct.iter().filter(|need| !implied(need, direct));
        kept.copied().collect()
    };
    needs.iter().map(keep).collect()
}

/// The edges of the longest path: between two stations there may be resources that take no time.
fn route(stations: &[usize], needs: &[Vec<usize>]) -> HashSet<(usize, usize)> {
    let legs = stations.windows(2);
    legs.flat_map(|leg| between(leg[0], leg[1], needs))
        .collect()
}

/// The shortest way from one to another, as edges; none where there is no way.
fn between(from: usize, to: usize, needs: &[Vec<usize>]) -> Vec<(usize, usize)> {
    // Backwards, along the needs.
    let mut next: HashMap<usize, usize> = HashMap::new();
    let mut queue = VecDeque::from([to]);
    while let Some(at) = queue.pop_front() {
        if at == from {
            let follow = |at: &usize| next.get(at).copied();
            let way: Vec<usize> = std::iter::successors(Some(from), follow).collect();
            return way.windows(2).map(|step| (step[0], step[1])).collect();
        }
        for need in &needs[at] {
            if !next.contains_key(need) {
                next.insert(*need, at);
                queue.push_back(*need);
            }
        }
    }
    Vec::new()
}

fn millis<S: Serializer>(duration: &Duration, output: S) -> Result<S::Ok, S::Error> {
    output.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use milvus_aws_core::engine::ResourceId;

    use super::*;
    use crate::picture::golden::{awkward_plan, guide_plan, schema_faults};

    #[test]
    fn what_others_imply_is_not_drawn() {
        // A diamond with a shortcut: 0 -> 3 is implied.
        let needs = [vec![], vec![0], vec![0], vec![0, 1, 2]];
        assert_eq!(without_implied(&needs)[3], [1, 2]);
    }

    #[test]
    fn the_longest_path_leads_through_what_takes_no_time() {
        let needs = [vec![], vec![0], vec![1], vec![0]];
        assert_eq!(route(&[0, 2], &needs), HashSet::from([(0, 1), (1, 2)]));
        assert_eq!(route(&[3, 2], &needs), HashSet::new());
    }

    #[test]
    fn json_is_as_its_schema_says() {
        for plan in [guide_plan(), awkward_plan()] {
            let document = serde_json::to_value(Drawing::of(&plan)).unwrap();
            assert_eq!(schema_faults("graph", &document), Vec::<String>::new());
        }
    }

    #[test]
    fn json_has_every_edge_and_marks_the_longest_path() {
        let plan = guide_plan();
        let drawing = Drawing::of(&plan);
        let needs: usize = plan.steps.iter().map(|step| step.needs.len()).sum();
        assert_eq!(drawing.edges.len(), needs);
        assert!(drawing.arrows.len() < needs);
        let on_path = drawing.nodes.iter().filter(|node| node.on_longest_path);
        let on_path: Vec<_> = on_path.map(|node| node.name).collect();
        let resources = plan.critical_path().resources;
        let path: Vec<_> = resources.iter().map(ResourceId::as_str).collect();
        assert_eq!(on_path, path);
        let marked = drawing.arrows.iter().filter(|arrow| arrow.on_longest_path);
        assert_eq!(marked.count(), path.len() - 1);
    }
}
