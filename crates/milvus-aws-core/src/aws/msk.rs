//! The brokers and their login, new or existing, in the order in which their parts need each other.

use super::{
    cloud::Cloud,
    eks_cluster::EksCluster,
    existing_association::ExistingAssociation,
    existing_msk_cluster::ExistingMskCluster,
    existing_secret::ExistingSecret,
    key::Key,
    msk_access::MskAccess,
    msk_cluster::{Brokers, MskCluster},
    msk_configuration::MskConfiguration,
    msk_ingress::MskIngress,
    msk_security_group::MskSecurityGroup,
    network,
    scram_association::ScramAssociation,
    secret::{MSK_USER, MskLogin, MskSecret},
};
use crate::{
    engine::{GraphBuilder, Handle, InvalidGraph, Need, Used},
    installation::{
        MskClusterName,
        aws::{Aws, Network},
    },
};

/// Zones of a network of our own; with existing subnets there may be fewer.
const ZONES: u64 = 3;

/// What of a graph's brokers others need.
#[derive(Debug, Clone)]
pub struct MskHandles {
    /// The brokers.
    pub brokers: Handle<Brokers>,
    /// Their login.
    pub login: Handle<MskLogin>,
    /// What must be there before pods of the cluster can log in to the brokers.
    pub login_works: Vec<Need>,
}

/// Adds brokers that pods of the cluster can log in to.
pub fn add_msk(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    aws: &Aws,
    network: &Handle<network::Network>,
    cluster: &Handle<EksCluster>,
) -> Result<MskHandles, InvalidGraph> {
    match &aws.existing.msk_cluster {
        Some(name) => add_existing(builder, cloud, aws, name, cluster),
        None => add_new(builder, cloud, aws, network, cluster),
    }
}

fn add_new(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    aws: &Aws,
    network: &Handle<network::Network>,
    cluster: &Handle<EksCluster>,
) -> Result<MskHandles, InvalidGraph> {
    let key = builder.add(Key::new(cloud.clone()))?;
    let login = builder.add(MskSecret::new(cloud.clone(), MSK_USER, key.clone()))?;
    let group = MskSecurityGroup::new(cloud.clone(), network.clone());
    let group = builder.add(group)?;
    let configuration = MskConfiguration::new(cloud.clone(), &aws.msk, network.clone());
    let configuration = builder.add(configuration)?;
    let brokers = builder.add(MskCluster::new(
        cloud.clone(),
        (aws.msk.clone(), zones(&aws.network)),
        network.clone(),
        group.clone(),
        configuration,
        key,
    ))?;
    let ingress = MskIngress::new(cloud.clone(), group, cluster.clone());
    let ingress = builder.add(ingress)?;
    let association = ScramAssociation::new(cloud.clone(), brokers.clone(), login.clone());
    let association = builder.add(association)?;
    Ok(MskHandles {
        brokers,
        login,
        login_works: vec![ingress.need(), association.need()],
    })
}

fn add_existing(
    builder: &mut GraphBuilder,
    cloud: &Cloud,
    aws: &Aws,
    name: &MskClusterName,
    cluster: &Handle<EksCluster>,
) -> Result<MskHandles, InvalidGraph> {
    let brokers = ExistingMskCluster::new(cloud.clone(), name.clone());
    let brokers = builder.add(Used(brokers))?;
    let access = MskAccess::new(
        cloud.clone(),
        name.clone(),
        brokers.clone(),
        cluster.clone(),
    );
    let access = builder.add(Used(access))?;
    let (login, association) = if let Some(secret) = &aws.existing.secret {
        let login = ExistingSecret::new(cloud.clone(), secret.clone());
        let login = builder.add(Used(login))?;
        let association = ExistingAssociation::new(cloud.clone(), brokers.clone(), login.clone());
        (login, builder.add(Used(association))?)
    } else {
        let key = builder.add(Key::new(cloud.clone()))?;
        // Others log in there too: brokers know one password for each user.
        let login = builder.add(MskSecret::new(cloud.clone(), cloud.full_name(), key))?;
        let association = ScramAssociation::new(cloud.clone(), brokers.clone(), login.clone());
        (login, builder.add(association)?)
    };
    Ok(MskHandles {
        brokers,
        login,
        login_works: vec![access.need(), association.need()],
    })
}

/// Over how many zones brokers will be, as far as the file tells.
fn zones(network: &Network) -> u64 {
    match network {
        Network::New(_) => ZONES,
        Network::Existing(network) => ZONES.min(network.private_subnets.len() as u64),
    }
}
