//! The brokers: a provisioned MSK cluster with SASL/SCRAM over TLS.

use std::time::Duration;

use aws_sdk_kafka::types::{
    BrokerNodeGroupInfo, ClientAuthentication, ClientBroker, Cluster, ClusterState,
    ConfigurationInfo, EbsStorageInfo, EncryptionAtRest, EncryptionInTransit, EncryptionInfo,
    ProvisionedRequest, Sasl, Scram, StorageInfo,
};

use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{
    cloud::Cloud,
    failure::{Attempt, failure, has_code},
    ids::{KeyArn, MskClusterArn, SecurityGroupId},
    mark::Owner,
    msk_configuration::ConfigurationRevision,
    msk_update,
    network::Network,
    prices,
};
use crate::{
    engine::{
        Change, Context, Cost, Handle, Observed, Readiness, Resource, ResourceError, ResourceId,
        Step,
    },
    installation::{HostPort, aws::Msk},
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "iam:AttachRolePolicy",
    "iam:CreateServiceLinkedRole",
    "iam:PutRolePolicy",
    "kafka:CreateClusterV2",
    "kafka:DeleteCluster",
    "kafka:GetBootstrapBrokers",
    "kafka:ListClustersV2",
    "kafka:TagResource",
    "kms:CreateGrant",
    "kms:DescribeKey",
];

/// From the call to brokers that answer (source: MSK developer guide says 15 minutes; 20 to 30 is what users tell).
const USUAL: Duration = Duration::from_mins(25);

/// How often brokers that shall go are looked at: whatever they do takes many minutes.
const LOOK: Duration = Duration::from_secs(20);
/// What MSK must have ended before it deletes brokers.
const BUSY: [ClusterState; 5] = [
    ClusterState::Creating,
    ClusterState::Healing,
    ClusterState::Maintenance,
    ClusterState::RebootingBroker,
    ClusterState::Updating,
];

/// The installation's brokers.
#[derive(Debug)]
pub struct MskCluster {
    pub(super) cloud: Cloud,
    pub(super) name: String,
    pub(super) settings: Msk,
    /// Over how many zones they will be: for their price alone.
    zones: u64,
    needs: (
        Handle<Network>,
        Handle<SecurityGroupId>,
        Handle<ConfigurationRevision>,
        Handle<KeyArn>,
    ),
}

/// What a cluster of brokers is made of.
pub(super) type Foundations = (Network, SecurityGroupId, ConfigurationRevision, KeyArn);

/// Brokers that answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brokers {
    /// The cluster.
    pub cluster: MskClusterArn,
    /// Where clients log in by SASL/SCRAM over TLS, port 9096.
    pub bootstrap: Vec<HostPort>,
}

impl MskCluster {
    /// Brokers in those subnets, behind that security group, with that configuration, on disks encrypted by that key;
    /// over about so many zones.
    pub fn new(
        cloud: Cloud,
        (settings, zones): (Msk, u64),
        network: Handle<Network>,
        security_group: Handle<SecurityGroupId>,
        configuration: Handle<ConfigurationRevision>,
        key: Handle<KeyArn>,
    ) -> Self {
        Self {
            name: cloud.full_name(),
            cloud,
            settings,
            zones,
            needs: (network, security_group, configuration, key),
        }
    }

    pub(super) async fn find(&self) -> Result<Option<Cluster>, ResourceError> {
        self.cloud.msk_cluster(&self.name).await
    }

    async fn brokers(&self, cluster: &Cluster) -> Result<Brokers, ResourceError> {
        self.cloud.msk_brokers(cluster).await
    }

    async fn create(&self, inputs: &Foundations) -> Result<(), ResourceError> {
        let tags = self.cloud.mark.tag_map(&self.name);
        let version = self.settings.version.as_ref();
        let version = self.cloud.kafka_version(version).await?;
        let call = self
            .cloud
            .kafka
            .create_cluster_v2()
            .cluster_name(&self.name)
            .set_tags(Some(tags));
        let made = call
            .provisioned(self.request(inputs, &version))
            .send()
            .await;
        match made {
            Ok(_) => Ok(()),
            Err(error) if has_code(&error, &["ConflictException"]) => Err(
                ResourceError::transient(format!("the brokers {} were made meanwhile", self.name)),
            ),
            // A new key is not seen everywhere at once.
            Err(error)
                if has_code(&error, &["BadRequestException"])
                    && error
                        .message()
                        .is_some_and(|message| message.contains("KMS")) =>
            {
                Err(ResourceError::transient(format!(
                    "MSK cannot use the key {} yet",
                    inputs.3
                )))
            }
            Err(error) => Err(failure(
                &error,
                &format!("cannot create the brokers {}", self.name),
            )),
        }
    }

