//! The load balancer that the controller makes for the service: it is waited for, never written.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancer as Found, LoadBalancerStateEnum, TargetHealthStateEnum,
};

use super::{cloud::Cloud, failure::Attempt, names::fitted, prices};
use crate::engine::{
    After, Context, Cost, Need, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};

/// What the calls of this file need.
pub(super) const ACTIONS: &[&str] = &[
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
];

/// The longest name of a load balancer (source: Elastic Load Balancing API, CreateLoadBalancer).
const LONGEST_NAME: usize = 32;
/// From the service to targets that are healthy.
const USUAL: Duration = Duration::from_mins(3);

/// A network load balancer whose targets answer.
#[derive(Debug)]
pub struct LoadBalancer {
    cloud: Cloud,
    name: String,
    after: After,
}

impl LoadBalancer {
    /// The load balancer of the service that is among `after`.
    pub fn new(cloud: Cloud, after: Vec<Need>) -> Self {
        let name = Self::name_in(&cloud);
        Self {
            cloud,
            name,
            after: After(after),
        }
    }

    /// The name that the service asks for.
    pub fn name_in(cloud: &Cloud) -> String {
        fitted(&cloud.full_name(), LONGEST_NAME)
    }

    async fn find(&self) -> Result<Option<Found>, ResourceError> {
        let found = self
            .cloud
            .elb
            .describe_load_balancers()
            .names(&self.name)
            .send()
            .await;
        let found = found.unless_absent(&["LoadBalancerNotFound"]);
        let found =
            found.attempting(|| format!("cannot look at the load balancer {}", self.name))?;
        Ok(found.and_then(|found| found.load_balancers.unwrap_or_default().into_iter().next()))
    }

    async fn state(&self) -> Result<Readiness<String>, ResourceError> {
        let waiting = |reason: String| Ok(Readiness::Waiting { reason });
        let Some(found) = self.find().await? else {
            return waiting("the controller has not made the load balancer yet".to_owned());
        };
        let state = found.state().and_then(|state| state.code());
        if state == Some(&LoadBalancerStateEnum::Failed) {
            let why = found
                .state()
                .and_then(|state| state.reason())
                .unwrap_or("AWS does not say why");
            return Ok(Readiness::Failed {
                reason: format!("the load balancer {} failed: {why}", self.name),
            });
        }
        if state != Some(&LoadBalancerStateEnum::Active) {
            return waiting("the load balancer is provisioning".to_owned());
        }
        let (healthy, all) = self
            .healthy_targets(found.load_balancer_arn().unwrap_or_default())
            .await?;
        if all == 0 || healthy < all {
            return waiting(format!(
                "{healthy} of {all} targets of the load balancer are healthy"
            ));
        }
        Ok(Readiness::Ready(found.dns_name.unwrap_or_default()))
    }

    async fn healthy_targets(&self, arn: &str) -> Result<(usize, usize), ResourceError> {
        let groups = self
            .cloud
            .elb
            .describe_target_groups()
            .load_balancer_arn(arn)
            .send()
            .await;
        let groups =
            groups.attempting(|| format!("cannot read the target groups of {}", self.name))?;
        let (mut healthy, mut all) = (0, 0);
        for group in groups.target_groups() {
            let health = self
                .cloud
                .elb
                .describe_target_health()
                .set_target_group_arn(group.target_group_arn.clone());
            let health = health
                .send()
                .await
                .attempting(|| format!("cannot read the targets of {}", self.name))?;
            for target in health.target_health_descriptions() {
                all += 1;
                let state = target.target_health().and_then(|health| health.state());
                healthy += usize::from(state == Some(&TargetHealthStateEnum::Healthy));
            }
        }
        Ok((healthy, all))
    }
}

impl Resource for LoadBalancer {
    type Needs = After;
    /// Its host name.
    type Output = String;

    fn id(&self) -> ResourceId {
        ResourceId::new(format!("load-balancer/{}", self.name))
    }

    fn needs(&self) -> &After {
        &self.after
    }

    fn monthly_cost(&self) -> Cost {
        prices::network_load_balancer(self.cloud.account.region.as_str())
    }

    fn usual_duration(&self) -> Duration {
        USUAL
    }

    async fn observe(
        &self,
        _: Option<&()>,
        _: &Context,
    ) -> Result<Observed<String>, ResourceError> {
        Ok(match self.state().await? {
            Readiness::Ready(name) => Observed::Current { output: Some(name) },
            Readiness::Waiting { .. } | Readiness::Failed { .. } => match self.find().await? {
                Some(_) => Observed::Current { output: None },
                None => Observed::Absent,
            },
        })
    }

    async fn apply(
        &self,
        (): &(),
        _: &Step,
        _: &Context,
    ) -> Result<Readiness<String>, ResourceError> {
        self.state().await
    }

    async fn readiness(&self, (): &(), _: &Context) -> Result<Readiness<String>, ResourceError> {
        self.state().await
    }

    /// The controller deletes it with its service, which goes after this.
    async fn delete(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }

    async fn wait_gone(&self, _: Option<&()>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}
