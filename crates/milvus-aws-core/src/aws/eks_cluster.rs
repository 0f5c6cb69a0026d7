//! The Kubernetes cluster.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_eks::{
    error::SdkError,
    operation::create_cluster::CreateClusterError,
    types::{
        AuthenticationMode, Cluster, ClusterHealth, ClusterStatus, CreateAccessConfigRequest,
        LogSetup, LogType, Logging, VpcConfigRequest, VpcConfigResponse,
    },
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    changes::Changes,
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    ids::{RoleArn, SecurityGroupId, VpcId},
    mark::Owner,
    network::Network,
    prices,
    settling::Settling,
};
use crate::{
    engine::{
        After, Context, Cost, Handle, Inputs, Observed, Readiness, Resource, ResourceError,
        ResourceId, Step,
    },
    installation::aws::{ControlPlaneLog, Eks, EndpointAccess},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "eks:CreateCluster",
    "eks:DeleteCluster",
    "eks:DescribeCluster",
    "eks:TagResource",
    "eks:UpdateClusterConfig",
    "eks:UpdateClusterVersion",
    "iam:CreateServiceLinkedRole",
    "iam:GetRole",
    "iam:PassRole",
];

/// From the call to an API server that answers (source: EKS user guide, "Create an Amazon EKS cluster").
const USUAL: Duration = Duration::from_mins(10);
const GONE: &[&str] = &["ResourceNotFoundException"];
/// EKS changes one thing at a time, and says so in these ways.
const BUSY: &[&str] = &["ResourceInUseException", "InvalidRequestException"];
/// What EKS makes of a public endpoint without ranges.
const ANYBODY: &str = "0.0.0.0/0";

/// The control plane of the installation's cluster.
#[derive(Debug)]
pub struct ControlPlane {
    cloud: Cloud,
    settings: Eks,
    name: String,
    needs: (Handle<Network>, Handle<RoleArn>, After),
}

/// A cluster that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EksCluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// URL of its API server.
    pub endpoint: String,
    /// Certificate of the CA that signed for the API server, as PEM.
    pub certificate_authority: Vec<u8>,
    /// The issuer of its service accounts' tokens.
    pub issuer: String,
    /// The security group of its nodes and pods.
    pub security_group: SecurityGroupId,
    /// Where it is.
    pub vpc: VpcId,
    /// Version of Kubernetes: `1.34`.
    pub version: String,
}

impl EksCluster {
    /// From its description, once everything of it is there.
    pub(super) fn of(cluster: &Cluster) -> Option<Self> {
        let network = cluster.resources_vpc_config()?;
        let authority = cluster.certificate_authority()?.data()?;
        Some(Self {
            name: cluster.name()?.to_owned(),
            arn: cluster.arn()?.to_owned(),
            endpoint: cluster.endpoint()?.to_owned(),
            certificate_authority: BASE64_STANDARD.decode(authority).ok()?,
            issuer: cluster.identity()?.oidc()?.issuer()?.to_owned(),
            security_group: SecurityGroupId::new(network.cluster_security_group_id()?),
            vpc: VpcId::new(network.vpc_id()?),
            version: cluster.version()?.to_owned(),
        })
    }
}

/// Whether a cluster is being deleted.
pub(super) fn is_leaving(cluster: &Cluster) -> bool {
    cluster.status() == Some(&ClusterStatus::Deleting)
}

impl Cloud {
    /// The description of a cluster.
    pub(super) async fn eks_cluster(&self, name: &str) -> Result<Option<Cluster>, ResourceError> {
        let cluster = self.eks.describe_cluster().name(name).send().await;
        let cluster = cluster.unless_absent(GONE);
        let cluster = cluster.attempting(|| format!("cannot look at the EKS cluster {name}"))?;
        Ok(cluster.and_then(|answer| answer.cluster))
    }

    /// The installation's own cluster, while it answers.
    pub async fn own_cluster(&self) -> Result<Option<EksCluster>, ResourceError> {
        let Some(cluster) = self.eks_cluster(&self.full_name()).await? else {
            return Ok(None);
        };
        let ours = self.mark.owner(cluster.tags.iter().flatten()) == Owner::Ours;
        Ok(EksCluster::of(&cluster).filter(|_| ours && !is_leaving(&cluster)))
    }

