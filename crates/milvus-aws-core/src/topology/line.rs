//! What each release line of Milvus has: data, so that a new line is a new row.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigLoader, role::Role};
use crate::installation::MilvusVersion;

/// What Milvus writes its log of changes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageQueue {
    /// The built-in log of one process.
    RocksMq,
    /// The built-in log on object storage or on a local disk, from 2.6.
    Woodpecker,
    /// Kafka.
    Kafka,
    /// Pulsar.
    Pulsar,
}

impl MessageQueue {
    /// The value of `mq.type`.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::RocksMq => "rocksmq",
            Self::Woodpecker => "woodpecker",
            Self::Kafka => "kafka",
            Self::Pulsar => "pulsar",
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RocksMq => "RocksMQ",
            Self::Woodpecker => "Woodpecker",
            Self::Kafka => "Kafka",
            Self::Pulsar => "Pulsar",
        }
    }
}

/// A release that must not be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownBad {
    /// Which release.
    pub version: &'static str,
    /// What is wrong with it.
    pub because: &'static str,
}

/// Something that releases do not work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownBadPair {
    /// What they do not work with.
    pub partner: Partner,
    /// The only release that does not; all of the row when absent.
    pub version: Option<&'static str>,
    /// What is wrong.
    pub because: &'static str,
    /// The first release of the line that works; absent while none is known.
    pub fixed_in: Option<&'static str>,
}

/// What releases may not work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Partner {
    /// Brokers of Kafka 4.x that are logged in to by SCRAM.
    KafkaFour,
    /// A coordinator that stands by.
    SecondCoordinator,
}

/// librdkafka before 2.6.1, which every line was built with, sends a nonce twice. The later one went into the branches of
/// 2.6 and 3.0 in September 2026 (milvus#52666, #53086) and into a hotfix of 2.5.13 (#52668); no release with it is known.
pub(crate) const KAFKA_FOUR: KnownBadPair = KnownBadPair {
    partner: Partner::KafkaFour,
    version: None,
    because: "the Kafka client of Milvus cannot log in to Kafka 4.x by SCRAM (milvus-io/milvus#52601)",
    fixed_in: None,
};

/// One row of the table: releases from one on, until the next row.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The first release that the row is for.
    pub from: (u64, u64, u64),
    /// The newest release that we know of this line.
    pub newest: (u64, u64, u64),
    /// The deployments of a cluster, in the order in which they start.
    pub cluster: &'static [Role],
    /// The other way to deploy coordinators, where there is one.
    pub other_coordinators: &'static [Role],
    /// Roles that a cluster has only where they are named.
    pub optional: &'static [Role],
    /// The sections of the settings that say whether a mixture of coordinators stands by.
    pub mixture_sections: &'static [&'static str],
    /// Roles that use a local disk.
    pub local_disk: &'static [Role],
    /// How the server learns its settings.
    pub config_loader: ConfigLoader,
    /// The log of a standalone server.
    pub standalone_queue: MessageQueue,
    /// What a standalone server may log to.
    pub standalone_queues: &'static [MessageQueue],
    /// What a cluster may log to.
    pub cluster_queues: &'static [MessageQueue],
    /// Whether query and streaming nodes can be grouped, each group with a replica of everything.
    pub has_resource_groups: bool,
    /// Groups that the official image's files belong to: a user other than root starts the server only as a member.
    /// The images of one row agree, except that those before 2.3.11 need no group (their files are for everyone).
    pub image_groups: &'static [i64],
    /// The user that the official image runs the server as, where a pod names none.
    pub image_user: i64,
    /// Image of etcd, as the official chart of that line has it.
    pub etcd_image: &'static str,
    /// Image of Attu that fits.
    pub attu_image: &'static str,
    /// Releases of the row that must not be installed.
    pub known_bad: &'static [KnownBad],
    /// What releases of the row do not work with.
    pub bad_pairs: &'static [KnownBadPair],
}

impl Line {
    /// Why that release does not work with that; none where it does.
    pub fn bad_pair(
        &self,
        partner: Partner,
        version: &MilvusVersion,
    ) -> Option<&'static KnownBadPair> {
        let text = version.to_string();
        let is_it = |pair: &&KnownBadPair| {
            pair.partner == partner && pair.version.is_none_or(|only| only == text)
        };
        self.bad_pairs.iter().find(is_it)
    }

    /// Why a cluster of that release has no such role, and what to write instead.
    pub fn why_not(&self, role: Role, version: &MilvusVersion) -> String {
        if self.cluster.contains(&role) || self.other_coordinators.contains(&role) {
            return "`mixCoordinator` does the work of the separate coordinators; name it alone, or them alone".to_owned();
        }
        let instead = match role {
            Role::Standalone => "a cluster has none; write `mode: standalone`, or leave it out",
            Role::IndexNode => "`dataNode` builds indexes now; leave it out",
            Role::StreamingNode => "it comes with 2.6; leave it out",
            Role::Cdc => "it comes with 2.6.6; leave it out",
            _ => "`mixCoordinator` does its work now; write that",
        };
        format!("is no role of Milvus {version}: {instead}")
    }

    /// The deployments of a cluster in the order in which they start. Coordinators are deployed as the user names
    /// them, and the usual way when none is named.
    pub fn roles(&self, named: impl Fn(&Role) -> bool) -> Vec<Role> {
        let other = self.other_coordinators;
        let usual = self.cluster.iter().copied();
        let optional = self.optional.iter().copied().filter(|role| named(role));
        if !other.iter().any(&named) {
            return usual.chain(optional).collect();
        }
        let workers = usual.filter(|role| !role.is_coordinator());
        let coordinators = other.iter().copied();
        coordinators.chain(workers).chain(optional).collect()
    }
}

