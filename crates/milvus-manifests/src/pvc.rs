//! Volume claims.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements},
    apimachinery::pkg::api::resource::Quantity,
};
use milvus_aws_core::{
    Installation,
    installation::{Persistence, Standalone, Storage},
};

use crate::{
    labels::{self, Part},
    names::Names,
};

/// The volume of a standalone server, where we make it.
pub(crate) fn standalone(
    installation: &Installation,
    standalone: &Standalone,
) -> Option<PersistentVolumeClaim> {
    let ours = standalone.persistence == Persistence::Claim;
    let name = Names::of(installation).full();
    ours.then(|| claim(installation, name, spec(&standalone.storage)))
}

/// The volume of log files, where we make it.
pub(crate) fn logs(installation: &Installation) -> Option<PersistentVolumeClaim> {
    let volume = installation.log.persistence.as_ref()?;
    let ours = volume.existing_claim.is_none();
    let spec = PersistentVolumeClaimSpec {
        access_modes: Some(vec![volume.access_mode.as_str().to_owned()]),
        ..spec(&volume.storage)
    };
    ours.then(|| claim(installation, Names::of(installation).logs(), spec))
}

fn claim(
    installation: &Installation,
    name: String,
    spec: PersistentVolumeClaimSpec,
) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: labels::metadata(installation, Part::Whole, name),
        spec: Some(spec),
        status: None,
    }
}

/// A volume that one node mounts at a time.
pub(crate) fn spec(storage: &Storage) -> PersistentVolumeClaimSpec {
    let size = Quantity(storage.size.to_string());
    PersistentVolumeClaimSpec {
        access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
        storage_class_name: storage.class.as_ref().map(ToString::to_string),
        resources: Some(VolumeResourceRequirements {
            requests: Some(BTreeMap::from([("storage".to_owned(), size)])),
            limits: None,
        }),
        ..PersistentVolumeClaimSpec::default()
    }
}
