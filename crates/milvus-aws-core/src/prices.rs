//! List prices, so that a plan can say what it costs. On demand, without taxes, discounts and free tiers; where a region
//! or a size is not in the table, the answer is [`Cost::Unknown`] rather than a wrong one.

use crate::cost::{Cents, Cost};

/// The month whose list prices these are meant to be. Those of nodes, of NAT by use and of load balancers by use have
/// not been held against AWS's pages yet.
pub const AS_OF: &str = "2026-11";

/// Hours that AWS bills as a month.
const HOURS: u64 = 730;
/// Regions that have these prices.
const REGIONS: [&str; 2] = ["us-east-1", "us-west-2"];

/// Families of nodes, with the price of `large` in millionths of a US dollar per hour.
const NODES: [(&str, u64); 8] = [
    ("m6i", 96_000),
    ("m7i", 100_800),
    ("m6a", 86_400),
    ("m7g", 81_600),
    ("r6i", 126_000),
    ("r7i", 132_300),
    ("c6i", 85_000),
    ("c7i", 89_250),
];
/// Families of brokers, in the same way.
const BROKERS: [(&str, u64); 2] = [("kafka.m5", 210_000), ("kafka.m7g", 204_000)];
/// Sizes, as multiples of `large`.
const SIZES: [(&str, u64); 8] = [
    ("large", 1),
    ("xlarge", 2),
    ("2xlarge", 4),
    ("4xlarge", 8),
    ("8xlarge", 16),
    ("12xlarge", 24),
    ("16xlarge", 32),
    ("24xlarge", 48),
];

const EKS_CLUSTER: Price = Price::hour(100_000);
const NAT_GATEWAY: Price = Price::hour(45_000);
const NETWORK_LOAD_BALANCER: Price = Price::hour(22_500);
const PUBLIC_ADDRESS: Price = Price::hour(5_000);
const BROKER_GIB: Price = Price::month(100_000);
const GP3_GIB: Price = Price::month(80_000);
const KEY: Price = Price::month(1_000_000);
const SECRET: Price = Price::month(400_000);
const OBJECTS_GIB: Price = Price::month(23_000);

/// Millionths of a US dollar a month.
#[derive(Clone, Copy)]
struct Price(u64);

impl Price {
    const fn hour(millionths: u64) -> Self {
        Self(millionths * HOURS)
    }

    const fn month(millionths: u64) -> Self {
        Self(millionths)
    }

    /// What `count` of them cost in a region: rounded once, at the end.
    fn of(self, region: &str, count: u64) -> Cost {
        if count == 0 {
            return Cost::Free;
        }
        if !REGIONS.contains(&region) {
            return Cost::Unknown;
        }
        let millionths = self.0.saturating_mul(count);
        Cost::Monthly(Cents(millionths.saturating_add(5_000) / 10_000))
    }
}

/// The control plane of an EKS cluster whose Kubernetes version is in standard support.
pub fn eks_cluster(region: &str) -> Cost {
    EKS_CLUSTER.of(region, 1)
}

/// Nodes of an instance type: `m6i.2xlarge`. Their disks are [`gp3`].
pub fn nodes(region: &str, instance_type: &str, count: u64) -> Cost {
    sized(&NODES, region, instance_type, count)
}

/// MSK brokers of an instance type: `kafka.m7g.large`. Their disks are [`broker_storage`].
pub fn brokers(region: &str, instance_type: &str, count: u64) -> Cost {
    sized(&BROKERS, region, instance_type, count)
}

/// Disks of MSK brokers, of so many GiB in total.
pub fn broker_storage(region: &str, gib: u64) -> Cost {
    BROKER_GIB.of(region, gib)
}

/// EBS volumes of the class gp3 with their included throughput, of so many GiB in total.
pub fn gp3(region: &str, gib: u64) -> Cost {
    GP3_GIB.of(region, gib)
}

/// NAT gateways, without their [`public_addresses`].
pub fn nat_gateways(region: &str, count: u64) -> Cost {
    and_use(NAT_GATEWAY.of(region, count), "0.045 USD per GB")
}

/// Public IPv4 addresses, in use or not.
pub fn public_addresses(region: &str, count: u64) -> Cost {
    PUBLIC_ADDRESS.of(region, count)
}

/// A network load balancer.
pub fn network_load_balancer(region: &str) -> Cost {
    let price = "0.006 USD per capacity unit and hour";
    and_use(NETWORK_LOAD_BALANCER.of(region, 1), price)
}

/// A customer-managed KMS key. Requests are left out: they are cents.
pub fn key(region: &str) -> Cost {
    KEY.of(region, 1)
}

/// A secret of Secrets Manager. Requests are left out: they are cents.
pub fn secret(region: &str) -> Cost {
    SECRET.of(region, 1)
}

/// Objects in S3 of the class standard: by their size, which nobody knows yet.
pub fn objects(region: &str) -> Cost {
    if REGIONS.contains(&region) {
        Cost::PerUse("0.023 USD per GB and month")
    } else {
        Cost::Unknown
    }
}

