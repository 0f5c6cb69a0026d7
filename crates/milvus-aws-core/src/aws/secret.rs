//! The login of MSK's user, in Secrets Manager.

use std::time::Duration;

use aws_sdk_secretsmanager::{
    operation::{describe_secret::DescribeSecretOutput, get_secret_value::GetSecretValueOutput},
    types::Tag,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use rand::{Rng, distr::Alphanumeric};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{
    cloud::Cloud,
    failure::{Attempt, failure, has_code, is_denied},
    ids::{KeyArn, SecretArn},
    mark::Owner,
    prices,
};
use crate::{
    engine::{
        Change, Context, Cost, Handle, Observed, Readiness, Resource, ResourceError, ResourceId,
        Step,
    },
    installation::LoginSecret,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:RestoreSecret",
    "secretsmanager:TagResource",
    "secretsmanager:UpdateSecret",
];

/// MSK accepts no secret with another beginning (source: MSK developer guide, "Sign-in credentials authentication").
const PREFIX: &str = "AmazonMSK_";
/// Who Milvus is to brokers of its own.
pub const MSK_USER: &str = "milvus";
const PASSWORD_LENGTH: usize = 40;

/// The secret, encrypted with the installation's key.
#[derive(Debug)]
pub struct MskSecret {
    cloud: Cloud,
    name: String,
    user: String,
    key: Handle<KeyArn>,
}

/// A login for Kafka. `Debug` shows no password.
#[derive(Debug, Clone)]
pub struct MskLogin {
    /// The secret that holds it.
    pub secret: SecretArn,
    /// What it holds; none in a removal, which reads it not: its key may be disabled, or not ours to use.
    pub login: Option<LoginSecret>,
}

impl MskLogin {
    /// For a removal.
    pub(super) fn unread(secret: &str) -> Self {
        Self {
            secret: SecretArn::new(secret),
            login: None,
        }
    }
}

/// What MSK wants the secret to hold.
#[derive(Deserialize)]
struct Login {
    username: String,
    password: SecretString,
}

impl MskSecret {
    /// The secret of the installation, with a login for that user, encrypted with that key.
    pub fn new(cloud: Cloud, user: impl Into<String>, key: Handle<KeyArn>) -> Self {
        let name = format!("{PREFIX}{}", cloud.full_name());
        Self {
            cloud,
            name,
            user: user.into(),
            key,
        }
    }

    async fn find(&self) -> Result<Option<DescribeSecretOutput>, ResourceError> {
        self.cloud.secret(&self.name).await
    }

    async fn login(&self) -> Result<Option<MskLogin>, ResourceError> {
        self.cloud.login_in(&self.name).await
    }

    fn new_login(&self) -> SecretString {
        let password: String = rand::rng()
            .sample_iter(Alphanumeric)
            .take(PASSWORD_LENGTH)
            .map(char::from)
            .collect();
        SecretString::from(json!({"username": self.user, "password": password}).to_string())
    }

    async fn create(&self, key: &KeyArn, context: &Context) -> Result<(), ResourceError> {
        let mut call = self
            .cloud
            .secrets
            .create_secret()
            .name(&self.name)
            .description(format!(
                "login of {} to its MSK cluster",
                self.cloud.full_name()
            ))
            .kms_key_id(key.as_str())
            .client_request_token(context.token())
            .secret_string(self.new_login().expose_secret());
        for (key, value) in self.cloud.mark.tags(&self.name) {
            call = call.tags(Tag::builder().key(key).value(value).build());
        }
        match call.send().await {
            Ok(_) => Ok(()),
            // Of a new key a missing right looks the same as one that is not seen yet.
            Err(error) if not_yet(&error) && is_denied(&error) => {
                Err(ResourceError::transient(format!(
                    "Secrets Manager cannot use the key {key} yet: {}; if that stays so, kms:GenerateDataKey or kms:Decrypt is missing (docs/iam-policy.json)",
                    error.message().unwrap_or_default()
                )))
            }
            Err(error) if not_yet(&error) => Err(ResourceError::transient(format!(
                "Secrets Manager cannot use the key {key} yet"
            ))),
            // An earlier one of the name is not gone everywhere yet.
            Err(error)
                if has_code(&error, &["InvalidRequestException"])
                    && error
                        .message()
                        .is_some_and(|message| message.contains("scheduled for deletion")) =>
            {
                Err(ResourceError::transient(format!(
                    "an earlier secret {} is still being deleted",
                    self.name
                )))
            }
            Err(error) if has_code(&error, &["ResourceExistsException"]) => Err(
                ResourceError::transient(format!("the secret {} was made meanwhile", self.name)),
            ),
            Err(error) => Err(failure(
                &error,
                &format!("cannot create the secret {}", self.name),
            )),
        }
    }

    async fn put_login(&self, context: &Context) -> Result<(), ResourceError> {
        let call = self.cloud.secrets.put_secret_value().secret_id(&self.name);
        let call = call.secret_string(self.new_login().expose_secret());
        let put = call.client_request_token(context.token()).send().await;
        put.attempting(|| format!("cannot write the secret {}", self.name))
            .map(drop)
    }

    fn ready(&self, login: Option<MskLogin>) -> Result<Readiness<MskLogin>, ResourceError> {
        let unreadable =
            || ResourceError::transient(format!("the secret {} cannot be read yet", self.name));
        login.map(Readiness::Ready).ok_or_else(unreadable)
    }
}

/// Whether Secrets Manager cannot use a new key yet, which it says in several ways.
fn not_yet<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    const CODES: &[&str] = &[
        "DecryptionFailure",
        "EncryptionFailure",
        "ResourceNotFoundException",
    ];
    let of_key = error
        .message()
        .is_some_and(|message| message.contains("KMS"));
    has_code(error, CODES) || of_key && has_code(error, &["AccessDeniedException"])
}

