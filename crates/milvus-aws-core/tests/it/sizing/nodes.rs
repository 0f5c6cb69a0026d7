//! What fits on machines, and what those cost.

use milvus_aws_core::{
    cost::{Cents, MonthlyCost},
    sizing::{Generation, NoSize, Sizing},
};

use super::{cluster, request};

fn guide() -> Sizing {
    cluster(Generation::Guide, "1M", "1024", "HNSW")
}

#[test]
fn the_guides_machines_hold_the_guide() {
    // 14 pods of Milvus and etcd ask for 1+1+1.5+1.5+1.5 of pairs... in all 16.3 processors and 42 GiB; a machine has
    // 7910m - 180m and 29317 - 120 MiB.
    let nodes = guide().nodes("m6i.2xlarge").unwrap();
    assert_eq!(nodes.count, 3);
    assert_eq!(nodes.storage.to_string(), "100Gi");
    assert_eq!(nodes.allocatable.pods, 58);
    // Three of each node; 2 coredns, 2 EBS controllers, 2 load balancer controllers; 3 etcd; 8 coordinators, an index,
    // a data and a query node, 2 proxies; attu.
    assert_eq!(nodes.pods, 9 + 6 + 3 + 8 + 3 + 2 + 1);
    // Some eleven pods a node: one interface in use and one in reserve, 15 addresses each.
    assert_eq!(nodes.addresses, 90);
}

#[test]
fn a_pod_that_no_machine_of_the_kind_holds() {
    // A query node of 8 GiB beside a machine of 8 GiB, of which 6.7 are left.
    let refusal = guide().nodes("m6i.large").unwrap_err();
    let NoSize::DoesNotFit { machine, why, .. } = &refusal else {
        panic!("{refusal}");
    };
    assert_eq!(machine, "m6i.large");
    assert!(
        why.contains("indexnode") || why.contains("querynode"),
        "{why}"
    );
}

#[test]
fn processors_that_the_system_takes_count() {
    // A query node of 8 processors does not fit beside what the system takes of a machine with 8.
    let sizing = cluster(Generation::V2_6, "100M", "768", "FLAT");
    assert!(sizing.nodes("r6i.2xlarge").is_err());
    let nodes = sizing.nodes("r6i.4xlarge").unwrap();
    // 11 + 8 + 2 + 2 + 2 pods of 8 processors each, on machines with 15.89 of which one such pod leaves 7.7: one each.
    assert!(nodes.count >= 25, "{nodes:?}");
}

#[test]
fn the_least_dear_machines_come_first() {
    let sizing = guide();
    let (best, others) = sizing.node_plans().unwrap();
    let cost = |plan| total(&sizing.monthly_cost(plan, "us-west-2")).known;
    let mut before = cost(&best);
    assert_eq!(others.len(), 5, "one of each other family");
    for plan in &others {
        assert!(cost(plan) >= before, "{plan:?}");
        before = cost(plan);
    }
    assert!(cost(&best) <= cost(&sizing.nodes("m6i.2xlarge").unwrap()));
    assert!(best.count >= 3, "one for each zone: {best:?}");
}

#[test]
fn a_kind_that_is_in_no_table() {
    let refusal = guide().nodes("m1.small").unwrap_err();
    assert!(refusal.to_string().contains("m6i, m7i, r6i"), "{refusal}");
}

#[test]
fn an_index_on_disk_has_room_on_the_machines_disks() {
    let sizing = cluster(Generation::V2_6, "60M", "768", "DISKANN");
    // 60e6 * (3072 + 224) bytes are 184.2 GiB, on four query nodes 46.1 each; two of them on one machine would be 93.
    let nodes = sizing.nodes("m6i.8xlarge").unwrap();
    let gib = nodes.storage.mib() / 1024;
    assert!([156, 211].contains(&gib), "{nodes:?}");
}

