//! The S3 bucket that holds segments and indexes.

use std::time::Duration;

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint,
    CreateBucketConfiguration, Delete, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    ObjectIdentifier, ObjectOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag,
};

use super::{
    bucket_name::NameOwner,
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    kept_vectors::KeptVectors,
    mark::Owner,
    prices,
};
use crate::{
    engine::{
        Change, Context, Cost, Foreign, ForeignKind, Observed, Readiness, Resource, ResourceError,
        ResourceId, Retention, Step,
    },
    installation::{BucketName, RootPath},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:TagResource",
];

/// Uploads that were begun and never ended are dropped after that many days: they cost and cannot be seen.
const ABORT_UPLOADS_AFTER_DAYS: i32 = 7;
/// The one region whose name must not be given when a bucket is made (source: S3 API, CreateBucket).
const REGION_WITHOUT_CONSTRAINT: &str = "us-east-1";

/// A bucket of ours: private, encrypted, its objects owned by the account.
#[derive(Debug)]
pub struct Bucket {
    cloud: Cloud,
    name: BucketName,
    /// What it may hold that would be lost; nothing is looked for when absent.
    kept: Option<KeptVectors>,
}

/// One setting of a bucket beside its existence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    PublicAccess,
    Encryption,
    Ownership,
    Lifecycle,
}

impl Setting {
    const ALL: [Self; 4] = [
        Self::PublicAccess,
        Self::Encryption,
        Self::Ownership,
        Self::Lifecycle,
    ];

    /// Name of the field in plans, and what it shall be.
    const fn field(self) -> (&'static str, &'static str) {
        match self {
            Self::PublicAccess => ("publicAccess", "blocked"),
            Self::Encryption => ("encryption", "AES256"),
            Self::Ownership => ("objectOwnership", "BucketOwnerEnforced"),
            Self::Lifecycle => ("abortedUploads", "removed after 7 days"),
        }
    }
}

impl Bucket {
    /// A bucket of that name in the cloud's region.
    pub fn new(cloud: Cloud, name: BucketName) -> Self {
        Self {
            cloud,
            name,
            kept: None,
        }
    }

    /// The same, refused while it holds something under that prefix and the installation's own cluster is gone.
    #[must_use]
    pub fn beside_own_cluster(mut self, root: RootPath) -> Self {
        self.kept = Some(KeptVectors::new(self.cloud.clone(), root));
        self
    }

    async fn owner(&self) -> Result<Option<Owner>, ResourceError> {
        let name = self.name.as_str();
        let whose = self.cloud.owner_of_name(&self.name).await?;
        if let Some(error) = whose.missing_right(&self.name) {
            return Err(error);
        }
        match whose {
            NameOwner::Nobody => return Ok(None),
            NameOwner::AnotherRegion(region) => {
                let region = region.as_deref().unwrap_or("another region");
                let whose = format!("the name is taken, in {region}");
                return Ok(Some(taken(whose)));
            }
            NameOwner::AnotherAccount => {
                let whose = "the name is taken by another account";
                return Ok(Some(taken(whose)));
            }
            _ => {}
        }
        let tags = self.cloud.s3.get_bucket_tagging().bucket(name).send().await;
        let tags = tags
            .unless_absent(&["NoSuchTagSet"])
            .attempting(|| format!("cannot read the tags of the bucket {name}"))?
            .map(|answer| answer.tag_set)
            .unwrap_or_default();
        let tags = tags.iter().map(|tag| (tag.key(), tag.value()));
        Ok(Some(self.cloud.mark.owner(tags)))
    }

    async fn create(&self) -> Result<(), ResourceError> {
        let region = self.cloud.account.region.as_str();
        let mut configuration = CreateBucketConfiguration::builder();
        if region != REGION_WITHOUT_CONSTRAINT {
            configuration =
                configuration.location_constraint(BucketLocationConstraint::from(region));
        }
        for (key, value) in self.cloud.mark.tags(self.name.as_str()) {
            configuration = configuration.tags(tag(key, value)?);
        }
        let made = self
            .cloud
            .s3
            .create_bucket()
            .bucket(self.name.as_str())
            .create_bucket_configuration(configuration.build())
            .send()
            .await;
        match made {
            Err(error) if has_code(&error, &["BucketAlreadyExists"]) => {
                Err(ResourceError::foreign(format!(
                    "the bucket name {} is taken by another account",
                    self.name
                )))
            }
            // The answer to an earlier attempt was lost, or a second run is under way.
            Err(error) if has_code(&error, &["BucketAlreadyOwnedByYou"]) => Err(
                ResourceError::transient(format!("the bucket {} was made meanwhile", self.name)),
            ),
            other => other
                .attempting(|| format!("cannot create the bucket {}", self.name))
                .map(drop),
        }
    }

