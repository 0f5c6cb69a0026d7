//! Roles: who may become one, and what it may do.

use std::time::Duration;

use aws_sdk_iam::types::{Role as Description, Tag};

use super::{
    changes::Changes,
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    ids::{KeyArn, RoleArn},
    mark::Owner,
    names::fitted,
    oidc_provider::TrustedIssuer,
    policy::{Policy, ServiceAccount},
    settling::Settling,
};
use crate::{
    engine::{
        Context, Inputs, Late, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
    },
    installation::{BucketName, RootPath},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:TagRole",
    "iam:UpdateAssumeRolePolicy",
];

/// The longest name of a role (source: IAM quotas).
const LONGEST: usize = 64;
const GONE: &[&str] = &["NoSuchEntity", "NoSuchEntityException"];
/// Somebody else writes to the role at the same moment.
const BUSY: &[&str] = &[
    "ConcurrentModification",
    "DeleteConflict",
    "EntityTemporarilyUnmodifiable",
    "NoSuchEntity",
];

/// What a role is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolePurpose {
    /// The control plane.
    Cluster,
    /// The nodes.
    Nodes,
    /// The driver of EBS volumes (pains row 29).
    EbsCsi,
    /// The load balancer controller, under that service account.
    LoadBalancers(ServiceAccount),
    /// Milvus's objects in S3.
    ObjectStorage {
        /// Milvus's service account.
        account: ServiceAccount,
        /// Where its objects are.
        bucket: BucketName,
        /// What their keys begin with.
        root: RootPath,
    },
}

impl RolePurpose {
    /// The end of the role's name; the published rights go by it.
    const fn name(&self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::Nodes => "nodes",
            Self::EbsCsi => "ebs-csi",
            Self::LoadBalancers(_) => "elb",
            Self::ObjectStorage { .. } => "s3",
        }
    }

    /// Policies that AWS keeps.
    const fn managed(&self) -> &'static [&'static str] {
        match self {
            Self::Cluster => &["AmazonEKSClusterPolicy"],
            Self::Nodes => &[
                "AmazonEC2ContainerRegistryPullOnly",
                "AmazonEKSWorkerNodePolicy",
                "AmazonEKS_CNI_Policy",
            ],
            Self::EbsCsi => &["service-role/AmazonEBSCSIDriverPolicy"],
            Self::LoadBalancers(_) | Self::ObjectStorage { .. } => &[],
        }
    }

    /// The name of its own policy, if it has one.
    const fn inline(&self) -> Option<&'static str> {
        match self {
            Self::Cluster | Self::Nodes | Self::EbsCsi => None,
            Self::LoadBalancers(_) => Some("load-balancer-controller"),
            Self::ObjectStorage { .. } => Some("object-storage"),
        }
    }

    /// Who becomes it.
    fn who(&self) -> Who {
        match self {
            Self::Cluster => Who::Eks,
            Self::Nodes => Who::Ec2,
            Self::EbsCsi => Who::Account(ServiceAccount {
                namespace: "kube-system".to_owned(),
                name: "ebs-csi-controller-sa".to_owned(),
            }),
            Self::LoadBalancers(account) | Self::ObjectStorage { account, .. } => {
                Who::Account(account.clone())
            }
        }
    }
}

/// Who becomes a role.
enum Who {
    Eks,
    Ec2,
    Account(ServiceAccount),
}

/// A role of the installation.
#[derive(Debug)]
pub struct Role {
    cloud: Cloud,
    purpose: RolePurpose,
    name: String,
    needs: (Option<Late<TrustedIssuer>>, Option<Late<KeyArn>>),
}

impl Role {
    /// A role that a service of AWS becomes.
    pub fn of_service(cloud: Cloud, purpose: RolePurpose) -> Self {
        Self::new(cloud, purpose, (None, None))
    }

    /// A role that a service account of the issuer's cluster becomes, and which may use that key.
    pub fn of_service_account(
        cloud: Cloud,
        purpose: RolePurpose,
        issuer: impl Into<Late<TrustedIssuer>>,
        key: Option<Late<KeyArn>>,
    ) -> Self {
        Self::new(cloud, purpose, (Some(issuer.into()), key))
    }

    fn new(
        cloud: Cloud,
        purpose: RolePurpose,
        needs: (Option<Late<TrustedIssuer>>, Option<Late<KeyArn>>),
    ) -> Self {
        let name = role_name(
            cloud.mark.value(),
            cloud.account.region.as_str(),
            purpose.name(),
        );
        Self {
            cloud,
            purpose,
            name,
            needs,
        }
    }

    fn trust(&self, issuer: Option<&TrustedIssuer>) -> Result<Policy, ResourceError> {
        match (self.purpose.who(), issuer) {
            (Who::Eks, _) => Ok(Policy::trust_service("eks.amazonaws.com")),
            (Who::Ec2, _) => {
                let suffix = self.cloud.account.dns_suffix();
                Ok(Policy::trust_service(&format!("ec2.{suffix}")))
            }
            (Who::Account(account), Some(issuer)) => {
                Ok(Policy::trust_service_account(issuer, &account))
            }
            (Who::Account(_), None) => Err(ResourceError::fatal(format!(
                "the role {} was given no issuer of tokens to trust",
                self.name
            ))),
        }
    }

