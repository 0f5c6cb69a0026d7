//! Where packets go: public subnets to the internet gateway, private ones through the NAT gateway.

use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, Route, RouteState, RouteTable as Description};

use super::{
    changes::Changes,
    cloud::Cloud,
    ec2_marks::tag_value,
    failure::{Attempt, has_code},
    ids::{InternetGatewayId, NatGatewayId, RouteTableId},
    network::{Network, Subnet},
    settling::{Settling, said, until_seen},
};
use crate::engine::{
    Context, Handle, Inputs, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:AssociateRouteTable",
    "ec2:CreateRoute",
    "ec2:CreateRouteTable",
    "ec2:CreateTags",
    "ec2:DeleteRouteTable",
    "ec2:DescribeRouteTables",
    "ec2:DisassociateRouteTable",
    "ec2:ReplaceRoute",
    "ec2:ReplaceRouteTableAssociation",
];

const EVERYWHERE: &str = "0.0.0.0/0";
/// Tells our two tables apart.
const SIDE: &str = "kubectl-milvus/side";
const GONE: &[&str] = &["InvalidRouteTableID.NotFound"];
/// What was just made is not seen everywhere yet.
const NOT_YET: &[&str] = &[
    "InvalidGatewayID.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidNatGatewayID.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidVpcID.NotFound",
    "NatGatewayNotFound",
];

/// Both tables, with their routes and the subnets that follow them.
#[derive(Debug)]
pub struct RouteTables {
    cloud: Cloud,
    name: String,
    needs: (
        Handle<Network>,
        Handle<InternetGatewayId>,
        Handle<NatGatewayId>,
    ),
}

/// The two tables of a network of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    /// Of the private subnets.
    pub private: RouteTableId,
    /// Of the public ones.
    pub public: RouteTableId,
}

/// One of the tables as it shall be.
struct Wanted<'a> {
    side: &'static str,
    way: Way<'a>,
    subnets: &'a [Subnet],
}

/// Where everything that is not in the VPC goes.
#[derive(Clone, Copy)]
enum Way<'a> {
    Internet(&'a InternetGatewayId),
    Nat(&'a NatGatewayId),
}

impl Way<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Internet(gateway) => gateway.as_str(),
            Self::Nat(gateway) => gateway.as_str(),
        }
    }
}

impl<'a> Wanted<'a> {
    fn both((network, internet, nat): &'a Inputs<RouteTables>) -> [Self; 2] {
        [
            Self {
                side: "private",
                way: Way::Nat(nat),
                subnets: &network.private_subnets,
            },
            Self {
                side: "public",
                way: Way::Internet(internet),
                subnets: &network.public_subnets,
            },
        ]
    }

    fn compare(&self, tables: &[Description], changes: &mut Changes) {
        let side = self.side;
        let Some(table) = of_side(tables, side) else {
            changes.note(side, None, Some("a table"));
            return;
        };
        for second in seconds(tables, side) {
            changes.note(format!("{side}.second"), Some(id(second)), None);
        }
        changes.compare(&format!("{side}.default"), target(table), self.way.id());
        for subnet in self.subnets {
            if !follows(table, subnet) {
                changes.note(format!("{side}.subnets"), None, Some(subnet.id.as_str()));
            }
        }
    }
}

impl RouteTables {
    /// The tables of that network.
    pub fn new(
        cloud: Cloud,
        network: Handle<Network>,
        internet_gateway: Handle<InternetGatewayId>,
        nat_gateway: Handle<NatGatewayId>,
    ) -> Self {
        Self {
            name: cloud.full_name(),
            cloud,
            needs: (network, internet_gateway, nat_gateway),
        }
    }

    /// Every table with our mark. Of two for one side, which two runs at once may make, the first one counts: one that
    /// subnets follow, then the smallest id.
    async fn list(&self) -> Result<Vec<Description>, ResourceError> {
        let call = self.cloud.ec2.describe_route_tables();
        let tables = call.filters(self.cloud.ec2_ours()).send().await;
        let tables =
            tables.attempting(|| format!("cannot look for the route tables of {}", self.name))?;
        let mut tables = tables.route_tables.unwrap_or_default();
        tables.retain(|table| self.cloud.ec2_is_ours(table.tags()));
        tables.sort_by_key(|table| (is_idle(table), id(table).to_owned()));
        Ok(tables)
    }

