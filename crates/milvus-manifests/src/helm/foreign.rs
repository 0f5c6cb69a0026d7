//! Documents that are no values of the chart: another tool's objects, and values of a chart around it.

use super::{
    check,
    document::{Entry, Node, Scalar, Value},
    keys::{self, COMPONENTS, Known},
    remark::Remark,
};

/// Objects that hold values, or stand for an installation, and where.
const KINDS: [(&str, &str); 6] = [
    (
        "HelmRelease",
        "give what stands below `spec.values` as a file of its own",
    ),
    (
        "Application",
        "give what stands below `spec.source.helm.valuesObject`, or in `values` beside it, as a file of its own",
    ),
    (
        "HelmChart",
        "give what stands in `spec.valuesContent` as a file of its own",
    ),
    (
        "ConfigMap",
        "give what stands in its `values.yaml` as a file of its own",
    ),
    (
        "Milvus",
        "milvus-operator has keys of its own, which are not the chart's: write a file for -f with the services that `spec.dependencies` names",
    ),
    ("Secret", "give the values in it as a file of their own"),
];

/// Keys by which values of the chart are told from those of another one.
const OF_MILVUS_ALONE: [&str; 12] = [
    "cluster",
    "externalS3",
    "externalKafka",
    "externalPulsar",
    "externalEtcd",
    "extraConfigFiles",
    "minio",
    "pulsar",
    "pulsarv3",
    "kafka",
    "etcd",
    "attu",
];

/// What is to be said of a document that is no values file of the chart. None of one that is.
pub(super) fn document(root: &Node) -> Option<Remark> {
    let Value::Section(entries) = &root.value else {
        return None;
    };
    object(entries)
        .or_else(|| around(entries))
        .or_else(|| of_another_chart(entries))
}

/// An object of Kubernetes, or our own file.
fn object(entries: &[Entry]) -> Option<Remark> {
    let entry = |key: &str| entries.iter().find(|entry| entry.key == key);
    let text = |entry: &Entry| match &entry.node.value {
        Value::Scalar(Scalar::Text(text)) => Some(text.clone()),
        _ => None,
    };
    if let Some(found) = entry("kind") {
        let kind = text(found).unwrap_or_default();
        let known = KINDS.iter().find(|(name, _)| *name == kind);
        let instead = known.map_or(
            "values have no `kind`: give the values alone as a file",
            |(_, instead)| *instead,
        );
        let message = format!("`{kind}` is an object of Kubernetes, and no values file: {instead}");
        return Some(Remark::new("kind", Some(found.at), message));
    }
    let found = entry("apiVersion")?;
    let ours = text(found).is_some_and(|text| text.starts_with("kubectl-milvus/"));
    let message = if ours {
        "is an installation's file, and no values file: give it by -f"
    } else {
        "values have no `apiVersion`: give the values alone as a file"
    };
    Some(Remark::new("apiVersion", Some(found.at), message))
}

/// Values of a chart that this one is a part of: one section has keys of this chart, the top has none.
fn around(entries: &[Entry]) -> Option<Remark> {
    if entries.iter().any(|entry| is_of_milvus(&entry.key)) {
        return None;
    }
    let entry = entries.iter().find(|entry| match &entry.node.value {
        Value::Section(inner) => {
            matches!(keys::at_top(&entry.key), Known::No)
                && inner.iter().any(|inner| is_of_milvus(&inner.key))
        }
        _ => false,
    })?;
    let message = format!(
        "is a section of values for a chart that has Milvus's as a part: give what stands below `{}` as a file of its own",
        entry.key
    );
    Some(Remark::new(&entry.key, Some(entry.at), message))
}

fn is_of_milvus(key: &str) -> bool {
    OF_MILVUS_ALONE.contains(&key) || COMPONENTS.contains(&key)
}

/// Not one key is the chart's, but for helm's own.
fn of_another_chart(entries: &[Entry]) -> Option<Remark> {
    let mut unknown = entries.iter().filter(|entry| entry.key != "global");
    let first = unknown.next()?;
    let is_known = |entry: &Entry| !matches!(keys::at_top(&entry.key), Known::No);
    if is_known(first) || unknown.any(is_known) {
        return None;
    }
    let message = format!(
        "{}; no key of the file is one: it holds no values of Milvus's chart",
        check::unknown(&[&first.key])
    );
    Some(Remark::new(&first.key, Some(first.at), message))
}
