//! The namespace, made only when it is missing.

use std::collections::BTreeMap;

use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use milvus_aws_core::Installation;

use crate::labels::{INSTALLATION, MANAGED_BY, MANAGER};

/// The namespace with our mark, which only one that we have made carries. It is not part of [`crate::render`]'s objects:
/// one that exists is used as it is, and never deleted.
pub fn namespace(installation: &Installation) -> Namespace {
    Namespace {
        metadata: ObjectMeta {
            name: Some(installation.namespace.to_string()),
            labels: Some(BTreeMap::from([
                (INSTALLATION.to_owned(), installation.name.to_string()),
                (MANAGED_BY.to_owned(), MANAGER.to_owned()),
            ])),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    }
}
