//! Forwards a local port to a pod, through the API server, without a kubectl process.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt,
    api::ListParams,
    runtime::{WatchStreamExt, watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The pods that may answer, and the port on which they do.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    /// Namespace of the pods.
    pub namespace: String,
    /// Label selector of the pods.
    pub selector: String,
    /// Port in the pod.
    pub port: u16,
}

/// How long a pod may be unready that was ready: kubelets take a readiness back for a moment after the start.
const SETTLING: Duration = Duration::from_secs(30);

/// Waits until a pod is ready, where one was a moment ago. Whoever forwards a port to it says why there is none.
pub(crate) async fn settle(client: &kube::Client, destination: &Destination) {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &destination.namespace);
    let ours = watcher::Config::default().labels(&destination.selector);
    let ready = watcher(pods, ours)
        .default_backoff()
        .applied_objects()
        .any(async |pod| pod.is_ok_and(|pod| is_ready(&pod)));
    let _given_up = tokio::time::timeout(SETTLING, ready).await;
}

/// Why a port cannot be forwarded.
#[derive(Debug, thiserror::Error)]
pub enum PortForwardError {
    /// The local port cannot be had.
    #[error("listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for; 0 for any.
        port: u16,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The pods cannot be listed.
    #[error("list the pods with {selector} in namespace {namespace}")]
    List {
        /// Label selector of the pods.
        selector: String,
        /// Namespace of the pods.
        namespace: String,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
    /// No pod is ready.
    #[error("no pod with {selector} in namespace {namespace} is ready")]
    NoReadyPod {
        /// Label selector of the pods.
        selector: String,
        /// Namespace of the pods.
        namespace: String,
    },
    /// The user may not forward ports.
    #[error(
        "you cannot forward ports to pods in namespace {namespace}: the right to pods/portforward is missing"
    )]
    Forbidden {
        /// Namespace of the pods.
        namespace: String,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server refuses the forwarding.
    #[error("forward a port to pod {pod}")]
    Forward {
        /// Name of the pod.
        pod: String,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
}

/// A local port that leads to a ready pod for as long as this lives.
#[derive(Debug)]
pub(crate) struct PortForward {
    address: SocketAddr,
    stop: CancellationToken,
    connections: TaskTracker,
}

impl PortForward {
    /// Listens on `127.0.0.1:local_port` (0: any free port). Each connection goes to a pod that is ready at
    /// that moment, so a restarted pod is followed.
    pub(crate) async fn open(
        client: kube::Client,
        destination: Destination,
        local_port: u16,
    ) -> Result<Self, PortForwardError> {
        // Fail now, with a reason, rather than at the first connection. What passes by itself is the connections' to meet.
        match dial(&client, &destination).await {
            Ok(_) | Err(PortForwardError::Forward { .. }) => {}
            Err(error) => return Err(error),
        }
        let listen = |source| PortForwardError::Listen {
            port: local_port,
            source,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, local_port))
            .await
            .map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let stop = CancellationToken::new();
        let connections = TaskTracker::new();
        connections.spawn(accept(
            listener,
            client,
            destination,
            stop.clone(),
            connections.clone(),
        ));
        Ok(Self {
            address,
            stop,
            connections,
        })
    }

    /// The local address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection and frees the port.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.connections.close();
        self.connections.wait().await;
    }
}

impl Drop for PortForward {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    client: kube::Client,
    destination: Destination,
    stop: CancellationToken,
    connections: TaskTracker,
) {
    while let Some(Ok((local, _))) = stop.run_until_cancelled(listener.accept()).await {
        let (client, destination, stop) = (client.clone(), destination.clone(), stop.clone());
        connections.spawn(async move {
            if let Some(Err(error)) = stop
                .run_until_cancelled(carry(local, &client, &destination))
                .await
            {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "forwarded connection ended"
                );
            }
        });
    }
}

