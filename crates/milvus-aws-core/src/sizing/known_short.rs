//! Where the tool's formula is known to come out too small: data, with sources.

use super::{IndexKind, Sizing};

/// A load for which the formula is too small.
struct KnownShort {
    index: IndexKind,
    /// Bytes of vectors from which it is.
    from_raw_bytes: u64,
    /// What was too little, and who says so.
    because: &'static str,
}

const KNOWN_SHORT: [KnownShort; 1] = [KnownShort {
    index: IndexKind::Diskann,
    // Half of the load that the source speaks of: 200 million vectors of 768 dimensions.
    from_raw_bytes: 100_000_000 * 768 * 4,
    because: "for 200 million vectors of 768 dimensions under DISKANN a maintainer of Milvus calls four query nodes of 96 GiB too little (milvus-io/milvus#35440)",
}];

/// Why the sum of that load is known to be too small, one line each.
pub(super) fn notes(sizing: &Sizing) -> impl Iterator<Item = String> {
    let (kind, raw) = (sizing.load.index.kind(), sizing.raw_bytes);
    let holds = move |row: &&KnownShort| row.index == kind && raw >= row.from_raw_bytes;
    KNOWN_SHORT.iter().filter(holds).map(|row| {
        format!(
            "the tool's formula is known to be short for such a load: {}; measure the memory of query nodes with a part of your data before you rely on these numbers",
            row.because
        )
    })
}
