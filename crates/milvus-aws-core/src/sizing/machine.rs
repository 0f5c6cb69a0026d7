//! Kinds of EC2 machines, as EC2 described them in November 2026, and what EKS leaves of them for pods.

use serde::Serialize;

use crate::installation::{Cpu, Memory};

/// Families that are proposed, with GiB of memory per processor: Intel's, as the images are made for x86 and search
/// with AVX-512.
const FAMILIES: [(&str, u64); 6] = [
    ("m6i", 4),
    ("m7i", 4),
    ("r6i", 8),
    ("r7i", 8),
    ("c6i", 2),
    ("c7i", 2),
];

/// One size of all families: processors, network interfaces, and addresses of each interface.
struct Size {
    name: &'static str,
    cpus: u32,
    interfaces: u32,
    addresses: u32,
}

impl Size {
    const fn new(name: &'static str, cpus: u32, interfaces: u32, addresses: u32) -> Self {
        Self {
            name,
            cpus,
            interfaces,
            addresses,
        }
    }
}

const SIZES: [Size; 8] = [
    Size::new("large", 2, 3, 10),
    Size::new("xlarge", 4, 4, 15),
    Size::new("2xlarge", 8, 4, 15),
    Size::new("4xlarge", 16, 8, 30),
    Size::new("8xlarge", 32, 8, 30),
    Size::new("12xlarge", 48, 8, 30),
    Size::new("16xlarge", 64, 15, 50),
    Size::new("24xlarge", 96, 15, 50),
];

/// What a hypervisor and a kernel keep of the memory, in thousandths (source: Karpenter, `vm-memory-overhead-percent`).
const MEMORY_OVERHEAD: u64 = 75;
/// What the kubelet keeps of it: for each pod that there could be, and beside (source: amazon-eks-ami, kube-reserved).
const MIB_A_POD: u64 = 11;
const MIB_RESERVED: u64 = 255;
/// What must stay free, or pods are evicted (source: the same, `memory.available`).
const MIB_FREE: u64 = 100;
/// What the kubelet keeps of processors, in ten-thousandths of a processor: of the first one, of the second one, of the
/// next two each, of all others each (source: the same).
const CPU_RESERVED: [(u32, u32); 4] = [(1, 600), (2, 100), (4, 50), (u32::MAX, 25)];
/// Pods that live on the machine's own address: `aws-node` and `kube-proxy` (source: amazon-eks-ami, eni-max-pods).
const PODS_ON_THE_HOST: u32 = 2;
/// Most pods of a machine of a managed node group, with fewer processors than that and with more (source: EKS user
/// guide, "Amazon EKS managed node groups: maximum Pods").
const MOST_PODS: [(u32, u32); 2] = [(30, 110), (u32::MAX, 250)];

/// A kind of machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Machine {
    pub name: String,
    cpus: u32,
    gib: u64,
    interfaces: u32,
    addresses: u32,
}

/// What a machine has for pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Allocatable {
    /// Processor time.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
    /// Number of pods: each takes an address of the network.
    pub pods: u32,
}

impl Machine {
    /// Every kind of the table.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        FAMILIES.iter().flat_map(|(family, ratio)| {
            SIZES.iter().map(move |size| Self {
                name: format!("{family}.{}", size.name),
                cpus: size.cpus,
                gib: u64::from(size.cpus) * ratio,
                interfaces: size.interfaces,
                addresses: size.addresses,
            })
        })
    }

    /// `m6i` of `m6i.2xlarge`.
    pub(super) fn family(&self) -> &str {
        let split = self.name.split_once('.');
        split.map_or(self.name.as_str(), |(family, _)| family)
    }

    /// What it has for pods.
    pub(super) fn allocatable(&self) -> Allocatable {
        let by_addresses = self.interfaces * (self.addresses - 1) + PODS_ON_THE_HOST;
        let row = MOST_PODS.iter().find(|(below, _)| self.cpus < *below);
        let most = row.map_or(by_addresses, |(_, most)| *most);
        let reserved = MIB_A_POD * u64::from(by_addresses) + MIB_RESERVED + MIB_FREE;
        let seen = self.gib * 1024 * (1000 - MEMORY_OVERHEAD) / 1000;
        Allocatable {
            cpu: Cpu::from_millis(self.cpus * 1000 - reserved_millis(self.cpus)),
            memory: Memory::from_mib(seen.saturating_sub(reserved)),
            pods: by_addresses.min(most),
        }
    }

    /// Addresses that it takes of its subnet with so many pods on it: whole interfaces, one more than are in use.
    pub(super) fn addresses_for(&self, pods: u32) -> u32 {
        let in_use = pods
            .saturating_sub(PODS_ON_THE_HOST)
            .div_ceil(self.addresses - 1);
        (in_use + 1).min(self.interfaces) * self.addresses
    }
}

/// Names of the families, for a message.
pub(super) fn families() -> String {
    FAMILIES.map(|(family, _)| family).join(", ")
}

fn reserved_millis(cpus: u32) -> u32 {
    let mut before = 0;
    let mut sum = 0;
    for (until, each) in CPU_RESERVED {
        sum += (cpus.min(until) - before) * each;
        before = cpus.min(until);
    }
    sum / 10
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Held against what nodes of EKS report: `kubectl describe node` of an m5 or m6i.
    #[test]
    fn what_is_left_for_pods() {
        let of = |name: &str| {
            let machine = Machine::all().find(|machine| machine.name == name).unwrap();
            let left = machine.allocatable();
            (left.cpu.millis(), left.memory.mib(), left.pods)
        };
        // 2 processors: 60 + 10; 8192 MiB less 7.5 % is 7577, less 11 * 29 + 255 + 100; 3 * 9 + 2 pods.
        assert_eq!(of("m6i.large"), (1930, 6903, 29));
        // 60 + 10 + 2 * 5; 16384 MiB: 15155 less 11 * 58 + 355; 4 * 14 + 2.
        assert_eq!(of("m6i.xlarge"), (3920, 14162, 58));
        assert_eq!(of("m6i.2xlarge"), (7910, 29317, 58));
        // 8 * 29 + 2 = 234 addresses, of which a group of machines with less than 30 processors uses 110.
        assert_eq!(of("r7i.4xlarge"), (15890, 118_312, 110));
        // 15 * 49 + 2 = 737 addresses, 250 pods.
        assert_eq!(of("c6i.24xlarge"), (95690, 173_400, 250));
    }

    #[test]
    fn every_machine_has_a_price() {
        for machine in Machine::all() {
            assert!(
                crate::prices::node_hour(&machine.name).is_some(),
                "{}",
                machine.name
            );
        }
        assert_eq!(Machine::all().count(), 48);
    }

    #[test]
    fn addresses_come_by_whole_interfaces() {
        let machine = Machine::all()
            .find(|machine| machine.name == "m6i.2xlarge")
            .unwrap();
        // 2 pods take none: one interface in reserve. 16 pods: one in use. 17: two.
        assert_eq!(
            [2, 3, 16, 17, 58].map(|pods| machine.addresses_for(pods)),
            [15, 30, 30, 45, 60]
        );
    }
}
