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
        // Of a kind that is not served nothing is named; a namespace that is not there is.
        Kind::ServiceMonitor if status.code == 404 && names_nothing(status) => {
            NO_MONITORS.to_owned()
        }
        _ => status.message.clone(),
    };
    let details = status.details.iter();
    let mut causes = details.flat_map(|details| &details.causes);
    let ending = causes.any(|cause| cause.reason == NAMESPACE_ENDS);
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

/// The API server's word for a namespace that is being deleted.
const NAMESPACE_ENDS: &str = "NamespaceTerminating";

fn names_nothing(status: &Status) -> bool {
    let details = status.details.as_ref();
    details.is_none_or(|details| details.kind.is_empty())
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
    use kube::core::response::{StatusCause, StatusDetails};
    use milvus_aws_core::engine::ErrorKind;

    use super::*;

    fn sorted(code: u16, message: &str, kind: Kind) -> ResourceError {
        detailed(code, message, None, kind)
    }

    fn detailed(
        code: u16,
        message: &str,
        details: Option<StatusDetails>,
        kind: Kind,
    ) -> ResourceError {
        let status = Status {
            code,
            message: message.to_owned(),
            reason: "Reason".to_owned(),
            details,
            ..Status::default()
        };
        resource_error(
            "apply it".to_owned(),
            kind,
            kube::Error::Api(status.boxed()),
        )
    }

    fn details() -> StatusDetails {
        StatusDetails {
            name: String::new(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes: Vec::new(),
            retry_after_seconds: 0,
        }
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for code in [409, 500, 503] {
            let error = sorted(code, "", Kind::Service);
            assert_eq!(*error.kind(), ErrorKind::Transient, "{code}");
        }
        let ending = StatusDetails {
            causes: vec![StatusCause {
                reason: NAMESPACE_ENDS.to_owned(),
                message: "namespace vectors is being terminated".to_owned(),
                field: "metadata.namespace".to_owned(),
            }],
            ..details()
        };
        let error = detailed(403, "forbidden", Some(ending), Kind::Service);
        assert_eq!(*error.kind(), ErrorKind::Transient);
        for code in [400, 401, 403, 404, 422] {
            let error = sorted(code, "no", Kind::Service);
            assert_eq!(*error.kind(), ErrorKind::Fatal, "{code}");
        }
        let error = sorted(429, "", Kind::Service);
        assert!(matches!(error.kind(), ErrorKind::Throttled { .. }));
    }

    #[test]
    fn a_kind_that_the_cluster_does_not_know_is_told_with_what_to_do() {
        let cause = |message, details| {
            let error = detailed(404, message, details, Kind::ServiceMonitor);
            std::error::Error::source(&error).map(ToString::to_string)
        };
        assert_eq!(
            cause("404 page not found", None).as_deref(),
            Some(NO_MONITORS)
        );
        let gone = "namespaces \"vectors\" not found";
        let namespace = StatusDetails {
            name: "vectors".to_owned(),
            kind: "namespaces".to_owned(),
            ..details()
        };
        assert_eq!(cause(gone, Some(namespace)).as_deref(), Some(gone));
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
