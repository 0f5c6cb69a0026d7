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

/// What the user says, and ours for every field that they do not speak of.
pub(crate) fn pod_with(
    ours: PodSecurityContext,
    said: Option<&PodSecurityContext>,
) -> PodSecurityContext {
    let Some(said) = said.cloned() else {
        return ours;
    };
    // Who asks for root does not want it refused.
    let as_root = said.run_as_user == Some(0);
    PodSecurityContext {
        app_armor_profile: said.app_armor_profile.or(ours.app_armor_profile),
        fs_group: said.fs_group.or(ours.fs_group),
        fs_group_change_policy: said.fs_group_change_policy.or(ours.fs_group_change_policy),
        run_as_group: said.run_as_group.or(ours.run_as_group),
        run_as_non_root: said
            .run_as_non_root
            .or(ours.run_as_non_root.filter(|_| !as_root)),
        run_as_user: said.run_as_user.or(ours.run_as_user),
        se_linux_change_policy: said.se_linux_change_policy.or(ours.se_linux_change_policy),
        se_linux_options: said.se_linux_options.or(ours.se_linux_options),
        seccomp_profile: said.seccomp_profile.or(ours.seccomp_profile),
        supplemental_groups: said.supplemental_groups.or(ours.supplemental_groups),
        supplemental_groups_policy: said
            .supplemental_groups_policy
            .or(ours.supplemental_groups_policy),
        sysctls: said.sysctls.or(ours.sysctls),
        windows_options: said.windows_options.or(ours.windows_options),
    }
}

/// What the user says, and ours for every field that they do not speak of.
pub(crate) fn container_with(
    ours: SecurityContext,
    said: Option<&SecurityContext>,
) -> SecurityContext {
    let Some(said) = said.cloned() else {
        return ours;
    };
    // A privileged container that may not gain privileges is refused by Kubernetes.
    let privileged = said.privileged == Some(true);
    // Who asks for root does not want it refused, as the pod's own context would.
    let root = said.run_as_user == Some(0);
    SecurityContext {
        allow_privilege_escalation: said
            .allow_privilege_escalation
            .or(ours.allow_privilege_escalation.filter(|_| !privileged)),
        app_armor_profile: said.app_armor_profile.or(ours.app_armor_profile),
        capabilities: said.capabilities.or(ours.capabilities),
        privileged: said.privileged.or(ours.privileged),
        proc_mount: said.proc_mount.or(ours.proc_mount),
        read_only_root_filesystem: said
            .read_only_root_filesystem
            .or(ours.read_only_root_filesystem),
        run_as_group: said.run_as_group.or(ours.run_as_group),
        run_as_non_root: said.run_as_non_root.or(root.then_some(false)),
        run_as_user: said.run_as_user.or(ours.run_as_user),
        se_linux_options: said.se_linux_options.or(ours.se_linux_options),
        seccomp_profile: said.seccomp_profile.or(ours.seccomp_profile),
        windows_options: said.windows_options.or(ours.windows_options),
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
