//! The machines.

use std::{collections::HashMap, time::Duration};

use aws_sdk_eks::{
    error::SdkError,
    operation::create_nodegroup::CreateNodegroupError,
    types::{
        AmiTypes, CapacityTypes, Nodegroup, NodegroupHealth, NodegroupIssueCode,
        NodegroupScalingConfig, NodegroupStatus, NodegroupUpdateConfig,
    },
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{
    changes::Changes,
    cloud::Cloud,
    eks_cluster::EksCluster,
    failure::{Attempt, failure, has_code},
    ids::RoleArn,
    mark::{Mark, Owner},
    network::Network,
    prices,
    settling::Settling,
};
use crate::{
    engine::{
        After, Context, Cost, Handle, Inputs, Observed, Readiness, Resource, ResourceError,
        ResourceId, Step,
    },
    installation::aws::{InstanceType, Nodes},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:DescribeSubnets",
    "eks:CreateNodegroup",
    "eks:DeleteNodegroup",
    "eks:DescribeNodegroup",
    "eks:TagResource",
    "eks:UpdateNodegroupConfig",
    "eks:UpdateNodegroupVersion",
    "iam:CreateServiceLinkedRole",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:PassRole",
];

const GONE: &[&str] = &["ResourceNotFoundException"];
const BUSY: &[&str] = &["ResourceInUseException", "InvalidRequestException"];
const MIB_A_GIB: u64 = 1024;

/// What the user is to do about an issue (source: EKS API, `Issue`).
const ADVICE: &[(NodegroupIssueCode, &str)] = &[
    (
        NodegroupIssueCode::AccessDenied,
        "the nodes' role may not join the cluster: look for service control policies that deny it",
    ),
    (
        NodegroupIssueCode::AsgInstanceLaunchFailures,
        "EC2 could not start the machines: choose another `aws.eks.nodes.instanceType` or region, or ask for a higher EC2 quota",
    ),
    (
        NodegroupIssueCode::Ec2InstanceTypeDoesNotExist,
        "the region has no such machine: choose another `aws.eks.nodes.instanceType`",
    ),
    (
        NodegroupIssueCode::Ec2SubnetInvalidConfiguration,
        "the subnets do not fit: nodes in public subnets need public addresses",
    ),
    (
        NodegroupIssueCode::Ec2SubnetNotFound,
        "a subnet is gone: name others in `aws.network`",
    ),
    (
        NodegroupIssueCode::InstanceLimitExceeded,
        "the account's quota of machines is used up: ask for more in Service Quotas",
    ),
    (
        NodegroupIssueCode::InsufficientFreeAddresses,
        "the subnets have too few free addresses: name larger ones in `aws.network`",
    ),
    (
        NodegroupIssueCode::NodeCreationFailure,
        "machines started and did not join: they need a way to the internet, or to EKS, ECR and S3 by endpoints",
    ),
];

/// The managed node group, spread over the private subnets.
#[derive(Debug)]
pub struct NodeGroup {
    cloud: Cloud,
    settings: Nodes,
    name: String,
    needs: (Handle<EksCluster>, Handle<RoleArn>, Handle<Network>, After),
}

/// Its name, known before it is there.
pub(super) fn group_name(cloud: &Cloud) -> String {
    format!("{}-nodes", cloud.full_name())
}

impl NodeGroup {
    /// The nodes of that cluster, with that role, after their way to the internet.
    pub fn new(
        cloud: Cloud,
        settings: Nodes,
        cluster: Handle<EksCluster>,
        role: Handle<RoleArn>,
        network: Handle<Network>,
        after: After,
    ) -> Self {
        Self {
            name: group_name(&cloud),
            cloud,
            settings,
            needs: (cluster, role, network, after),
        }
    }

    async fn find(&self) -> Result<Option<Nodegroup>, ResourceError> {
        let call = self.cloud.eks.describe_nodegroup();
        let call = call.cluster_name(self.cloud.full_name());
        let group = call.nodegroup_name(&self.name).send().await;
        let group = group.unless_absent(GONE);
        let group = group.attempting(|| format!("cannot look at the node group {}", self.name))?;
        Ok(group.and_then(|answer| answer.nodegroup))
    }

    fn count(&self) -> i32 {
        i32::from(self.settings.count.get())
    }

    fn disk(&self) -> i32 {
        let gib = self.settings.storage.mib().div_ceil(MIB_A_GIB);
        i32::try_from(gib).unwrap_or(i32::MAX)
    }

    fn scaling(&self) -> NodegroupScalingConfig {
        let count = self.count();
        NodegroupScalingConfig::builder()
            .min_size(count)
            .max_size(count)
            .desired_size(count)
            .build()
    }

    async fn create(
        &self,
        (cluster, role, network, ()): &Inputs<Self>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        let subnets = network.private_subnets.iter();
        let subnets = subnets.map(|subnet| subnet.id.to_string()).collect();
        let labels = HashMap::from([(Mark::key().to_owned(), self.cloud.mark.value().to_owned())]);
        let call = self.cloud.eks.create_nodegroup();
        let made = call
            .cluster_name(&cluster.name)
            .nodegroup_name(&self.name)
            .node_role(role.as_str())
            .set_subnets(Some(subnets))
            .instance_types(self.settings.instance_type.as_str())
            .ami_type(image(&self.settings.instance_type))
            .capacity_type(CapacityTypes::OnDemand)
            .disk_size(self.disk())
            .scaling_config(self.scaling())
            .update_config(NodegroupUpdateConfig::builder().max_unavailable(1).build())
            .set_labels(Some(labels))
            .set_tags(Some(self.cloud.mark.tag_map(&self.name)))
            .client_request_token(context.token())
            .send()
            .await;
        made.map(drop).map_err(|error| self.not_created(&error))
    }

    fn not_created(&self, error: &SdkError<CreateNodegroupError, HttpResponse>) -> ResourceError {
        let said = error.message().unwrap_or_default().to_lowercase();
        // IAM shows a new role late.
        if has_code(error, &["InvalidParameterException"]) && said.contains("role") {
            return ResourceError::transient(format!("EKS does not see the role yet: {said}"));
        }
        let passing = ["ResourceInUseException", "ResourceNotFoundException"];
        if has_code(error, &passing) {
            return ResourceError::transient(format!("the node group {}: {said}", self.name));
        }
        failure(
            error,
            &format!("cannot create the node group {}", self.name),
        )
    }

    fn changes(&self, group: &Nodegroup, inputs: Option<&Inputs<Self>>) -> Changes {
        let mut changes = Changes::default();
        let failed = [NodegroupStatus::CreateFailed, NodegroupStatus::DeleteFailed];
        if let Some(status) = group.status().filter(|status| failed.contains(status)) {
            changes.note("status", Some(status.as_str()), Some("ACTIVE"));
            return changes;
        }
        let text = |number: Option<i32>| number.map(|number| number.to_string());
        let count = group
            .scaling_config()
            .and_then(NodegroupScalingConfig::desired_size);
        changes.compare("count", text(count).as_deref(), &self.count().to_string());
        let kind = group.instance_types().first().map(String::as_str);
        changes.compare("instanceType", kind, self.settings.instance_type.as_str());
        let disk = text(group.disk_size());
        changes.compare("storage", disk.as_deref(), &self.disk().to_string());
        if let Some((cluster, ..)) = inputs {
            changes.compare("version", group.version(), &cluster.version);
        }
        changes
    }

    /// Starts the first of the changes: EKS does one at a time.
    async fn change(&self, changes: &Changes, cluster: &EksCluster) -> Result<(), ResourceError> {
        let (eks, name) = (&self.cloud.eks, &self.name);
        if changes.has("instanceType") || changes.has("storage") {
            return Err(ResourceError::fatal(format!(
                "the node group {name} has another instanceType or storage than the file, and EKS cannot change them; take the change of `aws.eks.nodes` back, or delete the node group yourself (Milvus stops, its volumes stay) and run the same command, which makes it anew"
            )));
        }
        let what = || {
            format!(
                "cannot change {} of the node group {name}",
                changes.fields()
            )
        };
        if changes.has("count") {
            let call = eks.update_nodegroup_config().cluster_name(&cluster.name);
            let call = call.nodegroup_name(name).scaling_config(self.scaling());
            return call.send().await.settling(BUSY, what).map(drop);
        }
        let call = eks.update_nodegroup_version().cluster_name(&cluster.name);
        let call = call.nodegroup_name(name).version(&cluster.version);
        call.send().await.settling(BUSY, what).map(drop)
    }

    fn state(&self, group: &Nodegroup) -> Readiness<()> {
        match group.status() {
            Some(NodegroupStatus::Active) => Readiness::Ready(()),
            Some(NodegroupStatus::CreateFailed | NodegroupStatus::DeleteFailed) => {
                Readiness::Failed {
                    reason: format!(
                        "EKS could not make the node group {}: {}; then run the same command, it deletes what is left of it and tries again",
                        self.name,
                        issues(group)
                    ),
                }
            }
            Some(NodegroupStatus::Degraded) => Readiness::Failed {
                reason: format!(
                    "the node group {} is degraded: {}; then run the same command, it goes on from here",
                    self.name,
                    issues(group)
                ),
            },
            other => {
                let state = other.map_or("UNKNOWN", NodegroupStatus::as_str);
                Readiness::Waiting {
                    reason: format!("the nodes are {}", state.to_lowercase()),
                }
            }
        }
    }
}

/// The image for that kind of machine. Graviton families have a `g` after their generation: `m7g`, `c7gn`, `im4gn`.
fn image(kind: &InstanceType) -> AmiTypes {
    let family = kind.as_str().split('.').next().unwrap_or_default();
    let generation = family.find(|c: char| c.is_ascii_digit());
    let after = generation.map_or("", |at| &family[at..]);
    if family == "a1" || after.contains('g') {
        AmiTypes::Al2023Arm64Standard
    } else {
        AmiTypes::Al2023X8664Standard
    }
}

/// What is wrong with the nodes, and what is to be done about it.
fn issues(group: &Nodegroup) -> String {
    let issues = group.health().map(NodegroupHealth::issues);
    let issue = |issue: &aws_sdk_eks::types::Issue| {
        let code = issue.code().map_or("Other", NodegroupIssueCode::as_str);
        let said = issue
            .message()
            .unwrap_or("no message")
            .trim_end_matches('.');
        let advice = ADVICE.iter().find(|(code, _)| issue.code() == Some(code));
        match advice {
            Some((_, advice)) => format!("{code}: {said}; {advice}"),
            None => format!("{code}: {said}"),
        }
    };
    let issues: Vec<String> = issues.unwrap_or_default().iter().map(issue).collect();
    if issues.is_empty() {
        "EKS does not say why".to_owned()
    } else {
        issues.join("; ")
    }
}

impl Resource for NodeGroup {
    type Needs = (Handle<EksCluster>, Handle<RoleArn>, Handle<Network>, After);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("node-group/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn monthly_cost(&self) -> Cost {
        let region = self.cloud.account.region.as_str();
        let count = u64::from(self.settings.count.get());
        let disks = self.settings.storage.mib().div_ceil(MIB_A_GIB) * count;
        let machines = prices::nodes(region, self.settings.instance_type.as_str(), count);
        machines.plus(prices::gp3(region, disks))
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_mins(3)
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let Some(group) = self.find().await? else {
            return Ok(Observed::Absent);
        };
        if let Owner::Foreign(owner) = self.cloud.mark.owner(group.tags().into_iter().flatten()) {
            return Ok(Observed::Foreign { owner });
        }
        Ok(match group.status() {
            Some(NodegroupStatus::Deleting) => Observed::Leaving {
                reason: format!("the node group {} is being deleted", self.name),
            },
            Some(NodegroupStatus::Creating | NodegroupStatus::Updating) => {
                Observed::Current { output: None }
            }
            status => {
                let ready = status == Some(&NodegroupStatus::Active);
                self.changes(&group, inputs).observed(ready.then_some(()))
            }
        })
    }

    async fn apply(
        &self,
        inputs: &Inputs<Self>,
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        if *step == Step::Create {
            self.create(inputs, context).await?;
            return Ok(Readiness::Waiting {
                reason: "the nodes are creating".to_owned(),
            });
        }
        let group = self.find().await?;
        let gone = || ResourceError::transient("it was taken away meanwhile");
        let changes = self.changes(&group.ok_or_else(gone)?, Some(inputs));
        if changes.has("status") {
            self.delete(Some(inputs), context).await?;
            return Err(ResourceError::transient(
                "what is left of the failed node group is being deleted",
            ));
        }
        if !changes.is_empty() {
            self.change(&changes, &inputs.0).await?;
        }
        Ok(Readiness::Waiting {
            reason: format!("the nodes change their {}", changes.fields()),
        })
    }

    async fn readiness(
        &self,
        inputs: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let Some(group) = self.find().await? else {
            return Err(ResourceError::transient("EKS does not show it yet"));
        };
        let state = self.state(&group);
        let left = self.changes(&group, Some(inputs));
        if matches!(state, Readiness::Ready(())) && !left.is_empty() {
            // The next observation finds it, and the next change begins.
            return Err(ResourceError::transient(format!(
                "the nodes' {} is still to be changed",
                left.fields()
            )));
        }
        Ok(state)
    }

    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        let call = self.cloud.eks.delete_nodegroup();
        let call = call.cluster_name(self.cloud.full_name());
        let deleted = call.nodegroup_name(&self.name).send().await;
        deleted
            .unless_absent(GONE)
            .settling(BUSY, || {
                format!("cannot delete the node group {}", self.name)
            })
            .map(drop)
    }
}
