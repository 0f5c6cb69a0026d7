//! What the brokers' configuration must say for Milvus, and what a user may say beside it.

use std::collections::BTreeMap;

use crate::installation::aws::PropertyName;

/// What a property must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// This and nothing else.
    Exactly(&'static str),
    /// This number or more.
    AtLeast(u64),
    /// The smaller one of this number and the number of brokers.
    Copies(u64),
}

/// What Milvus needs of its brokers (source: the guide; Milvus issues 17981, 22985, 36029 and 41548).
const RULES: &[(&str, Rule)] = &[
    // Milvus writes topics that nobody made before.
    ("auto.create.topics.enable", Rule::Exactly("true")),
    ("default.replication.factor", Rule::Copies(3)),
    // Inserts of Milvus are messages of up to 10 MiB.
    ("message.max.bytes", Rule::AtLeast(10_485_880)),
    ("min.insync.replicas", Rule::Copies(2)),
    // Milvus reads partition 0 and no other.
    ("num.partitions", Rule::Exactly("1")),
    ("replica.fetch.max.bytes", Rule::AtLeast(20_971_760)),
];

/// Why a user's property cannot be.
pub(crate) fn conflict(name: &PropertyName, value: &str) -> Option<String> {
    let (_, rule) = RULES.iter().find(|(known, _)| *known == name.as_str())?;
    match rule {
        Rule::Exactly(needed) if value != *needed => {
            Some(format!("is {value}, Milvus needs `{needed}`; leave it out"))
        }
        Rule::AtLeast(_) | Rule::Copies(_) if value.parse::<u64>().is_err() => {
            Some(format!("is {value}, write a number"))
        }
        _ => None,
    }
}

/// The properties of brokers in that number, `name=value` a line in the order of their names. What Milvus needs more
/// of than the user gives is raised; what the user gives more of stays.
pub(crate) fn server_properties(given: &BTreeMap<PropertyName, String>, brokers: u64) -> String {
    let mut properties: BTreeMap<&str, String> = given
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    for (name, rule) in RULES {
        let least = match rule {
            Rule::Exactly(value) => {
                properties.insert(name, (*value).to_owned());
                continue;
            }
            Rule::AtLeast(least) => *least,
            // With two brokers a second copy in sync would stop all writes as soon as one restarts.
            Rule::Copies(copies) if *name == "min.insync.replicas" => {
                (*copies).min(brokers.saturating_sub(1).max(1))
            }
            Rule::Copies(copies) => (*copies).min(brokers),
        };
        let value = properties
            .get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        properties.insert(name, least.max(value).to_string());
    }
    let lines = properties
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"));
    lines.collect()
}
