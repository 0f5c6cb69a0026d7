//! What is wrong with a pod, out of its status alone.

use std::time::Duration;

use k8s_openapi::{
    api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod},
    apimachinery::pkg::apis::meta::v1::Time,
    jiff::{SignedDuration, Timestamp},
};
use kube::ResourceExt;

use super::not_executable;
/// Kubernetes has no word for a pod whose containers it says nothing of.
const STARTING: &str = "Starting";
/// Kubernetes has no word for a container that runs and is not ready.
const NOT_READY: &str = "NotReady";
/// What kubectl calls a pod that is being deleted.
const ENDING: &str = "Terminating";
/// The scheduler's reason of a pod that fits nowhere.
pub(super) const UNSCHEDULABLE: &str = "Unschedulable";
/// How long after its time a pod that is being deleted counts as stuck.
const OVERDUE: SignedDuration = SignedDuration::from_secs(30);

/// Why a pod is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) pod: String,
    pub(super) container: Option<String>,
    /// One word, as Kubernetes has it.
    pub(super) reason: String,
    /// What Kubernetes says further.
    pub(super) message: String,
    /// Where more can be learned.
    pub(super) ask: Ask,
    /// Claims that the pod mounts.
    pub(super) claims: Vec<String>,
    /// The node that the pod is on.
    pub(super) node: Option<String>,
}

/// Where more can be learned about a trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// The status says it all.
    Nobody,
    /// Events of the pod, and of its claims.
    Events,
    /// Events of the pod at first, the log of its container when it lasts.
    EventsThenLog,
    /// The log of the container that runs, or ran last.
    Log,
    /// The log of the container before this one.
    PreviousLog,
}

impl Trouble {
    /// Whether it is the same trouble, whatever its message says now.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (&self.pod, &self.container, &self.reason) == (&other.pod, &other.container, &other.reason)
    }

    /// The worse, the higher: of several pods the worst is told.
    pub(super) fn severity(&self) -> u8 {
        match self.reason.as_str() {
            STARTING => 0,
            NOT_READY | ENDING => 1,
            "ContainerCreating" | "PodInitializing" => 2,
            UNSCHEDULABLE => 3,
            _ => 4,
        }
    }

    /// How long it may last before it counts as a failure; none for what may pass by itself.
    pub(super) fn hopeless_after(&self) -> Option<Duration> {
        match self.reason.as_str() {
            "InvalidImageName" | "ErrImageNeverPull" => Some(Duration::from_secs(10)),
            // A Secret or ConfigMap may come a moment later.
            "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
                Some(Duration::from_mins(1))
            }
            _ => None,
        }
    }

    /// Whether the node that it is on may be the reason: a kubelet that is gone reports nothing any more.
    pub(super) fn may_be_its_node(&self) -> bool {
        matches!(
            self.reason.as_str(),
            STARTING | NOT_READY | ENDING | "ContainerCreating" | "PodInitializing"
        )
    }

    /// Whether its container runs, as far as was reported last.
    pub(super) fn runs(&self) -> bool {
        self.reason == NOT_READY
    }

    /// What the user can do, where that is known.
    pub(super) fn advice(&self) -> Option<&'static str> {
        Some(match self.reason.as_str() {
            "ImagePullBackOff" | "ErrImagePull" | "InvalidImageName" => {
                "check the image's name, and the pull secret of a private registry"
            }
            "ErrImageNeverPull" => "load the image onto the node, or let the kubelet pull it",
            "CreateContainerConfigError" => {
                "put the Secret or ConfigMap that it names there, with that key; `install` writes its own ones again"
            }
            UNSCHEDULABLE => "give the cluster room, or ask for less in `resources`",
            _ if self.message.contains("OOMKilled") => "raise its memory limit",
            _ => return None,
        })
    }
}

