//! What EKS installs into the cluster and keeps up to date.

use std::time::Duration;

use aws_sdk_eks::types::{
    Addon as Description, AddonHealth, AddonIssueCode, AddonStatus, ResolveConflicts,
};

use super::{
    changes::Changes, cloud::Cloud, eks_cluster::EksCluster, failure::Attempt, ids::RoleArn,
    mark::Owner, settling::Settling,
};
use crate::engine::{
    After, Context, Handle, Inputs, Late, Observed, Readiness, Resource, ResourceError, ResourceId,
    Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "eks:CreateAddon",
    "eks:DeleteAddon",
    "eks:DescribeAddon",
    "eks:TagResource",
    "eks:UpdateAddon",
    "iam:PassRole",
];

const GONE: &[&str] = &["ResourceNotFoundException"];
/// The cluster is changing.
const BUSY: &[&str] = &["ResourceInUseException", "InvalidRequestException"];
/// The same, or IAM shows the role late, which EKS calls an invalid parameter.
const BUSY_WITH_ROLE: &[&str] = &[
    "ResourceInUseException",
    "InvalidRequestException",
    "InvalidParameterException",
];
/// What does not mend itself.
const HOPELESS: &[AddonIssueCode] = &[
    AddonIssueCode::AccessDenied,
    AddonIssueCode::AddonPermissionFailure,
    AddonIssueCode::AddonSubscriptionNeeded,
    AddonIssueCode::AdmissionRequestDenied,
    AddonIssueCode::ConfigurationConflict,
    AddonIssueCode::UnsupportedAddonModification,
];

/// The add-ons of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddonName {
    /// Gives every pod an address of the VPC.
    VpcCni,
    /// Answers names.
    CoreDns,
    /// Routes services.
    KubeProxy,
    /// Gives claims EBS volumes (pains row 28).
    EbsCsi,
}

impl AddonName {
    /// As EKS calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VpcCni => "vpc-cni",
            Self::CoreDns => "coredns",
            Self::KubeProxy => "kube-proxy",
            Self::EbsCsi => "aws-ebs-csi-driver",
        }
    }

    /// What they take without and with nodes that are there already.
    const fn usual(self) -> Duration {
        match self {
            Self::VpcCni | Self::KubeProxy => Duration::from_secs(30),
            Self::CoreDns | Self::EbsCsi => Duration::from_mins(1),
        }
    }
}

/// One add-on.
#[derive(Debug)]
pub struct Addon {
    cloud: Cloud,
    name: AddonName,
    needs: (Late<EksCluster>, Option<Handle<RoleArn>>, After),
}

impl Addon {
    /// An add-on of that cluster, whose service account has that role.
    pub fn new(
        cloud: Cloud,
        name: AddonName,
        cluster: impl Into<Late<EksCluster>>,
        role: Option<Handle<RoleArn>>,
        after: After,
    ) -> Self {
        Self {
            cloud,
            name,
            needs: (cluster.into(), role, after),
        }
    }

    /// The cluster's name: that of the given one, else ours.
    fn cluster(&self, inputs: Option<&Inputs<Self>>) -> String {
        let known = inputs.map(|(cluster, ..)| cluster);
        let known = known.or_else(|| self.needs.0.known());
        known.map_or_else(|| self.cloud.full_name(), |cluster| cluster.name.clone())
    }

    async fn find(&self, cluster: &str) -> Result<Option<Description>, ResourceError> {
        let call = self.cloud.eks.describe_addon().cluster_name(cluster);
        let addon = call.addon_name(self.name.as_str()).send().await;
        let addon = addon.unless_absent(GONE);
        let addon = addon.attempting(|| format!("cannot look at the add-on {}", self.text()))?;
        Ok(addon.and_then(|answer| answer.addon))
    }

