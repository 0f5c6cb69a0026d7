//! The customer-managed KMS key: MSK takes no secret that is encrypted with another one.

use std::time::Duration;

use aws_sdk_kms::types::{KeyMetadata, KeyState, Tag};
use serde_json::json;

use super::{
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    ids::KeyArn,
    mark::{Mark, Owner},
    prices,
};
use crate::engine::{
    Change, Context, Cost, Observed, Readiness, Resource, ResourceError, ResourceId, Retention,
    Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateKey",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "tag:GetResources",
];

/// Days that a deleted key can still be taken back: the least that KMS allows.
const DAYS_TO_CANCEL: i32 = 7;

/// A key of ours, found by its alias.
#[derive(Debug)]
pub struct Key {
    cloud: Cloud,
    alias: String,
}

/// What a look at the key found.
struct Found {
    key: KeyMetadata,
    has_alias: bool,
}

impl Key {
    /// The installation's key.
    pub fn new(cloud: Cloud) -> Self {
        let alias = format!("alias/{}", cloud.full_name());
        Self { cloud, alias }
    }

    async fn find(&self) -> Result<Option<Found>, ResourceError> {
        if let Some(key) = self.describe(&self.alias).await? {
            return Ok(Some(Found {
                key,
                has_alias: true,
            }));
        }
        // A run may have died between the key and its alias: such a key is found by its tag.
        let pages = self
            .cloud
            .tagging
            .get_resources()
            .resource_type_filters("kms:key");
        let mark = aws_sdk_resourcegroupstagging::types::TagFilter::builder()
            .key(Mark::key())
            .values(self.cloud.mark.value());
        let marked = pages.tag_filters(mark.build()).send().await;
        let marked = marked.attempting(|| "cannot look for keys by tag".to_owned())?;
        for mapping in marked.resource_tag_mapping_list() {
            let Some(arn) = mapping.resource_arn() else {
                continue;
            };
            if let Some(key) = self.describe(arn).await?
                && key.key_state == Some(KeyState::Enabled)
            {
                return Ok(Some(Found {
                    key,
                    has_alias: false,
                }));
            }
        }
        Ok(None)
    }

    async fn describe(&self, id: &str) -> Result<Option<KeyMetadata>, ResourceError> {
        let answer = self.cloud.kms.describe_key().key_id(id).send().await;
        let answer = answer.unless_absent(&["NotFoundException"]);
        let answer = answer.attempting(|| format!("cannot look at the key {id}"))?;
        Ok(answer.and_then(|answer| answer.key_metadata))
    }

    async fn owner(&self, id: &str) -> Result<Owner, ResourceError> {
        let tags = self.cloud.kms.list_resource_tags().key_id(id).send().await;
        let tags = tags.attempting(|| format!("cannot read the tags of the key {id}"))?;
        let tags = tags
            .tags()
            .iter()
            .map(|tag| (tag.tag_key(), tag.tag_value()));
        Ok(self.cloud.mark.owner(tags))
    }

    async fn rotates(&self, id: &str) -> Result<bool, ResourceError> {
        let status = self
            .cloud
            .kms
            .get_key_rotation_status()
            .key_id(id)
            .send()
            .await;
        let status = status.attempting(|| format!("cannot read whether the key {id} rotates"))?;
        Ok(status.key_rotation_enabled())
    }

    async fn create(&self) -> Result<KeyMetadata, ResourceError> {
        let mut call = self
            .cloud
            .kms
            .create_key()
            .description(format!("secrets and disks of {}", self.cloud.full_name()))
            .policy(self.policy());
        for (key, value) in self.cloud.mark.tags(&self.cloud.full_name()) {
            let tag = Tag::builder().tag_key(key).tag_value(value).build();
            call =
                call.tags(tag.map_err(|error| {
                    ResourceError::fatal("cannot write a tag").caused_by(error)
                })?);
        }
        let made = call
            .send()
            .await
            .attempting(|| "cannot create the key".to_owned())?;
        let nameless = || ResourceError::transient("KMS made a key without saying which");
        made.key_metadata.ok_or_else(nameless)
    }

