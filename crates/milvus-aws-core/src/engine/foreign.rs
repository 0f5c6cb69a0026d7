//! Why something that exists is left alone.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why something that exists is left alone. The text is a clause that can follow its name: `it belongs to the Helm release
/// demo`. Its JSON form is that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    because: String,
    kind: ForeignKind,
}

/// What kind of reason it is: what the user can do depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignKind {
    /// Somebody else has it, or it is in the way otherwise.
    InTheWay,
    /// It belongs to a Helm release.
    HelmRelease,
    /// We made it, and it has lost our mark.
    Unmarked {
        /// The command that puts the mark back.
        command: String,
    },
    /// It holds vectors whose metadata is gone.
    VectorsWithoutMetadata,
    /// The name of a bucket, which is one for all accounts, is somebody else's.
    BucketNameTaken,
    /// The change would leave its data behind.
    DataLeftBehind,
    /// The text says what to do.
    Explained,
}

impl Foreign {
    /// A reason of that kind.
    pub fn new(kind: ForeignKind, because: impl Into<String>) -> Self {
        Self {
            because: because.into(),
            kind,
        }
    }

    /// What kind of reason it is.
    pub fn kind(&self) -> &ForeignKind {
        &self.kind
    }
}

impl From<String> for Foreign {
    /// Something is in the way.
    fn from(because: String) -> Self {
        Self::new(ForeignKind::InTheWay, because)
    }
}

impl From<&str> for Foreign {
    /// Something is in the way.
    fn from(because: &str) -> Self {
        Self::new(ForeignKind::InTheWay, because)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.because)
    }
}

impl Serialize for Foreign {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(&self.because)
    }
}
