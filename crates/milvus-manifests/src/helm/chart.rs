//! The official chart's defaults, by the Milvus version that it goes with.

use milvus_aws_core::installation::MilvusVersion;

/// What a chart does where the values say nothing.
pub(super) struct Chart {
    /// The first Milvus release that it goes with.
    from: (u64, u64, u64),
    /// Whether coordinators run apart, instead of in one process.
    pub(super) separate_coordinators: bool,
    /// The sub-chart that the log is in, unless the values say otherwise.
    pub(super) pulsar: &'static str,
    /// Whether Attu has the security contexts that are said of all pods.
    pub(super) attu_contexts: bool,
    /// The log of one process.
    pub(super) standalone_queue: &'static str,
}

/// The newest first.
const CHARTS: [Chart; 4] = [
    Chart {
        from: (2, 6, 0),
        separate_coordinators: false,
        pulsar: "pulsarv3",
        attu_contexts: true,
        standalone_queue: "woodpecker",
    },
    Chart {
        from: (2, 5, 0),
        separate_coordinators: false,
        pulsar: "pulsarv3",
        attu_contexts: true,
        standalone_queue: "rocksmq",
    },
    Chart {
        from: (2, 4, 7),
        separate_coordinators: false,
        pulsar: "pulsar",
        attu_contexts: false,
        standalone_queue: "rocksmq",
    },
    Chart {
        from: (0, 0, 0),
        separate_coordinators: true,
        pulsar: "pulsar",
        attu_contexts: false,
        standalone_queue: "rocksmq",
    },
];

impl Chart {
    /// The chart that goes with a Milvus version.
    pub(super) fn of(version: &MilvusVersion) -> &'static Self {
        let [.., oldest] = &CHARTS;
        let goes = |chart: &&Self| {
            let (major, minor, patch) = chart.from;
            version.is_at_least(major, minor, patch)
        };
        CHARTS.iter().find(goes).unwrap_or(oldest)
    }
}