    /// Whether a cluster of the installation's name exists, whoever made it.
    pub(super) async fn has_eks_cluster(&self) -> Result<bool, ResourceError> {
        Ok(self.eks_cluster(&self.full_name()).await?.is_some())
    }
}

/// Who reaches the API server, as EKS wants it.
struct Endpoint {
    public: bool,
    ranges: BTreeSet<String>,
}

impl From<&EndpointAccess> for Endpoint {
    fn from(access: &EndpointAccess) -> Self {
        let anybody = || BTreeSet::from([ANYBODY.to_owned()]);
        match access {
            EndpointAccess::Private => Self {
                public: false,
                ranges: BTreeSet::new(),
            },
            EndpointAccess::PublicAndPrivate { cidrs } if !cidrs.is_empty() => Self {
                public: true,
                ranges: cidrs.iter().map(ToString::to_string).collect(),
            },
            EndpointAccess::PublicAndPrivate { .. } | EndpointAccess::Open => Self {
                public: true,
                ranges: anybody(),
            },
        }
    }
}

impl Endpoint {
    fn request(&self) -> aws_sdk_eks::types::builders::VpcConfigRequestBuilder {
        let ranges = self.ranges.iter().cloned().collect();
        VpcConfigRequest::builder()
            .endpoint_public_access(self.public)
            .endpoint_private_access(true)
            .set_public_access_cidrs(self.public.then_some(ranges))
    }

    fn compare(&self, is: &VpcConfigResponse, changes: &mut Changes) {
        let text = |on: bool| if on { "true" } else { "false" };
        let public = is.endpoint_public_access();
        changes.compare("endpoint.public", Some(text(public)), text(self.public));
        let private = is.endpoint_private_access();
        changes.compare("endpoint.private", Some(text(private)), "true");
        let ranges: BTreeSet<String> = is.public_access_cidrs().iter().cloned().collect();
        if self.public && ranges != self.ranges {
            let joined = |ranges: &BTreeSet<String>| {
                let ranges: Vec<&str> = ranges.iter().map(String::as_str).collect();
                ranges.join(", ")
            };
            let (from, to) = (joined(&ranges), joined(&self.ranges));
            changes.note("endpoint.cidrs", Some(&from), Some(&to));
        }
    }
}

impl ControlPlane {
    /// The cluster in those subnets, with that role, after what it must be deleted before.
    pub fn new(
        cloud: Cloud,
        settings: Eks,
        network: Handle<Network>,
        role: Handle<RoleArn>,
        after: After,
    ) -> Self {
        Self {
            name: cloud.full_name(),
            cloud,
            settings,
            needs: (network, role, after),
        }
    }

