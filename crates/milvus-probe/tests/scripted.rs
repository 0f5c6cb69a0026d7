//! The client and the verification against a server that misbehaves. The server speaks HTTP/2 with bytes written out
//! here, so that a fault of the generated code does not cancel itself out.

#![expect(clippy::expect_used, reason = "a test may panic")]

use std::{
    collections::HashMap,
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use http_body_util::{BodyExt, Full, StreamBody};
use hyper::{
    Request, Response,
    body::{Bytes, Frame, Incoming},
    header::HeaderMap,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use milvus_probe::{Client, Error, Event, Options, Outcome, verify, verify::Cleanup};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

/// How a call ends.
#[derive(Clone, Copy)]
enum Reply {
    /// With a message of these bytes.
    Message(&'static [u8]),
    /// With that gRPC status.
    Status(&'static str),
    /// Never.
    Hang,
}

/// `GetVersionResponse { version: "v2.3.5" }`: field 2, six bytes.
const VERSION: Reply = Reply::Message(b"\x12\x06v2.3.5");
/// Any answer without a field: success.
const DONE: Reply = Reply::Message(b"");
/// `Status { code: 65535, reason: "no" }`: fields 3 and 2.
const REFUSED: Reply = Reply::Message(b"\x18\xff\xff\x03\x12\x02no");
const UNIMPLEMENTED: Reply = Reply::Status("12");

/// A server that answers each call as its script says, and UNIMPLEMENTED where it says nothing.
struct Server {
    address: String,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(script: &[(&'static str, Reply)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let script: Arc<HashMap<_, _>> = Arc::new(script.iter().copied().collect());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, heard) = (Arc::clone(&script), Arc::clone(&heard));
                let service = service_fn(move |request: Request<Incoming>| {
                    let call = request.uri().path().rsplit('/').next().unwrap_or_default();
                    heard.lock().expect("no panic").push(call.to_owned());
                    answer(script.get(call).copied().unwrap_or(UNIMPLEMENTED))
                });
                let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, calls }
    }

    async fn client(&self) -> Client {
        let endpoint = self.address.parse().expect("an address");
        Client::builder(endpoint)
            .connect()
            .await
            .expect("it listens")
    }

    fn was_asked(&self, call: &str) -> bool {
        let calls = self.calls.lock().expect("no panic");
        calls.iter().any(|heard| heard == call)
    }
}

async fn answer(reply: Reply) -> Result<Response<Body>, Infallible> {
    let (body, status) = match reply {
        Reply::Message(message) => (message, "0"),
        Reply::Status(status) => {
            let empty = Full::default().boxed();
            return Ok(grpc()
                .header("grpc-status", status)
                .body(empty)
                .expect("valid"));
        }
        Reply::Hang => pending().await,
    };
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    let data = [&[0], &length[..], body].concat();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().expect("valid"));
    let frames = [Frame::data(Bytes::from(data)), Frame::trailers(trailers)];
    let body = StreamBody::new(futures::stream::iter(frames.map(Ok))).boxed();
    Ok(grpc().body(body).expect("valid"))
}

fn grpc() -> hyper::http::response::Builder {
    Response::builder().header("content-type", "application/grpc")
}

fn options() -> Options {
    Options {
        rows: 100,
        step_limit: Duration::from_millis(300),
        ..Options::default()
    }
}

#[tokio::test]
async fn what_the_server_says_has_types() {
    let server = Server::start(&[
        ("GetVersion", VERSION),
        ("HasCollection", Reply::Status("16")),
        ("DropCollection", Reply::Status("7")),
        ("LoadCollection", REFUSED),
        ("CheckHealth", Reply::Status("14")),
        ("Connect", Reply::Hang),
    ])
    .await;
    let client = server.client().await;
    assert_eq!(client.version().await.expect("a version"), "v2.3.5");
    let refused = client.has_collection("c").await.expect_err("refused");
    assert!(
        matches!(refused, Error::Unauthenticated { .. }),
        "{refused}"
    );
    let denied = client.drop_collection("c").await.expect_err("denied");
    assert!(matches!(denied, Error::PermissionDenied { .. }), "{denied}");
    let unknown = client.flush("c").await.expect_err("unknown");
    assert!(unknown.is_unsupported(), "{unknown}");
    let failed = client.load("c").await.expect_err("failed");
    assert_eq!(failed.to_string(), "load collection c: no (code 65535)");
    assert!(client.health().await.expect_err("away").is_retriable());
    let limit = Duration::from_millis(100);
    let late = client.with_deadline(limit).handshake().await;
    let late = late.expect_err("it never answers");
    assert!(
        matches!(late, Error::Deadline { limit: of, .. } if of == limit),
        "{late:?}"
    );
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_fails_at_the_first_step() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let endpoint = address.parse().expect("an address");
    let client = Client::builder(endpoint)
        .connect()
        .await
        .expect("it listens");
    let never = CancellationToken::new();
    let report = verify(&client, &options(), |_| {}, &never).await;
    let (step, failure) = report.failed_step().expect("a failure");
    assert_eq!((step.step, report.passed), ("connect", false));
    assert!(failure.found.contains("no answer within"), "{failure}");
    assert!(report.took < Duration::from_secs(3), "{:?}", report.took);
}

#[tokio::test]
async fn a_step_that_hangs_is_named_and_the_collection_is_dropped() {
    let server = Server::start(&[
        ("GetVersion", VERSION),
        ("CreateCollection", Reply::Hang),
        ("DropCollection", DONE),
    ])
    .await;
    let client = server.client().await;
    let report = verify(&client, &options(), |_| {}, &CancellationToken::new()).await;
    assert_eq!(report.failed_step().expect("a failure").0.step, "create");
    assert_eq!(report.cleanup, Cleanup::Done);
    assert!(server.was_asked("DropCollection"));
    let later = |step: &&milvus_probe::verify::StepReport| step.outcome == Outcome::Skipped;
    assert_eq!(report.steps.iter().filter(later).count(), 12);
}

#[tokio::test]
async fn a_cancelled_verification_drops_its_collection() {
    let server = Server::start(&[
        ("GetVersion", VERSION),
        ("CreateCollection", Reply::Hang),
        ("DropCollection", DONE),
    ])
    .await;
    let client = server.client().await;
    let stop = CancellationToken::new();
    let listen = |event: &Event| {
        if matches!(event, Event::Started { title } if title.starts_with("create")) {
            let stop = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                stop.cancel();
            });
        }
    };
    let patient = Options {
        step_limit: Duration::from_secs(30),
        ..options()
    };
    let report = verify(&client, &patient, listen, &stop).await;
    assert!(report.was_cancelled() && !report.passed);
    assert_eq!(report.cleanup, Cleanup::Done);
    assert!(server.was_asked("DropCollection"));
}

#[tokio::test]
async fn what_stays_behind_is_said() {
    let server = Server::start(&[
        ("GetVersion", VERSION),
        ("CreateCollection", REFUSED),
        ("DropCollection", Reply::Status("14")),
    ])
    .await;
    let client = server.client().await;
    let report = verify(&client, &options(), |_| {}, &CancellationToken::new()).await;
    let Cleanup::Failed { collection, .. } = &report.cleanup else {
        panic!("{:?}", report.cleanup);
    };
    assert_eq!(*collection, report.collection);
}

#[tokio::test]
async fn a_user_without_rights_leaves_nothing_behind() {
    let server = Server::start(&[
        ("GetVersion", VERSION),
        ("CreateCollection", Reply::Status("7")),
    ])
    .await;
    let client = server.client().await;
    let report = verify(&client, &options(), |_| {}, &CancellationToken::new()).await;
    assert_eq!(report.failed_step().expect("a failure").0.step, "create");
    assert_eq!(report.cleanup, Cleanup::Done);
    assert!(!server.was_asked("DropCollection"));
}
