//! Labels: the chart's, so that its releases can be adopted, and our mark.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use milvus_aws_core::{
    Installation,
    installation::{Annotations, InstallationName, NameOverrides, Namespace},
    topology::Component,
};

/// Our mark: the installation that an object belongs to. What does not carry it is never changed and never deleted.
pub const INSTALLATION: &str = "kubectl-milvus/installation";
/// The namespace of that installation, on objects that live elsewhere: two installations of one name may share a cluster.
pub const HOME: &str = "kubectl-milvus/namespace";
/// What a pod does: `proxy`, `standalone`, …
pub const COMPONENT: &str = "component";
/// The resource group that a pod is for, as the chart spells it.
pub(crate) const RESOURCE_GROUP: &str = "milvus.io/resource-group";
/// How often the passwords in a Secret have changed; pods that read it carry the same number.
pub const REVISION: &str = "kubectl-milvus/revision";

/// On what goes only when data does: what it says, the data knows too.
pub const KEPT_WITH_DATA: &str = "kubectl-milvus/kept-with-data";

/// On what an installation has of a Helm release: which part of it stays as Helm made it, [`PODS_STAY`] or only
/// [`CLAIMS_STAY`].
pub const ADOPTED: &str = "kubectl-milvus/adopted";
/// Pods stay, and with them the claims: nothing restarts for the adoption.
pub const PODS_STAY: &str = "pods";
/// What cannot be changed stays: claims, and the name of the service that members find each other by.
pub const CLAIMS_STAY: &str = "claims";

/// Who made the object.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(crate) const MANAGER: &str = "kubectl-milvus";

pub(crate) const NAME: &str = "app.kubernetes.io/name";
/// The installation by its name, as the chart writes it too.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
pub(crate) const VERSION: &str = "app.kubernetes.io/version";

/// Whose objects are: an installation is known by its name and its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The installation's name.
    pub installation: InstallationName,
    /// Its namespace.
    pub namespace: Namespace,
}

impl Owner {
    /// The owner of an installation's objects.
    pub fn of(installation: &Installation) -> Self {
        Self {
            installation: installation.name.clone(),
            namespace: installation.namespace.clone(),
        }
    }
}

/// Labels by key.
pub(crate) type Labels = BTreeMap<String, String>;

/// What an object or a selector is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// The installation as a whole.
    Whole,
    /// One component.
    Component(&'static str),
    /// One component of one resource group.
    Group(&'static str, &'a str),
    /// Our etcd.
    Etcd,
}

impl<'a> Part<'a> {
    /// The pods of one deployment.
    pub(crate) fn of(component: &'a Component) -> Self {
        match &component.resource_group {
            Some(group) => Self::Group(component.name, group.as_str()),
            None => Self::Component(component.name),
        }
    }
}

/// By what an installation's objects are found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity<'a> {
    release: &'a InstallationName,
    app: &'a str,
}

impl<'a> Identity<'a> {
    pub(crate) fn new(release: &'a InstallationName, names: &'a NameOverrides) -> Self {
        Self {
            release,
            app: names.app(),
        }
    }

    pub(crate) fn of(installation: &'a Installation) -> Self {
        Self::new(&installation.name, &installation.names)
    }
}

/// Selects the pods of one part. Never changed between versions: selectors are immutable.
pub(crate) fn selector(identity: Identity<'_>, part: Part<'_>) -> Labels {
    let app = if part == Part::Etcd {
        "etcd"
    } else {
        identity.app
    };
    let mut labels = BTreeMap::from([
        (NAME.to_owned(), app.to_owned()),
        (INSTANCE.to_owned(), identity.release.to_string()),
    ]);
    if let Part::Component(component) | Part::Group(component, _) = part {
        labels.insert(COMPONENT.to_owned(), component.to_owned());
    }
    if let Part::Group(_, group) = part {
        labels.insert(RESOURCE_GROUP.to_owned(), group.to_owned());
    }
    labels
}

/// The same as a selector object.
pub(crate) fn label_selector(identity: Identity<'_>, part: Part<'_>) -> LabelSelector {
    LabelSelector {
        match_labels: Some(selector(identity, part)),
        match_expressions: None,
    }
}

/// Labels of pods: the selector's and our mark. Without the version, which would restart them for nothing.
pub(crate) fn of_pods(identity: Identity<'_>, part: Part<'_>) -> Labels {
    let mut labels = selector(identity, part);
    labels.insert(INSTALLATION.to_owned(), identity.release.to_string());
    labels
}

/// Labels of objects: the user's, and ours, which win.
pub(crate) fn of_object(installation: &Installation, part: Part<'_>) -> Labels {
    let ours = of_pods(Identity::of(installation), part);
    let mut labels = Labels::new();
    if part != Part::Etcd {
        labels.extend(installation.labels.to_map());
        let version = label_value(&installation.version.to_string());
        labels.insert(VERSION.to_owned(), version);
    }
    labels.extend(ours);
    labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
    labels
}

/// Name, namespace and labels of an object.
pub(crate) fn metadata(installation: &Installation, part: Part<'_>, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(installation.namespace.to_string()),
        labels: Some(of_object(installation, part)),
        ..ObjectMeta::default()
    }
}

/// Adds what a user says of one object: labels that are not ours, and annotations.
pub(crate) fn decorate(
    metadata: &mut ObjectMeta,
    labels: &milvus_aws_core::installation::Labels,
    annotations: &Annotations,
) {
    let known = metadata.labels.get_or_insert_default();
    for (key, value) in labels.to_map() {
        known.entry(key).or_insert(value);
    }
    if !annotations.is_empty() {
        let known = metadata.annotations.get_or_insert_default();
        known.extend(annotations.to_map());
    }
}

/// The mark of objects that live outside of the installation's namespace.
pub(crate) fn outside(owner: &Owner) -> Labels {
    BTreeMap::from([
        (INSTALLATION.to_owned(), owner.installation.to_string()),
        (HOME.to_owned(), owner.namespace.to_string()),
        (MANAGED_BY.to_owned(), MANAGER.to_owned()),
    ])
}

/// The longest value that a label may have.
const LONGEST_VALUE: usize = 63;

/// A version as a label's value: build metadata is set off by `+`, which labels do not know.
fn label_value(version: &str) -> String {
    let mut value = version.replace('+', "_");
    value.truncate(LONGEST_VALUE);
    let end = value.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    end.to_owned()
}
