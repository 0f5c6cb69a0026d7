//! Volume claims.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements},
    apimachinery::pkg::api::resource::Quantity,
};
use milvus_aws_core::{
    Installation,
    installation::{Standalone, Storage},
};

use crate::{
    labels::{self, Part},
    names::Names,
};

/// The volume of a standalone server.
pub(crate) fn standalone(
    installation: &Installation,
    standalone: &Standalone,
) -> PersistentVolumeClaim {
    let name = Names::of(installation).full();
    PersistentVolumeClaim {
        metadata: labels::metadata(installation, Part::Whole, name),
        spec: Some(spec(&standalone.storage)),
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