    /// Whether a setting is as wanted.
    async fn holds(&self, setting: Setting) -> Result<bool, ResourceError> {
        let (s3, name) = (&self.cloud.s3, self.name.as_str());
        let what = || format!("cannot read {} of the bucket {name}", setting.field().0);
        Ok(match setting {
            Setting::PublicAccess => s3
                .get_public_access_block()
                .bucket(name)
                .send()
                .await
                .unless_absent(&["NoSuchPublicAccessBlockConfiguration"])
                .attempting(what)?
                .and_then(|answer| answer.public_access_block_configuration)
                .is_some_and(|block| block == public_access_block()),
            Setting::Encryption => s3
                .get_bucket_encryption()
                .bucket(name)
                .send()
                .await
                .unless_absent(&["ServerSideEncryptionConfigurationNotFoundError"])
                .attempting(what)?
                .and_then(|answer| answer.server_side_encryption_configuration)
                .is_some_and(|encryption| !encryption.rules.is_empty()),
            Setting::Ownership => s3
                .get_bucket_ownership_controls()
                .bucket(name)
                .send()
                .await
                .unless_absent(&["OwnershipControlsNotFoundError"])
                .attempting(what)?
                .and_then(|answer| answer.ownership_controls)
                .is_some_and(|controls| {
                    let owned = |rule: &OwnershipControlsRule| {
                        rule.object_ownership == ObjectOwnership::BucketOwnerEnforced
                    };
                    controls.rules.iter().any(owned)
                }),
            Setting::Lifecycle => s3
                .get_bucket_lifecycle_configuration()
                .bucket(name)
                .send()
                .await
                .unless_absent(&["NoSuchLifecycleConfiguration"])
                .attempting(what)?
                .and_then(|answer| answer.rules)
                .is_some_and(|rules| {
                    let aborts = |rule: &LifecycleRule| {
                        rule.status == ExpirationStatus::Enabled
                            && rule.abort_incomplete_multipart_upload.is_some()
                    };
                    rules.iter().any(aborts)
                }),
        })
    }

    async fn put(&self, setting: Setting) -> Result<(), ResourceError> {
        let (s3, name) = (&self.cloud.s3, self.name.as_str());
        let what = || format!("cannot set {} of the bucket {name}", setting.field().0);
        match setting {
            Setting::PublicAccess => s3
                .put_public_access_block()
                .bucket(name)
                .public_access_block_configuration(public_access_block())
                .send()
                .await
                .attempting(what)
                .map(drop),
            Setting::Encryption => s3
                .put_bucket_encryption()
                .bucket(name)
                .server_side_encryption_configuration(encryption().map_err(invalid)?)
                .send()
                .await
                .attempting(what)
                .map(drop),
            Setting::Ownership => s3
                .put_bucket_ownership_controls()
                .bucket(name)
                .ownership_controls(ownership().map_err(invalid)?)
                .send()
                .await
                .attempting(what)
                .map(drop),
            Setting::Lifecycle => s3
                .put_bucket_lifecycle_configuration()
                .bucket(name)
                .lifecycle_configuration(lifecycle().map_err(invalid)?)
                .send()
                .await
                .attempting(what)
                .map(drop),
        }
    }

    /// Deletes every object and every version of one, page by page.
    async fn empty(&self, context: &Context) -> Result<(), ResourceError> {
        let name = self.name.as_str();
        loop {
            let page = self
                .cloud
                .s3
                .list_object_versions()
                .bucket(name)
                .send()
                .await;
            let page = page.attempting(|| format!("cannot list the bucket {name}"))?;
            let versions = page
                .versions()
                .iter()
                .map(|version| (version.key(), version.version_id()));
            let markers = page
                .delete_markers()
                .iter()
                .map(|marker| (marker.key(), marker.version_id()));
            let objects: Vec<_> = versions
                .chain(markers)
                .filter_map(|(key, version)| {
                    let object = ObjectIdentifier::builder()
                        .key(key?)
                        .set_version_id(version.map(str::to_owned));
                    object.build().ok()
                })
                .collect();
            if objects.is_empty() {
                return Ok(());
            }
            context.progress(format!("deleting {} objects", objects.len()));
            let delete = Delete::builder()
                .set_objects(Some(objects))
                .quiet(true)
                .build()
                .map_err(invalid)?;
            let deleted = self
                .cloud
                .s3
                .delete_objects()
                .bucket(name)
                .delete(delete)
                .send()
                .await;
            let deleted =
                deleted.attempting(|| format!("cannot delete objects of the bucket {name}"))?;
            if let Some(error) = deleted.errors().first() {
                let (code, message) = (
                    error.code().unwrap_or_default(),
                    error.message().unwrap_or_default(),
                );
                return Err(ResourceError::fatal(format!(
                    "cannot delete objects of the bucket {name}: {code}: {message}"
                )));
            }
        }
    }
}