    async fn create(
        &self,
        (network, role, ()): &Inputs<Self>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        let subnets = network
            .private_subnets
            .iter()
            .chain(&network.public_subnets);
        let subnets = subnets.map(|subnet| subnet.id.to_string()).collect();
        let vpc = Endpoint::from(&self.settings.endpoint)
            .request()
            .set_subnet_ids(Some(subnets))
            .build();
        let access = CreateAccessConfigRequest::builder()
            .authentication_mode(AuthenticationMode::Api)
            .bootstrap_cluster_creator_admin_permissions(true)
            .build();
        let call = self.cloud.eks.create_cluster().name(&self.name);
        let call = call
            .version(self.settings.version.as_str())
            .role_arn(role.as_str())
            .resources_vpc_config(vpc)
            .access_config(access)
            .set_tags(Some(self.cloud.mark.tag_map(&self.name)))
            .client_request_token(context.token());
        let call = if self.settings.logging.is_empty() {
            call
        } else {
            call.logging(self.logging(&[]))
        };
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.not_created(&error)),
        }
    }

    fn not_created(&self, error: &SdkError<CreateClusterError, HttpResponse>) -> ResourceError {
        let said = error.message().unwrap_or_default().to_lowercase();
        // IAM shows a new role late: EKS then says that it cannot assume it, or that there is none.
        if has_code(error, &["InvalidParameterException"]) && said.contains("role") {
            return ResourceError::transient(format!("EKS does not see the role yet: {said}"));
        }
        if has_code(error, &["ResourceInUseException"]) {
            return ResourceError::transient(format!(
                "the EKS cluster {} was made meanwhile",
                self.name
            ));
        }
        failure(
            error,
            &format!("cannot create the EKS cluster {}", self.name),
        )
    }

    /// The logs that are wanted on, and those that are on without being wanted off.
    fn logging(&self, on: &[LogType]) -> Logging {
        let wanted: Vec<LogType> = self.settings.logging.iter().copied().map(kind).collect();
        let unwanted: Vec<LogType> = on
            .iter()
            .filter(|log| !wanted.contains(log))
            .cloned()
            .collect();
        let setup = |logs: Vec<LogType>, enabled| {
            let setup = LogSetup::builder().enabled(enabled);
            (!logs.is_empty()).then(|| setup.set_types(Some(logs)).build())
        };
        let setups = [setup(wanted, true), setup(unwanted, false)];
        let setups = setups.into_iter().flatten().collect();
        Logging::builder().set_cluster_logging(Some(setups)).build()
    }

    fn changes(&self, cluster: &Cluster) -> Changes {
        let mut changes = Changes::default();
        if cluster.status() == Some(&ClusterStatus::Failed) {
            changes.note("status", Some("FAILED"), Some("ACTIVE"));
            return changes;
        }
        let version = cluster.version();
        changes.compare("version", version, self.settings.version.as_str());
        if let Some(network) = cluster.resources_vpc_config() {
            Endpoint::from(&self.settings.endpoint).compare(network, &mut changes);
        }
        let names = |logs: &[LogType]| {
            let names: BTreeSet<&str> = logs.iter().map(LogType::as_str).collect();
            let names: Vec<&str> = names.into_iter().collect();
            names.join(", ")
        };
        let wanted: Vec<LogType> = self.settings.logging.iter().copied().map(kind).collect();
        changes.compare("logging", Some(&names(&logs(cluster))), &names(&wanted));
        changes
    }

    /// Starts the first of the changes: EKS does one at a time.
    async fn change(&self, cluster: &Cluster, changes: &Changes) -> Result<(), ResourceError> {
        let (eks, name) = (&self.cloud.eks, &self.name);
        if changes.has("version") {
            let next = self.next_version(cluster.version().unwrap_or_default())?;
            let call = eks.update_cluster_version().name(name).version(&next);
            let updated = call.send().await;
            return updated
                .settling(BUSY, || {
                    format!("cannot upgrade the EKS cluster {name} to {next}")
                })
                .map(drop);
        }
        let call = eks.update_cluster_config().name(name);
        let call = if changes.has("logging") {
            call.logging(self.logging(&logs(cluster)))
        } else {
            let endpoint = Endpoint::from(&self.settings.endpoint).request();
            call.resources_vpc_config(endpoint.build())
        };
        let updated = call.send().await;
        updated
            .settling(&["ResourceInUseException"], || {
                format!(
                    "cannot change {} of the EKS cluster {name}",
                    changes.fields()
                )
            })
            .map(drop)
    }

    /// One step towards the wanted version: EKS skips none, and never goes back.
    fn next_version(&self, is: &str) -> Result<String, ResourceError> {
        let wanted = self.settings.version.as_str();
        let minor = |version: &str| version.strip_prefix("1.")?.parse::<u16>().ok();
        match (minor(is), minor(wanted)) {
            (Some(is), Some(wanted)) if wanted > is => Ok(format!("1.{}", is + 1)),
            _ => Err(ResourceError::fatal(format!(
                "the EKS cluster {} has Kubernetes {is}, EKS cannot go back to {wanted}; write `version: {is}` or newer",
                self.name
            ))),
        }
    }

    fn state(&self, cluster: &Cluster) -> Readiness<EksCluster> {
        match cluster.status() {
            Some(ClusterStatus::Active) => match EksCluster::of(cluster) {
                Some(cluster) => Readiness::Ready(cluster),
                None => Readiness::Waiting {
                    reason: "the cluster has no address yet".to_owned(),
                },
            },
            Some(ClusterStatus::Failed) => Readiness::Failed {
                reason: format!(
                    "EKS could not make the cluster {}: {}; the same command deletes what is left of it and tries again",
                    self.name,
                    issues(cluster)
                ),
            },
            other => {
                let state = other.map_or("UNKNOWN", ClusterStatus::as_str);
                Readiness::Waiting {
                    reason: format!("the control plane is {}", state.to_lowercase()),
                }
            }
        }
    }

    async fn find(&self) -> Result<Cluster, ResourceError> {
        let cluster = self.cloud.eks_cluster(&self.name).await?;
        cluster.ok_or_else(|| ResourceError::transient("EKS does not show the cluster yet"))
    }
}

