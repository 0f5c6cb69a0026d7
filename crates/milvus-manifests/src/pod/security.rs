//! Security contexts that the Pod Security Standard `restricted` accepts.

use k8s_openapi::api::core::v1::{
    Capabilities, PodSecurityContext, SeccompProfile, SecurityContext,
};

/// Runs everything as one user who is not root, and gives volumes to that user's group.
pub(crate) fn of_pod(user: i64) -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(user),
        run_as_group: Some(user),
        fs_group: Some(user),
        // A volume that already belongs to the group is not walked through at every start.
        fs_group_change_policy: Some("OnRootMismatch".to_owned()),
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..PodSecurityContext::default()
    }
}

/// No capability, no way to gain one.
pub(crate) fn of_container(root: RootFileSystem) -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            add: None,
            drop: Some(vec!["ALL".to_owned()]),
        }),
        read_only_root_filesystem: Some(root == RootFileSystem::ReadOnly),
        ..SecurityContext::default()
    }
}

/// Whether a container may write beside its volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootFileSystem {
    /// It may not.
    ReadOnly,
    /// It may.
    Writable,
}
