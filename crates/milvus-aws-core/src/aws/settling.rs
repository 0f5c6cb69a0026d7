//! What passes once AWS has caught up with itself: what was made a moment ago is not seen everywhere at once, and what
//! was just deleted still counts as in use.

use std::{error::Error, time::Duration};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::failure::{failure, has_code};
use crate::engine::{Context, Inputs, Observed, Resource, ResourceError};

/// How long a thing that was just made is looked for before the failure counts.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_secs(1);
/// How often the end of something is looked for.
const UNTIL_GONE: Duration = Duration::from_secs(5);

/// A call's result where some refusals pass by themselves.
pub(super) trait Settling<T> {
    /// Names what was attempted; a failure with one of those codes is tried again.
    fn settling(self, codes: &[&str], what: impl FnOnce() -> String) -> Result<T, ResourceError>;
}

impl<T, E> Settling<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn settling(self, codes: &[&str], what: impl FnOnce() -> String) -> Result<T, ResourceError> {
        self.map_err(|error| {
            if has_code(&error, codes) {
                let said = error.message().unwrap_or_default().trim_end_matches('.');
                let code = error.code().unwrap_or_default();
                ResourceError::transient(format!("{}: {code}: {said}", what()))
            } else {
                failure(&error, &what())
            }
        })
    }
}

/// The part of an answer that says what was made.
pub(super) fn said<T>(part: Option<T>, what: &str) -> Result<T, ResourceError> {
    let silent = || ResourceError::transient(format!("AWS made {what} and did not say which"));
    part.ok_or_else(silent)
}

/// Looks until what was just made is seen. A later look that misses it would make a second one.
pub(super) async fn until_seen<T, Look>(
    context: &Context,
    what: &str,
    look: impl Fn() -> Look,
) -> Result<T, ResourceError>
where
    Look: Future<Output = Result<Option<T>, ResourceError>>,
{
    for _ in 0..LOOKS {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        context.progress(format!("{what} was made, EC2 does not show it yet"));
        context.sleep(PAUSE).await;
    }
    Err(ResourceError::transient(format!(
        "{what} was made, but EC2 does not show it"
    )))
}

/// Waits until it is gone. Where something is left that does not go by itself, the deletion is begun anew.
pub(super) async fn until_gone_or_again<R: Resource>(
    resource: &R,
    inputs: Option<&Inputs<R>>,
    context: &Context,
) -> Result<(), ResourceError> {
    loop {
        match context.call(resource.observe(inputs, context)).await? {
            Observed::Absent | Observed::Unknown | Observed::Foreign { .. } => return Ok(()),
            Observed::Leaving { reason } => context.progress(reason),
            Observed::Current { .. } | Observed::Differs { .. } => {
                return Err(ResourceError::transient("something of it is left"));
            }
        }
        context.sleep(UNTIL_GONE).await;
    }
}

/// A client token that is the same in every run that asks for the same.
pub(super) fn token_of(what: &str) -> String {
    let digest = Sha256::digest(what);
    BASE64_URL_SAFE_NO_PAD.encode(&digest[..16])
}
