//! A resource without its types, so that a graph can hold many kinds.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;

use super::{
    context::Context,
    cost::Cost,
    error::ResourceError,
    needs::{AnyOutput, Needs, Outputs},
    resource::{Observed, Readiness, Resource, Retention, Step},
};

/// What the engine calls; implemented by every [`Resource`].
pub(super) trait Node: Send + Sync {
    fn usual_duration(&self) -> Duration;
    fn monthly_cost(&self) -> Cost;
    fn patience(&self) -> Duration;
    fn retention(&self) -> Retention;
    fn observe<'a>(
        &'a self,
        outputs: &'a Outputs,
        context: &'a Context,
    ) -> Call<'a, Observed<AnyOutput>>;
    fn apply<'a>(
        &'a self,
        outputs: &'a Outputs,
        step: &'a Step,
        context: &'a Context,
    ) -> Call<'a, Readiness<AnyOutput>>;
    fn wait_ready<'a>(&'a self, outputs: &'a Outputs, context: &'a Context) -> Call<'a, AnyOutput>;
    fn delete<'a>(&'a self, outputs: &'a Outputs, context: &'a Context) -> Call<'a, ()>;
    fn wait_gone<'a>(&'a self, outputs: &'a Outputs, context: &'a Context) -> Call<'a, ()>;
    fn knows_inputs(&self, outputs: &Outputs) -> bool;
}

/// A call of a resource.
pub(super) type Call<'a, T> = BoxFuture<'a, Result<T, ResourceError>>;

fn erase<Output: Send + Sync + 'static>(output: Output) -> AnyOutput {
    Arc::new(output)
}

fn inputs_of<R: Resource>(
    resource: &R,
    outputs: &Outputs,
) -> Result<<R::Needs as Needs>::Values, ResourceError> {
    let missing = || ResourceError::fatal("started before its inputs were known");
    resource.needs().values(outputs).ok_or_else(missing)
}

impl<R: Resource> Node for R {
    fn usual_duration(&self) -> Duration {
        Resource::usual_duration(self)
    }

    fn monthly_cost(&self) -> Cost {
        Resource::monthly_cost(self)
    }

    fn patience(&self) -> Duration {
        Resource::patience(self)
    }

    fn retention(&self) -> Retention {
        Resource::retention(self)
    }

    fn observe<'a>(
        &'a self,
        outputs: &'a Outputs,
        context: &'a Context,
    ) -> Call<'a, Observed<AnyOutput>> {
        Box::pin(async move {
            let inputs = self.needs().values(outputs);
            let seen = Resource::observe(self, inputs.as_ref(), context).await?;
            Ok(seen.map(erase))
        })
    }

    fn apply<'a>(
        &'a self,
        outputs: &'a Outputs,
        step: &'a Step,
        context: &'a Context,
    ) -> Call<'a, Readiness<AnyOutput>> {
        Box::pin(async move {
            let inputs = inputs_of(self, outputs)?;
            let readiness = Resource::apply(self, &inputs, step, context).await?;
            Ok(readiness.map(erase))
        })
    }

    fn wait_ready<'a>(&'a self, outputs: &'a Outputs, context: &'a Context) -> Call<'a, AnyOutput> {
        Box::pin(async move {
            let inputs = inputs_of(self, outputs)?;
            let output = Resource::wait_ready(self, &inputs, context).await?;
            Ok(erase(output))
        })
    }

    fn delete<'a>(&'a self, outputs: &'a Outputs, context: &'a Context) -> Call<'a, ()> {
        Box::pin(async move {
            let inputs = self.needs().values(outputs);
            Resource::delete(self, inputs.as_ref(), context).await
        })
    }

    fn wait_gone<'a>(&'a self, outputs: &'a Outputs, context: &'a Context) -> Call<'a, ()> {
        Box::pin(async move {
            let inputs = self.needs().values(outputs);
            Resource::wait_gone(self, inputs.as_ref(), context).await
        })
    }

    fn knows_inputs(&self, outputs: &Outputs) -> bool {
        self.needs().values(outputs).is_some()
    }
}
