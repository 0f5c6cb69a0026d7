//! What is wanted, given what exists: the few values that only the live objects know.

use serde_json::{Value, json};

use super::placed::{Placed, revision};
use crate::{
    Kind,
    etcd::INITIAL_STATE,
    labels::{ADOPTED, CLAIMS_STAY, PODS_STAY, REVISION},
    secret::{FIRST_REVISION, revision_annotation},
};

/// What is there of an object that is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Live<'a> {
    /// Nothing.
    Absent,
    /// One of ours.
    Ours(&'a Value),
    /// One of the Helm release that is taken over.
    Released(&'a Value),
}

impl<'a> Live<'a> {
    pub(super) fn object(self) -> Option<&'a Value> {
        match self {
            Self::Absent => None,
            Self::Ours(live) | Self::Released(live) => Some(live),
        }
    }

    /// The part of it that stays as Helm made it, where it is of a release, or was.
    fn stays(self) -> Option<&'a str> {
        let before = self
            .object()
            .and_then(|live| live["metadata"]["annotations"][ADOPTED].as_str());
        match self {
            Self::Released(_) => before.or(Some(PODS_STAY)),
            _ => before,
        }
    }
}

/// The wanted object with the values that go on from the live one, and from the Secrets that its pods read.
pub(super) fn adapted(kind: Kind, wanted: &Value, live: Live<'_>, secrets: &[Placed]) -> Value {
    let mut wanted = wanted.clone();
    match (kind, live.object()) {
        (Kind::Secret, Some(object)) => continue_revision(&mut wanted, object),
        (Kind::StatefulSet | Kind::PersistentVolumeClaim, Some(object)) => match live.stays() {
            Some(part) => keep_as_helm_made(kind, &mut wanted, object, part),
            None => keep_initial_state(&mut wanted, object),
        },
        (Kind::Deployment, _) => repeat_revisions(&mut wanted, secrets),
        _ => {}
    }
    wanted
}

/// What cannot be changed of a StatefulSet that exists.
const IMMUTABLE: [&str; 4] = [
    "selector",
    "serviceName",
    "podManagementPolicy",
    "volumeClaimTemplates",
];

/// What Helm made goes on: members of etcd do not restart for an adoption, and claims are what they are.
fn keep_as_helm_made(kind: Kind, wanted: &mut Value, live: &Value, part: &str) {
    match (kind, part) {
        (Kind::StatefulSet, CLAIMS_STAY) => {
            for field in IMMUTABLE {
                wanted["spec"][field] = live["spec"][field].clone();
            }
            keep_initial_state(wanted, live);
        }
        (Kind::StatefulSet, _) => wanted["spec"] = live["spec"].clone(),
        _ => {
            // A claim may grow.
            let size = wanted["spec"]["resources"]["requests"]["storage"].take();
            wanted["spec"] = live["spec"].clone();
            wanted["spec"]["resources"]["requests"]["storage"] = size;
        }
    }
    wanted["metadata"]["annotations"][ADOPTED] = json!(part);
}

/// A Secret whose content changes counts one further, and the pods that read it restart.
fn continue_revision(wanted: &mut Value, live: &Value) {
    let before = revision(live).unwrap_or(FIRST_REVISION);
    // Keys that others have added are not ours to count.
    let ours = wanted["data"].as_object();
    let same = ours
        .into_iter()
        .flatten()
        .all(|(key, value)| live["data"][key] == *value);
    let now = if same { before } else { before + 1 };
    wanted["metadata"]["annotations"][REVISION] = json!(now.to_string());
}

/// Pods repeat the revisions of the Secrets that they read.
fn repeat_revisions(wanted: &mut Value, secrets: &[Placed]) {
    let Some(annotations) = wanted["spec"]["template"]["metadata"]["annotations"].as_object_mut()
    else {
        return;
    };
    for secret in secrets {
        let key = revision_annotation(&secret.object.name);
        if let (Some(revision), Some(annotation)) = (secret.revision, annotations.get_mut(&key)) {
            *annotation = json!(revision.to_string());
        }
    }
}

/// A cluster that exists is not new any more, but a changed value would restart its members: what is there stays.
fn keep_initial_state(wanted: &mut Value, live: &Value) {
    let is_it = |variable: &&Value| variable["name"] == INITIAL_STATE;
    let variables = live["spec"]["template"]["spec"]["containers"][0]["env"].as_array();
    let Some(value) = variables
        .and_then(|all| all.iter().find(is_it))
        .and_then(|found| found.get("value"))
    else {
        return;
    };
    let variables = wanted["spec"]["template"]["spec"]["containers"][0]["env"].as_array_mut();
    for variable in variables.into_iter().flatten() {
        if variable["name"] == INITIAL_STATE {
            variable["value"] = value.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(live_data: &Value) -> Value {
        let mut wanted = json!({"data": {"password": "YQ=="}, "metadata": {"annotations": {}}});
        let live = json!({"data": live_data, "metadata": {"annotations": {REVISION: "3"}}});
        continue_revision(&mut wanted, &live);
        wanted["metadata"]["annotations"][REVISION].clone()
    }

    #[test]
    fn a_revision_counts_changes_of_our_keys_alone() {
        assert_eq!(counted(&json!({"password": "YQ=="})), "3");
        assert_eq!(counted(&json!({"password": "YQ==", "theirs": "Yg=="})), "3");
        assert_eq!(counted(&json!({"password": "Yg=="})), "4");
    }
}