    /// The account rules over the key by its own policies (source: KMS, default key policy).
    fn policy(&self) -> String {
        let root = self.cloud.account.global_arn("iam", "root");
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "AccountRules",
                "Effect": "Allow",
                "Principal": {"AWS": root},
                "Action": "kms:*",
                "Resource": "*",
            }],
        })
        .to_string()
    }

    async fn name(&self, key: &KeyMetadata) -> Result<(), ResourceError> {
        let id = key.key_id();
        let named = self
            .cloud
            .kms
            .create_alias()
            .alias_name(&self.alias)
            .target_key_id(id)
            .send()
            .await;
        match named {
            Ok(_) => Ok(()),
            Err(error) if has_code(&error, &["AlreadyExistsException"]) => {
                // A second run was faster: its key is the one, and ours goes.
                self.schedule_deletion(id).await?;
                Err(ResourceError::transient(format!(
                    "{} was made meanwhile",
                    self.alias
                )))
            }
            Err(error) if has_code(&error, &["NotFoundException"]) => Err(
                ResourceError::transient(format!("the new key {id} cannot be seen yet")),
            ),
            Err(error) => Err(failure(&error, &format!("cannot create {}", self.alias))),
        }
    }

    async fn schedule_deletion(&self, id: &str) -> Result<(), ResourceError> {
        let call = self.cloud.kms.schedule_key_deletion().key_id(id);
        let scheduled = call.pending_window_in_days(DAYS_TO_CANCEL).send().await;
        let scheduled = scheduled.unless_absent(&["NotFoundException", "KMSInvalidStateException"]);
        scheduled
            .attempting(|| format!("cannot schedule the deletion of the key {id}"))
            .map(drop)
    }

    /// Takes a scheduled deletion back, and enables the key.
    async fn revive(&self, id: &str, state: Option<&KeyState>) -> Result<(), ResourceError> {
        if state == Some(&KeyState::PendingDeletion) {
            let taken_back = self.cloud.kms.cancel_key_deletion().key_id(id).send().await;
            taken_back.attempting(|| format!("cannot take back the deletion of the key {id}"))?;
        }
        let enabled = self.cloud.kms.enable_key().key_id(id).send().await;
        enabled
            .attempting(|| format!("cannot enable the key {id}"))
            .map(drop)
    }

    async fn changes(&self, found: &Found) -> Result<Vec<Change>, ResourceError> {
        let id = found.key.key_id();
        let state = found.key.key_state.as_ref();
        let mut changes = Vec::new();
        if state != Some(&KeyState::Enabled) {
            changes.push(change(
                "state",
                state.map(KeyState::as_str),
                KeyState::Enabled.as_str(),
            ));
            return Ok(changes);
        }
        if !found.has_alias {
            changes.push(change("alias", None, &self.alias));
        }
        if !self.rotates(id).await? {
            changes.push(change("rotation", Some("off"), "on"));
        }
        Ok(changes)
    }
}

fn change(field: &str, from: Option<&str>, to: &str) -> Change {
    Change {
        field: field.to_owned(),
        from: from.map(str::to_owned),
        to: Some(to.to_owned()),
        ..Change::default()
    }
}

fn arn(key: &KeyMetadata) -> Option<KeyArn> {
    key.arn().map(KeyArn::new)
}

impl Resource for Key {
    type Needs = ();
    type Output = KeyArn;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("key/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &() {
        &()
    }

    fn monthly_cost(&self) -> Cost {
        prices::key(self.cloud.account.region.as_str())
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
        _: &Context,
    ) -> Result<Observed<KeyArn>, ResourceError> {
        let Some(found) = self.find().await? else {
            return Ok(Observed::Absent);
        };
        if let Owner::Foreign(owner) = self.owner(found.key.key_id()).await? {
            return Ok(Observed::Foreign { owner });
        }
        let changes = self.changes(&found).await?;
        let output = arn(&found.key);
        Ok(if changes.is_empty() {
            Observed::Current { output }
        } else {
            Observed::Differs {
                changes,
                output: None,
            }
        })
    }

    async fn apply(
        &self,
        (): &(),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<KeyArn>, ResourceError> {
        let found = match self.find().await? {
            Some(found) => found,
            None => Found {
                key: self.create().await?,
                has_alias: false,
            },
        };
        let id = found.key.key_id();
        if found.key.key_state != Some(KeyState::Enabled) {
            self.revive(id, found.key.key_state.as_ref()).await?;
        }
        if !found.has_alias {
            self.name(&found.key).await?;
        }
        let rotates = self.cloud.kms.enable_key_rotation().key_id(id).send().await;
        rotates.attempting(|| format!("cannot have the key {id} rotate"))?;
        match arn(&found.key) {
            Some(arn) => Ok(Readiness::Ready(arn)),
            None => Err(ResourceError::transient("KMS did not say the key's ARN")),
        }
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<KeyArn>, ResourceError> {
        let arn = self.find().await?.and_then(|found| arn(&found.key));
        arn.map(Readiness::Ready)
            .ok_or_else(|| ResourceError::transient("it was taken away meanwhile"))
    }

    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        let Some(found) = self.find().await? else {
            return Ok(());
        };
        // The alias goes first: the name is then free, and a key without it is found by its tag while it is enabled.
        if found.has_alias {
            let call = self.cloud.kms.delete_alias().alias_name(&self.alias);
            let gone = call.send().await.unless_absent(&["NotFoundException"]);
            gone.attempting(|| format!("cannot delete {}", self.alias))?;
        }
        self.schedule_deletion(found.key.key_id()).await
    }
}
