//! Changes of brokers that exist. MSK does one at a time, each under the version that the last one left.

use std::time::Duration;

use aws_sdk_kafka::types::{
    BrokerEbsVolumeInfo, Cluster, ClusterState, ConfigurationInfo, EbsStorageInfo,
};

use super::{
    failure::Attempt,
    kafka_versions::satisfies,
    msk_cluster::{Foundations, MskCluster},
};
use crate::{
    engine::{Change, Context, ResourceError},
    installation::Memory,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "kafka:UpdateBrokerCount",
    "kafka:UpdateBrokerStorage",
    "kafka:UpdateBrokerType",
    "kafka:UpdateClusterConfiguration",
    "kafka:UpdateClusterKafkaVersion",
];

/// How often a change under way is looked at: it takes many minutes.
const LOOK: Duration = Duration::from_secs(20);

/// What may differ, in the order in which it is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aspect {
    Configuration,
    Storage,
    Brokers,
    Machine,
    Kafka,
}

const ASPECTS: [Aspect; 5] = [
    Aspect::Configuration,
    Aspect::Storage,
    Aspect::Brokers,
    Aspect::Machine,
    Aspect::Kafka,
];

/// Whole GiB, rounded up: the unit of EBS.
pub(super) fn gib(memory: Memory) -> i32 {
    i32::try_from(memory.mib().div_ceil(1024)).unwrap_or(i32::MAX)
}

/// Every difference.
pub(super) fn changes(wanted: &MskCluster, cluster: &Cluster, inputs: &Foundations) -> Vec<Change> {
    ASPECTS
        .iter()
        .filter_map(|aspect| difference(*aspect, wanted, cluster, inputs))
        .collect()
}

fn difference(
    aspect: Aspect,
    wanted: &MskCluster,
    cluster: &Cluster,
    (network, _, configuration, _): &Foundations,
) -> Option<Change> {
    let provisioned = cluster.provisioned()?;
    let nodes = provisioned.broker_node_group_info()?;
    let software = provisioned.current_broker_software_info();
    let (field, is, shall) = match aspect {
        Aspect::Configuration => {
            let revision = |arn: &str, revision: i64| {
                format!(
                    "{} revision {revision}",
                    arn.rsplit('/').nth(1).unwrap_or(arn)
                )
            };
            let is = software.map(|software| {
                revision(
                    software.configuration_arn().unwrap_or_default(),
                    software.configuration_revision().unwrap_or_default(),
                )
            });
            (
                "configuration",
                is,
                revision(&configuration.arn, configuration.revision),
            )
        }
        Aspect::Storage => {
            let is = nodes
                .storage_info()
                .and_then(|storage| storage.ebs_storage_info())
                .and_then(EbsStorageInfo::volume_size);
            // Disks only grow, and MSK's own scaling of storage may have had them grow.
            if is.is_some_and(|size| size >= gib(wanted.settings.storage)) {
                return None;
            }
            (
                "storage",
                is.map(|size| format!("{size}Gi")),
                format!("{}Gi", gib(wanted.settings.storage)),
            )
        }
        Aspect::Brokers => (
            "brokers",
            provisioned
                .number_of_broker_nodes()
                .map(|number| number.to_string()),
            wanted.wanted_brokers(network).to_string(),
        ),
        Aspect::Machine => (
            "instanceType",
            nodes.instance_type().map(str::to_owned),
            wanted.settings.instance_type.to_string(),
        ),
        Aspect::Kafka => {
            let is = software.and_then(|software| software.kafka_version());
            // Without a wish brokers keep theirs.
            let shall = wanted.settings.version.as_ref()?;
            if is.is_some_and(|is| satisfies(is, shall)) {
                return None;
            }
            ("version", is.map(str::to_owned), shall.to_string())
        }
    };
    (is.as_deref() != Some(shall.as_str())).then(|| Change {
        field: field.to_owned(),
        from: is,
        to: Some(shall),
        ..Change::default()
    })
}

/// Puts every difference right, one after the other; the last one is left under way.
pub(super) async fn apply(
    wanted: &MskCluster,
    inputs: &Foundations,
    context: &Context,
) -> Result<(), ResourceError> {
    for (done, aspect) in ASPECTS.iter().enumerate() {
        let cluster = idle(wanted, context, done > 0).await?;
        if let Some(change) = difference(*aspect, wanted, &cluster, inputs) {
            context.progress(format!("changing {} of the brokers", change.field));
            put_right(*aspect, wanted, &cluster, inputs, &change).await?;
        }
    }
    Ok(())
}

/// The cluster, once nothing changes in it.
async fn idle(
    wanted: &MskCluster,
    context: &Context,
    waits: bool,
) -> Result<Cluster, ResourceError> {
    loop {
        let cluster = wanted.find().await?;
        let cluster =
            cluster.ok_or_else(|| ResourceError::transient("it was taken away meanwhile"))?;
        match cluster.state() {
            Some(ClusterState::Active) => return Ok(cluster),
            Some(ClusterState::Failed) => {
                return Err(ResourceError::fatal(
                    "MSK gave the brokers up while they changed",
                ));
            }
            _ if waits => context.sleep(LOOK).await,
            _ => return Err(ResourceError::transient("the brokers change already")),
        }
    }
}

async fn put_right(
    aspect: Aspect,
    wanted: &MskCluster,
    cluster: &Cluster,
    (network, _, configuration, _): &Foundations,
    change: &Change,
) -> Result<(), ResourceError> {
    let kafka = &wanted.cloud.kafka;
    let arn = cluster.cluster_arn().unwrap_or_default();
    let version = cluster.current_version().unwrap_or_default();
    let what = || {
        format!(
            "cannot change {} of the brokers {} from {} to {}",
            change.field,
            wanted.name,
            change.from.as_deref().unwrap_or("nothing"),
            change.to.as_deref().unwrap_or("nothing")
        )
    };
    let revision = || {
        ConfigurationInfo::builder()
            .arn(&configuration.arn)
            .revision(configuration.revision)
            .build()
    };
    match aspect {
        Aspect::Configuration => kafka
            .update_cluster_configuration()
            .cluster_arn(arn)
            .current_version(version)
            .configuration_info(revision())
            .send()
            .await
            .attempting(what)
            .map(drop),
        Aspect::Storage => {
            // MSK's way to say: every broker.
            let every = BrokerEbsVolumeInfo::builder()
                .kafka_broker_node_id("All")
                .volume_size_gb(gib(wanted.settings.storage));
            kafka
                .update_broker_storage()
                .cluster_arn(arn)
                .current_version(version)
                .target_broker_ebs_volume_info(every.build())
                .send()
                .await
                .attempting(what)
                .map(drop)
        }
        Aspect::Brokers => kafka
            .update_broker_count()
            .cluster_arn(arn)
            .current_version(version)
            .target_number_of_broker_nodes(wanted.wanted_brokers(network))
            .send()
            .await
            .attempting(what)
            .map(drop),
        Aspect::Machine => kafka
            .update_broker_type()
            .cluster_arn(arn)
            .current_version(version)
            .target_instance_type(wanted.settings.instance_type.as_str())
            .send()
            .await
            .attempting(what)
            .map(drop),
        Aspect::Kafka => kafka
            .update_cluster_kafka_version()
            .cluster_arn(arn)
            .current_version(version)
            .set_target_kafka_version(wanted.settings.version.as_ref().map(ToString::to_string))
            .configuration_info(revision())
            .send()
            .await
            .attempting(what)
            .map(drop),
    }
}
