//! What servers of which version can do. A server drops an option that it does not know, without an error.

use std::{cmp::Ordering, convert::Infallible, fmt, str::FromStr};

/// A server's version, as it says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerVersion {
    /// Milvus: `v2.3.5`.
    Milvus(Release),
    /// Milvus Lite: one Python process, with a version of its own: `milvus_lite-3.2.2`.
    Lite(String),
    /// Anything else, for example a build of a branch.
    Unknown(String),
}

/// A release, ordered by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(u16, u16, u16);

/// What newer servers can do and older ones cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Rows replace those of the same key.
    Upsert,
    /// Some fields of a row change, and the others stay.
    PartialUpdate,
    /// One neighbour for each value of a field.
    GroupedSearch,
    /// Several searches ranked into one answer.
    HybridSearch,
    /// Answers ranked anew by a function, for example by decay.
    Ranker,
    /// Answers in the order of a field.
    OrderBy,
    /// Vectors of which most numbers are zero.
    SparseVectors,
    /// Fields without a value.
    NullableFields,
    /// Fields that the server computes from texts (BM25).
    Functions,
}

/// What a server does that cannot do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Older {
    /// Says that it does not know the call.
    Refuses,
    /// Does something else, and says nothing.
    Ignores(&'static str),
    /// Makes the collection, and refuses its rows.
    FailsLater,
}

/// What is known of a capability.
struct Facts {
    name: &'static str,
    since: Release,
    older: Older,
}

impl Capability {
    /// The first release that can do it.
    pub fn since(self) -> Release {
        self.facts().since
    }

    /// What a server does that cannot, for a sentence about one: `deletes the other fields without saying so`.
    pub fn in_older_servers(self) -> &'static str {
        match self.facts().older {
            Older::Refuses => "does not know the call",
            Older::Ignores(how) => how,
            Older::FailsLater => "makes such a collection and refuses its rows",
        }
    }

    /// The table. Sources: the first tag of milvus-io/milvus-proto with the field or call; Milvus's release notes where
    /// those are later; what older servers do, by trying 2.3.5.
    fn facts(self) -> Facts {
        let (name, since, older) = match self {
            // proto v2.3.0: rpc Upsert.
            Self::Upsert => ("an upsert", Release(2, 3, 0), Older::Refuses),
            // proto v2.6.2: UpsertRequest.partial_update; documentation, "Upsert in merge mode: 2.6.2+".
            Self::PartialUpdate => (
                "a partial update",
                Release(2, 6, 2),
                Older::Ignores("deletes the other fields without saying so"),
            ),
            // Release notes of 2.4.0-rc.1, "Grouping Search". The proto has its answer's field from 2.3.5 on, which ignores it.
            Self::GroupedSearch => (
                "a grouped search",
                Release(2, 4, 0),
                Older::Ignores("ignores the groups without saying so"),
            ),
            // proto v2.4.0: rpc HybridSearch; release notes of 2.4.0-rc.1, "Multi-vector and Hybrid Search".
            Self::HybridSearch => ("a hybrid search", Release(2, 4, 0), Older::Refuses),
            // proto v2.6.0: SearchRequest.function_score.
            Self::Ranker => (
                "a ranker",
                Release(2, 6, 0),
                Older::Ignores("ignores the ranker without saying so"),
            ),
            // proto v3.0.0-beta: order_by.
            Self::OrderBy => (
                "an order by a field",
                Release(3, 0, 0),
                Older::Ignores("ignores the order without saying so"),
            ),
            // proto v2.4.0: SparseFloatVector; release notes of 2.4.0-rc.1, "Sparse Vectors".
            Self::SparseVectors => (
                "a field of sparse vectors",
                Release(2, 4, 0),
                Older::FailsLater,
            ),
            // proto v2.5.0: FieldSchema.nullable.
            Self::NullableFields => ("a nullable field", Release(2, 5, 0), Older::FailsLater),
            // proto v2.5.0: FunctionType.BM25.
            Self::Functions => ("a function (BM25)", Release(2, 5, 0), Older::FailsLater),
        };
        Facts { name, since, older }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().name)
    }
}

impl ServerVersion {
    /// Whether the server can do that. Milvus Lite is taken to know what the newest Milvus does, and so is a version
    /// that is no release: what they lack is for them to say.
    pub fn has(&self, capability: Capability) -> bool {
        match self {
            Self::Milvus(release) => release.cmp(&capability.since()) != Ordering::Less,
            Self::Lite(_) | Self::Unknown(_) => true,
        }
    }
}

impl From<String> for ServerVersion {
    fn from(text: String) -> Self {
        if text.starts_with("milvus_lite-") {
            return Self::Lite(text);
        }
        match text.parse() {
            Ok(release) => Self::Milvus(release),
            Err(NoRelease) => Self::Unknown(text),
        }
    }
}

impl FromStr for ServerVersion {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text.to_owned()))
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Milvus(release) => release.fmt(f),
            Self::Lite(text) | Self::Unknown(text) => f.write_str(text),
        }
    }
}

/// A text that names no release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no release of Milvus")]
pub struct NoRelease;

impl FromStr for Release {
    type Err = NoRelease;

    /// Reads `v2.3.5`, with or without the `v`, and with whatever follows a hyphen.
    fn from_str(text: &str) -> Result<Self, NoRelease> {
        let numbers = text.strip_prefix('v').unwrap_or(text);
        let numbers = numbers.split('-').next().unwrap_or_default();
        let numbers: Vec<u16> = numbers
            .split('.')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| NoRelease)?;
        match numbers[..] {
            [major, minor, patch, ..] => Ok(Self(major, minor, patch)),
            _ => Err(NoRelease),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ServerVersion {
        ServerVersion::from(text.to_owned())
    }

    #[test]
    fn discovery_5_a_release_has_what_came_with_it_or_before_it() {
        for (capability, before, since) in [
            (Capability::Upsert, "2.2.16", "2.3.0"),
            (Capability::PartialUpdate, "2.6.1", "2.6.2"),
            (Capability::GroupedSearch, "2.3.22", "2.4.0"),
            (Capability::HybridSearch, "2.3.22", "2.4.0"),
            (Capability::Ranker, "2.5.27", "2.6.0"),
            (Capability::OrderBy, "2.6.24", "3.0.0"),
            (Capability::SparseVectors, "2.3.22", "2.4.0"),
            (Capability::NullableFields, "2.4.24", "2.5.0"),
            (Capability::Functions, "2.4.24", "2.5.0"),
        ] {
            assert!(!version(before).has(capability), "{capability} in {before}");
            assert!(version(since).has(capability), "{capability} in {since}");
            // What 2.3.5 was seen to ignore, or to accept and then to fail at.
            let has = capability == Capability::Upsert;
            assert_eq!(version("v2.3.5").has(capability), has, "{capability}");
        }
    }

    #[test]
    fn versions_are_read_as_servers_say_them() {
        for (text, read) in [
            ("v2.3.5", "2.3.5"),
            ("2.6.10", "2.6.10"),
            ("v2.4.0-rc.1", "2.4.0"),
            ("milvus_lite-3.2.2", "milvus_lite-3.2.2"),
            ("master-20261101-abcdef0", "master-20261101-abcdef0"),
            ("v2.6", "v2.6"),
        ] {
            assert_eq!(version(text).to_string(), read);
        }
        assert!(matches!(
            version("milvus_lite-3.2.2"),
            ServerVersion::Lite(_)
        ));
        assert!(matches!(version("v2.6"), ServerVersion::Unknown(_)));
    }
}
