//! Which part of an installation a step that failed points at. Words for people: no decision rests on them.

use std::fmt;

use Suspect::{
    Coordinators, DataNodes, Etcd, IndexNodes, MessageQueue, ObjectStorage, Proxy, QueryNodes,
};
use serde::Serialize;

use super::step::Step;

/// A part of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Suspect {
    /// The proxy, or the one process of a standalone.
    Proxy,
    /// The coordinators.
    Coordinators,
    /// The message queue: Kafka, where it is Kafka.
    MessageQueue,
    /// The object storage: S3, where it is S3.
    ObjectStorage,
    /// Milvus's metadata.
    Etcd,
    /// Those that bring rows from the message queue to the object storage; streaming nodes from 2.6 on.
    DataNodes,
    /// Those that build indexes; data nodes from 2.6 on.
    IndexNodes,
    /// Those that hold rows in memory.
    QueryNodes,
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proxy => "the proxy",
            Self::Coordinators => "the coordinators",
            Self::MessageQueue => "the message queue (Kafka)",
            Self::ObjectStorage => "the object storage (S3)",
            Self::Etcd => "etcd",
            Self::DataNodes => "the data nodes",
            Self::IndexNodes => "the index nodes",
            Self::QueryNodes => "the query nodes",
        })
    }
}

/// What to look at, and what to look for there.
pub(super) struct Pointer {
    pub(super) suspects: &'static [Suspect],
    pub(super) hint: &'static str,
}

const SILENT: Pointer = Pointer {
    suspects: &[Proxy],
    hint: "the server does not answer at all: check that its proxy runs and is ready",
};
const CONNECT: Pointer = Pointer {
    suspects: &[Coordinators, MessageQueue, Etcd],
    hint: "the proxy answers and what is behind it does not: a coordinator may be away, or wait for the message queue \
           (Kafka) or for etcd; while a creation of a collection hangs at Kafka, no client can connect. Check that the \
           coordinators are ready, and their logs for Kafka's and etcd's names",
};
const CREATE: Pointer = Pointer {
    suspects: &[MessageQueue, Etcd],
    hint: "a new collection needs topics in the message queue. With Kafka, check that every broker runs, that the \
           brokers take Milvus's login (brokers from 4.0 on refuse the right password of a Milvus with librdkafka \
           before 2.6.1), and that they have `auto.create.topics.enable=true`; the log of rootcoord or mixcoord names \
           the cause. If the message queue is well, check that etcd is not full",
};
const INSERT: Pointer = Pointer {
    suspects: &[MessageQueue],
    hint: "rows go to the message queue first. With Kafka, check that every broker runs, that enough replicas are in \
           sync (`min.insync.replicas`), and that `message.max.bytes` is at least 10485880; the proxy's log names the \
           cause",
};
const FLUSH: Pointer = Pointer {
    suspects: &[ObjectStorage, MessageQueue, DataNodes],
    hint: "data nodes (streaming nodes from 2.6 on) bring rows from the message queue (Kafka) to the object storage \
           (S3). Check that the bucket exists and that the pods' role or key may write to it, that every broker runs, \
           and that the data nodes are ready; their log names the cause",
};
const INDEX: Pointer = Pointer {
    suspects: &[IndexNodes, ObjectStorage],
    hint: "index nodes (data nodes from 2.6 on) read rows from the object storage (S3) and write the index there. Check \
           that they are ready and that the pods' role or key may read and write the bucket",
};
const LOAD: Pointer = Pointer {
    suspects: &[QueryNodes, ObjectStorage, MessageQueue],
    hint: "query nodes bring rows and index from the object storage (S3) into memory, and follow the message queue \
           (Kafka). Check that query nodes run, are ready and have memory left, and that the pods' role or key may read \
           the bucket",
};
const READ: Pointer = Pointer {
    suspects: &[QueryNodes, MessageQueue, Etcd],
    hint: "query nodes answer once they have seen every write, which they learn by the message queue (Kafka) and by the \
           clock that Milvus keeps in etcd. Check that query nodes are ready, that every broker runs, and that etcd is \
           not full (`etcdctl alarm list`) and still takes Milvus's login",
};
const WRITE: Pointer = Pointer {
    suspects: &[MessageQueue, QueryNodes, Etcd],
    hint: "deletions and replacements go to the message queue (Kafka), and query nodes see them from there. Check that \
           every broker runs, that query nodes are ready, and that etcd is not full",
};
const DROP: Pointer = Pointer {
    suspects: &[Coordinators, MessageQueue, Etcd],
    hint: "a coordinator drops a collection, in etcd and in the message queue (Kafka). Check that the coordinators are \
           ready, that every broker runs, and that etcd is not full",
};

