//! Whom the client takes for the server, who it says it is, and what it finds out by asking a port.

#![expect(clippy::expect_used, reason = "a test may panic")]

use std::{error::Error as _, net::SocketAddr, sync::Arc, time::Duration};

use milvus_probe::{Client, ClientBuilder, Endpoint, Error, Identity, Spoken, Trust};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair, date_time_ymd,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
        server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
        version::{TLS12, TLS13},
    },
};

const LIMIT: Duration = Duration::from_secs(5);

/// An authority, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

struct Signed {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("signed"))
    }

    fn sign(&self, params: &CertificateParams) -> Signed {
        let key = KeyPair::generate().expect("a key");
        let issuer: &Issuer<'_, KeyPair> = &self.0;
        let certificate = params.signed_by(&key, issuer).expect("signed");
        Signed { certificate, key }
    }

    fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("a root");
        let provider = Arc::new(ring::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .expect("a verifier")
    }
}

impl Signed {
    fn identity(&self) -> Identity {
        Identity {
            certificate: self.certificate.pem(),
            key: self.key.serialize_pem().into(),
        }
    }
}

fn named(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).expect("a name")
}

fn expired(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    params
}

/// A server that shakes hands and then waits; it tells each client's certificate, or why there is no connection.
struct Server {
    address: SocketAddr,
    clients: mpsc::UnboundedReceiver<Result<Option<CertificateDer<'static>>, String>>,
}

impl Server {
    async fn start(signed: &Signed, clients: Arc<dyn ClientCertVerifier>) -> Self {
        Self::start_with(signed, clients, &[&TLS13, &TLS12]).await
    }

    async fn start_with(
        signed: &Signed,
        clients: Arc<dyn ClientCertVerifier>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let provider = Arc::new(ring::default_provider());
        let key = PrivateKeyDer::try_from(signed.key.serialize_der()).expect("a key");
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("versions")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![signed.certificate.der().clone()], key)
            .expect("a certificate");
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, clients) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Who is refused reads why, as the connection stays.
                let shaken = acceptor.accept(stream).into_fallible().await;
                let told = shaken
                    .as_ref()
                    .map_err(|(error, _)| error.to_string())
                    .map(|stream| {
                        let (_, session) = stream.get_ref();
                        let shown = session.peer_certificates().and_then(<[_]>::first);
                        shown.cloned().map(CertificateDer::into_owned)
                    });
                let _gone = sender.send(told);
                tokio::spawn(wait(shaken));
            }
        });
        Self { address, clients }
    }

    fn endpoint(&self) -> Endpoint {
        let endpoint = format!("https://{}", self.address);
        endpoint.parse().expect("an address")
    }

    fn client(&self, trust: Trust) -> ClientBuilder {
        Client::builder(self.endpoint()).trust(trust)
    }
}

async fn wait<T>(open: T) {
    let _open = open;
    tokio::time::sleep(LIMIT).await;
}

