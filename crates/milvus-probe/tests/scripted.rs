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
use milvus_probe::{
    Client, Column, Error, Event, Options, Outcome, verify,
    verify::{Cleanup, FailureKind, Suspect},
};
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpListener, time::Instant};
use tokio_util::sync::CancellationToken;

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

/// A call: its name, and the bytes of its message.
#[derive(Clone)]
struct Heard {
    call: String,
    message: Vec<u8>,
}

/// How a call ends.
#[derive(Clone, Copy)]
enum Reply {
    /// With a message of these bytes.
    Message(&'static [u8]),
    /// With a message that depends on its own, and on what was heard before.
    Answer(fn(&[u8], &[Heard]) -> Vec<u8>),
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
    calls: Arc<Mutex<Vec<Heard>>>,
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
                    let call = request.uri().path().rsplit('/').next();
                    let call = call.unwrap_or_default().to_owned();
                    let reply = script.get(&*call).copied().unwrap_or(UNIMPLEMENTED);
                    let heard = Arc::clone(&heard);
                    async move {
                        let body = request.into_body().collect().await.expect("a body");
                        // Five bytes of gRPC come first.
                        let message = body.to_bytes().get(5..).unwrap_or_default().to_vec();
                        let before = {
                            let mut heard = heard.lock().expect("no panic");
                            let before = heard.clone();
                            heard.push(Heard {
                                call,
                                message: message.clone(),
                            });
                            before
                        };
                        answer(reply, &message, &before).await
                    }
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
        self.calls().iter().any(|heard| heard == call)
    }

    /// The names of all calls, in order.
    fn calls(&self) -> Vec<String> {
        let calls = self.calls.lock().expect("no panic");
        calls.iter().map(|heard| heard.call.clone()).collect()
    }

    /// Texts of that field in the messages of a call.
    fn said(&self, call: &str, field: u8) -> Vec<String> {
        let calls = self.calls.lock().expect("no panic");
        let messages = calls.iter().filter(|heard| heard.call == call);
        messages
            .map(|heard| String::from_utf8_lossy(bytes_of(&heard.message, field)).into_owned())
            .collect()
    }
}

/// The bytes of a field with a length, in a message whose tags and lengths up to there are one or two bytes long.
fn bytes_of(message: &[u8], field: u8) -> &[u8] {
    let mut rest = message;
    while let [tag, after @ ..] = rest {
        let (number, after) = varint(after);
        let length = usize::try_from(number).expect("short");
        match tag & 7 {
            2 if tag >> 3 == field => return &after[..length],
            2 => rest = &after[length..],
            _ => rest = after,
        }
    }
    &[]
}

fn varint(bytes: &[u8]) -> (u64, &[u8]) {
    let end = bytes.iter().position(|byte| byte & 128 == 0);
    let (number, rest) = bytes.split_at(end.expect("an end") + 1);
    let value = number
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | u64::from(byte & 127));
    (value, rest)
}

/// A field that holds a number.
fn number(field: u8, mut value: u64) -> Vec<u8> {
    let mut bytes = vec![field << 3];
    loop {
        let low = u8::try_from(value & 127).expect("seven bits");
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 128);
    }
}

/// A field that holds bytes.
fn bytes(field: u8, value: &[u8]) -> Vec<u8> {
    let mut all = number(field, value.len() as u64);
    all[0] |= 2;
    all.extend(value);
    all
}

