//! What it takes to make an object of Helm's ours, so that the API server accepts what is left.

use milvus_aws_core::engine::ResourceError;
use serde_json::Value;

use super::{
    api::{Objects, Trial, complaints},
    in_the_way::{set_by_others, suspects},
    taken_over::Owners,
};

/// Whose the fields of an object are to be, and what our write makes of it then.
///
/// What others have set stays. Only where the API server refuses it beside what we want, the part that is in the way is
/// taken as well, if such a part is found: a refusal ends when it goes.
pub(super) async fn takeover(
    objects: &Objects,
    name: &str,
    live: &Value,
    wanted: &Value,
) -> Result<(Owners, Value), ResourceError> {
    let mut owners = Owners::of(live);
    let mut merged = owners.merged(live, wanted);
    let mut trial = objects.try_replace(name, &merged).await?;
    loop {
        let refusal = match trial {
            Trial::Accepted(applied) => return Ok((owners, applied)),
            Trial::Invalid(refusal) => refusal,
        };
        let before = complaints(&refusal);
        let mut better = None;
        for suspect in suspects(before, &merged, wanted, &owners) {
            let mut without = owners.clone();
            without.take(&suspect);
            let left = without.merged(live, wanted);
            let trial = objects.try_replace(name, &left).await?;
            let ends_some = match &trial {
                Trial::Accepted(_) => true,
                Trial::Invalid(now) => complaints(now).len() < before.len(),
            };
            if ends_some {
                better = Some((without, left, trial));
                break;
            }
        }
        let Some(found) = better else {
            let others = set_by_others(before, &merged, wanted, &owners);
            let error = objects.failed("compare", name, kube::Error::Api(refusal));
            return Err(does_not_fit(&others, error));
        };
        (owners, merged, trial) = found;
    }
}

/// The same error, with what others have set near what is refused.
fn does_not_fit(others: &[String], error: ResourceError) -> ResourceError {
    if others.is_empty() {
        return error;
    }
    let others = others.join(", ");
    ResourceError::fatal(format!(
        "others have set {others}, which does not fit what is wanted; nothing was changed: undo that, for example with \
         `kubectl edit`, and run the same command again"
    ))
    .caused_by(error)
}
