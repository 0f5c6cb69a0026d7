//! What is wanted, given what exists: the few values that only the live objects know.

use serde_json::{Value, json};

use super::placed::{Placed, revision};
use crate::{
    Kind,
    etcd::INITIAL_STATE,
    labels::{ADOPTED, CLAIMS_STAY, PODS_STAY, REVISION},
    pod::security,
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

/// Whose word it is when the kubelet hands a volume's files to the pod's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VolumePolicy {
    /// Ours: it follows from what is there.
    Ours,
    /// The user's.
    Said,
}

/// The wanted object with the values that go on from the live one, and from the Secrets that its pods read.
pub(super) fn adapted(
    kind: Kind,
    wanted: &Value,
    live: Live<'_>,
    secrets: &[Placed],
    policy: VolumePolicy,
) -> Value {
    let mut wanted = wanted.clone();
    match (kind, live.object()) {
        (Kind::Secret, Some(object)) => continue_revision(&mut wanted, object),
        (Kind::StatefulSet | Kind::PersistentVolumeClaim, Some(object)) => match live.stays() {
            Some(part) => keep_as_helm_made(kind, &mut wanted, object, part),
            None => keep_initial_state(&mut wanted, object),
        },
        (Kind::Deployment, _) => {
            repeat_revisions(&mut wanted, secrets);
            if policy == VolumePolicy::Ours {
                hand_over_all_files(&mut wanted, live);
            }
        }
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

/// Volumes of a Helm release hold files of whoever Helm's pods ran as, below a root folder that may have our group
/// already: all of them are handed over at each start. That goes on once the release is ours, as another template would
/// restart its pods.
fn hand_over_all_files(wanted: &mut Value, live: Live<'_>) {
    let pod = &mut wanted["spec"]["template"]["spec"];
    let volumes = pod["volumes"].as_array();
    let has_claim = volumes
        .into_iter()
        .flatten()
        .any(|volume| volume.get("persistentVolumeClaim").is_some());
    let policy_of = |pod: &Value| pod["securityContext"]["fsGroupChangePolicy"] == security::ALWAYS;
    let was_helms = match live {
        Live::Absent => false,
        Live::Released(_) => true,
        Live::Ours(live) => policy_of(&live["spec"]["template"]["spec"]),
    };
    let context = pod["securityContext"].as_object_mut();
    let policy = context.and_then(|context| context.get_mut("fsGroupChangePolicy"));
    if let Some(policy) = policy.filter(|_| has_claim && was_helms) {
        *policy = json!(security::ALWAYS);
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

    fn deployment(volume: &Value, policy: &str) -> Value {
        json!({"spec": {"template": {"spec": {
            "securityContext": {"fsGroup": 1000, "fsGroupChangePolicy": policy}, "volumes": [volume],
        }}}})
    }

    fn policy_after(wanted: &Value, live: Live<'_>, policy: VolumePolicy) -> Value {
        let adapted = adapted(Kind::Deployment, wanted, live, &[], policy);
        adapted["spec"]["template"]["spec"]["securityContext"]["fsGroupChangePolicy"].clone()
    }

    #[test]
    fn all_files_of_an_adopted_claim_are_handed_over_now_and_later() {
        let claim = json!({"name": "data", "persistentVolumeClaim": {"claimName": "demo"}});
        let wanted = deployment(&claim, "OnRootMismatch");
        let helms = json!({"spec": {"template": {"spec": {}}}});
        let ours = VolumePolicy::Ours;
        assert_eq!(
            policy_after(&wanted, Live::Released(&helms), ours),
            "Always"
        );
        let adopted = deployment(&claim, "Always");
        assert_eq!(policy_after(&wanted, Live::Ours(&adopted), ours), "Always");
        assert_eq!(
            policy_after(&wanted, Live::Ours(&wanted), ours),
            "OnRootMismatch"
        );
        assert_eq!(policy_after(&wanted, Live::Absent, ours), "OnRootMismatch");
        let said = policy_after(&wanted, Live::Released(&helms), VolumePolicy::Said);
        assert_eq!(said, "OnRootMismatch");
        let empty = deployment(&json!({"name": "data", "emptyDir": {}}), "OnRootMismatch");
        assert_eq!(
            policy_after(&empty, Live::Released(&helms), ours),
            "OnRootMismatch"
        );
    }

    #[test]
    fn a_revision_counts_changes_of_our_keys_alone() {
        assert_eq!(counted(&json!({"password": "YQ=="})), "3");
        assert_eq!(counted(&json!({"password": "YQ==", "theirs": "Yg=="})), "3");
        assert_eq!(counted(&json!({"password": "Yg=="})), "4");
    }
}
