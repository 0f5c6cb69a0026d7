//! Resources and what they need of each other.

use std::{
    collections::HashSet,
    fmt,
    marker::PhantomData,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{
    cost::MonthlyCost,
    critical_path::{self, CriticalPath},
    needs::{Handle, Need, Needs, Outputs},
    node::Node,
    resource::{Resource, ResourceId},
};

/// Resources in an order in which each comes after what it needs. Without cycles by construction: a resource can only
/// name what was added before it.
pub struct Graph {
    token: u64,
    pub(super) vertices: Vec<Vertex>,
}

/// One resource of a graph.
pub(super) struct Vertex {
    pub(super) id: ResourceId,
    pub(super) node: Box<dyn Node>,
    /// Indices of what it needs: each smaller than its own.
    pub(super) needs: Vec<usize>,
    /// Indices of what needs it.
    pub(super) dependents: Vec<usize>,
}

/// Puts a graph together.
pub struct GraphBuilder {
    graph: Graph,
    ids: HashSet<ResourceId>,
}

/// Why a resource cannot be added to a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGraph {
    /// Two resources of one name.
    #[error("two resources are called {0}")]
    Duplicate(ResourceId),
    /// A handle of another graph.
    #[error("{resource} needs {need}, which belongs to another graph")]
    OtherGraph {
        /// Which resource.
        resource: ResourceId,
        /// What it needs.
        need: ResourceId,
    },
}

impl Graph {
    /// An empty graph to add to.
    pub fn builder() -> GraphBuilder {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        GraphBuilder {
            graph: Self {
                token: NEXT.fetch_add(1, Ordering::Relaxed),
                vertices: Vec::new(),
            },
            ids: HashSet::new(),
        }
    }

    /// Number of resources.
    pub fn len(&self) -> usize {
        self.vertices.len()
    }

    /// Whether there are no resources.
    pub fn is_empty(&self) -> bool {
        self.vertices.is_empty()
    }

    /// Every resource, each after what it needs.
    pub fn ids(&self) -> impl Iterator<Item = &ResourceId> {
        self.vertices.iter().map(|vertex| &vertex.id)
    }

    /// What needs what: pairs of a resource and one that it needs.
    pub fn edges(&self) -> impl Iterator<Item = (&ResourceId, &ResourceId)> {
        self.vertices.iter().flat_map(|vertex| {
            let needs = vertex.needs.iter();
            needs.map(|index| (&vertex.id, &self.vertices[*index].id))
        })
    }

    /// What all of it costs a month.
    pub fn monthly_cost(&self) -> MonthlyCost {
        let costs = self
            .vertices
            .iter()
            .map(|vertex| vertex.node.monthly_cost());
        costs.sum()
    }

    /// How long everything usually takes when nothing exists yet: the longest path.
    pub fn critical_path(&self) -> CriticalPath {
        let durations: Vec<Duration> = self
            .vertices
            .iter()
            .map(|vertex| vertex.node.usual_duration())
            .collect();
        critical_path::of_graph(self, &durations)
    }

    /// Names of what a resource needs.
    pub(super) fn need_ids(&self, index: usize) -> Vec<ResourceId> {
        let needs = self.vertices[index].needs.iter();
        needs.map(|need| self.vertices[*need].id.clone()).collect()
    }

    /// No output known yet.
    pub(super) fn no_outputs(&self) -> Outputs {
        Outputs {
            graph: self.token,
            known: vec![None; self.len()],
        }
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl GraphBuilder {
    /// Adds a resource; its handle is what later ones name it by.
    pub fn add<R: Resource>(&mut self, resource: R) -> Result<Handle<R::Output>, InvalidGraph> {
        let id = resource.id();
        let list = resource.needs().list();
        if let Some(need) = list.iter().find(|need| need.graph != self.graph.token) {
            return Err(InvalidGraph::OtherGraph {
                resource: id,
                need: need.id.clone(),
            });
        }
        if !self.ids.insert(id.clone()) {
            return Err(InvalidGraph::Duplicate(id));
        }
        let mut needs: Vec<usize> = list.iter().map(|need| need.index).collect();
        needs.sort_unstable();
        needs.dedup();
        let index = self.graph.vertices.len();
        for need in &needs {
            self.graph.vertices[*need].dependents.push(index);
        }
        self.graph.vertices.push(Vertex {
            id: id.clone(),
            node: Box::new(resource),
            needs,
            dependents: Vec::new(),
        });
        Ok(Handle {
            need: Need {
                graph: self.graph.token,
                index,
                id,
            },
            output: PhantomData,
        })
    }

    /// The graph of everything that was added.
    pub fn build(self) -> Graph {
        self.graph
    }
}

impl fmt::Debug for GraphBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.graph.fmt(f)
    }
}
