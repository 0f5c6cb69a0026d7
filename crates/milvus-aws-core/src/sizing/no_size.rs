//! Why a load cannot be sized.

use super::{Generation, IndexKind, Mode};
use crate::installation::{InvalidName, MilvusVersion};

/// Why a load cannot be sized: what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSize {
    /// No such generation of the tool.
    #[error("`{0}` is no generation of the sizing tool; guide, 2.5 and 2.6 are")]
    UnknownGeneration(String),
    /// No such index.
    #[error("`{0}` is no index that can be sized; {names} are", names = names(&IndexKind::ALL))]
    UnknownIndex(String),
    /// An index that a generation does not know.
    #[error(
        "the generation {generation} of the sizing tool knows no {kind}; it knows {names}",
        names = names(generation.row().indexes)
    )]
    IndexOfAnotherGeneration {
        /// The index.
        kind: IndexKind,
        /// The generation.
        generation: Generation,
    },
    /// A text that is no parameter.
    #[error("`{0}` is no parameter of an index, write it like `M=16`")]
    NoParameter(String),
    /// A parameter that the index does not have.
    #[error("{kind} has no parameter `{name}` that matters for its size; {known}")]
    UnknownParameter {
        /// The index.
        kind: IndexKind,
        /// The parameter.
        name: String,
        /// What it has.
        known: String,
    },
    /// A parameter's value that it cannot have.
    #[error("parameter `{name}` of {kind}: {rule}")]
    WrongParameter {
        /// The index.
        kind: IndexKind,
        /// The parameter.
        name: String,
        /// What to write.
        rule: String,
    },
    /// A number of vectors that the tool does not take.
    #[error("`{0}` is no number of vectors that can be sized, write 1 to 10000M")]
    NoVectors(String),
    /// A dimension that vectors cannot have.
    #[error("`{0}` is no dimension that vectors can have, write 2 to 32768")]
    NoDimension(String),
    /// A dimension that a generation does not take.
    #[error("the generation {generation} of the sizing tool takes {most} dimensions at most")]
    TooManyDimensions {
        /// The generation.
        generation: Generation,
        /// What it takes.
        most: u32,
    },
    /// Bytes that a row cannot have.
    #[error(
        "`{0}` is no number of bytes that the other fields of a row can have, write 0 to 60000000"
    )]
    NoScalarBytes(String),
    /// Fields beside the vectors, which the generation does not know.
    #[error(
        "the generation guide of the sizing tool sizes vectors alone; choose 2.5 or 2.6 for other fields of a row"
    )]
    VectorsAlone,
    /// A size that segments cannot have.
    #[error("`{0}` is no size of a segment that can be sized, write 512, 1024 or 2048 (MiB)")]
    NoSegmentSize(String),
    /// No such mode.
    #[error("`{0}` is no mode; standalone and cluster are")]
    UnknownMode(String),
    /// A release without the roles that a generation sizes.
    #[error(
        "the generation {generation} of the sizing tool is not for Milvus {version}, which has other roles; leave the generation out, or size {usual}"
    )]
    OtherRoles {
        /// The generation.
        generation: Generation,
        /// The release.
        version: MilvusVersion,
        /// A release that it is for.
        usual: MilvusVersion,
    },
    /// More than the tool answers.
    #[error(
        "that is beyond the sizing tool: its answers end at the raw data of 1000 million vectors of 768 dimensions (2861 GiB); spread the vectors over several installations, or measure with a part of them"
    )]
    TooMuch,
    /// More than one pod is meant for.
    #[error(
        "that is too much for one pod: it ends at the raw data of {millions} million vectors of 768 dimensions; leave `standalone` out"
    )]
    TooMuchForOnePod {
        /// How much it is meant for.
        millions: u64,
    },
    /// One pod holds everything once.
    #[error("one pod loads everything once; leave `standalone` or the replicas out")]
    ReplicasInOnePod,
    /// A generation that does not know this mode.
    #[error(
        "the generation guide of the sizing tool sizes clusters alone; leave `standalone` out, or choose 2.5 or 2.6"
    )]
    ClustersAlone,
    /// A kind of machine that is not in the table.
    #[error("`{0}` is in no table of machines: {families} are, from large to 24xlarge", families = super::machine::families())]
    UnknownMachine(String),
    /// A kind of machine that does not hold it.
    #[error("no {most} machines of the kind {machine} hold that: {why}")]
    DoesNotFit {
        /// The kind.
        machine: String,
        /// How many there can be.
        most: u16,
        /// What does not fit.
        why: String,
    },
    /// No kind of machine holds it.
    #[error(
        "no kind of machine holds that in one group of {0} nodes; fewer replicas, or an index that is smaller, may fit"
    )]
    NoMachine(u16),
    /// A name that nothing can be called by.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A target that runs one deployment per role.
    #[error("the targets aws and eks run one deployment per role; leave `standalone` out")]
    NoStandaloneOnAws,
}

fn names(kinds: &[IndexKind]) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

impl Mode {
    /// As the file spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Cluster => "cluster",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = NoSize;

    fn from_str(text: &str) -> Result<Self, NoSize> {
        let mut modes = [Self::Standalone, Self::Cluster].into_iter();
        modes
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| NoSize::UnknownMode(text.to_owned()))
    }
}
