//! What the bucket holds before etcd is made: vectors whose metadata is not in this cluster are not given to a new etcd.

use milvus_aws_core::{
    Installation,
    aws::{Cloud, vectors_without_metadata},
    engine::{Context, Existing, Handle, Readiness, ResourceError, ResourceId},
    installation::BucketName,
};
use milvus_manifests::apply::etcd_is_claimed;

/// The objects of an installation's bucket, beside the claims of its etcd.
pub(crate) struct BucketContents {
    pub(crate) cloud: Cloud,
    pub(crate) installation: Installation,
    pub(crate) name: BucketName,
    /// The cluster, and the bucket once it is there.
    pub(crate) needs: (Handle<kube::Client>, Handle<BucketName>),
}

impl Existing for BucketContents {
    type Needs = (Handle<kube::Client>, Handle<BucketName>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("bucket-contents/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    /// Foreign where a new etcd would lose what is there: it was another cluster's, or another namespace's.
    async fn check(
        &self,
        (client, bucket): &(kube::Client, BucketName),
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let root = self.installation.root_path();
        if etcd_is_claimed(client, &self.installation).await?
            || !self.cloud.holds_vectors(bucket, &root).await?
        {
            return Ok(Readiness::Ready(()));
        }
        Err(ResourceError::foreign(vectors_without_metadata(&root)))
    }

    /// Whatever it holds, an uninstall goes on.
    async fn left(&self, _: &(kube::Client, BucketName)) -> Result<Option<()>, ResourceError> {
        Ok(Some(()))
    }
}