    fn request(
        &self,
        (network, security_group, configuration, key): &Foundations,
        version: &str,
    ) -> ProvisionedRequest {
        let disk = EbsStorageInfo::builder().volume_size(msk_update::gib(self.settings.storage));
        let subnets = network
            .one_private_subnet_a_zone()
            .into_iter()
            .map(ToString::to_string)
            .collect();
        let nodes = BrokerNodeGroupInfo::builder()
            .set_client_subnets(Some(subnets))
            .instance_type(self.settings.instance_type.as_str())
            .security_groups(security_group.as_str())
            .storage_info(
                StorageInfo::builder()
                    .ebs_storage_info(disk.build())
                    .build(),
            );
        let scram = Sasl::builder().scram(Scram::builder().enabled(true).build());
        let transit = EncryptionInTransit::builder()
            .client_broker(ClientBroker::Tls)
            .in_cluster(true);
        let rest = EncryptionAtRest::builder().data_volume_kms_key_id(key.as_str());
        ProvisionedRequest::builder()
            .broker_node_group_info(nodes.build())
            .client_authentication(ClientAuthentication::builder().sasl(scram.build()).build())
            .encryption_info(
                EncryptionInfo::builder()
                    .encryption_in_transit(transit.build())
                    .encryption_at_rest(rest.build())
                    .build(),
            )
            .configuration_info(
                ConfigurationInfo::builder()
                    .arn(&configuration.arn)
                    .revision(configuration.revision)
                    .build(),
            )
            .kafka_version(version)
            .number_of_broker_nodes(self.wanted_brokers(network))
            .build()
    }

    pub(super) fn wanted_brokers(&self, network: &Network) -> i32 {
        let zones = i32::try_from(network.one_private_subnet_a_zone().len()).unwrap_or(i32::MAX);
        zones.saturating_mul(i32::from(self.settings.brokers_per_zone.get()))
    }

    /// What is to be said of a cluster of ours in its state.
    async fn state(&self, cluster: &Cluster) -> Result<Readiness<Brokers>, ResourceError> {
        let state = cluster.state();
        Ok(match state {
            Some(
                ClusterState::Active
                | ClusterState::Healing
                | ClusterState::Maintenance
                | ClusterState::RebootingBroker,
            ) => Readiness::Ready(self.brokers(cluster).await?),
            Some(ClusterState::Failed) => Readiness::Failed {
                reason: self.failed(cluster),
            },
            other => {
                let state = other.map_or("unknown", ClusterState::as_str).to_lowercase();
                Readiness::Waiting {
                    reason: format!("the brokers are {state}"),
                }
            }
        })
    }

    fn failed(&self, cluster: &Cluster) -> String {
        let why = cluster
            .state_info()
            .and_then(|info| info.message())
            .unwrap_or("MSK does not say why");
        format!(
            "MSK could not make the brokers {}: {}; the same command deletes what is left of them and tries again",
            self.name,
            why.trim_end_matches('.')
        )
    }
}

impl Cloud {
    /// The brokers of that name.
    pub(super) async fn msk_cluster(&self, name: &str) -> Result<Option<Cluster>, ResourceError> {
        let call = self.kafka.list_clusters_v2().cluster_name_filter(name);
        let mut pages = call.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.attempting(|| "cannot list the clusters of MSK".to_owned())?;
            // The filter takes names that merely begin like this one.
            let this = |cluster: &Cluster| cluster.cluster_name() == Some(name);
            let mut found = page.cluster_info_list.unwrap_or_default().into_iter();
            if let Some(found) = found.find(this) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The brokers of a cluster that is active.
    pub(super) async fn msk_brokers(&self, cluster: &Cluster) -> Result<Brokers, ResourceError> {
        let arn = cluster.cluster_arn().unwrap_or_default();
        let name = cluster.cluster_name().unwrap_or_default();
        let call = self.kafka.get_bootstrap_brokers().cluster_arn(arn);
        let found = call.send().await;
        let found =
            found.attempting(|| format!("cannot read the addresses of the brokers {name}"))?;
        let text = found
            .bootstrap_broker_string_sasl_scram()
            .unwrap_or_default();
        let parsed: Result<Vec<HostPort>, _> = text
            .split(',')
            .filter(|broker| !broker.is_empty())
            .map(str::parse)
            .collect();
        match parsed {
            Ok(bootstrap) if !bootstrap.is_empty() => Ok(Brokers {
                cluster: MskClusterArn::new(arn),
                bootstrap,
            }),
            Ok(_) => Err(ResourceError::fatal(format!(
                "the brokers {name} have no login by SASL/SCRAM"
            ))),
            Err(error) => Err(
                ResourceError::fatal("MSK gives addresses of brokers that are none")
                    .caused_by(error),
            ),
        }
    }
}

impl Resource for MskCluster {
    type Needs = (
        Handle<Network>,
        Handle<SecurityGroupId>,
        Handle<ConfigurationRevision>,
        Handle<KeyArn>,
    );
    type Output = Brokers;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("msk-cluster/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn monthly_cost(&self) -> Cost {
        let region = self.cloud.account.region.as_str();
        let brokers = self.zones * u64::from(self.settings.brokers_per_zone.get());
        let gib = u64::try_from(msk_update::gib(self.settings.storage)).unwrap_or_default();
        let machines = prices::brokers(region, self.settings.instance_type.as_str(), brokers);
        machines.plus(prices::broker_storage(region, gib * brokers))
    }