    fn text(&self) -> &'static str {
        self.name.as_str()
    }

    async fn create(
        &self,
        (cluster, role, ()): &Inputs<Self>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        let call = self.cloud.eks.create_addon().cluster_name(&cluster.name);
        let made = call
            .addon_name(self.text())
            .set_service_account_role_arn(role.as_ref().map(ToString::to_string))
            // EKS puts the first three into a new cluster by itself, as objects that nobody keeps up to date.
            .resolve_conflicts(ResolveConflicts::Overwrite)
            .set_tags(Some(self.cloud.mark.tag_map(self.text())))
            .client_request_token(context.token())
            .send()
            .await;
        made.settling(self.passing(), || {
            format!("cannot create the add-on {}", self.text())
        })
        .map(drop)
    }

    async fn update(&self, (cluster, role, ()): &Inputs<Self>) -> Result<(), ResourceError> {
        let call = self.cloud.eks.update_addon().cluster_name(&cluster.name);
        let updated = call
            .addon_name(self.text())
            .set_service_account_role_arn(role.as_ref().map(ToString::to_string))
            .resolve_conflicts(ResolveConflicts::Preserve)
            .send()
            .await;
        updated
            .settling(self.passing(), || {
                format!("cannot change the add-on {}", self.text())
            })
            .map(drop)
    }

    fn passing(&self) -> &'static [&'static str] {
        if self.needs.1.is_some() {
            BUSY_WITH_ROLE
        } else {
            BUSY
        }
    }

    fn changes(addon: &Description, inputs: Option<&Inputs<Self>>) -> Changes {
        let mut changes = Changes::default();
        let failed = [
            AddonStatus::CreateFailed,
            AddonStatus::UpdateFailed,
            AddonStatus::DeleteFailed,
        ];
        if let Some(status) = addon.status().filter(|status| failed.contains(status)) {
            changes.note("status", Some(status.as_str()), Some("ACTIVE"));
        }
        if let Some((_, Some(role), ())) = inputs {
            changes.compare("role", addon.service_account_role_arn(), role.as_str());
        }
        changes
    }

    fn state(&self, addon: &Description) -> Readiness<()> {
        let name = self.text();
        let issues = addon.health().map(AddonHealth::issues);
        let issues = issues.unwrap_or_default();
        let said: Vec<String> = issues
            .iter()
            .map(|issue| {
                let code = issue.code().map_or("Other", AddonIssueCode::as_str);
                format!("{code}: {}", issue.message().unwrap_or("no message"))
            })
            .collect();
        let said = if said.is_empty() {
            "EKS does not say why".to_owned()
        } else {
            said.join("; ")
        };
        let hopeless = issues
            .iter()
            .any(|issue| issue.code().is_some_and(|code| HOPELESS.contains(code)));
        match addon.status() {
            Some(AddonStatus::Active) => Readiness::Ready(()),
            Some(AddonStatus::Degraded) if !hopeless => Readiness::Waiting {
                reason: format!("the add-on {name} does not run yet: {said}"),
            },
            Some(
                AddonStatus::Degraded
                | AddonStatus::CreateFailed
                | AddonStatus::UpdateFailed
                | AddonStatus::DeleteFailed,
            ) => Readiness::Failed {
                reason: format!(
                    "the add-on {name} does not run: {said}; mend that, then run the same command, it tries again"
                ),
            },
            other => {
                let state = other.map_or("UNKNOWN", AddonStatus::as_str).to_lowercase();
                Readiness::Waiting {
                    reason: format!("the add-on {name} is {state}"),
                }
            }
        }
    }
}

impl Resource for Addon {
    type Needs = (Late<EksCluster>, Option<Handle<RoleArn>>, After);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("addon/{}", self.text()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        self.name.usual()
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let Some(addon) = self.find(&self.cluster(inputs)).await? else {
            return Ok(Observed::Absent);
        };
        if let Owner::Foreign(owner) = self.cloud.mark.owner(addon.tags().into_iter().flatten()) {
            return Ok(Observed::Foreign { owner });
        }
        if addon.status() == Some(&AddonStatus::Deleting) {
            return Ok(Observed::Leaving {
                reason: format!("the add-on {} is being deleted", self.text()),
            });
        }
        let ready = matches!(self.state(&addon), Readiness::Ready(()));
        Ok(Self::changes(&addon, inputs).observed(ready.then_some(())))
    }

    async fn apply(
        &self,
        inputs: &Inputs<Self>,
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let name = self.text();
        if *step == Step::Create {
            self.create(inputs, context).await?;
        } else {
            let addon = self.find(&inputs.0.name).await?;
            let failed = [AddonStatus::CreateFailed, AddonStatus::DeleteFailed];
            let status = addon.as_ref().and_then(Description::status);
            if status.is_some_and(|status| failed.contains(status)) {
                self.delete(Some(inputs), context).await?;
                return Err(ResourceError::transient(format!(
                    "what is left of the failed add-on {name} is being deleted"
                )));
            }
            self.update(inputs).await?;
        }
        Ok(Readiness::Waiting {
            reason: format!("the add-on {name} is being installed"),
        })
    }

    async fn readiness(
        &self,
        inputs: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        match self.find(&inputs.0.name).await? {
            Some(addon) => Ok(self.state(&addon)),
            None => Err(ResourceError::transient("EKS does not show it yet")),
        }
    }

    async fn delete(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        let call = self.cloud.eks.delete_addon();
        let call = call.cluster_name(self.cluster(inputs));
        let deleted = call.addon_name(self.text()).send().await;
        deleted
            .unless_absent(GONE)
            .settling(BUSY, || format!("cannot delete the add-on {}", self.text()))
            .map(drop)
    }
}
