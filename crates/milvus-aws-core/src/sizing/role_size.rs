//! What one role gets.

use serde::Serialize;

use crate::{
    installation::{Cpu, Memory},
    topology::Role,
};

/// Processor and memory of one pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Processor time.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
}

/// The pods of one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleSize {
    /// What they do.
    pub role: Role,
    /// How many there shall be.
    pub replicas: u64,
    /// How many the tool says, which plans neither for a pod that fails nor for replicas in memory.
    pub replicas_of_tool: u64,
    /// Processor and memory of each.
    #[serde(flatten)]
    pub shape: Shape,
}

impl Shape {
    pub(super) const fn new(cpus: u32, gib: u64) -> Self {
        Self::millis(cpus * 1000, gib * 1024)
    }

    pub(super) const fn millis(millis: u32, mib: u64) -> Self {
        Self {
            cpu: Cpu::from_millis(millis),
            memory: Memory::from_mib(mib),
        }
    }

    #[must_use]
    pub(super) fn times(self, count: u32) -> Self {
        Self::millis(
            self.cpu.millis() * count,
            self.memory.mib() * u64::from(count),
        )
    }

    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        Self::millis(
            self.cpu.millis() + other.cpu.millis(),
            self.memory.mib() + other.memory.mib(),
        )
    }
}

impl RoleSize {
    pub(super) const fn new(role: Role, shape: Shape, count: u64) -> Self {
        Self {
            role,
            replicas: count,
            replicas_of_tool: count,
            shape,
        }
    }
}
