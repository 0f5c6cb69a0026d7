//! What to do about an API server that cannot be talked to, or that refuses.

use std::{error::Error, io};

/// What to do about an error, where one of its causes is the API server's, or is on the way there. Other services have
/// causes of the same types.
pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut causes = std::iter::successors(Some(error), |error| (**error).source());
    let found = causes.find(|error| as_kube(*error).is_some())?;
    std::iter::successors(Some(found), |error| (**error).source()).find_map(of_one)
}

/// Our own errors keep it in a box, and a box is an error of its own.
fn as_kube<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a kube::Error> {
    let boxed = || error.downcast_ref::<Box<kube::Error>>().map(AsRef::as_ref);
    error.downcast_ref().or_else(boxed)
}

fn of_one(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(kube::Error::Api(status)) = as_kube(error) {
        return match status.code {
            401 => Some(
                "the kubeconfig's login is not accepted: log in to the cluster again, or choose another --context",
            ),
            403 => Some(
                "`kubectl auth can-i --list` shows what you may do; ask the cluster's administrator for what is missing",
            ),
            _ => None,
        };
    }
    let kind = error.downcast_ref::<io::Error>()?.kind();
    Some(match kind {
        io::ErrorKind::ConnectionRefused => {
            "is the cluster running? --kubeconfig and --context choose another one"
        }
        // What rustls says of a certificate arrives as this.
        io::ErrorKind::InvalidData => {
            "the server's certificate is not the one that the kubeconfig trusts: get a new kubeconfig from whoever runs the cluster"
        }
        io::ErrorKind::TimedOut
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => {
            "is the cluster reachable from here (VPN, proxy, firewall)? --kubeconfig and --context choose another one"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("look")]
    struct Outer(#[source] Box<kube::Error>);

    fn api(code: u16) -> Outer {
        let status = Status {
            code,
            ..Status::default()
        };
        Outer(Box::new(kube::Error::Api(status.boxed())))
    }

    #[test]
    fn refusals_are_told_apart() {
        assert!(of(&api(401)).is_some_and(|hint| hint.contains("log in")));
        assert!(of(&api(403)).is_some_and(|hint| hint.contains("can-i")));
        assert_eq!(of(&api(500)), None);
    }

    /// AWS may refuse a connection as well.
    #[test]
    fn stage_fault_15_another_service_is_no_cluster() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(of(&refused), None);
    }

    #[test]
    fn the_causes_are_looked_at() {
        let refused =
            kube::Error::Service(Box::new(io::Error::from(io::ErrorKind::ConnectionRefused)));
        assert!(of(&Outer(Box::new(refused))).is_some_and(|hint| hint.contains("--context")));
        let certificate =
            kube::Error::Service(Box::new(io::Error::from(io::ErrorKind::InvalidData)));
        assert!(of(&certificate).is_some_and(|hint| hint.contains("certificate")));
    }
}