/// Everything that an error says.
fn in_full(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

#[tokio::test]
async fn a_server_is_who_its_authority_says() {
    let authority = Authority::new();
    let signed = authority.sign(&named("milvus.example.com"));
    let server = Server::start(&signed, Arc::new(NoClientAuth)).await;
    let trusted = || Trust::Authorities(authority.0.pem());
    let by_name = server
        .client(trusted())
        .server_name(Some("milvus.example.com".into()));
    by_name.connect().await.expect("it has that name");
    let error = server.client(trusted()).connect().await;
    let error = in_full(&error.expect_err("that is another name"));
    assert!(error.contains("not valid for name"), "{error}");
    let stranger = Trust::Authorities(Authority::new().0.pem());
    let stranger = server
        .client(stranger)
        .server_name(Some("milvus.example.com".into()));
    let error = in_full(&stranger.connect().await.expect_err("another authority"));
    assert!(error.contains("invalid peer certificate"), "{error}");
}

#[tokio::test]
async fn anybody_has_a_certificate_of_today() {
    let authority = Authority::new();
    let server = Server::start(&authority.sign(&named("other")), Arc::new(NoClientAuth)).await;
    let connected = server.client(Trust::Anybody).connect().await;
    connected.expect("of today");
    let server = Server::start(&authority.sign(&expired("other")), Arc::new(NoClientAuth)).await;
    let error = server.client(Trust::Anybody).connect().await;
    let error = in_full(&error.expect_err("expired"));
    assert!(error.contains("certificate expired"), "{error}");
}

/// What people make by hand signs itself, and calls itself an authority.
#[tokio::test]
async fn a_certificate_made_by_hand_is_taken_from_anybody() {
    let mut params = named("milvus");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("signed");
    let server = Server::start(&Signed { certificate, key }, Arc::new(NoClientAuth)).await;
    let connected = server.client(Trust::Anybody).connect().await;
    connected.expect("of today");
}

#[tokio::test]
async fn a_client_shows_its_certificate_where_one_is_wanted() {
    let authority = Authority::new();
    let signed = authority.sign(&named("milvus"));
    let mut server = Server::start(&signed, authority.verifier()).await;
    let ours = authority.sign(&named("client"));
    let client = server
        .client(Trust::Anybody)
        .identity(Some(ours.identity()));
    client.connect().await.expect("it is let in");
    let shown = server.clients.recv().await.expect("a client");
    assert_eq!(
        shown.expect("let in").as_ref(),
        Some(ours.certificate.der())
    );
    // The server tells it once it has read what we have not sent: the first call hears of it.
    let stranger = server.client(Trust::Anybody).connect().await;
    let told = match stranger {
        Ok(client) => client.version().await.map(drop),
        Err(error) => Err(error),
    };
    let told = in_full(&told.expect_err("it is not let in"));
    assert!(
        told.contains("wants a certificate of its clients"),
        "{told}"
    );
    let refused = server.clients.recv().await.expect("a client");
    let error = refused.expect_err("it has no certificate");
    assert!(error.contains("no certificates"), "{error}");
}

#[tokio::test]
async fn a_port_says_that_it_speaks_tls_and_whether_it_wants_a_certificate() {
    let authority = Authority::new();
    let of_today = authority.sign(&named("milvus"));
    let too_old = authority.sign(&expired("milvus"));
    let nobody = || Arc::new(NoClientAuth) as Arc<dyn ClientCertVerifier>;
    for (signed, clients, asks_for_certificate) in [
        (&of_today, nobody(), false),
        (&of_today, authority.verifier(), true),
        (&too_old, nobody(), false),
    ] {
        let server = Server::start(signed, clients).await;
        let spoken = Spoken::at(server.address, LIMIT).await.expect("it speaks");
        let expected = Spoken {
            endpoint: server.endpoint(),
            asks_for_certificate,
        };
        assert_eq!(spoken, expected);
    }
}

/// How servers meet what TLS begins with, where they do not speak it.
#[derive(Debug, Clone, Copy)]
enum Meeting {
    /// HTTP/2's first frame comes before anything is read.
    Settings,
    /// A complaint in HTTP/1, once a whole line is there.
    BadRequest,
    /// The connection ends.
    Leave,
    /// It ends so that the system says it was reset.
    Reset,
    /// Nothing comes.
    Silence,
}

impl Meeting {
    /// A port that meets its clients by turns; the last one by the last.
    async fn port(turns: &'static [Self]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            let mut turns = turns.iter().chain(turns.last().into_iter().cycle());
            while let (Ok((stream, _)), Some(turn)) = (listener.accept().await, turns.next()) {
                tokio::spawn(turn.meet(stream));
            }
        });
        address
    }

    async fn meet(self, mut stream: TcpStream) {
        let mut read = [0; 24];
        let said: &[u8] = match self {
            Self::Settings => b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64",
            Self::BadRequest => {
                while stream.read_u8().await.expect("a line") != b'\n' {}
                b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
            }
            Self::Leave => b"",
            // Bytes that nobody read make it a reset.
            Self::Reset => return,
            Self::Silence => return tokio::time::sleep(LIMIT).await,
        };
        stream.write_all(said).await.expect("written");
        while stream
            .read(&mut read)
            .await
            .is_ok_and(|count| count == read.len())
        {}
    }
}

#[tokio::test]
async fn a_port_without_tls_says_so_in_its_own_words() {
    // Who goes without a word may have been stopping; the next one tells.
    for turns in [
        &[Meeting::Settings] as &[_],
        &[Meeting::BadRequest],
        &[Meeting::Leave, Meeting::Reset, Meeting::Settings],
        &[Meeting::Silence, Meeting::Settings],
    ] {
        let address = Meeting::port(turns).await;
        let spoken = Spoken::at(address, LIMIT).await.expect("it speaks");
        let expected = format!("http://{address}");
        assert_eq!(spoken.endpoint.to_string(), expected, "{turns:?}");
        assert!(!spoken.asks_for_certificate);
    }
}

#[tokio::test]
async fn a_port_that_says_nothing_is_not_taken_for_one_without_tls() {
    for (turns, reason) in [
        (&[Meeting::Leave] as &[_], "tls handshake eof"),
        (&[Meeting::Reset], "reset by peer"),
        (&[Meeting::Silence], "neither speaks TLS nor says"),
    ] {
        let address = Meeting::port(turns).await;
        let silent = Spoken::at(address, Duration::from_secs(1)).await;
        let error = in_full(&silent.expect_err("it says nothing"));
        assert!(
            error.starts_with(&format!("connect to {address}: ")),
            "{error}"
        );
        assert!(error.contains(reason), "{error}");
    }
}

/// Servers of before TLS 1.3 refuse a client without a certificate at once, which is TLS too.
#[tokio::test]
async fn a_refusal_by_tls_is_tls() {
    let authority = Authority::new();
    let signed = authority.sign(&named("milvus"));
    let server = Server::start_with(&signed, authority.verifier(), &[&TLS12]).await;
    let spoken = Spoken::at(server.address, LIMIT).await.expect("it speaks");
    assert!(spoken.endpoint.is_tls() && spoken.asks_for_certificate);
    let refused = server.client(Trust::Anybody).connect().await;
    let error = in_full(&refused.expect_err("it has no certificate"));
    assert!(
        error.contains("wants a certificate of its clients"),
        "{error}"
    );
}
