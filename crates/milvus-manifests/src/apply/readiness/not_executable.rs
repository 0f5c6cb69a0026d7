//! A server whose user may not execute it: the image's files are for a group that the pod is not in.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, ContainerStatus, Pod};
use milvus_aws_core::{
    installation::MilvusVersion,
    topology::{Role, image_groups, line_of},
};

use crate::apply::released::tag_of;

/// What a shell and tini end with when a program is there and may not be executed.
const NOT_EXECUTABLE: i32 = 126;
/// The container runtime's reason when the program itself could not be started.
const START_ERROR: &str = "StartError";

/// Why a container of Milvus could not be started, and what to write; none when it ended otherwise, or when its pod is in
/// every group that its image needs.
pub(super) fn why(pod: &Pod, status: &ContainerStatus) -> Option<String> {
    let both = [&status.state, &status.last_state];
    let mut ends = both
        .into_iter()
        .flatten()
        .filter_map(|state| state.terminated.as_ref());
    let refused = ends
        .any(|end| end.exit_code == NOT_EXECUTABLE || end.reason.as_deref() == Some(START_ERROR));
    let spec = pod.spec.as_ref()?;
    let container = spec.containers.iter().find(|it| it.name == status.name)?;
    if !refused || Role::of_component(&container.name).is_none() {
        return None;
    }
    let identity = Identity::of(pod, container);
    // The image's own user may execute it.
    let user = identity.user?;
    let needed = needed(container);
    let is_owner = needed.as_slice() == [user];
    if is_owner || needed.iter().all(|group| identity.groups.contains(group)) {
        return None;
    }
    let groups = if identity.groups.is_empty() {
        "and names no group".to_owned()
    } else {
        format!("in the groups {}", list(&identity.groups))
    };
    Some(format!(
        "the files of the official image are for group {}, and the pod runs as user {user} {groups}: \
         write `scheduling: {{securityContext: {{supplementalGroups: [{}]}}}}`",
        list(&needed),
        list(&needed)
    ))
}

/// Who a container's processes run as, as far as its pod says.
struct Identity {
    user: Option<i64>,
    groups: BTreeSet<i64>,
}

impl Identity {
    fn of(pod: &Pod, container: &Container) -> Self {
        let of_pod = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.security_context.as_ref());
        let own = container.security_context.as_ref();
        let user = own.and_then(|own| own.run_as_user);
        let group = own.and_then(|own| own.run_as_group);
        let user = user.or(of_pod.and_then(|context| context.run_as_user));
        let group = group.or(of_pod.and_then(|context| context.run_as_group));
        let further = of_pod.and_then(|context| context.supplemental_groups.clone());
        let volumes = of_pod.and_then(|context| context.fs_group);
        Self {
            user,
            groups: group
                .into_iter()
                .chain(further.into_iter().flatten())
                .chain(volumes)
                .collect(),
        }
    }
}

/// The groups that the container's version needs; those of every version where its image does not say which it is.
fn needed(container: &Container) -> Vec<i64> {
    let tag = container.image.as_deref().map(tag_of);
    let version = tag.and_then(|tag| tag.parse::<MilvusVersion>().ok());
    version.map_or_else(image_groups, |version| {
        line_of(&version).image_groups.to_vec()
    })
}

fn list<'a>(groups: impl IntoIterator<Item = &'a i64>) -> String {
    let groups: Vec<_> = groups.into_iter().map(ToString::to_string).collect();
    groups.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn why_of(image: &str, context: &Value, end: &Value) -> Option<String> {
        let pod = json!({
            "metadata": {"name": "demo-0"},
            "spec": {"securityContext": context, "containers": [{"name": "proxy", "image": image}, {"name": "agent"}]},
        });
        let status = json!({
            "name": "proxy", "ready": false, "restartCount": 4, "image": "", "imageID": "",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": end},
        });
        why(
            &serde_json::from_value(pod).unwrap(),
            &serde_json::from_value(status).unwrap(),
        )
    }

    fn refused() -> Value {
        json!({"exitCode": 126, "reason": "Error"})
    }

    #[test]
    fn a_server_that_may_not_be_executed_names_its_groups_and_what_to_write() {
        let ours_before = json!({"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000});
        let words = why_of("milvusdb/milvus:v2.6.15", &ours_before, &refused()).unwrap();
        assert!(words.contains("for group 0,"), "{words}");
        assert!(words.contains("user 1000 in the groups 1000"), "{words}");
        assert!(words.contains("supplementalGroups: [0]"), "{words}");
        let third = why_of("milvusdb/milvus:v3.0.0", &ours_before, &refused()).unwrap();
        assert!(third.contains("supplementalGroups: [999]"), "{third}");
        let custom = why_of("registry/milvus:mine", &ours_before, &refused()).unwrap();
        assert!(custom.contains("supplementalGroups: [0, 999]"), "{custom}");
        let start_error = json!({"exitCode": 128, "reason": "StartError"});
        assert!(why_of("milvusdb/milvus:v2.6.15", &ours_before, &start_error).is_some());
    }

    #[test]
    fn other_ends_and_pods_with_the_groups_are_left_alone() {
        let without = json!({"runAsUser": 1000, "runAsGroup": 1000});
        let crashed = json!({"exitCode": 1, "reason": "Error"});
        assert_eq!(why_of("milvusdb/milvus:v2.6.15", &without, &crashed), None);
        for context in [
            json!({"runAsUser": 1000, "supplementalGroups": [0, 999]}),
            json!({"runAsUser": 1000, "runAsGroup": 0}),
        ] {
            assert_eq!(
                why_of("milvusdb/milvus:v2.6.15", &context, &refused()),
                None
            );
        }
        let owner = json!({"runAsUser": 999, "runAsGroup": 1000});
        assert_eq!(why_of("milvusdb/milvus:v3.0.0", &owner, &refused()), None);
    }
}