    async fn create(
        &self,
        network: &Network,
        side: &str,
        context: &Context,
    ) -> Result<Description, ResourceError> {
        let name = format!("{}-{side}", self.name);
        let tags = self
            .cloud
            .ec2_marked(ResourceType::RouteTable, &name, &[(SIDE, side)]);
        let call = self.cloud.ec2.create_route_table();
        let call = call.client_token(format!("{side}-{}", context.token()));
        let call = call.vpc_id(network.vpc.as_str()).tag_specifications(tags);
        let made = call.send().await;
        let made = made.settling(NOT_YET, || format!("cannot create the route table {name}"))?;
        let made = said(made.route_table, "a route table")?;
        let all = until_seen(context, id(&made), || async {
            let all = self.list().await?;
            Ok(all
                .iter()
                .any(|table| id(table) == id(&made))
                .then_some(all))
        });
        let all = all.await?;
        let winner = of_side(&all, side).filter(|winner| id(winner) != id(&made));
        let Some(winner) = winner.cloned() else {
            return Ok(made);
        };
        self.remove(&made).await?;
        Ok(winner)
    }

    async fn route(&self, table: &Description, way: Way<'_>) -> Result<(), ResourceError> {
        let ec2 = &self.cloud.ec2;
        let what = || format!("cannot route {} to {}", id(table), way.id());
        if default_route(table).is_none() {
            let call = ec2.create_route().route_table_id(id(table));
            let call = call.destination_cidr_block(EVERYWHERE);
            let call = match way {
                Way::Internet(gateway) => call.gateway_id(gateway.as_str()),
                Way::Nat(gateway) => call.nat_gateway_id(gateway.as_str()),
            };
            match call.send().await {
                Err(error) if has_code(&error, &["RouteAlreadyExists"]) => {}
                other => return other.settling(NOT_YET, what).map(drop),
            }
        }
        let call = ec2.replace_route().route_table_id(id(table));
        let call = call.destination_cidr_block(EVERYWHERE);
        let call = match way {
            Way::Internet(gateway) => call.gateway_id(gateway.as_str()),
            Way::Nat(gateway) => call.nat_gateway_id(gateway.as_str()),
        };
        call.send().await.settling(NOT_YET, what).map(drop)
    }

    async fn associate(&self, table: &Description, subnet: &Subnet) -> Result<(), ResourceError> {
        let call = self.cloud.ec2.associate_route_table();
        let call = call.route_table_id(id(table));
        match call.subnet_id(subnet.id.as_str()).send().await {
            // A subnet follows one table: another run, or an earlier attempt, was faster, or somebody changed it.
            Err(error) if has_code(&error, &["Resource.AlreadyAssociated"]) => {
                self.move_to(table, subnet).await
            }
            other => other
                .settling(NOT_YET, || {
                    format!("cannot let {} follow {}", subnet.id, id(table))
                })
                .map(drop),
        }
    }

    /// Lets a subnet of ours follow that table instead of another one.
    async fn move_to(&self, table: &Description, subnet: &Subnet) -> Result<(), ResourceError> {
        let what = || format!("cannot let {} follow {}", subnet.id, id(table));
        let by = super::ec2_marks::filter("association.subnet-id", subnet.id.as_str());
        let tables = self.cloud.ec2.describe_route_tables().filters(by);
        let tables = tables.send().await.attempting(what)?;
        let tables = tables.route_tables.unwrap_or_default();
        let mut associations = tables
            .iter()
            .flat_map(Description::associations)
            .filter(|association| association.subnet_id() == Some(subnet.id.as_str()));
        let Some(association) = associations.find_map(|a| a.route_table_association_id()) else {
            return Err(ResourceError::transient(what()));
        };
        let call = self.cloud.ec2.replace_route_table_association();
        let call = call.association_id(association).route_table_id(id(table));
        call.send().await.settling(NOT_YET, what).map(drop)
    }

