//! Probes of the Milvus containers.

use k8s_openapi::{
    api::core::v1::{HTTPGetAction, Probe, TCPSocketAction},
    apimachinery::pkg::util::intstr::IntOrString,
};

use crate::service::{CLIENT_PORT, METRICS_PORT};

/// Asked every second, so that no time is waited by the clock; ten minutes are enough for a large start.
pub(crate) fn startup() -> Probe {
    Probe {
        period_seconds: Some(1),
        timeout_seconds: Some(5),
        failure_threshold: Some(600),
        ..http("/healthz", METRICS_PORT)
    }
}

/// Whether requests are answered. A front is asked at its own port: `/healthz` may say OK before that one listens.
pub(crate) fn readiness(is_front: bool) -> Probe {
    let probe = if is_front {
        tcp(CLIENT_PORT)
    } else {
        http("/healthz", METRICS_PORT)
    };
    Probe {
        period_seconds: Some(if is_front { 2 } else { 5 }),
        timeout_seconds: Some(5),
        failure_threshold: Some(3),
        ..probe
    }
}

/// Whether the process is there at all. Not its health: a restart heals no lost etcd, and a busy server would be killed
/// at the worst moment.
pub(crate) fn liveness() -> Probe {
    Probe {
        period_seconds: Some(15),
        timeout_seconds: Some(5),
        failure_threshold: Some(5),
        ..tcp(METRICS_PORT)
    }
}

/// Asks over HTTP at a port with that name.
pub(crate) fn http(path: &str, port: &str) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(port.to_owned()),
            ..HTTPGetAction::default()
        }),
        ..Probe::default()
    }
}

/// Opens a connection to a port with that name.
pub(crate) fn tcp(port: &str) -> Probe {
    Probe {
        tcp_socket: Some(TCPSocketAction {
            port: IntOrString::String(port.to_owned()),
            host: None,
        }),
        ..Probe::default()
    }
}
