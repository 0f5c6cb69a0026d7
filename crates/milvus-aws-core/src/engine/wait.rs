//! Waiting by polling.

use super::{
    backoff::poll_pause,
    context::Context,
    error::ResourceError,
    resource::{Inputs, Observed, Readiness, Resource},
};

/// Polls readiness until it is there.
pub(super) async fn until_ready<R: Resource>(
    resource: &R,
    inputs: &Inputs<R>,
    context: &Context,
) -> Result<R::Output, ResourceError> {
    let began = context.elapsed();
    loop {
        let readiness = context.call(resource.readiness(inputs, context)).await?;
        context.polled_well();
        match readiness {
            Readiness::Ready(output) => return Ok(output),
            Readiness::Waiting { reason } => context.progress(reason),
            Readiness::Failed { reason } => return Err(ResourceError::fatal(reason)),
        }
        let waited = context.elapsed().saturating_sub(began);
        context
            .sleep(poll_pause(waited, resource.usual_duration()))
            .await;
    }
}

/// Polls observations until it is gone: what [`Resource::wait_gone`] does where nothing else is said.
pub async fn until_gone<R: Resource>(
    resource: &R,
    inputs: Option<&Inputs<R>>,
    context: &Context,
) -> Result<(), ResourceError> {
    let began = context.elapsed();
    loop {
        let seen = context.call(resource.observe(inputs, context)).await?;
        context.polled_well();
        match seen {
            // What is foreign was made by somebody else since, under the same name: ours is gone.
            Observed::Absent | Observed::Unknown | Observed::Foreign { .. } => return Ok(()),
            Observed::Leaving { reason } => context.progress(reason),
            Observed::Current { .. } | Observed::Differs { .. } => {
                context.progress("still there");
            }
        }
        let waited = context.elapsed().saturating_sub(began);
        context
            .sleep(poll_pause(waited, resource.usual_duration()))
            .await;
    }
}
