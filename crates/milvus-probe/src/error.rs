//! What can go wrong between a client and a Milvus server.

use std::{fmt, io, time::Duration};

use crate::{Capability, ServerVersion, proto::common, tls};

/// Milvus's code for a call that lacks the privilege (source: Milvus's `merr` table).
const PRIVILEGE_NOT_PERMITTED: i32 = 1401;
/// Milvus's code for a wrong or missing login (source: Milvus's `merr` table).
const NOT_AUTHENTICATED: i32 = 1400;

/// What was attempted, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    operation: &'static str,
    on: Option<String>,
}

impl Call {
    pub(crate) fn new(operation: &'static str) -> Self {
        Self {
            operation,
            on: None,
        }
    }

    pub(crate) fn on(operation: &'static str, name: &str) -> Self {
        Self {
            operation,
            on: Some(name.to_owned()),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.on {
            Some(name) => write!(f, "{} {name}", self.operation),
            None => f.write_str(self.operation),
        }
    }
}

/// Why a call did not do what was asked. No message holds a password or a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("`{text}` is no Milvus address: {rule}")]
    InvalidEndpoint {
        /// What was given.
        text: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// The server cannot be reached.
    #[error("connect to {endpoint}")]
    Connect {
        /// Its address.
        endpoint: String,
        /// What the transport said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server did not answer in time.
    #[error("{call}: no answer within {limit:?}")]
    Deadline {
        /// What was attempted.
        call: Call,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The server does not know the call: it is older than the call.
    #[error("{call}: this server does not know the call, its version is older")]
    Unsupported {
        /// What was attempted.
        call: Call,
    },
    /// The server is too old for what was asked. Nothing was sent: it would not have said so itself.
    #[error(
        "{needs} needs Milvus {}; this server is {version}, which {}",
        .needs.since(),
        .needs.in_older_servers()
    )]
    TooOld {
        /// What the server lacks.
        needs: Capability,
        /// What the server is.
        version: ServerVersion,
    },
    /// An insert failed after rows were sent. A server can store a failed insert in part, and one that got no answer
    /// more than once, so repeat those rows as an upsert.
    #[error(
        "{cause}; {stored} rows are stored, and {unsure} more may be, in part or more than once"
    )]
    Unsure {
        /// Rows that the server acknowledged before.
        stored: u64,
        /// Rows that were sent without an acknowledgment.
        unsure: u64,
        /// Why the insert failed.
        cause: Box<Error>,
    },
    /// The server does not know who we are.
    #[error("{call}: the login was refused: {reason}")]
    Unauthenticated {
        /// What was attempted.
        call: Call,
        /// What the server said.
        reason: String,
    },
    /// The user lacks a privilege.
    #[error("{call}: the user lacks the right: {reason}")]
    PermissionDenied {
        /// What was attempted.
        call: Call,
        /// What the server said.
        reason: String,
    },
    /// The server refused the call, or failed at it.
    #[error("{call}: {reason} (code {code})")]
    Server {
        /// What was attempted.
        call: Call,
        /// Milvus's code; the legacy one of servers that have no other.
        code: i32,
        /// What the server said.
        reason: String,
        /// Whether the server says that trying again may help.
        retriable: bool,
    },
    /// The connection broke, or the answer was no answer.
    #[error("{call}: {}", said(status))]
    Transport {
        /// What was attempted.
        call: Call,
        /// What the transport said.
        status: Box<tonic::Status>,
    },
    /// The rows do not fit together; nothing was sent.
    #[error("{call}: the rows do not fit together: {rule}")]
    InvalidRows {
        /// What was attempted.
        call: Call,
        /// What is wrong with them.
        rule: String,
    },
    /// The answer contradicts the protocol.
    #[error("{call}: the server's answer makes no sense: {what}")]
    Protocol {
        /// What was attempted.
        call: Call,
        /// What is wrong with it.
        what: String,
    },
    /// An HTTP request to the health port failed.
    #[error("{call}")]
    Http {
        /// What was attempted.
        call: Call,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Whether trying the same again may help. Rows that were sent are repeated as an upsert: [`Self::Unsure`].
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Unsure { cause, .. } => cause.is_retriable(),
            Self::Connect { .. } | Self::Deadline { .. } | Self::Http { .. } => true,
            Self::Server { retriable, .. } => *retriable,
            Self::Transport { status, .. } => {
                matches!(
                    status.code(),
                    tonic::Code::Unavailable | tonic::Code::ResourceExhausted
                )
            }
            _ => false,
        }
    }

    /// Whether the server merely does not know the call, or what was asked of it.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported { .. } | Self::TooOld { .. })
    }

    /// Whether rows that were sent may get through as an upsert a moment later.
    pub(crate) fn may_be_repeated(&self) -> bool {
        // A connection that broke is made anew by the next call.
        self.is_retriable() || matches!(self, Self::Transport { .. })
    }

    /// Whether the server may have acted on the call before it failed.
    pub(crate) fn may_have_acted(&self) -> bool {
        match self {
            Self::Deadline { .. }
            | Self::Server { .. }
            | Self::Transport { .. }
            | Self::Protocol { .. } => true,
            Self::Unsure { .. }
            | Self::InvalidEndpoint { .. }
            | Self::Connect { .. }
            | Self::Unsupported { .. }
            | Self::TooOld { .. }
            | Self::Unauthenticated { .. }
            | Self::PermissionDenied { .. }
            | Self::InvalidRows { .. }
            | Self::Http { .. } => false,
        }
    }

    /// The failure of an insert of `sent` rows, after `stored` rows were acknowledged.
    pub(crate) fn of_insert(self, stored: u64, sent: u64) -> Self {
        let unsure = if self.may_have_acted() { sent } else { 0 };
        if stored == 0 && unsure == 0 {
            return self;
        }
        Self::Unsure {
            stored,
            unsure,
            cause: Box::new(self),
        }
    }

    /// From a gRPC status.
    pub(crate) fn from_grpc(call: Call, limit: Duration, status: tonic::Status) -> Self {
        use tonic::Code;
        let reason = || status.message().to_owned();
        match status.code() {
            Code::Unimplemented => Self::Unsupported { call },
            Code::Unauthenticated => Self::Unauthenticated {
                reason: reason(),
                call,
            },
            Code::PermissionDenied => Self::PermissionDenied {
                reason: reason(),
                call,
            },
            Code::DeadlineExceeded => Self::Deadline { call, limit },
            // The transport's own clock may be the first to notice.
            Code::Cancelled if is_timeout(&status) => Self::Deadline { call, limit },
            _ => Self::Transport {
                call,
                status: Box::new(status),
            },
        }
    }

    /// From the status inside an answer: `code` counts where it is set; only servers before 2.3 leave it at zero and
    /// say failure in `error_code` alone.
    pub(crate) fn from_status(call: Call, status: &common::Status) -> Option<Self> {
        let success = common::ErrorCode::Success as i32;
        if status.code == 0 && status.error_code == success {
            return None;
        }
        let reason = if status.reason.is_empty() {
            &status.detail
        } else {
            &status.reason
        };
        let reason = reason.clone();
        Some(match (status.code, status.error_code) {
            (NOT_AUTHENTICATED, _) => Self::Unauthenticated { call, reason },
            (PRIVILEGE_NOT_PERMITTED, _) => Self::PermissionDenied { call, reason },
            (0, legacy) if legacy == common::ErrorCode::PermissionDenied as i32 => {
                Self::PermissionDenied { call, reason }
            }
            (0, legacy) => Self::Server {
                call,
                code: legacy,
                reason,
                retriable: legacy == common::ErrorCode::RateLimit as i32,
            },
            (code, _) => Self::Server {
                call,
                code,
                reason,
                retriable: status.retriable,
            },
        })
    }
}

