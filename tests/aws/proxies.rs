//! Calls of AWS through a proxy: a real one, which alone knows the way to the host that is named.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use milvus_stage::aws::{Options, Tls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::account::{Account, Ran};

/// A name that no resolver knows.
const HOST: &str = "aws.proxied.test";

/// A proxy on loopback that leads every host to this machine, and remembers how it was asked.
struct Proxy {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// The first line of a request, and the login that came with it.
#[derive(Clone, Debug)]
struct Asked {
    line: String,
    login: Option<String>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                // Whoever goes away in the middle is no failure of the proxy's.
                thread::spawn(move || drop(lead(&connection, &log)));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// One connection: a tunnel, or one request that is passed on.
fn lead(client: &TcpStream, log: &Mutex<Vec<Asked>>) -> io::Result<()> {
    let mut input = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    input.read_line(&mut line)?;
    let (mut headers, mut login) = (String::new(), None);
    loop {
        let mut header = String::new();
        input.read_line(&mut header)?;
        let (name, value) = header.split_once(':').unwrap_or_default();
        match name.to_lowercase().as_str() {
            "proxy-authorization" => login = Some(value.trim().to_owned()),
            // One request a connection is enough here.
            "connection" => {}
            "" => break,
            _ => headers.push_str(&header),
        }
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let asked = Asked {
        line: words.join(" "),
        login,
    };
    log.lock().unwrap().push(asked);
    let (method, target) = (words[0], words[1]);
    if method == "CONNECT" {
        let server = to_this_machine(target)?;
        let mut client = client;
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        return both_ways(input, client, &server);
    }
    let (host, path) = target
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .ok_or(io::ErrorKind::InvalidInput)?;
    let mut server = to_this_machine(host)?;
    write!(
        server,
        "{method} /{path} HTTP/1.1\r\n{headers}connection: close\r\n\r\n"
    )?;
    both_ways(input, client, &server)
}

fn to_this_machine(host: &str) -> io::Result<TcpStream> {
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    TcpStream::connect(format!("127.0.0.1:{port}"))
}

fn both_ways(
    mut input: impl io::Read + Send,
    mut client: &TcpStream,
    server: &TcpStream,
) -> io::Result<()> {
    thread::scope(|scope| {
        let mut to_server = server;
        scope.spawn(move || {
            let _ended = io::copy(&mut input, &mut to_server);
            let _closed = to_server.shutdown(Shutdown::Write);
        });
        let mut from_server = server;
        let copied = io::copy(&mut from_server, &mut client);
        client.shutdown(Shutdown::Both)?;
        copied.map(drop)
    })
}

/// A port for TLS with a certificate for [`HOST`], and the file of the authority that signed it.
fn certified(folder: &Path) -> (Tls, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([HOST.to_owned()]).unwrap();
    let certificate = leaf.signed_by(&key, &issuer).unwrap().pem();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let tls = Tls {
        port: free_port(),
        certificate: write("certificate.pem", certificate),
        key: write("key.pem", key.serialize_pem()),
    };
    let authority = write("authority.pem", authority);
    (tls, authority.display().to_string())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Runs `plan` with these variables.
fn plan(account: &Account, variables: &[(&str, &str)]) -> Ran {
    let mut command = account.command("plan", "demo");
    command.envs(variables.iter().copied());
    Ran::to_its_end(command.spawn().unwrap())
}

/// The stage by a name that only the proxy can follow.
fn named(account: &Account) -> String {
    account.stage.endpoint().replace("127.0.0.1", HOST)
}

#[test]
fn stage_fault_2_every_call_goes_through_a_forward_proxy() {
    let (account, proxy) = (Account::new(), Proxy::start());
    let address = format!("http://me:secret@{}", proxy.address);
    let variables = [
        ("AWS_ENDPOINT_URL", named(&account)),
        ("HTTP_PROXY", address),
        // Others are meant.
        ("NO_PROXY", "proxied.test:1,other.test".to_owned()),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let ran = plan(&account, &variables).ends_with(0);
    let asked = proxy.asked();
    assert_eq!(asked.len(), account.stage.calls().unwrap().len());
    assert!(asked.len() >= 20, "{}", asked.len());
    for asked in asked {
        assert!(
            asked.line.contains(&format!(" http://{HOST}:")),
            "{asked:?}"
        );
        assert_eq!(asked.login.as_deref(), Some("Basic bWU6c2VjcmV0"));
    }
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
}

#[test]
fn stage_fault_2_no_proxy_is_respected() {
    let (account, proxy) = (Account::new(), Proxy::start());
    let through = format!("http://{}", proxy.address);
    // Loopback is reached directly, whatever is set.
    plan(
        &account,
        &[("HTTP_PROXY", &through), ("ALL_PROXY", &through)],
    )
    .ends_with(0);
    for except in ["proxied.test", ".proxied.test", "*.proxied.test", "*"] {
        let endpoint = named(&account);
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("HTTP_PROXY", &through),
            ("NO_PROXY", except),
        ];
        // Without the proxy nobody knows the way.
        let ran = plan(&account, &variables).ends_with(1);
        assert!(
            ran.stderr.contains("cannot find out whose credentials"),
            "{}",
            ran.stderr
        );
    }
    assert!(proxy.asked().is_empty(), "{:?}", proxy.asked());
}

#[test]
fn stage_fault_2_tls_goes_through_a_tunnel() {
    let folder = TempDir::new().unwrap();
    let (tls, authority) = certified(folder.path());
    let endpoint = format!("https://{HOST}:{}", tls.port);
    let account = Account::with(&Options {
        tls: Some(tls),
        ..Options::default()
    });
    let proxy = Proxy::start();
    let through = format!("http://{}", proxy.address);
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_CA_BUNDLE", authority.as_str()),
        ("HTTPS_PROXY", &through),
    ];
    plan(&account, &variables).ends_with(0);
    let asked = proxy.asked();
    assert!(!asked.is_empty());
    for asked in asked {
        assert!(
            asked.line.starts_with(&format!("CONNECT {HOST}:")),
            "{asked:?}"
        );
    }
}

#[test]
fn stage_fault_2_a_proxy_that_cannot_be_one_is_named_by_its_variable() {
    let account = Account::new();
    let endpoint = named(&account);
    for (value, words) in [
        (
            "socks5://me:hidden@127.0.0.1:1080",
            "HTTP_PROXY names a SOCKS proxy",
        ),
        (
            "ftp://me:hidden@127.0.0.1",
            "HTTP_PROXY is not the address of a proxy",
        ),
    ] {
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("HTTP_PROXY", value),
        ];
        let ran = plan(&account, &variables).ends_with(1);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hidden"), "{}", ran.stderr);
    }
}
