//! The AWS Load Balancer Controller, as its chart renders it: see `tests/golden/load-balancer-controller`.

mod certificate;
pub mod crds;
mod deployment;
mod rbac;
mod webhook;

use std::collections::BTreeMap;

use k8s_openapi::{
    api::networking::v1::{IngressClass, IngressClassSpec},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

use self::crds::IngressClassParamsSpec;
pub use self::{
    certificate::Certificate,
    crds::{IngressClassParams, TargetGroupBinding},
};
use crate::{
    Error, Manifests, Object,
    labels::{self, Labels, Owner},
};

/// The version whose objects these are.
pub const CONTROLLER_VERSION: &str = "v3.5.0";
/// The namespace that the controller lives in.
pub const CONTROLLER_NAMESPACE: &str = "kube-system";
/// The controller's deployment, and its service account, which its IAM role trusts.
pub const CONTROLLER_NAME: &str = "aws-load-balancer-controller";
/// The service behind which its webhooks answer.
pub const WEBHOOK_SERVICE: &str = "aws-load-balancer-webhook-service";
/// The Secret with its certificate.
pub const CERTIFICATE_SECRET: &str = "aws-load-balancer-tls";

/// The class of ingresses that it takes.
const INGRESS_CLASS: &str = "alb";

/// What the controller shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancerController {
    /// Whose objects these are.
    pub owner: Owner,
    /// The EKS cluster's name.
    pub cluster_name: String,
    /// The region. Written, because pods may not reach the instance's metadata.
    pub region: String,
    /// The VPC. Written for the same reason.
    pub vpc_id: String,
    /// The IAM role of its service account.
    pub role_arn: String,
    /// Its image: see [`controller_image`].
    pub image: String,
    /// How many pods; one of them leads.
    pub replicas: u16,
    /// Tags of everything that it makes in AWS. Neither keys nor values may hold `,` or `=`.
    pub tags: BTreeMap<String, String>,
}

/// The public image of [`CONTROLLER_VERSION`].
pub fn controller_image() -> String {
    format!("public.ecr.aws/eks/aws-load-balancer-controller:{CONTROLLER_VERSION}")
}

impl LoadBalancerController {
    /// Every object but the Secret with the certificate's key; the webhook configurations trust that certificate.
    pub fn objects(&self, certificate: &Certificate) -> Result<Manifests, Error> {
        let mut objects = self.lasting_objects();
        objects.push(webhook::mutating(self, &certificate.authority).into());
        objects.push(webhook::validating(self, &certificate.authority).into());
        Manifests::new(objects)
    }

    /// The Secret with the certificate and its key.
    pub fn certificate_secret(
        &self,
        certificate: &Certificate,
    ) -> k8s_openapi::api::core::v1::Secret {
        certificate.secret(self.metadata(CERTIFICATE_SECRET))
    }

    /// What does not depend on the certificate.
    pub(crate) fn lasting_objects(&self) -> Vec<Object> {
        let mut objects: Vec<Object> = crds::definitions(self)
            .into_iter()
            .map(Object::from)
            .collect();
        objects.extend(rbac::objects(self));
        objects.push(webhook::service(self).into());
        objects.push(deployment::deployment(self).into());
        objects.push(self.ingress_class_params().into());
        objects.push(self.ingress_class().into());
        objects
    }

    /// What tells the API server of the webhooks, without whom it trusts.
    pub(crate) fn announcements(&self) -> [Object; 2] {
        [
            webhook::mutating(self, "").into(),
            webhook::validating(self, "").into(),
        ]
    }

    fn ingress_class(&self) -> IngressClass {
        IngressClass {
            metadata: self.cluster_metadata(INGRESS_CLASS),
            spec: Some(IngressClassSpec {
                controller: Some("ingress.k8s.aws/alb".to_owned()),
                parameters: None,
            }),
        }
    }

    fn ingress_class_params(&self) -> IngressClassParams {
        IngressClassParams {
            metadata: self.cluster_metadata(INGRESS_CLASS),
            spec: IngressClassParamsSpec::default(),
        }
    }

    /// Metadata of an object in the controller's namespace.
    fn metadata(&self, name: &str) -> ObjectMeta {
        ObjectMeta {
            namespace: Some(CONTROLLER_NAMESPACE.to_owned()),
            ..self.cluster_metadata(name)
        }
    }

    /// Metadata of an object of the cluster.
    fn cluster_metadata(&self, name: &str) -> ObjectMeta {
        let mut labels = labels::outside(&self.owner);
        labels.extend(selector());
        labels.insert(labels::VERSION.to_owned(), CONTROLLER_VERSION.to_owned());
        ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels),
            ..ObjectMeta::default()
        }
    }
}

/// Selects the controller's pods.
fn selector() -> Labels {
    let label = |key: &str| (key.to_owned(), CONTROLLER_NAME.to_owned());
    BTreeMap::from([label(labels::NAME), label(labels::INSTANCE)])
}