    fn own_policy(&self, key: Option<&KeyArn>) -> Option<(&'static str, Policy)> {
        let account = &self.cloud.account;
        let policy = match &self.purpose {
            RolePurpose::LoadBalancers(_) => Policy::load_balancer_controller(account),
            RolePurpose::ObjectStorage { bucket, root, .. } => {
                Policy::object_storage(account, bucket, root, key)
            }
            RolePurpose::Cluster | RolePurpose::Nodes | RolePurpose::EbsCsi => return None,
        };
        Some((self.purpose.inline()?, policy))
    }

    async fn find(&self) -> Result<Option<Description>, ResourceError> {
        let role = self.cloud.iam.get_role().role_name(&self.name).send().await;
        let role = role.unless_absent(GONE);
        let role = role.attempting(|| format!("cannot look at the role {}", self.name))?;
        Ok(role.and_then(|answer| answer.role))
    }

    /// ARNs of the attached policies.
    async fn attached(&self) -> Result<Vec<String>, ResourceError> {
        let call = self.cloud.iam.list_attached_role_policies();
        let policies = call.role_name(&self.name).send().await.unless_absent(GONE);
        let policies = policies
            .attempting(|| format!("cannot list the policies of the role {}", self.name))?;
        let policies = policies.and_then(|answer| answer.attached_policies);
        let arns = policies.unwrap_or_default().into_iter();
        Ok(arns.filter_map(|policy| policy.policy_arn).collect())
    }

    /// The managed policies that are not attached. What a user attached besides stays.
    async fn unattached(&self) -> Result<Vec<String>, ResourceError> {
        let managed = self.purpose.managed();
        if managed.is_empty() {
            return Ok(Vec::new());
        }
        let attached = self.attached().await?;
        let arns = managed
            .iter()
            .map(|name| self.cloud.account.managed_policy(name));
        Ok(arns.filter(|arn| !attached.contains(arn)).collect())
    }

    /// Whether the role's own policy is as wanted.
    async fn has_policy(&self, name: &str, wanted: &Policy) -> Result<bool, ResourceError> {
        let call = self.cloud.iam.get_role_policy().role_name(&self.name);
        let policy = call.policy_name(name).send().await.unless_absent(GONE);
        let policy = policy
            .attempting(|| format!("cannot read the policy {name} of the role {}", self.name))?;
        Ok(policy.is_some_and(|policy| wanted.equals(policy.policy_document())))
    }

    async fn create(&self, trust: &Policy) -> Result<Description, ResourceError> {
        let what = || format!("cannot create the role {}", self.name);
        let mut call = self.cloud.iam.create_role().role_name(&self.name);
        call = call
            .assume_role_policy_document(trust.as_str())
            .description(format!(
                "{} of {}",
                self.purpose.name(),
                self.cloud.full_name()
            ));
        for (key, value) in self.cloud.mark.tags(&self.name) {
            let tag = Tag::builder().key(key).value(value).build();
            call = call.tags(tag.map_err(|error| ResourceError::fatal(what()).caused_by(error))?);
        }
        match call.send().await {
            Ok(made) => made
                .role
                .ok_or_else(|| ResourceError::transient(format!("{}: no answer", what()))),
            Err(error) if has_code(&error, &["EntityAlreadyExists"]) => Err(
                ResourceError::transient(format!("the role {} was made meanwhile", self.name)),
            ),
            Err(error) => Err(self.refused_trust(&error, &what())),
        }
    }

    /// IAM refuses to trust a provider that was made a moment ago.
    fn refused_trust<E>(&self, error: &aws_sdk_iam::error::SdkError<E>, what: &str) -> ResourceError
    where
        E: aws_smithy_types::error::metadata::ProvideErrorMetadata
            + std::error::Error
            + Send
            + Sync
            + 'static,
    {
        let malformed = has_code(
            error,
            &[
                "MalformedPolicyDocument",
                "MalformedPolicyDocumentException",
            ],
        );
        if malformed && self.needs.0.is_some() {
            return ResourceError::transient(format!(
                "{what}: IAM does not see the OIDC provider yet"
            ));
        }
        failure(error, what)
    }

