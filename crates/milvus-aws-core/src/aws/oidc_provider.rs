//! IAM's trust in the tokens of the cluster's service accounts.

use std::time::Duration;

use aws_sdk_iam::{
    operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput as Description,
    types::Tag,
};

use super::{
    changes::Changes,
    cloud::Cloud,
    eks_cluster::EksCluster,
    failure::{Attempt, failure, has_code},
    ids::OidcProviderArn,
    mark::{Mark, Owner},
    policy::{AUDIENCE, url_decoded},
    settling::Settling,
};
use crate::engine::{
    Context, Late, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:CreateOpenIDConnectProvider",
    "iam:DeleteOpenIDConnectProvider",
    "iam:GetOpenIDConnectProvider",
    "iam:ListOpenIDConnectProviders",
    "iam:ListRoles",
    "iam:TagOpenIDConnectProvider",
    "iam:UntagOpenIDConnectProvider",
];

const GONE: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];

/// The provider for the issuer of one cluster: no other cluster has the same issuer.
#[derive(Debug)]
pub struct OidcProvider {
    cloud: Cloud,
    cluster: Late<EksCluster>,
    /// Whether the cluster is others' too: the provider may be theirs then, and ours may be used by them.
    shared: bool,
}

/// An issuer that IAM trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    /// IAM's provider for it.
    pub provider: OidcProviderArn,
    /// Its URL, as tokens name it.
    pub issuer: String,
}

impl TrustedIssuer {
    /// The issuer as conditions of policies name it: without the scheme.
    pub(super) fn host(&self) -> &str {
        host(&self.issuer)
    }
}

fn host(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer)
}

impl OidcProvider {
    /// The provider for that cluster's issuer.
    pub fn new(cloud: Cloud, cluster: impl Into<Late<EksCluster>>) -> Self {
        Self {
            cloud,
            cluster: cluster.into(),
            shared: false,
        }
    }

    /// The provider for the issuer of a cluster that exists: one that is there is used as it is.
    pub fn of_existing(cloud: Cloud, cluster: impl Into<Late<EksCluster>>) -> Self {
        Self {
            shared: true,
            ..Self::new(cloud, cluster)
        }
    }

    fn arn(&self, cluster: &EksCluster) -> String {
        let resource = format!("oidc-provider/{}", host(&cluster.issuer));
        self.cloud.account.global_arn("iam", &resource)
    }

    async fn find(&self, arn: &str) -> Result<Option<Description>, ResourceError> {
        let call = self.cloud.iam.get_open_id_connect_provider();
        let call = call.open_id_connect_provider_arn(arn);
        let provider = call.send().await.unless_absent(GONE);
        provider.attempting(|| format!("cannot look at the OIDC provider {arn}"))
    }

    fn owner(&self, provider: &Description) -> Owner {
        let tags = provider.tags().iter().map(|tag| (tag.key(), tag.value()));
        self.cloud.mark.owner(tags)
    }

    /// Those with our mark, when the cluster that would name its issuer is gone.
    async fn ours(&self) -> Result<Vec<String>, ResourceError> {
        let all = self.cloud.iam.list_open_id_connect_providers().send().await;
        let all = all.attempting(|| "cannot list the OIDC providers".to_owned())?;
        let all = all.open_id_connect_provider_list.unwrap_or_default();
        let here = format!("oidc-provider/oidc.eks.{}.", self.cloud.account.region);
        let mut ours = Vec::new();
        for arn in all.into_iter().filter_map(|provider| provider.arn) {
            if !arn.contains(&here) {
                continue;
            }
            let provider = self.find(&arn).await?;
            let marked = provider.is_some_and(|provider| self.owner(&provider) == Owner::Ours);
            if marked {
                ours.push(arn);
            }
        }
        Ok(ours)
    }