const SEPARATE: &[Role] = &[
    Role::RootCoordinator,
    Role::DataCoordinator,
    Role::IndexCoordinator,
    Role::QueryCoordinator,
    Role::IndexNode,
    Role::DataNode,
    Role::QueryNode,
    Role::Proxy,
];
const MIXED: &[Role] = &[
    Role::MixCoordinator,
    Role::IndexNode,
    Role::DataNode,
    Role::QueryNode,
    Role::Proxy,
];
const STREAMING: &[Role] = &[
    Role::MixCoordinator,
    Role::StreamingNode,
    Role::QueryNode,
    Role::DataNode,
    Role::Proxy,
];

const V2_3: Line = Line {
    from: (2, 3, 0),
    newest: (2, 3, 13),
    cluster: SEPARATE,
    other_coordinators: &[Role::MixCoordinator],
    optional: &[],
    mixture_sections: &["rootCoord", "dataCoord", "indexCoord", "queryCoord"],
    local_disk: &[Role::Standalone, Role::QueryNode, Role::IndexNode],
    config_loader: ConfigLoader::Environment,
    standalone_queue: MessageQueue::RocksMq,
    standalone_queues: &[
        MessageQueue::RocksMq,
        MessageQueue::Kafka,
        MessageQueue::Pulsar,
    ],
    cluster_queues: &[MessageQueue::Kafka, MessageQueue::Pulsar],
    has_resource_groups: false,
    image_groups: &[0],
    image_user: 0,
    etcd_image: "milvusdb/etcd:3.5.5-r4",
    attu_image: "zilliz/attu:v2.3.10",
    known_bad: &[KnownBad {
        version: "2.3.0",
        because: "its image was built without OpenSSL and cannot log in to Kafka",
    }],
    bad_pairs: &[KAFKA_FOUR],
};
const V2_4: Line = Line {
    from: (2, 4, 0),
    newest: (2, 4, 17),
    known_bad: &[],
    ..V2_3
};
const V2_4_6: Line = Line {
    from: (2, 4, 6),
    config_loader: ConfigLoader::Layered,
    ..V2_4
};
const V2_4_7: Line = Line {
    from: (2, 4, 7),
    cluster: MIXED,
    other_coordinators: &Role::SEPARATE_COORDINATORS,
    etcd_image: "milvusdb/etcd:3.5.14-r1",
    attu_image: "zilliz/attu:v2.4.6",
    ..V2_4_6
};
const V2_5: Line = Line {
    from: (2, 5, 0),
    newest: (2, 5, 26),
    etcd_image: "milvusdb/etcd:3.5.18-r1",
    attu_image: "zilliz/attu:v2.5.3",
    known_bad: &[KnownBad {
        version: "2.5.14",
        because: "renaming a collection can lose its metadata (milvus-io/milvus#43407)",
    }],
    bad_pairs: &[
        KAFKA_FOUR,
        KnownBadPair {
            partner: Partner::SecondCoordinator,
            version: Some("2.5.17"),
            because: "a second coordinator does not stand by, but ends again and again (milvus-io/milvus#45019)",
            fixed_in: None,
        },
    ],
    ..V2_4_7
};
const V2_6: Line = Line {
    from: (2, 6, 0),
    newest: (2, 6, 20),
    cluster: STREAMING,
    other_coordinators: &[],
    mixture_sections: &[
        "mixCoord",
        "rootCoord",
        "dataCoord",
        "indexCoord",
        "queryCoord",
    ],
    local_disk: &[
        Role::Standalone,
        Role::QueryNode,
        Role::DataNode,
        Role::StreamingNode,
    ],
    standalone_queue: MessageQueue::Woodpecker,
    standalone_queues: &[
        MessageQueue::Woodpecker,
        MessageQueue::RocksMq,
        MessageQueue::Kafka,
        MessageQueue::Pulsar,
    ],
    cluster_queues: &[
        MessageQueue::Kafka,
        MessageQueue::Pulsar,
        MessageQueue::Woodpecker,
    ],
    has_resource_groups: true,
    etcd_image: "milvusdb/etcd:3.5.25-r1",
    known_bad: &[KnownBad {
        version: "2.6.0-rc1",
        because: "no later release can read what it has written",
    }],
    bad_pairs: &[KAFKA_FOUR],
    ..V2_5
};
const V2_6_6: Line = Line {
    from: (2, 6, 6),
    optional: &[Role::Cdc],
    known_bad: &[],
    ..V2_6
};
const V3_0: Line = Line {
    from: (3, 0, 0),
    newest: (3, 0, 0),
    // The image has a user of its own since milvus#44524.
    image_groups: &[999],
    image_user: 999,
    ..V2_6_6
};

const LINES: [Line; 8] = [V2_3, V2_4, V2_4_6, V2_4_7, V2_5, V2_6, V2_6_6, V3_0];

/// Every row, oldest first.
pub fn lines() -> &'static [Line] {
    &LINES
}

/// The number of the row that a release belongs to; none when its line is not known.
pub(crate) fn row_of(major: u64, minor: u64, patch: u64) -> Option<usize> {
    let same_line = |line: &Line| (line.from.0, line.from.1) == (major, minor);
    LINES
        .iter()
        .rposition(|line| same_line(line) && line.from <= (major, minor, patch))
}

/// Groups that the official images of all lines need together, in ascending order. Pods have them all by default, so
/// that an upgrade to another line and a custom image need no other setting.
pub fn image_groups() -> Vec<i64> {
    let groups: BTreeSet<i64> = LINES
        .iter()
        .flat_map(|line| line.image_groups.iter().copied())
        .collect();
    groups.into_iter().collect()
}

/// The row that a release belongs to.
pub fn line_of(version: &MilvusVersion) -> &'static Line {
    &LINES[version.row()]
}