    async fn put_trust(&self, trust: &Policy) -> Result<(), ResourceError> {
        let call = self.cloud.iam.update_assume_role_policy();
        let call = call.role_name(&self.name).policy_document(trust.as_str());
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let what = format!("cannot change who becomes the role {}", self.name);
                Err(self.refused_trust(&error, &what))
            }
        }
    }

    /// Attaches and writes what is missing.
    async fn give_rights(&self, key: Option<&KeyArn>) -> Result<(), ResourceError> {
        for arn in self.unattached().await? {
            let call = self.cloud.iam.attach_role_policy().role_name(&self.name);
            let attached = call.policy_arn(&arn).send().await;
            attached.settling(BUSY, || {
                format!("cannot attach {arn} to the role {}", self.name)
            })?;
        }
        let Some((name, policy)) = self.own_policy(key) else {
            return Ok(());
        };
        if self.has_policy(name, &policy).await? {
            return Ok(());
        }
        let call = self.cloud.iam.put_role_policy().role_name(&self.name);
        let call = call.policy_name(name).policy_document(policy.as_str());
        let put = call.send().await;
        put.settling(BUSY, || {
            format!("cannot write the policy {name} of the role {}", self.name)
        })
        .map(drop)
    }

    /// A role with anything on it cannot be deleted.
    async fn strip(&self) -> Result<(), ResourceError> {
        let (iam, role) = (&self.cloud.iam, &self.name);
        for arn in self.attached().await? {
            let call = iam.detach_role_policy().role_name(role).policy_arn(&arn);
            let detached = call.send().await.unless_absent(GONE);
            detached.settling(BUSY, || format!("cannot detach {arn} from the role {role}"))?;
        }
        let policies = iam.list_role_policies().role_name(role).send().await;
        let policies = policies
            .unless_absent(GONE)
            .attempting(|| format!("cannot list the policies of the role {role}"))?;
        let policies = policies.map(|answer| answer.policy_names);
        for policy in policies.unwrap_or_default() {
            let call = iam.delete_role_policy().role_name(role);
            let deleted = call.policy_name(&policy).send().await.unless_absent(GONE);
            deleted.settling(BUSY, || {
                format!("cannot delete the policy {policy} of the role {role}")
            })?;
        }
        let profiles = iam.list_instance_profiles_for_role().role_name(role);
        let profiles = profiles
            .send()
            .await
            .unless_absent(GONE)
            .attempting(|| format!("cannot list the instance profiles of the role {role}"))?;
        let profiles = profiles.map(|answer| answer.instance_profiles);
        for profile in profiles.unwrap_or_default() {
            let profile = profile.instance_profile_name();
            let call = iam.remove_role_from_instance_profile().role_name(role);
            let call = call.instance_profile_name(profile);
            let removed = call.send().await.unless_absent(GONE);
            removed.settling(BUSY, || {
                format!("cannot take the role {role} out of the instance profile {profile}")
            })?;
        }
        Ok(())
    }
}

/// A role's name: roles are global, installations are of a region.
pub fn role_name(installation: &str, region: &str, purpose: &str) -> String {
    let whose = format!("{installation}-{region}");
    let whose = fitted(&whose, LONGEST - purpose.len() - 1);
    format!("{whose}-{purpose}")
}

impl Resource for Role {
    type Needs = (Option<Late<TrustedIssuer>>, Option<Late<KeyArn>>);
    type Output = RoleArn;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("role/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(3)
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<RoleArn>, ResourceError> {
        let Some(role) = self.find().await? else {
            return Ok(Observed::Absent);
        };
        let tags = role.tags().iter().map(|tag| (tag.key(), tag.value()));
        if let Owner::Foreign(owner) = self.cloud.mark.owner(tags) {
            return Ok(Observed::Foreign { owner });
        }
        let output = Some(RoleArn::new(role.arn()));
        let Some((issuer, key)) = inputs else {
            return Ok(Observed::Current { output });
        };
        let mut changes = Changes::default();
        let trust = role.assume_role_policy_document().unwrap_or_default();
        if !self.trust(issuer.as_ref())?.equals(trust) {
            changes.note("trust", Some("another one"), Some("ours"));
        }
        for arn in self.unattached().await? {
            changes.note("policies", None, Some(&arn));
        }
        if let Some((name, policy)) = self.own_policy(key.as_ref())
            && !self.has_policy(name, &policy).await?
        {
            changes.note(format!("policies.{name}"), None, Some("ours"));
        }
        Ok(changes.observed(output))
    }

    async fn apply(
        &self,
        (issuer, key): &Inputs<Self>,
        step: &Step,
        _: &Context,
    ) -> Result<Readiness<RoleArn>, ResourceError> {
        let trust = self.trust(issuer.as_ref())?;
        let role = match step {
            Step::Create => self.create(&trust).await?,
            Step::Update(_) => {
                let role = self.find().await?;
                let gone = || ResourceError::transient("it was taken away meanwhile");
                let role = role.ok_or_else(gone)?;
                let is = role.assume_role_policy_document().unwrap_or_default();
                if !trust.equals(is) {
                    self.put_trust(&trust).await?;
                }
                role
            }
        };
        self.give_rights(key.as_ref()).await?;
        Ok(Readiness::Ready(RoleArn::new(role.arn())))
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<RoleArn>, ResourceError> {
        let role = self.find().await?;
        let gone = || ResourceError::transient("it was taken away meanwhile");
        let role = role.ok_or_else(gone)?;
        Ok(Readiness::Ready(RoleArn::new(role.arn())))
    }

    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        self.strip().await?;
        let deleted = self
            .cloud
            .iam
            .delete_role()
            .role_name(&self.name)
            .send()
            .await;
        deleted
            .unless_absent(GONE)
            .settling(BUSY, || format!("cannot delete the role {}", self.name))
            .map(drop)
    }
}
