//! Volumes and where they are mounted.

use k8s_openapi::{
    api::core::v1::{
        ConfigMapVolumeSource, EmptyDirVolumeSource, PersistentVolumeClaimVolumeSource,
        SecretVolumeSource, Volume, VolumeMount,
    },
    apimachinery::pkg::api::resource::Quantity,
};
use milvus_aws_core::installation::Memory;

/// An empty folder that lives as long as the pod.
pub(crate) fn empty(name: &str) -> Volume {
    Volume {
        name: name.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource::default()),
        ..Volume::default()
    }
}

/// An empty folder that may not grow beyond a size.
pub(crate) fn limited(name: &str, limit: Option<Memory>) -> Volume {
    Volume {
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: limit.map(|limit| Quantity(limit.to_string())),
            medium: None,
        }),
        ..empty(name)
    }
}

/// The files of a Secret.
pub(crate) fn secret(name: &str, secret: String) -> Volume {
    Volume {
        name: name.to_owned(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret),
            ..SecretVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// The volume of a claim.
pub(crate) fn claim(name: &str, claim: String) -> Volume {
    Volume {
        name: name.to_owned(),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: claim,
            read_only: None,
        }),
        ..Volume::default()
    }
}

/// The files of a ConfigMap.
pub(crate) fn config_map(name: &str, config_map: String) -> Volume {
    Volume {
        name: name.to_owned(),
        config_map: Some(ConfigMapVolumeSource {
            name: config_map,
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// A volume as a folder.
pub(crate) fn mount(volume: &str, path: &str) -> VolumeMount {
    VolumeMount {
        name: volume.to_owned(),
        mount_path: path.to_owned(),
        ..VolumeMount::default()
    }
}

/// One file of a volume beside files of the image.
pub(crate) fn mount_file(volume: &str, folder: &str, file: &str) -> VolumeMount {
    VolumeMount {
        sub_path: Some(file.to_owned()),
        read_only: Some(true),
        ..mount(volume, &format!("{folder}/{file}"))
    }
}