fn kind(log: ControlPlaneLog) -> LogType {
    LogType::from(log.as_str())
}

/// The logs that are on.
fn logs(cluster: &Cluster) -> Vec<LogType> {
    let setups = cluster.logging().map(Logging::cluster_logging);
    let on = |setup: &&LogSetup| setup.enabled() == Some(true);
    let setups = setups.unwrap_or_default().iter().filter(on);
    setups.flat_map(LogSetup::types).cloned().collect()
}

fn issues(cluster: &Cluster) -> String {
    let issues = cluster.health().map(ClusterHealth::issues);
    let issue = |issue: &aws_sdk_eks::types::ClusterIssue| {
        let code = issue.code().map_or("Other", |code| code.as_str());
        format!("{code}: {}", issue.message().unwrap_or("no message"))
    };
    let issues: Vec<String> = issues.unwrap_or_default().iter().map(issue).collect();
    if issues.is_empty() {
        "EKS does not say why".to_owned()
    } else {
        issues.join("; ")
    }
}

impl Resource for ControlPlane {
    type Needs = (Handle<Network>, Handle<RoleArn>, After);
    type Output = EksCluster;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("eks-cluster/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn monthly_cost(&self) -> Cost {
        prices::eks_cluster(self.cloud.account.region.as_str())
    }

    fn usual_duration(&self) -> Duration {
        USUAL
    }

    async fn observe(
        &self,
        _: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<EksCluster>, ResourceError> {
        let Some(cluster) = self.cloud.eks_cluster(&self.name).await? else {
            return Ok(Observed::Absent);
        };
        if let Owner::Foreign(owner) = self.cloud.mark.owner(cluster.tags().into_iter().flatten()) {
            return Ok(Observed::Foreign { owner });
        }
        Ok(match cluster.status() {
            Some(ClusterStatus::Deleting) => Observed::Leaving {
                reason: format!("the EKS cluster {} is being deleted", self.name),
            },
            Some(ClusterStatus::Active) => {
                self.changes(&cluster).observed(EksCluster::of(&cluster))
            }
            Some(ClusterStatus::Failed) => self.changes(&cluster).observed(None),
            _ => Observed::Current { output: None },
        })
    }

    async fn apply(
        &self,
        inputs: &Inputs<Self>,
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<EksCluster>, ResourceError> {
        if *step == Step::Create {
            self.create(inputs, context).await?;
            return Ok(Readiness::Waiting {
                reason: "the control plane is creating".to_owned(),
            });
        }
        let cluster = self.find().await?;
        let changes = self.changes(&cluster);
        if changes.has("status") {
            self.delete(None, context).await?;
            return Err(ResourceError::transient(
                "what is left of the failed cluster is being deleted",
            ));
        }
        if !changes.is_empty() {
            self.change(&cluster, &changes).await?;
        }
        Ok(Readiness::Waiting {
            reason: format!("the control plane changes its {}", changes.fields()),
        })
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<EksCluster>, ResourceError> {
        let cluster = self.find().await?;
        let state = self.state(&cluster);
        let left = self.changes(&cluster);
        if matches!(state, Readiness::Ready(_)) && !left.is_empty() {
            // The next observation finds it, and the next change begins.
            return Err(ResourceError::transient(format!(
                "the cluster's {} is still to be changed",
                left.fields()
            )));
        }
        Ok(state)
    }

    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        let deleted = self
            .cloud
            .eks
            .delete_cluster()
            .name(&self.name)
            .send()
            .await;
        deleted
            .unless_absent(GONE)
            .settling(&["ResourceInUseException"], || {
                format!("cannot delete the EKS cluster {} yet", self.name)
            })
            .map(drop)
    }
}
