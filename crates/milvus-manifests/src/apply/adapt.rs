//! What is wanted, given what exists: the few values that only the live objects know.

use serde_json::{Value, json};

use super::placed::{Placed, revision};
use crate::{
    Kind,
    etcd::INITIAL_STATE,
    labels::REVISION,
    secret::{FIRST_REVISION, revision_annotation},
};

/// The wanted object with the values that go on from the live one, and from the Secrets that its pods read.
pub(super) fn adapted(
    kind: Kind,
    wanted: &Value,
    live: Option<&Value>,
    secrets: &[Placed],
) -> Value {
    let mut wanted = wanted.clone();
    match (kind, live) {
        (Kind::Secret, Some(live)) => continue_revision(&mut wanted, live),
        (Kind::StatefulSet, Some(live)) => keep_initial_state(&mut wanted, live),
        (Kind::Deployment, _) => repeat_revisions(&mut wanted, secrets),
        _ => {}
    }
    wanted
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
