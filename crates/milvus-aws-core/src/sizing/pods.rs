//! The pods that nodes must hold, with what each asks for.

use super::{Mode, Sizing, role_size::Shape};

/// Pods that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pods {
    pub name: &'static str,
    pub count: u64,
    /// Thousandths of a processor.
    pub millis: u32,
    /// Mebibytes.
    pub mib: u64,
}

/// One on each node: thousandths of a processor and mebibytes (source: the add-ons' own defaults).
const ON_EACH_NODE: [Pods; 3] = [
    Pods::new("aws-node", 1, 50, 0),
    Pods::new("kube-proxy", 1, 100, 0),
    Pods::new("ebs-csi-node", 1, 30, 120),
];
/// Some for the cluster; two of them ask for nothing.
const OF_THE_CLUSTER: [Pods; 3] = [
    Pods::new("coredns", 2, 100, 70),
    Pods::new("ebs-csi-controller", 2, 60, 240),
    Pods::new("aws-load-balancer-controller", 2, 0, 0),
];
/// The web interface: what it asks for unless the file says otherwise.
const ATTU: Pods = Pods::new("attu", 1, 0, 256);

impl Pods {
    const fn new(name: &'static str, count: u64, millis: u32, mib: u64) -> Self {
        Self {
            name,
            count,
            millis,
            mib,
        }
    }

    fn of(name: &'static str, count: u64, shape: Shape) -> Self {
        Self::new(name, count, shape.cpu.millis(), shape.memory.mib())
    }
}

/// What every node runs, together.
pub(super) fn on_each_node() -> Pods {
    ON_EACH_NODE
        .iter()
        .fold(Pods::new("on each node", 0, 0, 0), |sum, pods| Pods {
            count: sum.count + pods.count,
            millis: sum.millis + pods.millis,
            mib: sum.mib + pods.mib,
            ..sum
        })
}

impl Sizing {
    /// What the one pod asks for, with the metadata store that is within it.
    pub(super) fn one_pod(&self) -> Option<Shape> {
        let [pod] = self.components.as_slice() else {
            return None;
        };
        (self.mode == Mode::Standalone).then(|| pod.shape.plus(self.etcd.shape))
    }

    /// All other pods, in the order in which they are made.
    pub(super) fn pods(&self) -> Vec<Pods> {
        let mut pods = OF_THE_CLUSTER.to_vec();
        if let Some(shape) = self.one_pod() {
            pods.push(Pods::of("standalone", 1, shape));
            return pods;
        }
        pods.push(Pods::of("etcd", self.etcd.replicas, self.etcd.shape));
        for size in &self.components {
            pods.push(Pods::of(
                size.role.component_name(),
                size.replicas,
                size.shape,
            ));
        }
        pods.push(ATTU);
        pods
    }
}