/// Objects in S3 of the class standard, of so many GiB in total.
pub fn stored_objects(region: &str, gib: u64) -> Cost {
    OBJECTS_GIB.of(region, gib)
}

/// Whether the table has prices of a region.
pub fn has(region: &str) -> bool {
    REGIONS.contains(&region)
}

/// What a node of an instance type costs an hour where the table has prices, in millionths of a US dollar: for comparing
/// kinds with each other, which are as dear relative to each other elsewhere.
pub fn node_hour(instance_type: &str) -> Option<u64> {
    hour(&NODES, instance_type)
}

/// What so many GiB of gp3 cost an hour, in millionths of a US dollar, for the same use.
pub fn gp3_hour(gib: u64) -> u64 {
    GP3_GIB.0.saturating_mul(gib) / HOURS
}

fn hour(families: &[(&str, u64)], instance_type: &str) -> Option<u64> {
    let (family, size) = instance_type.rsplit_once('.')?;
    let (_, large) = families.iter().find(|(name, _)| *name == family)?;
    let (_, multiple) = SIZES.iter().find(|(name, _)| *name == size)?;
    Some(large * multiple)
}

fn sized(families: &[(&str, u64)], region: &str, instance_type: &str, count: u64) -> Cost {
    match hour(families, instance_type).map(Price::hour) {
        Some(price) => price.of(region, count),
        None if count == 0 => Cost::Free,
        None => Cost::Unknown,
    }
}

fn and_use(cost: Cost, price: &'static str) -> Cost {
    match cost {
        Cost::Monthly(cents) => Cost::MonthlyAndUse(cents, price),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "us-west-2";

    #[test]
    fn a_month_has_730_hours() {
        assert_eq!(eks_cluster(HERE), Cost::Monthly(Cents(7300)));
        assert_eq!(public_addresses(HERE, 1), Cost::Monthly(Cents(365)));
        assert_eq!(nat_gateways(HERE, 1).known(), Cents(3285));
        // 16.425 USD: half a cent is rounded up.
        assert_eq!(network_load_balancer(HERE).known(), Cents(1643));
    }

    #[test]
    fn sizes_double() {
        let cents = |instance_type| nodes(HERE, instance_type, 1).known().0;
        assert_eq!(cents("m6i.large"), 7008);
        assert_eq!(cents("m6i.xlarge"), 14016);
        assert_eq!(cents("m6i.2xlarge"), 28032);
        assert_eq!(cents("r6i.4xlarge"), 73584);
        assert_eq!(cents("r7i.24xlarge"), 463_579);
        assert_eq!(brokers(HERE, "kafka.m5.large", 3).known(), Cents(45990));
        assert_eq!(brokers(HERE, "kafka.m7g.xlarge", 3).known(), Cents(89352));
    }

    #[test]
    fn what_is_bought_by_the_dozen_is_rounded_once() {
        // 73.584 USD each.
        assert_eq!(nodes(HERE, "m7i.large", 1).known(), Cents(7358));
        assert_eq!(nodes(HERE, "m7i.large", 3).known(), Cents(22075));
    }

    #[test]
    fn what_is_billed_by_the_month() {
        assert_eq!(broker_storage(HERE, 300), Cost::Monthly(Cents(3000)));
        assert_eq!(gp3(HERE, 30), Cost::Monthly(Cents(240)));
        assert_eq!(stored_objects(HERE, 10), Cost::Monthly(Cents(23)));
        assert_eq!(key(HERE), Cost::Monthly(Cents(100)));
        assert_eq!(secret(HERE), Cost::Monthly(Cents(40)));
    }

    #[test]
    fn what_is_billed_by_use() {
        assert_eq!(objects(HERE).known(), Cents(0));
        for cost in [
            objects(HERE),
            nat_gateways(HERE, 3),
            network_load_balancer(HERE),
        ] {
            assert!(
                cost.per_use()
                    .is_some_and(|price| price.contains("USD per"))
            );
        }
    }

    #[test]
    fn what_the_table_does_not_know_is_unknown() {
        let there = "eu-central-1";
        let elsewhere = [
            eks_cluster(there),
            nodes(there, "m6i.large", 1),
            brokers(there, "kafka.m5.large", 1),
            nat_gateways(there, 1),
            network_load_balancer(there),
            gp3(there, 1),
            key(there),
            objects(there),
        ];
        assert!(elsewhere.iter().all(|cost| *cost == Cost::Unknown));
        for instance_type in [
            "m6i",
            "m6i.9xlarge",
            "x9.large",
            ".large",
            "kafka.m5.large",
            "",
        ] {
            assert_eq!(
                nodes(HERE, instance_type, 1),
                Cost::Unknown,
                "{instance_type}"
            );
        }
        assert_eq!(brokers(HERE, "m6i.large", 1), Cost::Unknown);
    }

    #[test]
    fn none_of_it_is_free() {
        assert_eq!(nat_gateways("eu-central-1", 0), Cost::Free);
        assert_eq!(nodes(HERE, "x9.large", 0), Cost::Free);
        assert_eq!(gp3(HERE, 0), Cost::Free);
    }
}
