//! A bucket that exists: it is checked, used, and never changed.

use aws_sdk_s3::types::ServerSideEncryptionRule;

use super::{bucket_name::NameOwner, cloud::Cloud, failure::Attempt, kept_vectors::KeptVectors};
use crate::{
    engine::{Context, Existing, Readiness, ResourceError, ResourceId},
    installation::BucketName,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &["s3:GetEncryptionConfiguration", "s3:ListBucket"];

/// The bucket that the file names.
pub(super) struct ExistingBucket {
    cloud: Cloud,
    name: BucketName,
    /// What of ours it may hold that would be lost; nothing is looked for when absent.
    kept: Option<KeptVectors>,
}

impl ExistingBucket {
    /// The bucket of that name.
    pub(super) fn new(cloud: Cloud, name: BucketName, kept: Option<KeptVectors>) -> Self {
        Self { cloud, name, kept }
    }

    /// The customer's key that encrypts new objects, if one does.
    async fn key(&self) -> Result<Option<String>, ResourceError> {
        let call = self.cloud.s3.get_bucket_encryption();
        let answer = call.bucket(self.name.as_str()).send().await;
        let answer = answer
            .unless_absent(&["ServerSideEncryptionConfigurationNotFoundError"])
            .attempting(|| format!("cannot read the encryption of the bucket {}", self.name))?;
        let encryption = answer.and_then(|it| it.server_side_encryption_configuration);
        let rules = encryption.map(|it| it.rules).unwrap_or_default();
        let default = ServerSideEncryptionRule::apply_server_side_encryption_by_default;
        let mut keys = rules.iter().filter_map(default);
        let key = keys.find_map(|it| it.kms_master_key_id().map(str::to_owned));
        // Whoever of the account may use the bucket may use AWS's own key.
        Ok(key.filter(|key| !key.ends_with("alias/aws/s3")))
    }

    fn elsewhere(&self, region: Option<&str>) -> String {
        let here = &self.cloud.account.region;
        format!(
            "the bucket {} is in {}, not in {here}; write one of {here} at `aws.existing.bucket`",
            self.name,
            region.unwrap_or("another region")
        )
    }
}

impl Existing for ExistingBucket {
    type Needs = ();
    type Output = BucketName;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("existing-bucket/{}", self.name))
    }

    fn needs(&self) -> &() {
        &()
    }

    async fn check(
        &self,
        (): &(),
        context: &Context,
    ) -> Result<Readiness<BucketName>, ResourceError> {
        let name = &self.name;
        let whose = self.cloud.owner_of_name(name).await?;
        if let Some(error) = whose.missing_right(name) {
            return Err(error);
        }
        let wrong = match whose {
            NameOwner::Nobody => Some(format!(
                "there is no bucket {name}; make it, write another one at `aws.existing.bucket`, or leave that out for a new one"
            )),
            NameOwner::AnotherAccount => Some(format!(
                "the bucket {name} is another account's; write one of the account {} at `aws.existing.bucket`",
                self.cloud.account.id
            )),
            NameOwner::AnotherRegion(region) => Some(self.elsewhere(region.as_deref())),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(ResourceError::fatal(wrong));
        }
        if let Some(kept) = &self.kept
            && let Some(refusal) = kept.refusal(name, context).await?
        {
            return Err(ResourceError::foreign(refusal));
        }
        if let Some(key) = self.key().await? {
            context.progress(format!(
                "the bucket {name} encrypts by the key {key}; let the role {} use that (kms:Decrypt, kms:GenerateDataKey)",
                self.cloud.milvus_role()
            ));
        }
        Ok(Readiness::Ready(name.clone()))
    }

    async fn left(&self, (): &()) -> Result<Option<BucketName>, ResourceError> {
        Ok(match self.cloud.owner_of_name(&self.name).await? {
            NameOwner::Nobody => None,
            _ => Some(self.name.clone()),
        })
    }
}
