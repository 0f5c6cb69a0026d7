//! The driver of EBS volumes in a cluster that exists: whoever installed it, claims wait forever without one.

use k8s_openapi::api::storage::v1::CSIDriver;
use kube::Api;
use milvus_aws_core::engine::{Context, Existing, Handle, Readiness, ResourceError, ResourceId};

/// As the driver calls itself (source: AWS EBS CSI driver).
const NAME: &str = "ebs.csi.aws.com";

/// The driver that the cluster has.
pub(crate) struct EbsDriver {
    pub(crate) cluster: String,
    pub(crate) client: Handle<kube::Client>,
}

impl Existing for EbsDriver {
    type Needs = Handle<kube::Client>;
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("csidriver/{NAME}"))
    }

    fn needs(&self) -> &Self::Needs {
        &self.client
    }

    async fn check(
        &self,
        client: &kube::Client,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let drivers: Api<CSIDriver> = Api::all(client.clone());
        match drivers.get_opt(NAME).await {
            Ok(Some(_)) => Ok(Readiness::Ready(())),
            Ok(None) => Err(ResourceError::fatal(format!(
                "the cluster {} has no driver of EBS volumes ({NAME}); add EKS's add-on aws-ebs-csi-driver, or name a storage class of another driver at `cluster.etcd.inCluster.storage.class`",
                self.cluster
            ))),
            // Who may not look at drivers may install all the same: claims then tell what they lack.
            Err(kube::Error::Api(status)) if status.code == 403 => Ok(Readiness::Ready(())),
            Err(error) => Err(ResourceError::transient(format!(
                "cannot look for the driver of EBS volumes in {}",
                self.cluster
            ))
            .caused_by(error)),
        }
    }

    /// With or without it, an uninstall goes on.
    async fn left(&self, _: &kube::Client) -> Result<Option<()>, ResourceError> {
        Ok(Some(()))
    }
}
