//! Subnets that exist: they are checked, used, and never changed.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, Subnet as Description};

use super::{
    cloud::Cloud,
    ec2_marks::tag_value,
    failure::{Attempt, failure, has_code},
    ids::{SubnetId, VpcId},
    network::{Network, Subnet},
};
use crate::{
    engine::{Context, Existing, Readiness, ResourceError, ResourceId},
    installation::aws::ExistingNetwork as Settings,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &["ec2:DescribeSubnets", "eks:DescribeCluster"];

/// EKS takes no fewer.
const FEWEST_ZONES: usize = 2;

/// What one kind of subnet must have.
struct Demand {
    /// Free addresses before there is a cluster: nodes and pods take them from private ones, load balancers want eight
    /// (pains row 36).
    free: i32,
    /// The tag by which the load balancer controller finds them.
    role: &'static str,
}

const PRIVATE: Demand = Demand {
    free: 16,
    role: "kubernetes.io/role/internal-elb",
};
const PUBLIC: Demand = Demand {
    free: 8,
    role: "kubernetes.io/role/elb",
};

/// The network that the file names.
#[derive(Debug)]
pub struct ExistingNetwork {
    cloud: Cloud,
    settings: Settings,
}

impl ExistingNetwork {
    /// Those subnets.
    pub fn new(cloud: Cloud, settings: Settings) -> Self {
        Self { cloud, settings }
    }

    async fn list(&self) -> Result<Vec<Description>, ResourceError> {
        let ids = self.settings.private_subnets.iter();
        let ids: BTreeSet<String> = ids
            .chain(&self.settings.public_subnets)
            .map(ToString::to_string)
            .collect();
        let call = self.cloud.ec2.describe_subnets();
        let call = call.set_subnet_ids(Some(ids.into_iter().collect()));
        match call.send().await {
            Ok(subnets) => Ok(subnets.subnets.unwrap_or_default()),
            Err(error) if has_code(&error, &["InvalidSubnetID.NotFound"]) => {
                let said = aws_smithy_types::error::metadata::ProvideErrorMetadata::message(&error);
                Err(ResourceError::fatal(format!(
                    "the file names subnets that the region {} of the account {} does not have: {}",
                    self.cloud.account.region,
                    self.cloud.account.id,
                    said.unwrap_or_default()
                )))
            }
            Err(error) => Err(failure(&error, "cannot look at the subnets of the file")),
        }
    }

    /// The subnets as a network: in one VPC, the private ones in two zones or more.
    fn network(&self, subnets: &[Description]) -> Result<Network, ResourceError> {
        let vpcs: BTreeSet<&str> = subnets.iter().filter_map(Description::vpc_id).collect();
        let mut vpcs = vpcs.into_iter();
        let (Some(vpc), None) = (vpcs.next(), vpcs.next()) else {
            return Err(ResourceError::fatal(
                "the subnets of the file are not in one VPC; name subnets of one VPC in `aws.network`",
            ));
        };
        let private = pick(&self.settings.private_subnets, subnets);
        let zones: BTreeSet<&str> = private.iter().map(|subnet| subnet.zone.as_str()).collect();
        if zones.len() < FEWEST_ZONES {
            return Err(ResourceError::fatal(format!(
                "the private subnets of the file are in {} zone, EKS and MSK need {FEWEST_ZONES} or more; name one of another zone too",
                zones.len()
            )));
        }
        Ok(Network {
            vpc: VpcId::new(vpc),
            private_subnets: private,
            public_subnets: pick(&self.settings.public_subnets, subnets),
        })
    }

    /// Every subnet of the file with what it must have.
    fn demands<'a>(
        &'a self,
        subnets: &'a [Description],
    ) -> impl Iterator<Item = (&'a Description, &'static Demand)> {
        let side = |ids: &'a [_], demand| {
            let of = move |id| subnet_of(id, subnets).map(|subnet| (subnet, demand));
            ids.iter().filter_map(of)
        };
        side(&self.settings.private_subnets, &PRIVATE)
            .chain(side(&self.settings.public_subnets, &PUBLIC))
    }

    fn tell_untagged(&self, subnets: &[Description], context: &Context) {
        let untagged: Vec<String> = self
            .demands(subnets)
            .filter(|(subnet, demand)| tag_value(subnet.tags(), demand.role).is_none())
            .map(|(subnet, demand)| format!("{} ({})", id(subnet), demand.role))
            .collect();
        if !untagged.is_empty() {
            context.progress(format!(
                "subnets without the load balancer controller's tag: {}; load balancers are told their subnets by name",
                untagged.join(", ")
            ));
        }
    }

    /// Subnets with too few free addresses. They count as long as there is no cluster: later its pods have them.
    async fn crowded(&self, subnets: &[Description]) -> Result<Vec<String>, ResourceError> {
        let mut crowded = Vec::new();
        for (subnet, demand) in self.demands(subnets) {
            let free = subnet.available_ip_address_count().unwrap_or_default();
            if free < demand.free {
                crowded.push(format!("{}: {free}", id(subnet)));
            }
        }
        if crowded.is_empty() || !self.cloud.has_eks_cluster().await? {
            return Ok(crowded);
        }
        Ok(Vec::new())
    }
}

