//! The load balancer controller is ready when its webhook answers: until then no service can be made.

use std::time::Duration;

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Service, discovery::v1::EndpointSlice};
use kube::{
    Api, Client,
    api::{ListParams, PostParams},
};
use milvus_aws_core::engine::{
    After, Context, Inputs, Late, Observed, Readiness, Resource, ResourceError, ResourceId, Step,
};
use serde_json::json;

use super::failure::resource_error;
use crate::{
    Kind, NETWORK_LOAD_BALANCER_CLASS,
    load_balancer_controller::{CONTROLLER_NAME, CONTROLLER_NAMESPACE, WEBHOOK_SERVICE},
};

/// The service that is never made.
const TRIAL: &str = "kubectl-milvus-trial";

/// Nothing of its own: the proof that services with load balancers are accepted.
pub(super) struct WebhookAnswers {
    /// The controller's objects, and the cluster.
    pub(super) needs: (After, Late<Client>),
}

impl WebhookAnswers {
    /// Asked in the order in which it comes about.
    async fn asked(client: &Client) -> Result<Readiness<()>, ResourceError> {
        let deployments: Api<Deployment> = Api::namespaced(client.clone(), CONTROLLER_NAMESPACE);
        let deployment = deployments.get_opt(CONTROLLER_NAME).await;
        let deployment = deployment.map_err(|error| failed("read its deployment", error))?;
        if !deployment.as_ref().is_some_and(is_available) {
            return Ok(waiting("its deployment is not available yet"));
        }
        let slices: Api<EndpointSlice> = Api::namespaced(client.clone(), CONTROLLER_NAMESPACE);
        let of_service = format!("kubernetes.io/service-name={WEBHOOK_SERVICE}");
        let slices = slices
            .list(&ListParams::default().labels(&of_service))
            .await;
        let slices = slices.map_err(|error| failed("list its endpoints", error))?;
        if !slices.items.iter().any(has_ready_endpoint) {
            return Ok(waiting("its webhook has no ready endpoint yet"));
        }
        let dry_run = PostParams {
            dry_run: true,
            ..PostParams::default()
        };
        let services: Api<Service> = Api::namespaced(client.clone(), CONTROLLER_NAMESPACE);
        match services.create(&dry_run, &trial()).await {
            Ok(_) => Ok(Readiness::Ready(())),
            // What the API server says when a webhook does not answer.
            Err(kube::Error::Api(status)) if status.code >= 500 => Ok(Readiness::Waiting {
                reason: format!("its webhook does not answer yet: {}", status.message),
            }),
            Err(error) => Err(failed("try a service", error)),
        }
    }
}

fn is_available(deployment: &Deployment) -> bool {
    let status = deployment.status.as_ref();
    let mut conditions = status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions.any(|condition| condition.type_ == "Available" && condition.status == "True")
}

fn has_ready_endpoint(slice: &EndpointSlice) -> bool {
    let is_ready = |endpoint: &k8s_openapi::api::discovery::v1::Endpoint| {
        let conditions = endpoint.conditions.as_ref();
        // Nothing said counts as ready.
        conditions
            .and_then(|conditions| conditions.ready)
            .unwrap_or(true)
    };
    slice.endpoints.iter().any(is_ready)
}

fn trial() -> Service {
    let service = json!({
        "metadata": {"name": TRIAL},
        "spec": {
            "type": "LoadBalancer",
            "loadBalancerClass": NETWORK_LOAD_BALANCER_CLASS,
            "ports": [{"port": 1}],
        },
    });
    serde_json::from_value(service).unwrap_or_default()
}

fn failed(attempt: &str, error: kube::Error) -> ResourceError {
    resource_error(attempt.to_owned(), Kind::Service, error)
}

fn waiting(reason: &str) -> Readiness<()> {
    Readiness::Waiting {
        reason: reason.to_owned(),
    }
}

impl Resource for WebhookAnswers {
    type Needs = (After, Late<Client>);
    type Output = ();

    fn id(&self) -> ResourceId {
        ResourceId::new("load balancer controller")
    }

    fn needs(&self) -> &Self::Needs {
        &self.needs
    }

    fn usual_duration(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn observe(
        &self,
        inputs: Option<&Inputs<Self>>,
        _: &Context,
    ) -> Result<Observed<()>, ResourceError> {
        let client = inputs.map(|((), client)| client);
        let Some(client) = client.or(self.needs.1.known()) else {
            return Ok(Observed::Unknown);
        };
        Ok(match Self::asked(client).await? {
            Readiness::Ready(()) => Observed::Current { output: Some(()) },
            _ => Observed::Current { output: None },
        })
    }

    async fn apply(
        &self,
        inputs: &Inputs<Self>,
        _: &Step,
        context: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        self.readiness(inputs, context).await
    }

    async fn readiness(
        &self,
        ((), client): &Inputs<Self>,
        _: &Context,
    ) -> Result<Readiness<()>, ResourceError> {
        Self::asked(client).await
    }

    async fn delete(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }

    async fn wait_gone(&self, _: Option<&Inputs<Self>>, _: &Context) -> Result<(), ResourceError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_37_the_trial_is_a_service_with_a_load_balancer() {
        let spec = trial().spec.unwrap();
        assert_eq!(spec.type_.as_deref(), Some("LoadBalancer"));
        assert_eq!(
            spec.load_balancer_class.as_deref(),
            Some("service.k8s.aws/nlb")
        );
    }
}
