//! Vectors that were kept, and whose metadata is gone (pains row 35).
//!
//! Milvus deletes from its prefix whatever its metadata does not know, a day after it first looked (`dataCoord.gc`). An
//! etcd that begins anew knows nothing: what an earlier installation has left there would be lost.

use aws_sdk_eks::types::ClusterStatus;

use super::{cloud::Cloud, failure::Attempt};
use crate::{
    engine::{Context, Foreign, ForeignKind, ResourceError},
    installation::{BucketName, RootPath},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &["eks:DescribeCluster", "s3:ListBucket"];

/// Whether what is in a bucket outlived the installation's own cluster, and with it the claims on etcd's volumes.
#[derive(Debug)]
pub(super) struct KeptVectors {
    cloud: Cloud,
    root: RootPath,
}

impl KeptVectors {
    /// Those whose keys begin so.
    pub(super) fn new(cloud: Cloud, root: RootPath) -> Self {
        Self { cloud, root }
    }

    /// Why an installation must not go on with that bucket, which exists. A removal may.
    pub(super) async fn refusal(
        &self,
        bucket: &BucketName,
        context: &Context,
    ) -> Result<Option<Foreign>, ResourceError> {
        if context.is_removal() || self.has_cluster().await? {
            return Ok(None);
        }
        let holds = self.cloud.holds_vectors(bucket, &self.root).await?;
        Ok(holds.then(|| vectors_without_metadata(&self.root)))
    }

    /// One that is being deleted takes its claims along.
    async fn has_cluster(&self) -> Result<bool, ResourceError> {
        let cluster = self.cloud.eks_cluster(&self.cloud.full_name()).await?;
        Ok(cluster.is_some_and(|cluster| cluster.status() != Some(&ClusterStatus::Deleting)))
    }
}

/// Why vectors under that prefix must not be given to an etcd that begins anew.
pub fn vectors_without_metadata(root: &RootPath) -> Foreign {
    let because = format!(
        "it holds vectors of an earlier installation under {root}/, and etcd would begin anew without the metadata that tells what they are: Milvus would delete them after a day"
    );
    Foreign::new(ForeignKind::VectorsWithoutMetadata, because)
}

impl Cloud {
    /// Whether a bucket that exists has anything under Milvus's prefix.
    pub async fn holds_vectors(
        &self,
        bucket: &BucketName,
        root: &RootPath,
    ) -> Result<bool, ResourceError> {
        let call = self.s3.list_objects_v2().bucket(bucket.as_str());
        let call = call.prefix(format!("{root}/")).max_keys(1);
        let found = call.send().await;
        let found = found.attempting(|| format!("cannot list the bucket {bucket}"))?;
        Ok(!found.contents().is_empty())
    }
}
