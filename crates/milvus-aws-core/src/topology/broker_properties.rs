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

/// What of that brokers which exist must have, with what they do where their configuration says nothing (source: MSK
/// developer guide, "Default Amazon MSK configuration", and Kafka's own defaults). Copies are for their owner to say.
#[cfg(any(feature = "aws", test))]
const OF_EXISTING: &[(&str, &str)] = &[
    ("auto.create.topics.enable", "false"),
    ("message.max.bytes", "1048588"),
];

/// What brokers that exist may have otherwise, with their default and what it means: 10,000 rows in topics of three
/// partitions were all found again (tried with Milvus 2.3.5 on Kafka 3.9.1).
#[cfg(any(feature = "aws", test))]
const NOTED: &[(&str, &str, &str)] = &[(
    "num.partitions",
    "1",
    "Milvus uses partition 0 of each topic and leaves the others empty",
)];

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
#[cfg(any(feature = "aws", test))]
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

/// What brokers that exist lack for Milvus, by their configuration: `num.partitions is 3, Milvus needs 1`.
#[cfg(any(feature = "aws", test))]
pub(crate) fn unmet(properties: &str) -> Vec<String> {
    let unmet = |(name, default): &(&str, &str)| {
        let is = value_of(properties, name).unwrap_or(default);
        let (_, rule) = RULES.iter().find(|(known, _)| known == name)?;
        let needed = match rule {
            Rule::Exactly(needed) => (is != *needed).then(|| (*needed).to_owned()),
            Rule::AtLeast(least) => {
                let enough = is.parse().is_ok_and(|is: u64| is >= *least);
                (!enough).then(|| format!("{least} or more"))
            }
            Rule::Copies(_) => None,
        }?;
        Some(format!("{name} is {is}, Milvus needs {needed}"))
    };
    OF_EXISTING.iter().filter_map(unmet).collect()
}

/// What is worth knowing of brokers that exist, by their configuration: `num.partitions is 3: Milvus uses …`.
#[cfg(any(feature = "aws", test))]
pub(crate) fn noted(properties: &str) -> Vec<String> {
    let noted = |(name, usual, meaning): &(&str, &str, &str)| {
        let is = value_of(properties, name).unwrap_or(usual);
        (is != *usual).then(|| format!("{name} is {is}: {meaning}"))
    };
    NOTED.iter().filter_map(noted).collect()
}

/// Whether brokers that exist let in only whom an ACL names.
#[cfg(any(feature = "aws", test))]
pub(crate) fn needs_rights(properties: &str) -> bool {
    value_of(properties, "allow.everyone.if.no.acl.found") == Some("false")
}

/// The last value of a property, `name=value` a line.
#[cfg(any(feature = "aws", test))]
fn value_of<'a>(properties: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = properties.lines().rev();
    lines.find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<PropertyName, String> {
        let pair = |(name, value): &(&str, &str)| (name.parse().unwrap(), (*value).to_owned());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn rows_9_15_and_17_the_brokers_make_topics_take_large_messages_and_keep_copies() {
        let expected = "auto.create.topics.enable=true\n\
                        default.replication.factor=3\n\
                        message.max.bytes=10485880\n\
                        min.insync.replicas=2\n\
                        num.partitions=1\n\
                        replica.fetch.max.bytes=20971760\n";
        assert_eq!(server_properties(&given(&[]), 3), expected);
    }

    #[test]
    fn what_a_user_gives_is_raised_and_never_lowered() {
        let given = given(&[
            ("log.retention.hours", "72"),
            ("message.max.bytes", "1000"),
            ("replica.fetch.max.bytes", "99999999"),
        ]);
        let properties = server_properties(&given, 3);
        assert!(
            properties.contains("log.retention.hours=72\n"),
            "{properties}"
        );
        assert!(
            properties.contains("\nmessage.max.bytes=10485880\n"),
            "{properties}"
        );
        assert!(
            properties.contains("replica.fetch.max.bytes=99999999\n"),
            "{properties}"
        );
    }

    #[test]
    fn fewer_brokers_keep_fewer_copies_and_one_may_restart() {
        let properties = server_properties(&given(&[]), 2);
        assert!(
            properties.contains("default.replication.factor=2\n"),
            "{properties}"
        );
        assert!(
            properties.contains("min.insync.replicas=1\n"),
            "{properties}"
        );
    }

    #[test]
    fn brokers_that_exist_are_told_what_they_lack() {
        assert_eq!(
            unmet(&server_properties(&given(&[]), 3)),
            Vec::<String>::new()
        );
        let of_msk = unmet("");
        assert_eq!(
            of_msk,
            [
                "auto.create.topics.enable is false, Milvus needs true",
                "message.max.bytes is 1048588, Milvus needs 10485880 or more"
            ]
        );
        let enough = "auto.create.topics.enable = true\nmessage.max.bytes=20000000\n";
        assert_eq!(unmet(enough), Vec::<String>::new());
        assert!(needs_rights("allow.everyone.if.no.acl.found=false"));
        assert!(!needs_rights(enough));
    }

    #[test]
    fn discovery_4_more_partitions_of_brokers_that_exist_are_a_note() {
        let enough = "auto.create.topics.enable=true\nmessage.max.bytes=20000000\n";
        let split = format!("{enough}num.partitions=3\n");
        assert_eq!(unmet(&split), Vec::<String>::new());
        assert_eq!(
            noted(&split),
            [
                "num.partitions is 3: Milvus uses partition 0 of each topic and leaves the others empty"
            ]
        );
        assert_eq!(noted(enough), Vec::<String>::new());
        assert_eq!(noted("num.partitions=1\n"), Vec::<String>::new());
    }

    #[test]
    fn what_milvus_cannot_live_with_is_refused() {
        let conflict = |name: &str, value: &str| conflict(&name.parse().unwrap(), value);
        let said = conflict("auto.create.topics.enable", "false").unwrap();
        assert_eq!(said, "is false, Milvus needs `true`; leave it out");
        assert!(conflict("num.partitions", "3").is_some());
        assert!(conflict("message.max.bytes", "lots").is_some());
        assert!(conflict("message.max.bytes", "1000").is_none());
        assert!(conflict("log.retention.hours", "72").is_none());
    }
}
