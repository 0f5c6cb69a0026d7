//! The network of a cluster that exists: its subnets are used, and never changed.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, Route, RouteTable, RouteTableAssociation, Subnet as Description};

use super::{
    cloud::Cloud,
    ec2_marks::filter,
    eks_cluster::EksCluster,
    failure::Attempt,
    ids::SubnetId,
    network::{Network, Subnet},
};
use crate::engine::{Context, Existing, Handle, Readiness, ResourceError, ResourceId};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:DescribeRouteTables",
    "ec2:DescribeSubnets",
    "eks:DescribeCluster",
];

/// MSK takes no fewer.
const FEWEST_ZONES: usize = 2;

/// The subnets that the cluster was made in.
pub(super) struct ClusterNetwork {
    cloud: Cloud,
    cluster: Handle<EksCluster>,
}

impl ClusterNetwork {
    /// Those of that cluster.
    pub(super) fn new(cloud: Cloud, cluster: Handle<EksCluster>) -> Self {
        Self { cloud, cluster }
    }

    async fn subnets(&self, cluster: &EksCluster) -> Result<Vec<Description>, ResourceError> {
        let described = self.cloud.eks_cluster(&cluster.name).await?;
        let network = described.and_then(|cluster| cluster.resources_vpc_config);
        let ids = network.and_then(|network| network.subnet_ids);
        let ids: Vec<String> = ids.unwrap_or_default();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // By a filter: the cluster may still name a subnet that is gone.
        let named = Filter::builder().name("subnet-id").set_values(Some(ids));
        let call = self.cloud.ec2.describe_subnets().filters(named.build());
        let pages = call.into_paginator().items().send();
        let subnets: Result<Vec<Description>, _> = pages.collect().await;
        subnets.attempting(|| format!("cannot look at the subnets of {}", cluster.name))
    }

    async fn route_tables(&self, cluster: &EksCluster) -> Result<Vec<RouteTable>, ResourceError> {
        let call = self.cloud.ec2.describe_route_tables();
        let call = call.filters(filter("vpc-id", cluster.vpc.as_str()));
        let tables: Result<Vec<RouteTable>, _> =
            call.into_paginator().items().send().collect().await;
        tables.attempting(|| format!("cannot read the route tables of {}", cluster.vpc))
    }

    async fn network(&self, cluster: &EksCluster) -> Result<Network, ResourceError> {
        let subnets = self.subnets(cluster).await?;
        let tables = self.route_tables(cluster).await?;
        let (public, private): (Vec<Subnet>, Vec<Subnet>) = subnets
            .iter()
            .map(subnet)
            .partition(|subnet| is_public(subnet.id.as_str(), &tables));
        // A cluster in public subnets alone has its nodes there, and brokers can stand beside them.
        let private = if zones(&private) < FEWEST_ZONES {
            public.iter().chain(&private).cloned().collect()
        } else {
            private
        };
        Ok(Network {
            vpc: cluster.vpc.clone(),
            private_subnets: private,
            public_subnets: public,
        })
    }
}

fn subnet(subnet: &Description) -> Subnet {
    Subnet {
        id: SubnetId::new(subnet.subnet_id().unwrap_or_default()),
        zone: subnet.availability_zone().unwrap_or_default().to_owned(),
    }
}

fn zones(subnets: &[Subnet]) -> usize {
    let zones: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.zone.as_str()).collect();
    zones.len()
}

/// Whether packets of that subnet go to an internet gateway: by its own route table, else by the VPC's main one.
fn is_public(subnet: &str, tables: &[RouteTable]) -> bool {
    let with = |fits: &dyn Fn(&RouteTableAssociation) -> bool| {
        let mut tables = tables.iter();
        tables.find(|table| table.associations().iter().any(fits))
    };
    let own = with(&|association| association.subnet_id() == Some(subnet));
    let table = own.or_else(|| with(&|association| association.main() == Some(true)));
    table.is_some_and(|table| {
        let mut gateways = table.routes().iter().filter_map(Route::gateway_id);
        gateways.any(|gateway| gateway.starts_with("igw-"))
    })
}

impl Existing for ClusterNetwork {
    type Needs = Handle<EksCluster>;
    type Output = Network;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("cluster-network/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &self.cluster
    }

    async fn check(
        &self,
        cluster: &EksCluster,
        _: &Context,
    ) -> Result<Readiness<Network>, ResourceError> {
        let network = self.network(cluster).await?;
        let zones = zones(&network.private_subnets);
        if zones < FEWEST_ZONES {
            return Err(ResourceError::fatal(format!(
                "the subnets of the EKS cluster {} are in {zones} zone, brokers and load balancers need {FEWEST_ZONES} or more; give the cluster one of another zone too",
                cluster.name
            )));
        }
        Ok(Readiness::Ready(network))
    }

    async fn left(&self, cluster: &EksCluster) -> Result<Option<Network>, ResourceError> {
        self.network(cluster).await.map(Some)
    }
}