/// Whether a pod does its work, also while it is ended.
pub(in crate::apply) fn is_ready(pod: &Pod) -> bool {
    let status = pod.status.iter();
    let mut conditions = status.flat_map(|status| status.conditions.iter().flatten());
    conditions.any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Why a pod is not ready; none when it is, or when it is on its way out and has time left for that.
pub(super) fn trouble_of(pod: &Pod) -> Option<Trouble> {
    let status = pod.status.as_ref()?;
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let trouble = |container: Option<&str>, reason: &str, message: &str, ask| Trouble {
        pod: pod.name_any(),
        container: container.map(str::to_owned),
        reason: reason.to_owned(),
        message: message.to_owned(),
        ask,
        claims: claims_of(pod),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
    };
    if let Some(Time(due)) = &pod.metadata.deletion_timestamp {
        let overdue = due.duration_until(Timestamp::now()) > OVERDUE;
        let message = format!("it was to be gone at {due}");
        return overdue.then(|| trouble(None, ENDING, &message, Ask::Nobody));
    }
    if is_ready(pod) {
        return None;
    }
    let unscheduled = conditions
        .iter()
        .find(|c| c.type_ == "PodScheduled" && c.status == "False");
    if let Some(condition) = unscheduled {
        let reason = condition.reason.as_deref().unwrap_or(UNSCHEDULABLE);
        let message = condition.message.as_deref().unwrap_or_default();
        return Some(trouble(None, reason, message, Ask::Events));
    }
    let init = status.init_container_statuses.iter().flatten();
    let main = status.container_statuses.iter().flatten();
    let unready = init
        .chain(main)
        .find(|container| !container.ready && !has_succeeded(container));
    match unready.map(|container| (container, condition_of(container))) {
        Some((container, (reason, message, ask))) => {
            let message = match not_executable::why(pod, container) {
                Some(why) => format!("{message}: {why}"),
                None => message,
            };
            Some(trouble(Some(&container.name), &reason, &message, ask))
        }
        None if status.reason.as_deref() == Some("Evicted") => {
            let message = status.message.as_deref().unwrap_or_default();
            Some(trouble(None, "Evicted", message, Ask::Nobody))
        }
        None => Some(trouble(None, STARTING, "", Ask::Events)),
    }
}

fn has_succeeded(container: &ContainerStatus) -> bool {
    let terminated = container
        .state
        .as_ref()
        .and_then(|state| state.terminated.as_ref());
    terminated.is_some_and(|end| end.exit_code == 0)
}

/// Reason, message, and where more can be learned.
fn condition_of(container: &ContainerStatus) -> (String, String, Ask) {
    let before = container
        .last_state
        .as_ref()
        .and_then(|state| state.terminated.as_ref());
    match &container.state {
        Some(ContainerState {
            waiting: Some(waiting),
            ..
        }) => {
            let reason = waiting
                .reason
                .clone()
                .unwrap_or_else(|| "Waiting".to_owned());
            let message = waiting.message.clone().unwrap_or_default();
            match (reason.as_str(), before) {
                ("CrashLoopBackOff", Some(end)) => (reason, ended(end), Ask::PreviousLog),
                ("ContainerCreating" | "PodInitializing", _) => (reason, message, Ask::Events),
                _ => (reason, message, Ask::Nobody),
            }
        }
        Some(ContainerState {
            terminated: Some(end),
            ..
        }) => ("Ended".to_owned(), ended(end), Ask::Log),
        _ => match before {
            Some(end) => {
                let message = format!(
                    "restarted {} times, {}",
                    container.restart_count,
                    ended(end)
                );
                ("Restarted".to_owned(), message, Ask::PreviousLog)
            }
            None => (
                NOT_READY.to_owned(),
                "runs, but is not ready yet".to_owned(),
                Ask::EventsThenLog,
            ),
        },
    }
}

fn ended(end: &ContainerStateTerminated) -> String {
    match end.reason.as_deref() {
        Some(reason) if reason != "Error" => {
            format!("ended with exit code {} ({reason})", end.exit_code)
        }
        _ => format!("ended with exit code {}", end.exit_code),
    }
}

fn claims_of(pod: &Pod) -> Vec<String> {
    let volumes = pod
        .spec
        .iter()
        .flat_map(|spec| spec.volumes.iter().flatten());
    let claims = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    claims.map(|claim| claim.claim_name.clone()).collect()
}

#[cfg(test)]
#[expect(
    clippy::needless_pass_by_value,
    reason = "so that tests can write values in place"
)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(status: Value) -> Option<Trouble> {
        let object = json!({"metadata": {"name": "demo-0"}, "status": status});
        trouble_of(&serde_json::from_value(object).unwrap())
    }

    fn container(state: Value, before: Value) -> Trouble {
        let status = json!({"containerStatuses": [{
            "name": "proxy", "ready": false, "restartCount": 4, "image": "", "imageID": "",
            "state": state, "lastState": before,
        }]});
        pod(status).unwrap()
    }

    #[test]
    fn a_ready_pod_and_one_that_ends_have_no_trouble() {
        assert_eq!(
            pod(json!({"conditions": [{"type": "Ready", "status": "True"}]})),
            None
        );
        let ending = |due: Timestamp| {
            let pod = json!({"metadata": {"name": "a", "deletionTimestamp": due.to_string()}, "status": {}});
            trouble_of(&serde_json::from_value(pod).unwrap())
        };
        assert_eq!(ending(Timestamp::now()), None);
        let stuck = ending(Timestamp::now() - SignedDuration::from_mins(5)).unwrap();
        assert_eq!(stuck.reason, ENDING);
        assert!(stuck.may_be_its_node());
    }

    #[test]
    fn a_crash_says_how_it_ended_and_asks_the_log_before() {
        let state = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}});
        let before = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
        let trouble = container(state, before);
        assert_eq!(trouble.reason, "CrashLoopBackOff");
        assert_eq!(trouble.message, "ended with exit code 137 (OOMKilled)");
        assert_eq!(trouble.ask, Ask::PreviousLog);
        assert_eq!(trouble.advice(), Some("raise its memory limit"));
        assert_eq!(
            trouble.hopeless_after(),
            None,
            "it may recover: Kafka may come back"
        );
    }

    #[test]
    fn what_no_time_heals_is_hopeless() {
        for reason in [
            "InvalidImageName",
            "ErrImageNeverPull",
            "CreateContainerConfigError",
        ] {
            let trouble = container(
                json!({"waiting": {"reason": reason, "message": "m"}}),
                json!({}),
            );
            assert!(trouble.hopeless_after().is_some(), "{reason}");
            assert!(trouble.advice().is_some(), "{reason}");
        }
        let pull = container(
            json!({"waiting": {"reason": "ImagePullBackOff"}}),
            json!({}),
        );
        assert_eq!(pull.hopeless_after(), None, "registries come back");
    }

    #[test]
    fn an_unscheduled_pod_says_why() {
        let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"});
        let trouble = pod(json!({"conditions": [condition]})).unwrap();
        assert_eq!(
            (trouble.reason.as_str(), trouble.message.as_str()),
            ("Unschedulable", "0/1 nodes")
        );
    }

    #[test]
    fn the_worst_is_told() {
        let starting = pod(json!({})).unwrap();
        let creating = container(
            json!({"waiting": {"reason": "ContainerCreating"}}),
            json!({}),
        );
        let running = container(json!({"running": {}}), json!({}));
        let crashing = container(
            json!({"waiting": {"reason": "CrashLoopBackOff"}}),
            json!({}),
        );
        let all = [&crashing, &creating, &running, &starting];
        assert!(all.is_sorted_by(|worse, better| worse.severity() > better.severity()));
    }
}
