//! The disks that the cluster's claims were given. They outlive the cluster when the driver ends before the claims do
//! (pains row 57), and they hold data: nothing here deletes one unless the deletion asks for data.

use std::time::Duration;

use aws_sdk_ec2::types::{Volume, VolumeState};

use super::{
    cloud::Cloud,
    ec2_marks::{filter, tag_value},
    failure::Attempt,
    settling::{Settling, until_gone_or_again},
};
use crate::engine::{
    Context, Observed, Readiness, Resource, ResourceError, ResourceId, Retention, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:DeleteVolume",
    "ec2:DescribeVolumes",
    "eks:DescribeCluster",
];

/// What the driver's tag says of volumes that it made (source: AWS EBS CSI driver, tagging).
const OWNED: &str = "owned";

/// The EBS volumes of the installation's cluster. An installation makes none: the cluster's driver does.
#[derive(Debug)]
pub struct Volumes {
    cloud: Cloud,
}

impl Volumes {
    /// Those of the installation's cluster.
    pub fn new(cloud: Cloud) -> Self {
        Self { cloud }
    }

    async fn list(&self) -> Result<Vec<Volume>, ResourceError> {
        let tag = format!("kubernetes.io/cluster/{}", self.cloud.full_name());
        let owned = filter(&format!("tag:{tag}"), OWNED);
        let pages = self
            .cloud
            .ec2
            .describe_volumes()
            .filters(owned)
            .into_paginator();
        let volumes: Result<Vec<Volume>, _> = pages.items().send().collect().await;
        let mut volumes = volumes.attempting(|| "cannot list the EBS volumes".to_owned())?;
        volumes.retain(|volume| {
            let leaving = is(volume, &[VolumeState::Deleting, VolumeState::Deleted]);
            tag_value(volume.tags(), &tag) == Some(OWNED) && !leaving
        });
        Ok(volumes)
    }
}

/// Whether a volume is in one of those states.
pub(super) fn is(volume: &Volume, states: &[VolumeState]) -> bool {
    volume.state().is_some_and(|state| states.contains(state))
}

impl Resource for Volumes {
    type Needs = ();
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("volumes/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &()
    }

    fn usual_duration(&self) -> Duration {
        Duration::ZERO
    }

    fn retention(&self) -> Retention {
        Retention::Data
    }

    /// There as long as the cluster is, or a volume of it.
    async fn observe(&self, _: Option<&()>, _: &Context) -> Result<Observed<()>, ResourceError> {
        if !self.list().await?.is_empty() || self.cloud.has_eks_cluster().await? {
            return Ok(Observed::Current { output: Some(()) });
        }
        Ok(Observed::Absent)
    }

    async fn apply(&self, (): &(), _: &Step, _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(&self, _: Option<&()>, context: &Context) -> Result<(), ResourceError> {
        let mut in_use = Vec::new();
        for volume in self.list().await? {
            let id = volume.volume_id().unwrap_or_default();
            if !is(&volume, &[VolumeState::Available, VolumeState::Error]) {
                in_use.push(id.to_owned());
                continue;
            }
            context.progress(format!(
                "deleting the volume {id} ({} GiB, {})",
                volume.size().unwrap_or_default(),
                volume.availability_zone().unwrap_or_default()
            ));
            let deleted = self.cloud.ec2.delete_volume().volume_id(id).send().await;
            deleted
                .unless_absent(&["InvalidVolume.NotFound"])
                .settling(&["VolumeInUse"], || {
                    format!("cannot delete the volume {id}")
                })?;
        }
        if in_use.is_empty() {
            return Ok(());
        }
        Err(ResourceError::transient(format!(
            "volumes are still attached: {}",
            in_use.join(", ")
        )))
    }

    async fn wait_gone(&self, _: Option<&()>, context: &Context) -> Result<(), ResourceError> {
        until_gone_or_again(self, Some(&()), context).await
    }
}
