//! Doing something for each resource, as soon as what comes before it is done.

use futures::stream::{FuturesUnordered, StreamExt};

use super::graph::{Graph, Vertex};

/// Which way the graph is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Needs first.
    Forward,
    /// Dependents first.
    Backward,
}

impl Direction {
    fn before(self, vertex: &Vertex) -> &[usize] {
        match self {
            Self::Forward => &vertex.needs,
            Self::Backward => &vertex.dependents,
        }
    }

    fn after(self, vertex: &Vertex) -> &[usize] {
        match self {
            Self::Forward => &vertex.dependents,
            Self::Backward => &vertex.needs,
        }
    }
}

/// What a resource's turn is met with.
pub(super) enum Turn<T, Work> {
    /// Work that takes time.
    Begin(Work),
    /// Nothing to do: this is the result.
    Done(T),
}

/// Gives each resource its turn the moment that everything before it is done. `turn` sees the results so far.
pub(super) async fn walk<T, Work: Future<Output = T>>(
    graph: &Graph,
    direction: Direction,
    mut turn: impl FnMut(usize, &[Option<T>]) -> Turn<T, Work>,
) -> Vec<T> {
    let vertices = &graph.vertices;
    let mut missing: Vec<usize> = vertices
        .iter()
        .map(|vertex| direction.before(vertex).len())
        .collect();
    let mut results: Vec<Option<T>> = vertices.iter().map(|_| None).collect();
    let mut ready: Vec<usize> = (0..vertices.len()).filter(|i| missing[*i] == 0).collect();
    // Taken from the end: the first one of the graph goes first.
    ready.reverse();
    let mut under_way = FuturesUnordered::new();
    loop {
        let (index, result) = if let Some(index) = ready.pop() {
            match turn(index, &results) {
                Turn::Begin(work) => {
                    under_way.push(async move { (index, work.await) });
                    continue;
                }
                Turn::Done(result) => (index, result),
            }
        } else if let Some(done) = under_way.next().await {
            done
        } else {
            break;
        };
        results[index] = Some(result);
        for after in direction.after(&vertices[index]).iter().rev() {
            missing[*after] -= 1;
            if missing[*after] == 0 {
                ready.push(*after);
            }
        }
    }
    // Every resource had its turn: the graph has no cycle.
    results.into_iter().flatten().collect()
}