    async fn remove(&self, table: &Description) -> Result<(), ResourceError> {
        for association in table.associations() {
            let Some(association) = association.route_table_association_id() else {
                continue;
            };
            let call = self.cloud.ec2.disassociate_route_table();
            let gone = call.association_id(association).send().await;
            gone.unless_absent(&["InvalidAssociationID.NotFound"])
                .attempting(|| format!("cannot take subnets from {}", id(table)))?;
        }
        let call = self.cloud.ec2.delete_route_table();
        let deleted = call.route_table_id(id(table)).send().await;
        deleted
            .unless_absent(GONE)
            .settling(&["DependencyViolation"], || {
                format!("cannot delete the route table {}, it is in use", id(table))
            })
            .map(drop)
    }
}

fn id(table: &Description) -> &str {
    table.route_table_id().unwrap_or_default()
}

fn of_side<'a>(tables: &'a [Description], side: &str) -> Option<&'a Description> {
    tables
        .iter()
        .find(|table| tag_value(table.tags(), SIDE) == Some(side))
}

/// Tables of that side that do not count and that no subnet follows.
fn seconds<'a>(tables: &'a [Description], side: &'a str) -> impl Iterator<Item = &'a Description> {
    let of_side = move |table: &&Description| tag_value(table.tags(), SIDE) == Some(side);
    tables
        .iter()
        .filter(of_side)
        .skip(1)
        .filter(|table| is_idle(table))
}

/// Whether no subnet follows it.
fn is_idle(table: &Description) -> bool {
    table.associations().is_empty()
}

fn default_route(table: &Description) -> Option<&Route> {
    let mut routes = table.routes().iter();
    routes.find(|route| route.destination_cidr_block() == Some(EVERYWHERE))
}

/// Where the default route leads, unless what it leads to is gone.
fn target(table: &Description) -> Option<&str> {
    let route = default_route(table)?;
    if route.state() == Some(&RouteState::Blackhole) {
        return None;
    }
    route.nat_gateway_id().or_else(|| route.gateway_id())
}

fn follows(table: &Description, subnet: &Subnet) -> bool {
    let mut associations = table.associations().iter();
    associations.any(|association| association.subnet_id() == Some(subnet.id.as_str()))
}

fn routes(tables: &[Description]) -> Option<Routes> {
    let table = |side| Some(RouteTableId::new(id(of_side(tables, side)?)));
    Some(Routes {
        private: table("private")?,
        public: table("public")?,
    })
}

impl Resource for RouteTables {
    type Needs = (
        Handle<Network>,
        Handle<InternetGatewayId>,
        Handle<NatGatewayId>,
    );
    type Output = Routes;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("route-tables/{}", self.name))
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<Routes>, ResourceError> {
        let tables = self.list().await?;
        if tables.is_empty() {
            return Ok(Observed::Absent);
        }
        let Some(inputs) = inputs else {
            let output = routes(&tables);
            return Ok(Observed::Current { output });
        };
        let mut changes = Changes::default();
        for wanted in Wanted::both(inputs) {
            wanted.compare(&tables, &mut changes);
        }
        Ok(changes.observed(routes(&tables)))
    }

    async fn apply(
        &self,
        inputs: &Inputs<Self>,
        _: &Step,
        context: &Context,
    ) -> Result<Readiness<Routes>, ResourceError> {
        let tables = self.list().await?;
        for wanted in Wanted::both(inputs) {
            let table = match of_side(&tables, wanted.side) {
                Some(table) => table.clone(),
                None => self.create(&inputs.0, wanted.side, context).await?,
            };
            for second in seconds(&tables, wanted.side) {
                self.remove(second).await?;
            }
            if target(&table) != Some(wanted.way.id()) {
                self.route(&table, wanted.way).await?;
            }
            for subnet in wanted.subnets {
                if !follows(&table, subnet) {
                    self.associate(&table, subnet).await?;
                }
            }
        }
        self.readiness(inputs, context).await
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<Routes>, ResourceError> {
        let routes = routes(&self.list().await?);
        let gone = || ResourceError::transient("a route table was taken away meanwhile");
        routes.map(Readiness::Ready).ok_or_else(gone)
    }

    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        for table in self.list().await? {
            self.remove(&table).await?;
        }
        Ok(())
    }
}