    /// Whether any role trusts it; ours are gone before it goes.
    async fn is_trusted(&self, arn: &str) -> Result<bool, ResourceError> {
        let mut roles = self.cloud.iam.list_roles().into_paginator().items().send();
        while let Some(role) = roles.next().await {
            let role = role.attempting(|| "cannot list the roles".to_owned())?;
            let trust = role.assume_role_policy_document().unwrap_or_default();
            if url_decoded(trust).contains(arn) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes our mark off it: from then on it is theirs who use it.
    async fn hand_over(&self, arn: &str) -> Result<(), ResourceError> {
        let call = self.cloud.iam.untag_open_id_connect_provider();
        let call = call.open_id_connect_provider_arn(arn);
        let untagged = call.tag_keys(Mark::key()).send().await;
        let untagged = untagged.unless_absent(GONE);
        untagged
            .attempting(|| format!("cannot take our tag off {arn}"))
            .map(drop)
    }

    fn trusted(&self, cluster: &EksCluster) -> TrustedIssuer {
        TrustedIssuer {
            provider: OidcProviderArn::new(self.arn(cluster)),
            issuer: cluster.issuer.clone(),
        }
    }
}

impl Resource for OidcProvider {
    type Needs = Late<EksCluster>;
    type Output = TrustedIssuer;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("oidc-provider/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.cluster
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn observe(
        &self,
        cluster: Option<&EksCluster>,
        context: &Context,
    ) -> Result<Observed<TrustedIssuer>, ResourceError> {
        let Some(cluster) = cluster else {
            let left = !self.ours().await?.is_empty();
            return Ok(if left {
                Observed::Current { output: None }
            } else {
                Observed::Absent
            });
        };
        let Some(provider) = self.find(&self.arn(cluster)).await? else {
            return Ok(Observed::Absent);
        };
        let takes_tokens = provider.client_id_list().iter().any(|id| id == AUDIENCE);
        match self.owner(&provider) {
            Owner::Foreign(_) if self.shared && !context.is_removal() => {
                return if takes_tokens {
                    let output = Some(self.trusted(cluster));
                    Ok(Observed::Current { output })
                } else {
                    Err(ResourceError::fatal(format!(
                        "the OIDC provider {} does not take tokens for {AUDIENCE}; add that audience to it",
                        self.arn(cluster)
                    )))
                };
            }
            Owner::Foreign(owner) => return Ok(Observed::Foreign { owner }),
            Owner::Ours => {}
        }
        let mut changes = Changes::default();
        if !takes_tokens {
            changes.note("audience", None, Some(AUDIENCE));
        }
        Ok(changes.observed(Some(self.trusted(cluster))))
    }

    async fn apply(
        &self,
        cluster: &EksCluster,
        step: &Step,
        _: &Context,
    ) -> Result<Readiness<TrustedIssuer>, ResourceError> {
        let (iam, arn) = (&self.cloud.iam, self.arn(cluster));
        let ready = Readiness::Ready(self.trusted(cluster));
        if *step != Step::Create {
            let call = iam.add_client_id_to_open_id_connect_provider();
            let call = call.open_id_connect_provider_arn(&arn).client_id(AUDIENCE);
            let added = call.send().await;
            added.attempting(|| format!("cannot give {arn} the audience {AUDIENCE}"))?;
            return Ok(ready);
        }
        let what = || format!("cannot create the OIDC provider {arn}");
        // IAM knows the certificate authorities of EKS: a thumbprint is not needed.
        let mut call = iam.create_open_id_connect_provider().url(&cluster.issuer);
        call = call.client_id_list(AUDIENCE);
        for (key, value) in self.cloud.mark.tags(&self.cloud.full_name()) {
            let tag = Tag::builder().key(key).value(value).build();
            call = call.tags(tag.map_err(|error| ResourceError::fatal(what()).caused_by(error))?);
        }
        match call.send().await {
            Ok(_) => Ok(ready),
            Err(error) if has_code(&error, &["EntityAlreadyExists"]) => Err(
                ResourceError::transient(format!("the OIDC provider {arn} was made meanwhile")),
            ),
            Err(error) if has_code(&error, &["OpenIdIdpCommunicationError"]) => Err(
                ResourceError::transient(format!("{}: IAM cannot reach the issuer yet", what())),
            ),
            Err(error) => Err(failure(&error, &what())),
        }
    }

    async fn readiness(
        &self,
        cluster: &EksCluster,
        _: &Context,
    ) -> Result<Readiness<TrustedIssuer>, ResourceError> {
        Ok(Readiness::Ready(self.trusted(cluster)))
    }

    async fn delete(
        &self,
        cluster: Option<&EksCluster>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        let arns = match cluster {
            Some(cluster) => vec![self.arn(cluster)],
            None => self.ours().await?,
        };
        for arn in arns {
            if self.shared && self.is_trusted(&arn).await? {
                context.progress(format!("roles of others trust {arn}: it stays, as theirs"));
                self.hand_over(&arn).await?;
                continue;
            }
            let call = self.cloud.iam.delete_open_id_connect_provider();
            let call = call.open_id_connect_provider_arn(&arn);
            let deleted = call.send().await.unless_absent(GONE);
            deleted.settling(&["ConcurrentModification"], || {
                format!("cannot delete the OIDC provider {arn}")
            })?;
        }
        Ok(())
    }
}
