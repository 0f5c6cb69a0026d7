//! What the bucket holds before etcd is made: vectors whose metadata is not in this cluster are not given to a new etcd.

use std::time::Duration;

use milvus_aws_core::{
    Installation,
    aws::{Cloud, vectors_without_metadata},
    engine::{
        Context, Handle, Observed, Readiness, Resource, ResourceError, ResourceId, Retention, Step,
    },
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

type Inputs = (kube::Client, BucketName);

impl BucketContents {
    /// Why a new etcd would lose what is there: it was another cluster's, or another namespace's.
    async fn refusal(&self, (client, bucket): &Inputs) -> Result<Option<String>, ResourceError> {
        let root = self.installation.root_path();
        if etcd_is_claimed(client, &self.installation).await?
            || !self.cloud.holds_vectors(bucket, &root).await?
        {
            return Ok(None);
        }
        Ok(Some(vectors_without_metadata(&root)))
    }

    async fn check(&self, inputs: &Inputs) -> Result<Readiness<()>, ResourceError> {
        match self.refusal(inputs).await? {
            Some(refusal) => Err(ResourceError::foreign(refusal)),
            None => Ok(Readiness::Ready(())),
        }
    }
}

impl Resource for BucketContents {
    type Needs = (Handle<kube::Client>, Handle<BucketName>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("bucket-contents/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::ZERO
    }

    fn retention(&self) -> Retention {
        Retention::External
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let Some(inputs) = inputs else {
            return Ok(Observed::Unknown);
        };
        Ok(match self.refusal(inputs).await? {
            Some(owner) => Observed::Foreign { owner },
            None => Observed::Current { output: Some(()) },
        })
    }

    async fn apply(
        &self,
        inputs: &Inputs,
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        self.check(inputs).await
    }

    async fn readiness(
        &self,
        inputs: &Inputs,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        self.check(inputs).await
    }

    async fn delete(&self, _: Option<&Inputs>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }

    async fn wait_gone(&self, _: Option<&Inputs>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
