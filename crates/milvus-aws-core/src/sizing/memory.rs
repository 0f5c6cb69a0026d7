//! How many bytes a load is, raw, as an index, in memory and on disk.

use super::Index;
use super::load::Load;

/// Bytes of one copy of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes {
    /// Vectors and other fields as they are.
    pub raw: u64,
    /// The index, before anything is added for loading it.
    pub index: u64,
    /// What query nodes hold in memory.
    pub memory: u64,
    /// What query nodes hold on their disks.
    pub disk: u64,
}

/// 32-bit floats.
const FLOAT: u64 = 4;
/// Until 2024 the tool took an index to be loaded at a multiple of its size.
const EXPANSION: u64 = 2;
const EXPANSION_SQ8: u64 = 3;
/// Room for what changes while it is loaded: 15 %.
const MARGIN: (u64, u64) = (115, 100);
/// Segments that are received while others are loaded.
const SEGMENTS_IN_FLIGHT: u64 = 2;
/// What stays in memory of fields that are mapped from disk: a tenth.
const MAPPED: u64 = 10;
const AISAQ_MEMORY: u64 = 16 << 20;

impl Bytes {
    /// By the tool of 2024: vectors alone.
    pub(super) fn by_guide(load: &Load) -> Self {
        let (memory, disk) = index(load);
        let expansion = match load.index {
            Index::IvfSq8 { .. } => EXPANSION_SQ8,
            Index::Diskann { .. } => 1,
            _ => EXPANSION,
        };
        Self {
            raw: vectors(load),
            index: memory,
            memory: memory * expansion,
            disk,
        }
    }

    /// By the tools for 2.5 and 2.6.
    pub(super) fn by_tool(load: &Load) -> Self {
        let (index, disk) = index(load);
        let scalars = load.vectors.get() * u64::from(load.scalar_bytes.get());
        let in_flight = match load.index {
            Index::Diskann { .. } => 0,
            _ => SEGMENTS_IN_FLIGHT * load.segment.bytes(),
        };
        let (scalars_in_memory, scalars_on_disk) = if load.offload {
            (scalars / MAPPED, scalars)
        } else {
            (scalars, 0)
        };
        let (more, than) = MARGIN;
        Self {
            raw: vectors(load) + scalars,
            index,
            memory: ((index + in_flight) * more).div_ceil(than) + scalars_in_memory,
            disk: disk + scalars_on_disk,
        }
    }
}

fn vectors(load: &Load) -> u64 {
    load.vectors.get() * row(load)
}

fn row(load: &Load) -> u64 {
    u64::from(load.dimension.get()) * FLOAT
}

/// Bytes of an index in memory and on disk.
fn index(load: &Load) -> (u64, u64) {
    let number = load.vectors.get();
    let vectors = vectors(load);
    let centres = |nlist: u32| u64::from(nlist) * row(load);
    let edges = |degree: u32| number * u64::from(degree) * FLOAT;
    match load.index {
        Index::Flat => (vectors, 0),
        Index::IvfFlat { nlist } => (vectors + centres(nlist), 0),
        Index::IvfSq8 { nlist } => (vectors / 4 + centres(nlist), 0),
        Index::IvfRabitq { nlist, refine_type } => {
            (vectors * (1 + refine_type.bits()) / 32 + centres(nlist), 0)
        }
        Index::Scann { with_raw_data } => {
            let kept = if with_raw_data { vectors } else { 0 };
            (kept + vectors / 8, 0)
        }
        // Twice `M` edges at the bottom, where every vector is.
        Index::Hnsw { m } => (vectors + edges(2 * m), 0),
        Index::Diskann { max_degree } => (vectors / 4, vectors + edges(max_degree)),
        Index::Aisaq {
            max_degree,
            inline_pq,
        } => {
            let codes = vectors / 8 * u64::from(inline_pq);
            (AISAQ_MEMORY, vectors + codes + edges(max_degree))
        }
    }
}