/// What a step points at that hung, or at which the server failed. `answers`: whether it has answered before.
pub(super) fn of_step(step: Step, answers: bool) -> &'static Pointer {
    match step {
        Step::Connect | Step::Authorization if !answers => &SILENT,
        Step::Connect | Step::Authorization => &CONNECT,
        Step::Create => &CREATE,
        Step::Insert => &INSERT,
        Step::Flush | Step::Count => &FLUSH,
        Step::Index => &INDEX,
        Step::Load => &LOAD,
        Step::Search | Step::FilteredSearch | Step::Query | Step::CountAgain => &READ,
        Step::Delete | Step::Upsert => &WRITE,
        Step::Drop => &DROP,
    }
}

/// Words that servers pass on from the parts behind them, with what they point at. Milvus has one code, 65535, for all of
/// these. Sources: librdkafka's `rd_kafka_err2str`, S3's error codes, etcd's `rpctypes`.
const REASONS: [(&str, Pointer); 11] = [
    (
        "Unknown topic or partition",
        Pointer {
            suspects: &[MessageQueue],
            hint: "Kafka's brokers know no topic for the collection and make none: set `auto.create.topics.enable=true` \
                   in their configuration (MSK: in the cluster's configuration), or make Milvus's topics yourself",
        },
    ),
    (
        "Invalid replication factor",
        Pointer {
            suspects: &[MessageQueue],
            hint: "fewer of Kafka's brokers run than a new topic shall have copies (`default.replication.factor`): wait \
                   until all are back. Brokers with ZooKeeper make no topic while one is away, for example for \
                   patching; those with KRaft do",
        },
    ),
    (
        "Message size too large",
        Pointer {
            suspects: &[MessageQueue],
            hint: "Milvus sends larger messages than Kafka's brokers take: set `message.max.bytes=10485880` and \
                   `replica.fetch.max.bytes=20971760` in their configuration. Some of the rows may be stored",
        },
    ),
    (
        "Not enough in-sync replicas",
        Pointer {
            suspects: &[MessageQueue],
            hint: "fewer of Kafka's brokers are in sync than `min.insync.replicas` asks for: wait until all are back",
        },
    ),
    (
        "opic authorization failed",
        Pointer {
            suspects: &[MessageQueue],
            hint: "Kafka does not let Milvus's user use its topics: allow it to create, read and write those with \
                   Milvus's prefix (ACLs)",
        },
    ),
    (
        "uthentication fail",
        Pointer {
            suspects: &[MessageQueue, ObjectStorage, Etcd],
            hint: "something behind Milvus refuses its login: check the user and password for Kafka, for the object \
                   storage and for etcd. Kafka's brokers from 4.0 on refuse the right password of a Milvus with \
                   librdkafka before 2.6.1",
        },
    ),
    (
        "Broker: ",
        Pointer {
            suspects: &[MessageQueue],
            hint: "a Kafka broker refused what Milvus asked for: the brokers' log says more",
        },
    ),
    (
        "Local: ",
        Pointer {
            suspects: &[MessageQueue],
            hint: "Milvus does not reach Kafka's brokers: check that they run, and that their addresses and ports can be \
                   reached from the pods",
        },
    ),
    (
        "Access Denied",
        Pointer {
            suspects: &[ObjectStorage],
            hint: "the object storage (S3) refuses the pods: check the rights of their role or key on the bucket and on \
                   its KMS key",
        },
    ),
    (
        "specified bucket does not exist",
        Pointer {
            suspects: &[ObjectStorage],
            hint: "the bucket does not exist in the object storage that Milvus talks to",
        },
    ),
    (
        "etcdserver: ",
        Pointer {
            suspects: &[Etcd],
            hint: "etcd refuses what Milvus writes: `etcdctl alarm list` and `etcdctl endpoint status` say whether it is \
                   full or has no leader",
        },
    ),
];

