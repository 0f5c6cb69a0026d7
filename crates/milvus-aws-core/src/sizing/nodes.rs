//! How many machines of which kind hold the pods.

use std::cmp::Reverse;

use serde::Serialize;

use super::{
    Mode, NoSize, Sizing,
    machine::{Allocatable, Machine},
    pods::{Pods, on_each_node},
};
use crate::{
    installation::{
        Memory,
        aws::{InstanceType, MOST_NODES},
    },
    prices,
};

/// Machines that hold the pods.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodePlan {
    /// Kind of machine.
    pub instance_type: InstanceType,
    /// How many.
    pub count: u16,
    /// Disk of each.
    pub storage: Memory,
    /// What each has for pods.
    pub allocatable: Allocatable,
    /// All pods on them, those of the system included.
    pub pods: u32,
    /// Addresses of the subnets that they take together.
    pub addresses: u32,
}

/// Three zones have a node each, so that one may fail.
const ZONES: u16 = 3;
/// The disk that images, containers and logs need.
const DISK_GIB: u64 = 100;
/// What is left free on a disk: a fifth of what is on it.
const DISK_MARGIN: u64 = 5;
const GIB: u64 = 1 << 30;

impl Sizing {
    /// The machines that hold it for the least money; and for each other family of machines the same, the least dear
    /// one first.
    pub fn node_plans(&self) -> Result<(NodePlan, Vec<NodePlan>), NoSize> {
        let mut plans: Vec<(u64, NodePlan)> = Vec::new();
        let mut families: Vec<(String, Vec<Machine>)> = Vec::new();
        for machine in Machine::all() {
            let family = machine.family().to_owned();
            match families.iter_mut().find(|(known, _)| *known == family) {
                Some((_, machines)) => machines.push(machine),
                None => families.push((family, vec![machine])),
            }
        }
        for (_, machines) in families {
            let fitting = machines.iter().filter_map(|machine| {
                let plan = self.nodes_of(machine).ok()?;
                Some((dearness(&plan)?, plan))
            });
            // Of two that cost the same, more machines lose less with one of them.
            plans.extend(fitting.min_by_key(|(cost, plan)| (*cost, Reverse(plan.count))));
        }
        plans.sort_by_key(|(cost, plan)| (*cost, Reverse(plan.count)));
        let mut plans = plans.into_iter().map(|(_, plan)| plan);
        let best = plans.next().ok_or(NoSize::NoMachine(MOST_NODES))?;
        Ok((best, plans.collect()))
    }

    /// How many machines of that kind hold it.
    pub fn nodes(&self, instance_type: &str) -> Result<NodePlan, NoSize> {
        let machine = Machine::all().find(|machine| machine.name == instance_type);
        let unknown = || NoSize::UnknownMachine(instance_type.to_owned());
        self.nodes_of(&machine.ok_or_else(unknown)?)
    }

    fn nodes_of(&self, machine: &Machine) -> Result<NodePlan, NoSize> {
        let pods = self.pods();
        let allocatable = machine.allocatable();
        let full = |why| NoSize::DoesNotFit {
            machine: machine.name.clone(),
            most: MOST_NODES,
            why,
        };
        let empty = Node::empty(allocatable);
        if let Some(large) = pods.iter().find(|pods| !empty.has_room_for(pods)) {
            let why = format!(
                "one pod of {} asks for {}m of processors and {} MiB, a node has {}m and {} MiB beside the system's",
                large.name, large.millis, large.mib, empty.millis, empty.mib
            );
            return Err(full(why));
        }
        let fewest = match self.mode {
            Mode::Standalone => 1,
            Mode::Cluster => ZONES,
        };
        let mut nodes = None;
        let mut count = fewest.max(at_least(&pods, &empty));
        while count <= MOST_NODES && nodes.is_none() {
            nodes = placed(&pods, &empty, count);
            count += 1;
        }
        let nodes = nodes.ok_or_else(|| full("it asks for more".to_owned()))?;
        let on_node = |node: &Node| allocatable.pods - node.pods;
        let addresses = nodes
            .iter()
            .map(|node| machine.addresses_for(on_node(node)));
        let fullest = nodes.iter().map(|node| node.searching).max().unwrap_or(0);
        Ok(NodePlan {
            instance_type: InstanceType::of_table(&machine.name),
            count: u16::try_from(nodes.len()).unwrap_or(u16::MAX),
            storage: self.disk(fullest),
            allocatable,
            pods: nodes.iter().map(on_node).sum(),
            addresses: addresses.sum(),
        })
    }

