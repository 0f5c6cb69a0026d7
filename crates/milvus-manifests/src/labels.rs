//! Labels: the chart's, so that its releases can be adopted, and our mark.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use milvus_aws_core::{
    Installation,
    installation::{InstallationName, Namespace},
};

/// Our mark: the installation that an object belongs to. What does not carry it is never changed and never deleted.
pub const INSTALLATION: &str = "kubectl-milvus/installation";
/// The namespace of that installation, on objects that live elsewhere: two installations of one name may share a cluster.
pub const HOME: &str = "kubectl-milvus/namespace";
/// What a pod does: `proxy`, `standalone`, …
pub const COMPONENT: &str = "component";
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
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";
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
pub(crate) enum Part {
    /// The installation as a whole.
    Whole,
    /// One component.
    Component(&'static str),
    /// Our etcd.
    Etcd,
}

/// Selects the pods of one part. Never changed between versions: selectors are immutable.
pub(crate) fn selector(name: &InstallationName, part: Part) -> Labels {
    let app = if part == Part::Etcd { "etcd" } else { "milvus" };
    let mut labels = BTreeMap::from([
        (NAME.to_owned(), app.to_owned()),
        (INSTANCE.to_owned(), name.to_string()),
    ]);
    if let Part::Component(component) = part {
        labels.insert(COMPONENT.to_owned(), component.to_owned());
    }
    labels
}

/// The same as a selector object.
pub(crate) fn label_selector(name: &InstallationName, part: Part) -> LabelSelector {
    LabelSelector {
        match_labels: Some(selector(name, part)),
        match_expressions: None,
    }
}

/// Labels of pods: the selector's and our mark. Without the version, which would restart them for nothing.
pub(crate) fn of_pods(name: &InstallationName, part: Part) -> Labels {
    let mut labels = selector(name, part);
    labels.insert(INSTALLATION.to_owned(), name.to_string());
    labels
}

/// Labels of objects.
pub(crate) fn of_object(installation: &Installation, part: Part) -> Labels {
    let mut labels = of_pods(&installation.name, part);
    labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
    if part != Part::Etcd {
        let version = label_value(&installation.version.to_string());
        labels.insert(VERSION.to_owned(), version);
    }
    labels
}

/// Name, namespace and labels of an object.
pub(crate) fn metadata(installation: &Installation, part: Part, name: String) -> ObjectMeta {
    ObjectMeta {
        name: Some(name),
        namespace: Some(installation.namespace.to_string()),
        labels: Some(of_object(installation, part)),
        ..ObjectMeta::default()
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
