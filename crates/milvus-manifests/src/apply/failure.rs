//! What the engine does about an answer of the API server.

use std::{io, time::Duration};

use kube::core::Status;
use milvus_aws_core::engine::ResourceError;

use crate::Kind;

/// Sorts a failed request: what may pass is tried again.
pub(super) fn resource_error(attempt: String, kind: Kind, error: kube::Error) -> ResourceError {
    match error {
        kube::Error::Api(status) => refused(attempt, kind, &status),
        error if may_pass(&error) => ResourceError::transient(attempt).caused_by(error),
        error => ResourceError::fatal(attempt).caused_by(error),
    }
}

fn refused(attempt: String, kind: Kind, status: &Status) -> ResourceError {
    // A complaint about a Secret may quote what is in it.
    let cause = match kind {
        Kind::Secret if !matches!(status.code, 403 | 404 | 409) => status.reason.clone(),
        // A namespace that is not there is told as such.
        Kind::ServiceMonitor if status.code == 404 && !status.message.contains("namespaces") => {
            NO_MONITORS.to_owned()
        }
        _ => status.message.clone(),
    };
    let ending = status.message.contains("is being terminated");
    let error = match status.code {
        429 => {
            let seconds = status.details.as_ref().map_or(0, |d| d.retry_after_seconds);
            let after = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
            ResourceError::throttled(attempt, after)
        }
        // Conflicts pass when one looks again, and so does a namespace that is going away.
        409 | 500.. => ResourceError::transient(attempt),
        403 if ending => ResourceError::transient(attempt),
        _ => ResourceError::fatal(attempt),
    };
    error.caused_by(Refusal(cause))
}

/// What to do where the API server does not know the kind.
const NO_MONITORS: &str = "the cluster knows no such kind, install the Prometheus operator, or leave `metrics.serviceMonitor` out";

/// What the API server said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(String);

/// Whether the connection failed in a way that the next try may not: anything but a certificate that is not trusted.
fn may_pass(error: &kube::Error) -> bool {
    if !matches!(error, kube::Error::Service(_) | kube::Error::HyperError(_)) {
        return false;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>()
            && error.kind() == io::ErrorKind::InvalidData
        {
            return false;
        }
        cause = error.source();
    }
    true
}

#[cfg(test)]
mod tests {
    use milvus_aws_core::engine::ErrorKind;

    use super::*;

    fn sorted(code: u16, message: &str, kind: Kind) -> ResourceError {
        let status = Status {
            code,
            message: message.to_owned(),
            reason: "Reason".to_owned(),
            ..Status::default()
        };
        resource_error(
            "apply it".to_owned(),
            kind,
            kube::Error::Api(status.boxed()),
        )
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        let ending = "namespace is being terminated";
        for (code, message) in [(409, ""), (500, ""), (503, ""), (403, ending)] {
            let error = sorted(code, message, Kind::Service);
            assert_eq!(*error.kind(), ErrorKind::Transient, "{code}");
        }
        for code in [400, 401, 403, 404, 422] {
            let error = sorted(code, "no", Kind::Service);
            assert_eq!(*error.kind(), ErrorKind::Fatal, "{code}");
        }
        let error = sorted(429, "", Kind::Service);
        assert!(matches!(error.kind(), ErrorKind::Throttled { .. }));
    }

    #[test]
    fn a_kind_that_the_cluster_does_not_know_is_told_with_what_to_do() {
        let cause = |message| {
            let error = sorted(404, message, Kind::ServiceMonitor);
            std::error::Error::source(&error).map(ToString::to_string)
        };
        assert_eq!(cause("404 page not found").as_deref(), Some(NO_MONITORS));
        let gone = "namespaces \"vectors\" not found";
        assert_eq!(cause(gone).as_deref(), Some(gone));
    }

    #[test]
    fn a_complaint_about_a_secret_is_not_quoted() {
        let cause = |kind| {
            let error = sorted(422, "data: Invalid value: hunter2", kind);
            std::error::Error::source(&error).map(ToString::to_string)
        };
        assert_eq!(cause(Kind::Secret).as_deref(), Some("Reason"));
        assert_eq!(
            cause(Kind::ConfigMap).as_deref(),
            Some("data: Invalid value: hunter2")
        );
    }
}