/// What made the status, the first cause last.
fn causes(status: &tonic::Status) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(status), |error| error.source())
}

fn is_timeout(status: &tonic::Status) -> bool {
    causes(status).any(<dyn std::error::Error>::is::<tonic::TimeoutExpired>)
}

/// A status in words: its own text shows structures that help nobody.
fn said(status: &tonic::Status) -> String {
    let message = match status.message() {
        "" => status.code().description(),
        message => message,
    };
    if causes(status).any(tls::refuses_our_certificate) {
        return tls::NO_CERTIFICATE.to_owned();
    }
    match causes(status).last().map(ToString::to_string) {
        Some(first) if !message.contains(&first) => format!("{message}: {first}"),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: i32, error_code: i32, reason: &str) -> common::Status {
        common::Status {
            code,
            error_code,
            reason: reason.to_owned(),
            ..Default::default()
        }
    }

    fn from(status: &common::Status) -> Option<Error> {
        Error::from_status(Call::on("load", "books"), status)
    }

    #[test]
    fn success_is_no_error() {
        assert!(from(&status(0, 0, "")).is_none());
    }

    #[test]
    fn the_code_counts_before_the_legacy_one() {
        let error = from(&status(100, 1, "collection not found")).expect("an error");
        assert_eq!(
            error.to_string(),
            "load books: collection not found (code 100)"
        );
    }

    #[test]
    fn the_legacy_code_counts_where_there_is_no_other() {
        let error = from(&status(0, 49, "slow down")).expect("an error");
        assert!(error.is_retriable(), "{error}");
        let error = from(&status(0, 3, "no")).expect("an error");
        assert!(matches!(error, Error::PermissionDenied { .. }), "{error}");
    }

    #[test]
    fn discovery_1_an_insert_that_failed_says_which_rows_may_be_there() {
        let call = || Call::on("insert into", "books");
        let too_large =
            Error::from_status(call(), &status(65535, 1, "Broker: Message size too large"));
        let too_large = too_large.expect("an error").of_insert(0, 1080);
        assert_eq!(
            too_large.to_string(),
            "insert into books: Broker: Message size too large (code 65535); 0 rows are stored, and 1080 more may be, in \
             part or more than once"
        );
        assert!(!too_large.is_retriable());
        let limit = Duration::from_mins(1);
        let late = Error::Deadline {
            call: call(),
            limit,
        };
        let late = late.of_insert(2000, 1000);
        assert!(
            matches!(
                late,
                Error::Unsure {
                    stored: 2000,
                    unsure: 1000,
                    ..
                }
            ),
            "{late}"
        );
        assert!(late.is_retriable());
        // What was refused is not there, unless others were there before it.
        let refused = || Error::PermissionDenied {
            call: call(),
            reason: "no".to_owned(),
        };
        assert!(matches!(
            refused().of_insert(0, 10),
            Error::PermissionDenied { .. }
        ));
        assert!(matches!(
            refused().of_insert(5, 10),
            Error::Unsure { unsure: 0, .. }
        ));
    }

    #[test]
    fn grpc_codes_have_types() {
        let limit = Duration::from_secs(1);
        let of = |status| Error::from_grpc(Call::new("ask"), limit, status);
        assert!(of(tonic::Status::unimplemented("x")).is_unsupported());
        let refused = of(tonic::Status::unauthenticated("auth check failure"));
        assert!(matches!(refused, Error::Unauthenticated { .. }));
        let denied = of(tonic::Status::permission_denied("no"));
        assert!(matches!(denied, Error::PermissionDenied { .. }));
        assert!(of(tonic::Status::unavailable("x")).is_retriable());
        let internal = of(tonic::Status::internal("x"));
        assert!(!internal.is_retriable());
        assert_eq!(internal.to_string(), "ask: x");
        let mut broken = tonic::Status::unknown("transport error");
        broken.set_source(std::sync::Arc::new(io::Error::other("reset by peer")));
        assert_eq!(
            of(broken).to_string(),
            "ask: transport error: reset by peer"
        );
        let mut late = tonic::Status::cancelled("x");
        assert!(matches!(of(late.clone()), Error::Transport { .. }));
        late.set_source(std::sync::Arc::new(tonic::TimeoutExpired(())));
        assert!(matches!(of(late), Error::Deadline { .. }));
    }
}
