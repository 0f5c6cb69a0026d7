//! Whose a bucket's name is. S3 answers 403 both to those who look at a bucket of another account and to those who lack
//! the right to look at their own: other questions tell the two apart.

use aws_sdk_s3::{error::SdkError, operation::head_bucket::HeadBucketError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::{
    cloud::Cloud,
    failure::{Attempt, failure, has_code, is_denied},
};
use crate::{engine::ResourceError, installation::BucketName};

/// The header by which S3 names a bucket's region, also in a refusal (source: S3 API, HeadBucket).
const REGION: &str = "x-amz-bucket-region";

/// Whose a bucket's name is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NameOwner {
    /// Nobody's.
    Nobody,
    /// The account's, in the cloud's region.
    Account,
    /// The account's, which may not look at it: the right `s3:ListBucket` is missing, or a policy denies it.
    AccountWithoutRight,
    /// Another account's.
    AnotherAccount,
    /// Another account's, or one that may not be looked at: nothing that may be asked tells.
    Unclear,
    /// Somebody's in another region, where S3 says in which.
    AnotherRegion(Option<String>),
}

impl NameOwner {
    /// Why the bucket cannot be looked at, where a missing right is the reason, or may be.
    pub(super) fn missing_right(&self, bucket: &BucketName) -> Option<ResourceError> {
        let rest = match self {
            Self::AccountWithoutRight => {
                "it is the account's own, and the right s3:ListBucket on it is missing, or a policy denies it; docs/iam-policy.json has all rights that are needed"
            }
            Self::Unclear => {
                "S3 answers 403: either the right s3:ListBucket is missing (docs/iam-policy.json has all that are needed), or the bucket is another account's, and the file must name another one; `aws s3api list-buckets` tells which, to whoever may list the account's buckets"
            }
            _ => return None,
        };
        let message = format!("cannot look at the bucket {bucket}: {rest}");
        Some(ResourceError::fatal(message))
    }
}

impl Cloud {
    /// Whose the name of a bucket is.
    pub(super) async fn owner_of_name(
        &self,
        bucket: &BucketName,
    ) -> Result<NameOwner, ResourceError> {
        let call = self.s3.head_bucket().bucket(bucket.as_str());
        let call = call.expected_bucket_owner(&self.account.id);
        match call.send().await {
            Ok(answer) => Ok(self.in_region(answer.bucket_region(), NameOwner::Account)),
            Err(error) => match status(&error) {
                Some(404) => Ok(NameOwner::Nobody),
                Some(301) => Ok(NameOwner::AnotherRegion(region(&error))),
                Some(403) if is_denied(&error) => {
                    let region = region(&error);
                    let owner = self.owner_of_closed(bucket, region.is_some()).await?;
                    Ok(self.in_region(region.as_deref(), owner))
                }
                _ => Err(failure(
                    &error,
                    &format!("cannot look at the bucket {bucket}"),
                )),
            },
        }
    }

    /// The owner, unless S3 names another region.
    fn in_region(&self, region: Option<&str>, owner: NameOwner) -> NameOwner {
        match region {
            Some(region) if region != self.account.region.as_str() => {
                NameOwner::AnotherRegion(Some(region.to_owned()))
            }
            _ => owner,
        }
    }

    /// Asks for what needs other rights than a look at the bucket. They are no part of the rights that an installation
    /// needs: without them the answer is that it is unclear. Only of a bucket that exists does S3 name the region.
    async fn owner_of_closed(
        &self,
        bucket: &BucketName,
        exists: bool,
    ) -> Result<NameOwner, ResourceError> {
        let call = self.s3.list_buckets().prefix(bucket.as_str());
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page {
                Err(error) if is_denied(&error) => return self.owner_by_location(bucket).await,
                page => page.attempting(|| "cannot list the account's buckets".to_owned())?,
            };
            let mut names = page.buckets().iter().filter_map(|it| it.name());
            if names.any(|name| name == bucket.as_str()) {
                return Ok(NameOwner::AccountWithoutRight);
            }
        }
        Ok(if exists {
            NameOwner::AnotherAccount
        } else {
            NameOwner::Unclear
        })
    }

    /// S3 tells where a bucket is to nobody but its owner, as its owner is named in the question.
    async fn owner_by_location(&self, bucket: &BucketName) -> Result<NameOwner, ResourceError> {
        let call = self.s3.get_bucket_location().bucket(bucket.as_str());
        match call.expected_bucket_owner(&self.account.id).send().await {
            Ok(_) => Ok(NameOwner::AccountWithoutRight),
            // That there is none does not give the right to look.
            Err(error) if is_denied(&error) || has_code(&error, &["NoSuchBucket"]) => {
                Ok(NameOwner::Unclear)
            }
            Err(error) => Err(failure(
                &error,
                &format!("cannot ask where the bucket {bucket} is"),
            )),
        }
    }
}

fn status(error: &SdkError<HeadBucketError, HttpResponse>) -> Option<u16> {
    Some(error.raw_response()?.status().as_u16())
}

fn region(error: &SdkError<HeadBucketError, HttpResponse>) -> Option<String> {
    Some(error.raw_response()?.headers().get(REGION)?.to_owned())
}