async fn answer(
    reply: Reply,
    message: &[u8],
    before: &[Heard],
) -> Result<Response<Body>, Infallible> {
    let (body, status) = match reply {
        Reply::Message(message) => (message.to_vec(), "0"),
        Reply::Answer(of) => (of(message, before), "0"),
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
    let data = [&[0], &length[..], &body].concat();
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

/// Two rows.
fn rows() -> Vec<Column> {
    vec![Column::Int64 {
        name: "id".to_owned(),
        values: vec![1, 2],
    }]
}

/// `MutationResult { upsert_cnt: 2 }`.
const TWO_UPSERTED: Reply = Reply::Message(b"\x40\x02");

#[tokio::test]
async fn discovery_1_and_23_what_got_no_answer_is_repeated_as_an_upsert() {
    for failure in [
        Reply::Hang,
        Reply::Status("14"),
        // The connection broke.
        Reply::Status("2"),
        // `Status { error_code: 1, reason: "no", code: 1, retriable: true }` in field 1.
        Reply::Message(b"\x0a\x0a\x08\x01\x12\x02no\x18\x01\x20\x01"),
    ] {
        let script = [
            ("GetVersion", VERSION),
            ("Insert", failure),
            ("Upsert", TWO_UPSERTED),
        ];
        let server = Server::start(&script).await;
        let client = server.client().await;
        let client = client.with_deadline(Duration::from_millis(300));
        let patience = Duration::from_secs(20);
        let stored = client.insert_within("c", &rows(), patience).await;
        assert_eq!(stored.expect("they are stored"), 2);
        assert_eq!(server.calls(), ["Insert", "GetVersion", "Upsert"]);
    }
}

#[tokio::test]
async fn discovery_1_and_23_no_insert_is_sent_twice() {
    let patience = Duration::from_secs(2);
    // A server without upsert; a failure that stays; and an insert without patience.
    let old: Reply = Reply::Message(b"\x12\x06v2.2.9");
    let refused: Reply = Reply::Message(b"\x0a\x0a\x08\x01\x12\x02no\x18\xff\xff\x03");
    for (version, failure, patience) in [
        (old, Reply::Status("14"), patience),
        (VERSION, refused, patience),
        (VERSION, Reply::Status("14"), Duration::ZERO),
    ] {
        let script = [("GetVersion", version), ("Insert", failure)];
        let server = Server::start(&script).await;
        let client = server.client().await;
        let failed = client.insert_within("c", &rows(), patience).await;
        let failed = failed.expect_err("it fails");
        assert!(
            matches!(
                failed,
                Error::Unsure {
                    stored: 0,
                    unsure: 2,
                    ..
                }
            ),
            "{failed:?}"
        );
        assert!(failed.to_string().contains("2 more may be"), "{failed}");
        assert_eq!(server.said("Insert", 3), ["c"]);
        assert!(!server.was_asked("Upsert"));
    }
}

#[tokio::test]
async fn discovery_5_what_the_server_would_ignore_is_refused() {
    let script = [("GetVersion", VERSION), ("Upsert", TWO_UPSERTED)];
    let server = Server::start(&script).await;
    let refused = server.client().await.update("c", &rows()).await;
    let refused = refused.expect_err("2.3.5 would delete the other fields");
    assert!(refused.is_unsupported(), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "a partial update needs Milvus 2.6.2; this server is 2.3.5, which deletes the other fields without saying so"
    );
    assert!(!server.was_asked("Upsert"));

    let newer = Reply::Message(b"\x12\x06v2.6.2");
    let server = Server::start(&[("GetVersion", newer), ("Upsert", TWO_UPSERTED)]).await;
    let updated = server.client().await.update("c", &rows()).await;
    assert_eq!(updated.expect("it knows partial updates"), 2);
    let calls = server.calls.lock().expect("no panic");
    let upsert = calls.iter().find(|heard| heard.call == "Upsert");
    // `partial_update: true` is field 9, and the last.
    let message = &upsert.expect("it was asked").message;
    assert!(message.ends_with(b"\x48\x01"), "{message:?}");
}

/// A broker that refuses Milvus: the creation hangs for ten minutes, and so does the collection's removal behind it.
#[tokio::test(start_paused = true)]
async fn field_5_4_and_discovery_2_a_creation_that_hangs_is_given_up_within_a_minute() {
    let script = [
        ("GetVersion", VERSION),
        ("CreateCollection", Reply::Hang),
        ("DropCollection", Reply::Hang),
    ];
    let server = Server::start(&script).await;
    let began = Instant::now();
    let client = server.client().await;
    let never = CancellationToken::new();
    let report = verify(&client, &Options::default(), |_| {}, &never).await;
    let took = began.elapsed();
    // Brokers that know no topics are heard of after 30 s: the step waits for that.
    assert!((31..60).contains(&took.as_secs()), "{took:?}");
    let (step, failure) = report.failed_step().expect("a failure");
    assert_eq!((step.step, failure.kind), ("create", FailureKind::Hung));
    assert_eq!(failure.suspects, [Suspect::MessageQueue, Suspect::Etcd]);
    let hint = failure.hint.expect("a hint");
    for word in ["Kafka", "librdkafka", "auto.create.topics.enable"] {
        assert!(hint.contains(word), "{hint}");
    }
}

/// While that creation hangs, the greeting of every other client does.
#[tokio::test]
async fn discovery_2_a_greeting_that_hangs_points_behind_the_proxy() {
    let script = [("GetVersion", VERSION), ("Connect", Reply::Hang)];
    let server = Server::start(&script).await;
    let client = server.client().await;
    let report = verify(&client, &options(), |_| {}, &CancellationToken::new()).await;
    let (step, failure) = report.failed_step().expect("a failure");
    assert_eq!(step.step, "connect");
    assert_eq!(failure.suspects[0], Suspect::Coordinators);
    assert!(failure.hint.expect("a hint").contains("Kafka"));
}

#[tokio::test]
async fn discovery_3_brokers_that_make_no_topics_are_named() {
    // `Status { reason: "Broker: Unknown topic or partition", code: 65535 }`.
    let refused: Reply =
        Reply::Message(b"\x12\x22Broker: Unknown topic or partition\x18\xff\xff\x03");
    let script = [
        ("GetVersion", VERSION),
        ("CreateCollection", refused),
        ("DropCollection", DONE),
    ];
    let server = Server::start(&script).await;
    let client = server.client().await;
    let report = verify(&client, &options(), |_| {}, &CancellationToken::new()).await;
    let (step, failure) = report.failed_step().expect("a failure");
    assert_eq!(
        (step.step, failure.kind),
        ("create", FailureKind::ServerFailed)
    );
    assert_eq!(failure.suspects, [Suspect::MessageQueue]);
    let hint = failure.hint.expect("a hint");
    assert!(hint.contains("auto.create.topics.enable=true"), "{hint}");
}

#[tokio::test]
async fn discovery_7_what_lite_cannot_prove_is_said() {
    let lite = Reply::Message(b"\x12\x11milvus_lite-3.2.2");
    for (version, is_lite) in [(lite, true), (VERSION, false)] {
        let script = [("GetVersion", version), ("CreateCollection", REFUSED)];
        let server = Server::start(&script).await;
        let client = server.client().await;
        let report = verify(&client, &options(), |_| {}, &CancellationToken::new()).await;
        let said = report.not_proven.join("\n");
        for word in ["nlist", "GetMetrics", "LoadPartitions", "NaN"] {
            assert_eq!(said.contains(word), is_lite, "{word} in {said}");
        }
    }
}

/// The server's time when the verification makes its collection, in milliseconds.
const NOW: u64 = 1_800_000_000_000;

/// Of each collection: seconds since it was made, and what it says of itself.
const OTHERS: [(&str, u64, &str); 7] = [
    // Killed a day and more ago, by a release that wrote no description.
    ("kubectl_milvus_verify_00000000000000a1", 86_401, ""),
    // Of somebody who is patient.
    ("kubectl_milvus_verify_00000000000000a2", 3_600, ""),
    (
        "kubectl_milvus_verify_00000000000000a3",
        339,
        "made by kubectl-milvus verify, which ends within 338 s",
    ),
    (
        "kubectl_milvus_verify_00000000000000a4",
        337,
        "made by kubectl-milvus verify, which ends within 338 s",
    ),
    // Not a verification's.
    ("kubectl_milvus_verify_mine", 999_999, ""),
    ("kubectl_milvus_canary", 999_999, ""),
    ("books", 999_999, ""),
];

/// `ShowCollectionsResponse` with all of them.
fn all_collections(_: &[u8], _: &[Heard]) -> Vec<u8> {
    let names = OTHERS.iter().map(|(name, ..)| bytes(2, name.as_bytes()));
    names.collect::<Vec<_>>().concat()
}

/// `DescribeCollectionResponse`: the schema is field 2, the time field 7. The verification's own has the schema that it
/// was made with.
fn one_collection(message: &[u8], before: &[Heard]) -> Vec<u8> {
    let name = bytes_of(message, 3);
    let other = OTHERS.iter().find(|(other, ..)| other.as_bytes() == name);
    let (schema, made) = if let Some((_, age, description)) = other {
        (bytes(2, description.as_bytes()), NOW - age * 1000)
    } else {
        let made = before.iter().find(|heard| heard.call == "CreateCollection");
        let made = made.expect("it was made");
        assert_eq!(bytes_of(&made.message, 3), name);
        (bytes_of(&made.message, 4).to_vec(), NOW)
    };
    [bytes(2, &schema), number(7, made)].concat()
}

#[tokio::test]
async fn stage_fault_13_what_a_killed_verification_left_is_dropped_by_the_next() {
    let script = [
        ("GetVersion", VERSION),
        ("CreateCollection", DONE),
        ("DescribeCollection", Reply::Answer(one_collection)),
        ("ShowCollections", Reply::Answer(all_collections)),
        ("DropCollection", DONE),
        ("Insert", Reply::Status("14")),
    ];
    let server = Server::start(&script).await;
    let client = server.client().await;
    let options = Options {
        step_limit: Duration::from_secs(20),
        ..options()
    };
    let report = verify(&client, &options, |_| {}, &CancellationToken::new()).await;
    let dropped: Vec<_> = report
        .leftovers
        .iter()
        .map(|left| {
            (
                left.collection.as_str(),
                left.age.as_secs(),
                &left.kept_because,
            )
        })
        .collect();
    assert_eq!(
        dropped,
        [
            ("kubectl_milvus_verify_00000000000000a1", 86_401, &None),
            ("kubectl_milvus_verify_00000000000000a3", 339, &None),
        ]
    );
    let asked = server.said("DropCollection", 3);
    assert_eq!(
        asked,
        [
            "kubectl_milvus_verify_00000000000000a1",
            "kubectl_milvus_verify_00000000000000a3",
            &report.collection,
        ]
    );
    // Its own says how long it may live: the default deadline, and what the removal takes.
    let schema = {
        let calls = server.calls.lock().expect("no panic");
        let made = calls.iter().find(|heard| heard.call == "CreateCollection");
        bytes_of(&made.expect("it was made").message, 4).to_vec()
    };
    assert_eq!(
        String::from_utf8_lossy(bytes_of(&schema, 2)),
        "made by kubectl-milvus verify, which ends within 338 s"
    );
}

#[tokio::test]
async fn stage_fault_13_a_leftover_that_cannot_be_dropped_fails_no_verification() {
    let script = [
        ("GetVersion", VERSION),
        ("CreateCollection", DONE),
        ("DescribeCollection", Reply::Answer(one_collection)),
        ("ShowCollections", Reply::Answer(all_collections)),
        ("DropCollection", Reply::Status("7")),
        ("Insert", Reply::Status("14")),
    ];
    let server = Server::start(&script).await;
    let client = server.client().await;
    let report = verify(&client, &options(), |_| {}, &CancellationToken::new()).await;
    assert_eq!(report.failed_step().expect("a failure").0.step, "insert");
    let reasons = report.leftovers.iter().map(|left| &left.kept_because);
    assert!(reasons.into_iter().all(Option::is_some));
    assert_eq!(report.leftovers.len(), 2);
}

/// HTTP/2's kind of frame.
const PING: u8 = 6;

/// A load balancer forgets a connection over which nothing goes: it is pinged while no call is made.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_alive() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        // Empty SETTINGS, and an acknowledgment of the client's.
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
        stream.write_all(&settings).await.expect("it listens");
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.expect("a preface");
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.expect("a frame");
            let [_, high, low, kind, flags, ..] = head;
            let mut payload = vec![0; usize::from(high) << 8 | usize::from(low)];
            stream.read_exact(&mut payload).await.expect("its payload");
            if kind == PING && flags == 0 {
                return;
            }
        }
    });
    let began = Instant::now();
    let client = Client::builder(address.parse().expect("an address"));
    let client = client.connect().await.expect("it listens");
    let pinged = tokio::time::timeout(Duration::from_secs(350), serving).await;
    pinged
        .expect("a ping before a load balancer forgets")
        .expect("no panic");
    assert!(began.elapsed() >= Duration::from_secs(59));
    drop(client);
}
