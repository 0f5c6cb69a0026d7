//! The brokers' knowledge of a login.

use std::time::Duration;

use super::{
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    msk_cluster::Brokers,
    secret::MskLogin,
};
use crate::engine::{
    Context, Handle, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "kafka:BatchAssociateScramSecret",
    "kafka:BatchDisassociateScramSecret",
    "kafka:ListScramSecrets",
    "kms:CreateGrant",
    "kms:RetireGrant",
];

/// What MSK says of a secret, in a 200 answer, while it or its key is not seen everywhere (source: aws-cdk 34794,
/// ansible-devops 2302).
const NOT_YET: &str = "wasn't able to access the provided secret";

/// The association of our secret with our brokers; others' stay as they are.
#[derive(Debug)]
pub struct ScramAssociation {
    cloud: Cloud,
    needs: (Handle<Brokers>, Handle<MskLogin>),
}

impl ScramAssociation {
    /// Lets that login in at those brokers.
    pub fn new(cloud: Cloud, brokers: Handle<Brokers>, login: Handle<MskLogin>) -> Self {
        Self {
            cloud,
            needs: (brokers, login),
        }
    }

    async fn is_there(&self, brokers: &Brokers, login: &MskLogin) -> Result<bool, ResourceError> {
        self.cloud.brokers_know(brokers, login).await
    }
}

impl Cloud {
    /// Whether the brokers let that login in.
    pub(super) async fn brokers_know(
        &self,
        brokers: &Brokers,
        login: &MskLogin,
    ) -> Result<bool, ResourceError> {
        let call = self
            .kafka
            .list_scram_secrets()
            .cluster_arn(brokers.cluster.as_str());
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.attempting(|| "cannot list the logins of the brokers".to_owned())?;
            if page
                .secret_arn_list()
                .iter()
                .any(|arn| arn == login.secret.as_str())
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Resource for ScramAssociation {
    type Needs = (Handle<Brokers>, Handle<MskLogin>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("scram-association/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn observe(
        &self,
        inputs: Option<&(Brokers, MskLogin)>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let Some((brokers, login)) = inputs else {
            return Ok(Observed::Unknown);
        };
        Ok(if self.is_there(brokers, login).await? {
            Observed::Current { output: Some(()) }
        } else {
            Observed::Absent
        })
    }

    async fn apply(
        &self,
        (brokers, login): &(Brokers, MskLogin),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let call = self
            .cloud
            .kafka
            .batch_associate_scram_secret()
            .cluster_arn(brokers.cluster.as_str());
        let answer = call.secret_arn_list(login.secret.as_str()).send().await;
        let answer = answer.attempting(|| "cannot tell the brokers of the login".to_owned())?;
        let Some(refused) = answer.unprocessed_scram_secrets().first() else {
            return Ok(Readiness::Ready(()));
        };
        let code = refused.error_code().unwrap_or("no code");
        let why = refused.error_message().unwrap_or("MSK does not say why");
        let message = format!(
            "the brokers do not take the secret {}: {code}: {}",
            login.secret,
            why.trim_end_matches('.')
        );
        Err(if why.contains(NOT_YET) {
            ResourceError::transient(message)
        } else {
            ResourceError::fatal(message)
        })
    }

    async fn readiness(
        &self,
        _: &(Brokers, MskLogin),
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Ok(Readiness::Ready(()))
    }

    async fn delete(
        &self,
        inputs: Option<&(Brokers, MskLogin)>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        let Some((brokers, login)) = inputs else {
            return Ok(());
        };
        let call = self
            .cloud
            .kafka
            .batch_disassociate_scram_secret()
            .cluster_arn(brokers.cluster.as_str());
        match call.secret_arn_list(login.secret.as_str()).send().await {
            Err(error) if has_code(&error, &["NotFoundException"]) => Ok(()),
            Err(error) => Err(failure(
                &error,
                "cannot take the login away from the brokers",
            )),
            Ok(_) => Ok(()),
        }
    }
}
