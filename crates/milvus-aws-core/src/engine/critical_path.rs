//! The longest path through a graph: what a run waits for in the end.

use std::{collections::HashMap, time::Duration};

use serde::Serialize;

use super::{
    event::millis,
    graph::Graph,
    plan::{Action, PlannedStep},
    report::Entry,
    resource::ResourceId,
};

/// The longest path, and how long it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CriticalPath {
    /// Its length; milliseconds in JSON.
    #[serde(rename = "totalMillis", serialize_with = "millis")]
    pub total: Duration,
    /// The resources on it that take time, first one first.
    pub resources: Vec<ResourceId>,
}

/// Of a whole graph, with a duration for each resource.
pub(super) fn of_graph(graph: &Graph, durations: &[Duration]) -> CriticalPath {
    let stations = graph
        .vertices
        .iter()
        .zip(durations)
        .map(|(vertex, duration)| Station {
            id: &vertex.id,
            needs: vertex.needs.clone(),
            duration: *duration,
        });
    longest(&stations.collect::<Vec<_>>())
}

/// Of what a plan would do.
pub(super) fn of_steps(steps: &[PlannedStep]) -> CriticalPath {
    let takes_time =
        |action: &Action| action.writes() || matches!(action, Action::Keep { ready: false });
    by_name(steps.iter().map(|step| {
        let duration = if takes_time(&step.action) {
            step.usual
        } else {
            Duration::ZERO
        };
        (&step.resource, step.needs.as_slice(), duration)
    }))
}

/// Of what a run did, by the times that it took.
pub(super) fn of_entries(entries: &[Entry]) -> CriticalPath {
    by_name(
        entries
            .iter()
            .map(|entry| (&entry.resource, entry.needs.as_slice(), entry.took)),
    )
}

fn by_name<'a>(
    items: impl Iterator<Item = (&'a ResourceId, &'a [ResourceId], Duration)>,
) -> CriticalPath {
    let mut index_of = HashMap::new();
    let mut stations = Vec::new();
    for (id, needs, duration) in items {
        let needs = needs
            .iter()
            .filter_map(|need| index_of.get(need).copied())
            .collect();
        index_of.insert(id, stations.len());
        stations.push(Station {
            id,
            needs,
            duration,
        });
    }
    longest(&stations)
}

struct Station<'a> {
    id: &'a ResourceId,
    /// Indices, each smaller than the station's own.
    needs: Vec<usize>,
    duration: Duration,
}

fn longest(stations: &[Station<'_>]) -> CriticalPath {
    let mut best: Vec<(Duration, Option<usize>)> = Vec::with_capacity(stations.len());
    for station in stations {
        let before = station
            .needs
            .iter()
            .copied()
            .max_by_key(|need| best[*need].0);
        let until_then = before.map_or(Duration::ZERO, |need| best[need].0);
        best.push((until_then + station.duration, before));
    }
    let mut at = (0..best.len()).max_by_key(|index| best[*index].0);
    let total = at.map_or(Duration::ZERO, |index| best[index].0);
    let mut resources = Vec::new();
    while let Some(index) = at {
        if !stations[index].duration.is_zero() {
            resources.push(stations[index].id.clone());
        }
        at = best[index].1;
    }
    resources.reverse();
    CriticalPath { total, resources }
}
