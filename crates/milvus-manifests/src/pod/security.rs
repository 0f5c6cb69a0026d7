//! Security contexts that the Pod Security Standard `restricted` accepts, and what users say over them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    Capabilities, PodSecurityContext, SeccompProfile, SecurityContext,
};
use milvus_aws_core::installation::{Overrides, Platform, PodSettings};

/// Who a pod's processes run as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunAs<'a> {
    pub(crate) user: i64,
    pub(crate) group: i64,
    /// Whether volumes are given to the group.
    pub(crate) owns_volumes: bool,
    /// Further groups, which the image's files belong to.
    pub(crate) groups: &'a [i64],
    /// Fields of the pod's context that are left to OpenShift, which refuses any number but the project's own.
    pub(crate) assigned_on_openshift: &'static [&'static str],
}

/// What OpenShift's constraint `restricted-v2` has rules for, and the group that goes with the user (source:
/// cluster-kube-apiserver-operator: runAsUser MustRunAsRange, fsGroup MustRunAs, supplementalGroups RunAsAny).
pub(crate) const USER_AND_GROUPS: [&str; 3] = ["runAsUser", "runAsGroup", "fsGroup"];

/// Whether a container may write beside its volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootFileSystem {
    /// It may not.
    ReadOnly,
    /// It may.
    Writable,
}

/// Takes one field of ours out.
type TakeOut<T> = fn(&mut T);

/// The fields of ours in a pod's context.
const OF_POD: [(&str, TakeOut<PodSecurityContext>); 7] = [
    ("runAsNonRoot", |context| context.run_as_non_root = None),
    ("runAsUser", |context| context.run_as_user = None),
    ("runAsGroup", |context| context.run_as_group = None),
    ("supplementalGroups", |context| {
        context.supplemental_groups = None;
    }),
    ("fsGroup", |context| context.fs_group = None),
    ("fsGroupChangePolicy", |context| {
        context.fs_group_change_policy = None;
    }),
    ("seccompProfile", |context| context.seccomp_profile = None),
];
/// The fields of ours in a container's context.
const OF_CONTAINER: [(&str, TakeOut<SecurityContext>); 3] = [
    ("allowPrivilegeEscalation", |context| {
        context.allow_privilege_escalation = None;
    }),
    ("capabilities", |context| context.capabilities = None),
    ("readOnlyRootFilesystem", |context| {
        context.read_only_root_filesystem = None;
    }),
];

/// The contexts of a pod and of its main container: what the user says, and ours for every field that they do not speak
/// of. What they take out of the container's context goes from the pod's too, as the container would have it from there.
pub(crate) fn contexts(
    run_as: RunAs<'_>,
    root: RootFileSystem,
    platform: Platform,
    said: &PodSettings,
) -> (PodSecurityContext, SecurityContext) {
    let of_pod = said.security_context.as_deref();
    let of_container = said.container_security_context.as_deref();
    let assigned = match platform {
        Platform::Kubernetes => &[],
        Platform::OpenShift => run_as.assigned_on_openshift,
    };
    let container_unset = unset(of_container);
    let pod_unset = unset(of_pod).chain(container_unset.clone());
    let pod = without(
        our_pod(run_as),
        &OF_POD,
        pod_unset.chain(assigned.iter().copied()),
    );
    let container = without(our_container(root), &OF_CONTAINER, container_unset);
    (
        pod_with(pod, of_pod.map(|said| &said.set)),
        container_with(container, of_container.map(|said| &said.set)),
    )
}

/// Runs everything as one user who is not root.
fn our_pod(run_as: RunAs<'_>) -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(run_as.user),
        run_as_group: Some(run_as.group),
        supplemental_groups: (!run_as.groups.is_empty()).then(|| run_as.groups.to_vec()),
        fs_group: run_as.owns_volumes.then_some(run_as.group),
        // A volume that already belongs to the group is not walked through at every start.
        fs_group_change_policy: run_as.owns_volumes.then(|| ON_ROOT_MISMATCH.to_owned()),
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..PodSecurityContext::default()
    }
}

/// The policy by which only a volume whose root folder has another group is walked through.
const ON_ROOT_MISMATCH: &str = "OnRootMismatch";
/// The policy by which every volume is walked through at every start.
#[cfg(feature = "apply")]
pub(crate) const ALWAYS: &str = "Always";

/// No capability, no way to gain one.
fn our_container(root: RootFileSystem) -> SecurityContext {
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

fn unset<T>(said: Option<&Overrides<T>>) -> impl Iterator<Item = &'static str> + Clone {
    said.into_iter().flat_map(|said| said.unset.iter().copied())
}

fn without<'a, T>(
    mut ours: T,
    fields: &[(&str, TakeOut<T>)],
    unset: impl Iterator<Item = &'a str>,
) -> T {
    for name in unset {
        if let Some((_, take_out)) = fields.iter().find(|(field, _)| *field == name) {
            take_out(&mut ours);
        }
    }
    ours
}

fn pod_with(ours: PodSecurityContext, said: Option<&PodSecurityContext>) -> PodSecurityContext {
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
        supplemental_groups: united(ours.supplemental_groups, said.supplemental_groups),
        supplemental_groups_policy: said
            .supplemental_groups_policy
            .or(ours.supplemental_groups_policy),
        sysctls: said.sysctls.or(ours.sysctls),
        windows_options: said.windows_options.or(ours.windows_options),
    }
}

fn container_with(ours: SecurityContext, said: Option<&SecurityContext>) -> SecurityContext {
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

/// Both lists in ascending order: the image's files stay readable whatever groups the user adds.
fn united(ours: Option<Vec<i64>>, said: Option<Vec<i64>>) -> Option<Vec<i64>> {
    let all: BTreeSet<i64> = ours.into_iter().chain(said).flatten().collect();
    (!all.is_empty()).then(|| all.into_iter().collect())
}