/// What the server's own words point at.
pub(super) fn known_reason(found: &str) -> Option<&'static Pointer> {
    let (_, pointer) = REASONS.iter().find(|(words, _)| found.contains(words))?;
    Some(pointer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{Failure, FailureKind};

    fn hung(step: Step) -> Failure {
        Failure::hung(std::time::Duration::from_secs(40), None).at(step, true)
    }

    #[test]
    fn field_5_4_every_step_that_hangs_names_what_to_look_at() {
        for (step, first, word) in [
            (Step::Connect, Coordinators, "Kafka"),
            (Step::Create, MessageQueue, "Kafka"),
            (Step::Insert, MessageQueue, "Kafka"),
            (Step::Flush, ObjectStorage, "S3"),
            (Step::Flush, ObjectStorage, "Kafka"),
            (Step::Index, IndexNodes, "index nodes"),
            (Step::Load, QueryNodes, "query nodes"),
            (Step::Search, QueryNodes, "etcd"),
            (Step::Delete, MessageQueue, "Kafka"),
            (Step::Drop, Coordinators, "etcd"),
        ] {
            let failure = hung(step);
            assert_eq!(failure.suspects.first(), Some(&first), "{step:?}");
            assert!(
                failure.hint.is_some_and(|hint| hint.contains(word)),
                "{step:?}"
            );
        }
        for step in Step::ALL {
            assert!(!hung(step).suspects.is_empty(), "{step:?}");
        }
    }

    #[test]
    fn discovery_3_topics_that_are_not_made_name_the_property() {
        let failed = Failure::of_server("create collection c: Broker: Unknown topic or partition");
        let hint = failed.at(Step::Create, true).hint.expect("a hint");
        assert!(hint.contains("auto.create.topics.enable=true"), "{hint}");
        // The step alone names it too, whatever the server says.
        let failed = Failure::of_server("create collection c: something else (code 65535)");
        let hint = failed.at(Step::Create, true).hint.expect("a hint");
        assert!(hint.contains("auto.create.topics.enable=true"), "{hint}");
    }

    #[test]
    fn discovery_24_too_few_brokers_for_a_topic_are_named() {
        let failed = Failure::of_server("create collection c: Broker: Invalid replication factor");
        let failed = failed.at(Step::Create, true);
        assert_eq!(failed.suspects, [MessageQueue]);
        let hint = failed.hint.expect("a hint");
        assert!(
            hint.contains("wait until all are back") && hint.contains("ZooKeeper"),
            "{hint}"
        );
    }

    #[test]
    fn discovery_16_reads_that_hang_name_etcd() {
        for step in [Step::Search, Step::Query, Step::CountAgain] {
            assert!(hung(step).suspects.contains(&Etcd), "{step:?}");
        }
        let full = Failure::of_server("create: etcdserver: mvcc: database space exceeded");
        assert_eq!(full.at(Step::Create, true).suspects, [Etcd]);
    }

    #[test]
    fn wrong_answers_and_refused_logins_point_at_nothing() {
        let wrong = Failure::new("3000 rows", "2999, Access Denied").at(Step::Load, true);
        assert!(wrong.suspects.is_empty() && wrong.hint.is_none());
        let silent = Failure::hung(std::time::Duration::from_secs(1), None);
        assert_eq!(silent.at(Step::Connect, false).suspects, [Proxy]);
    }

    impl Failure {
        fn of_server(found: &str) -> Self {
            Self {
                kind: FailureKind::ServerFailed,
                expected: None,
                ..Self::new("", found)
            }
        }
    }
}
