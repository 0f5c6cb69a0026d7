//! What exists and is only used: how the engine sees it.

use std::time::Duration;

use super::{
    Context, Needs, Observed, Readiness, Resource, ResourceError, ResourceId, Retention, Step,
};

/// Something that exists, or must be so, and is only looked at: a resource by way of [`Used`]. Nothing here has a way to
/// write.
pub trait Existing: Send + Sync + 'static {
    /// Handles of what the look at it needs.
    type Needs: Needs;
    /// What others use of it.
    type Output: Clone + Send + Sync + 'static;

    /// Its name within the graph.
    fn id(&self) -> ResourceId;

    /// What the look at it needs.
    fn needs(&self) -> &Self::Needs;

    /// Whether an installation can use it. An error says what the user is to do; a foreign one refuses it.
    fn check(
        &self,
        inputs: &<Self::Needs as Needs>::Values,
        context: &Context,
    ) -> impl Future<Output = Result<Readiness<Self::Output>, ResourceError>> + Send;

    /// What an uninstall uses of it, fit for use or not; none when it is gone.
    fn left(
        &self,
        inputs: &<Self::Needs as Needs>::Values,
    ) -> impl Future<Output = Result<Option<Self::Output>, ResourceError>> + Send;
}

/// Something [`Existing`] as a [`Resource`]: checked before anything is written, never made, never deleted.
#[derive(Debug)]
pub struct Used<E>(pub E);

impl<E: Existing> Resource for Used<E> {
    type Needs = E::Needs;
    type Output = E::Output;

    fn id(&self) -> ResourceId {
        self.0.id()
    }

    fn needs(&self) -> &Self::Needs {
        self.0.needs()
    }

    fn usual_duration(&self) -> Duration {
        Duration::ZERO
    }

    fn retention(&self) -> Retention {
        Retention::External
    }

    async fn observe(
        &self,
        inputs: Option<&<E::Needs as Needs>::Values>,
        context: &Context,
    ) -> Result<Observed<E::Output>, ResourceError> {
        let Some(inputs) = inputs else {
            return Ok(Observed::Unknown);
        };
        if context.is_removal() {
            let left = self.0.left(inputs).await?;
            return Ok(left.map_or(Observed::Absent, |output| Observed::Current {
                output: Some(output),
            }));
        }
        let checked = match self.0.check(inputs, context).await {
            Err(error) => match error.as_foreign() {
                Some(owner) => return Ok(Observed::Foreign { owner }),
                None => return Err(error),
            },
            Ok(checked) => checked,
        };
        let output = match checked {
            Readiness::Ready(output) => Some(output),
            Readiness::Waiting { reason } => {
                context.progress(reason);
                None
            }
            Readiness::Failed { reason } => return Err(ResourceError::fatal(reason)),
        };
        Ok(Observed::Current { output })
    }

    async fn apply(
        &self,
        inputs: &<E::Needs as Needs>::Values,
        _: &Step,
        context: &Context,
    ) -> Result<Readiness<E::Output>, ResourceError> {
        self.0.check(inputs, context).await
    }

    async fn readiness(
        &self,
        inputs: &<E::Needs as Needs>::Values,
        context: &Context,
    ) -> Result<Readiness<E::Output>, ResourceError> {
        self.0.check(inputs, context).await
    }

    async fn delete(
        &self,
        _: Option<&<E::Needs as Needs>::Values>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        Ok(())
    }

    async fn wait_gone(
        &self,
        _: Option<&<E::Needs as Needs>::Values>,
        _: &Context,
    ) -> Result<(), ResourceError> {
        Ok(())
    }
}
