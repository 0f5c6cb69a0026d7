//! How large a Milvus must be.

mod asking;
mod by_guide;
mod by_tool;
mod nodes;
mod written;

use milvus_aws_core::sizing::{Generation, IndexKind, Mode, Request, RoleSize, Sizing};

fn request(generation: Generation, vectors: &str, dimension: &str, index: &str) -> Request {
    let index: IndexKind = index.parse().unwrap();
    let mut request = Request::new(vectors.parse().unwrap(), dimension.parse().unwrap(), index);
    request.generation = Some(generation);
    request
}

fn cluster(generation: Generation, vectors: &str, dimension: &str, index: &str) -> Sizing {
    let mut request = request(generation, vectors, dimension, index);
    request.mode = Some(Mode::Cluster);
    request.size().unwrap()
}

/// `queryNode 2 x 4c16Gi`, with the tool's own number of pods.
fn by_tool(sizing: &Sizing) -> Vec<String> {
    let text = |size: &RoleSize| {
        let shape = size.shape;
        format!(
            "{} {} x {}c{}",
            size.role.key(),
            size.replicas_of_tool,
            shape.cpu,
            shape.memory
        )
    };
    sizing.components.iter().map(text).collect()
}

/// The same with the number of pods that there shall be.
fn pods(sizing: &Sizing) -> Vec<(&'static str, u64)> {
    let sizes = sizing.components.iter();
    sizes.map(|size| (size.role.key(), size.replicas)).collect()
}
