//! A login of brokers that exists, in Secrets Manager: it is checked, used, and never changed.

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;

use super::{cloud::Cloud, secret::MskLogin};
use crate::{
    engine::{Context, Existing, Readiness, ResourceError, ResourceId},
    installation::MskSecretName,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "kms:Decrypt",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
];

/// The key that Secrets Manager uses where none is chosen; MSK cannot decrypt by it.
const DEFAULT_KEY: &str = "alias/aws/secretsmanager";

/// The secret that the file names.
pub(super) struct ExistingSecret {
    cloud: Cloud,
    name: MskSecretName,
}

impl ExistingSecret {
    /// The secret of that name or ARN.
    pub(super) fn new(cloud: Cloud, name: MskSecretName) -> Self {
        Self { cloud, name }
    }

    fn checked(&self, secret: &DescribeSecretOutput) -> Result<(), String> {
        let name = &self.name;
        if secret.deleted_date().is_some() {
            return Err(format!(
                "the secret {name} is scheduled for deletion; take that back, or name another one at `aws.existing.secret`"
            ));
        }
        let key = secret.kms_key_id();
        if key.is_none_or(|key| key.ends_with(DEFAULT_KEY)) {
            return Err(format!(
                "the secret {name} is encrypted by AWS's own key, by which MSK takes none; encrypt it by a key of the account's own, or name another one at `aws.existing.secret`"
            ));
        }
        Ok(())
    }
}

impl Existing for ExistingSecret {
    type Needs = ();
    type Output = MskLogin;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("existing-secret/{}", self.name))
    }

    fn needs(&self) -> &() {
        &()
    }

    async fn check(&self, (): &(), _: &Context) -> Result<Readiness<MskLogin>, ResourceError> {
        let name = self.name.as_str();
        let Some(secret) = self.cloud.secret(name).await? else {
            let account = &self.cloud.account;
            return Err(ResourceError::fatal(format!(
                "the region {} of the account {} has no secret {name}; write the name or ARN of one at `aws.existing.secret`, or leave that out for a new login",
                account.region, account.id
            )));
        };
        self.checked(&secret).map_err(ResourceError::fatal)?;
        match self.cloud.login_in(name).await? {
            Some(login) => Ok(Readiness::Ready(login)),
            None => Err(ResourceError::fatal(format!(
                "the secret {name} holds no login; MSK wants JSON with the keys `username` and `password`"
            ))),
        }
    }

    async fn left(&self, (): &()) -> Result<Option<MskLogin>, ResourceError> {
        let secret = self.cloud.secret(self.name.as_str()).await?;
        Ok(secret.and_then(|secret| secret.arn().map(MskLogin::unread)))
    }
}
