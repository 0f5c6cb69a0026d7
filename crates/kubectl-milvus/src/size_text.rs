//! A size as people read it.

use std::fmt::Write as _;

use milvus_aws_core::{
    installation::Memory,
    sizing::{Mode, NodePlan, Shape, Sizing, VolumeSize},
};
use owo_colors::OwoColorize;

use crate::{plan_text::write_cost, size::Size};

/// What was asked, the pods with their sum, what is beside Milvus, machines, cost, and what the numbers do not say.
pub(crate) fn text(size: &Size) -> String {
    let mut text = String::new();
    write_load(&mut text, &size.sizing);
    write_pods(&mut text, &size.sizing);
    write_beside(&mut text, &size.sizing);
    write_nodes(&mut text, size);
    write_bill(&mut text, size);
    for note in &size.notes {
        let _infallible = writeln!(text, "note: {note}");
    }
    text
}

fn write_load(text: &mut String, sizing: &Sizing) {
    let load = &sizing.load;
    let _infallible = writeln!(
        text,
        "{} vectors of {} dimensions under {}: Milvus {}, generation {} of the sizing tool",
        load.vectors, load.dimension, load.index, sizing.milvus_version, sizing.generation
    );
    let copies = match load.replicas.get() {
        1 => String::new(),
        copies => format!(", {copies} times"),
    };
    let _infallible = writeln!(
        text,
        "raw {}, in memory {}{copies}, on local disks {}",
        gib(sizing.raw_bytes),
        gib(sizing.memory_bytes),
        gib(sizing.disk_bytes)
    );
    let _infallible = writeln!(text, "{}: {}\n", sizing.mode.as_str(), sizing.because);
}

fn write_pods(text: &mut String, sizing: &Sizing) {
    let head = row("ROLE", "PODS", "CPU", "MEMORY", "VOLUME");
    text.push_str(&head.dimmed().to_string());
    text.push('\n');
    let (mut millis, mut mib) = (0, 0);
    for size in &sizing.components {
        let Shape { cpu, memory } = size.shape;
        millis += u64::from(cpu.millis()) * size.replicas;
        mib += memory.mib() * size.replicas;
        let line = row(
            size.role.key(),
            &size.replicas.to_string(),
            &cpu.to_string(),
            &memory.to_string(),
            "",
        );
        let _infallible = writeln!(text, "{line}");
    }
    let cores = format!("{}.{}", millis / 1000, millis % 1000 / 100);
    let sum = row("in all", "", &cores, &Memory::from_mib(mib).to_string(), "");
    let _infallible = writeln!(text, "{sum}");
}

fn write_beside(text: &mut String, sizing: &Sizing) {
    let volumes = |name: &str, size: &VolumeSize| {
        row(
            name,
            &size.replicas.to_string(),
            &size.shape.cpu.to_string(),
            &size.shape.memory.to_string(),
            &size.storage.to_string(),
        )
    };
    let etcd = match sizing.mode {
        Mode::Standalone => "etcd (within)",
        Mode::Cluster => "etcd",
    };
    let _infallible = writeln!(text, "{}", volumes(etcd, &sizing.etcd));
    if let Some(log) = &sizing.log {
        let _infallible = writeln!(text, "{}", volumes("kafka", &log.kafka));
    }
    let storage = &sizing.object_storage;
    let stored = gib(storage.bytes);
    match sizing.mode {
        Mode::Cluster => {
            let _infallible = writeln!(
                text,
                "objects: {stored} in S3 (or MinIO: {} x {} CPU, {}, {} each)",
                storage.minio.replicas,
                storage.minio.shape.cpu,
                storage.minio.shape.memory,
                storage.minio.storage
            );
        }
        Mode::Standalone => {
            let _infallible = writeln!(text, "objects: {stored} on its volume");
        }
    }
}

fn write_nodes(text: &mut String, size: &Size) {
    let nodes = &size.nodes;
    let _infallible = writeln!(text, "\nnodes of EKS: {}", node_text(nodes));
    let left = &nodes.allocatable;
    let _infallible = writeln!(
        text,
        "  each has {} CPU, {} and {} pods for use; {} pods in all, {} addresses",
        left.cpu, left.memory, left.pods, nodes.pods, nodes.addresses
    );
    for other in &size.other_nodes {
        let _infallible = writeln!(text, "  or {}", node_text(other));
    }
}

fn node_text(nodes: &NodePlan) -> String {
    format!(
        "{} x {} with disks of {}",
        nodes.count, nodes.instance_type, nodes.storage
    )
}

fn write_bill(text: &mut String, size: &Size) {
    let bill = &size.monthly_cost;
    let _infallible = writeln!(
        text,
        "\nlist prices of {} in {}, a month:",
        bill.as_of, bill.region
    );
    for item in &bill.items {
        let _infallible = writeln!(text, "  {:36} {}", item.what, item.cost);
    }
    write_cost(text, bill.total);
}

fn row(name: &str, pods: &str, cpu: &str, memory: &str, volume: &str) -> String {
    let line = format!("{name:18} {pods:>5} {cpu:>7} {memory:>8} {volume:>8}");
    line.trim_end().to_owned()
}

/// Tenths of GiB, rounded up, without the rounding of floating point.
fn gib(bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10).div_ceil(1 << 30);
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}