impl Cloud {
    /// The description of a secret, by its name or ARN.
    pub(super) async fn secret(
        &self,
        id: &str,
    ) -> Result<Option<DescribeSecretOutput>, ResourceError> {
        let secret = self.secrets.describe_secret().secret_id(id).send().await;
        let secret = secret.unless_absent(&["ResourceNotFoundException"]);
        secret.attempting(|| format!("cannot look at the secret {id}"))
    }

    /// The login that a secret holds; none when it holds something else.
    pub(super) async fn login_in(&self, id: &str) -> Result<Option<MskLogin>, ResourceError> {
        let value = self.secrets.get_secret_value().secret_id(id).send().await;
        let value = value.unless_absent(&["ResourceNotFoundException"]);
        let value = value.attempting(|| format!("cannot read the secret {id}"))?;
        Ok(value.as_ref().and_then(login_of))
    }
}

fn login_of(value: &GetSecretValueOutput) -> Option<MskLogin> {
    let login = value
        .secret_string()
        .and_then(|text| serde_json::from_str::<Login>(text).ok());
    login.zip(value.arn()).map(|(login, arn)| MskLogin {
        secret: SecretArn::new(arn),
        login: Some(LoginSecret::Given {
            username: login.username,
            password: login.password,
        }),
    })
}

impl Resource for MskSecret {
    type Needs = Handle<KeyArn>;
    type Output = MskLogin;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("secret/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.key
    }

    fn monthly_cost(&self) -> Cost {
        prices::secret(self.cloud.account.region.as_str())
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn observe(
        &self,
        key: Option<&KeyArn>,
        context: &Context,
    ) -> Result<Observed<MskLogin>, ResourceError> {
        let Some(secret) = self.find().await? else {
            return Ok(Observed::Absent);
        };
        let tags = secret.tags().iter().map(|tag| {
            (
                tag.key().unwrap_or_default(),
                tag.value().unwrap_or_default(),
            )
        });
        if let Owner::Foreign(owner) = self.cloud.mark.owner(tags) {
            return Ok(Observed::Foreign { owner });
        }
        let change = |field: &str, from: Option<&str>, to: &str| Change {
            field: field.to_owned(),
            from: from.map(str::to_owned),
            to: Some(to.to_owned()),
            ..Change::default()
        };
        if context.is_removal() {
            return Ok(Observed::Current {
                output: secret.arn().map(MskLogin::unread),
            });
        }
        if secret.deleted_date().is_some() {
            let changes = vec![change("state", Some("scheduled for deletion"), "in use")];
            return Ok(Observed::Differs {
                changes,
                output: None,
            });
        }
        let login = self.login().await?;
        let mut changes = Vec::new();
        if let Some(key) = key
            && secret.kms_key_id() != Some(key.as_str())
        {
            changes.push(change("key", secret.kms_key_id(), key.as_str()));
        }
        if login.is_none() {
            changes.push(change("content", Some("no login"), "a login"));
        }
        Ok(if changes.is_empty() {
            Observed::Current { output: login }
        } else {
            Observed::Differs {
                changes,
                output: None,
            }
        })
    }

    async fn apply(
        &self,
        key: &KeyArn,
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<MskLogin>, ResourceError> {
        if *step == Step::Create {
            self.create(key, context).await?;
            return self.ready(self.login().await?);
        }
        let name = &self.name;
        let secrets = &self.cloud.secrets;
        if self
            .find()
            .await?
            .is_some_and(|secret| secret.deleted_date().is_some())
        {
            let restored = secrets.restore_secret().secret_id(name).send().await;
            restored
                .attempting(|| format!("cannot take back the deletion of the secret {name}"))?;
        }
        let updated = secrets
            .update_secret()
            .secret_id(name)
            .kms_key_id(key.as_str())
            .send()
            .await;
        updated.attempting(|| format!("cannot give the secret {name} the key {key}"))?;
        if self.login().await?.is_none() {
            self.put_login(context).await?;
        }
        self.ready(self.login().await?)
    }

    async fn readiness(
        &self,
        _: &KeyArn,
        _: &Context,
    ) -> Result<Readiness<MskLogin>, ResourceError> {
        self.ready(self.login().await?)
    }

    async fn delete(&self, _: Option<&KeyArn>, _: &Context) -> Result<(), ResourceError> {
        // Without a time to recover: the name would stay taken, and a new password is made at will.
        let call = self.cloud.secrets.delete_secret().secret_id(&self.name);
        let deleted = call.force_delete_without_recovery(true).send().await;
        let deleted = deleted.unless_absent(&["ResourceNotFoundException"]);
        deleted
            .attempting(|| format!("cannot delete the secret {}", self.name))
            .map(drop)
    }
}
