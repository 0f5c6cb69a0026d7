//! The knowledge of brokers that exist of a login that exists: it is checked, and never brought about.

use super::{cloud::Cloud, msk_cluster::Brokers, secret::MskLogin};
use crate::engine::{Context, Existing, Handle, Readiness, ResourceError, ResourceId};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &["kafka:ListScramSecrets"];

/// The association of that secret with those brokers.
pub(super) struct ExistingAssociation {
    cloud: Cloud,
    needs: (Handle<Brokers>, Handle<MskLogin>),
}

impl ExistingAssociation {
    /// Of that login, with those brokers.
    pub(super) fn new(cloud: Cloud, brokers: Handle<Brokers>, login: Handle<MskLogin>) -> Self {
        Self {
            cloud,
            needs: (brokers, login),
        }
    }
}

impl Existing for ExistingAssociation {
    type Needs = (Handle<Brokers>, Handle<MskLogin>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("existing-association/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    async fn check(
        &self,
        (brokers, login): &(Brokers, MskLogin),
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        if self.cloud.brokers_know(brokers, login).await? {
            return Ok(Readiness::Ready(()));
        }
        Err(ResourceError::fatal(format!(
            "the brokers {cluster} do not know the secret {secret}; tell them (`aws kafka batch-associate-scram-secret --cluster-arn {cluster} --secret-arn-list {secret}`), or leave `aws.existing.secret` out for a new login",
            cluster = brokers.cluster,
            secret = login.secret
        )))
    }

    async fn left(&self, _: &(Brokers, MskLogin)) -> Result<Option<()>, ResourceError> {
        Ok(Some(()))
    }
}
