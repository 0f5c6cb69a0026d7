//! What a load costs a month on AWS.

use serde::Serialize;

use super::{Mode, NodePlan, Sizing};
use crate::{
    cost::Cost,
    installation::{
        Memory,
        aws::{BrokerType, Msk},
    },
    prices,
};

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CostItem {
    /// What for.
    pub what: String,
    /// How much a month.
    pub cost: Cost,
}

/// Kinds of brokers with their processors and GiB of memory (source: MSK developer guide, "Broker instance sizes").
const BROKERS: [(&str, u32, u64); 5] = [
    ("kafka.m7g.large", 2, 8),
    ("kafka.m7g.xlarge", 4, 16),
    ("kafka.m7g.2xlarge", 8, 32),
    ("kafka.m7g.4xlarge", 16, 64),
    ("kafka.m7g.8xlarge", 32, 128),
];

impl Sizing {
    /// The brokers that MSK has for the log: none where one pod has its own.
    pub fn msk(&self) -> Option<Msk> {
        let brokers = self.log?.kafka;
        let shape = brokers.shape;
        let holds = |(_, cpus, gib): &&(&str, u32, u64)| {
            shape.cpu.millis() <= cpus * 1000 && shape.memory.mib() <= gib * 1024
        };
        let usual = Msk::default();
        let kind = BROKERS.iter().find(holds);
        Some(Msk {
            instance_type: kind
                .map_or(usual.instance_type, |(name, ..)| BrokerType::of_table(name)),
            storage: usual.storage.max(brokers.storage),
            ..usual
        })
    }

    /// What it costs a month in that region on those nodes: everything that the target `aws` makes; for one pod the
    /// nodes and its volume alone.
    pub fn monthly_cost(&self, nodes: &NodePlan, region: &str) -> Vec<CostItem> {
        let kind = nodes.instance_type.as_str();
        let count = u64::from(nodes.count);
        let mut items = vec![
            item(
                format!("{count} nodes {kind}"),
                prices::nodes(region, kind, count),
            ),
            item(
                format!("their disks, {} each", nodes.storage),
                prices::gp3(region, gib(nodes.storage) * count),
            ),
        ];
        if self.mode == Mode::Standalone {
            let volume = self.standalone_storage();
            let cost = prices::gp3(region, gib(volume));
            items.push(item(format!("its volume, {volume}"), cost));
            return items;
        }
        let etcd = self.etcd;
        items.push(item(
            format!("{} volumes of etcd, {} each", etcd.replicas, etcd.storage),
            prices::gp3(region, gib(etcd.storage) * etcd.replicas),
        ));
        if let (Some(msk), Some(log)) = (self.msk(), self.log) {
            let count = log.kafka.replicas;
            let kind = msk.instance_type.as_str();
            items.push(item(
                format!("{count} brokers {kind}"),
                prices::brokers(region, kind, count),
            ));
            items.push(item(
                format!("their disks, {} each", msk.storage),
                prices::broker_storage(region, gib(msk.storage) * count),
            ));
        }
        let stored = self.object_storage.bytes.div_ceil(1 << 30);
        items.push(item(
            format!("{stored} GiB in S3"),
            prices::stored_objects(region, stored),
        ));
        items.push(item("EKS".to_owned(), prices::eks_cluster(region)));
        let gateway = prices::nat_gateways(region, 1).plus(prices::public_addresses(region, 1));
        items.push(item("a NAT gateway".to_owned(), gateway));
        let balancer = prices::network_load_balancer(region);
        items.push(item("a network load balancer".to_owned(), balancer));
        let key = prices::key(region).plus(prices::secret(region));
        items.push(item("a key and a secret".to_owned(), key));
        items
    }
}

fn item(what: String, cost: Cost) -> CostItem {
    CostItem { what, cost }
}

fn gib(size: Memory) -> u64 {
    size.mib().div_ceil(1024)
}