fn id(subnet: &Description) -> &str {
    subnet.subnet_id().unwrap_or_default()
}

fn subnet_of<'a>(
    wanted: &crate::installation::aws::SubnetId,
    subnets: &'a [Description],
) -> Option<&'a Description> {
    subnets.iter().find(|subnet| id(subnet) == wanted.as_str())
}

fn pick(wanted: &[crate::installation::aws::SubnetId], subnets: &[Description]) -> Vec<Subnet> {
    let found = wanted.iter().filter_map(|id| subnet_of(id, subnets));
    let subnet = |subnet: &Description| Subnet {
        id: SubnetId::new(id(subnet)),
        zone: subnet.availability_zone().unwrap_or_default().to_owned(),
    };
    found.map(subnet).collect()
}

impl Existing for ExistingNetwork {
    type Needs = ();
    type Output = Network;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("existing-network/{}", self.cloud.full_name()))
    }

    fn needs(&self) -> &Self::Needs {
        &()
    }

    async fn check(&self, (): &(), context: &Context) -> Result<Readiness<Network>, ResourceError> {
        let subnets = self.list().await?;
        let network = self.network(&subnets)?;
        self.tell_untagged(&subnets, context);
        let crowded = self.crowded(&subnets).await?;
        if crowded.is_empty() {
            return Ok(Readiness::Ready(network));
        }
        Err(ResourceError::fatal(format!(
            "too few addresses are free ({}): private subnets need {} for nodes and pods, public ones {} for load balancers; name other subnets in `aws.network`",
            crowded.join(", "),
            PRIVATE.free,
            PUBLIC.free
        )))
    }

    /// By a filter, which minds none that is gone.
    async fn left(&self, (): &()) -> Result<Option<Network>, ResourceError> {
        let ids = self.settings.private_subnets.iter();
        let ids = ids.chain(&self.settings.public_subnets);
        let by = Filter::builder().name("subnet-id");
        let by = by.set_values(Some(ids.map(ToString::to_string).collect()));
        let call = self.cloud.ec2.describe_subnets().filters(by.build());
        let subnets = call.send().await;
        let subnets = subnets.attempting(|| "cannot look at the subnets of the file".to_owned())?;
        let subnets = subnets.subnets.unwrap_or_default();
        let vpc = subnets.iter().find_map(Description::vpc_id);
        Ok(vpc.map(|vpc| Network {
            vpc: VpcId::new(vpc),
            private_subnets: pick(&self.settings.private_subnets, &subnets),
            public_subnets: pick(&self.settings.public_subnets, &subnets),
        }))
    }
}