#[test]
fn more_than_a_group_of_nodes() {
    let mut request = request(Generation::V2_6, "1B", "768", "FLAT");
    request.replicas = 100.try_into().unwrap();
    let sizing = request.size().unwrap();
    let refusal = sizing.nodes("m6i.12xlarge").unwrap_err();
    assert!(refusal.to_string().contains("no 450 machines"), "{refusal}");
    assert!(matches!(sizing.node_plans(), Err(NoSize::NoMachine(450))));
}

fn total(items: &[milvus_aws_core::sizing::CostItem]) -> MonthlyCost {
    items.iter().map(|item| item.cost).sum()
}

#[test]
fn the_bill_of_the_guide() {
    let sizing = guide();
    let nodes = sizing.nodes("m6i.2xlarge").unwrap();
    let items = sizing.monthly_cost(&nodes, "us-west-2");
    let of = |what: &str| {
        let item = items.iter().find(|item| item.what.starts_with(what));
        item.unwrap_or_else(|| panic!("{what} in {items:?}"))
            .cost
            .known()
    };
    // 3 * 0.384 * 730; 300 GiB at 0.08; 90 GiB at 0.08; 3 * 0.204 * 730; 300 GiB at 0.10; 8 GiB at 0.023.
    assert_eq!(of("3 nodes m6i.2xlarge"), Cents(84_096));
    assert_eq!(of("3 volumes of etcd, 30Gi each"), Cents(720));
    assert_eq!(of("3 brokers kafka.m7g.large"), Cents(44_676));
    assert_eq!(of("8 GiB in S3"), Cents(18));
    assert_eq!(of("EKS"), Cents(7300));
    let disks: Vec<_> = items
        .iter()
        .filter(|item| item.what.starts_with("their disks"))
        .collect();
    assert_eq!(disks.len(), 2);
    assert_eq!(
        (disks[0].cost.known(), disks[1].cost.known()),
        (Cents(2400), Cents(3000))
    );
    let total = total(&items);
    assert!(total.lower_bound, "traffic comes on top");
    assert_eq!(
        total.known,
        Cents(84_096 + 2400 + 720 + 44_676 + 3000 + 18 + 7300 + 3285 + 365 + 1643 + 140)
    );
}

#[test]
fn where_the_table_has_no_prices_they_are_unknown() {
    let sizing = guide();
    let nodes = sizing.nodes("m6i.2xlarge").unwrap();
    let total = total(&sizing.monthly_cost(&nodes, "eu-central-1"));
    assert_eq!((total.known, total.lower_bound), (Cents(0), true));
}

#[test]
fn larger_brokers_for_a_larger_log() {
    let kind = |vectors: &str| {
        let msk = cluster(Generation::V2_6, vectors, "768", "FLAT")
            .msk()
            .unwrap();
        (msk.instance_type.to_string(), msk.storage.to_string())
    };
    assert_eq!(
        kind("1M"),
        ("kafka.m7g.large".to_owned(), "100Gi".to_owned())
    );
    assert_eq!(
        kind("100M"),
        ("kafka.m7g.xlarge".to_owned(), "287Gi".to_owned())
    );
}

#[test]
fn one_pod_is_on_one_machine() {
    let sizing = request(Generation::V2_6, "1M", "768", "HNSW")
        .size()
        .unwrap();
    let nodes = sizing.nodes("m6i.xlarge").unwrap();
    // 2 processors and 8 GiB, and half a processor and 2 GiB of its metadata store: 13.8 GiB are free.
    assert_eq!(nodes.count, 1);
    assert!(sizing.nodes("c6i.xlarge").is_err(), "8 GiB do not hold 10");
    let items = sizing.monthly_cost(&nodes, "us-west-2");
    let whats: Vec<_> = items.iter().map(|item| item.what.as_str()).collect();
    assert_eq!(
        whats,
        [
            "1 nodes m6i.xlarge",
            "their disks, 100Gi each",
            "its volume, 50Gi"
        ]
    );
}
