//! `size`: how large Milvus must be for a load, on which machines, and what those cost. Asks no server.

use milvus_aws_core::{
    cost::MonthlyCost,
    installation::{MilvusVersion, Region, aws::InstanceType},
    prices,
    sizing::{CostItem, Dimension, IndexKind, Mode, NoSize, NodePlan, Request, Sizing, Vectors},
};
use serde::Serialize;

use crate::{
    ExitCode,
    cli::{LoadArgs, SizeArgs},
    error::Error,
    printer::Printer,
    size_text,
};

/// How large a Milvus must be. Its JSON form is a contract (docs/schema).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Size {
    /// Milvus itself.
    pub sizing: Sizing,
    /// The machines that hold it for the least money, or of the kind that was asked for.
    pub nodes: NodePlan,
    /// Other kinds of machines, the least dear one first.
    pub other_nodes: Vec<NodePlan>,
    /// What it costs on those machines.
    pub monthly_cost: Bill,
    /// What the numbers do not say.
    pub notes: Vec<String>,
}

/// What a load costs a month.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bill {
    /// The region whose prices these are.
    pub region: String,
    /// The month whose prices these are.
    pub as_of: &'static str,
    /// What for.
    pub items: Vec<CostItem>,
    /// Their sum.
    pub total: MonthlyCost,
}

/// Other kinds of machines that are told.
const OTHERS: usize = 2;

/// Shows the size.
pub(crate) fn run(args: &SizeArgs, printer: Printer) -> Result<ExitCode, Error> {
    let version = args.milvus_version.as_ref();
    let request = request(args.vectors, args.dim, &args.load, version, args.mode);
    let sizing = request.size()?;
    let (nodes, other_nodes) = nodes(&sizing, args.instance_type.as_ref())?;
    let size = Size {
        monthly_cost: bill(&sizing, &nodes, &args.region),
        notes: sizing.notes(),
        nodes,
        other_nodes,
        sizing,
    };
    printer.result(&size, || size_text::text(&size))?;
    Ok(ExitCode::Done)
}

/// What the command line asks.
pub(crate) fn request(
    vectors: Vectors,
    dimension: Dimension,
    load: &LoadArgs,
    version: Option<&MilvusVersion>,
    mode: Option<Mode>,
) -> Request {
    let mut request = Request::new(vectors, dimension, load.index.unwrap_or(IndexKind::Hnsw));
    request.parameters.clone_from(&load.index_param);
    request.segment = load.segment_size;
    request.scalar_bytes = load.scalar_bytes.unwrap_or_default();
    request.offload = load.offload;
    request.replicas = load.replicas.unwrap_or(request.replicas);
    request.generation = load.generation;
    request.version = version.cloned();
    request.mode = mode;
    request
}

/// The machines of that kind, else the least dear ones; and others.
pub(crate) fn nodes(
    sizing: &Sizing,
    kind: Option<&InstanceType>,
) -> Result<(NodePlan, Vec<NodePlan>), NoSize> {
    if let Some(kind) = kind {
        return Ok((sizing.nodes(kind.as_str())?, Vec::new()));
    }
    let (best, mut others) = sizing.node_plans()?;
    others.truncate(OTHERS);
    Ok((best, others))
}

fn bill(sizing: &Sizing, nodes: &NodePlan, region: &Region) -> Bill {
    let items = sizing.monthly_cost(nodes, region.as_str());
    Bill {
        region: region.to_string(),
        as_of: prices::AS_OF,
        total: items.iter().map(|item| item.cost).sum(),
        items,
    }
}
