//! Failed calls of AWS, as the engine's errors.

use std::{error::Error, time::Duration};

use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::SdkError},
    http::Response,
};
use aws_smithy_types::error::{
    display::DisplayErrorContext,
    metadata::{ErrorMetadata, ProvideErrorMetadata},
};

use crate::engine::ResourceError;

/// Codes by which services say that we ask too often (source: the SDKs' retry classifier, and each service's errors).
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Codes of credentials that do not hold any more, or never did.
const LOGGED_OUT: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// Codes of rights that are missing.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "ForbiddenException",
    "UnauthorizedException",
    "UnauthorizedOperation",
];

/// Parts of the codes of quotas.
const QUOTAS: &[&str] = &[
    "LimitExceeded",
    "QuotaExceeded",
    "TooManyBuckets",
    "InsufficientAddressCapacity",
];

/// MSK's API has no code for quotas: there the words of a refusal tell.
const QUOTAS_IN_WORDS: (&str, &[&str]) =
    ("BadRequestException", &["limit", "maximum number", "quota"]);

/// Failures that pass by themselves: a code, and a part of its message (all messages when empty). What another
/// service made a moment ago is not yet seen everywhere.
const PASSING: &[(&str, &str)] = &[
    ("ConcurrentModification", ""),
    ("ConcurrentModificationException", ""),
    ("InternalError", ""),
    ("InternalFailure", ""),
    ("InternalServerError", ""),
    ("InternalServiceError", ""),
    ("InternalServiceErrorException", ""),
    ("KMSInternalException", ""),
    ("OperationAborted", ""),
    ("RequestTimeout", ""),
    ("ServerException", ""),
    ("ServiceFailure", ""),
    ("ServiceUnavailable", ""),
    ("ServiceUnavailableException", ""),
    ("Unavailable", ""),
];

/// A call's result as the engine wants it.
pub(super) trait Attempt<T> {
    /// Names what was attempted, on what: `cannot create the bucket demo`.
    fn attempting(self, what: impl FnOnce() -> String) -> Result<T, ResourceError>;

    /// None where the service says with one of those codes that there is nothing.
    fn unless_absent(self, codes: &[&str]) -> Result<Option<T>, Self::Failure>
    where
        Self: Sized;

    /// What went wrong.
    type Failure;
}

impl<T, E> Attempt<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    type Failure = SdkError<E, HttpResponse>;

    fn attempting(self, what: impl FnOnce() -> String) -> Result<T, ResourceError> {
        self.map_err(|error| failure(&error, &what()))
    }

    fn unless_absent(self, codes: &[&str]) -> Result<Option<T>, Self::Failure> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.code().is_some_and(|code| codes.contains(&code)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What the engine does about a failed call, and what the user reads of it.
pub(super) fn failure<E>(error: &SdkError<E, HttpResponse>, what: &str) -> ResourceError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let SdkError::ServiceError(answer) = error else {
        return unanswered(error, what);
    };
    let code = error.code().unwrap_or_default();
    let status = answer.raw().status();
    let said = in_words(error.meta(), status.as_u16());
    let is = |codes: &[&str]| codes.contains(&code);
    let passes = |(passing, part): &(&str, &str)| {
        *passing == code && error.message().unwrap_or_default().contains(part)
    };
    if is(THROTTLED) || status.as_u16() == 429 {
        return ResourceError::throttled(format!("{what}: {said}"), retry_after(answer.raw()));
    }
    if is(LOGGED_OUT) {
        return ResourceError::fatal(format!(
            "{what}: AWS does not accept the credentials: {said}; log in again, then run the same command, it goes on from here"
        ));
    }
    if is_denied(error) {
        return ResourceError::fatal(format!(
            "{what}: the right to do so is missing: {said}; docs/iam-policy.json has all that are needed"
        ));
    }
    if is_quota(code, error.message().unwrap_or_default()) {
        return ResourceError::fatal(format!(
            "{what}: a quota of the account is reached: {said}; ask for more in Service Quotas, then run the same command, it goes on from here"
        ));
    }
    if status.is_server_error() || PASSING.iter().any(passes) {
        return ResourceError::transient(format!("{what}: {said}"));
    }
    ResourceError::fatal(format!("{what}: {said}"))
}

fn is_quota(code: &str, message: &str) -> bool {
    let (without_code, words) = QUOTAS_IN_WORDS;
    let said = message.to_lowercase();
    QUOTAS.iter().any(|part| code.contains(part))
        || code == without_code && words.iter().any(|word| said.contains(word))
}

/// Whether the service answered with that code.
pub(super) fn has_code<E: ProvideErrorMetadata>(
    error: &SdkError<E, HttpResponse>,
    codes: &[&str],
) -> bool {
    error.code().is_some_and(|code| codes.contains(&code))
}

/// Whether the service says that a right is missing. Answers without a body, to HEAD, have no code but their status.
pub(super) fn is_denied<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error.code() {
        Some(code) => DENIED.contains(&code),
        None => error
            .raw_response()
            .is_some_and(|answer| answer.status().as_u16() == 403),
    }
}

/// No answer of the service: a connection, a timeout, credentials that cannot be had.
fn unanswered<E>(error: &SdkError<E, HttpResponse>, what: &str) -> ResourceError
where
    E: Error + Send + Sync + 'static,
{
    let why = DisplayErrorContext(error).to_string();
    // The SDK appends its own debug form in brackets.
    let why = why.split(" (").next().unwrap_or(&why);
    match error {
        SdkError::ConstructionFailure(_) => ResourceError::fatal(format!("{what}: {why}")),
        // Without a kind it is credentials that cannot be had; a connection that ended before its answer has one.
        SdkError::DispatchFailure(failure)
            if failure.is_user() || (failure.is_other() && failure.as_other().is_none()) =>
        {
            ResourceError::fatal(format!("{what}: {why}"))
        }
        _ => ResourceError::transient(format!("{what}: no answer: {why}")),
    }
}

/// `code: message`, without the request's id.
fn in_words(answer: &ErrorMetadata, status: u16) -> String {
    match (answer.code(), answer.message()) {
        (Some(code), Some(message)) => format!("{code}: {}", message.trim_end_matches('.')),
        (Some(code), None) => code.to_owned(),
        (None, Some(message)) => message.to_owned(),
        (None, None) => format!("HTTP status {status}"),
    }
}

fn retry_after(answer: &Response<impl Sized>) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
