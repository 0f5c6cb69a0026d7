//! The storage class for EBS volumes.

use std::collections::BTreeMap;

use k8s_openapi::{api::storage::v1::StorageClass, apimachinery::pkg::apis::meta::v1::ObjectMeta};

use crate::labels::{self, Owner};

/// The annotation that makes a class the one of claims that name none.
pub const IS_DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// A class of encrypted gp3 volumes, made where their pod is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EbsStorageClass {
    /// Its name.
    pub name: String,
    /// Whether claims that name no class get it.
    pub default: bool,
}

impl Default for EbsStorageClass {
    fn default() -> Self {
        Self {
            name: "ebs-sc".to_owned(),
            default: true,
        }
    }
}

impl EbsStorageClass {
    /// The object. Its parameters are immutable: a change needs another name.
    pub fn object(&self, owner: &Owner) -> StorageClass {
        let parameter = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        StorageClass {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                labels: Some(labels::outside(owner)),
                annotations: Some(BTreeMap::from([(
                    IS_DEFAULT_CLASS.to_owned(),
                    self.default.to_string(),
                )])),
                ..ObjectMeta::default()
            },
            provisioner: "ebs.csi.aws.com".to_owned(),
            parameters: Some(BTreeMap::from([
                parameter("type", "gp3"),
                parameter("encrypted", "true"),
                parameter("csi.storage.k8s.io/fstype", "ext4"),
            ])),
            reclaim_policy: Some("Delete".to_owned()),
            // An EBS volume lives in one zone: that of the pod's node.
            volume_binding_mode: Some("WaitForFirstConsumer".to_owned()),
            allow_volume_expansion: Some(true),
            ..StorageClass::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rendered(default: bool) -> serde_json::Value {
        let class = EbsStorageClass {
            default,
            ..EbsStorageClass::default()
        };
        let owner = Owner {
            installation: "demo".parse().unwrap(),
            namespace: "vectors".parse().unwrap(),
        };
        serde_json::to_value(class.object(&owner)).unwrap()
    }

    /// Pains row 30: claims pend where no class is the default, or the class has no provisioner any more.
    #[test]
    fn row_30_volumes_are_encrypted_gp3_of_the_csi_driver() {
        let expected = json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": "ebs-sc",
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                "labels": {
                    "app.kubernetes.io/managed-by": "kubectl-milvus",
                    "kubectl-milvus/installation": "demo",
                    "kubectl-milvus/namespace": "vectors",
                },
            },
            "provisioner": "ebs.csi.aws.com",
            "parameters": {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"},
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": true,
        });
        assert_eq!(rendered(true), expected);
        assert_eq!(
            rendered(false)["metadata"]["annotations"][IS_DEFAULT_CLASS],
            "false"
        );
    }
}