/// Carries one connection until either side closes it.
async fn carry(
    mut local: TcpStream,
    client: &kube::Client,
    destination: &Destination,
) -> Result<(), PortForwardError> {
    let mut remote = dial(client, destination).await?;
    // A connection that breaks is the client's to notice; it sees the close.
    if let Err(error) = copy_bidirectional(&mut local, &mut remote).await {
        tracing::debug!(%error, "forwarded connection broke");
    }
    let _closed = local.shutdown().await;
    Ok(())
}

/// A stream to the port of a pod that is ready now.
async fn dial(
    client: &kube::Client,
    destination: &Destination,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + use<>, PortForwardError> {
    let pod = ready_pod(client, destination).await?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), &destination.namespace);
    let forward = |source: kube::Error| match source {
        kube::Error::Api(ref status) if status.code == 403 => PortForwardError::Forbidden {
            namespace: destination.namespace.clone(),
            source: Box::new(source),
        },
        source => PortForwardError::Forward {
            pod: pod.clone(),
            source: Box::new(source),
        },
    };
    let mut forwarder = pods
        .portforward(&pod, &[destination.port])
        .await
        .map_err(forward)?;
    forwarder
        .take_stream(destination.port)
        .ok_or_else(|| PortForwardError::NoReadyPod {
            selector: destination.selector.clone(),
            namespace: destination.namespace.clone(),
        })
}

/// The name of a pod that is ready and not on its way out.
async fn ready_pod(
    client: &kube::Client,
    destination: &Destination,
) -> Result<String, PortForwardError> {
    let Destination {
        namespace,
        selector,
        ..
    } = destination;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let list = pods
        .list(&ListParams::default().labels(selector))
        .await
        .map_err(|source| PortForwardError::List {
            selector: selector.clone(),
            namespace: namespace.clone(),
            source: Box::new(source),
        })?;
    list.iter()
        .find(|pod| is_ready(pod))
        .map(ResourceExt::name_any)
        .ok_or_else(|| PortForwardError::NoReadyPod {
            selector: selector.clone(),
            namespace: namespace.clone(),
        })
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    pod.metadata.deletion_timestamp.is_none()
        && conditions
            .into_iter()
            .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use http::{Request, Response};
    use kube::client::Body;
    use serde_json::{Value, json};

    use super::*;

    fn pod(ready: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "demo", "namespace": "vectors", "resourceVersion": "2"},
            "status": {"conditions": [{"type": "Ready", "status": ready}]},
        })
    }

    /// A server with one pod that is unready when it is listed, and what it tells who watches, if anything; and whether
    /// somebody did.
    fn server(told: Option<Value>) -> (kube::Client, Arc<AtomicBool>) {
        let watched = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&watched);
        let service = tower::service_fn(move |request: Request<Body>| {
            let is_watch = request
                .uri()
                .query()
                .unwrap_or_default()
                .contains("watch=true");
            let told = told.clone();
            if is_watch {
                noted.store(true, Ordering::Relaxed);
            }
            async move {
                let answer = match (is_watch, told) {
                    (false, _) => json!({
                        "apiVersion": "v1", "kind": "PodList",
                        "metadata": {"resourceVersion": "1"}, "items": [pod("False")],
                    }),
                    (true, Some(object)) => json!({"type": "MODIFIED", "object": object}),
                    (true, None) => std::future::pending().await,
                };
                let body = Body::from(format!("{answer}\n").into_bytes());
                Ok::<_, Infallible>(Response::new(body))
            }
        });
        (kube::Client::new(service, "vectors"), watched)
    }

    fn destination() -> Destination {
        Destination {
            namespace: "vectors".to_owned(),
            selector: "component=standalone".to_owned(),
            port: 19530,
        }
    }

    #[tokio::test]
    async fn a_pod_that_is_unready_for_a_moment_is_waited_for() {
        let (client, watched) = server(Some(pod("True")));
        let destination = destination();
        let settled = settle(&client, &destination);
        let settled = tokio::time::timeout(SETTLING / 2, settled).await;
        settled.expect("it is ready again");
        assert!(watched.load(Ordering::Relaxed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pod_that_stays_unready_is_given_up() {
        let (client, _) = server(None);
        let began = tokio::time::Instant::now();
        settle(&client, &destination()).await;
        assert!(began.elapsed() >= SETTLING);
    }
}
