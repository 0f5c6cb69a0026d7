//! The way to S3 that costs nothing: a gateway endpoint in both route tables.

use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, State, VpcEndpoint as Description, VpcEndpointType};

use super::{
    changes::Changes,
    cloud::Cloud,
    ec2_marks::filter,
    failure::{Attempt, failure},
    network::Network,
    route_tables::Routes,
    settling::{Settling, said, token_of, until_seen},
};
use crate::engine::{
    Context, Handle, Inputs, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "ec2:CreateTags",
    "ec2:CreateVpcEndpoint",
    "ec2:DeleteVpcEndpoints",
    "ec2:DescribeVpcEndpoints",
    "ec2:ModifyVpcEndpoint",
];

/// The gateway endpoint.
#[derive(Debug)]
pub struct S3Endpoint {
    cloud: Cloud,
    name: String,
    needs: (Handle<Network>, Handle<Routes>),
}

impl S3Endpoint {
    /// The endpoint in those route tables.
    pub fn new(cloud: Cloud, network: Handle<Network>, routes: Handle<Routes>) -> Self {
        Self {
            name: format!("{}-s3", cloud.full_name()),
            cloud,
            needs: (network, routes),
        }
    }

    /// Every endpoint with our mark that is not gone, by id.
    async fn list(&self) -> Result<Vec<Description>, ResourceError> {
        let call = self.cloud.ec2.describe_vpc_endpoints();
        let call = call.filters(self.cloud.ec2_ours());
        let endpoints = call
            .filters(filter("vpc-endpoint-type", "Gateway"))
            .send()
            .await;
        let endpoints =
            endpoints.attempting(|| format!("cannot look for the endpoint {}", self.name))?;
        let mut endpoints = endpoints.vpc_endpoints.unwrap_or_default();
        endpoints.retain(|endpoint| {
            self.cloud.ec2_is_ours(endpoint.tags()) && !is(endpoint, &[State::Deleted])
        });
        endpoints.sort_by(|a, b| id(a).cmp(id(b)));
        Ok(endpoints)
    }

    async fn create(
        &self,
        (network, routes): &Inputs<Self>,
        context: &Context,
    ) -> Result<(), ResourceError> {
        let service = format!("com.amazonaws.{}.s3", self.cloud.account.region);
        let tags = self
            .cloud
            .ec2_marked(ResourceType::VpcEndpoint, &self.name, &[]);
        let call = self.cloud.ec2.create_vpc_endpoint();
        let call = call
            .vpc_id(network.vpc.as_str())
            .vpc_endpoint_type(VpcEndpointType::Gateway)
            .service_name(service)
            .client_token(token_of(&format!("{} {}", network.vpc, context.token())))
            .set_route_table_ids(Some(tables(routes).map(str::to_owned).to_vec()))
            .tag_specifications(tags);
        // A table has one route to S3: another run, or an earlier attempt, was faster.
        let passing = [
            "InvalidRouteTableID.NotFound",
            "InvalidRouteTableId.NotFound",
            "InvalidVpcID.NotFound",
            "InvalidVpcId.NotFound",
            "RouteAlreadyExists",
        ];
        let made = call.send().await.settling(&passing, || {
            format!("cannot create the endpoint {}", self.name)
        })?;
        let made = said(made.vpc_endpoint, "an endpoint")?;
        until_seen(context, id(&made), || async {
            let all = self.list().await?;
            let seen = all.iter().any(|endpoint| id(endpoint) == id(&made));
            Ok(seen.then_some(()))
        })
        .await
    }
}

fn id(endpoint: &Description) -> &str {
    endpoint.vpc_endpoint_id().unwrap_or_default()
}

fn tables(routes: &Routes) -> [&str; 2] {
    [routes.private.as_str(), routes.public.as_str()]
}

/// The tables that do not lead to the endpoint yet.
fn missing<'a>(endpoint: &Description, routes: &'a Routes) -> Vec<&'a str> {
    let has = |table: &&str| endpoint.route_table_ids().iter().any(|id| id == table);
    tables(routes)
        .into_iter()
        .filter(|table| !has(table))
        .collect()
}

/// EC2 writes the states in small letters, its model in large ones.
fn is(endpoint: &Description, states: &[State]) -> bool {
    let like = |found: &State| {
        let same = |state: &State| state.as_str().eq_ignore_ascii_case(found.as_str());
        states.iter().any(same)
    };
    endpoint.state().is_some_and(like)
}

impl Resource for S3Endpoint {
    type Needs = (Handle<Network>, Handle<Routes>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("vpc-endpoint/{}", self.name))
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
    ) -> Result<Observed<()>, ResourceError> {
        let all = self.list().await?;
        let going = |endpoint: &Description| is(endpoint, &[State::Deleting]);
        let Some(endpoint) = all.iter().find(|endpoint| !going(endpoint)) else {
            return Ok(match all.first() {
                Some(endpoint) => Observed::Leaving {
                    reason: format!("{} is being deleted", id(endpoint)),
                },
                None => Observed::Absent,
            });
        };
        let mut changes = Changes::default();
        if let Some((_, routes)) = inputs {
            for table in missing(endpoint, routes) {
                changes.note("routeTables", None, Some(table));
            }
        }
        Ok(changes.observed(is(endpoint, &[State::Available]).then_some(())))
    }

    async fn apply(
        &self,
        inputs: &Inputs<Self>,
        step: &Step,
        context: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        if *step == Step::Create {
            self.create(inputs, context).await?;
            return self.readiness(inputs, context).await;
        }
        let all = self.list().await?;
        if let Some(endpoint) = all.first() {
            let missing = missing(endpoint, &inputs.1);
            let missing = missing.into_iter().map(str::to_owned).collect();
            let call = self.cloud.ec2.modify_vpc_endpoint();
            let call = call.vpc_endpoint_id(id(endpoint));
            let modified = call.set_add_route_table_ids(Some(missing)).send().await;
            modified.attempting(|| format!("cannot add route tables to {}", id(endpoint)))?;
        }
        self.readiness(inputs, context).await
    }

    async fn readiness(
        &self,
        _: &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        let all = self.list().await?;
        Ok(if all.iter().any(|e| is(e, &[State::Available])) {
            Readiness::Ready(())
        } else {
            Readiness::Waiting {
                reason: "the endpoint is pending".to_owned(),
            }
        })
    }

    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        for endpoint in self.list().await? {
            let what = format!("cannot delete the endpoint {}", id(&endpoint));
            let call = self.cloud.ec2.delete_vpc_endpoints();
            let deleted = call.vpc_endpoint_ids(id(&endpoint)).send().await;
            let deleted = deleted
                .unless_absent(&["InvalidVpcEndpointId.NotFound"])
                .map_err(|error| failure(&error, &what))?;
            // The call is answered well even where it did nothing.
            let refused = deleted.and_then(|answer| answer.unsuccessful);
            let refused = refused.unwrap_or_default();
            let refused = refused.iter().filter_map(|item| item.error());
            for error in refused {
                if error.code() != Some("InvalidVpcEndpointId.NotFound") {
                    let said = error.message().unwrap_or("it was refused");
                    return Err(ResourceError::transient(format!("{what}: {said}")));
                }
            }
        }
        Ok(())
    }
}
