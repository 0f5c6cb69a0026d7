//! Brokers that exist: they are checked, used, and never changed.

use aws_sdk_kafka::types::{ClientBroker, Cluster, ClusterState, Provisioned, Scram};

use super::{
    cloud::Cloud, failure::Attempt, ids::MskClusterArn, msk_cluster::Brokers,
    msk_configuration::ConfigurationRevision,
};
use crate::{
    engine::{Context, Existing, Readiness, ResourceError, ResourceId},
    installation::MskClusterName,
    topology::{KAFKA_FOUR, broker_properties},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "kafka:DescribeClusterV2",
    "kafka:DescribeConfigurationRevision",
    "kafka:GetBootstrapBrokers",
    "kafka:ListClustersV2",
];

/// What MSK says of an ARN that it has no cluster for, or that is of another region.
const ABSENT: &[&str] = &["BadRequestException", "NotFoundException"];

/// The brokers that the file names.
pub(super) struct ExistingMskCluster {
    cloud: Cloud,
    name: MskClusterName,
}

impl ExistingMskCluster {
    /// The brokers of that name or ARN.
    pub(super) fn new(cloud: Cloud, name: MskClusterName) -> Self {
        Self { cloud, name }
    }

    fn checked(&self, provisioned: &Provisioned) -> Result<(), String> {
        let name = &self.name;
        let version = version(provisioned).unwrap_or_default();
        if version.starts_with("4.") {
            return Err(format!(
                "the brokers {name} have Kafka {version}, and {}; name brokers of 3.x at `aws.existing.mskCluster`",
                KAFKA_FOUR.because
            ));
        }
        let sasl = provisioned.client_authentication().and_then(|it| it.sasl());
        let scram = sasl.and_then(|it| it.scram()).and_then(Scram::enabled);
        if scram != Some(true) {
            return Err(format!(
                "the brokers {name} have no login by SASL/SCRAM; turn it on (`aws kafka update-security`), or name others at `aws.existing.mskCluster`"
            ));
        }
        let encryption = provisioned.encryption_info();
        let transit = encryption.and_then(|it| it.encryption_in_transit());
        if transit.and_then(|it| it.client_broker()) == Some(&ClientBroker::Plaintext) {
            return Err(format!(
                "the brokers {name} take no connections over TLS; turn that on (`aws kafka update-security`), or name others at `aws.existing.mskCluster`"
            ));
        }
        Ok(())
    }

    async fn check_properties(
        &self,
        provisioned: &Provisioned,
        context: &Context,
    ) -> Result<(), ResourceError> {
        let properties = match configuration(provisioned) {
            Some(revision) => self.cloud.msk_properties(&revision).await?,
            None => String::new(),
        };
        let unmet = broker_properties::unmet(&properties);
        if !unmet.is_empty() {
            return Err(ResourceError::fatal(format!(
                "the configuration of the brokers {} does not do for Milvus: {}; give them one that says so (`aws kafka update-cluster-configuration`), or name others at `aws.existing.mskCluster`",
                self.name,
                unmet.join(", ")
            )));
        }
        for note in broker_properties::noted(&properties) {
            context.progress(format!("note on the brokers {}: {note}", self.name));
        }
        if broker_properties::needs_rights(&properties) {
            context.progress(format!(
                "the brokers {} let in only whom an ACL names: give Milvus's user rights on topics and groups",
                self.name
            ));
        }
        Ok(())
    }

    fn absent(&self) -> ResourceError {
        let account = &self.cloud.account;
        ResourceError::fatal(format!(
            "the region {} of the account {} has no MSK cluster {}; write the name or ARN of one at `aws.existing.mskCluster`, or leave that out for new brokers",
            account.region, account.id, self.name
        ))
    }
}

fn version(provisioned: &Provisioned) -> Option<&str> {
    provisioned.current_broker_software_info()?.kafka_version()
}

fn configuration(provisioned: &Provisioned) -> Option<ConfigurationRevision> {
    let software = provisioned.current_broker_software_info()?;
    Some(ConfigurationRevision {
        arn: software.configuration_arn()?.to_owned(),
        revision: software.configuration_revision()?,
    })
}

impl Existing for ExistingMskCluster {
    type Needs = ();
    type Output = Brokers;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("existing-msk-cluster/{}", self.name))
    }

    fn needs(&self) -> &() {
        &()
    }

    async fn check(&self, (): &(), context: &Context) -> Result<Readiness<Brokers>, ResourceError> {
        let cluster = self.cloud.named_msk_cluster(&self.name).await?;
        let cluster = cluster.ok_or_else(|| self.absent())?;
        let Some(provisioned) = cluster.provisioned() else {
            return Err(ResourceError::fatal(format!(
                "the MSK cluster {} is serverless, which has no login by SASL/SCRAM; name a provisioned one at `aws.existing.mskCluster`",
                self.name
            )));
        };
        self.checked(provisioned).map_err(ResourceError::fatal)?;
        self.check_properties(provisioned, context).await?;
        let state = cluster.state().map_or("UNKNOWN", ClusterState::as_str);
        Ok(match cluster.state() {
            Some(
                ClusterState::Active
                | ClusterState::Healing
                | ClusterState::Maintenance
                | ClusterState::RebootingBroker,
            ) => Readiness::Ready(self.cloud.msk_brokers(&cluster).await?),
            Some(ClusterState::Creating | ClusterState::Updating) => Readiness::Waiting {
                reason: format!("the brokers {} are {}", self.name, state.to_lowercase()),
            },
            _ => Readiness::Failed {
                reason: format!(
                    "the MSK cluster {} is {state}; mend it, or name another one at `aws.existing.mskCluster`",
                    self.name
                ),
            },
        })
    }

    async fn left(&self, (): &()) -> Result<Option<Brokers>, ResourceError> {
        let cluster = self.cloud.named_msk_cluster(&self.name).await?;
        let arn = cluster
            .filter(|cluster| cluster.state() != Some(&ClusterState::Deleting))
            .and_then(|cluster| cluster.cluster_arn);
        Ok(arn.map(|arn| Brokers {
            cluster: MskClusterArn::new(arn),
            bootstrap: Vec::new(),
        }))
    }
}

impl Cloud {
    /// The description of brokers by their name or ARN.
    pub(super) async fn named_msk_cluster(
        &self,
        name: &MskClusterName,
    ) -> Result<Option<Cluster>, ResourceError> {
        let Some(arn) = name.arn() else {
            return self.msk_cluster(name.as_str()).await;
        };
        let found = self.kafka.describe_cluster_v2().cluster_arn(arn).send();
        let found = found.await.unless_absent(ABSENT);
        let found = found.attempting(|| format!("cannot look at the brokers {name}"))?;
        Ok(found.and_then(|answer| answer.cluster_info))
    }
}