fn taken(because: impl Into<String>) -> Owner {
    Owner::Foreign(Foreign::new(ForeignKind::BucketNameTaken, because))
}

impl Resource for Bucket {
    type Needs = ();
    type Output = BucketName;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("bucket/{}", self.name))
    }

    fn needs(&self) -> &() {
        &()
    }

    fn monthly_cost(&self) -> Cost {
        prices::objects(self.cloud.account.region.as_str())
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn retention(&self) -> Retention {
        Retention::Data
    }

    async fn observe(
        &self,
        _: Option<&()>,
        context: &Context,
    ) -> Result<Observed<BucketName>, ResourceError> {
        match self.owner().await? {
            None => return Ok(Observed::Absent),
            Some(Owner::Foreign(owner)) => return Ok(Observed::Foreign { owner }),
            Some(Owner::Ours) => {}
        }
        if let Some(kept) = &self.kept
            && let Some(owner) = kept.refusal(&self.name, context).await?
        {
            return Ok(Observed::Foreign { owner });
        }
        let mut changes = Vec::new();
        for setting in Setting::ALL {
            if !self.holds(setting).await? {
                let (field, to) = setting.field();
                changes.push(Change {
                    field: field.to_owned(),
                    from: None,
                    to: Some(to.to_owned()),
                    ..Change::default()
                });
            }
        }
        let output = Some(self.name.clone());
        Ok(if changes.is_empty() {
            Observed::Current { output }
        } else {
            Observed::Differs { changes, output }
        })
    }

    async fn apply(
        &self,
        (): &(),
        step: &Step,
        _: &Context,
    ) -> Result<Readiness<BucketName>, ResourceError> {
        if *step == Step::Create {
            self.create().await?;
        }
        for setting in Setting::ALL {
            // A new bucket has AWS's defaults for most of them.
            if !self.holds(setting).await? {
                self.put(setting).await?;
            }
        }
        Ok(Readiness::Ready(self.name.clone()))
    }

    async fn readiness(
        &self,
        (): &(),
        _: &Context,
    ) -> Result<Readiness<BucketName>, ResourceError> {
        Ok(Readiness::Ready(self.name.clone()))
    }

    async fn delete(&self, _: Option<&()>, context: &Context) -> Result<(), ResourceError> {
        self.empty(context).await?;
        let deleted = self
            .cloud
            .s3
            .delete_bucket()
            .bucket(self.name.as_str())
            .send()
            .await;
        match deleted.unless_absent(&["NoSuchBucket"]) {
            Err(error) if has_code(&error, &["BucketNotEmpty"]) => Err(ResourceError::transient(
                format!("the bucket {} is being written to", self.name),
            )),
            Err(error) => Err(failure(
                &error,
                &format!("cannot delete the bucket {}", self.name),
            )),
            Ok(_) => Ok(()),
        }
    }
}

fn tag(key: String, value: String) -> Result<Tag, ResourceError> {
    Tag::builder()
        .key(key)
        .value(value)
        .build()
        .map_err(invalid)
}

/// A request that cannot be put together: a field that its model demands was left out.
fn invalid(error: aws_smithy_types::error::operation::BuildError) -> ResourceError {
    ResourceError::fatal("cannot put the request together").caused_by(error)
}

fn public_access_block() -> PublicAccessBlockConfiguration {
    PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build()
}

type Built<T> = Result<T, aws_smithy_types::error::operation::BuildError>;

fn encryption() -> Built<ServerSideEncryptionConfiguration> {
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::Aes256)
        .build()?;
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default);
    ServerSideEncryptionConfiguration::builder()
        .rules(rule.build())
        .build()
}

fn ownership() -> Built<OwnershipControls> {
    let rule = OwnershipControlsRule::builder()
        .object_ownership(ObjectOwnership::BucketOwnerEnforced)
        .build()?;
    OwnershipControls::builder().rules(rule).build()
}

fn lifecycle() -> Built<BucketLifecycleConfiguration> {
    let abort =
        AbortIncompleteMultipartUpload::builder().days_after_initiation(ABORT_UPLOADS_AFTER_DAYS);
    let rule = LifecycleRule::builder()
        .id("abort-incomplete-uploads")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .abort_incomplete_multipart_upload(abort.build())
        .build()?;
    BucketLifecycleConfiguration::builder().rules(rule).build()
}