    fn usual_duration(&self) -> Duration {
        USUAL
    }

    /// What MSK refuses for longer than this it refuses for good; the 25 minutes of waiting are no refusals.
    fn patience(&self) -> Duration {
        Duration::from_mins(10)
    }

    async fn observe(
        &self,
        inputs: Option<&Foundations>,
        _: &Context,
    ) -> Result<Observed<Brokers>, ResourceError> {
        let Some(cluster) = self.find().await? else {
            return Ok(Observed::Absent);
        };
        let tags = cluster.tags.iter().flatten();
        if let Owner::Foreign(owner) = self.cloud.mark.owner(tags) {
            return Ok(Observed::Foreign { owner });
        }
        match cluster.state() {
            Some(ClusterState::Deleting) => Ok(Observed::Leaving {
                reason: format!("the brokers {} are being deleted", self.name),
            }),
            Some(ClusterState::Failed) => {
                let state = Change {
                    field: "state".to_owned(),
                    from: Some("FAILED".to_owned()),
                    to: Some("ACTIVE".to_owned()),
                    ..Change::default()
                };
                Ok(Observed::Differs {
                    changes: vec![state],
                    output: None,
                })
            }
            Some(ClusterState::Active) => {
                let changes = inputs
                    .map(|inputs| msk_update::changes(self, &cluster, inputs))
                    .unwrap_or_default();
                let output = Some(self.brokers(&cluster).await?);
                Ok(if changes.is_empty() {
                    Observed::Current { output }
                } else {
                    Observed::Differs { changes, output }
                })
            }
            _ => Ok(Observed::Current {
                output: match self.state(&cluster).await? {
                    Readiness::Ready(brokers) => Some(brokers),
                    _ => None,
                },
            }),
        }
    }

    async fn apply(
        &self,
        inputs: &Foundations,
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<Brokers>, ResourceError> {
        if *step == Step::Create {
            self.create(inputs).await?;
            return Ok(Readiness::Waiting {
                reason: "the brokers are creating".to_owned(),
            });
        }
        let Some(cluster) = self.find().await? else {
            return Err(ResourceError::transient("it was taken away meanwhile"));
        };
        if cluster.state() == Some(&ClusterState::Failed) {
            self.delete(None, context).await?;
            return Err(ResourceError::transient(
                "what is left of the failed brokers is being deleted",
            ));
        }
        msk_update::apply(self, inputs, context).await?;
        Ok(Readiness::Waiting {
            reason: "the brokers are updating".to_owned(),
        })
    }

    async fn readiness(
        &self,
        _: &Foundations,
        _: &Context,
    ) -> Result<Readiness<Brokers>, ResourceError> {
        match self.find().await? {
            Some(cluster) => self.state(&cluster).await,
            None => Err(ResourceError::transient("it was taken away meanwhile")),
        }
    }

    async fn delete(&self, _: Option<&Foundations>, _: &Context) -> Result<(), ResourceError> {
        let Some(cluster) = self.find().await? else {
            return Ok(());
        };
        let call = self.cloud.kafka.delete_cluster();
        let deleted = call.set_cluster_arn(cluster.cluster_arn.clone()).send();
        match deleted.await {
            Err(error) if has_code(&error, &["NotFoundException"]) => Ok(()),
            // MSK does one thing at a time, and says so in this way. Its end is waited for, and is no refusal.
            Err(error) if has_code(&error, &["BadRequestException"]) && is_busy(&cluster) => Ok(()),
            Err(error) if has_code(&error, &["BadRequestException"]) => {
                Err(ResourceError::transient(format!(
                    "the brokers {} cannot be deleted while they change",
                    self.name
                )))
            }
            Err(error) => Err(failure(
                &error,
                &format!("cannot delete the brokers {}", self.name),
            )),
            Ok(_) => Ok(()),
        }
    }

    /// Brokers that were busy are deleted once they are not.
    async fn wait_gone(
        &self,
        _: Option<&Foundations>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        loop {
            let Some(cluster) = context.call(self.find()).await? else {
                return Ok(());
            };
            let tags = cluster.tags.iter().flatten();
            if matches!(self.cloud.mark.owner(tags), Owner::Foreign(_)) {
                return Ok(());
            }
            let state = cluster.state().map_or("unknown", ClusterState::as_str);
            let state = state.to_lowercase();
            if is_busy(&cluster) {
                context.progress(format!(
                    "the brokers are {state}, and are deleted after that"
                ));
            } else if cluster.state() == Some(&ClusterState::Deleting) {
                context.progress(format!("the brokers {} are being deleted", self.name));
            } else {
                return Err(ResourceError::transient(format!(
                    "the brokers {} are {state}, and are deleted now",
                    self.name
                )));
            }
            context.polled_well();
            context.sleep(LOOK).await;
        }
    }
}

fn is_busy(cluster: &Cluster) -> bool {
    cluster.state().is_some_and(|state| BUSY.contains(state))
}