    /// The disk of a node with so many query nodes on it.
    fn disk(&self, query_nodes: u64) -> Memory {
        let all: u64 = self
            .components
            .iter()
            .filter(|size| searches(size.role.component_name()))
            .map(|size| size.replicas)
            .sum();
        let copies = u64::from(self.load.replicas.get());
        let each = (self.disk_bytes * copies).div_ceil(all.max(1));
        let data = (each * query_nodes).div_ceil(GIB);
        Memory::from_mib((DISK_GIB + data + data / DISK_MARGIN) * 1024)
    }
}

/// Whether pods of that name keep indexes on their disk.
fn searches(name: &str) -> bool {
    matches!(name, "querynode" | "standalone")
}

/// What a plan costs an hour, relative to others: machines, and their disks by the month.
fn dearness(plan: &NodePlan) -> Option<u64> {
    let machine = prices::node_hour(plan.instance_type.as_str())?;
    let gib = plan.storage.mib() / 1024;
    Some((machine + prices::gp3_hour(gib)) * u64::from(plan.count))
}

/// What is left of a node.
#[derive(Debug, Clone)]
struct Node {
    millis: u32,
    mib: u64,
    pods: u32,
    /// Pods on it that keep indexes on its disk.
    searching: u64,
    /// Pods of the kind that is being placed.
    alike: u64,
}

impl Node {
    /// With the system's own pods alone.
    fn empty(allocatable: Allocatable) -> Self {
        let system = on_each_node();
        Self {
            millis: allocatable.cpu.millis().saturating_sub(system.millis),
            mib: allocatable.memory.mib().saturating_sub(system.mib),
            pods: allocatable
                .pods
                .saturating_sub(u32::try_from(system.count).unwrap_or(u32::MAX)),
            searching: 0,
            alike: 0,
        }
    }

    fn has_room_for(&self, pods: &Pods) -> bool {
        self.millis >= pods.millis && self.mib >= pods.mib && self.pods > 0
    }

    fn place(&mut self, pods: &Pods) {
        self.millis -= pods.millis;
        self.mib -= pods.mib;
        self.pods -= 1;
        self.alike += 1;
        self.searching += u64::from(searches(pods.name));
    }
}

/// No fewer nodes can do, as their sums are too small.
fn at_least(pods: &[Pods], empty: &Node) -> u16 {
    let sum = |of: fn(&Pods) -> u64| pods.iter().map(|pods| of(pods) * pods.count).sum::<u64>();
    let nodes = [
        sum(|pods| pods.millis.into()).div_ceil(u64::from(empty.millis).max(1)),
        sum(|pods| pods.mib).div_ceil(empty.mib.max(1)),
        sum(|_| 1).div_ceil(u64::from(empty.pods).max(1)),
    ];
    let most = nodes.into_iter().max().unwrap_or(1);
    u16::try_from(most).unwrap_or(u16::MAX)
}

/// Where Kubernetes' scheduler puts the pods as they come: where fewest of their kind are, and of those where most is
/// free. Nothing when it finds no place for one, although there may be a better order.
fn placed(pods: &[Pods], empty: &Node, count: u16) -> Option<Vec<Node>> {
    let mut nodes = vec![empty.clone(); usize::from(count)];
    for pods in pods {
        for node in &mut nodes {
            node.alike = 0;
        }
        for _ in 0..pods.count {
            let with_room = nodes.iter_mut().filter(|node| node.has_room_for(pods));
            let best = with_room.min_by_key(|node| {
                let free = u64::from(node.millis) * empty.mib + node.mib * u64::from(empty.millis);
                (node.alike, Reverse(free))
            });
            best?.place(pods);
        }
    }
    Some(nodes)
}
